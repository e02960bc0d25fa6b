# SPDX-License-Identifier: MIT
"""The trace under stress: a full disk, limits, kills, two runs on one path, many calls."""

import json
import os
import resource
import signal
import subprocess

import pytest

from conftest import SOCKFAULT, events, run, wait_until

CALLS = (
    "import socket, sys; a, b = socket.socketpair()\n"
    "for i in range(int(sys.argv[1])): a.send(b'x'); b.recv(1)\n"
    "print('done')"
)


def traced(trace, count, **options):
    code = ["/usr/bin/python3", "-c", CALLS, str(count)]
    return run([SOCKFAULT, "run", "--trace", trace, "--", *code], **options)


def calls_of(trace):
    return [event for event in events(trace) if event["op"] in ("send", "recv")]


def test_every_call_of_many_is_recorded(tmp_path):
    done = traced(tmp_path / "t.sft", 100000)
    assert (done.returncode, done.stdout) == (0, b"done\n")
    assert b"lost" not in done.stderr
    assert len(calls_of(tmp_path / "t.sft")) == 200000


def test_trace_size_is_a_bound_and_what_it_costs_is_said(tmp_path):
    trace = tmp_path / "t.sft"
    code = ["/usr/bin/python3", "-c", CALLS, "100000"]
    done = run([SOCKFAULT, "run", "--trace", trace, "--trace-size", "2MiB", "--", *code])
    assert (done.returncode, done.stdout) == (0, b"done\n")
    assert b"lost" in done.stderr and b"--trace-size" in done.stderr
    assert os.stat(trace).st_size <= 2 << 20
    assert len(calls_of(trace)) > 1000


def test_full_disk_does_not_hurt_the_program(tmp_path):
    """A hole on a full disk would be SIGBUS in the target."""
    folder = tmp_path / "small"
    folder.mkdir()
    if run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder]).returncode != 0:
        pytest.skip("needs the right to mount")
    try:
        done = traced(folder / "t.sft", 200000)
        assert (done.returncode, done.stdout) == (0, b"done\n")
        assert b"lost" in done.stderr and b"No space left" in done.stderr
        assert len(calls_of(folder / "t.sft")) > 10000
        (folder / "filler").write_bytes(b"")
        subprocess.run(
            ["sh", "-c", f"cat /dev/zero > {folder}/filler"], stderr=subprocess.DEVNULL, check=False
        )
        os.unlink(folder / "t.sft")
        subprocess.run(
            ["sh", "-c", f"cat /dev/zero >> {folder}/filler"],
            stderr=subprocess.DEVNULL,
            check=False,
        )
        none = traced(folder / "u.sft", 1)
        assert none.returncode == 125
        assert b"No space left" in none.stderr
        assert os.listdir(folder) == ["filler"]
    finally:
        run(["umount", folder])


@pytest.mark.parametrize("soft", [4096, 1 << 20])
def test_limit_of_file_size_binds_the_program_alone(tmp_path, soft):
    def prepare():
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))

    done = traced(tmp_path / "t.sft", 50000, preexec_fn=prepare)
    assert (done.returncode, done.stdout) == (0, b"done\n")
    assert len(calls_of(tmp_path / "t.sft")) == 100000
    shown = run([SOCKFAULT, "run", "--quiet", "--", "sh", "-c", "ulimit -f"], preexec_fn=prepare)
    assert shown.stdout == run(["sh", "-c", "ulimit -f"], preexec_fn=prepare).stdout


def test_limit_of_memory_leaves_a_smaller_trace(tmp_path):
    def prepare():
        resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))

    done = traced(tmp_path / "t.sft", 50000, preexec_fn=prepare)
    assert (done.returncode, done.stdout) == (0, b"done\n")
    assert len(calls_of(tmp_path / "t.sft")) == 100000


LIMITS_ITSELF = """
import resource, socket, threading

a, b = socket.socketpair()
def talk():
    for _ in range(5000):
        a.send(b"x")
        b.recv(1)
threads = [threading.Thread(target=talk) for _ in range(2)]
for thread in threads:
    thread.start()
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
taken = bytearray(200 << 20)
for thread in threads:
    thread.join()
talk()
print("done")
"""


def test_a_program_that_limits_its_memory_has_it(tmp_path):
    """The trace takes address space; what is not in use is given back."""
    trace = tmp_path / "t.sft"
    code = ["/usr/bin/python3", "-c", LIMITS_ITSELF]
    done = run([SOCKFAULT, "run", "--trace", trace, "--", *code])
    assert (done.returncode, done.stdout) == (0, b"done\n"), done.stderr
    assert b"lost" not in done.stderr
    assert len(calls_of(trace)) == 30000


def test_second_run_on_the_same_path_leaves_the_first_alone(tmp_path):
    trace = tmp_path / "t.sft"
    code = CALLS + "\ninput()\nfor i in range(1000): a.send(b'x'); b.recv(1)"
    words = [SOCKFAULT, "run", "--trace", trace, "--", "/usr/bin/python3", "-c", code, "10"]
    first = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert first.stdout.readline() == b"done\n"
    kept = tmp_path / "kept.sft"
    os.link(trace, kept)
    assert traced(trace, 5).returncode == 0
    _, errors = first.communicate(b"\n", timeout=60)
    assert first.returncode == 0, errors
    assert len(calls_of(trace)) == 10
    assert len(calls_of(kept)) == 2020


def test_killed_program_leaves_each_completed_call(tmp_path):
    trace = tmp_path / "t.sft"
    code = (
        "import os, socket; a, b = socket.socketpair()\n"
        "for i in range(50000): a.send(b'x'); b.recv(1)\n"
        "os.kill(os.getpid(), 9)"
    )
    done = run([SOCKFAULT, "run", "--trace", trace, "--", "/usr/bin/python3", "-c", code])
    assert done.returncode == 128 + signal.SIGKILL
    assert len(calls_of(trace)) == 100000


