# SPDX-License-Identifier: MIT
"""sockfault run with a peer, or a server and its client; {port} and {tmp}; sockfault ctl."""

import json
import os
import re
import shlex
import signal
import subprocess
import time

import pytest

from conftest import SOCKFAULT, run, wait_until

PYTHON = "/usr/bin/python3"

ECHO = """
import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen()
while True:
    c, _ = s.accept()
    while data := c.recv(100):
        c.sendall(data)
    c.close()
"""

CLIENT = """
import socket, sys
c = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20)
c.sendall(b"hello")
got = b""
while len(got) < 5:
    data = c.recv(5)
    if not data:
        break
    got += data
print(got.decode(), flush=True)
sys.exit(got != b"hello")
"""


@pytest.fixture(autouse=True)
def programs(tmp_path, monkeypatch):
    (tmp_path / "echo.py").write_text(ECHO)
    (tmp_path / "client.py").write_text(CLIENT)
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    monkeypatch.chdir(tmp_path)


def sockfault(*words, **options):
    return run([SOCKFAULT, "run", *words], **options)


def alive(pattern):
    """Command lines of this test's living processes (they are in its folder) with this text."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/cwd") != os.getcwd():
                continue
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                line = file.read().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if pattern in line and pid != str(os.getpid()):
            found.append(line)
    return found


def test_peer_serves_the_program_and_is_ended():
    peer = f"{PYTHON} echo.py {{port}} MARK"
    done = sockfault("-e", "recv: short 1", "--peer", peer, "--", PYTHON, "client.py", "{port}")
    assert (done.returncode, done.stdout) == (0, b"hello\n")
    assert b"peer: ended by sockfault" in done.stderr
    assert b"5 faults injected" in done.stderr
    assert alive("MARK") == []


def test_peer_is_not_under_the_library():
    peer = "env > seen; echo ready; exec sleep 100"
    assert sockfault("--peer", peer, "--", "true").returncode == 0
    with open("seen", encoding="ascii") as seen:
        text = seen.read()
    assert "LD_PRELOAD" not in text and "SOCKFAULT_ARENA" not in text


def test_peer_that_prints_a_line_is_ready_and_its_words_are_no_output():
    done = sockfault("--peer", "sleep 0.3; echo I am here; sleep 100", "--", "echo", "target")
    assert (done.returncode, done.stdout) == (0, b"target\n")
    assert b"I am here" in done.stderr


def test_peer_that_ends_before_it_is_ready_is_125():
    done = sockfault("--peer", "exit 3", "--", "echo", "target")
    assert done.returncode == 125 and done.stdout == b""
    assert b"status 3" in done.stderr


def test_peer_that_became_a_daemon_is_ended_too():
    peer = f"setsid {PYTHON} echo.py {{port}} MARK & exit 0"
    done = sockfault("--peer", peer, "--", PYTHON, "client.py", "{port}")
    assert (done.returncode, done.stdout) == (0, b"hello\n")
    assert alive("MARK") == []


def test_peer_that_ignores_sigterm_is_killed():
    peer = "trap '' TERM; echo ready; while :; do sleep 0.1; done; : MARK"
    assert sockfault("--peer", peer, "--", "true").returncode == 0
    assert alive("MARK") == []


def test_peer_goes_with_a_command_that_is_killed():
    process = subprocess.Popen(
        [SOCKFAULT, "run", "--peer", f"{PYTHON} echo.py {{port}} MARK", "--", "cat"],
        stdin=subprocess.PIPE,
    )
    wait_until(lambda: alive("cat "), "the program")
    wait_until(lambda: alive("MARK"), "the peer")
    process.kill()
    process.wait(timeout=60)
    process.stdin.close()
    wait_until(lambda: len(alive("MARK")) == 0, "the peer's end")


def test_server_is_driven_by_its_client_then_ended():
    words = ("--server", "--client", f"{PYTHON} client.py {{port}}")
    done = sockfault("-e", "recv side=server: short 1", *words, "--", PYTHON, "echo.py", "{port}")
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"hello" in done.stderr
    assert b"client: ended with status 0" in done.stderr
    assert b"was ended after its client" in done.stderr


def test_server_that_chooses_its_port_is_seen_to_listen():
    code = ECHO.replace(
        "s.listen()", "s.listen(); open('port', 'w').write(str(s.getsockname()[1]))"
    )
    words = ("--server", "--client", f"sleep 0.2; {PYTHON} client.py $(cat port)")
    done = sockfault(*words, "--", PYTHON, "-c", code, "0")
    assert done.returncode == 0
    assert b"client: ended with status 0" in done.stderr


def test_server_of_udp_is_ready_once_bound():
    server = (
        "import socket, sys; s = socket.socket(type=socket.SOCK_DGRAM);"
        " s.bind(('127.0.0.1', int(sys.argv[1])))\n"
        "while True: d, a = s.recvfrom(100); s.sendto(d, a)"
    )
    client = (
        "import socket, sys; s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(20);"
        " s.sendto(b'x', ('127.0.0.1', int(sys.argv[1]))); print(s.recv(9))"
    )
    words = ("--server", "--client", f'{PYTHON} -c "{client}" {{port}}')
    done = sockfault(*words, "--", PYTHON, "-c", server, "{port}")
    assert done.returncode == 0
    assert b"b'x'" in done.stderr


def test_server_keeps_its_own_status():
    code = "import signal, sys; signal.signal(15, lambda *a: sys.exit(6))\n" + ECHO
    words = ("--server", "--client", f"{PYTHON} client.py {{port}}")
    assert sockfault(*words, "--", PYTHON, "-c", code, "{port}").returncode == 6


def test_status_of_a_failing_client_is_told_and_is_not_ours():
    words = ("--server", "--client", "exit 9")
    done = sockfault(*words, "--", PYTHON, "echo.py", "{port}")
    assert done.returncode == 0
    assert b"client: ended with status 9" in done.stderr


def test_server_that_ends_before_it_listens_is_no_success():
    done = sockfault("--server", "--client", "true", "--", "true")
    assert done.returncode == 125
    assert b"before it listened" in done.stderr
    done = sockfault("--server", "--client", "true", "--", "sh", "-c", "exit 8")
    assert done.returncode == 8


def test_server_that_does_not_listen_is_killed_and_its_run_is_told(tmp_path):
    code = "import signal, socket; signal.signal(15, signal.SIG_IGN)\n"
    code += "try:\n    socket.socket()\nexcept OSError:\n    signal.pause()"
    words = ("--trace", "mute.sft", "--outcome", "outcome.json", "-e", "socket: fail EMFILE")
    done = sockfault(*words, "--server", "--client", "true", "--", PYTHON, "-c", code)
    assert done.returncode == 125 and b"did not listen within 10 s" in done.stderr, done.stderr
    assert b"did not listen, and was killed" in done.stderr
    assert re.search(rb"^ +1 +1  socket: fail EMFILE", done.stderr, re.MULTILINE), done.stderr
    assert b"client: never started" in done.stderr and not alive("signal.pause")
    outcome = json.loads((tmp_path / "outcome.json").read_text())
    assert outcome["status"] == 125 and outcome["never_served"] and outcome["killed"]
    trace = run([SOCKFAULT, "trace", "mute.sft"])
    assert b"EMFILE" in trace.stdout and b"killed by" in trace.stdout, trace.stdout


def test_a_peer_at_another_address_is_not_taken_for_the_server(tmp_path):
    (tmp_path / "peer.py").write_text(ECHO.replace("127.0.0.1", "127.0.0.2"))
    roles = ("--peer", f"{PYTHON} peer.py {{port}}", "--server")
    roles += ("--client", f"{PYTHON} client.py {{port}}")
    done = sockfault(*roles, "-e", "bind: delay 300ms", "--", PYTHON, "echo.py", "{port}")
    assert done.returncode == 0 and b"client: ended with status 0" in done.stderr, done.stderr


ASKED = """
import signal, sys, time
def end(*_):
    print("asked", flush=True)
    sys.exit(6)
