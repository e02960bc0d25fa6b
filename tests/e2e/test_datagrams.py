# SPDX-License-Identifier: MIT
"""Datagrams that are lost, doubled, overtaken, cut or spoiled: what the program and its peer see.

The peer is a real socket. Everything is on the loopback, where a datagram has arrived when the
call that sent it returns: nothing here waits.
"""

import socket
import sys

import pytest

from conftest import LIBRARY, PROGRAMS, faults, run, under

DATAGRAMS = PROGRAMS / "datagrams"
TEXTS = [b"first", b"second", b"third"]
SEND = ["send", "sendto", "sendmsg", "sendmmsg", "write", "writev"]
PLAIN = ["recv", "read", "readv", "__recv_chk", "__read_chk"]
TELLING = ["recvfrom", "__recvfrom_chk", "recvmsg", "recvmmsg"]

# What arrives of "first", "second" and "third" if the fault is done to the first.
ARRIVES = {
    "drop": [b"second", b"third"],
    "duplicate": [b"first", b"first", b"second", b"third"],
    "reorder": [b"second", b"first", b"third"],
    "truncate 2": [b"fi", b"second", b"third"],
    "truncate 0": [b"", b"second", b"third"],
}


@pytest.fixture
def peer(tmp_path):
    """peer("4"): a socket that is bound, and the word by which the program finds it."""
    made = []

    def bind(family):
        kind = {"4": socket.AF_INET, "6": socket.AF_INET6, "unix": socket.AF_UNIX}[family]
        made.append(socket.socket(kind, socket.SOCK_DGRAM))
        name = str(tmp_path / "peer")
        made[-1].bind({"4": ("127.0.0.1", 0), "6": ("::1", 0), "unix": name}[family])
        made[-1].setblocking(False)
        return made[-1], name if family == "unix" else str(made[-1].getsockname()[1])

    yield bind
    for one in made:
        one.close()


def queued(one):
    """All that has arrived at a socket."""
    found = []
    while True:
        try:
            found.append(one.recv(1 << 16))
        except BlockingIOError:
            return found


def changed(before, after):
    assert len(before) == len(after)
    return sum(a != b for a, b in zip(before, after))


def sends(rule, call, family, peer, trace):
    other, where = peer(family)
    done = run(under(rule, trace=trace) + [DATAGRAMS, "send", call, family, where])
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"5\n6\n5\n"  # the sender is told what it would be told without the fault
    return queued(other)


@pytest.mark.parametrize("family", ["4", "6"])
@pytest.mark.parametrize("call", SEND)
@pytest.mark.parametrize("fault", ARRIVES)
def test_the_peer_gets_what_the_network_left(fault, call, family, peer, tmp_path):
    trace = tmp_path / "trace.sft"
    arrived = sends(f"send func={call} nth=1: {fault}", call, family, peer, trace)
    expected = ARRIVES[fault]
    if (fault, call) == ("reorder", "sendmmsg"):  # the others go out with the same call
        expected = [b"second", b"third", b"first"]
    assert arrived == expected
    assert [(event["func"], event["realism"]) for event in faults(trace)] == [(call, "kernel")]


@pytest.mark.parametrize("family", ["4", "6", "unix"])
@pytest.mark.parametrize("call", SEND)
def test_the_peer_gets_a_spoiled_datagram(call, family, peer, tmp_path):
    trace = tmp_path / "trace.sft"
    arrived = sends(f"send func={call} nth=1: corrupt 3", call, family, peer, trace)
    assert changed(b"first", arrived[0]) == 3
    assert arrived[1:] == TEXTS[1:]
    realism = "fake" if family == "unix" else "kernel"
    assert [event["realism"] for event in faults(trace)] == [realism]


def reads(rule, call, family):
    done = run(under(rule) + [DATAGRAMS, "recv", call, family])
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def lines(call, texts, cut=None):
    """What the program prints; of a datagram that was cut, only headers say so."""
    found = []
    for text in texts:
        line = b"%d %s" % (len(text), text)
        line += b" cut" if text == cut and call in ("recvmsg", "recvmmsg") else b""
        found.append(line + b" known" if call in TELLING else line)
    return found


@pytest.mark.parametrize("family", ["4", "6"])
@pytest.mark.parametrize("call", PLAIN + TELLING)
@pytest.mark.parametrize("fault", ARRIVES)
def test_the_program_reads_what_the_network_left(fault, call, family):
    expected = ARRIVES[fault]
    said = reads(f"recv func={call} nth=1: {fault}", call, family)
    assert said == lines(call, expected, expected[0] if "truncate" in fault else None)


@pytest.mark.parametrize("family", ["4", "6", "unix"])
@pytest.mark.parametrize("call", PLAIN + TELLING)
def test_the_program_reads_a_spoiled_datagram(call, family):
    said = reads(f"recv func={call} nth=1: corrupt 3", call, family)
    whole = lines(call, TEXTS)
    assert changed(whole[0], said[0]) == 3
    assert said[1:] == whole[1:]


