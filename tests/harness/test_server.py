# SPDX-License-Identifier: MIT
"""sockfault.start: ready when it listens, on which port, and how it ends."""

import os
import signal
import subprocess
import sys

import pytest

import sockfault
from conftest import PYTHON, ROOT, TARGETS, ended

ECHO = [TARGETS / "robust-echo-server", "127.0.0.1", "{port}"]

# HOST PORT KIND: echoes, says where it listens, ends with the status that it is sent.
SERVE = """
import signal, socket, sys
host, port, kind = sys.argv[1:4]
family = socket.AF_UNIX if "/" in host else socket.AF_INET6 if ":" in host else socket.AF_INET
kind = socket.SOCK_DGRAM if kind == "dgram" else socket.SOCK_STREAM
s = socket.socket(family, kind)
s.bind(host if family == socket.AF_UNIX else (host, int(port)))
if kind == socket.SOCK_DGRAM:
    while True:
        data, sender = s.recvfrom(100)
        s.sendto(data, sender)
s.listen()
print(s.getsockname()[1] if family != socket.AF_UNIX else host, flush=True)
while True:
    c, _ = s.accept()
    data = c.recv(100)
    if data.startswith(b"exit "):
        sys.exit(int(data.split()[1]))
    if data.startswith(b"kill "):
        signal.raise_signal(int(data.split()[1]))
    c.sendall(data)
    c.close()
"""


def serve(host, port="{port}", kind="stream"):
    return [PYTHON, "-c", SERVE, host, port, kind]


def echoes(server):
    with server.connect() as c:
        c.send_all(b"hello\n")
        return c.recv_until(b"\n") == b"hello\n"


def test_a_server_is_ready_when_it_listens():
    with sockfault.start(ECHO, "recv side=server nth=1: short 2") as server:
        assert server.host == "127.0.0.1" and 20000 <= server.port < 32000
        assert echoes(server) and server.is_running
        assert f"listens on 127.0.0.1:{server.port}" in repr(server)
    assert (server.status, server.signal, server.timed_out) == (0, None, False)
    assert [event.fault for event in server.faults] == ["short 2"]
    server.run.check_fired()
    assert not server.is_running


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_a_server_that_chooses_its_port_itself(host):
    with sockfault.start(serve(host, "0")) as server:
        assert server.host == {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        assert echoes(server)
    assert int(server.stdout) == server.port


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_server_with_a_port_of_the_run(host):
    with sockfault.start(serve(host)) as server:
        assert server.host == host and echoes(server)


def test_a_unix_server():
    with sockfault.start(serve("{tmp}/sock")) as server:
        assert server.path.endswith("/sock") and echoes(server)
    assert not os.path.exists(server.path)


def test_a_datagram_server():
    with sockfault.start(serve("127.0.0.1", kind="dgram"), "recv type=dgram: delay 1ms") as server:
        d = server.datagrams()
        d.send(b"hello")
        assert d.recv() == b"hello"
    assert server.status == 0 and len(server.faults) >= 1


def test_events_can_be_read_while_it_runs():
    with sockfault.start(ECHO) as server:
        assert "listen" in {event.op for event in server.events}
        with pytest.raises(sockfault.SockfaultError, match="still runs"):
            server.stdout


def test_a_daemon():
    """It forks, its parent ends, and it is found, served and ended all the same."""
    script = f"{TARGETS}/robust-echo-server 127.0.0.1 $0 >/dev/null & exit 0"
    with sockfault.start(["sh", "-c", script, "{port}"]) as server:
        assert server.wait() and echoes(server)
    assert server.status == 0


def test_a_server_that_ends_by_itself():
    with sockfault.start(serve("127.0.0.1"), check=False) as server:
        assert not server.wait(0)
        with server.connect() as c:
            c.send_all(b"exit 7")
        assert server.wait()
    assert server.status == 7


def test_a_bad_end_is_an_error():
    with pytest.raises(sockfault.ServerFailed, match="ended with status 7"):
        with sockfault.start(serve("127.0.0.1")) as server:
            with server.connect() as c:
                c.send_all(b"exit 7")
            server.wait()


def test_a_crash_is_an_error():
    with pytest.raises(sockfault.ServerFailed, match="killed by SIGSEGV"):
        with sockfault.start(serve("127.0.0.1")) as server:
            with server.connect() as c:
                c.send_all(b"kill 11")
            server.wait()
    assert (server.status, server.signal) == (None, signal.SIGSEGV)


def test_an_error_of_the_test_comes_first():
    with pytest.raises(ZeroDivisionError) as caught:
        with sockfault.start(serve("127.0.0.1")) as server:
            with server.connect() as c:
                c.send_all(b"exit 7")
            server.wait()
            1 / 0
    assert "ended with status 7" in caught.value.__notes__[0]


def test_a_server_that_never_listens():
    with pytest.raises(sockfault.ServerFailed, match="(?s)never listened.*no luck"):
        sockfault.start(["sh", "-c", "echo no luck; exit 3"])


def test_a_server_past_its_deadline():
    with pytest.raises(sockfault.ServerFailed, match="did not end within 0.5 s"):
        with sockfault.start(ECHO, timeout="500ms") as server:
            server.wait()


def test_a_server_goes_with_its_harness():
    """Also when that is killed."""
    script = (
        "import os, signal, sockfault, sys\n"
        "server = sockfault.start(sys.argv[1:])\n"
        "print(server.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT / "harness")}
    argv = [sys.executable, "-c", script, *map(str, ECHO)]
    done = subprocess.run(argv, env=env, stdout=subprocess.PIPE, check=False)
    assert done.returncode == -signal.SIGKILL
    assert ended(int(done.stdout))


def test_two_servers_at_once():
    with sockfault.start(ECHO) as one, sockfault.start(ECHO) as other:
        assert one.port != other.port and echoes(one) and echoes(other)
