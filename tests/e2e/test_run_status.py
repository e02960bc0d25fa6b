# SPDX-License-Identifier: MIT
"""sockfault run: its exit statuses, and that what they claim is so."""

import os
import signal
import subprocess

import pytest

from conftest import SOCKFAULT, run, wait_until

PAIR = (
    "import socket; a, b = socket.socketpair(); a.sendall(b'x' * 64);"
    " n = 0\nwhile n < 64: n += len(b.recv(64))\nprint(n)"
)
SEND = "send family=unix: short 1"


def python(code):
    return ["/usr/bin/python3", "-c", code]


def sockfault(*words, **options):
    return run([SOCKFAULT, "run", *words], **options)


@pytest.mark.parametrize("status", [0, 1, 77, 255])
def test_status_is_the_programs_own(status):
    assert sockfault("--", "sh", "-c", f"exit {status}").returncode == status


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_signal_gives_128_and_its_number(number):
    done = sockfault("--", "sh", "-c", f"kill -{int(number)} $$")
    assert done.returncode == 128 + number
    assert b"killed by signal" in done.stderr


def test_standard_output_is_the_programs_alone():
    done = sockfault("-e", SEND, "--", *python(PAIR))
    assert done.stdout == b"64\n"
    assert b"faults injected" in done.stderr


def test_quiet_says_nothing():
    done = sockfault("--quiet", "-e", SEND, "--", *python(PAIR))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"64\n", b"")


def test_program_that_is_not_there_is_127():
    done = sockfault("--", "/nonexistent/program")
    assert done.returncode == 127
    assert b"/nonexistent/program: No such file" in done.stderr


def test_program_that_is_not_executable_is_126(tmp_path):
    (tmp_path / "plain").write_text("text")
    assert sockfault("--", tmp_path / "plain").returncode == 126
    assert sockfault("--", tmp_path).returncode == 126


def test_bad_rule_is_125_and_shown():
    done = sockfault("-e", "recv: fial ECONNRESET", "--", "true")
    assert done.returncode == 125
    assert b"-e:1:" in done.stderr and b"^" in done.stderr


def test_unknown_scenario_is_125_with_a_proposal():
    done = sockfault("-s", "dns-is-flakey", "--", "true")
    assert done.returncode == 125
    assert b"dns-is-flaky" in done.stderr


def test_statically_linked_program_is_125_with_the_reason(tmp_path):
    source = tmp_path / "static.c"
    source.write_text('#include <stdio.h>\nint main(void) { return puts("ran") < 0; }\n')
    done = run(["cc", "-static", "-o", tmp_path / "static", source])
    if done.returncode != 0:
        pytest.skip("this compiler can't link statically")
    done = sockfault("--", tmp_path / "static")
    assert done.returncode == 125
    assert done.stdout == b""  # it was not even begun
    assert b"static" in done.stderr


def test_program_that_execs_a_static_one_at_once_is_not_vacuous(tmp_path):
    """The shell loads the library, the program it becomes does not: a child that escaped."""
    source = tmp_path / "static.c"
    source.write_text("int main(void) { return 0; }\n")
    if run(["cc", "-static", "-o", tmp_path / "static", source]).returncode != 0:
        pytest.skip("this compiler can't link statically")
    done = sockfault("--strict", "--", "sh", "-c", f"exec {tmp_path}/static")
    assert b"escaped" in done.stderr
    assert done.returncode == 123


def test_library_that_never_loads_is_125(tmp_path):
    """What no look at files foresees: the loader itself drops LD_PRELOAD."""
    wrapper = tmp_path / "wrapper"
    loader = "/lib64/ld-linux-x86-64.so.2"
    if not os.path.exists(loader):
        pytest.skip("no such loader on this machine")
    wrapper.write_text(f"#!{loader}\n")
    wrapper.chmod(0o755)
    done = sockfault("--", wrapper)
    assert done.returncode == 125


def test_strict_is_123_where_a_rule_never_fired():
    never = "send family=unix nth=1000: short 1"
    assert sockfault("-e", never, "--", *python(PAIR)).returncode == 0
    done = sockfault("--strict", "-e", never, "--", *python(PAIR))
    assert done.returncode == 123
    assert b"never fired" in done.stderr


