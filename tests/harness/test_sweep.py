# SPDX-License-Identifier: MIT
"""Sweeps: what they find and what they don't, how they go on after an interruption, and what they
refuse."""

import contextlib
import dataclasses
import fcntl
import io
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import time

import pytest

from conftest import BUILD, PYTHON, ROOT, TARGETS, cases
from sockfault import SockfaultError, sweepplan, trial
from sockfault.batch import Batch
from sockfault.events import Event, Finding
from sockfault.sweep import Sweep, Wishes, _varying
from sockfault.sweepgroup import groups_of, steady
from sockfault.sweepjudge import Compare
from sockfault.sweeprun import Outcome, Program
from sockfault.sweepshow import Show

SWEEP = ROOT / "harness" / "bin" / "sockfault-sweep"
PEER = f"{TARGETS}/robust-echo-server 127.0.0.1 {{port}}"
NAIVE = [f"{TARGETS}/naive-line-client", "127.0.0.1", "{port}", "hello"]
ROBUST = [f"{TARGETS}/robust-line-client", "127.0.0.1", "{port}", "hello"]
CLIENT = f"{TARGETS}/robust-line-client 127.0.0.1 {{port}} hello"


def command(*words, target=None):
    return [PYTHON, str(SWEEP), *map(str, words), "--", *map(str, target or NAIVE)]


def sweep(*words, target=None, status=None, **more):
    done = subprocess.run(
        command(*words, target=target),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        **more,
    )
    if status is not None:
        assert done.returncode == status, done.stdout + done.stderr
    return done


def results(folder):
    return json.loads((folder / "results.json").read_text())


def test_what_a_target_prints_does_nothing_to_a_terminal():
    client = """
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"hello\\n")
print(chr(27) + "]0;title" + chr(7), s.recv(100))
"""
    target = [PYTHON, "-c", client, "{port}"]
    done = sweep("--peer", PEER, "--only", "*/eof/first", target=target, status=1)
    assert "+\\x1b]0;title\\x07 b''" in done.stdout and "\x1b" not in done.stdout


def test_a_failure_names_finding_line_and_rule_and_can_be_repeated(tmp_path):
    done = sweep("--peer", PEER, "--only", "*/eof/first", "--report", tmp_path, status=1)
    found = results(tmp_path)
    (failure,) = found["failures"]
    assert failure["finding"] == "dishonest-success" and failure["severity"] == "error"
    assert pathlib.Path(failure["file"]).name == "naive-line-client.c" and failure["line"] == 31
    assert failure["rule"] == "recv nth=1: eof" and failure["realism"] == "kernel"
    assert failure["repeat"] in done.stdout
    words = shlex.split(failure["repeat"])
    again = subprocess.run(
        [str(BUILD / "sockfault"), *words[1:]], capture_output=True, text=True, check=False
    )
    assert again.returncode == 0 and again.stdout == "" and "1 fault injected" in again.stderr
    assert cases(tmp_path / "junit.xml") and json.loads((tmp_path / "results.sarif").read_text())
    assert json.loads((tmp_path / "run.json").read_text())["jobs"] >= 1


def test_a_right_client_gets_no_error(tmp_path):
    only = ["short-1", "*/reset/*", "*/EINTR/*", "*/ECONNREFUSED/first", "*/eof/*"]
    words = [word for glob in only for word in ("--only", f"*{glob}*")]
    sweep("--peer", PEER, *words, "--report", tmp_path, target=ROBUST, status=0)
    assert results(tmp_path)["failures"] == []


def test_a_server_that_dies_with_its_client_is_told_from_one_that_serves_on(tmp_path):
    words = ["--server", "--client", CLIENT, "--only", "recv*/reset/first"]
    for name, expected in (("naive", 1), ("robust", 0)):
        target = [f"{TARGETS}/{name}-echo-server", "127.0.0.1", "{port}"]
        sweep(*words, "--report", tmp_path / name, target=target, status=expected, cwd=ROOT)
    (failure,) = results(tmp_path / "naive")["failures"]
    assert failure["finding"] == "dies-with-client"
    assert failure["file"] == "tests/targets/naive-echo-server.c"  # as all findings have it