@pytest.mark.parametrize("fault", ARRIVES)
def test_unix_datagrams_meet_no_network(fault, peer):
    other, where = peer("unix")
    rule = f"send,recv: {fault}"
    run(under(rule) + [DATAGRAMS, "send", "send", "unix", where], check=True)
    assert queued(other) == TEXTS
    assert reads(rule, "recvmsg", "unix") == lines("recvmsg", TEXTS)


# ---- programs of a few lines ----

HEAD = """
import ctypes, os, select, socket, struct

def udp(kind=socket.AF_INET):
    one = socket.socket(kind, socket.SOCK_DGRAM)
    one.bind(("127.0.0.1" if kind == socket.AF_INET else "::1", 0))
    one.settimeout(20)
    return one

def drain(one):
    found = []
    while select.select([one], [], [], 0)[0]:
        found.append(one.recv(65000))
    return found

def errno_of(call, *arguments):
    try:
        return call(*arguments)
    except OSError as error:
        return os.strerror(error.errno)

a, b = udp(), udp()
A, B = a.getsockname(), b.getsockname()
"""


def prints(program, *rules, trace=None):
    done = run(under(*rules, trace=trace) + [sys.executable, "-c", HEAD + program])
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().splitlines()


QUESTIONS = """
for i in range(3):
    b.sendto(b"Q%d" % i, A)
for i in range(3):
    question, sender = a.recvfrom(100)
    print(question.decode())
    a.sendto(b"for " + question, sender)
print(*(answer.decode() for answer in drain(b)))
"""


def test_what_was_received_never_goes_out_again():
    said = prints(QUESTIONS, "recv nth=1 size=100 func=recvfrom: reorder")
    assert said == ["Q1", "Q0", "Q2", "for Q1 for Q0 for Q2"]


def test_what_goes_out_late_is_never_received():
    program = """
listener = socket.create_server(("127.0.0.1", 0))
socket.create_connection(listener.getsockname()).recv(1)  # from now on reads are looked at
a.sendto(b"question", B)
print(drain(a), drain(b))
a.sendto(b"another", B)
print(drain(a), drain(b))
"""
    said = prints(program, "recv type=stream: eof", "send type=dgram nth=1: reorder")
    assert said == ["[] []", "[] [b'another', b'question']"]


def test_one_that_nobody_overtakes_goes_out_at_close():
    program = """
a.sendto(b"alone", B)
print(drain(b))
a.close()
print(drain(b))
"""
    assert prints(program, "send nth=1: reorder") == ["[]", "[b'alone']"]


@pytest.mark.parametrize(
    "end",
    [
        "os.closerange(a.fileno(), a.fileno() + 1)",
        "os.dup2(listener.fileno(), a.fileno())",
        "os._exit(0)",
        "ctypes.CDLL(None).exit(0)",
    ],
)
def test_one_that_nobody_overtakes_goes_out_however_it_ends(end):
    program = f"""
listener = socket.create_server(("127.0.0.1", 0))
child = os.fork()
if child == 0:
    a.sendto(b"alone", B)
    if os.fork() == 0:
        os._exit(0)  # one that has only inherited it sends nothing
    os.wait()
    print(drain(b), flush=True)
    {end}
    os._exit(0)
os.waitpid(child, 0)
print(drain(b))
"""
    assert prints(program, "send nth=1: reorder") == ["[]", "[b'alone']"]


def test_one_that_was_held_back_goes_where_it_was_to_go():
    program = """
c = udp()
a.connect(B)
a.send(b"for b")
a.connect(c.getsockname())
a.send(b"for c")
print(drain(b), drain(c))
"""
    assert prints(program, "send nth=1: reorder") == ["[b'for b'] [b'for c']"]


@pytest.mark.parametrize("count", [2, 3])
def test_several_overtake(count):
    program = """
for i in range(5):
    b.sendto(b"%d" % i, A)
print(*(text.decode() for text in drain(a)))
"""
    early = list("1234"[:count])
    expected = " ".join(early + ["0"] + list("1234"[count:]))
    assert prints(program, f"recv nth=1: reorder {count}") == [expected]
    assert prints(program, f"send nth=1: reorder {count}") == [expected]


def test_readiness_tells_of_the_one_that_was_overtaken():
    program = """
b.sendto(b"first", A)
b.sendto(b"second", A)
poll = select.epoll()
poll.register(a, select.EPOLLIN)
while poll.poll(0):
    print(a.recv(100).decode())
"""
    assert prints(program, "recv nth=1: reorder") == ["second", "first"]


