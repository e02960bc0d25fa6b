# SPDX-License-Identifier: MIT
"""sockfault.run: what it collects, what it refuses, what it leaves alone."""

import os
import signal
import subprocess
import sys
import time

import pytest

import sockfault
from conftest import PYTHON, ROOT, TARGETS, ended
from sockfault import command, events

PAIR = """
import socket, sys
a, b = socket.socketpair()
a.sendall(sys.stdin.buffer.read() or b"0123456789")
a.close()
while data := b.recv(100):
    print(len(data))
"""
SHORT = "recv family=unix: short 4"


def pair(*rules, **options):
    return sockfault.run([PYTHON, "-c", PAIR], *rules, **options)


def test_collects_what_a_target_came_to():
    run = pair(SHORT)
    assert (run.status, run.signal, run.timed_out) == (0, None, False)
    assert run.stdout == b"4\n4\n2\n" and run.stderr == b""
    assert run.rusage.ru_utime + run.rusage.ru_stime > 0
    assert [(rule.text, rule.fired, rule.why) for rule in run.rules] == [(SHORT, 2, None)]
    assert [event.fault for event in run.faults] == ["short 4"] * 2
    assert {event.op for event in run.events} >= {"load", "send", "recv", "close", "exit"}
    assert run.findings == []
    assert "2 faults injected" in repr(run)


def test_events_are_typed():
    run = pair(SHORT)
    fault = run.faults[0]
    assert (fault.op, fault.func, fault.ret, fault.rule, fault.realism) == (
        "recv",
        "recv",
        4,
        1,
        "kernel",
    )
    assert fault.asked == 100 and fault.time_ns > 0 and fault.pid == run.processes[0].pid


def test_repeat_is_a_shell_command_that_does_the_same():
    run = pair(SHORT, stdin=b"0123456789")
    done = subprocess.run(run.repeat, shell=True, capture_output=True, input=b"0123456789")
    assert (done.returncode, done.stdout) == (run.status, run.stdout)


def test_status_and_signal_are_told_apart():
    assert sockfault.run(["sh", "-c", "exit 139"]).status == 139
    run = sockfault.run(["sh", "-c", "kill -SEGV $$"])
    assert (run.status, run.signal) == (None, signal.SIGSEGV)
    assert "killed by SIGSEGV" in repr(run)
    for status in (123, 124, 125, 126, 127):
        run = sockfault.run(["sh", "-c", f"exit {status}"])
        assert (run.status, run.timed_out) == (status, False)


def test_the_deadline_ends_the_whole_tree():
    run = sockfault.run(["sh", "-c", "sleep 1000 & echo $!; exec sleep 1001"], timeout="500ms")
    assert run.timed_out and run.signal == signal.SIGKILL
    assert "did not end within 0.5 s" in repr(run)
    assert ended(int(run.stdout))


def test_a_daemon_belongs_to_the_run(tmp_path):
    script = f"setsid sh -c 'sleep 0.3; echo done > {tmp_path}/done' & exit 3"
    run = sockfault.run(["sh", "-c", script])
    assert run.status == 3
    assert (tmp_path / "done").read_text() == "done\n"
    assert len(run.processes) >= 3


def test_nothing_else_is_killed():
    other = subprocess.Popen(["sleep", "1000"])
    try:
        run = sockfault.run(["sleep", "1002"], timeout=0.3)
        assert run.timed_out and other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_stdin_folder_and_environment(tmp_path):
    words = ["sh", "-c", 'cat; pwd; echo "$A-${HOME-none}"']
    run = sockfault.run(words, stdin=b"in\n", cwd=tmp_path, env={"A": "b", "HOME": None})
    assert run.stdout.decode() == f"in\n{tmp_path}\nb-none\n"


def test_a_text_is_split_into_words_and_numbers_are_words():
    assert sockfault.run("echo 'a b' c").stdout == b"a b c\n"
    assert sockfault.run(["echo", 7, ROOT]).stdout.decode() == f"7 {ROOT}\n"


def test_ready_made_scenarios_and_conditions():
    run = pair(use="every-recv-is-one-byte family=unix")
    assert run.stdout == b"1\n" * 10
    assert "family=unix" in run.rules[0].text


def test_a_shell_peer():
    run = sockfault.run(
        [TARGETS / "robust-line-client", "127.0.0.1", "{port}", "hello"],
        "recv: short 1",
        peer=f"{TARGETS}/robust-echo-server 127.0.0.1 {{port}}",
    )
    assert (run.status, run.stdout) == (0, b"hello\n")


def test_the_seed_decides():
    def cuts(seed):
        run = pair("recv family=unix: short 1..9", seed=seed)
        assert run.seed == seed
        return run.stdout

    assert cuts(7) == cuts(7)
    assert len({cuts(seed) for seed in range(6)}) > 1