SULKS = """
import socket, sys
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
hurt = False
while True:
    c, _ = s.accept()
    with c:
        try:
            text = c.recv(100)
            c.sendall(b"no\\n" if hurt else text)
        except OSError:
            hurt = True
"""


def test_a_server_that_serves_others_otherwise_after_a_fault_is_told(tmp_path):
    program = tmp_path / "sulks.py"
    program.write_text(SULKS)
    words = ["--server", "--client", CLIENT, "--only", "recv*/reset/first", "--report", tmp_path]
    sweep(*words, target=[PYTHON, program, "{port}"], status=1)
    (failure,) = results(tmp_path)["failures"]
    assert failure["finding"] == "dies-with-client" and "the next client" in failure["says"]


COUNTS = """
import socket, sys
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
visitors, hurt = 0, False
while True:
    try:
        c, _ = s.accept()
        visitors += 1
        with c:
            c.recv(100)
            hurt = hurt and "SULKS" in sys.argv
            c.sendall(b"" if hurt else b"%d\\n" % visitors)
    except OSError:
        hurt = True
"""

ASKS = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as c:
    c.sendall(b"?")
    got = c.recv(100)
    print(got)
    sys.exit(not got)
"""


def test_answers_that_depend_on_earlier_clients_are_judged_by_status_alone(tmp_path):
    for name, text in (("counts.py", COUNTS), ("asks.py", ASKS)):
        (tmp_path / name).write_text(text)
    words = ["--server", "--client", f"{PYTHON} {tmp_path}/asks.py {{port}}"]
    words += ["--only", "*/delay-20ms/first", "--only", "recv*/reset/first"]
    target = [PYTHON, tmp_path / "counts.py", "{port}"]
    sweep(*words, target=target, status=0)
    sweep(*words, "--report", tmp_path, target=[*target, "SULKS"], status=1)
    (failure,) = results(tmp_path)["failures"]
    assert failure["says"].endswith("the next client, without faults, ended with status 1")


MUTE = """
import socket, sys, time
s = None
while not s:
    try:
        s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    except OSError:
        time.sleep(1000 if "WAITS" in sys.argv else 0.5)
while True:
    c, _ = s.accept()
    with c:
        c.sendall(c.recv(100))
"""


def test_a_server_that_neither_listens_nor_ends_is_a_hang(tmp_path):
    program = tmp_path / "mute.py"
    program.write_text(MUTE)
    words = ["--server", "--client", CLIENT]
    target = [PYTHON, program, "{port}"]
    done = sweep(*words, "--only", "socket@*/EMFILE/first..", target=target, status=0)
    assert "could not be made" not in done.stdout
    words += ["--only", "socket@*/EMFILE/first", "--report", tmp_path]
    done = sweep(*words, target=[*target, "WAITS"], status=1)
    (failure,) = results(tmp_path)["failures"]
    assert failure["finding"] == "hang" and failure["rule"] == "socket nth=1: fail EMFILE"
    assert "socket() met 'fail EMFILE': the server neither listened nor ended" in failure["says"]
    assert "could not be made" not in done.stdout and failure["repeat"] in done.stdout


LATE = """
import os, socket, sys, time
with open(sys.argv[2], "a") as file:
    file.write("x")
if os.path.getsize(sys.argv[2]) == int(sys.argv[3]):
    time.sleep(60)
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    c, _ = s.accept()
    with c:
        c.sendall(c.recv(100))