def test_strict_is_0_where_all_fired_and_leaves_other_statuses():
    assert sockfault("--strict", "-e", SEND, "--", *python(PAIR)).returncode == 0
    never = ("--strict", "-e", "connect: fail ECONNREFUSED")
    assert sockfault(*never, "--", "sh", "-c", "exit 3").returncode == 3


def test_timeout_is_124_and_ends_the_whole_tree(tmp_path):
    code = "sleep 1000 & echo $! > pids; (setsid sleep 1000 & echo $! >> pids); sleep 1000"
    done = sockfault("--timeout", "500ms", "--", "sh", "-c", code, cwd=tmp_path)
    assert done.returncode == 124
    pids = [int(line) for line in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    assert not [pid for pid in pids if os.path.exists(f"/proc/{pid}")]


@pytest.mark.parametrize(
    "words",
    [
        ("--seed", "x"),
        ("--timeout", "soon"),
        ("--trace-size", "-1"),
        ("--trace-level", "some"),
        ("--realism", "none"),
        ("--sead", "1"),
        ("-x",),
        ("--quiet=1",),
        ("--server",),
        ("--client", "true"),
    ],
)
def test_wrong_option_is_125_with_one_line(words):
    done = sockfault(*words, "--", "true")
    assert done.returncode == 125
    assert done.stderr.count(b"\n") == 1 and done.stderr.startswith(b"sockfault")


def test_no_command_is_125():
    assert sockfault("--quiet").returncode == 125


def test_repeat_line_repeats_the_run(tmp_path):
    """With quotes, blanks and all: the line can be pasted."""
    code = PAIR + "\nprint('it\\'s $HOME')"
    first = sockfault(
        "-e", "send family=unix chance=30%: short 1..9", "--seed", "42", "--", *python(code)
    )
    line = [line for line in first.stderr.decode().split("\n") if " repeat: " in line]
    start = first.stderr.decode().index("repeat: ") + len("repeat: ")
    command = first.stderr.decode()[start:].strip()
    assert line and "--seed 42" in command
    again = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, cwd=tmp_path)
    assert (again.returncode, again.stdout) == (first.returncode, first.stdout)

    def rows(text):
        return [
            row for row in text.decode().split("\n") if "short 1..9" in row and "repeat" not in row
        ]

    assert rows(again.stderr) == rows(first.stderr) != []


def test_summary_counts_what_the_trace_shows(tmp_path):
    trace = tmp_path / "t.sft"
    done = sockfault("--trace", trace, "-e", SEND, "--", *python(PAIR))
    lines = run([SOCKFAULT, "trace", trace, "--json"], check=True).stdout.splitlines()
    lifecycle = (b'"op":"load"', b'"op":"exec"', b'"op":"exit"', b'"op":"fork"', b'"op":"thread"')
    calls = [line for line in lines if not any(word in line for word in lifecycle)]
    assert f"{len(calls)} calls".encode() in done.stderr
    assert f"{sum(b'short 1' in line for line in lines)} faults injected".encode() in done.stderr


POLLS = """
import select, socket
one, other = socket.socketpair()
one.send(b"hello")
poll = select.poll()
poll.register(other, select.POLLIN)
poll.poll()
"""


def test_a_silence_that_began_in_a_wait_is_that_of_a_call_that_was_met():
    rule = "recv family=unix nth=1: stall"
    done = sockfault("--timeout", "1s", "-e", rule, "--", *python(POLLS))
    assert f"        1         1  {rule}\n".encode() in done.stderr
    assert b"advice: the peer was silent" in done.stderr and b"[hang]" not in done.stderr


def test_summary_has_no_colours_off_a_terminal():
    assert b"\033" not in sockfault("-e", SEND, "--", *python(PAIR)).stderr


def test_ld_preload_is_extended(tmp_path):
    source = tmp_path / "other.c"
    source.write_text(
        '#include <stdio.h>\n__attribute__((constructor)) static void f(void) { puts("other"); }\n'
    )
    run(["cc", "-shared", "-fPIC", "-o", tmp_path / "other.so", source], check=True)
    env = dict(os.environ, LD_PRELOAD=str(tmp_path / "other.so"))
    code = "import os; print(os.environ['LD_PRELOAD'])"
    done = sockfault("--quiet", "--", *python(code), env=env)
    # Which of the two lines comes first depends on who flushes first.
    lines = done.stdout.splitlines()
    assert b"other" in lines
    both = b"/libsockfault.so:" + os.fsencode(tmp_path / "other.so")
    assert [line for line in lines if line.endswith(both)]