signal.signal(signal.SIGTERM, end)
"""
UNSHARE = "unshare --user --map-current-user --pid --fork --kill-child --"


@pytest.mark.parametrize(
    "around,number",
    [("", 1), ("sh -c '\"$@\"; exit $?' sh", 2), (f"{UNSHARE} sh -c '\"$@\"; exit $?' sh", 3)],
)
def test_server_within_another_process_is_asked_to_end(around, number):
    """By the number that it has in the run, in a namespace of processes too: unshare(1) waits, with
    SIGTERM blocked."""
    around = shlex.split(around)
    if around and subprocess.run([*around, "true"], check=False).returncode != 0:
        pytest.skip("no namespaces here")
    words = (
        "--server",
        "--client",
        f"{PYTHON} client.py {{port}}",
        "--server-process",
        str(number),
    )
    done = sockfault(*words, "--", *around, PYTHON, "-c", ASKED + ECHO, "{port}")
    assert (done.returncode, done.stdout) == (6, b"asked\n")
    done = sockfault(*words, "--", *around, PYTHON, "echo.py", "{port}")
    assert done.returncode == 0, "SIGTERM is how a server ends"
    assert b"within 5 s" not in done.stderr


def test_the_number_of_a_server_is_refused_where_there_is_none():
    done = sockfault("--server-process", "2", "--", "true")
    assert done.returncode == 125 and b"say --server and --client too" in done.stderr
    done = sockfault("--server", "--client", "true", "--server-process", "0", "--", "true")
    assert done.returncode == 125 and b"counted from 1" in done.stderr
    words = ("--server", "--client", "true", "--server-process", "9")
    done = sockfault(*words, "--", PYTHON, "echo.py", "{port}")
    assert done.returncode == 0 and b"9: the run has no such process" in done.stderr


def test_server_that_ignores_sigterm_is_killed():
    code = "import signal; signal.signal(15, signal.SIG_IGN)\n" + ECHO
    done = sockfault("--server", "--client", "true", "--", PYTHON, "-c", code, "{port}")
    assert done.returncode == 128 + signal.SIGKILL
    assert b"did not end within 5 s" in done.stderr


def test_server_that_dies_ends_the_run_though_its_client_hangs():
    code = ECHO.replace("c.sendall(data)", "sys.exit(3)")
    done = sockfault(
        "--server",
        "--client",
        f"{PYTHON} client.py {{port}}; sleep 100",
        "--",
        PYTHON,
        "-c",
        code,
        "{port}",
    )
    assert done.returncode == 3
    assert b"client: ended by sockfault" in done.stderr


def test_server_that_is_about_to_end_by_itself_is_not_asked_to():
    """It is busy for a while after its client has gone."""
    last = "(sum(range(9_000_000)), sys.exit(7))"
    code = ECHO.replace("c.close()", f"c.close(); {last}")
    words = ("--server", "--client", f"{PYTHON} client.py {{port}}")
    done = sockfault(*words, "--", PYTHON, "-c", code, "{port}")
    assert done.returncode == 7
    assert b"was ended after its client" not in done.stderr


def test_port_is_free_and_differs_between_runs_at_the_same_time():
    code = (
        "import socket, sys, time; s = socket.socket(); s.bind(('', int(sys.argv[1])));"
        " print(sys.argv[1]); time.sleep(1)"
    )
    runs = [
        subprocess.Popen(
            [SOCKFAULT, "run", "--quiet", "--", PYTHON, "-c", code, "{port}"],
            stdout=subprocess.PIPE,
        )
        for _ in range(6)
    ]
    ports = [process.communicate(timeout=60)[0].strip() for process in runs]
    assert [process.returncode for process in runs] == [0] * 6
    assert len(set(ports)) == 6


def test_port_is_kept_from_other_runs_of_this_user():
    folder = f"{os.environ['XDG_RUNTIME_DIR']}/sockfault-{os.geteuid()}"
    code = "flock --nonblock $0 true && echo not locked; basename $0"
    done = sockfault("--quiet", "--", "sh", "-c", code, folder + "/port-{port}")
    assert re.fullmatch(rb"port-\d+\n", done.stdout)
    assert [name for name in os.listdir(folder) if name.startswith("port")] == []


def test_port_is_one_in_all_commands_and_within_words():
    done = sockfault("--peer", "echo peer {port}; sleep 100", "--", "echo", "a{port}b", "{port}")
    one, two = re.fullmatch(r"a(\d+)b (\d+)\n", done.stdout.decode()).groups()
    assert one == two and f"peer {one}".encode() in done.stderr


def test_tmp_is_a_private_folder_that_goes():
    code = (
        "stat -c %a {tmp}; mkdir -p {tmp}/a/b; echo x > {tmp}/a/b/c; ln -s / {tmp}/root; echo {tmp}"
    )
    done = sockfault("--", "sh", "-c", code)
    mode, path = done.stdout.decode().split()
    assert mode == "700" and not os.path.exists(path) and os.path.exists("/bin")
    assert os.listdir(os.environ["TMPDIR"]) == []


def test_tmp_goes_when_the_run_fails_too():
    assert sockfault("--peer", "touch {tmp}/x; exit 1", "--", "true").returncode == 125
    assert os.listdir(os.environ["TMPDIR"]) == []


def test_timeout_counts_while_a_peer_gets_ready():
    done = sockfault("--timeout", "300ms", "--peer", "sleep 100", "--", "true")
    assert done.returncode == 124


def test_interrupt_while_a_peer_gets_ready_ends_all():
    process = subprocess.Popen([SOCKFAULT, "run", "--peer", "sleep 98765", "--", "true"])
    wait_until(lambda: alive("sleep 98765"), "the peer")
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 128 + signal.SIGINT
    assert alive("sleep 98765") == []


# ---- ctl ----

TALK = """
import socket, sys
a, b = socket.socketpair()
for line in sys.stdin:
    a.sendall(b"x" * 10)
    print(len(b.recv(10)), flush=True)
    b.setblocking(False)
    try:
        while True:
            b.recv(10)
    except BlockingIOError:
        b.setblocking(True)
