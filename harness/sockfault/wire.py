# SPDX-License-Identifier: MIT
"""What passed between a program and its other end, as the kernel saw it: both directions of each
connection, byte for byte. Neither end can change it, and neither knows of it; so it is what a
program's own trace is compared with, whoever is at the other end.

A packet socket on the loopback (packet(7)) shows it. That takes CAP_NET_RAW in the network's
namespace, which the grader has where the network is of its own making, and root has anywhere;
where there is none, nothing is known from here.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import select
import socket
import struct
import threading
import time
from typing import Any, Iterator, NamedTuple, Self, Sequence

from .peer import Line, Wake, shown

KEPT = 32 << 20  # bytes of packets that are kept of a run; what is more is counted as lost
QUEUE = 16 << 20  # that the kernel holds for us meanwhile
PACKET_MAX = 1 << 17
ALL_PROTOCOLS, SOL_PACKET, PACKET_STATISTICS = (3, 263, 6)  # linux/if_ether.h, linux/if_packet.h
SO_ATTACH_FILTER, SO_RCVBUFFORCE, SO_TIMESTAMPNS = 26, 33, 35
FIN, SYN, RST, ACK = 1, 2, 4, 16
HALF = 1 << 31  # of the space of sequence numbers
Address = tuple[str, int]


# ---- which packets ----

# Classic BPF (linux/filter.h): code, jump if true, jump if false, operand.
_TYPE = (0x30, 0, 0, 0xFFFFF004)  # ld #pkttype: on a loopback each packet is seen twice
_HEADER = (0xB1, 0, 0, 0)  # ldx 4*([0]&0xf)
_SOURCE, _TARGET = (0x48, 0, 0, 0), (0x48, 0, 0, 2)  # ldh [x + 0], ldh [x + 2]
_TAKE, _DROP = (0x06, 0, 0, PACKET_MAX), (0x06, 0, 0, 0)
NOTHING = [_DROP]
INCOMING = [_TYPE, (0x15, 0, 1, 0), _TAKE, _DROP]


def of_port(port: int) -> list[tuple[int, int, int, int]]:
    """Where the loopback is everybody's."""
    is_it = [_SOURCE, (0x15, 2, 0, port), _TARGET, (0x15, 0, 1, port)]
    return [_TYPE, (0x15, 0, 6, 0), _HEADER, *is_it, _TAKE, _DROP]


def _attach(sock: socket.socket, program: list[tuple[int, int, int, int]]) -> None:
    code = b"".join(struct.pack("=HBBI", *one) for one in program)
    room = ctypes.create_string_buffer(code)
    fprog = struct.pack("@HP", len(program), ctypes.addressof(room))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, fprog)


# ---- what they say ----


class Packet(NamedTuple):
    """One of TCP or UDP; of UDP flags and seq are 0."""

    time_ns: int  # CLOCK_MONOTONIC
    kind: str  # stream or dgram
    source: Address
    target: Address
    flags: int
    seq: int
    data: bytes


def _network(data: bytes) -> tuple[int, str, str, int, int] | None:
    """Protocol, addresses, where its header begins, where the packet ends."""
    if len(data) >= 20 and data[0] >> 4 == 4:
        length, at = int.from_bytes(data[2:4], "big"), 4 * (data[0] & 15)
        names = [socket.inet_ntop(socket.AF_INET, data[i : i + 4]) for i in (12, 16)]
        return data[9], names[0], names[1], at, length or len(data)
    if len(data) >= 40 and data[0] >> 4 == 6:
        length = int.from_bytes(data[4:6], "big")
        names = [socket.inet_ntop(socket.AF_INET6, data[i : i + 16]) for i in (8, 24)]
        return data[6], names[0], names[1], 40, 40 + length if length else len(data)
    return None


