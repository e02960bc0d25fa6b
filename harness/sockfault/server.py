# SPDX-License-Identifier: MIT
"""A server under the command: ready when it listens, ended by SIGTERM, judged by its exit.

The command itself knows when a server listens (its trace shows it), ends it and judges it; it does
so for `--client CMD`. The client that it is given here is a line of shell that writes the port into
one FIFO and then reads another: it lasts until the harness writes there, or is gone itself.
"""

from __future__ import annotations

import os
import pathlib
import re
import resource
import select
import shlex
import shutil
import socket
from types import TracebackType
from typing import Callable, Iterator, Mapping, Sequence

from .command import SockfaultError
from .events import Conn, Event, Finding, Rule, read_events, read_status
from .peer import Connection, Datagrams, connect
from .run import TIMEOUT, Child, Duration, Request, Run, Words
from .run import private_folder, seconds, strings, words_of
from .text import printed


class ServerFailed(SockfaultError, AssertionError):
    """A server did not get ready, or did not end well."""


ServerFailed.__module__ = "sockfault"


def split_address(text: str) -> tuple[str, int]:
    """127.0.0.1:80, [::1]:80 -> host, port."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def reachable(host: str) -> str:
    """Where a client reaches what is bound to this address."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)


def _inodes(pid: int) -> set[str]:
    made = set()
    folder = f"/proc/{pid}/fd"
    for name in os.listdir(folder):
        try:
            match = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(f"{folder}/{name}"))
        except OSError:
            continue
        if match:
            made.add(match[1])
    return made


def _host_of(hexadecimal: str) -> str:
    """The address as /proc/net has it: words of 32 bits, each in the byte order of the machine."""
    raw = bytes.fromhex(hexadecimal)
    turned = b"".join(raw[i : i + 4][::-1] for i in range(0, len(raw), 4))
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, turned)


# Table, kind, and the state of a socket that serves: TCP_LISTEN, or of UDP to have no peer.
TABLES = (
    ("tcp", "stream", "0A"),
    ("tcp6", "stream", "0A"),
    ("udp", "dgram", "07"),
    ("udp6", "dgram", "07"),
)


def listening(pid: int) -> Iterator[tuple[str, str, int]]:
    """What this process serves: kind, host and port, asked of the kernel."""
    inodes = _inodes(pid)
    for name, kind, state in TABLES:
        try:
            lines = pathlib.Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            if words[3] == state and words[9] in inodes:
                host, port = words[1].split(":")
                if int(port, 16):
                    yield kind, _host_of(host), int(port, 16)


