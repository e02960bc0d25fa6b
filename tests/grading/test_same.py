# SPDX-License-Identifier: MIT
"""The same points each time, however busy the machine; and how long a class takes."""

import contextlib
import os
import subprocess
import sys
import time

import pytest
from lesson import BUILD, HEAD, assignment, grade, submission

from sockfault.peer import Peer

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


# ---- how long it takes ----


def bare_seconds(folder, rule, within):
    """One run of a program with the library preloaded and nothing else."""
    places = {}
    exec(PEER, places)
    env = os.environ | {"LD_PRELOAD": str(BUILD / "libsockfault.so")}
    env |= {"SOCKFAULT_RULES": rule} if rule else {}
    with Peer(places["echo"]) as peer:
        began = time.monotonic()
        words = [folder / "client", peer.host, str(peer.port)]
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(words, input=b"hello\n", env=env, timeout=within, capture_output=True)
        return time.monotonic() - began


@pytest.mark.long
def test_three_hundred_submissions_take_little_longer_than_their_programs(tmp_path):
    """On two processors: 1.3 times half of what the programs take by themselves."""
    count = int(os.environ.get("SOCKFAULT_CLASS", "300"))
    file, names = a_class(tmp_path, count)
    bare = 0.0
    for at in range(len(KINDS)):
        folder = tmp_path / names[at]
        subprocess.run(["cc", "-O1", "-o", "client", "client.c"], cwd=folder, check=True)
        one = sum(bare_seconds(folder, rule, 1.0) for rule in ["", *RULES])
        bare += one * len(names[at :: len(KINDS)])
        (folder / "client").unlink()
    began = time.monotonic()
    status, said = grade(file, *names, "-n", "6", "--report", "out")
    took = time.monotonic() - began
    assert status == 0, said
    print(f"{count} submissions: {took:.1f} s; their programs by themselves {bare:.1f} s")
    assert took < 1.3 * bare / 2
