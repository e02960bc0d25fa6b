# SPDX-License-Identifier: MIT
"""A socket that has no peer says so before anything else: no rule makes it say another error."""

import pytest
from conftest import run, under
from real import PYTHON

CALLS = """
import errno, socket
ADDRESS = {"AF_INET": ("127.0.0.1", 0), "AF_INET6": ("::1", 0), "AF_UNIX": ""}
for family in socket.AF_INET, socket.AF_INET6, socket.AF_UNIX:
    for listens in False, True:
        for blocks in False, True:
            for call in lambda s: s.recv(1), lambda s: s.send(b"x", socket.MSG_NOSIGNAL):
                s = socket.socket(family)
                s.setblocking(blocks)
                if listens:
                    s.bind(ADDRESS[family.name])
                    s.listen()
                try:
                    call(s)
                except OSError as e:
                    print(family.name, listens, blocks, errno.errorcode[e.errno])
                s.close()
"""
RULES = [
    "fail EAGAIN",
    "fail ECONNRESET",
    "fail EPIPE",
    "fail ENOBUFS",
    "fail ENOMEM",
    "fail EINTR",
]


@pytest.mark.parametrize("action", RULES)
def test_a_socket_without_a_peer_says_what_it_says_natively(action):
    argv = [PYTHON, "-c", CALLS]
    native = run(argv, check=True).stdout
    calls = {"fail EPIPE": "send", "fail ENOBUFS": "send"}.get(action, "recv,send")
    assert native.count(b"\n") == 24
    assert run(under(f"{calls}: {action}") + argv, check=True).stdout == native
