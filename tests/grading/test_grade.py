# SPDX-License-Identifier: MIT
"""`sockfault grade` from end to end: submissions that are built, run, judged and written about."""

import os
import signal
import subprocess
import textwrap

import pytest
from lesson import (
    BUILD,
    HEAD,
    WITHIN,
    assignment,
    begin,
    book,
    grade,
    line_of,
    state,
    submission,
    verdicts,
)

TESTS = """
[[test]]
name = "echoes"
points = 2
expect.stdout = "fault-free"
[[test]]
name = "short reads"
points = 4
rules = ["recv: short 1"]
expect.stdout = "fault-free"
forbid.short-recv-taken-for-whole = 3
feedback = "Messages come in pieces."
[[test]]
name = "short sends"
points = 4
rules = ["send nth=1: short 2"]
expect.stdout = "fault-free"
[[test]]
name = "never"
points = 2
rules = ["accept: fail EMFILE"]
not_reached = 1
visibility = "hidden"
"""
NAMES = "right receives-once sends-once crashes silent unbuilt empty".split()


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class of seven, graded two at a time: status, what was printed, the results."""
    folder = tmp_path_factory.mktemp("graded")
    file = assignment(folder, TESTS)
    for name in NAMES:
        text = {"text": "int main(void) { return nothing; }\n"} if name == "unbuilt" else {}
        defines = [] if name in ("right", "unbuilt") else [name.upper().replace("-", "_")]
        submission(folder / name, *defines, **text)
    (folder / "empty" / "client.c").unlink()
    status, said = grade(file, *NAMES, "-n", "2", "--report", "out")
    return status, said, folder / "out"


def points(folder, name):
    return [one["points"] for one in verdicts(folder, name).values()]


def test_all_are_graded_with_their_names(graded):
    status, said, out = graded
    assert status == 0, said
    lines = said.splitlines()
    assert lines[0].startswith("Echo: 7 submissions, 4 tests; ")
    assert any("/7] right: 11 of 12 (never: its fault never happened: " in line for line in lines)
    assert lines[-1].startswith("7 of 7 graded: ")
    assert sorted(book(out)) == sorted(NAMES)


def test_the_right_one_has_all_points_but_for_what_never_happened(graded):
    _, _, out = graded
    assert points(out, "right") == [2, 4, 4, 1]
    assert verdicts(out, "right")["never"]["state"] == "not reached"


def test_a_mistake_is_told_with_its_line_and_has_its_price(graded):
    _, _, out = graded
    assert points(out, "receives-once") == [2, 1, 4, 1]
    [loss] = verdicts(out, "receives-once")["short reads"]["losses"]
    assert loss["finding"] == "short-recv-taken-for-whole" and loss["points"] == 3
    where = ("client.c", line_of("recv(fd"), "whole")
    assert (loss["file"], loss["line"], loss["function"]) == where
    assert verdicts(out, "receives-once")["short reads"]["feedback"] == "Messages come in pieces."


def test_what_fails_for_a_mistake_without_a_price_costs_all(graded):
    _, _, out = graded
    assert points(out, "sends-once") == [2, 4, 0, 1]
    loss = verdicts(out, "sends-once")["short sends"]["losses"][0]
    assert (loss["finding"], loss["line"]) == ("short-send-dropped", line_of("send(fd"))


def test_who_is_wrong_without_faults_loses_what_is_compared(graded):
    _, _, out = graded
    assert points(out, "crashes") == [0, 0, 0, 0]
    assert "SIGABRT" in str(verdicts(out, "crashes")["echoes"]["losses"])


def test_who_prints_the_answer_without_asking_gets_nothing(graded):
    _, _, out = graded
    assert points(out, "silent") == [0, 0, 0, 0]
    assert "never talked to its peer" in str(verdicts(out, "silent")["echoes"]["losses"])


@pytest.mark.parametrize("name", ["unbuilt", "empty"])
def test_what_can_not_be_built_says_why(graded, name):
    _, _, out = graded
    assert points(out, name) == [0, 0, 0, 0]
    assert "client.c" in state(out, name)["build"] and "/tmp/" not in state(out, name)["build"]


def test_all_files_are_there(graded):
    _, _, out = graded
    wanted = "results.json classroom.json result.json ctrf.json junit.xml feedback.md feedback.html"
    for name in NAMES:
        assert not {*wanted.split(), "graded.json"} - set(os.listdir(out / name))
    assert (out / "class.html").exists()


def test_the_command_to_try_at_home_is_a_command(graded):
    _, _, out = graded
    repeat = verdicts(out, "sends-once")["short sends"]["repeat"]
    assert repeat is None or "send nth=1: short 2" in repeat


# ---- other kinds of assignments ----


def once(folder, tests, *mistakes, head=HEAD, peer=None, **submitted):
    """The verdicts on one submission."""
    more = {"peer": peer} if peer else {}
    file = assignment(folder, tests, head, **more)
    submission(folder / "one", *mistakes, **submitted)
    status, said = grade(file, "--report", "out", "one")
    assert status == 0, said
    return verdicts(folder / "out", "one")


def test_what_the_peer_received_what_is_printed_and_the_status(tmp_path):
    (tmp_path / "hello").write_text("hello\n")
    (tmp_path / "world").write_text("world\n")
    made = once(
        tmp_path,
        """
        [[test]]
        name = "right"
        points = 1
        expect = { peer = "hello", stdout = "hello", status = 0, within = "5s" }
        [[test]]
        name = "wrong"
        points = 1
        expect.peer = "world"
        [[test]]
        name = "refused"
        points = 1
        rules = ["connect: fail ECONNREFUSED"]
        expect = { status = 1, stdout = "any" }
        [[test]]
        name = "refused and glad"
        points = 1
        rules = ["connect: fail ECONNREFUSED"]
        expect.status = 0
        """,
    )
    assert [one["points"] for one in made.values()] == [1, 0, 1, 0], made
    assert "the peer received something else" in made["wrong"]["losses"][0]["says"]
    assert "expected status 0" in made["refused and glad"]["losses"][0]["says"]


def test_what_hangs_is_ended(tmp_path):
    made = once(
        tmp_path,
        '[[test]]\nname = "a"\npoints = 1\nexpect.within = "300ms"\n',
        "HANGS",
    )
    assert made["a"]["points"] == 0 and made["a"]["duration"] < 30
    assert "did not end in time" in str(made["a"])


REFERENCE = HEAD.replace("peer.py:echo", "{reference}/server {port}") + textwrap.dedent(
    """\
    [reference]
    folder = "solution"
    """
)
SERVER = """
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_port = htons((unsigned short)atoi(argv[argc - 1]));
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 8))
        return 1;
    for (;;) {
        char data[512];
        ssize_t n;
        int c = accept(fd, 0, 0);
#ifdef GIVES_UP
        if (c < 0)
            return 1;
#endif
        while (c >= 0 && (n = recv(c, data, sizeof data, 0)) > 0)
            for (ssize_t k, at = 0; at < n; at += k)
                if ((k = send(c, data + at, (size_t)(n - at), MSG_NOSIGNAL)) < 0)
                    break;
        if (c >= 0)
            close(c);
    }
}
"""


def test_the_reference_solution_is_the_peer_and_the_measure(tmp_path):
    build = "cc -g -O1 -o client client.c && { test ! -f server.c || cc -o server server.c; }"
    head = REFERENCE.replace("cc -g -O1 -o client client.c", build)
    submission(tmp_path / "solution")
    (tmp_path / "solution" / "server.c").write_text(SERVER)
    made = once(
        tmp_path,
        """
        [[test]]
        name = "echoes"
        points = 1
        expect.stdout = "reference"
        [[test]]
        name = "short reads"
        points = 1
        rules = ["recv: short 1"]
        expect.stdout = "reference"
        """,
        "RECEIVES_ONCE",
        head=head,
    )
    assert [one["points"] for one in made.values()] == [1, 0]


SERVER_HEAD = """\
[assignment]
name = "Echo server"
[build]
command = "cc -g -O1 -o server server.c"
[target]
command = ["./server", "{port}"]
role = "server"
client = "%s"
[limits]
within = "3s"
"""
SERVER_TESTS = """
[[test]]
name = "serves"
points = 1
expect.stdout = "fault-free"
[[test]]
name = "short sends"
points = 1
rules = ["send side=server: short 1"]
expect.stdout = "fault-free"
[[test]]
name = "no descriptors for a while"
points = 2
rules = ["accept nth=1..2: fail EMFILE"]
"""
CLIENTS = {
    "a command": (
        'python3 -c \'import socket,sys; s=socket.create_connection((\\"127.0.0.1\\", {port}));'
        ' s.sendall(b\\"hi\\"); s.shutdown(1); print(s.recv(9, 256))\''
    ),
    "a function": "peer.py:drive",
}
DRIVE = """
def drive(server):
    with server.connect() as c, server.connect() as other:
        for one in (other, c):
            one.send_all(b"hi\\n")
            assert one.recv_until(b"\\n") == b"hi\\n"
    return "served"