def packet(time_ns: int, data: bytes) -> Packet | None:
    """From the head of the network layer on; None: neither TCP nor UDP, or no whole one."""
    network = _network(data)
    if network is None or network[0] not in (socket.IPPROTO_TCP, socket.IPPROTO_UDP):
        return None
    protocol, source, target, at, end = network
    is_tcp = protocol == socket.IPPROTO_TCP
    if len(data) < at + (20 if is_tcp else 8):
        return None
    ports = struct.unpack_from("!HH", data, at)
    ends = ((source, ports[0]), (target, ports[1]))
    if not is_tcp:
        return Packet(time_ns, "dgram", *ends, 0, 0, data[at + 8 : end])
    seq, _, offset, flags = struct.unpack_from("!IIBB", data, at + 4)
    return Packet(time_ns, "stream", *ends, flags, seq, data[at + 4 * (offset >> 4) : end])


# ---- conversations ----


class Passed(NamedTuple):
    """open (a connection was asked for), data, end (of a half), or reset."""

    time_ns: int
    is_mine: bool  # of the program
    what: str
    data: bytes = b""


@dataclasses.dataclass
class Talk:
    """A connection, or the datagrams between two sockets. near is the program's side."""

    kind: str
    near: Address
    far: Address
    passed: list[Passed] = dataclasses.field(default_factory=list)
    is_whole: bool = True  # nothing of it was missed

    def said(self, is_mine: bool) -> bytes:
        """All bytes in one direction."""
        return b"".join(one.data for one in self.passed if one.is_mine is is_mine)

    def lines(self) -> Iterator[Line]:
        """What its other end did and met."""
        for one in self.passed:
            if one.what == "data":
                yield Line(one.time_ns, "<" if one.is_mine else ">", shown(one.data))
            else:
                says = {"open": "is asked for a connection", "end": "the program ends its half"}
                says |= {"reset": "the program's side resets"}
                here = {"open": "asks for a connection", "end": "ends its half", "reset": "resets"}
                yield Line(one.time_ns, ".", (says if one.is_mine else here)[one.what])


class _Half:
    """One direction of a TCP connection: what comes again is left out."""

    def __init__(self, syn: Packet) -> None:
        self.next = syn.seq + 1

    def take(self, one: Packet) -> tuple[bytes, bool]:
        """What is new of it, and whether something before it is missing."""
        start = one.seq + bool(one.flags & SYN)
        ahead = (start - self.next + HALF) % (2 * HALF) - HALF
        new = one.data[-ahead:] if ahead < 0 else one.data
        if new:
            self.next += max(0, ahead) + len(new)
        return (new, ahead > 0) if new else (b"", False)


class _Talks:
    """Puts packets together."""

    def __init__(self, port: int, is_server: bool) -> None:
        self.port, self.is_server = port, is_server
        self.made: list[Talk] = []
        self._open: dict[frozenset[Address], tuple[Talk, dict[Address, _Half]]] = {}
        self._mine: set[Address] = set()  # the program's own sockets for datagrams

    def _near(self, one: Packet) -> Address | None:
        """The program's end of it; None: it is not the program's."""
        for end, other in ((one.source, one.target), (one.target, one.source)):
            if (end if self.is_server else other)[1] == self.port:
                return end
            if one.kind == "dgram" and end in self._mine:  # somebody else answers
                return end
        return None

    def _talk(self, one: Packet) -> tuple[Talk, dict[Address, _Half]] | None:
        ends = frozenset((one.source, one.target))
        is_new = one.kind == "stream" and one.flags & (SYN | ACK) == SYN
        if ends not in self._open or is_new:
            near = self._near(one)
            if near is None or (one.kind == "stream" and not is_new):
                return None
            far = one.target if near == one.source else one.source
            self._open[ends] = (Talk(one.kind, near, far), {})
            self._mine |= {near} if one.kind == "dgram" else set()
            self.made.append(self._open[ends][0])
        return self._open[ends]

    def take(self, one: Packet) -> None:
        found = self._talk(one)
        if found is None:
            return
        talk, halves = found
        is_mine = one.source == talk.near

        def note(what: str, data: bytes = b"") -> None:
            talk.passed.append(Passed(one.time_ns, is_mine, what, data))

        if one.kind == "dgram":
            note("data", one.data)
            return
        if one.flags & SYN:
            halves[one.source] = _Half(one)
            if not one.flags & ACK:
                note("open")
        half = halves.get(one.source)
        data, is_gap = half.take(one) if half else (b"", False)
        talk.is_whole = talk.is_whole and not is_gap
        if data:
            note("data", data)
        if one.flags & RST:
            note("reset")
        elif one.flags & FIN and not any(
            p.what == "end" and p.is_mine is is_mine for p in talk.passed
        ):
            note("end")