class Server:
    """A server that listens. As a context manager it is stopped at the end, and has to end well.

    port, host   where it listens first; `listens` has all such addresses, `path` a Unix socket's
    pid          of the process that was started
    connect()    a scripted connection to it
    stop()       ends it; then there are status, stdout, events ... as in a Run, which is `run`
    """

    def __init__(
        self,
        request: Request,
        folder: pathlib.Path,
        owns_folder: bool,
        stdin: bytes,
        cwd: os.PathLike[str] | str | None,
        env: Mapping[str, str | None] | None,
        check: bool,
    ) -> None:
        self.argv = request.argv
        self.check = check
        self.must_fire, self.may_escape = True, False
        self.connections_made: list[Connection | Datagrams] = []
        self._owns_folder = owns_folder
        self.when_stopped: Callable[[Run], None] = lambda run: None
        self._run: Run | None = None
        self._pipes = self._make_pipes(folder)
        request.roles[:] = ["--server", "--client", self._client(request, folder)]
        self._child = Child(request, folder, stdin, cwd, env)
        try:
            self._await_ready()
        except BaseException:
            self._child.kill()
            self._close_pipes()
            raise

    # ---- how it begins ----

    @staticmethod
    def _make_pipes(folder: pathlib.Path) -> tuple[int, int]:
        """Open at both ends, so that neither side waits for the other to open its own."""
        for name in ("ready", "stop"):
            os.mkfifo(folder / name, 0o600)
        ready = os.open(folder / "ready", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        return ready, os.open(folder / "stop", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def _close_pipes(self) -> None:
        for fd in self._pipes:
            os.close(fd)

    @staticmethod
    def _client(request: Request, folder: pathlib.Path) -> str:
        ready, stop = (shlex.quote(str(folder / name)) for name in ("ready", "stop"))
        port = "{port}" if any("{port}" in word for word in request.argv) else "0"
        return f"echo {port} > {ready}; read -r _ < {stop}"

    def _await_ready(self) -> None:
        ready = self._pipes[0]
        if ready not in self._child.wait(ready):
            self._refuse()
        given = int(os.read(ready, 64).split()[0])
        status = read_status(str(self._child.trace))
        target = status.target
        if target is None:
            raise ServerFailed("the server is not in its own trace")
        self.pid = target.pid
        self._pidfd = os.pidfd_open(self.pid) if os.path.exists(f"/proc/{self.pid}") else -1
        self._find_addresses([p.pid for p in status.processes], status.connections, given)

    def _refuse(self) -> None:
        self._child.finish()
        self._close_pipes()
        self._pipes = ()  # type: ignore[assignment]
        said = self._child.output("stdout") + self._child.output("stderr")
        text = printed(said).strip()
        raise ServerFailed(
            f"the server never listened (the run ended with {self._child.process.returncode}): "
            f"{shlex.join(self.argv)}\n{text[-2000:]}".strip()
        )

    def _find_addresses(self, pids: list[int], connections: Sequence[Conn], given: int) -> None:
        found = []
        for pid in pids:
            try:
                found += [one for one in listening(pid) if one not in found]
            except OSError:
                continue  # it has ended since, or belongs to another user now
        for conn in connections:
            if conn.side == "listener" and conn.local and not conn.local.startswith("unix:"):
                host, port = split_address(conn.local)
                if port and (conn.type, host, port) not in found:
                    found.append((conn.type, host, port))
        self.listens = sorted(found, key=lambda one: one[2] != given)
        paths = [c.local[5:] for c in connections if c.local and c.local.startswith("unix:")]
        self.path: str | None = paths[0] if paths else None
        only_path = self.path and not self.listens
        fallback = ("stream", "", 0 if only_path else given)
        self.kind, host, self.port = self.listens[0] if self.listens else fallback
        self.host = reachable(host)

    # ---- while it runs ----

    def connect(self, timeout: float = 10.0) -> Connection:
        """A scripted connection to it, as peers have them."""
        made = connect(self.host, self.port, self.path if not self.port else None, timeout)
        self.connections_made.append(made)
        return made

    def datagrams(self, timeout: float = 10.0) -> Datagrams:
        """A datagram socket whose messages go to it."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        made = Datagrams(socket.socket(family, socket.SOCK_DGRAM), timeout=timeout, name="client")
        made.target = (self.host, self.port)
        self.connections_made.append(made)
        return made

    @property
    def is_running(self) -> bool:
        """Has it not yet been stopped?"""
        return self._run is None and self._child.process.returncode is None

    def wait(self, timeout: Duration = 10.0) -> bool:
        """Waits for a server that ends by itself; False: it goes on."""
        if self._run or self._pidfd < 0:
            return True
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(round(seconds(timeout) * 1000)))

    @property
    def trace(self) -> pathlib.Path:
        return self._child.trace

    # ---- how it ends ----

    def stop(self) -> Run:
        """Asks it to end, with SIGTERM, and waits until its whole tree has; the run that it was."""
        __tracebackhide__ = True
        if self._run:
            return self._run
        for connection in self.connections_made:
            connection.run_is_over()
            connection.finish()
        os.write(self._pipes[1], b"\n")
        self._child.wait()
        rusage = self._child.finish()
        self._close_pipes()
        if self._pidfd >= 0:
            os.close(self._pidfd)
        self._run = self._judged(rusage)
        self.when_stopped(self._run)
        return self._run

    def kill(self) -> None:
        """Ends it before its time, where a test was left before it was stopped."""
        self._child.kill()
        self._close_pipes()

    def _judged(self, rusage: resource.struct_rusage) -> Run:
        made = Run(self._child, rusage, self._owns_folder)
        made.must_fire, made.may_escape = self.must_fire, self.may_escape
        return made

    def complaint(self) -> str | None:
        """What is wrong with the way in which it ended, or None."""
        run = self.stop()
        if run.status == 0 and not run.timed_out:
            return None
        end = printed(run.stderr).strip()[-2000:]
        return f"the server {run.ended}: {shlex.join(self.argv)}\n{end}".strip()

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        __tracebackhide__ = True
        try:
            self.finish()
        except SockfaultError as why:
            if error is None:
                raise
            error.add_note(str(why))  # what the block met comes first

    def finish(self) -> None:
        """Stops it, if that was not yet done, and raises what is wrong with how it ended."""
        __tracebackhide__ = True
        self.stop()
        why = self.complaint() if self.check else None
        if why:
            raise ServerFailed(why)

    # ---- what came of it ----

    @property
    def run(self) -> Run:
        if self._run is None:
            raise SockfaultError("the server still runs: what came of it is known after stop()")
        return self._run

    @property
    def status(self) -> int | None:
        return self.run.status

    @property
    def signal(self) -> int | None:
        return self.run.signal

    @property
    def timed_out(self) -> bool:
        return self.run.timed_out

    @property
    def stdout(self) -> bytes:
        return self.run.stdout

    @property
    def stderr(self) -> bytes:
        return self.run.stderr

    @property
    def rules(self) -> list[Rule]:
        return self.run.rules if self._run else read_status(str(self.trace)).rules

    @property
    def events(self) -> list[Event]:
        """Of the whole run, or of what there is of it by now."""
        return self.run.events if self._run else read_events(str(self.trace))

    @property
    def faults(self) -> list[Event]:
        return [event for event in self.events if event.fault]

    @property
    def findings(self) -> list[Finding]:
        return self.run.findings

    @property
    def repeat(self) -> str:
        return self.run.repeat

    def __repr__(self) -> str:
        if self._run:
            return repr(self._run).replace("<Run of", "<Server")
        where = self.path if not self.port else f"{self.host}:{self.port}"
        return f"<Server {os.path.basename(self.argv[0])}, listens on {where}>"


def start(
    target: Words,
    *rules: str,
    use: str | Sequence[str] = (),
    stdin: bytes = b"",
    seed: int | None = None,
    timeout: Duration = TIMEOUT,
    realism: str | None = None,
    cwd: os.PathLike[str] | str | None = None,
    env: Mapping[str, str | None] | None = None,
    folder: os.PathLike[str] | None = None,
    must_fire: bool = True,
    may_escape: bool = False,
    check: bool = True,
) -> Server:
    """Starts a server under these rules and returns when it listens.

    In its words {port} is a free port and {tmp} a private folder; a server that chooses its port
    itself is asked which one it got. With check=False a server that does not end with status 0 (or
    by the SIGTERM that asks it to end) is not held to be wrong.
    """
    __tracebackhide__ = True
    request = Request(words_of(target), list(rules), strings(use), seed, seconds(timeout), realism)
    if not request.argv:
        raise ValueError("there is no command to run")
    place = private_folder(folder)
    try:
        made = Server(request, place, folder is None, stdin, cwd, env, check)
    except BaseException:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)
        raise
    made.must_fire, made.may_escape = must_fire, may_escape
    return made
