# SPDX-License-Identifier: MIT
"""offset= acts at exactly that byte, by whatever call the bytes move."""

import pytest
from conftest import faults, run, under

MOVE = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server, _ = listener.accept()
move = {
    "send": lambda: client.send(b"abcdefgh"),
    "write": lambda: os.write(client.fileno(), b"abcdefgh"),
    "writev": lambda: os.writev(client.fileno(), [b"ab", b"cdefgh"]),
    "sendmsg": lambda: client.sendmsg([b"ab", b"cdefgh"]),
    "recv": lambda: len(client.recv(8)),
    "read": lambda: len(os.read(client.fileno(), 8)),
    "readv": lambda: os.readv(client.fileno(), [bytearray(2), bytearray(6)]),
    "recvmsg": lambda: client.recvmsg_into([bytearray(2), bytearray(6)])[0],
}[sys.argv[1]]
server.sendall(b"abcdefgh")
print(move())
try:
    print(move())
except ConnectionResetError:
    print("reset")
"""


@pytest.mark.parametrize(
    "operation,name",
    [("send", name) for name in ("send", "write", "writev", "sendmsg")]
    + [("recv", name) for name in ("recv", "read", "readv", "recvmsg")],
)
def test_transfer_ends_where_the_range_begins(operation, name):
    words = under(f"{operation} side=client offset=3..: reset")
    done = run([*words, "/usr/bin/python3", "-c", MOVE, name], check=True)
    assert done.stdout == b"3\nreset\n"


# ---- where the rule only waits, a call that takes all is split, and not short ----

SPLIT = """
import os, signal, socket, struct, sys, time
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server, _ = listener.accept()
TEXT = bytes(range(97, 123)) * 100
pieces = [TEXT[i : i + 1] for i in range(40)] + [TEXT[40:]]

def all_of(length):
    return client.recv(length, socket.MSG_WAITALL)

def timed(call):
    begin = time.monotonic()
    said = call()
    took = time.monotonic() - begin
    return said, took

setting = sys.argv[2:]
if "timeout" in setting:
    client.setsockopt(1, socket.SO_SNDTIMEO, struct.pack("ll", 0, 1000))
if "nonblocking" in setting:
    client.setblocking(False)
if "signal" in setting:
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
move = {
    "send": lambda: client.send(TEXT),
    "write": lambda: os.write(client.fileno(), TEXT),
    "writev": lambda: os.writev(client.fileno(), pieces),
    "sendmsg": lambda: client.sendmsg(pieces),
    "recv": lambda: len(client.recv(2600)),
    "read": lambda: len(os.read(client.fileno(), 2600)),
    "readv": lambda: os.readv(client.fileno(), [bytearray(1), bytearray(2), bytearray(2600)]),
    "all": lambda: len(all_of(2600)),
}[sys.argv[1]]
server.sendall(TEXT)
moved, took = timed(move)
client.shutdown(socket.SHUT_WR)
arrived = b""
while piece := server.recv(10000):
    arrived += piece
assert TEXT.startswith(arrived), arrived
print(moved, "late" if took >= 0.05 else "at once")
"""


def split(action, *words, trace=None):
    operation = "recv" if words[0] in ("recv", "read", "readv", "all") else "send"
    rule = f"{operation} side=client offset=30..: {action}"
    done = run([*under(rule, trace=trace), "/usr/bin/python3", "-c", SPLIT, *words], check=True)
    return done.stdout.decode().strip()


SENDS = ("send", "write", "writev", "sendmsg")


WAITS = ("delay 50ms", "stall 50ms", "rate 50000/s")


@pytest.mark.parametrize(
    "call,action",
    [(call, action) for call in SENDS + ("all",) for action in WAITS] + [("all", "latency 50ms")],
)
def test_a_call_that_takes_all_goes_on_after_the_wait(call, action, tmp_path):
    trace = tmp_path / "trace.sft"
    assert split(action, call, trace=trace) == "2600 late"
    (event,) = faults(trace)
    assert (event["asked"], event["ret"]) == (2600, 2600)
    assert event["fault"].split()[0] == action.split()[0]


@pytest.mark.parametrize("call", SENDS + ("recv", "read", "readv"))
@pytest.mark.parametrize("mode", ["blocking", "nonblocking"])
def test_a_thread_may_sleep_inside_any_call(call, mode):
    assert split("delay 50ms", call, mode) == "2600 late"


@pytest.mark.parametrize("action", ["stall 50ms", "latency 50ms", "rate 1000/s"])
def test_what_has_arrived_is_read_at_once(action):
    assert split(action, "recv") == "30 at once"


@pytest.mark.parametrize("action", ["stall 50ms", "rate 1000/s"])
def test_a_send_that_does_not_wait_is_short(action):
    assert split(action, "send", "nonblocking") == "30 at once"


@pytest.mark.parametrize("ends", ["timeout", "signal"])
def test_what_ends_the_wait_ends_the_call_with_a_part(ends):
    assert split("stall", "send", ends).split()[0] == "30"


def test_a_call_is_split_in_several_places_and_ends_where_it_must():
    rules = ["delay 20ms", "delay 30ms", "fail EPIPE", "delay 1s"]
    rules = [f"send side=client offset={10 + i}..: {rule}" for i, rule in enumerate(rules)]
    done = run([*under(*rules), "/usr/bin/python3", "-c", SPLIT, "send"], check=True)
    assert done.stdout == b"12 late\n"