"""


def test_runs_that_could_not_be_made_are_no_success_and_are_made_by_resume(tmp_path):
    """The server does not listen in one run, before any call that meets the fault."""
    program = tmp_path / "late.py"
    program.write_text(LATE)
    words = ["--server", "--client", CLIENT, "--baseline", "1", "--jobs", "1"]
    words += ["--only", "recv*/delay-20ms/first", "--only", "send*/delay-20ms/first"]
    target = [PYTHON, program, "{port}", tmp_path / "count", "3"]
    done = sweep(*words, "--report", tmp_path, target=target, status=125)
    assert "1 run could not be made: the server did not listen on {port} within 10 s" in done.stdout
    assert 'tests="2" failures="0" errors="1" skipped="0"' in (tmp_path / "junit.xml").read_text()
    (tmp_path / "count").unlink()
    pytest_of_plan = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "sockfault.plugin"]
    done = subprocess.run(
        [PYTHON, *pytest_of_plan, "--sockfault-sweep", "plan.jsonl", "-k", "recv and delay"],
        cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(ROOT / "harness")),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 1 and "the run could not be made" in done.stdout, done.stdout
    sweep(*words, "--resume", "--report", tmp_path, target=target, status=0)


def test_what_is_known_is_shown_and_not_counted(tmp_path):
    words = ["--peer", PEER, "--only", "*/eof/first"]
    sweep(*words, "--report", tmp_path / "old", status=1)
    known = tmp_path / "old" / "results.json"
    done = sweep(*words, "--known", known, "--report", tmp_path / "new", status=0)
    assert "known: dishonest-success" in done.stdout
    found = results(tmp_path / "new")
    assert found["failures"] == [] and found["known"] == results(tmp_path / "old")["failures"]


SELECTED = ["--only", "*/eof/*", "--only", "*/closed/*", "--only", "recv*/short-1/*"]


def test_two_sweeps_are_equal_and_shards_are_the_whole(tmp_path):
    words = ["--peer", PEER, *SELECTED, "--jobs", "2"]
    for name in ("one", "other"):
        sweep(*words, "--report", tmp_path / name, status=1)
    one = tmp_path / "one" / "results.json"
    assert one.read_bytes() == (tmp_path / "other" / "results.json").read_bytes()
    ran = set()
    for number in (1, 2):
        folder = tmp_path / f"shard-{number}"
        sweep(*words, "--shard", f"{number}/2", "--report", folder)
        part = set(cases(folder / "junit.xml"))
        ran |= {(number, name) for name in part}
    whole = results(tmp_path / "one")["runs"]
    assert sum(results(tmp_path / f"shard-{n}")["runs"] for n in (1, 2)) == whole


def wait_for_lines(path, count, within=120):
    end = time.monotonic() + within
    while time.monotonic() < end:
        if path.exists() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.01)
    raise AssertionError(f"{path} never had {count} lines")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_sweep_goes_on_and_comes_to_the_same(tmp_path, number):
    words = ["--peer", PEER, *SELECTED, "--jobs", "2"]
    sweep(*words, "--report", tmp_path / "whole", status=1)
    folder = tmp_path / "cut"
    process = subprocess.Popen(
        command(*words, "--report", folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_lines(folder / "journal.jsonl", 3)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    if number == signal.SIGINT:
        assert process.returncode == 130 and "--resume" in errors
    before = (folder / "journal.jsonl").read_bytes()
    assert not (folder / "results.json").exists()
    # What a kill left half written is no line.
    with open(folder / "journal.jsonl", "ab") as journal:
        journal.write(b'{"run": "hal')
    done = sweep(*words, "--resume", "--report", folder, status=1)
    kept = before[: before.rfind(b"\n") + 1]
    assert (folder / "journal.jsonl").read_bytes().startswith(kept)
    assert "of them done before" in done.stderr
    assert all(map(json.loads, (folder / "journal.jsonl").read_text().splitlines()))
    expected = (tmp_path / "whole" / "results.json").read_bytes()
    assert (folder / "results.json").read_bytes() == expected


def test_a_batch_that_ends_within_its_answer_keeps_nobody_waiting(tmp_path):
    worker = tmp_path / "worker"
    worker.write_text("""#!/bin/sh\nhead -c 1 > /dev/null; printf '{"id":"1","sta'\n""")
    worker.chmod(0o755)
    with Batch(path=str(worker)) as batch:
        asked = [batch.begin(["list"])]
        batch._reader.join()
        with contextlib.suppress(SockfaultError):  # nobody reads it, or it is asked in vain
            asked.append(batch.begin(["list"]))
        for one in asked:
            with pytest.raises(SockfaultError, match="has ended"):
                one.answer(timeout=20)


HALF = """
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char answer[6];

    to.sin_port = htons(atoi(argv[1]));
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        return shutdown(fd, SHUT_RDWR) ? 1 : 3;
    if (argc > 2)
        return bind(fd, (struct sockaddr *)&to, sizeof(to)) ? 1 : 3;
    if (send(fd, "hello\\n", 6, MSG_NOSIGNAL) != 6)
        return 1;
    return recv(fd, answer, 6, MSG_WAITALL) == 6 ? 0 : 1;
}
"""


