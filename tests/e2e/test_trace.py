# SPDX-License-Identifier: MIT
"""`sockfault trace`: what a run leaves behind, as lines for people and as JSON."""

import json
import os
import pty
import signal
import subprocess
import sys
import time

from conftest import LIBRARY, PROGRAMS, SOCKFAULT, TIMEOUT, events, run, under, wait_until

KEYS = """seq time_ns pid tid program op func fd conn asked ret errno flags mode process offset rule
    fault realism site stack key dur_ns peer state""".split()

PYTHON = "/usr/bin/python3"
PAIR = "import socket; a, b = socket.socketpair()\n"  # talks to itself: no peer is needed


def program(code):
    return [PYTHON, "-S", "-c", code]


def traced(tmp_path, code, *rules, status=0):
    trace = tmp_path / "run.sft"
    done = run(under(*rules, trace=trace) + program(code))
    assert done.returncode == status, done.stderr
    return trace


def lines(trace, *options, **environment):
    done = run([SOCKFAULT, "trace", trace, *options], env={**os.environ, **environment}, check=True)
    return done.stdout.decode().splitlines()


def test_children_find_the_trace_of_a_run_by_hand_wherever_they_go(tmp_path):
    env = {"LD_PRELOAD": str(LIBRARY), "SOCKFAULT_TRACE": "out.sft"}
    done = run(["/bin/sh", "-c", "cd /; /bin/true"], env=env, cwd=tmp_path, check=True)
    assert not done.stderr
    assert b"started true" in run([SOCKFAULT, "trace", tmp_path / "out.sft"]).stdout


def test_each_json_line_has_the_keys_of_the_interface_in_their_order(tmp_path):
    trace = traced(tmp_path, PAIR + "a.send(b'hello'); b.recv(100)", "send family=unix: short 2")
    done = run([SOCKFAULT, "trace", trace, "--json"], check=True)
    for line in done.stdout.splitlines():
        assert list(json.loads(line))[: len(KEYS)] == KEYS
    send = next(e for e in events(trace) if e["op"] == "send")
    assert (send["func"], send["asked"], send["ret"], send["errno"]) == ("send", 5, 2, None)
    assert (send["rule"], send["fault"], send["realism"]) == (1, "short 2", "posix")
    assert send["state"] == "done" and send["mode"] == "blocking" and send["offset"] == 0
    assert send["pid"] == send["tid"] and send["process"] == 1 and send["dur_ns"] > 0


def test_events_are_numbered_in_the_order_of_time(tmp_path):
    code = PAIR + (
        "import threading\n"
        "def work():\n"
        "  c, d = socket.socketpair()\n"
        "  for _ in range(500): c.send(b'x'); d.recv(1)\n"
        "t = [threading.Thread(target=work) for _ in range(4)]\n"
        "[x.start() for x in t]; [x.join() for x in t]"
    )
    trace = traced(tmp_path, code)
    all_events = events(trace)
    assert [e["seq"] for e in all_events] == list(range(1, len(all_events) + 1))
    assert [e["time_ns"] for e in all_events] == sorted(e["time_ns"] for e in all_events)
    assert sum(e["op"] in ("send", "recv") for e in all_events) == 4000
    assert len({e["tid"] for e in all_events if e["op"] == "send"}) == 4


def test_names_that_are_not_utf8_still_give_valid_json(tmp_path):
    path = os.fsencode(tmp_path) + b'/\xff"\\\n\xc3\xa4.sock'
    code = f"import socket; s = socket.socket(socket.AF_UNIX); s.connect({path!r})"
    trace = traced(tmp_path, code, status=1)
    connect = next(e for e in events(trace) if e["op"] == "connect")
    assert connect["errno"] == "ENOENT"
    assert connect["peer"].endswith('/\ufffd"\\\n\u00e4.sock')


def test_a_line_names_call_connection_result_and_fault(tmp_path):
    trace = traced(tmp_path, PAIR + "a.send(b'hello')", "send family=unix: short 2")
    send = next(line for line in lines(trace) if "send(" in line)
    assert ", 5" in send and "= 2  ← short 2 (rule 1, posix)" in send
    assert "[" not in send.split("send(")[0]  # one process and one thread: no column for them


def test_processes_and_threads_have_columns_when_there_are_several(tmp_path):
    trace = traced(tmp_path, "import os; os.fork() and os.wait()")
    assert all(line.startswith("[") for line in lines(trace))
    assert sum("+++ exited" in line for line in lines(trace)) == 2


