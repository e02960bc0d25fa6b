# SPDX-License-Identifier: MIT
"""Scripted peers: each thing that they can do, as a target sees it, and what a test is told."""

import pathlib
import socket
import ssl
import time

import pytest

import sockfault
from conftest import PYTHON
from sockfault import Sockfault

# HOST PORT WORD: sends the word, then prints each piece that it receives, and how that ended.
CLIENT = """
import socket, sys
host, port, word = sys.argv[1:4]
family = socket.AF_UNIX if "/" in host else socket.AF_INET6 if ":" in host else socket.AF_INET
s = socket.socket(family)
s.connect(host if family == socket.AF_UNIX else (host, int(port)))
s.sendall(word.encode())
try:
    while data := s.recv(1000):
        print(len(data), flush=True)
    print("end")
except ConnectionResetError:
    print("reset")
"""


@pytest.fixture
def harness(tmp_path):
    made = Sockfault(tmp_path)
    yield made
    made.end()


def client(peer, word="hello\n"):
    return [PYTHON, "-c", CLIENT, peer.host, peer.port, word]


def texts(connection):
    return [line.direction + line.text for line in connection.transcript]


def test_sends_and_receives(harness):
    def script(c):
        assert c.recv_exactly(2) == b"he"
        assert c.recv(1) == b"l"
        assert c.recv_until(b"\n") == b"lo\n"
        c.send_all(b"x" * 10)

    peer = harness.peer(script)
    assert harness.run(client(peer)).stdout == b"10\nend\n"
    assert texts(peer.connections[0]) == [
        ".accepted",
        r"<b'hello\n'",
        ">b'xxxxxxxxxx'",
        ".the target has ended its half",
    ]


@pytest.mark.parametrize("where", [{"host": "::1"}, {"unix": True}, {}])
def test_families(harness, where):
    peer = harness.peer(lambda c: c.send_all(c.expect(b"hello\n")), **where)
    assert harness.run(client(peer)).stdout == b"6\nend\n"
    harness.end()
    assert not peer.path or not pathlib.Path(peer.path).parent.exists()


def test_a_unix_socket_of_a_path(harness, tmp_path):
    peer = harness.peer(lambda c: c.send_all(c.recv(100)), unix=tmp_path / "s")
    assert harness.run(client(peer)).stdout == b"6\nend\n"
    assert peer.address == f"unix:{tmp_path}/s"


def test_pieces(harness):
    peer = harness.peer(lambda c: c.send_pieces(b"abcdef", 2, pause=0.1))
    assert harness.run(client(peer)).stdout == b"2\n2\n2\nend\n"
    peer = harness.peer(lambda c: c.send_pieces(b"abcdef", [1, 3], pause=0.1))
    assert harness.run(client(peer)).stdout == b"1\n3\n2\nend\n"


def test_half_close_and_all(harness):
    got = []

    def script(c):
        c.half_close()
        got.append(c.recv_all())

    assert harness.run(client(harness.peer(script))).stdout == b"end\n"
    assert got == [b"hello\n"]


def test_reset(harness):
    peer = harness.peer(lambda c: (c.recv(100), c.reset()))
    assert harness.run(client(peer)).stdout == b"reset\n"


def test_close_with_data_unread_is_a_reset_and_the_end_of_a_script_is_not(harness):
    def closes(c):
        c._wait(1, time.monotonic() + 10, "waits")
        c.close()

    assert harness.run(client(harness.peer(closes))).stdout == b"reset\n"
    polite = harness.peer(lambda c: c._wait(1, time.monotonic() + 10, "waits"))
    assert harness.run(client(polite)).stdout == b"end\n"


def test_stall_lasts_until_the_run_is_over(harness):
    peer = harness.peer(lambda c: c.stall())
    run = harness.run(client(peer), timeout="500ms")
    assert run.timed_out and run.wall < 5
    peer = harness.peer(lambda c: (c.stall(0.2), c.send_all(b"late")))
    run = harness.run(client(peer))
    assert run.stdout == b"4\nend\n" and run.wall > 0.2


def test_one_script_for_each_connection_and_each_run(harness):
    peer = harness.peer(lambda c: c.send_all(b"x" * c.number))
    assert [harness.run(client(peer)).stdout for _ in range(3)] == [
        b"1\nend\n",
        b"2\nend\n",
        b"3\nend\n",
    ]


UDP = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for word in sys.argv[2:]:
    s.sendto(word.encode(), ("127.0.0.1", int(sys.argv[1])))
    print(s.recv(100).decode())