"""


@pytest.mark.parametrize("client", CLIENTS)
def test_a_server_is_driven_and_must_serve_on(tmp_path, client):
    right, wrong = (
        once(
            tmp_path / name,
            SERVER_TESTS,
            *mistakes,
            head=SERVER_HEAD % CLIENTS[client],
            peer=DRIVE.replace(", server.connect() as other", "").replace("(other, c)", "(c,)"),
            text=SERVER,
            file="server.c",
        )
        for name, mistakes in (("right", []), ("wrong", ["GIVES_UP"]))
    )
    assert [one["points"] for one in right.values()] == [1, 1, 2], right
    assert [one["points"] for one in wrong.values()] == [1, 1, 0], wrong
    assert "accept" in str(wrong["no descriptors for a while"]["losses"])


def test_datagrams(tmp_path):
    text = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.2)
for attempt in range(int(sys.argv[3])):
    s.sendto(b"hello", (sys.argv[1], int(sys.argv[2])))
    try:
        print(s.recv(100).decode())
        sys.exit(0)
    except TimeoutError:
        pass
sys.exit(1)
"""
    head = HEAD.replace('command = "cc -g -O1 -o client client.c"', "")
    head = head.replace(
        '"./client", "{host}", "{port}"', '"python3", "c.py", "{host}", "{port}", "3"'
    )
    peer = "def echo(c):\n    c.send(c.recv())\n"
    tests = """
    [[test]]
    name = "plain"
    points = 1
    [[test]]
    name = "one is lost"
    points = 1
    rules = ["send nth=1: drop"]
    expect.stdout = "fault-free"
    """
    head = head.replace('peer = "peer.py:echo"', 'peer = "peer.py:echo"\nkind = "dgram"')
    made = once(tmp_path / "3", tests, head=head, peer=peer, text=text, file="c.py")
    assert [one["points"] for one in made.values()] == [1, 1], made
    head = head.replace('"3"', '"1"')
    made = once(tmp_path / "1", tests, head=head, peer=peer, text=text, file="c.py")
    assert [one["points"] for one in made.values()] == [1, 0], made


