# SPDX-License-Identifier: MIT
"""A short read is never shorter than what the program knows to be there, and is told as a fault
only if it moved less than the kernel would have.
"""

import ast

import pytest

from conftest import SOCKFAULT, faults, run, under
from real import PYTHON

HEAD = """
import array, errno, fcntl, os, select, socket, struct, termios

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server, _ = listener.accept()

def queue(length):
    server.sendall(b"x" * length)
    while queued() < length:
        select.select([client], [], [])

def queued():
    return struct.unpack("i", fcntl.ioctl(client, termios.FIONREAD, b"0000"))[0]

def peek(length):
    return len(client.recv(length, socket.MSG_PEEK))

def read(length=100):
    return len(client.recv(length))

def attempt(call, *arguments):
    try:
        return call(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]
"""


def says(text, *words):
    """What the expression is in a program under these words."""
    done = run(
        [*words, PYTHON, "-c", HEAD + f"server.sendall(b'x' * 10)\nprint({text})"], check=True
    )
    return ast.literal_eval(done.stdout.decode())


def client(*rules, **options):
    return under(*(rule.replace("recv", "recv side=client", 1) for rule in rules), **options)


ONE = "recv: short 1"


@pytest.mark.parametrize(
    "text,native,mine",
    [
        ("read()", 10, 1),
        ("(peek(100), read())", (10, 10), (1, 1)),
        ("(peek(100), peek(100), peek(100), read(), read())", None, (1, 2, 3, 3, 1)),
        ("(peek(4), read(), read())", None, (1, 1, 1)),
        ("(queued(), read())", (10, 10), (10, 10)),
        ("(queued(), read(4), read())", (10, 4, 6), (10, 4, 6)),
        ("(queued(), peek(3))", (10, 3), (10, 3)),
        ("(client.setsockopt(1, socket.SO_RCVLOWAT, 5), read())", (None, 10), (None, 5)),
        ("(client.setsockopt(1, socket.SO_RCVLOWAT, 5), read(3))", (None, 3), (None, 3)),
    ],
)
def test_a_short_read_brings_what_was_shown(text, native, mine):
    assert native is None or says(text) == native
    assert says(text, *client(ONE)) == mine


def test_connections_have_the_low_water_mark_and_timeouts_of_their_listener():
    text = """[
        listener.setsockopt(1, socket.SO_RCVLOWAT, 5),
        listener.setsockopt(1, socket.SO_RCVTIMEO, struct.pack("ll", 0, 1000)),
        (c := socket.create_connection(listener.getsockname())),
        (s := listener.accept()[0]),
        c.send(b"x" * 10),
        len(os.read(s.fileno(), 100)),
    ][-1]"""
    assert says(text) == 10
    rule = "recv side=server mode=timeout: short 1"
    assert says(text.replace("\n", ""), *under(rule)) == 5


@pytest.mark.parametrize("look", ["peek(4)", "queued()"])
def test_what_was_shown_does_not_vanish(look):
    text = f"(client.setblocking(False), {look}, read())"
    nth = 2 if look == "peek(4)" else 1
    assert says(text, *client(f"recv nth={nth}: fail EAGAIN")) == says(text)


@pytest.mark.parametrize("fault", ["eof", "closed"])
@pytest.mark.parametrize(
    "text,nth,seen",
    [
        ("(peek(4), read(), read())", 2, (4, 4, 0)),
        ("(queued(), read(), read())", 1, (10, 10, 0)),
    ],
)
def test_what_was_shown_comes_before_the_end(fault, text, nth, seen):
    assert says(text, *client(f"recv nth={nth}: {fault}")) == seen


@pytest.mark.parametrize(
    "rules,sent", [(["recv: closed"], 1), (["recv: eof", "send side=client: reset"], "ECONNRESET")]
)
def test_nothing_comes_after_the_end_also_where_a_reset_follows(rules, sent):
    text = "(read(), server.send(b'y' * 5), attempt(client.send, b'z'), read(), read())"
    assert says(text, *client(*rules)) == (0, 5, sent, 0, 0)


def test_bytes_of_a_stream_come_without_an_address():
    text = "(peek(4), client.recvfrom(100))"
    assert says(text) == (4, (b"x" * 10, None))
    assert says(text, *client("recv nth=2: reset")) == (4, (b"xxxx", None))


def told(trace):
    return [event["fault"] for event in faults(trace)]


def test_a_read_that_finds_less_is_not_told_as_short(tmp_path):
    trace = tmp_path / "trace.sft"
    assert says("read()", *client("recv: short 16", trace=trace)) == 10
    assert told(trace) == []
    assert says("(read(), server.close(), read())", *client("recv: short 10", trace=trace))[2] == 0
    assert told(trace) == ["short 10"]


def test_what_had_no_effect_is_not_counted_by_times(tmp_path):
    trace = tmp_path / "trace.sft"
    text = "(read(), server.send(b'x' * 50), read(), server.send(b'x' * 50), read())"
    assert says(text, *client("recv times=1: short 20", trace=trace)) == (10, 50, 20, 50, 80)
    assert told(trace) == ["short 20"]


def test_a_rule_without_effect_says_why():
    words = [SOCKFAULT, "run", "--strict", "-e", "recv side=client: short 16", "--"]
    done = run([*words, PYTHON, "-c", HEAD + "queue(10); client.settimeout(9); read()"])
    assert done.returncode == 123
    assert b"moved no more than it allows" in done.stderr


UDP = """
import socket, sys
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(("127.0.0.1", 0))
if sys.argv[1] == "asks":
    one.setsockopt(socket.IPPROTO_IP, 11, 1)  # IP_RECVERR
if sys.argv[1] == "connected":
    one.connect(one.getsockname())
one.sendto(b"x", one.getsockname())
try:
    print(one.recv(10))
except ConnectionRefusedError:
    print("refused")
"""


@pytest.mark.parametrize(
    "how,said", [("alone", b"b'x'"), ("asks", b"refused"), ("connected", b"refused")]
)
def test_only_a_socket_with_a_peer_hears_of_a_refusal(how, said):
    done = run([*under("recv: fail ECONNREFUSED"), PYTHON, "-c", UDP, how], check=True)
    assert done.stdout.strip() == said


ERROR = """
import ctypes, socket
client = socket.socket(socket.AF_UNIX)
listener = socket.socket(socket.AF_UNIX)
listener.bind("\\0")
listener.listen()
client.connect(listener.getsockname())
try:
    client.send(b"x")
except BrokenPipeError:
    pass
room, length = ctypes.create_string_buffer(b"\\xee" * 8, 8), ctypes.c_int(LENGTH)
ctypes.CDLL(None).getsockopt(client.fileno(), 1, 4, room, ctypes.byref(length))
print(length.value, room.raw[min(LENGTH, 4):].count(0xee))
"""


@pytest.mark.parametrize("length", [1, 4, 8])
def test_an_error_is_told_within_its_room(length):
    words = [PYTHON, "-c", ERROR.replace("LENGTH", str(length))]
    native = run(words, check=True).stdout
    assert native == b"%d %d\n" % (min(length, 4), 8 - min(length, 4))
    assert run([*under("send: reset"), *words], check=True).stdout == native
