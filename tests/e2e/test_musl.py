# SPDX-License-Identifier: MIT
"""Programs that are linked with musl, under the library that `make` builds: the very same one.

`make musl` builds them with Debian's musl-gcc. Each call, in each frame, is held to the native
transcript by tests/snippets/test_snippets.py (the frames musl-*); here are whole programs.
"""

import pathlib
import platform
import subprocess

import pytest

import test_scenarios
from conftest import BUILD, LIBRARY, SOCKFAULT, events, run, under

MUSL = BUILD / "musl"
SCENARIOS = test_scenarios.SCENARIOS
LIBC = pathlib.Path(f"/lib/ld-musl-{platform.machine()}.so.1")

pytestmark = pytest.mark.skipif(not (MUSL / "targets").exists(), reason="`make musl` was not done")


def symbols(path, which):
    done = subprocess.run(["nm", "-D", which, path], check=True, capture_output=True, text=True)
    return [line.split() for line in done.stdout.splitlines() if line]


@pytest.fixture
def build(tmp_path):
    """build(source) is a program linked with musl."""

    def make(source, name="program"):
        (tmp_path / f"{name}.c").write_text(source)
        path = tmp_path / name
        command = ["musl-gcc", "-D_GNU_SOURCE", tmp_path / f"{name}.c", "-o", path]
        subprocess.run([str(word) for word in command], check=True)
        return path

    return make


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios_do_the_same(name, tmp_path, monkeypatch):
    """The naive programs go wrong, and their robust twins cope, as they do with glibc."""
    monkeypatch.setattr(test_scenarios, "BUILD", MUSL)
    test_scenarios.test_robust_copes(name, tmp_path)
    done, _ = test_scenarios.tried(name, tmp_path, "naive", faulted=True)
    assert done.returncode == test_scenarios.WRONG[name].status, done.stderr
    assert (done.returncode, done.stdout.decode(errors="replace")) != (
        0,
        test_scenarios.right_output(name),
    )


def test_the_doctor_knows_that_the_loader_is_the_libc():
    report = run([SOCKFAULT, "doctor", MUSL / "targets" / "naive-line-client"], check=True).stdout
    assert b"not found" not in report and b"the library will load" in report


def test_the_library_has_nothing_that_musl_lacks():
    there = {words[-1] for words in symbols(LIBC, "--defined-only")}
    wanted = [words for words in symbols(LIBRARY, "--undefined-only") if words[-2] == "U"]
    assert [words for words in wanted if words[-1].split("@")[0] not in there] == []


TREE = """
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int ends[2];
    char buffer[8];

    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    send(ends[0], "1234", 4, 0);
    dprintf(1, "%s received %zd\\n", strrchr(argv[0], '/') + 1, recv(ends[1], buffer, 8, 0));
    if (argc > 1) {
        if (fork() == 0)
            execve(argv[1], argv + 1, (char *[]){NULL});
        wait(NULL);
    }
    return 0;
}
"""


def test_a_tree_may_be_of_both(build, tmp_path):
    """glibc starts musl, which starts glibc, and with an empty environment."""
    musl = build(TREE, "with-musl")
    (tmp_path / "tree.c").write_text(TREE)
    glibc = tmp_path / "with-glibc"
    tree = str(tmp_path / "tree.c")
    subprocess.run(["cc", "-D_GNU_SOURCE", tree, "-o", str(glibc)], check=True)
    trace = tmp_path / "trace.sft"
    argv = [glibc, musl, glibc, musl]
    done = run(under("recv family=unix: short 3", trace=trace) + argv, check=True)
    said = [f"{path.name} received 3" for path in argv]
    assert done.stdout.decode().splitlines() == said
    places = [event["site"] for event in events(trace) if event.get("func") == "recv"]
    assert [place.split("+")[0] for place in places] == [path.name for path in argv]


UNTIDY = """
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(void)
{
    int ends[2];
    char buffer[8];
    struct iovec piece = {"1234", 4};
    struct msghdr message;

    memset(&message, 0xff, sizeof message); /* what lies between the members too */
    message.msg_name = message.msg_control = NULL;
    message.msg_namelen = message.msg_controllen = 0;
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    printf("%zd", sendmsg(ends[0], &message, 0));
    piece.iov_base = buffer;
    memset((char *)&message.msg_iovlen + 4, 0xff, 4);
    printf(" %zd\\n", recvmsg(ends[1], &message, 0));
    return 0;
}
"""


def test_headers_are_musls(build):
    """Its struct msghdr has gaps where the kernel has halves of words."""
    program = build(UNTIDY)
    assert run([program], check=True).stdout == b"4 4\n"
    rules = ["send family=unix: short 3", "recv family=unix: short 2"]
    assert run(under(*rules) + [program], check=True).stdout == b"3 2\n"
