# SPDX-License-Identifier: MIT
"""Helpers of the tests that run real programs: the command, servers, free ports, hashes.

Nothing here sleeps for a fixed time; every wait has an end; all processes that a test started are
ended with it, with their whole process group. Each test has a private home, so that "the last run"
is its own.
"""

import hashlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SOCKFAULT_BUILD", ROOT / "build"))
SOCKFAULT = BUILD / "sockfault"
LIBRARY = BUILD / "libsockfault.so"
PROGRAMS = BUILD / "tests" / "e2e"  # our own targets, from tests/e2e/programs
TIMEOUT = 60  # seconds, for anything that a test waits for


def free_port(kind=socket.SOCK_STREAM):
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def wait_until(holds, what, timeout=TIMEOUT):
    """Looks again and again until holds() is true; its value is the result."""
    end = time.monotonic() + timeout
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout} s in vain for {what}")
        time.sleep(0.01)


def listens(port):
    """Does somebody listen on this port? Asks /proc, so that no connection is spent."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as lines:
            for line in lines:
                words = line.split()
                if words[3] == "0A" and words[1].endswith(f":{port:04X}"):
                    return True
    return False


def run(argv, env=None, timeout=TIMEOUT, check=False, stdin=subprocess.DEVNULL, **options):
    """A finished process with its output. What is not done in time is killed, children and all."""
    words = [str(word) for word in argv]
    pipes = {"stdin": stdin, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(words, env=env, start_new_session=True, **pipes, **options)
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        end_group(process)
        output, errors = process.communicate()
        raise AssertionError(f"{words}: no end after {timeout} s\n{output}\n{errors}")
    if check:
        assert process.returncode == 0, f"{words}: {process.returncode}\n{output}\n{errors}"
    return subprocess.CompletedProcess(words, process.returncode, output, errors)


def end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def under(*rules, options=(), trace=None, quiet=True):
    """The words that put a command under sockfault: under("recv: short 1") + ["curl", ...]."""
    words = [str(SOCKFAULT), "run"]
    words += ["--quiet"] if quiet else []
    words += ["--trace", str(trace)] if trace else []
    for rule in rules:
        words += ["-e", rule]
    return words + list(options) + ["--"]


def events(trace):
    """All events of a trace, as dictionaries."""
    done = run([SOCKFAULT, "trace", trace, "--json"], check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def faults(trace):
    """The events of a trace in which something was injected."""
    return [event for event in events(trace) if event["fault"]]


class Server:
    """A server in a process group of its own, ready when it listens on its port."""

    def __init__(self, argv, port, log, env=None):
        self.port = port
        self.log = pathlib.Path(log)
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                [str(word) for word in argv],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=env,
                start_new_session=True,
            )
        wait_until(self.ready, f"{argv} to listen on {port}; it said: {self.log}")

    def ready(self):
        assert (
            self.process.poll() is None
        ), f"the server ended at once: {self.log.read_text(errors='replace')}"
        return listens(self.port)

    def stop(self):
        """Asks it to end; what is left after that is killed. The exit status is the result."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                pass
        end_group(self.process)
        return self.process.wait(timeout=TIMEOUT)


@pytest.fixture(autouse=True)
def private_home(tmp_path, monkeypatch):
    """The latest run, histories and configuration files of a test are its own."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("SOCKFAULT_DIR", str(home / f"sockfault-{os.geteuid()}"))
    for name in ("LD_PRELOAD", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serve(tmp_path):
    """serve(argv, port) starts a server and gives it when it listens; all end with the test."""
    started = []

    def start(argv, port, env=None):
        started.append(Server(argv, port, tmp_path / f"server-{len(started)}.log", env))
        return started[-1]

    yield start
    for server in started:
        server.stop()