"""


@pytest.fixture
def talker():
    process = subprocess.Popen(
        [SOCKFAULT, "run", "-e", "recv family=unix: short 3", "--", PYTHON, "-c", TALK],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )

    def ask():
        process.stdin.write(b"\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    process.ask = ask
    assert ask() == 3
    yield process
    process.stdin.close()
    process.wait(timeout=60)
    process.stdout.close()
    process.stderr.close()


def ctl(*words):
    return run([SOCKFAULT, "ctl", *words])


def test_ctl_pauses_and_resumes(talker):
    assert ctl("pause").returncode == 0
    assert talker.ask() == 10
    assert b"paused" in ctl("status").stdout
    assert ctl("resume").returncode == 0
    assert talker.ask() == 3


def test_ctl_loads_other_rules(talker):
    assert ctl("load", "recv family=unix: short 2").returncode == 0
    assert talker.ask() == 2
    with open("rules.fault", "w", encoding="ascii") as file:
        file.write("recv family=unix: short 5\n")
    assert ctl("load", "rules.fault").returncode == 0
    assert talker.ask() == 5
    status = ctl("status").stdout
    assert b"short 5" in status and b"running" in status


def test_ctl_says_which_processes_are_gone(tmp_path):
    trace = tmp_path / "trace.sft"
    script = "(exit 3); /bin/true; exit 4"
    assert run([SOCKFAULT, "run", "--trace", trace, "--", "sh", "-c", script]).returncode == 4
    lines = ctl(trace, "status", "--json").stdout.splitlines()
    states = [json.loads(line).get("state") for line in lines if b'"process":' in line]
    assert states and set(states) <= {"exited", "ended"}
    assert b"running" not in ctl(trace, "status").stdout


def test_ctl_refuses_bad_rules_and_leaves_the_good_ones(talker):
    done = ctl("load", "recv: shrt 5")
    assert done.returncode == 125 and b"^" in done.stderr
    assert talker.ask() == 3


def test_ctl_of_a_run_that_has_ended():
    sockfault("--quiet", "--trace", "t.sft", "--", "true")
    assert b"ended" in ctl("t.sft", "status").stdout
    assert ctl("t.sft", "pause").returncode == 125
    assert ctl("status").returncode == 0


def test_ctl_status_as_json():
    rules = ["-e", "connect: fail ECONNREFUSED", "-e", "recv: short 1"]
    program = "import socket; socket.socketpair(); raise SystemExit(3)"
    sockfault("--quiet", "--trace", "t.sft", *rules, "--", PYTHON, "-c", program)
    lines = [json.loads(line) for line in ctl("t.sft", "status", "--json").stdout.splitlines()]
    head, rules, processes = lines[0], lines[1:3], [x for x in lines if "process" in x]
    assert head["state"] == "ended" and not head["paused"] and head["seed"] == 1
    assert head["repeat"].endswith("-c 'import socket; socket.socketpair(); raise SystemExit(3)'")
    assert [rule["text"] for rule in rules] == ["connect: fail ECONNREFUSED", "recv: short 1"]
    assert [(rule["met"], rule["fired"]) for rule in rules] == [(0, 0), (0, 0)]
    assert all(rule["why"].startswith("never reached") for rule in rules)
    assert [(p["process"], p["state"], p["status"]) for p in processes] == [(1, "exited", 3)]
    assert ctl("t.sft", "pause", "--json").returncode == 125


@pytest.mark.parametrize(
    "words", [(), ("stat",), ("load",), ("nothing.sft", "status"), ("status", "x", "y")]
)
def test_ctl_refuses_wrong_words(words):
    sockfault("--quiet", "--", "true")
    done = ctl(*words)
    assert done.returncode == 125
    assert done.stderr.count(b"\n") == 1
