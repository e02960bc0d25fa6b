# SPDX-License-Identifier: MIT
"""The same points each time, however busy the machine."""

import contextlib
import subprocess
import sys

import pytest
from lesson import HEAD, assignment, grade, submission


KINDS = ["", "SENDS_ONCE", "RECEIVES_ONCE", "SILENT", "CRASHES", "HANGS"]
RULES = """recv: short 1
send nth=1: short 2
recv nth=1: short 2
send: short 1
recv nth=1: delay 1ms
connect: fail ECONNREFUSED
send nth=1: fail EPIPE
recv nth=1: fail ECONNRESET
send nth=1..2: short 1
socket nth=1: fail EMFILE
recv nth=1: short 3""".splitlines()
PEER = """\
def echo(c):
    c.send_all(c.recv_until(b"\\n"))
    c.recv_all()
"""


def twelve_tests(within="1s"):
    made = ['[[test]]\nname = "plain"\npoints = 1\n']
    for number, rule in enumerate(RULES):
        wanted = "expect.status = 1" if "fail" in rule else 'expect.stdout = "fault-free"'
        made.append(f'[[test]]\nname = "t{number}"\npoints = 1\nrules = "{rule}"\n{wanted}\n')
    return "\n".join(made), HEAD.replace('"3s"', f'"{within}"')


def a_class(folder, count):
    """An assignment of twelve tests and so many submissions of all kinds; one in six hangs."""
    tests, head = twelve_tests()
    file = assignment(folder, tests, head, peer=PEER)
    names = [f"s{number:03}" for number in range(count)]
    for number, name in enumerate(names):
        submission(folder / name, *filter(None, [KINDS[number % len(KINDS)]]))
    return file, names


@contextlib.contextmanager
def load(count):
    """A machine with so many programs that want a processor."""
    words = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(words) for _ in range(count)]
    try:
        yield
    finally:
        for one in busy:
            one.kill()
            one.wait()


def books(file, names, times, jobs):
    made = set()
    for number in range(times):
        status, said = grade(file, *names, "-n", jobs, "--report", f"out{number}")
        assert status == 0, said
        made.add((file.parent / f"out{number}" / "gradebook.csv").read_text())
    return made


def test_the_same_gradebook_on_a_quiet_and_on_a_busy_machine(tmp_path):
    file, names = a_class(tmp_path, 5)
    quiet = books(file, names, 1, 2)
    with load(8):
        assert books(file, names, 1, 4) == quiet


@pytest.mark.long
def test_the_same_gradebook_twenty_times(tmp_path):
    file, names = a_class(tmp_path, 6)
    with load(10):
        assert len(books(file, names, 20, 3)) == 1