def test_call_sites_are_reached_by_faults_alone_or_never(tmp_path):
    source, program = tmp_path / "half.c", tmp_path / "half"
    source.write_text(HALF)
    subprocess.run(["cc", "-g", "-O1", "-o", program, source], check=True)
    subprocess.run(["strip", "-o", tmp_path / "bare", program], check=True)
    found = {}
    for name in ("half", "bare"):
        folder = tmp_path / f"of-{name}"
        words = ["--peer", PEER, "--only", "ECONNREFUSED", "--report", folder]
        sweep(*words, target=[tmp_path / name, "{port}"], cwd=tmp_path)
        found[name] = results(folder)
        # socket, connect, send, recv; shutdown; connect alone; bind
        assert found[name]["sites"] == {
            "reached": 5,
            "by_faults_alone": 1,
            "faulted": 1,
            "never_reached": 1,
        }
    (known,) = found["half"]["never_reached"]
    line = next(n for n, text in enumerate(HALF.splitlines(), 1) if "bind(" in text)
    assert [known[key] for key in ("func", "file", "line")] == ["bind", "half.c", line]
    (bare,) = found["bare"]["never_reached"]
    assert bare["func"] == "bind" and bare["line"] is None and bare["site"].startswith("bare+0x")
    page = (tmp_path / "of-half" / "report.html").read_text()
    assert re.search(rf"no run reached</h2><ul>\s*<li><code>bind half.c:{line}<", page)


def test_a_mistake_that_needs_no_fault_is_told_though_the_program_fails(tmp_path):
    target = [TARGETS / "wrong" / "edge-not-drained-pair"]
    done = sweep("--report", tmp_path, target=target, status=1)
    (failure,) = results(tmp_path)["failures"]
    assert failure["finding"] == "edge-not-drained" and failure["rule"] is None
    assert "the fault-free run fails" in done.stderr and "ended with status 1" in done.stderr


def test_a_pair_gets_what_the_kernel_can_do_to_it(tmp_path):
    target = [TARGETS / "right" / "wake-pair-client", "{port}"]
    sweep("--peer", PEER, "--time", "0s", "--report", tmp_path, target=target, status=0)
    plan = [json.loads(line) for line in (tmp_path / "plan.jsonl").read_text().splitlines()[1:]]
    own = [entry for entry in plan if "family=unix" in entry["rules"][0]]
    tried = {(entry["place"]["op"], entry["fault"]) for entry in own}
    # a byte that wakes somebody finds room, and there is nothing to cut
    assert tried == {
        ("recv", "fail EAGAIN"),
        ("recv", "delay 20ms"),
        ("send", "delay 20ms"),
    }
    others = {entry["fault"] for entry in plan if entry not in own}
    assert {"reset", "stall", "fail ECONNREFUSED", "fail EMFILE"} <= others


TWICE = """
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void ask(int port, const char *what)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char answer[6];

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) || send(fd, what, 6, MSG_NOSIGNAL) != 6)
        exit(1);
    if (recv(fd, answer, 6, MSG_WAITALL) == 6) /* else nobody is told */
        fwrite(answer, 1, 6, stdout);
    close(fd);
}

int main(int argc, char **argv)
{
    ask(atoi(argv[argc - 1]), "first\\n");
    ask(atoi(argv[argc - 1]), "again\\n");
    return 0;
}
"""


def test_one_mistake_is_told_once_whoever_calls(tmp_path):
    source, program = tmp_path / "twice.c", tmp_path / "twice"
    source.write_text(TWICE)
    subprocess.run(["cc", "-g", "-O0", "-o", program, source], check=True)
    words = ["--peer", PEER, "--only", "*/eof/first", "--report", tmp_path / "report"]
    done = sweep(*words, target=[program, "{port}"], cwd=tmp_path, status=1)
    first, second = results(tmp_path / "report")["failures"]
    assert first["line"] == second["line"] and first["rule"] != second["rule"]
    assert done.stdout.count("[dishonest-success]") == 1
    assert "    2 runs show it (eof)\n" in done.stdout
    assert f"\n    also reached by another way: -e '{second['rule']}'\n" in done.stdout
    assert "twice: 1 error in 2 runs" in done.stdout


