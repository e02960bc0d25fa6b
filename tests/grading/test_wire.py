# SPDX-License-Identifier: MIT
"""What passed between a program and its other end: put together from packets, drawn in charts, and
held against the program's own trace."""

import shutil
import socket

import pytest
from lesson import HERE, assignment, grade, verdicts

from sockfault import wire
from sockfault.wire import ACK, FIN, RST, SYN, Packet

PROGRAM, PEER, OTHER = ("127.0.0.1", 40000), ("127.0.0.1", 7), ("127.0.0.1", 9)


def tcp(source, target, flags, seq, data=b"", at=0):
    return Packet(at, "stream", source, target, flags, seq, data)


def handshake(first=100, other=500):
    return [
        tcp(PROGRAM, PEER, SYN, first),
        tcp(PEER, PROGRAM, SYN | ACK, other),
        tcp(PROGRAM, PEER, ACK, first + 1),
    ]


def test_a_connection_is_put_together():
    packets = [
        *handshake(),
        tcp(PROGRAM, PEER, ACK, 101, b"he"),
        tcp(PROGRAM, PEER, ACK, 101, b"hello"),  # again, with more
        tcp(PEER, PROGRAM, ACK, 501, b"ho"),
        tcp(PROGRAM, PEER, FIN | ACK, 106),
        tcp(PROGRAM, PEER, FIN | ACK, 106),
        tcp(PEER, PROGRAM, RST, 503),
    ]
    [talk] = wire.talks(packets, PEER[1], is_server=False)
    assert (talk.near, talk.far, talk.is_whole) == (PROGRAM, PEER, True)
    assert (talk.said(True), talk.said(False)) == (b"hello", b"ho")
    assert [(one.is_mine, one.what) for one in talk.passed if one.what != "data"] == [
        (True, "open"),
        (True, "end"),
        (False, "reset"),
    ]
    [same] = wire.from_values(wire.as_values([talk]))
    assert same == talk


def test_sequence_numbers_begin_again_and_gaps_are_told():
    last = (1 << 32) - 1
    packets = [*handshake(first=last), tcp(PROGRAM, PEER, ACK, 0, b"ab")]
    packets[2] = tcp(PROGRAM, PEER, ACK, 0)
    [talk] = wire.talks([*packets, tcp(PROGRAM, PEER, ACK, 2, b"cd")], PEER[1], False)
    assert talk.said(True) == b"abcd" and talk.is_whole
    [talk] = wire.talks([*packets, tcp(PROGRAM, PEER, ACK, 3, b"d")], PEER[1], False)
    assert not talk.is_whole


def test_a_port_that_is_used_again_is_another_connection_and_strangers_are_none():
    packets = [*handshake(), tcp(PROGRAM, PEER, FIN | ACK, 101), *handshake(first=7000)]
    packets += [tcp(PROGRAM, OTHER, SYN, 1)]
    assert [talk.far for talk in wire.talks(packets, PEER[1], False)] == [PEER, PEER]
    [talk] = wire.talks(packets[:3], PEER[1], is_server=True)
    assert talk.near == PEER


def test_datagrams_of_a_stranger_are_part_of_it():
    packets = [
        Packet(1, "dgram", PROGRAM, PEER, 0, 0, b"question"),
        Packet(2, "dgram", OTHER, PROGRAM, 0, 0, b"forged"),
        Packet(3, "dgram", OTHER, PEER, 0, 0, b""),
        Packet(4, "dgram", OTHER, ("127.0.0.1", 1), 0, 0, b"not ours"),
    ]
    talks = wire.talks(packets, PEER[1], False)
    assert [(talk.near, talk.far) for talk in talks][:2] == [(PROGRAM, PEER), (PROGRAM, OTHER)]
    assert talks[1].said(False) == b"forged"


@pytest.mark.parametrize("is_shared", [False, True])
def test_the_kernel_tells_what_passed(is_shared):
    listener = wire.Wire.open(is_shared)
    if listener is None:
        pytest.skip("packet sockets need CAP_NET_RAW")
    server = socket.create_server(("127.0.0.1", 0))
    listener.begin(server.getsockname()[1])
    client = socket.create_connection(server.getsockname())
    accepted, _ = server.accept()
    client.sendall(b"hello")
    accepted.sendall(b"y" * 100_000)
    client.close()
    talks = listener.end(is_server=True)
    listener.close()
    [talk] = [talk for talk in talks if talk.near == server.getsockname()]
    assert talk.said(False) == b"hello" and talk.is_whole
    assert set(talk.said(True)) == {ord("y")}
    times = [one.time_ns for one in talk.passed]
    assert times == sorted(times) and talk.passed[0].what == "open"
    for sock in (server, accepted):
        sock.close()


def test_what_is_no_packet_is_none():
    for data in (b"", b"\x45" + bytes(19), b"\x45" + bytes(8) + b"\x06" + bytes(20), b"\x60" * 41):
        assert wire.packet(0, data) is None


# ---- in grading ----

SOCKET = "from socket import create_connection as connect, create_server as serve"
COMMANDS = """\
[assignment]
name = "All ends"
[build]
command = "cc -g -D_GNU_SOURCE -DQUIET=$(cat quiet) -o program program.c"
[limits]
within = "3s"
[[target]]
name = "of a command"
command = ["./program", "client", "{port}"]
peer = '''python3 -c "{0}; s, _ = serve(('', {port})).accept(); s.send(s.recv(9))"'''
[[target]]
name = "by UDP"
command = ["./program", "dgram", "{port}"]
kind = "dgram"
peer = "peer.py:answer"
[[target]]
name = "a server"
command = ["./program", "server", "{port}"]
role = "server"
client = '''python3 -c "{0}; s = connect(('{host}', {port})); s.send(b'hello'); s.recv(9)"'''
"""
TESTS = """
[[test]]
name = "{0}"
target = "{0}"
points = 1
expect.status = 9
"""
PEER_SCRIPT = """\
def answer(c):
    c.send(c.recv())
"""
PROGRAM_C = (HERE / "ends.c").read_text()


def test_every_other_end_is_drawn_and_believed(tmp_path):
    """Whoever it is: what passed is in the chart, and a program that moved it past the library is
    found out."""
    listener = wire.Wire.open(False)
    if listener is None:
        pytest.skip("packet sockets need CAP_NET_RAW")
    listener.close()
    names = ("of a command", "by UDP", "a server")
    head = COMMANDS.replace("{0}", SOCKET)
    file = assignment(tmp_path, "".join(map(TESTS.format, names)), head, peer=PEER_SCRIPT)
    for name, quiet in (("open", "0"), ("quiet", "1")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "program.c").write_text(PROGRAM_C)
        (folder / "quiet").write_text(quiet)
        (folder / "hostile").mkdir()
        for header in ("raw.h", "talk.h"):
            shutil.copy(HERE / "hostile" / header, folder / "hostile")
    status, said = grade(file, "open", "quiet", "--report", "out")
    assert status == 0, said
    for name in names:
        verdict = verdicts(tmp_path / "out", "open")[name]
        drawn = [row["peer"] for row in verdict["chart"] if "peer" in row["kinds"]]
        gets = "sends" if name == "a server" else "gets"
        assert f"{gets} b'hello'" in drawn, (name, drawn)
        loss = verdict["losses"][0]
        assert "expected status 9" in loss["says"] and loss["file"] == "program.c"
        says = verdicts(tmp_path / "out", "quiet")[name]["losses"][0]["says"]
        assert says == (
            "it got round the library: its peer received 5 bytes, and its own calls sent 0"
        ), name
