# SPDX-License-Identifier: MIT
"""A rule is for the call that it names, also where the kernel would say something else a moment
later."""

import sys

import pytest

from conftest import PROGRAMS, run, under


@pytest.mark.parametrize(
    "call, fault, told",
    [
        ("recv", "reset", b"Connection reset by peer\n"),
        ("accept", "fail ECONNABORTED", b"Software caused connection abort\n"),
    ],
)
def test_an_answer_between_the_look_and_the_call_meets_the_rule(call, fault, told):
    """The first call finds nothing, for nothing had come when it was looked at; the next one is
    the first that finds something."""
    done = run(under(f"{call} process=2 nth=1: {fault}") + [PROGRAMS / "between", call])
    assert (done.returncode, done.stdout) == (0, told), done.stderr


FILL = """
import socket, sys

address = ("127.0.0.1", 0) if sys.argv[1] == "inet" else ""
family = socket.AF_INET if address else socket.AF_UNIX
listener, near = socket.socket(family), socket.socket(family)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
listener.bind(address)
listener.listen()
near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
near.connect(listener.getsockname())
far, _ = listener.accept()
near.setblocking(False)
sent = 0
try:
    while True:
        near.send(bytes(4096))
        sent += 1
except OSError as error:
    print(sent, type(error).__name__)
"""


@pytest.mark.parametrize(
    "family, told", [("inet", b"ConnectionResetError"), ("unix", b"BrokenPipeError")]
)
def test_a_send_that_poll_knows_no_room_for_meets_the_rule(family, told):
    """poll is silent as soon as a part of the buffer is full, and send goes on until all of it
    is."""
    program = [sys.executable, "-c", FILL, family]
    sends, end = run(program, check=True).stdout.split()
    assert end == b"BlockingIOError"
    nth = int(sends) * 9 // 10
    done = run(under(f"send family={family} nth={nth}: reset") + program)
    assert done.stdout.split() == [b"%d" % (nth - 1), told], done.stderr
