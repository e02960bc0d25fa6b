# SPDX-License-Identifier: MIT
"""What run does for particular programs: io_uring, sanitizers, source lines, aimed scenarios."""

import pytest

from conftest import SOCKFAULT, run

URING = """
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    char parameters[256] = {0};
    long fd = syscall(425, 4, parameters);

    const char *what = fd < 0 ? strerrorname_np(errno) : "works";

    printf("%s %d\\n", what, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    return 0;
}
"""

SENDER = """
#include <stdio.h>
#include <sys/socket.h>

static long first(int fd)
{
    return send(fd, "12345678", 8, 0);
}

int main(void)
{
    int pair[2];

    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    long a = first(pair[0]);
    long b = send(pair[0], "12345678", 8, 0);

    printf("%ld %ld\\n", a, b);
    return 0;
}
"""


def build(folder, name, text, *options):
    source = folder / f"{name}.c"
    source.write_text(text)
    run(["cc", "-D_GNU_SOURCE", "-g", *options, "-o", folder / name, source], check=True)
    return folder / name


def line_of(text, part):
    return next(number for number, line in enumerate(text.split("\n"), 1) if part in line)


def sockfault(*words):
    return run([SOCKFAULT, "run", *words])


@pytest.fixture
def uring(tmp_path):
    program = build(tmp_path, "uring", URING)
    bare = run([program]).stdout
    if bare != b"works 0\n":
        pytest.skip(f"io_uring does not work here: {bare}")
    return program


def test_io_uring_is_refused_by_itself_where_that_changes_nothing_else(uring):
    """We have CAP_SYS_ADMIN here or the filter is not set: no_new_privs never is."""
    done = sockfault("--", uring)
    assert done.stdout in (b"ENOSYS 0\n", b"works 0\n")
    assert done.stdout == b"ENOSYS 0\n" or b"--io-uring refuse" in done.stderr


def test_io_uring_is_allowed_and_counted(uring):
    done = sockfault("--io-uring", "allow", "--", uring)
    assert done.stdout == b"works 0\n"
    assert b"io_uring" in done.stderr and b"not seen" in done.stderr


def test_io_uring_is_refused_on_request(uring):
    done = sockfault("--io-uring", "refuse", "--", uring)
    assert done.stdout == b"ENOSYS 1\n"
    assert b"no_new_privs" in done.stderr


def test_programs_that_cannot_use_io_uring_have_no_filter():
    done = sockfault("--quiet", "--", "grep", "Seccomp:", "/proc/self/status")
    bare = run(["grep", "Seccomp:", "/proc/self/status"])
    assert done.stdout == bare.stdout


@pytest.mark.parametrize("pie", ["-pie", "-no-pie"])
def test_rule_for_a_source_line_meets_that_line_alone(tmp_path, pie):
    program = build(tmp_path, "sender", SENDER, pie, "-fPIE" if pie == "-pie" else "-fno-pie")
    for part, wanted in (("return send", b"1 8\n"), ("long b", b"8 1\n")):
        rule = f"send family=unix site=sender.c:{line_of(SENDER, part)}: short 1"
        done = sockfault("-e", rule, "--", program)
        assert (done.returncode, done.stdout) == (0, wanted), done.stderr
        assert b"1 fault injected" in done.stderr


def test_rule_for_a_line_without_code_is_refused(tmp_path):
    program = build(tmp_path, "sender", SENDER)
    done = sockfault("-e", "send family=unix site=sender.c:999: short 1", "--", program)
    assert done.returncode == 125 and done.stdout == b""
    assert b"sender.c:999" in done.stderr and b"-g" in done.stderr


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_sanitized_program_keeps_its_reports(tmp_path, compiler):
    if run(["sh", "-c", f"command -v {compiler}"]).returncode != 0:
        pytest.skip(f"no {compiler}")
    code = SENDER.replace(
        "return 0;",
        "volatile char *p = __builtin_malloc(8); __builtin_free((void *)p); return p[3];",
    )
    source = tmp_path / "wrong.c"
    source.write_text(code)
    program = tmp_path / "wrong"
    run([compiler, "-g", "-O1", "-fsanitize=address", "-o", program, source], check=True)
    done = sockfault("--strict", "-e", "send family=unix nth=1: short 1", "--", program)
    assert b"heap-use-after-free" in done.stderr
    assert b"runtime does not come first" not in done.stderr
    assert b"1 fault injected" in done.stderr


def test_scenario_by_name_is_aimed_by_more_conditions(tmp_path):
    program = build(tmp_path, "sender", SENDER)
    done = sockfault("-s", "every-send-is-one-byte family=unix", "--", program)
    assert done.stdout == b"1 1\n"
    done = sockfault("-s", "every-send-is-one-byte family=unix program=other", "--", program)
    assert done.stdout == b"8 8\n" and b"never fired" in done.stderr


def test_rules_are_tried_in_the_order_of_the_command_line(tmp_path):
    program = build(tmp_path, "sender", SENDER)
    (tmp_path / "two.fault").write_text("send family=unix nth=1: short 2\n")
    three = "send family=unix nth=1: short 3"
    first = sockfault("-s", tmp_path / "two.fault", "-e", three, "--", program)
    second = sockfault("-e", three, "-s", tmp_path / "two.fault", "--", program)
    assert (first.stdout, second.stdout) == (b"2 8\n", b"3 8\n")


def test_realism_reaches_the_library(tmp_path):
    """A blocking send that takes less than all is allowed by POSIX and never seen on Linux."""
    program = build(tmp_path, "sender", SENDER)
    rule = "send family=unix nth=1: short 1"
    wide = sockfault("-e", rule, "--", program)
    narrow = sockfault("--realism", "kernel", "-e", rule, "--", program)
    assert (wide.stdout, narrow.stdout) == (b"1 8\n", b"8 8\n")
    assert b"not applicable" in narrow.stderr