def test_a_killed_program_shows_the_call_that_it_was_in(tmp_path):
    trace = tmp_path / "run.sft"
    code = PAIR + (
        "import os; print(os.getpid(), flush=True)\n"
        "for _ in range(1000): a.send(b'x'); b.recv(1)\n"
        "b.recv(1)"
    )
    process = subprocess.Popen(
        [str(w) for w in under(trace=trace) + program(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    pid = int(process.stdout.readline())
    wait_until(
        lambda: sum(e["op"] == "recv" for e in events(trace)) == 1001, "the last recv to be entered"
    )
    waiting = events(trace)[-1]
    assert (waiting["op"], waiting["state"], waiting["ret"], waiting["dur_ns"]) == (
        "recv",
        "pending",
        None,
        None,
    )
    assert "is in recv(" in lines(trace)[-1]
    os.kill(pid, signal.SIGKILL)
    assert process.wait(timeout=TIMEOUT) == 128 + signal.SIGKILL
    assert sum(e["op"] == "send" and e["state"] == "done" for e in events(trace)) == 1000
    assert events(trace)[-1]["state"] == "killed"
    shown = lines(trace)
    assert shown[-3].endswith("<unfinished ...>")
    assert "killed by SIGKILL" in shown[-2]
    assert "was killed by SIGKILL in recv(" in shown[-1] and "entered at" in shown[-1]


def test_following_shows_calls_as_they_return_and_ends_with_the_run(tmp_path):
    trace = tmp_path / "run.sft"
    code = (
        PAIR + "import sys\na.send(b'1'); b.recv(1); sys.stdin.readline(); a.send(b'2'); b.recv(1)"
    )
    target = subprocess.Popen(
        [str(w) for w in under(trace=trace) + program(code)], stdin=subprocess.PIPE
    )
    wait_until(trace.exists, "the trace")
    follower = subprocess.Popen(
        [str(SOCKFAULT), "trace", str(trace), "--follow", "--json"], stdout=subprocess.PIPE
    )
    seen = []
    while not seen or seen[-1]["op"] != "recv":
        seen.append(json.loads(follower.stdout.readline()))
    assert follower.poll() is None
    target.stdin.write(b"go on\n")
    target.stdin.close()
    rest, _ = follower.communicate(timeout=TIMEOUT)
    seen += [json.loads(line) for line in rest.splitlines()]
    assert target.wait(timeout=TIMEOUT) == 0 and follower.returncode == 0
    assert sum(e["op"] == "send" for e in seen) == 2
    assert [e["seq"] for e in seen] == [e["seq"] for e in events(trace)]


def test_following_costs_next_to_nothing(tmp_path):
    trace = tmp_path / "run.sft"
    target = subprocess.Popen([str(w) for w in under(trace=trace) + ["sleep", "60"]])
    wait_until(trace.exists, "the trace")
    follower = subprocess.Popen(
        [str(SOCKFAULT), "trace", str(trace), "--follow"], stdout=subprocess.PIPE
    )
    follower.stdout.readline()
    time.sleep(1)
    with open(f"/proc/{follower.pid}/stat") as stat:
        words = stat.read().rsplit(")", 1)[1].split()
    ticks = int(words[11]) + int(words[12])
    target.terminate()
    follower.communicate(timeout=TIMEOUT)
    target.wait(timeout=TIMEOUT)
    assert ticks <= os.sysconf("SC_CLK_TCK") // 5


def test_a_reader_that_leaves_ends_the_output_quietly(tmp_path):
    trace = traced(tmp_path, PAIR + "for _ in range(20000): a.send(b'x'); b.recv(1)")
    done = subprocess.run(
        f"{SOCKFAULT} trace {trace} | head -n 1", shell=True, capture_output=True, timeout=TIMEOUT
    )
    assert done.stderr == b"" and done.stdout.count(b"\n") == 1


def terminal_output(words, **environment):
    """What a command writes to a terminal."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(words, stdout=follower, env={**os.environ, **environment})
    os.close(follower)
    text = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:
            break
        if not piece:
            break
        text += piece
    os.close(leader)
    assert process.wait(timeout=TIMEOUT) == 0
    return text


def test_colours_are_for_terminals_that_want_them(tmp_path):
    trace = traced(tmp_path, PAIR + "a.send(b'x')", "send family=unix: fail EPIPE", status=1)
    words = [str(SOCKFAULT), "trace", str(trace)]
    assert b"\033[" in terminal_output(words, TERM="xterm")
    assert b"\033[" not in terminal_output(words, TERM="xterm", NO_COLOR="1")
    assert b"\033[" not in terminal_output(words, TERM="dumb")
    assert "\033[" not in "".join(lines(trace))


def test_without_a_file_it_takes_the_latest_run(tmp_path):
    run(under() + program(PAIR + "a.send(b'latest')"), check=True)
    done = run([SOCKFAULT, "trace", "--json"], check=True)
    assert any(json.loads(line)["asked"] == 6 for line in done.stdout.splitlines())


def test_what_is_no_trace_is_refused_in_words(tmp_path):
    other = tmp_path / "other"
    other.write_bytes(b"x" * 1000)
    for path, words in ((other, b"not a sockfault trace"), (tmp_path / "none", b"No such file")):
        done = run([SOCKFAULT, "trace", path])
        assert done.returncode == 125 and words in done.stderr and done.stderr.count(b"\n") == 1


def test_a_trace_that_was_cut_off_shows_what_is_left(tmp_path):
    trace = traced(tmp_path, PAIR + "for _ in range(3000): a.send(b'x'); b.recv(1)")
    whole = len(events(trace))
    data = trace.read_bytes()
    counts = []
    for part in (0.3, 0.6, 0.9):
        cut = tmp_path / "cut.sft"
        cut.write_bytes(data[: int(len(data) * part)])
        done = run([SOCKFAULT, "trace", cut, "--json"])
        assert done.returncode in (0, 125)
        counts.append(len(done.stdout.splitlines()))
    assert counts == sorted(counts) and counts[-1] <= whole


def test_json_is_written_faster_than_read(tmp_path):
    trace = traced(tmp_path, PAIR + "for _ in range(50000): a.send(b'x'); b.recv(1)")
    start = time.monotonic()
    done = run([SOCKFAULT, "trace", trace, "--json"], check=True)
    written = time.monotonic() - start
    start = time.monotonic()
    for line in done.stdout.splitlines():
        json.loads(line)
    read = time.monotonic() - start
    assert written <= read, f"{written:.2f} s to write, {read:.2f} s to read, {sys.version}"


POINTERS = """
import ctypes, errno, mmap, socket

libc = ctypes.CDLL(None, use_errno=True)
page = mmap.mmap(-1, 4096)
bad = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page)))
libc.munmap(bad, 4096)
listener = socket.create_server(("127.0.0.1", 0))
tcp = socket.create_connection(listener.getsockname())
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
DONTWAIT = 0x40

