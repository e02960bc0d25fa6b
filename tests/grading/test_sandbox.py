# SPDX-License-Identifier: MIT
"""Boxes: what a program in one can't do, at each level of isolation and as each user."""

import os
import pathlib
import re
import subprocess

import pytest
from boxes import NOBODY, as_user, grade, needs, open_folder
from conftest import PYTHON

HERE = pathlib.Path(__file__).resolve().parent
LEVELS = ("bubblewrap", "unshare", "limits")
CASES = [(level, None) for level in LEVELS]
CASES += [(level, NOBODY) for level in LEVELS] if os.geteuid() == 0 else []


@pytest.fixture(params=CASES, ids=[f"{level}-{user or 'self'}" for level, user in CASES])
def box(request):
    """box(text, *writable) runs Python in a box: (status, what it printed)."""
    level, user = request.param
    needs(level)
    with open_folder() as folder:
        program = folder / "program"
        program.mkdir()
        (program / "data").write_text("theirs\n")
        (program / "link").symlink_to(folder / "secret")
        (folder / "secret").write_text("the answers\n")
        (folder / "secret").chmod(0o644)
        (folder / "trace").write_text("")
        for path in (program, program / "data", folder / "trace"):
            os.chown(path, *([user, user] if user else [-1, -1]))

        def run(text, *writable):
            words = [PYTHON, "-B", HERE / "inbox.py", level, program, text, *writable]
            done = subprocess.run(
                [*as_user(user), *map(str, words)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=60,
                check=False,
            )
            return done.returncode, (done.stdout + done.stderr).decode()

        run.level, run.user, run.folder = level, user, folder
        yield run


def test_it_sees_its_files_and_no_others(box):
    text = """
import os
assert open("data").read() == "theirs\\n"
for path in ("link", "../secret", "/proc/1/root/etc/hostname.no"):
    try:
        raise SystemExit(f"{path}: {open(path).read()}")
    except OSError:
        pass
print("fine")
"""
    assert box(text) == (0, "fine\n")


def test_it_can_write_where_it_works_and_nowhere_else(box):
    text = """
import sys
tmp = sys.argv[2]
open("new", "w").write("x")
open(tmp + "/new", "w").write("x")
for path in ("/new", "/etc/new", "/usr/new", "/dev/new", "/var/tmp/new", "/run/new", "data"):
    try:
        open(path, "r+" if path == "data" else "w").write("x")
        print("wrote", path)
    except OSError:
        pass
"""
    assert box(text) == (0, "")
    assert not (box.folder / "program" / "new").exists()


def test_it_can_write_what_it_is_given(box):
    text = f"open({str(box.folder / 'trace')!r}, 'w').write('x')"
    assert box(text, box.folder / "trace") == (0, "")
    assert (box.folder / "trace").read_text() == "x"


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("bytearray(100 << 20)", "MemoryError"),
        ("import os\nwhile os.fork() >= 0: pass", "BlockingIOError"),
        ("open('big', 'wb').write(bytes(2 << 20))", "File too large|No space"),
        ("import os\nwhile True: os.open('/dev/null', 0)", "Too many open files"),
    ],
)
def test_limits(box, text, wanted):
    if "fork" in text and box.level == "limits":
        pytest.skip("nobody ends what it leaves: tests/grading/test_hostile.py has this level")
    status, said = box(text)
    assert re.search(wanted, said), (status, said)


def test_what_it_gave_up(box):
    text = """
import resource
status = open("/proc/self/status").read()
assert "NoNewPrivs:\\t1\\n" in status and "CapEff:\\t0000000000000000\\n" in status
assert resource.getrlimit(resource.RLIMIT_CORE) == (1, 1)
assert open("/proc/self/oom_score_adj").read() == "1000\\n"
"""
    assert box(text) == (0, "")


def test_cpu_time_ends_it(box):
    status, _ = box(
        "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
    )
    assert status == 137


def test_its_status_and_signal_are_told(box):
    assert box("raise SystemExit(7)")[0] == 7
    assert box("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")[0] == 143
    assert box("import os; os.abort()")[0] == 134


