# SPDX-License-Identifier: MIT
"""What findings stand on: extension records of events, as `sockfault trace --json` shows them."""

from conftest import events, run, under

PYTHON = "/usr/bin/python3"
PAIR = "import ctypes, os, socket; a, b = socket.socketpair()\n"


def recorded(tmp_path, code, *rules, options=(), status=0):
    trace = tmp_path / "run.sft"
    done = run(under(*rules, trace=trace, options=options) + [PYTHON, "-S", "-c", code])
    assert done.returncode == status, done.stderr
    return events(trace)


def sends(tmp_path, code, *rules, **options):
    return [e for e in recorded(tmp_path, PAIR + code, *rules, **options) if e["op"] == "send"]


def fnv(data):
    digest = 0xCBF29CE484222325
    for byte in data:
        digest = (digest ^ byte) * 0x100000001B3 % 2**64
    return f"{digest:016x}"


SHORT = "send family=unix nth=1: short 3"
MESSAGE = bytes(range(65, 91)) * 4


def follows(events):
    return [e.get("begin", {}).get("follows") for e in events]


def test_a_short_send_says_what_it_left(tmp_path):
    short, on = sends(tmp_path, f"m = {MESSAGE!r}; n = a.send(m); a.send(m[n:])", SHORT)
    rest = short["rest"]
    assert (rest["length"], rest["digested"]) == (len(MESSAGE) - 3, len(MESSAGE) - 3)
    assert rest["first"] == MESSAGE[3:35].hex() and rest["digest"] == fnv(MESSAGE[3:])
    assert short["begin"]["digest"] == fnv(MESSAGE) and short["begin"]["length"] == len(MESSAGE)
    assert int(rest["address"], 16) == int(short["begin"]["address"], 16) + 3
    assert on["begin"]["follows"] == "on" and "rest" not in on


def test_what_follows_is_told_by_the_bytes_whatever_the_buffer(tmp_path):
    ways = {
        "a.send(m[n:40]); a.send(m[40:50]); a.send(m[50:] + b'next')": [None, None, "on"],
        "a.send(m)": ["again"],
        "a.send(m[n + 1:])": ["other"],
        "a.sendmsg([b'', m[n:9], m[9:]])": ["on"],
        "a.send(b'another message')": [None],  # too short to be compared with the digest
        "a.send(m[n:n + 5]); a.send(m)": [None, "other"],
    }
    for way, expected in ways.items():
        short, *then = sends(tmp_path, f"m = {MESSAGE!r}; n = a.send(m); {way}", SHORT)
        assert follows(then) == expected, way
        assert short["begin"]["follows"] is None


def test_each_of_many_short_sends_is_followed(tmp_path):
    code = f"m = {MESSAGE!r}\nwhile m: m = m[a.send(m):]"
    every = sends(tmp_path, code, "send family=unix: short 7")
    assert len(every) == 15 and follows(every)[1:] == ["on"] * 14
    assert [e["rest"]["length"] for e in every[:-1]] == list(range(97, 0, -7))


def test_a_refused_send_leaves_all_of_it(tmp_path):
    code = f"""
a.setblocking(False)
m = {MESSAGE!r}
try: a.send(m)
except BlockingIOError: a.send(m)"""
    refused, again = sends(tmp_path, code, "send family=unix nth=1: fail EAGAIN")
    assert refused["rest"]["length"] == len(MESSAGE)
    assert refused["rest"]["digest"] == fnv(MESSAGE)
    assert again["begin"]["follows"] == "on"


def test_of_what_the_kernel_refused_no_byte_is_looked_at(tmp_path):
    code = """
a.setblocking(False)
libc = ctypes.CDLL(None, use_errno=True)
for address in (1 << 40, 1 << 40): # nothing lies there
    while libc.send(a.fileno(), b'x' * 70000, 70000, 0) > 0: pass
    assert libc.send(a.fileno(), ctypes.c_void_p(address), 100, 0) == -1"""
    *_, full, wild = sends(tmp_path, code)
    assert full["errno"] == "EAGAIN" and wild["errno"] in ("EAGAIN", "EFAULT")
    for e in (full, wild):
        assert e.get("rest", {"digested": 0})["digested"] == 0


def test_a_short_send_by_the_kernel_is_looked_at_up_to_the_end_of_its_page(tmp_path):
    code = """
import mmap
m = mmap.mmap(-1, 1 << 22)
at = ctypes.addressof(ctypes.c_char.from_buffer(m))
libc = ctypes.CDLL(None, use_errno=True)
libc.mprotect(ctypes.c_void_p(at + (1 << 20)), 1 << 20, 0)
a.setblocking(False)
libc.send(a.fileno(), ctypes.c_void_p(at + (1 << 20) - 70), 1000, 0)
libc.send(a.fileno(), ctypes.c_void_p(at + 1), 1 << 20, 0)"""
    fault, short = sends(tmp_path, code)
    assert fault["errno"] == "EFAULT" and "rest" not in fault
    assert 0 < short["ret"] < short["asked"]
    rest = short["rest"]
    assert rest["digested"] == -int(rest["address"], 16) % 4096


def test_of_a_vector_the_rest_lies_where_it_begins(tmp_path):
    code = f"m = {MESSAGE!r}; n = os.writev(a.fileno(), [b'', m[:10], m[10:]]); a.send(m[n:])"
    short, on = sends(tmp_path, code, "send family=unix nth=1: short 12")
    assert short["rest"]["digest"] == fnv(MESSAGE[12:])
    assert short["rest"]["first"] == MESSAGE[12:44].hex()
    assert on["begin"]["follows"] == "on"


def test_without_data_only_digests_are_kept(tmp_path):
    code = f"m = {MESSAGE!r}; n = a.send(m); a.send(m[n:])"
    short, on = sends(tmp_path, code, SHORT, options=["--no-data"])
    assert short["rest"]["first"] == "" and short["rest"]["digest"] == fnv(MESSAGE[3:])
    assert short["rest"]["first_digest"] == fnv(MESSAGE[3:35])
    assert on["begin"]["follows"] == "on"