def test_a_call_site_is_one_in_whichever_process(tmp_path):
    server = [TARGETS / "right" / "fork-server", "{port}"]
    client = f"for i in 1 2 3; do {CLIENT} & done; wait"
    words = ["--server", "--client", client, "--time", "0s", "--report", tmp_path]
    done = sweep(*words, target=server, status=0)
    plan = [json.loads(line) for line in (tmp_path / "plan.jsonl").read_text().splitlines()[1:]]
    sends = {entry["id"].partition("/")[0] for entry in plan if entry["place"]["op"] == "send"}
    assert len(sends) == 1 and not any("#" in entry["id"] for entry in plan)
    assert "fault-free runs\nsockfault sweep: " in done.stderr and "send at" not in done.stderr


EARLY = """
import socket, sys
s = socket.socket()
s.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
s.connect(("127.0.0.1", int(sys.argv[1])))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
s.sendall(b"x\\n")
print(s.recv(4096))
"""


BOUND = EARLY.replace("s.connect", "s.bind(('127.0.0.1', 0))\ns.connect")


def test_every_rule_of_a_plan_is_one(tmp_path):
    program = tmp_path / "bound.py"
    program.write_text(BOUND)
    target = [PYTHON, program, "{port}"]
    sweep("--peer", PEER, "--time", "0s", "--report", tmp_path, target=target)
    plan = [json.loads(line) for line in (tmp_path / "plan.jsonl").read_text().splitlines()[1:]]
    rules = [rule for entry in plan for rule in entry["rules"]]
    assert {"bind", "connect"} <= {rule.split()[0] for rule in rules}
    one = tmp_path / "one.fault"  # each by itself: among others some would be hidden
    for rule in rules:
        one.write_text(rule + "\n")
        subprocess.run([BUILD / "sockfault", "check", one], check=True)


def test_each_run_meets_the_call_that_it_is_for(tmp_path):
    program = tmp_path / "early.py"
    program.write_text(EARLY)
    only = [word for glob in ("delay*", "reset", "short") for word in ("--only", glob)]
    target = [PYTHON, program, "{port}"]
    sweep("--peer", PEER, *only, "--report", tmp_path, target=target)
    plan = [json.loads(line) for line in (tmp_path / "plan.jsonl").read_text().splitlines()[1:]]
    # Who has no connection yet has none to lose; two bytes of 4096 are no less for half the room.
    tried = [(one["place"]["func"], one["fault"]) for one in plan if one["which"] == "first"]
    assert ("getsockopt", "delay 20ms") in tried and ("getsockopt", "reset") not in tried
    assert ("setsockopt", "reset") in tried
    assert ("recv", "short 1") in tried and ("recv", "short 50%") not in tried
    journal = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    records = [one for one in journal if "run" in one]
    facts = json.loads((tmp_path / "run.json").read_text())
    assert facts["missed"] == [] and facts["runs"] == len(records) > 10


UNSTEADY = """
import os, socket
a, b = socket.socketpair()
print("pid", os.getpid(), "of", 7)
s = socket.create_connection(("127.0.0.1", %PORT%))
s.sendall(b"x\\n")
print(s.makefile().readline())
"""


def test_what_does_not_repeat_itself_is_refused_with_the_difference(tmp_path):
    program = tmp_path / "unsteady.py"
    program.write_text(UNSTEADY.replace("%PORT%", "int(os.sys.argv[1])"))
    target = [PYTHON, program, "{port}"]
    words = ["--peer", PEER, "--only", "recv*/short-1/first"]
    done = sweep(*words, target=target, status=125)
    assert "--normalize" in done.stderr and "+pid" in done.stderr
    sweep(*words, "--normalize", "s/pid [0-9]+/pid/", target=target, status=0)
    sweep(*words, "--compare", "status", target=target, status=0)


def test_what_fails_without_faults_is_refused_with_its_words():
    done = sweep(target=["/bin/sh", "-c", "echo no such luck >&2; exit 3"], status=125)
    assert "ended with status 3" in done.stderr and "no such luck" in done.stderr