SERVER = """
import os, signal, socket, sys
def end(*_):
    pair = socket.socketpair()
    fd = server.detach()
    os.close(fd)
    pair[0].send(b"between")
    try:
        os.close(fd)
    finally:
        os._exit(0)
signal.signal(signal.SIGTERM, end)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    connection.sendall(b"hello")
    connection.close()
"""
TIDY = """
[assignment]
name = "A server that tidies up"
[target]
command = ["/usr/bin/python3", "server.py", "{port}"]
role = "server"
client = "client.py:client"
[[test]]
name = "ends well"
points = 1
forbid.double-close = 1
"""


def test_servers_are_asked_to_end(box):
    """And what they do then is looked at."""
    (box.folder / "program" / "server.py").write_text(SERVER)
    (box.folder / "client.py").write_text("def client(c):\n    assert c.recv_all() == b'hello'\n")
    file = box.folder / "tidy.toml"
    file.write_text(TIDY)
    report = box.folder / "report"
    status, said = grade([box.folder / "program"], report, box.level, box.user, file=file)
    assert status == 0, said
    assert "double-close" in (report / "program" / "feedback.md").read_text(), said


def test_it_is_alone(box):
    if box.level == "limits":
        pytest.skip("there are no namespaces at this level")
    text = """
import os, signal, socket
pids = [name for name in os.listdir("/proc") if name.isdigit()]
assert len(pids) == 2, pids
assert [name for _, name in socket.if_nameindex()] == ["lo"]
try:
    raise SystemExit(os.kill(-1, 0))
except ProcessLookupError:
    pass
assert sorted(os.listdir("/proc/self/fd"))[:3] == ["0", "1", "2"]
assert len(os.listdir("/proc/self/fd")) == 4
try:
    os.kill(1, signal.SIGKILL)
except PermissionError:
    pass
print("still here")
"""
    assert box(text) == (0, "still here\n")


def test_memory_that_files_take_is_limited(box):
    if box.level == "limits":
        pytest.skip("nothing is mounted at this level")
    text = """
for place in ("/tmp", "/dev/shm", "."):
    size, count = 0, 0
    try:
        while size < 8 << 20:
            size += open(f"{place}/{count}", "wb", 0).write(bytes(256 << 10))
            count += 1
    except OSError:
        pass
    assert size <= 1 << 20, (place, size)
"""
    assert box(text) == (0, "")


def test_a_box_ends_with_the_last_of_its_processes(box):
    if box.level == "limits":
        pytest.skip("that is `sockfault run`'s own work at this level")
    text = """
import os, time
if os.fork():
    os._exit(3)
os.setsid()
if os.fork():
    os._exit(0)
time.sleep(0.2)
print("the last")
"""
    assert box(text) == (3, "the last\n")


def test_ports_of_others(box):
    """Where the network is shared, a program may connect to its own peer alone."""
    if box.level != "limits":
        pytest.skip("the network is its own at this level")
    from sockfault import sandbox

    if sandbox.landlock_version() < sandbox.ABI_PORTS:
        pytest.skip("Landlock does not know ports here")
    confine = [str(sandbox.confine()), "--port", "7", "--landlock", "--reads", "/", "--", PYTHON]
    text = """
import socket
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname())
"""
    done = subprocess.run([*confine, "-c", text], capture_output=True, text=True, check=False)
    assert "Permission denied" in done.stderr


@pytest.mark.parametrize(
    "words, why",
    [
        (["--data"], "a value is missing behind --data"),
        (["--data", "much", "--", "true"], "no number behind --data"),
        (["--nonsense", "--", "true"], "there is no option --nonsense"),
        (["--init", "never", "--", "true"], "--init wants first or last, not never"),
        (["--"], "a PROGRAM is missing behind --"),
        (["--chdir", "/nowhere", "--", "true"], "can't change to the folder /nowhere"),
    ],
)
def test_what_confine_refuses(words, why):
    from sockfault import sandbox

    done = subprocess.run([sandbox.confine(), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 125
    assert done.stderr.startswith(f"sockfault-confine: {why}")


def test_a_level_that_can_not_be_had_is_refused_with_the_reason(monkeypatch):
    from sockfault import sandbox
    from sockfault.command import SockfaultError

    monkeypatch.setenv("PATH", "/nowhere")
    sandbox.refusal.cache_clear()
    try:
        with pytest.raises(SockfaultError, match="--isolation bubblewrap .* no bwrap on the PATH"):
            sandbox.choose("bubblewrap")
        assert sandbox.best() is sandbox.Level.LIMITS
    finally:
        sandbox.refusal.cache_clear()
