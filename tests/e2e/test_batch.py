# SPDX-License-Identifier: MIT
"""sockfault batch: requests and answers, and that nothing of them stays; run --outcome, --next."""

import json
import os
import pathlib
import signal
import subprocess

import pytest

from conftest import SOCKFAULT, run, wait_until

PYTHON = "/usr/bin/python3"

SERVER = """
import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen()
while True:
    try:
        c, _ = s.accept()
        c.sendall(b"served")
        c.close()
    except OSError:
        if "stubborn" not in sys.argv:
            s.close()
            break
while True:
    s = socket.socketpair()[0].recv(1) and None
"""

CLIENT = """
import socket, sys
print(socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20).recv(100).decode())
"""


def request(words):
    return b"%d\0" % len(words) + b"".join(os.fsencode(word) + b"\0" for word in words)


class Batch:
    def __init__(self, **options):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        words = [SOCKFAULT, "batch"]
        self.process = subprocess.Popen(words, start_new_session=True, **pipes, **options)

    def ask(self, *words):
        self.process.stdin.write(request([str(word) for word in words]))
        self.process.stdin.flush()

    def answer(self):
        return json.loads(self.process.stdout.readline())

    def tell(self, *words):
        """One request and its answer."""
        self.ask(*words)
        return self.answer()

    def end(self):
        """Its exit status and the answers that were left."""
        output, errors = self.process.communicate(timeout=60)
        assert errors == b""
        return self.process.returncode, [json.loads(line) for line in output.splitlines()]