@pytest.mark.parametrize("fault", ["drop", "duplicate", "reorder", "truncate 2", "corrupt"])
def test_bytes_out_of_reach_are_let_alone(fault):
    program = """
file = os.open("/etc/passwd", os.O_RDONLY)
a.connect(B)
print(os.sendfile(a.fileno(), file, 0, 100))
text = drain(b)[0]
print(text == os.pread(file, 100, 0))
r, w = os.pipe()
os.write(w, b"spliced")
print(ctypes.CDLL(None).splice(r, None, a.fileno(), None, ctypes.c_size_t(100), 0), drain(b))
"""
    said = prints(program, f"send: {fault}")
    assert said == ["100", "True", "7 [b'spliced']"]


LARGE = """
b.sendto(b"1" * 60000, A)
b.sendto(b"2" * 60000, A)
for i in range(2):
    text, _, flags, _ = a.recvmsg(65000)
    print(len(text), text[:1].decode(), flags)
"""


def test_large_datagrams_stay_whole():
    assert prints(LARGE, "recv nth=1: reorder") == ["60000 2 0", "60000 1 0"]
    trunc = int(socket.MSG_TRUNC)
    assert prints(LARGE, "recv nth=1: truncate 12") == [f"12 1 {trunc}", "60000 2 0"]


def test_a_buffer_that_is_longer_than_any_datagram_cuts_none():
    program = LARGE.replace("65000", "65507")
    assert prints(program, "recv: truncate 12") == ["60000 1 0", "60000 2 0"]


def test_the_true_length_of_a_cut_datagram_is_told():
    program = """
room = bytearray(100)
b.sendto(b"a datagram", A)
print(a.recv_into(room, 100, socket.MSG_TRUNC), room.rstrip(b"\\0").decode())
"""
    assert prints(program, "recv: truncate 3") == ["10 a d"]


def test_a_datagram_that_is_short_enough_is_not_cut(tmp_path):
    trace = tmp_path / "trace.sft"
    program = """
b.sendto(b"ab", A)
b.sendto(b"abcd", A)
print(drain(a))
"""
    assert prints(program, "recv nth=1: truncate 2", trace=trace) == ["[b'ab', b'ab']"]
    assert len(faults(trace)) == 1


def test_control_data_is_not_lost():
    program = """
a.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
b.sendto(b"first", A)
b.sendto(b"second", A)
for i in range(2):
    text, control, _, _ = a.recvmsg(100, 100)
    print(text.decode(), len(control))
"""
    assert prints(program, "recv: reorder") == ["first 1", "second 1"]


@pytest.mark.parametrize("fault", ["drop", "duplicate", "reorder", "truncate 2", "corrupt"])
def test_what_the_kernel_refuses_is_left_to_it(fault):
    program = """
c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
print(errno_of(a.sendto, bytes(65508), B))
print(errno_of(six.sendto, bytes(65528), ("::1", 9)))
print(errno_of(c.send, b"to nobody"))
print(errno_of(c.sendto, b"to all", ("255.255.255.255", 9)))
libc = ctypes.CDLL(None, use_errno=True)
b.connect(A)
for pointer in 0, 8, 1 << 46:
    print(libc.send(b.fileno(), ctypes.c_void_p(pointer), 10, 0), os.strerror(ctypes.get_errno()))
"""
    said = prints(program, f"send: {fault}")
    expected = ["Message too long"] * 2 + ["Destination address required", "Permission denied"]
    assert said == expected + ["-1 Bad address"] * 3


@pytest.mark.parametrize("fault", ["drop", "duplicate", "reorder", "truncate 2", "corrupt"])
def test_reading_to_nowhere_is_left_to_the_kernel(fault):
    program = """
libc = ctypes.CDLL(None, use_errno=True)
for i in range(6):
    b.sendto(b"something", A)
for pointer in 8, 1 << 46:
    print(libc.recv(a.fileno(), ctypes.c_void_p(pointer), 10, 0), os.strerror(ctypes.get_errno()))
"""
    assert prints(program, f"recv: {fault}") == ["-1 Bad address"] * 2


def test_a_dropped_datagram_binds_the_socket_all_the_same():
    program = """
c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print(c.sendto(b"lost", A), c.getsockname()[1] != 0, drain(a))
"""
    assert prints(program, "send: drop") == ["4 True []"]


def test_a_doubled_datagram_to_a_closed_port_is_still_refused():
    program = """
c = udp()
a.connect(c.getsockname())
c.close()
print(a.send(b"to nobody"), errno_of(a.send, b"again"))
"""
    assert prints(program, "send nth=1: duplicate") == ["9 Connection refused"]


@pytest.mark.parametrize("fault", ["drop", "reorder"])
def test_an_error_that_is_pending_is_told(fault):
    program = """
c = udp()
a.connect(c.getsockname())
c.close()
print(a.send(b"to nobody"), errno_of(a.send, b"again"))
"""
    assert prints(program, f"send nth=2: {fault}") == ["9 Connection refused"]


