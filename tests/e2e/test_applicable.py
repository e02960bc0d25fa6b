# SPDX-License-Identifier: MIT
"""An error that the arguments of the call rule out is not injected: epoll_ctl(2), setsockopt(2)."""

import pytest

from conftest import faults, run, under

PYTHON = "/usr/bin/python3"
EPOLL = """
import select, socket

epoll, one = select.epoll(), socket.socket()
for name, call in ("add", epoll.register), ("modify", epoll.modify), ("remove", epoll.unregister):
    try:
        call(one, *[select.EPOLLIN] * (name != "remove"))
        print(name, "done")
    except OSError as error:
        print(name, error.strerror)
        epoll.register(one, 0)
"""


@pytest.mark.parametrize(
    "err, says", [("ENOSPC", "No space left on device"), ("ENOMEM", "Cannot allocate memory")]
)
def test_epoll_has_no_room_for_what_is_added_alone(err, says):
    done = run(under(f"poll func=epoll_ctl nth=1: fail {err}") + [PYTHON, "-c", EPOLL])
    assert done.stdout.decode().splitlines() == [f"add {says}", "modify done", "remove done"]
    done = run(under(f"poll func=epoll_ctl nth=2..: fail {err}") + [PYTHON, "-c", EPOLL])
    assert done.stdout.decode().splitlines() == ["add done", "modify done", "remove done"]


OPTIONS = """
import socket

one = socket.socket()
for level, name, value in (
    (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.IPPROTO_IP, socket.IP_OPTIONS, b""),
    (socket.SOL_SOCKET, socket.SO_PRIORITY, 1),
):
    try:
        one.setsockopt(level, name, value)
        print("ok")
    except OSError as error:
        print(error.errno)
"""


@pytest.mark.parametrize(
    "err, realism, failed",
    [
        ("EPERM", "kernel", [3]),
        ("EPERM", "posix", [3]),
        ("ENOMEM", "kernel", [2]),
        ("ENOMEM", "posix", [0, 1, 2, 3]),
        ("ENOBUFS", "kernel", []),
    ],
)
def test_an_option_fails_with_what_it_may_lack(err, realism, failed, tmp_path):
    trace = tmp_path / "trace.sft"
    words = under(
        f"sockopt func=setsockopt: fail {err}", options=["--realism", realism], trace=trace
    )
    done = run([*words, PYTHON, "-c", OPTIONS], check=True)
    said = done.stdout.decode().split()
    assert [number for number, word in enumerate(said) if word != "ok"] == failed
    kernels = {"EPERM": [3], "ENOMEM": [2], "ENOBUFS": []}[err]
    told = ["kernel" if number in kernels else "posix" for number in failed]
    assert [event["realism"] for event in faults(trace)] == told
