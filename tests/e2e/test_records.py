# SPDX-License-Identifier: MIT
"""What findings stand on: extension records of events, as `sockfault trace --json` shows them."""

from conftest import SOCKFAULT, events, run, under

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


# ---- descriptors ----


def closed(every):
    return [(e["func"], e["fd"], e["errno"], e["closed"]) for e in every if e.get("closed")]


def test_calls_on_a_number_that_the_program_has_closed_are_seen(tmp_path):
    code = """
libc = ctypes.CDLL(None)
fd = a.detach()
libc.close(fd)
for call in (libc.close, libc.listen): call(fd, 1)
libc.send(fd, b'x', 1, 0), libc.recv(fd, b'x', 1, 0), libc.shutdown(fd, 2)
libc.fcntl(fd, 1), libc.dup(fd)
libc.sendmsg(fd, ctypes.create_string_buffer(64), 0)
libc.syscall(3, fd)
libc.close(500), libc.send(500, b'x', 1, 0)
os.dup2(b.fileno(), fd)  # the number is somebody's again
os.close(fd)
libc.close(fd)"""
    every = recorded(tmp_path, PAIR + code)
    names = "close listen send recv shutdown fcntl dup sendmsg close".split()
    assert closed(every) == [(name, 3, "EBADF", "before") for name in [*names, "close"]]


def test_a_number_that_was_given_out_again_is_nobodys_mistake(tmp_path):
    code = """
libc = ctypes.CDLL(None)
fd = a.detach()
libc.close(fd)
assert os.open('/dev/null', os.O_RDWR) == fd
os.write(fd, b'x')
os.close(fd)
libc.write(fd, b'x', 1)"""
    assert closed(recorded(tmp_path, PAIR + code)) == []


def test_a_child_is_not_told_what_its_parent_had_closed(tmp_path):
    code = "a.close(); p = os.fork() or ctypes.CDLL(None).close(3)\nif p > 0: os.wait()"
    assert closed(recorded(tmp_path, PAIR + code)) == []


def test_closing_all_numbers_in_a_row_is_told_from_closing_twice(tmp_path):
    libc = "libc = ctypes.CDLL(None); x, y = a.detach(), b.detach()\n"
    row = libc + "libc.close(x)\nfor n in range({}): libc.close(n)"
    for numbers in ("3, 30", "30, 2, -1"):
        assert closed(recorded(tmp_path, PAIR + row.format(numbers)))[0][3] == "in a row"
    twice = libc + "for n in (x, y) * 2: libc.close(n)"
    assert [c[3] for c in closed(recorded(tmp_path, PAIR + twice))] == ["before"] * 2


def test_fclose_after_close_is_a_second_close(tmp_path):
    code = """
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
f = libc.fdopen(a.fileno(), b'r+')
libc.close(a.fileno())
libc.fclose(ctypes.c_void_p(f))
a.detach()"""
    assert closed(recorded(tmp_path, PAIR + code)) == [("fclose", 3, "EBADF", "before")]


def test_each_way_in_which_sockets_come_and_go_has_its_event(tmp_path):
    code = """
import sys
socket.send_fds(a, [b'x'], [b.fileno(), 0, a.fileno()])
message, fds, *_ = socket.recv_fds(b, 10, 9)
libc = ctypes.CDLL(None)
null = os.open('/dev/null', 0)
os.dup2(null, fds[2])
os.dup2(a.fileno(), 20)
libc.close_range(20, 22, 0)
os.set_inheritable(b.fileno(), True)
os.execv(sys.executable, [sys.executable, '-S', '-c', ''])"""
    every = recorded(tmp_path, PAIR + code)
    given = {e["func"] or e["op"]: [g["fd"] for g in e["given"]] for e in every if "given" in e}
    assert given == {"socketpair": [3, 4], "recvmsg": [5, 7], "load": [4, 5]}
    over, onto = (e for e in every if e["func"] in ("dup2", "dup3"))
    assert (over["ret"], over["asked"], over["fd"] > 7) == (7, 7, True)
    assert (onto["ret"], onto["fd"]) == (20, 3)
    gone = next(e for e in every if e["func"] == "close_range")
    assert (gone["asked"], gone["ret"]) == (20, 0)


# ---- children ----


def test_waits_for_children_are_seen_with_what_became_of_them(tmp_path):
    code = """
def child(end):
    pid = os.fork()
    if pid == 0: end()
    return pid
print(child(lambda: os._exit(3)), os.wait()[0])
print(child(lambda: os.kill(os.getpid(), 9)), os.waitpid(-1, 0)[0])
pid = child(lambda: os._exit(0))
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
os.waitid(os.P_PID, pid, os.WEXITED)"""
    every = recorded(tmp_path, PAIR + code)
    waits = [
        (e["func"], [w["status"] for w in e.get("waited", [])])
        for e in every
        if e["op"] == "process"
    ]
    assert waits == [("wait", [768]), ("waitpid", [9]), ("waitid", []), ("waitid", [0])]
    forks = [e for e in every if e["op"] == "fork"]
    assert [f["signals"] for f in forks] == [
        [{"signal": "SIGCHLD", "handled": False, "restart": False}]
    ] * 3
    lines = run([SOCKFAULT, "trace", tmp_path / "run.sft"]).stdout.decode()
    assert "killed by SIGKILL" in lines and "exited with 3" in lines