def talks(packets: list[Packet], port: int, is_server: bool, is_whole: bool = True) -> list[Talk]:
    """The conversations of a program: that of a server with whoever came to this port, that of a
    client with the peer that is there, and datagrams that others sent to it."""
    made = _Talks(port, is_server)
    for one in packets:
        made.take(one)
    for talk in made.made:
        talk.is_whole = talk.is_whole and is_whole
    return made.made


def as_values(made: Sequence[Talk]) -> list[dict[str, Any]]:
    """For JSON."""
    texts = [[[*one[:3], one.data.decode("latin-1")] for one in talk.passed] for talk in made]
    return [vars(talk) | {"passed": passed} for talk, passed in zip(made, texts)]


def from_values(values: Sequence[dict[str, Any]]) -> list[Talk]:
    return [
        Talk(
            one["kind"],
            (one["near"][0], one["near"][1]),
            (one["far"][0], one["far"][1]),
            [
                Passed(at, mine, what, data.encode("latin-1"))
                for at, mine, what, data in one["passed"]
            ],
            one["is_whole"],
        )
        for one in values
    ]


class Wire:
    """The loopback of this network namespace; begin() and end() around a run. To open and to close
    one takes the kernel some 15 ms each: one is enough for all runs."""

    def __init__(self, sock: socket.socket, is_shared: bool) -> None:
        self.sock, self.is_shared = sock, is_shared
        self._thread: threading.Thread | None = None
        self._wake = Wake()
        self._packets: list[Packet] = []
        self._size = self._ahead_ns = self._port = 0

    @classmethod
    def open(cls, is_shared: bool) -> Self | None:
        """is_shared: others use this loopback as well. None: it can't be listened to."""
        try:
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        except OSError:
            return None
        _attach(sock, NOTHING)
        sock.bind(("lo", ALL_PROTOCOLS))
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, QUEUE)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, QUEUE)
        return cls(sock, is_shared)

    def begin(self, port: int) -> None:
        self.stop()
        self._drain()
        self.sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 16)  # reading it sets it to 0
        self._port, self._packets, self._size = port, [], 0
        self._wake.clear()
        self._ahead_ns = time.time_ns() - time.monotonic_ns()
        _attach(self.sock, of_port(port) if self.is_shared else INCOMING)
        self._thread = threading.Thread(target=self._collect, daemon=True, name="wire")
        self._thread.start()

    def _drain(self) -> None:
        for time_ns, data in self._waiting():
            self._size += len(data)
            one = packet(time_ns - self._ahead_ns, data) if self._size <= KEPT else None
            if one and (one.data or one.kind == "dgram" or one.flags & (SYN | FIN | RST)):
                self._packets.append(one)

    def _waiting(self) -> Iterator[tuple[int, bytes]]:
        while True:
            try:
                data, extra, _, _ = self.sock.recvmsg(PACKET_MAX, 64)
            except (BlockingIOError, InterruptedError):
                return
            stamps = [struct.unpack("@qq", value[:16]) for _, kind, value in extra]
            yield (stamps[0][0] * 10**9 + stamps[0][1] if stamps else time.time_ns()), data

    def _collect(self) -> None:
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while self._wake.fileno() not in [fd for fd, _ in poll.poll()]:
            self._drain()

    def stop(self) -> None:
        if self._thread:
            self._wake.set()
            self._thread.join()
            self._thread = None

    def end(self, is_server: bool) -> list[Talk]:
        """What passed since begin()."""
        self.stop()
        self._drain()
        _attach(self.sock, NOTHING)
        _, lost = struct.unpack("@II", self.sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 16)[:8])
        return talks(self._packets, self._port, is_server, not lost and self._size <= KEPT)

    def close(self) -> None:
        self.stop()
        self.sock.close()