@pytest.fixture
def batch(tmp_path, monkeypatch):
    for name in ("runs", "scratch"):
        (tmp_path / name).mkdir(mode=0o700)
    monkeypatch.setenv("SOCKFAULT_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    monkeypatch.chdir(tmp_path)
    made = Batch()
    yield made
    if made.process.poll() is None:
        made.process.kill()
    for end in (made.process.stdin, made.process.stdout, made.process.stderr):
        end.close()
    made.process.wait()


def test_an_answer_says_what_came_of_a_run(batch):
    batch.ask(
        "id=a b",
        "out=out",
        "err=err",
        "run",
        "-e",
        "recv: short 1",
        "--",
        "sh",
        "-c",
        "echo $0; exit 3",
        "",
    )
    done = batch.answer()
    assert (done["id"], done["status"], done["signal"], done["error"]) == ("a b", 3, None, None)
    outcome = done["outcome"]
    assert outcome["target"] == {"status": 3, "signal": None}
    assert outcome["rules"][0]["met"] == 0 and outcome["rules"][0]["why"].startswith(
        "never reached"
    )
    assert 0 < outcome["wall_ns"] < done["wall_ns"] and outcome["max_rss"] > 100000
    assert outcome["trace"] is None and outcome["findings"] == [] and outcome["client"] is None
    assert open("out").read() == "\n" and open("err").read() == ""
    assert batch.end() == (0, [])


def test_faults_are_counted_and_a_trace_is_kept_where_one_is_asked_for(batch, tmp_path):
    code = "import socket; a, b = socket.socketpair(); a.send(b'xy'); b.recv(2)"
    rule = [
        "run",
        "--trace",
        "t.sft",
        "-e",
        "recv family=unix nth=1: short 1",
        "--",
        PYTHON,
        "-c",
        code,
    ]
    outcome = batch.tell("run", *rule[1:])["outcome"]
    assert outcome["faults"] == 1 and outcome["rules"][0]["fired"] == 1 and outcome["calls"] > 3
    assert outcome["trace"] == str(tmp_path / "t.sft")
    found = batch.tell("out=events", "trace", "t.sft", "--json")
    assert found["status"] == 0 and found["outcome"] is None
    events = [json.loads(line) for line in open("events")]
    assert outcome["injected"] == [event for event in events if event["fault"]]
    assert len(outcome["injected"]) == 1 and outcome["pending"] == []
    # nobody's latest run
    assert batch.tell("trace")["error"].startswith("there is no latest run")


def waiting_for_its_turn(trace):
    """The process of that run, once it is loaded and waits."""
    for entry in pathlib.Path("/proc").iterdir():
        try:
            environ = (entry / "environ").read_bytes().split(b"\0")
            is_its = f"SOCKFAULT_ARENA={trace}".encode() in environ
            if is_its and "futex" in (entry / "wchan").read_text():
                return int(entry.name)
        except OSError:
            pass  # no process, or it has just ended
    return None


TURNS = "echo begins $0 >> log; read line < go; echo ends $0 >> log"


def words_of_turn(name):
    return ["run", "--turn", "turn", "--trace", f"{name}.sft", "--", "sh", "-c", TURNS, name]


def test_a_program_is_loaded_before_its_turn_and_begins_when_it_comes(batch, tmp_path):
    log = tmp_path / "log"
    os.mkfifo(tmp_path / "go")
    batch.ask("id=a", *words_of_turn("a"))
    wait_until(log.exists, "the first run")
    batch.ask("id=b", *words_of_turn("b"))
    wait_until(lambda: waiting_for_its_turn(tmp_path / "b.sft"), "the other one")
    assert log.read_text() == "begins a\n"
    (tmp_path / "go").write_text("\n")
    wait_until(lambda: log.read_text().endswith("begins b\n"), "the turn")
    (tmp_path / "go").write_text("\n")
    answers = {one["id"]: one for one in (batch.answer(), batch.answer())}
    assert [answers[name]["status"] for name in "ab"] == [0, 0]
    assert log.read_text() == "begins a\nends a\nbegins b\nends b\n"
    # nobody's waiting is part of a run
    events = batch.tell("out=events", "trace", "b.sft", "--json")
    assert events["status"] == 0 and answers["b"]["outcome"]["wall_ns"] < answers["b"]["wall_ns"]
    first = json.loads((tmp_path / "events").read_text().splitlines()[0])
    assert first["op"] == "load" and first["time_ns"] < answers["b"]["outcome"]["wall_ns"]


def test_whose_command_is_killed_before_its_turn_never_begins(batch, tmp_path):
    log = tmp_path / "log"
    os.mkfifo(tmp_path / "go")
    batch.ask("id=a", *words_of_turn("a"))
    wait_until(log.exists, "the first run")
    with subprocess.Popen([SOCKFAULT, *words_of_turn("b")], stderr=subprocess.PIPE) as command:
        wait_until(lambda: waiting_for_its_turn(tmp_path / "b.sft"), "the other one")
        command.kill()
        # the program has it, too: so this is until it ends
        assert b"given up before its turn came" in command.stderr.read()
    (tmp_path / "go").write_text("\n")
    assert batch.answer()["status"] == 0 and log.read_text() == "begins a\nends a\n"


def test_of_many_injections_the_first_and_the_last_are_told(batch):
    code = (
        "import socket; a, b = socket.socketpair(); a.send(b'x' * 30)\n"
        "for _ in range(30): b.recv(2)\n"
        "b.recv(1)"
    )
    rule = ["-e", "recv family=unix: short 1", "--timeout", "1s"]
    outcome = batch.tell("run", *rule, "--", PYTHON, "-c", code)["outcome"]
    told = [event["offset"] for event in outcome["injected"]]
    assert outcome["faults"] == 30 and told == [*range(8), 29]
    assert [event["func"] for event in outcome["pending"]] == ["recv"]


def test_each_request_has_its_own_surroundings(batch, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "given").write_text("input\n")
    words = ["cwd=folder", "in=given", "out=made", "err=made", "set=A=b c", "unset=HOME"]
    # the sixth word in /proc is the session
    shell = (
        "cat; echo $A ${HOME-unset}; pwd; echo error >&2; cut -d ' ' -f 6 /proc/self/stat > ../sid"
    )
    assert batch.tell(*words, "run", "sh", "-c", shell)["status"] == 0
    said = (tmp_path / "folder" / "made").read_text()
    assert said == f"input\nb c unset\n{tmp_path}/folder\nerror\n"
    assert int((tmp_path / "sid").read_text()) not in (batch.process.pid, os.getsid(0))
    assert batch.tell("out=after", "run", "sh", "-c", "cat; echo ${A-unset}; pwd")["status"] == 0
    assert (tmp_path / "after").read_text() == f"unset\n{tmp_path}\n"


@pytest.mark.parametrize(
    "words, status, error",
    [
        (["run", "-e", "bad", "--", "true"], 125, "unknown call 'bad'"),
        (["run", "--nope"], 125, "there is no option --nope"),
        (["run", "/nowhere"], 127, "can't execute /nowhere"),
        (["colour=red", "run"], 125, "not 'colour=red'"),
        (["in=/nowhere", "run", "true"], 125, "can't open /nowhere"),
        (["cwd=/nowhere", "run", "true"], 125, "can't change to the folder /nowhere"),
        (["set=x", "run", "true"], 125, "set= wants NAME=VALUE"),
        (["id=1"], 125, "no subcommand"),
        (["batch"], 125, "no command 'batch' in a batch"),
        (["frobnicate"], 125, "no command 'frobnicate' in a batch"),
        ([], 125, "no subcommand"),
    ],
)
def test_what_could_not_work_is_said_in_the_answer(batch, words, status, error):
    done = batch.tell(*words)
    assert done["status"] == status and error in done["error"] and done["outcome"] is None
    assert batch.end() == (0, [])


@pytest.mark.parametrize("text", [b"x\0", b"\0", b"2\0run\0", b"-1\0", b"2x\0run\0true\0"])
def test_broken_framing_ends_the_batch(batch, text):
    output, errors = batch.process.communicate(text, timeout=60)
    assert batch.process.returncode == 125 and output == b"" and errors.startswith(b"sockfault: ")


def test_requests_in_flight_are_answered_as_they_end(batch, tmp_path):
    os.mkfifo("wait")
    batch.ask("id=slow", "run", "sh", "-c", "read line < wait")
    assert batch.tell("id=quick", "run", "true")["id"] == "quick"
    batch.process.stdin.close()
    (tmp_path / "wait").write_text("go\n")
    assert batch.answer()["id"] == "slow"
    assert batch.process.wait(timeout=60) == 0


def test_more_requests_than_places_wait_for_their_turn(batch):
    os.mkfifo("wait")
    holder = os.open("wait", os.O_RDWR)  # so that nobody meets the end of it
    for i in range(300):
        batch.ask(f"id={i}", "run", "--trace-level", "off", "sh", "-c", "read line < wait")
    batch.process.stdin.close()
    os.write(holder, b"\n" * 300)
    answers = {batch.answer()["id"] for _ in range(300)}
    os.close(holder)
    assert len(answers) == 300 and batch.process.wait(timeout=60) == 0


def processes_with(mark):
    """Processes, zombies apart, that have this in their environment."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as environment:
                found += [pid] if mark.encode() in environment.read() else []
        except OSError:
            pass
    return found


def files_of_runs():
    names = os.listdir("scratch") + os.listdir("runs")
    return [name for name in names if name.startswith(("sockfault-", "run-", "batch-", "port-"))]


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "SIGKILL", "harness"])
def test_with_the_batch_all_of_its_runs_end(batch, tmp_path, how):
    """Targets that ignore SIGTERM, their daemons, a client and a peer; files go too."""
    mark = f"SOCKFAULT_TEST={tmp_path}"
    shell = "trap '' TERM INT; setsid sleep 600 & echo > $0; sleep 600"
    for name in ("one", "two"):
        batch.ask(f"set={mark}", "run", "--", "sh", "-c", shell, f"{{tmp}}/../{name}")
    server = [
        "--server",
        "--client",
        "touch three; sleep 600",
        "--",
        PYTHON,
        "-c",
        SERVER,
        "{port}",
    ]
    batch.ask(f"set={mark}", "run", *server)
    wait_until(
        lambda: all(os.path.exists(p) for p in ("scratch/one", "scratch/two", "three")), "the runs"
    )
    assert processes_with(mark)
    if how == "harness":
        # as when it was killed: both of its ends are closed
        batch.process.stdin.close()
        batch.process.stdout.close()
    else:
        batch.process.send_signal(getattr(signal, how))
    status = batch.process.wait(timeout=60)
    assert status == {"SIGKILL": -9, "harness": 0}.get(how, 128 + getattr(signal, how, 0))
    wait_until(lambda: not processes_with(mark), "the end of all processes")
    wait_until(lambda: not files_of_runs(), "the end of all files")


def states_of_children(pid):
    found = []
    for child in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{child}/stat") as stat:
                state, parent = stat.read().rpartition(")")[2].split()[:2]
            found += [state] if parent == str(pid) else []
        except OSError:
            pass
    return found


def test_all_end_also_where_an_answer_finds_that_its_reader_is_gone(batch, tmp_path):
    """A run has ended and the reader has gone before the batch looks: it is told by the answer."""
    os.mkfifo("wait")
    batch.ask("run", "sh", "-c", "touch one; read line < wait")
    batch.ask("run", "sh", "-c", "touch two; sleep 600")
    wait_until(lambda: os.path.exists("one") and os.path.exists("two"), "the runs")
    batch.process.send_signal(signal.SIGSTOP)
    (tmp_path / "wait").write_text("go\n")
    wait_until(lambda: "Z" in states_of_children(batch.process.pid), "the end of the first run")
    batch.process.stdout.close()
    batch.process.send_signal(signal.SIGCONT)
    assert batch.process.wait(timeout=60) == 0


def test_many_runs_leave_nothing_behind(batch, tmp_path):
    """10,000 were tried; memory and descriptors are those of the first hundred."""

    def state():
        with open(f"/proc/{batch.process.pid}/statm") as statm:
            resident = int(statm.read().split()[1])
        return len(os.listdir(f"/proc/{batch.process.pid}/fd")), resident

    def some(count):
        for i in range(count):
            batch.ask(f"id={i}", "run", "-e", "recv: short 1", "/bin/true", "{tmp}")
            if i >= 3:
                assert batch.answer()["status"] == 0
        for _ in range(3):
            assert batch.answer()["status"] == 0

    some(100)
    before = state()
    some(int(os.environ.get("SOCKFAULT_BATCH_RUNS", "300")))
    after = state()
    assert after[0] == before[0] and after[1] <= before[1] + 16
    children = open(f"/proc/{batch.process.pid}/task/{batch.process.pid}/children").read()
    assert children == "" and os.listdir("runs") == [] and os.listdir("scratch") == []


def test_a_run_that_is_killed_leaves_no_processes(batch, tmp_path):
    mark = f"SOCKFAULT_TEST={tmp_path}"
    batch.ask(f"set={mark}", "run", "sh", "-c", "setsid sleep 600 & echo $PPID > pid; sleep 600")
    wait_until(lambda: os.path.exists("pid") and open("pid").read().endswith("\n"), "the run")
    os.kill(int(open("pid").read()), signal.SIGKILL)
    done = batch.answer()
    assert (done["status"], done["signal"], done["outcome"]) == (137, 9, None)
    wait_until(lambda: not processes_with(mark), "the end of all processes")


def test_the_target_finds_signals_as_they_were(batch):
    """Neither blocked nor ignored, as the batch has them for itself."""
    assert (
        batch.tell("out=out", "run", "grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status")["status"]
        == 0
    )
    words = [line.split() for line in open("out")]
    with open(f"/proc/{os.getpid()}/status") as own:
        mine = [line.split() for line in own if line.startswith(("SigBlk", "SigIgn"))]
    python_ignores = (1 << (signal.SIGPIPE - 1)) | (1 << (signal.SIGXFSZ - 1))
    assert int(words[0][1], 16) == int(mine[0][1], 16)
    assert int(words[1][1], 16) & ~python_ignores == int(mine[1][1], 16) & ~python_ignores


# ---- run --outcome, --client-output, --next ----


@pytest.fixture
def programs(tmp_path, monkeypatch):
    (tmp_path / "server.py").write_text(SERVER)
    (tmp_path / "client.py").write_text(CLIENT)
    monkeypatch.chdir(tmp_path)


def serve(*words, next="python3 client.py {port}"):
    command = [SOCKFAULT, "run", "--outcome", "outcome.json", *words, "--server"]
    command += ["--client", f"{PYTHON} client.py {{port}}", "--client-output", "client.out"]
    command += ["--next", next, "--next-output", "next.out", "--", PYTHON, "server.py", "{port}"]
    return command


def test_the_timeout_of_the_run_ends_its_clients_too(programs):
    done = run([*serve("-e", "accept: fail EMFILE", "--quiet", "--timeout", "3s"), "stubborn"])
    outcome = json.loads(open("outcome.json").read())
    # every accept fails: the client waits for ever
    assert done.returncode == outcome["status"] == 124 and outcome["timed_out"]
    assert outcome["next"]["status"] is None


def test_a_server_that_lives_serves_the_next_client(programs):
    done = run([*serve("-e", "accept nth=1: fail EMFILE", "--quiet"), "stubborn"], timeout=90)
    outcome = json.loads(open("outcome.json").read())
    assert done.returncode == 0 and outcome["faults"] == 1 and outcome["terminated"]
    assert outcome["client"] == {
        "status": 0,
        "ended_by_us": False,
        "timed_out": False,
        "output": "client.out",
    }
    assert outcome["next"] == {
        "status": 0,
        "ended_by_us": False,
        "timed_out": False,
        "output": "next.out",
    }
    assert open("client.out").read() == open("next.out").read() == "served\n"


def test_what_another_client_printed_is_not_left_where_none_was_started(tmp_path):
    for name in ("client", "next"):
        (tmp_path / name).write_text("old")
    os.mkfifo(tmp_path / "pipe")
    words = ["run", "--quiet", "--server", "--client", "echo x", "--client-output"]
    more = ["--next", "echo y", "--next-output"]
    ends = ["--", "sh", "-c", "exit 3"]
    for first, then in (("client", "next"), ("new", "/dev/null"), ("pipe", "pipe")):
        done = run([SOCKFAULT, *words, tmp_path / first, *more, tmp_path / then, *ends])
        assert done.returncode == 3, done.stderr
    for name in ("client", "next", "new"):
        assert (tmp_path / name).read_text() == ""
    done = run([SOCKFAULT, *words, tmp_path / "no" / "folder", *ends])
    assert done.returncode == 125 and b"can't write the client's output" in done.stderr


def test_a_server_that_gave_up_does_not(programs):
    run([*serve("-e", "accept nth=2: fail ECONNABORTED", "--quiet")], timeout=90)
    outcome = json.loads(open("outcome.json").read())
    assert outcome["client"]["status"] == 0
    assert outcome["next"]["status"] != 0 or outcome["faults"] == 0


def test_rules_are_paused_for_the_next_client(programs):
    run([*serve("-e", "accept nth=2..: fail ECONNABORTED", "--quiet"), "stubborn"], timeout=90)
    outcome = json.loads(open("outcome.json").read())
    assert outcome["next"]["status"] == 0 and open("next.out").read() == "served\n"


def test_a_next_client_that_waits_for_ever_is_ended(programs):
    done = run(
        [*serve("--quiet", "--next-timeout", "300ms", next="sleep 600"), "stubborn"], timeout=90
    )
    outcome = json.loads(open("outcome.json").read())
    assert done.returncode == 0 and outcome["next"]["timed_out"] and outcome["next"]["ended_by_us"]
    assert outcome["timed_out"] is False