def test_a_fork_says_that_nobody_has_to_wait(tmp_path):
    code = "import signal; signal.signal(17, signal.SIG_IGN); os.fork()"
    fork = next(e for e in recorded(tmp_path, PAIR + code) if e["op"] == "fork")
    assert fork["signals"][0]["ignored"]


def test_an_interruption_names_the_handlers_that_there_are(tmp_path):
    code = """
import signal
signal.signal(signal.SIGUSR1, lambda *_: None)
ctypes.CDLL(None).recv(a.fileno(), b'x', 1, 0)"""
    every = recorded(tmp_path, PAIR + code, "recv family=unix: fail EINTR")
    interrupted = next(e for e in every if e["op"] == "recv")
    assert interrupted["errno"] == "EINTR"
    assert {"signal": "SIGUSR1", "handled": True, "restart": False} in interrupted["signals"]


def test_a_poll_of_many_tells_of_those_that_matter(tmp_path):
    """Of sixty sockets one has been sent a datagram, and on one a send was short."""
    code = """
import select
poll = select.poll()
others = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(60)]
for one, _ in others:
    poll.register(one, select.POLLIN)
poll.register(a, select.POLLIN)
others[50][1].send(b'x')
a.setblocking(False)
a.send(b'0123456789')
poll.poll()
others[50][0].recv(1)
poll.poll(600)"""
    every = recorded(tmp_path, PAIR + code, "send family=unix type=stream: short 4")
    (short,) = (e["fd"] for e in every if e["op"] == "send" and e["ret"] == 4)
    (ready,) = (e["fd"] for e in every if e["op"] == "recv")
    polls = [
        {p["fd"]: (p["events"], p["revents"]) for p in e.get("polled", [])}
        for e in every
        if e["func"] == "poll"
    ]
    waits_for_more = (["IN"], [])
    assert polls == [{short: waits_for_more, ready: (["IN"], ["IN"])}, {short: waits_for_more}]
    told = run([SOCKFAULT, "findings", tmp_path / "run.sft"]).stdout
    assert b"the other 6 were never sent" in told
    assert b"poll([%d IN, ...], " % short in run([SOCKFAULT, "trace", tmp_path / "run.sft"]).stdout


def test_calls_on_a_descriptor_that_was_never_made_are_seen(tmp_path):
    code = """
libc = ctypes.CDLL(None)
for name in ('send', 'recv', 'listen', 'bind', 'connect', 'accept', 'write', 'dup', 'close'):
    libc[name](-1, b'x', 1, 0)"""
    never = [e for e in recorded(tmp_path, PAIR + code, "send: reset") if e["errno"] == "EBADF"]
    names = "send recv listen bind connect accept write".split()
    assert [e["func"] for e in never] == names and not any(e["rule"] for e in never)


def test_an_error_that_was_asked_for_is_told(tmp_path):
    code = """
s = socket.socket()
s.setblocking(False)
try: s.connect(('127.0.0.1', 9))
except OSError: pass
while not (e := s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)): pass"""
    *_, asked = [e for e in recorded(tmp_path, PAIR + code) if e["func"] == "getsockopt"]
    assert asked["asked"] == 111


def test_a_fork_stands_before_what_its_parent_did_after_it(tmp_path):
    code = "pid = os.fork()\nif pid: a.close(); os.wait()"
    every = recorded(tmp_path, PAIR + code)
    order = [e["op"] for e in every if e["op"] in ("fork", "close")]
    assert order[:2] == ["fork", "close"]
    assert next(e for e in every if e["op"] == "fork")["site"].startswith("python3")


WAITS = """
import select
a.send(b"x")
select.select([b], [], [])
select.select([b], [], [], 0.2)
epoll = select.epoll()
for call in (epoll.register, epoll.modify):
    call(b, select.EPOLLIN)
epoll.poll()
epoll.poll(0.5)
epoll.unregister(b)
"""


def test_what_a_wait_was_asked_for_stands_in_its_line(tmp_path):
    recorded(tmp_path, PAIR + WAITS)
    done = run([SOCKFAULT, "trace", tmp_path / "run.sft"], check=True)
    lines = [line.split(None, 1)[1] for line in done.stdout.decode().splitlines()]
    waits = ("select(", "epoll_ctl(", "epoll_wait(")
    calls = [line.split(") ")[0] + ")" for line in lines if line.startswith(waits)]
    assert calls[:2] == ["select([4 IN], NULL)", "select([4 IN], 200ms)"]
    assert calls[-5:] == [
        "epoll_ctl(5, EPOLL_CTL_ADD, 4 IN)",
        "epoll_ctl(5, EPOLL_CTL_MOD, 4 IN)",
        "epoll_wait(5, 1023, -1)",
        "epoll_wait(5, 1023, 500ms)",
        "epoll_ctl(5, EPOLL_CTL_DEL, 4)",
    ]
