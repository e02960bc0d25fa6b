# SPDX-License-Identifier: MIT
"""Laws of HACKING.md that need a whole program to be held; the others are held where they arise."""

import os
import sys

import pytest

from conftest import LIBRARY, PROGRAMS, run, under


def test_law_3_no_state_of_libc_is_touched():
    program = PROGRAMS / "libc_state"
    plain = {**os.environ, "LANG": "C"}
    native = run([program], env=plain, check=True).stdout
    rules = "send,recv family=unix chance=50%: delay 1us"
    preloaded = {**plain, "LD_PRELOAD": str(LIBRARY), "SOCKFAULT_RULES": rules}
    assert run([program], env=preloaded, check=True).stdout == native


def test_law_4_a_cancellation_point_stays_one():
    done = run(under("recv family=unix nth=100: reset") + [PROGRAMS / "cancelled"])
    assert (done.returncode, done.stdout) == (0, b"cancelled\n"), done.stderr


CLOSED_AND_REUSED = """
import os, socket, threading

def sockets():
    for i in range(20000):
        socket.socket().close()

def files():
    for i in range(20000):
        fd = os.open("/dev/zero", os.O_RDONLY)
        assert os.read(fd, 8) == bytes(8)  # fails with ECONNABORTED if it is taken for a socket
        os.close(fd)

threads = [threading.Thread(target=work) for work in (sockets, files, files)]
failed = []
threading.excepthook = lambda args: failed.append(args.exc_value)
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(failed, "fine" if not failed else "")
"""


def test_law_9_a_number_that_was_closed_is_forgotten():
    """Another thread gets the number at once, for a file: no rule for sockets meets it."""
    done = run(
        under("recv func=read: fake ECONNABORTED") + [sys.executable, "-c", CLOSED_AND_REUSED]
    )
    assert done.stdout == b"[] fine\n", done.stderr


SLEEP_ALONE = """
import socket, threading

slow, fast = socket.socketpair(), socket.socketpair()
slept = threading.Event()

def wait():
    slow[0].sendall(b"x")
    slow[1].recv(7)  # the rule is for this size
    slept.set()

thread = threading.Thread(target=wait, name="slow")
thread.start()
for i in range(200):
    fast[0].sendall(b"x")
    assert fast[1].recv(1) == b"x"
print("woke too late" if slept.is_set() else "went on")
thread.join()
"""


def test_law_11_nothing_is_held_while_one_sleeps():
    rule = "recv family=unix size=7: delay 2s"
    done = run(under(rule) + [sys.executable, "-c", SLEEP_ALONE])
    assert done.stdout == b"went on\n", done.stderr


@pytest.mark.parametrize(
    "rule,word,says",
    [
        ("recv nth=1000: latency 1ms", "nothing", "0 2 5 1"),
        ("recv nth=1000: latency 1ms", "peek", "2 2 5 1"),
        ("recv nth=1: latency 1ms", "read", "2 2 3 1"),
        ("recv nth=1: eof", "read", "0 0 0 1"),
        ("recv nth=1: closed", "read", "0 0 0 1"),
        ("recv nth=1: reset", "read", "-1 0 0 -1"),
        ("recv: short 1", "nothing", "0 1 1 1"),
        ("recv: short 1", "edge", "0 2 5 1"),
    ],
)
def test_law_0_holds_for_what_a_fault_left_behind(rule, word, says):
    """No rule, and nothing that one did before, adds a call in a sandbox that kills for it."""
    done = run([*under(rule), PROGRAMS / "boxed", word], check=True)
    assert done.stdout.decode().strip() == says