def test_killed_command_does_not_hurt_the_program(tmp_path):
    code = CALLS + "\ninput()\nfor i in range(100000): a.send(b'x'); b.recv(1)\nprint('end')"
    command = subprocess.Popen(
        [SOCKFAULT, "run", "--", "/usr/bin/python3", "-c", code, "10"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert command.stdout.readline() == b"done\n"
    command.kill()
    command.wait(timeout=60)
    command.stdin.write(b"\n")
    command.stdin.close()
    assert command.stdout.read() == b"end\n"
    command.stdout.close()


def test_trace_is_private_and_another_file(tmp_path):
    trace = tmp_path / "t.sft"
    trace.write_text("before")
    inode = os.stat(trace).st_ino
    held = open(trace, encoding="ascii")
    assert traced(trace, 1).returncode == 0
    assert os.stat(trace).st_mode & 0o7777 == 0o600
    assert os.stat(trace).st_ino != inode
    assert held.read() == "before"
    held.close()
    assert sorted(os.listdir(tmp_path)) == ["home", "t.sft"]


@pytest.mark.parametrize("place", ["/dev/null", ".", "missing/t.sft"])
def test_trace_goes_to_ordinary_files_only(tmp_path, place):
    done = run([SOCKFAULT, "run", "--trace", place, "--", "echo", "ran"], cwd=tmp_path)
    assert done.returncode == 125 and done.stdout == b""
    assert done.stderr.count(b"\n") == 1


def test_the_last_run_is_kept_and_older_ones_go(tmp_path):
    folder = tmp_path / "home" / f"sockfault-{os.geteuid()}"
    for _ in range(3):
        assert run([SOCKFAULT, "run", "--quiet", "--", "true"]).returncode == 0
    assert len([name for name in os.listdir(folder) if name.startswith("run-")]) == 1
    private = 0o711 if os.geteuid() == 0 else 0o700  # root's programs may drop privileges
    assert os.stat(folder).st_mode & 0o7777 == private
    assert run([SOCKFAULT, "trace"]).returncode == 0
    named = tmp_path / "named.sft"
    assert run([SOCKFAULT, "run", "--quiet", "--trace", named, "--", "true"]).returncode == 0
    assert os.readlink(folder / "latest") == str(named)
    assert run([SOCKFAULT, "run", "--quiet", "--", "true"]).returncode == 0
    assert [name[:4] for name in os.listdir(folder)] == ["run-"]


def test_run_from_before_the_clock_was_set_back_is_an_old_one(tmp_path):
    folder = tmp_path / "home" / f"sockfault-{os.geteuid()}"
    assert run([SOCKFAULT, "run", "--quiet", "--", "true"]).returncode == 0
    (first,) = os.listdir(folder)
    os.rename(folder / first, folder / first.replace("run-", "run-9"))
    assert run([SOCKFAULT, "run", "--quiet", "--", "true"]).returncode == 0
    (second,) = os.listdir(folder)
    assert not second.startswith("run-9")


def test_run_that_goes_on_is_not_removed_as_an_old_one(tmp_path):
    folder = tmp_path / "home" / f"sockfault-{os.geteuid()}"
    first = subprocess.Popen([SOCKFAULT, "run", "--quiet", "--", "cat"], stdin=subprocess.PIPE)
    wait_until(lambda: list(folder.glob("run-*.sft")), "the first run")
    (path,) = folder.glob("run-*.sft")
    for _ in range(2):
        assert run([SOCKFAULT, "run", "--quiet", "--", "true"]).returncode == 0
    assert os.path.exists(path)
    first.stdin.close()
    assert first.wait(timeout=60) == 0


def test_runs_at_the_same_time_do_not_clear_each_other_away():
    loop = f"for i in $(seq 40); do {SOCKFAULT} run --quiet -- true || exit 1; done"
    loops = [subprocess.Popen(["sh", "-c", loop], stderr=subprocess.PIPE) for _ in range(4)]
    errors = [process.communicate(timeout=120)[1] for process in loops]
    assert [process.returncode for process in loops] == [0] * 4, errors


def test_folder_of_somebody_else_is_refused(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs another user's folder")
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    done = run([SOCKFAULT, "run", "--", "true"], env=dict(os.environ, SOCKFAULT_DIR=str(folder)))
    assert done.returncode == 125
    assert b"not a folder of your own" in done.stderr


def test_level_and_data_options_reach_the_library(tmp_path):
    trace = tmp_path / "t.sft"
    code = ["/usr/bin/python3", "-c", CALLS, "10"]
    rule = "send family=unix nth=3: short 1"
    run(
        [SOCKFAULT, "run", "--trace", trace, "--trace-level", "faults", "-e", rule, "--", *code],
        check=True,
    )
    assert len([event for event in calls_of(trace) if event["fault"]]) == len(calls_of(trace))
    run([SOCKFAULT, "run", "--trace", trace, "--trace-level", "off", "--", *code], check=True)
    assert calls_of(trace) == []


def test_times_of_events_are_those_of_the_run(tmp_path):
    trace = tmp_path / "t.sft"
    code = (
        "import socket, time; a, b = socket.socketpair(); a.send(b'x'); time.sleep(0.5); b.recv(1)"
    )
    run([SOCKFAULT, "run", "--trace", trace, "--", "/usr/bin/python3", "-c", code], check=True)
    sent, received = [event["time_ns"] for event in calls_of(trace)]
    assert 0.45e9 < received - sent < 1e9
    assert json.dumps(sent)