def test_a_sweep_is_a_test(tmp_path):
    made = once(
        tmp_path,
        """
        [[test]]
        name = "echoes"
        points = 1
        [[test]]
        name = "reading"
        points = 9
        sweep = { lose = 2, at_most = 8, time = "120s", only = "recv" }
        """,
        "RECEIVES_ONCE",
    )
    [loss] = [one for one in made["reading"]["losses"] if one["points"]]
    assert made["reading"]["points"] == 7 and loss["finding"] == "short-recv-taken-for-whole"
    assert loss["file"] == "client.c" and "error paths were tried" in str(made["reading"]["notes"])


# ---- programs that can't be seen into ----


@pytest.mark.parametrize(
    "build, says",
    [
        ("cc -static -o client client.c", "static"),
        (
            "cc -o client client.c && echo go > go && "
            "objcopy --add-section .go.buildinfo=go client",
            "is a Go program",
        ),
        ("true", "there is no program ./client after the build"),
        ("sleep 60", "took longer than 1 s"),
    ],
)
def test_a_program_that_can_not_be_run_is_refused_with_the_reason(tmp_path, build, says):
    head = HEAD.replace("cc -g -O1 -o client client.c", build)
    head = head.replace("[target]", 'within = "1s"\n[target]' if "sleep" in build else "[target]")
    made = once(tmp_path, '[[test]]\nname = "a"\npoints = 1\n', head=head)
    assert made["a"]["points"] == 0 and says in state(tmp_path / "out", "one")["build"]


def test_without_g_there_is_a_warning(tmp_path):
    head = HEAD.replace("cc -g", "cc")
    once(tmp_path, '[[test]]\nname = "a"\npoints = 1\n', head=head)
    assert "without -g" in state(tmp_path / "out", "one")["warnings"][0]


# ---- interruptions ----


SLOW = TESTS.replace('name = "echoes"', 'name = "echoes"\nexpect.status = 0')