def test_a_program_without_socket_calls_is_refused():
    done = sweep(target=["/bin/true"], status=125)
    assert "no socket call" in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "there is no COMMAND"),
        (["--server", "--", "true"], "belong together"),
        (["--client", "x", "--", "true"], "belong together"),
        (["--jobs", "0", "--", "true"], "at least 1"),
        (["--time", "soon", "--", "true"], "no duration"),
        (["--deadline", "5", "--", "true"], "no duration"),
        (["--shard", "4/3", "--", "true"], "a shard is as 2/3"),
        (["--normalize", "s/[/x/", "--", "true"], "normalize"),
        (["--normalize", "s/a/\\1/", "--", "true"], "normalize"),
        (["--known", "/nonexistent", "--", "true"], "no results.json"),
        (["--resume", "--", "true"], "--report DIR"),
        (["--compare", "nothing", "--", "true"], "--compare"),
        (["--", "/nonexistent/program"], "there is no program"),
        (["--nonsense", "--", "true"], "--nonsense"),
    ],
)
def test_a_wrong_command_line_is_told(words, told):
    done = subprocess.run([PYTHON, SWEEP, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 125 and told in done.stderr, done.stderr
    assert done.stderr.count("\n") <= 2


def test_help_names_each_option():
    done = subprocess.run([PYTHON, SWEEP, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    manual = (ROOT / "doc" / "sockfault.1").read_text()
    for word in set(re.findall(r"(?<!\S)--([a-z]+)", done.stdout)) - {"help"}:
        assert f"Fl -{word}" in manual, word


def test_shards_of_a_plan_have_each_entry_once():
    entries = list(range(17))
    parts = [sweepplan.shard(entries, f"{number}/4") for number in range(1, 5)]
    assert sorted(one for part in parts for one in part) == entries
    assert sweepplan.shard(entries, None) == entries


@pytest.mark.parametrize(
    ("fault", "is_transient"),
    [
        ("short 1", True),
        ("fail EINTR", True),
        ("fail EAGAIN", True),
        ("delay 20ms", True),
        ("reset", False),
        ("fail ECONNRESET", False),
        ("latency 40ms", False),
        ("drop", False),
    ],
)
def test_what_must_be_invisible(fault, is_transient):
    assert sweepplan.is_transient(fault, "recv", "nonblocking") is is_transient


def test_a_timeout_of_its_own_that_is_over_may_be_seen():
    assert not sweepplan.is_transient("fail EAGAIN", "recv", "timeout")
    assert not sweepplan.is_transient("fail EAGAIN", "connect", "nonblocking")


def test_a_refusal_that_is_told_later_is_no_fault_that_goes_by():
    refused = Event(1, 0, "connect", errno="EINPROGRESS", fault="fail ECONNREFUSED")
    again = Event(1, 0, "recv", mode="nonblocking", errno="EAGAIN", fault="fail EAGAIN")
    assert not trial.is_transient(refused) and trial.is_transient(again)


def test_figures_that_differ_from_run_to_run_are_not_told():
    assert steady("took 1 of 6 in 0.5 ms", "took 1 of 6 in 12 ms") == "took 1 of 6 in N ms"
    assert steady("took 1 of 6", "another sentence 1") == "took 1 of 6"
    assert steady("5 times", "6 times") == "N times"


def test_people_see_the_figures_of_the_run_that_confirmed_it():
    place = sweepplan.Place("client", "recv", "recv", "client+0x1", "abc")
    entry = sweepplan.Entry("id", 0, place, "first", False, "stall", "kernel", ("recv: stall",))
    late = Finding("no-timeout", "advice", "it waited 2.1 s")
    record = {"run": "id", "rule": "recv: stall", "findings": [dataclasses.asdict(late)]}
    (group,) = groups_of([entry], [record], [])
    again = dataclasses.replace(late, says="it waited 5.3 s")
    group.take(group.confirmed(entry, "recv: stall", again))
    assert group.finding.says == "it waited N s" and group.seen == "it waited 5.3 s"
    client, server = Program(["c"]), Program(["s", "{port}"], "server", "c {port}")
    assert group.repeat(client) == "sockfault run --timeout 10s -e 'recv: stall' -- c"
    group.finding = dataclasses.replace(late, finding="dies-with-client")
    roles = "--server --client 'c {port}' --client-timeout 10s --next 'c {port}'"
    assert group.repeat(server) == f"sockfault run {roles} -e 'recv: stall' -- s {{port}}"


def test_what_is_left_is_no_more_than_the_time_that_was_given():
    show = Show(io.StringIO())
    show.begin(1000, 0, limit=5.0)
    show.ran({"result": "fine"})
    assert " 5 s left" in show._state(show._began + 0.1)
    assert " 0 s left" in show._state(show._began + 6.0)


def test_what_varies_is_told_in_few_words():
    def made(site, stack):
        place = sweepplan.Place("server", "recv", "recv", site, stack)
        return sweepplan.Call(place, Event(1, 0, "recv"), "tcp")

    runs = [[made("a", "1"), made("b", "1")], [made("b", "2")]]
    assert list(_varying(runs)) == [
        "recv at a was called in 1 of 2 fault-free runs",
        "recv at b had not the same callers in all fault-free runs",
    ]
    many = [[made(f"{number:02}", "1") for number in range(40)], [made("40", "1")]]
    *told, last = _varying(many)
    assert len(told) == 5 and last == "and so with 36 other call sites"


def test_the_command_compares_what_is_compared_as_it_is(tmp_path, monkeypatch):
    """With --expect; what is made alike first is compared here, and findings are asked for anew."""
    refind, asked = Outcome.refind, []
    monkeypatch.setattr(Outcome, "refind", lambda *all_: asked.append(all_) or refind(*all_))
    for texts in ([], ["s/x/y/"]):
        folder = tmp_path / str(len(texts))
        compare = Compare.of("output", texts)
        wishes = Wishes(Program(NAIVE, peer=PEER), compare, folder, only=["*/eof/first"])
        (group,) = Sweep(wishes, Show(io.StringIO(), quiet=True)).run().groups
        assert group.finding.finding == "dishonest-success" and bool(asked) is bool(texts)


def test_what_the_peer_complains_of_is_not_taken_for_the_programs_word(tmp_path):
    """With --stderr: else a peer that names another error would be the program naming it."""
    peer = f"echo 'connect: No such device' >&2; exec {PEER}"
    target = ["sh", "-c", f"{shlex.join(NAIVE)} 2> /dev/null".replace("'", "")]
    words = ["--peer", peer, "--only", "*/ECONNREFUSED/first", "--report", tmp_path]
    sweep(*words, target=target, status=0)
    (row,) = [one for one in results(tmp_path)["coverage"] if one["faults"]]
    assert row["faults"] == {"fail ECONNREFUSED": "fine"}


def test_a_sweep_leaves_nothing_but_its_report(tmp_path):
    folder, private = tmp_path / "report", tmp_path / "tmp"
    private.mkdir()
    env = dict(os.environ, TMPDIR=str(private))
    sweep("--peer", PEER, "--only", "*/eof/first", "--report", folder, status=1, env=env)
    made = {path.name for path in pathlib.Path(folder).iterdir()}
    assert {"plan.jsonl", "journal.jsonl", "results.json", "run.json"} <= made
    assert "work" not in made and list(private.iterdir()) == []


def test_what_a_killed_sweep_left_is_taken_away_by_a_later_one(tmp_path):
    """And nothing of one that lives, or has begun just now."""
    private = tmp_path / "tmp"
    names = ["sockfault-sweep-dead", "sockfault-sweep-alive", "sockfault-sweep-new", "other"]
    for name in names:
        (private / name).mkdir(parents=True)
        (private / name / "journal.jsonl").touch()
        if not name.endswith("new"):
            os.utime(private / name, (1, 1))
    held = os.open(private / "sockfault-sweep-alive", os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        sweep("--peer", PEER, "--time", "0s", status=0, env=dict(os.environ, TMPDIR=str(private)))
    finally:
        os.close(held)
    assert sorted(path.name for path in private.iterdir()) == sorted(names[1:])


def test_a_plan_is_a_file_of_pytest_items(tmp_path):
    sweep("--peer", PEER, "--time", "0s", "--report", tmp_path, status=0)
    words = ["-q", "-p", "no:cacheprovider", "-p", "sockfault.plugin", "-k", "eof and not .."]
    words += ["--sockfault-sweep", "plan.jsonl", "--junitxml=made.xml", "-n", "2"]
    done = subprocess.run(
        [PYTHON, "-m", "pytest", *words],
        cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(ROOT / "harness")),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "dishonest-success" in done.stdout and "-e 'recv nth=1: eof'" in done.stdout
    (case,) = cases(tmp_path / "made.xml").values()
    assert case == "failure"