"""


def test_datagrams(harness):
    peer = harness.peer(lambda c: c.send(c.recv().upper()), kind="dgram")
    for _ in range(2):
        run = harness.run([PYTHON, "-c", UDP, peer.port, "one", "two"])
        assert run.stdout == b"ONE\nTWO\n"


def test_datagrams_by_a_script_that_never_ends(harness):
    def script(c):
        while True:
            c.send(c.recv()[::-1])

    peer = harness.peer(script, kind="dgram")
    for _ in range(2):
        assert harness.run([PYTHON, "-c", UDP, peer.port, "ab"]).stdout == b"ba\n"


def test_datagrams_that_are_wrong(harness):
    peer = harness.peer(lambda c: c.expect(b"two"), kind="dgram")
    with pytest.raises(sockfault.PeerError, match="expected b'two'"):
        harness.run([PYTHON, "-c", UDP, peer.port, "one"], timeout=0.5)


def test_tls(harness, tmp_path):
    peer = harness.peer(lambda c: c.send_all(c.recv_until(b"\n").upper()), tls=True)
    script = (
        "import socket, ssl, sys\n"
        "context = ssl.create_default_context(cafile=sys.argv[2])\n"
        "s = context.wrap_socket(socket.create_connection(('127.0.0.1', int(sys.argv[1]))),"
        " server_hostname='localhost')\n"
        "s.sendall(b'hello\\n'); print(s.recv(100))\n"
        "print(s.recv(100))\n"
    )
    run = harness.run([PYTHON, "-c", script, peer.port, peer.ca], "recv: short 1")
    assert run.stdout == b"b'HELLO\\n'\nb''\n", run.stderr
    assert any("TLSv1" in line.text for line in peer.connections[0].transcript)


def test_tls_spoken_by_nobody(harness):
    peer = harness.peer(lambda c: c.recv(), tls=True)
    with pytest.raises(sockfault.PeerLeft, match="handshake|shakes"):
        harness.run(client(peer))


def test_tls_without_trustme(harness, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(sockfault.SockfaultError, match="python3-trustme"):
        harness.peer(lambda c: None, tls=True)


# ---- what a test is told ----


def test_a_mismatch_shows_both_sides(harness):
    peer = harness.peer(lambda c: c.expect(b"help\n"))
    with pytest.raises(sockfault.PeerError) as caught:
        harness.run(client(peer))
    text = str(caught.value)
    assert r"expected b'help\n'" in text and "got      b'hell" in text
    assert "differ at byte 3" in text
    lines = text.splitlines()
    head = next(i for i, line in enumerate(lines) if line.split() == ["target", "peer"])
    table = lines[head + 1 :]
    sent = next(i for i, line in enumerate(table) if "sendall" in line or "send(" in line)
    got = next(i for i, line in enumerate(table) if r"gets b'hello\n'" in line)
    assert sent < got, text
    assert any("connect(" in line and "= 0" in line for line in table)


def test_a_script_of_ones_own_that_fails(harness):
    def script(c):
        assert c.recv_until(b"\n") == b"bye\n", "wrong word"

    with pytest.raises(sockfault.PeerError, match="AssertionError: wrong word") as caught:
        harness.run(client(harness.peer(script)))
    assert isinstance(caught.value.__cause__, AssertionError)


def test_what_never_comes(harness):
    peer = harness.peer(lambda c: c.recv_until(b"\n\n"), timeout=0.3)
    with pytest.raises(sockfault.PeerTimeout, match=r"waits for b'\\n\\n', but nothing came"):
        harness.run(client(peer))


QUITS = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])))"


@pytest.mark.parametrize("rules", [[], ["connect: delay 1ms"]])
def test_a_target_that_leaves_too_early(harness, rules):
    peer = harness.peer(lambda c: c.recv_until(b"\n"))
    with pytest.raises(sockfault.PeerLeft, match=r"waits for b'\\n', but the target ended after"):
        harness.run([PYTHON, "-c", QUITS, peer.host, peer.port], *rules)


def test_a_target_that_a_fault_made_leave_is_forgiven(harness):
    peer = harness.peer(lambda c: (c.recv_until(b"\n"), c.send_all(b"x"), c.recv_until(b"\n")))
    run = harness.run(client(peer), "recv: reset")
    assert run.stdout == b"reset\n"


def test_errors_are_told_once(harness):
    peer = harness.peer(lambda c: c.expect(b"hello\n" if c.number > 1 else b"bye\n"))
    with pytest.raises(sockfault.PeerError):
        harness.run(client(peer))
    assert harness.run(client(peer)).status == 0


def test_a_peer_without_a_harness():
    with sockfault.peer(lambda c: c.send_all(b"hi")) as peer:
        with socket.create_connection((peer.host, peer.port)) as s:
            assert s.recv(10) == b"hi"


def test_wrong_wishes():
    with pytest.raises(ValueError, match="stream"):
        sockfault.peer(print, kind="udp")
    with pytest.raises(ValueError, match="TLS"):
        sockfault.peer(print, kind="dgram", tls=True)
    assert ssl  # the package needs nothing but Python's own