def test_realism_kernel_leaves_posix_out():
    words = [TARGETS / "naive-line-client", "127.0.0.1", "{port}", "hello"]
    peer = f"{TARGETS}/robust-echo-server 127.0.0.1 {{port}}"
    run = sockfault.run(words, "send: short 2", peer=peer, realism="kernel", must_fire=False)
    assert run.unfired and "not applicable" in run.unfired[0].why


# ---- never vacuous ----


def test_a_rule_that_never_fired_says_why():
    run = pair("recv nth=9: short 1", "connect: fail ECONNREFUSED", "recv family=unix: short 4")
    with pytest.raises(sockfault.UnfiredRules) as caught:
        run.check_fired()
    text = str(caught.value)
    assert "2 of 3 rules never fired" in text
    assert "recv nth=9: short 1\n    never" in text
    assert "connect: fail ECONNREFUSED\n    never reached: no call met its conditions" in text
    assert "short 4" not in text


def test_a_rule_that_need_not_fire():
    pair("connect: fail ECONNREFUSED", must_fire=False).check_fired()


def test_without_rules_there_is_nothing_to_fire():
    pair().check_fired()


def test_an_earlier_rule_had_decided():
    run = pair("recv family=unix: short 4", "recv family=unix: short 3")
    assert "earlier rule" in run.unfired[0].why


def test_a_program_that_the_library_cannot_get_into(tmp_path):
    static = ROOT / "build/tests/e2e/guest-static"
    with pytest.raises(sockfault.SockfaultError, match="static"):
        sockfault.run([static], SHORT)


def test_a_child_that_escapes_is_told():
    static = ROOT / "build/tests/e2e/guest-static"
    run = sockfault.run(["sh", "-c", f"{static} >/dev/null; exit 0"], SHORT, must_fire=False)
    assert [os.path.basename(process.path) for process in run.escaped] == ["guest-static"]
    with pytest.raises(sockfault.UnfiredRules, match="without the library"):
        run.check_fired()
    run.may_escape = True
    run.check_fired()


def test_a_wrong_rule_is_shown_with_its_place():
    with pytest.raises(sockfault.SockfaultError) as caught:
        pair("recv: shrt 4")
    assert "^" in str(caught.value) and "short" in str(caught.value)


def test_a_program_that_is_not_there():
    with pytest.raises(sockfault.SockfaultError, match="No such file"):
        sockfault.run(["/no/such/program"])


def test_a_wrong_duration():
    with pytest.raises(ValueError, match="10s or 500ms"):
        sockfault.run(["true"], timeout="soon")


# ---- the command ----


def test_tables_are_the_commands():
    assert {"send", "recv", "connect"} <= {row["call"] for row in command.listing("calls")}
    assert "short" in {row["fault"] for row in command.listing("faults")}


def test_where_the_command_is_looked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("SOCKFAULT_COMMAND", str(tmp_path / "none"))
    with pytest.raises(sockfault.SockfaultError, match="SOCKFAULT_COMMAND names .*none"):
        command.find()
    monkeypatch.delenv("SOCKFAULT_COMMAND")
    monkeypatch.setattr(command, "_candidates", lambda: iter([tmp_path / "a"]))
    monkeypatch.setenv("PATH", str(tmp_path))
    command._search.cache_clear()
    with pytest.raises(sockfault.SockfaultError, match="make install"):
        command.find()
    (tmp_path / "sockfault").symlink_to("/bin/true")
    assert command.find() == str(tmp_path / "sockfault")
    command._search.cache_clear()


def test_fields_that_are_new_are_kept():
    event = events.make(events.Event, {"seq": 1, "time_ns": 2, "op": "recv", "novelty": 3})
    assert event.more == {"novelty": 3}


# ---- cleanliness ----


def test_a_run_without_a_folder_leaves_nothing(tmp_path, monkeypatch):
    import gc
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    run = pair()
    assert run.events and run.trace.exists()
    del run
    gc.collect()
    assert list((tmp_path / "t").iterdir()) == []


def test_a_harness_that_is_interrupted_ends_its_target(tmp_path):
    script = (
        "import sockfault, sys\n"
        f"sockfault.run(['sh', '-c', 'echo $$ > {tmp_path}/pid; exec sleep 1003'])\n"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT / "harness")}
    process = subprocess.Popen([sys.executable, "-c", script], env=env, stderr=subprocess.DEVNULL)
    pid_file, end = tmp_path / "pid", time.monotonic() + 30
    while not (pid_file.exists() and pid_file.read_text().strip()) and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)
    assert ended(int(pid_file.read_text()))