@pytest.mark.parametrize("fault", ["drop", "duplicate", "reorder", "truncate 2", "corrupt"])
def test_what_was_peeked_at_is_what_is_read(fault):
    program = """
for text in b"first", b"second", b"third":
    b.sendto(text, A)
seen = []
while select.select([a], [], [], 0)[0] and len(seen) < 9:
    peeked = a.recv(100, socket.MSG_PEEK)
    seen.append(a.recv(100) == peeked)
print(all(seen), len(seen))
"""
    count = {"drop": 2, "duplicate": 6}.get(fault, 3)
    rule = "recv nth=1: drop" if fault == "drop" else f"recv: {fault}"
    assert prints(program, rule) == [f"True {count}"]


def test_a_copy_is_not_doubled_again():
    program = """
b.sendto(b"first", A)
b.sendto(b"second", A)
print(drain(a))
"""
    said = prints(program, "recv: duplicate")
    assert said == ["[b'first', b'first', b'second', b'second']"]


@pytest.mark.parametrize("fault", ["drop", "duplicate", "reorder", "truncate 1", "corrupt"])
def test_half_a_datagram_is_none(fault):
    program = """
a.connect(B)
a.send(b"one ", socket.MSG_MORE)
a.send(b"datagram")
a.setsockopt(socket.IPPROTO_UDP, 1, 1)  # UDP_CORK
a.send(b"and ")
a.send(b"another")
a.setsockopt(socket.IPPROTO_UDP, 1, 0)
print(drain(b))
"""
    assert prints(program, f"send: {fault}") == ["[b'one datagram', b'and another']"]


def test_a_nonblocking_read_of_one_that_was_lost_finds_nothing():
    program = """
b.sendto(b"lost", A)
a.setblocking(False)
print(errno_of(a.recv, 100))
b.sendto(b"fine", A)
b.sendto(b"lost too", A)
print(a.recv(100, socket.MSG_DONTWAIT), errno_of(a.recv, 100, socket.MSG_DONTWAIT))
"""
    again = "Resource temporarily unavailable"
    assert prints(program, "recv nth=1..3/2: drop") == [
        again,
        f"b'fine' {again}",
    ]


def test_a_timeout_ends_when_it_would_without_the_loss():
    """Half of the time passes before the datagram comes and is lost; half is left."""
    program = """
import threading, time
a.settimeout(None)
a.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 1, 0))
threading.Timer(0.6, b.sendto, (b"lost", A)).start()
start = time.monotonic()
print(errno_of(a.recv, 100), 0.9 < time.monotonic() - start < 1.5)
"""
    assert prints(program, "recv: drop") == ["Resource temporarily unavailable True"]


@pytest.mark.parametrize("fault", ["truncate 30", "corrupt 30"])
def test_long_vectors(fault):
    program = """
a.connect(B)
pieces = [b"x"] * 1024
print(os.writev(a.fileno(), pieces), errno_of(os.writev, a.fileno(), pieces + [b"x"]))
text = drain(b)[0]
print(len(text), len(text) - text.count(b"x"))
"""
    length, wrong = (30, 0) if "truncate" in fault else (1024, 30)
    assert prints(program, f"send func=writev: {fault}") == [
        "1024 Invalid argument",
        f"{length} {wrong}",
    ]


def test_several_faults_to_one_datagram():
    program = """
a.sendto(b"a datagram", B)
one, two = drain(b)
print(len(one), one == two, one != b"a data")
b.sendto(b"a datagram", A)
one, two = drain(a)
print(len(one), len(two), one != b"a data", two)
"""
    rules = [
        f"{operation} nth=1: truncate 6, corrupt 2, duplicate" for operation in ("send", "recv")
    ]
    rules[0] = rules[0].replace("nth=1", "nth=1 func=sendto")
    assert prints(program, *rules) == ["6 True True", "6 10 True b'a datagram'"]


def test_the_library_alone_does_the_same():
    env = {"LD_PRELOAD": str(LIBRARY), "SOCKFAULT_RULES": "recv nth=1: reorder"}
    done = run([DATAGRAMS, "recv", "recvmsg", "4"], env=env, check=True)
    assert done.stdout.splitlines() == lines("recvmsg", ARRIVES["reorder"])


def test_a_pair_of_the_programs_own_is_no_connection(tmp_path):
    """socat wakes itself through one: `conn=1` is the connection that people mean."""
    trace = tmp_path / "trace.sft"
    program = """
x, y = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
x.send(b"wake up")
print(y.recv(10))
a.sendto(b"question", B)
print(drain(b))
"""
    said = prints(program, "send conn=1: drop", trace=trace)
    assert said == ["b'wake up'", "[]"]
    assert [event["conn"] for event in faults(trace)] == [1]
