# SPDX-License-Identifier: MIT
"""`sockfault replay`: the faults of a run, again, at the very same calls and without its seed."""

import pytest

from conftest import SOCKFAULT, events, free_port, run, under, wait_until

PYTHON = "/usr/bin/python3"

ECHO = """
import socket, sys, threading
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
def serve(c):
    try:
        while data := c.recv(4096): c.sendall(data)
    except OSError: pass
    c.close()
while True:
    try: c, _ = s.accept()
    except OSError: continue
    threading.Thread(target=serve, args=(c,), daemon=True).start()
"""

# Four threads with two connections each; messages of fixed size, and whatever fails is given up.
CLIENT = """
import socket, sys, threading
def work():
    for _ in range(2):
        try:
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            s.connect(("127.0.0.1", int(sys.argv[1])))
            s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            for _ in range(20):
                s.sendall(b"m" * 100)
                left = 100
                while left: left -= len(s.recv(left))
        except OSError: pass
        s.close()
threads = [threading.Thread(target=work) for _ in range(int(sys.argv[2]))]
for t in threads: t.start()
for t in threads: t.join()
"""


def faults(trace):
    """What was injected where: everything but numbers that depend on the order of threads."""
    return sorted(
        (
            str(e["key"]),
            e["op"],
            e["func"],
            e["fault"],
            e["realism"],
            str(e["ret"]),
            str(e["errno"]),
        )
        for e in events(trace)
        if e["fault"]
    )


@pytest.fixture
def echo(serve):
    port = free_port()
    serve([PYTHON, "-S", "-c", ECHO, port], port)
    return port


def replayed(tmp_path, words, *rules):
    """Faults of a run, those of its replay, and the scenario between them, which must be valid."""
    first, second, scenario = (
        tmp_path / "first.sft",
        tmp_path / "second.sft",
        tmp_path / "replay.fault",
    )
    run(under(*rules, trace=first, options=["--seed", 7]) + words)
    scenario.write_bytes(run([SOCKFAULT, "replay", first], check=True).stdout)
    run([SOCKFAULT, "check", scenario], check=True)
    run(under(trace=second, options=["-s", scenario]) + words)
    return faults(first), faults(second), scenario.read_text()


@pytest.mark.parametrize(
    "rules",
    [
        ["send chance=30%: short 1..50"],
        ["recv chance=10%: short 1..99"],
        ["send: short 60"],
        ["recv nth=7 per=conn: fail ECONNRESET"],
        ["recv chance=5%: reset"],
        ["send offset=1050..: fail EPIPE"],
        ["send nth=3.. times=2 per=conn: signal SIGWINCH, short 9"],
        ["recv nth=4 per=conn: delay 1ms..2ms"],
        ["sockopt func=getsockopt: fail ENOBUFS"],
        ["connect chance=50%: fail ECONNREFUSED"],
        ["close: fail EINTR"],
    ],
    ids=lambda rules: rules[0],
)
def test_the_same_faults_come_again_without_the_seed(tmp_path, echo, rules):
    first, second, scenario = replayed(tmp_path, [PYTHON, "-S", "-c", CLIENT, echo, 4], *rules)
    assert first, "nothing was injected"
    assert first == second, scenario
    assert "seed" not in scenario and "chance" not in scenario


MIXED = """
import select, signal, socket, sys
signal.signal(signal.SIGALRM, lambda *_: None)
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def attempt(call, *words):
    try: print(call(*words))
    except OSError as e: print(e.errno)
for i in range(12):
    attempt(s.send, b"m" * 10)
    select.select([s], [], [], 5)
    attempt(s.recv, 10, socket.MSG_DONTWAIT if i % 3 == 0 else 0)
    s.setblocking(True)
"""


@pytest.mark.parametrize(
    "rule",
    [
        "recv nth=2: fail EAGAIN",
        "recv nth=3..5: fail ETIMEDOUT",
        "send nth=4../2: short 3",
        "poll nth=5: delay 1ms",
    ],
)
def test_calls_to_which_a_fault_does_not_apply_are_not_counted(tmp_path, echo, rule):
    first, second, scenario = replayed(tmp_path, [PYTHON, "-S", "-c", MIXED, echo], rule)
    assert first and first == second, scenario