def test_library_in_a_folder_with_a_blank_is_preloaded(tmp_path):
    """ld.so takes blanks and colons for separators."""
    folder = tmp_path / "a b:c"
    folder.mkdir()
    for name in ("sockfault", "libsockfault.so"):
        (folder / name).write_bytes((SOCKFAULT.parent / name).read_bytes())
        (folder / name).chmod(0o755)
    done = run([folder / "sockfault", "run", "--strict", "-e", SEND, "--", *python(PAIR)])
    assert done.returncode == 0


def test_signals_dispositions_and_mask_are_the_callers():
    code = (
        "import signal; print(sorted(int(s) for s in signal.pthread_sigmask(signal.SIG_BLOCK, [])),"
        " [s for s in range(1, 32) if s not in (9, 19) and signal.getsignal(s) == signal.SIG_IGN])"
    )

    def prepare():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])

    bare = run(python(code), preexec_fn=prepare)
    under = sockfault("--quiet", "--", *python(code), preexec_fn=prepare)
    assert under.stdout == bare.stdout
    assert b"17" in bare.stdout


def test_descriptors_of_the_command_do_not_reach_the_program():
    bare = run(["ls", "/proc/self/fd"])
    assert sockfault("--quiet", "--", "ls", "/proc/self/fd").stdout == bare.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_signals_are_passed_on_and_the_summary_still_comes(number, tmp_path):
    code = (
        "import signal, sys, time\n"
        f"signal.signal({int(number)}, lambda *a: sys.exit(9))\n"
        "print('ready', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [SOCKFAULT, "run", "--", *python(code)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 9
    assert b"ended with status 9" in errors


def test_signal_of_a_terminal_is_not_doubled(tmp_path):
    """The terminal's ^C reaches the whole foreground group: the program has it once, not twice."""
    import pty

    code = (
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [2])\n"
        "print('ready', flush=True)\ncount = 0\n"
        "while signal.sigtimedwait([2], 1): count += 1\n"
        "print('count', count, flush=True)"
    )
    pid, master = pty.fork()
    if pid == 0:
        os.execv(SOCKFAULT, [str(SOCKFAULT), "run", "--quiet", "--", *python(code)])
    seen = b""
    while b"ready" not in seen:
        seen += os.read(master, 100)
    os.write(master, b"\x03")
    wait = os.waitpid(pid, 0)[1]
    while b"count" not in seen:
        seen += os.read(master, 100)
    os.close(master)
    assert os.waitstatus_to_exitcode(wait) == 0
    assert b"count 1" in seen


def test_daemons_are_followed(tmp_path):
    """The run ends with the last process, and says what it waits for once the first has ended."""
    code = "(setsid sh -c 'sleep 4; echo late > late' > /dev/null 2>&1 &) ; exit 5"
    done = sockfault("--", "sh", "-c", code, cwd=tmp_path)
    assert done.returncode == 5
    assert (tmp_path / "late").exists()
    assert b"waiting for the processes that it left" in done.stderr and b"(sh)" in done.stderr


def test_signal_after_the_programs_end_reaches_what_it_left(tmp_path):
    process = subprocess.Popen(
        [SOCKFAULT, "run", "--quiet", "--", "sh", "-c", "sleep 1000 & echo $! > pid; exit 4"],
        cwd=tmp_path,
    )
    wait_until(
        lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip(), "the pid"
    )
    pid = int((tmp_path / "pid").read_text())
    wait_until(
        lambda: not os.path.exists(f"/proc/{pid}")
        or b"\0" in open(f"/proc/{pid}/cmdline", "rb").read(),
        "it",
    )
    wait_until(lambda: len(children(process.pid)) == 1, "the program's end")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 4
    assert not os.path.exists(f"/proc/{pid}")


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


def test_processes_of_the_tree_are_recorded_with_their_end(tmp_path):
    trace = tmp_path / "t.sft"
    sockfault("--quiet", "--trace", trace, "--", "sh", "-c", "kill -9 $$")
    done = run([SOCKFAULT, "ctl", trace, "status"], check=True)
    assert b"killed by signal 9" in done.stdout
