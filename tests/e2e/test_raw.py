# SPDX-License-Identifier: MIT
"""Calls that a program makes through syscall(2): rules meet them as they meet libc's functions.

That they do what they do without us is held by the snippets raw_NAME of tests/snippets.
"""

import pytest

from conftest import PROGRAMS, events, faults, run, under

RAW = PROGRAMS / "raw"
# A rule, and the line that shows it: what the program says natively is another line.
FAULTS = [
    ("socket func=socketpair: fail EMFILE", "socketpair -1 EMFILE"),
    ("send func=sendto family=unix nth=1: short 3", "sendto 3 -"),
    ("recv func=recvfrom family=unix: fail ECONNRESET", "recvfrom -1 ECONNRESET"),
    ("recv func=recvmmsg family=unix: fail ENOMEM", "recvmmsg -1 ENOMEM"),
    ("recv func=read family=unix: short 1", "read 1 -"),
    ("socket func=dup3 family=unix: fail EBUSY", "dup3 -1 EBUSY"),
    ("send func=write family=unix: fake ENOSPC", "write -1 ENOSPC"),
    ("close family=unix nth=1: fail EINTR", "close -1 EINTR"),
]


@pytest.mark.parametrize("rule,line", FAULTS, ids=[line for _, line in FAULTS])
def test_rules_meet_numbers(rule, line, tmp_path):
    native = run([RAW, "talk"]).stdout.decode().splitlines()
    assert line not in native
    trace = tmp_path / "trace.sft"
    done = run(under(rule, trace=trace) + [RAW, "talk"])
    assert line in done.stdout.decode().splitlines(), done.stderr
    [fault] = faults(trace)
    assert fault["func"] == line.split()[0]
    assert fault["site"].startswith("raw+0x"), "the place is the program's, not the library's"


def test_every_call_has_its_own_place(tmp_path):
    trace = tmp_path / "trace.sft"
    run(under(trace=trace) + [RAW, "talk"], check=True)
    calls = [e for e in events(trace) if e.get("func") in {"sendto", "recvfrom", "recvmmsg"}]
    assert len(calls) == 4
    assert len({e["site"] for e in calls}) == 4


@pytest.mark.parametrize("what", ["cancel", "left"])
def test_what_the_kernel_does_and_libc_does_not(what):
    native = run([RAW, what], check=True).stdout
    assert run(under("recv,poll nth=1000: delay 1s") + [RAW, what], check=True).stdout == native


TAKES_ITS_OWN = """
import ctypes, os, socket

a, b = socket.socketpair()
taken = ctypes.CDLL(None).pidfd_getfd(os.pidfd_open(os.getpid()), b.fileno(), 0)
a.send(b"1234")
print(len(os.read(taken, 4)))
"""


def test_what_is_taken_from_a_process_is_known(tmp_path):
    rule = "recv family=unix: short 1"
    done = run(under(rule) + ["/usr/bin/python3", "-c", TAKES_ITS_OWN], check=True)
    assert done.stdout == b"1\n"