def wait_for_line(process, what):
    for line in process.stdout:
        if what in line:
            return
    raise AssertionError(f"no {what}: it has ended")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_who_was_interrupted_goes_on_and_has_the_same_gradebook(tmp_path, number, jobs):
    file = assignment(tmp_path, SLOW)
    names = [f"s{at}" for at in range(6)]
    for name, mistake in zip(names, ["", "SENDS_ONCE", "RECEIVES_ONCE", "", "SILENT", "CRASHES"]):
        submission(tmp_path / name, *filter(None, [mistake]))
    status, said = grade(file, *names, "--report", "whole")
    assert status == 0, said
    with begin(file, *names, "-n", jobs, "--report", "cut") as process:
        wait_for_line(process, "/6] ")
        process.send_signal(number)
        process.communicate(timeout=WITHIN)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    status, said = grade(file, *names, "-n", jobs, "--report", "cut", "--resume")
    assert status == 0, said
    texts = [(tmp_path / name / "gradebook.csv").read_bytes() for name in ("whole", "cut")]
    assert texts[0] == texts[1]
    assert not left_behind(tmp_path / "cut")


def left_behind(folder):
    """Work folders of whoever graded into this one."""
    words = [
        "-c",
        "import sys, pathlib; sys.path.insert(0, sys.argv[1]); from sockfault import grade;",
    ]
    words[1] += "p = grade._prefix(pathlib.Path(sys.argv[2]).resolve());"
    words[1] += "print([str(f) for b in grade._bases() for f in b.glob(p + '*')])"
    root = BUILD.parent if (BUILD.parent / "harness").exists() else None
    done = subprocess.run(
        ["/usr/bin/python3", *words, str(root / "harness"), str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip() != "[]" and done.stdout


def test_what_is_graded_already_is_left_alone_until_it_changes(tmp_path):
    file = assignment(tmp_path, '[[test]]\nname = "a"\npoints = 1\n')
    for name in ("x", "y"):
        submission(tmp_path / name)
    grade(file, "x", "y", "--report", "out")
    before = [(tmp_path / "out" / name / "graded.json").stat().st_mtime_ns for name in ("x", "y")]
    submission(tmp_path / "y", "SILENT")
    status, _ = grade(file, "x", "y", "--report", "out", "--resume")
    after = [(tmp_path / "out" / name / "graded.json").stat().st_mtime_ns for name in ("x", "y")]
    assert status == 0 and after[0] == before[0] and after[1] > before[1]
    assert [row["points"] for row in book(tmp_path / "out").values()] == ["1", "0"]


def test_submissions_of_one_name_have_folders_of_their_own(tmp_path):
    file = assignment(tmp_path, '[[test]]\nname = "a"\npoints = 1\n')
    for name in ("x/hw", "y/hw", "class.html"):
        submission(tmp_path / name)
    status, said = grade(file, "x/hw", "y/hw", "class.html", "--report", "out")
    assert status == 0 and sorted(book(tmp_path / "out")) == ["class.html-", "x-hw", "y-hw"], said


def test_names_do_nothing_to_a_terminal(tmp_path):
    file = assignment(tmp_path, '[[test]]\nname = "a"\npoints = 1\n')
    submission(tmp_path / "\x1b[31mred\x07")
    status, said = grade(file, "\x1b[31mred\x07", "--report", "out")
    assert status == 0 and "\\x1b[31mred\\x07: 1 of 1" in said and "\x1b" not in said


def test_another_host_grades_the_same(tmp_path, host):
    """By pytest-xdist over ssh; it sees the same folders."""
    file = assignment(tmp_path, TESTS)
    for name in ("right", "crashes", "silent"):
        submission(tmp_path / name, *([] if name == "right" else [name.upper()]))
    there = host({"PYTHONPATH": BUILD.parent / "harness", "SOCKFAULT_COMMAND": BUILD / "sockfault"})
    words = ["right", "crashes", "silent", "--report"]
    for folder, more in (("here", []), ("far", ["--", "--dist=load", "--tx", f"2*{there}"])):
        status, said = grade(file, *words, folder, *more)
        assert status == 0, said
    assert book(tmp_path / "far") == book(tmp_path / "here")
    assert "Accepted publickey" in (tmp_path / "ssh" / "log").read_text()


@pytest.mark.parametrize(
    "words", [["nowhere"], [], ["--isolation", "magic", "."], ["-n", "x", "."]]
)
def test_what_can_not_be_graded_is_told(tmp_path, words):
    file = assignment(tmp_path, '[[test]]\nname = "a"\npoints = 1\n')
    status, said = grade(file, *words)
    assert status == 125 and said.startswith("sockfault grade: ")