def test_what_was_picked_is_written_down(tmp_path, echo):
    _, _, scenario = replayed(
        tmp_path, [PYTHON, "-S", "-c", CLIENT, echo, 1], "send nth=2 per=conn: short 5..90"
    )
    rules = [line for line in scenario.splitlines() if line.startswith("send")]
    assert len(rules) == 2
    for number, rule in enumerate(rules, 1):
        assert rule.startswith(f"send key=1.2:{number} nth=2 per=conn : short ")
        assert ".." not in rule.split("#")[0]


def test_equal_faults_one_after_the_other_become_one_rule(tmp_path, echo):
    _, _, scenario = replayed(
        tmp_path, [PYTHON, "-S", "-c", CLIENT, echo, 1], "recv nth=3..7 per=conn: delay 1ms"
    )
    assert scenario.count("nth=3..7 per=conn : delay 1ms") == 2
    assert sum(line.startswith("recv") for line in scenario.splitlines()) == 2


def test_faults_of_a_listener_are_aimed_at_it(tmp_path):
    port = free_port()
    trace = tmp_path / "run.sft"
    code = (
        "import socket, threading\n"
        f"s = socket.create_server(('127.0.0.1', {port}))\n"
        "def client():\n"
        f"  for _ in range(3): socket.create_connection(('127.0.0.1', {port})).close()\n"
        "t = threading.Thread(target=client); t.start()\n"
        "done = 0\n"
        "while done < 3:\n"
        "  try: s.accept()[0].close(); done += 1\n"
        "  except OSError as e: print(e.errno)\n"
        "t.join()"
    )
    words = [PYTHON, "-S", "-c", code]
    first = run(under("accept nth=2: fail EMFILE", trace=trace) + words, check=True)
    scenario = run([SOCKFAULT, "replay", trace], check=True).stdout
    assert b"accept side=listener nth=2 per=conn : fail EMFILE" in scenario
    (tmp_path / "replay.fault").write_bytes(scenario)
    second = run(under(options=["-s", tmp_path / "replay.fault"]) + words, check=True)
    assert first.stdout == second.stdout == b"24\n"


def test_faults_without_a_connection_are_aimed_at_their_thread(tmp_path):
    code = (
        "import socket\n"
        "for host in '127.0.0.1', 'localhost', '127.0.0.2':\n"
        "  try: socket.getaddrinfo(host, 80); print('found')\n"
        "  except OSError as e: print(e.errno)"
    )
    trace, words = tmp_path / "run.sft", [PYTHON, "-S", "-c", code]
    first = run(under("resolve peer=localhost: fail EAI_AGAIN", trace=trace) + words, check=True)
    scenario = run([SOCKFAULT, "replay", trace], check=True).stdout
    (tmp_path / "replay.fault").write_bytes(scenario)
    assert b"resolve process=1 nth=" in scenario and b"per=thread : fail EAI_AGAIN" in scenario
    second = run(under(options=["-s", tmp_path / "replay.fault"]) + words, check=True)
    assert first.stdout == second.stdout == b"found\n-3\nfound\n"


def test_a_run_without_faults_replays_as_nothing(tmp_path):
    trace = tmp_path / "run.sft"
    run(under(trace=trace) + ["true"], check=True)
    done = run([SOCKFAULT, "replay", trace], check=True)
    assert done.stdout.decode() == f"# Repeats the 0 faults of {trace}\n"


def test_what_can_not_be_aimed_at_is_said(tmp_path):
    trace = tmp_path / "run.sft"
    code = "import socket\ntry: socket.getaddrinfo('localhost', 80)\nexcept OSError: pass"
    options = ["--trace-level", "faults"]
    run(under("resolve: fail EAI_AGAIN", trace=trace, options=options) + [PYTHON, "-S", "-c", code])
    wait_until(trace.exists, "the trace")
    done = run([SOCKFAULT, "replay", trace], check=True)
    assert b"# can't be aimed at again" in done.stdout