def say(one, name, *arguments):
    said = getattr(libc, name)(one.fileno(), *arguments)
    print(name, said, errno.errorcode[ctypes.get_errno()] if said < 0 else "")

for one in (tcp, udp):
    say(one, "send", bad, 4, DONTWAIT)
    say(one, "sendto", b"x", 1, DONTWAIT, bad, 16)
    say(one, "writev", bad, 3)
    say(one, "sendmsg", bad, DONTWAIT)
    say(one, "sendmmsg", bad, 2, DONTWAIT)
    say(one, "recvmsg", bad, DONTWAIT)
    say(one, "recvmmsg", bad, 2, DONTWAIT, None)
say(tcp, "readv", bad, 3)
udp.sendmsg([b"abc", b"de"], [], 0, listener.getsockname())
"""


def test_where_pointers_lead_is_looked_at_after_the_kernel_has_looked(tmp_path):
    trace = tmp_path / "trace.sft"
    native = run([PYTHON, "-c", POINTERS], check=True).stdout
    assert b"EFAULT" in native
    assert run([*under(trace=trace), PYTHON, "-c", POINTERS], check=True).stdout == native
    last = [event for event in events(trace) if event["func"] == "sendmsg"][-1]
    assert (last["asked"], last["ret"]) == (5, 5)
    assert last["peer"].startswith("127.0.0.1:")


def test_a_call_that_was_left_by_a_jump_is_not_where_the_program_ended(tmp_path):
    """What its thread called later from the same place says so."""
    trace = tmp_path / "run.sft"
    done = run(under(trace=trace) + [PROGRAMS / "left"], check=True)
    assert done.stdout == b"3: 6\n"
    lines = run([SOCKFAULT, "trace", trace], check=True).stdout.decode().splitlines()
    calls = [line for line in lines if "recv(" in line]
    assert ["<unfinished" in call for call in calls] == [True, True, False]
    assert "exited with 0" in lines[-1]
