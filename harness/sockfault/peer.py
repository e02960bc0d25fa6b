# SPDX-License-Identifier: MIT
"""Scripted peers: the other end of a connection, as a plain Python function.

    def script(c):
        c.expect(b"GET /\\r\\n")
        c.send_pieces(b"hello\\n", 1)

    peer = sockfault.peer(script)           # 127.0.0.1, a free port
    sockfault.run(["./client", peer.host, peer.port], "recv: short 1")

A stream peer calls the script once for each connection, in a thread of its own; a datagram peer
whenever a datagram is there. Each wait has a deadline. What goes wrong in a script is raised in the
test, by the end of the run, with a transcript of both sides. Where a script finds that the target
has left, that is an error only if no fault of the run explains it.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import select
import shutil
import socket
import ssl
import struct
import tempfile
import threading
import time
import weakref
from typing import Any, Callable, Iterable, Self, Sequence

from .command import SockfaultError
from .tls import Authority

CHUNK = 65536
SHOWN = 60  # bytes of a message that a transcript shows
HEARD_MAX = 16 << 20  # bytes of a connection that are kept


class PeerError(SockfaultError, AssertionError):
    """A script failed, or the target did not do what the script expects."""


class PeerTimeout(PeerError):
    """What a script waited for did not come in time."""


class PeerLeft(PeerError):
    """The target ended or reset the connection while a script still wanted something of it."""


class RunOver(Exception):
    """Ends a script that waits for datagrams when the run is over; never seen by a test."""


# People meet them as what the package offers, not by the module where they live.
for _error in (PeerError, PeerTimeout, PeerLeft):
    _error.__module__ = "sockfault"


def shown(data: bytes) -> str:
    if len(data) <= SHOWN:
        return repr(data)
    return f"{data[:SHOWN]!r}... ({len(data)} bytes)"


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """A line of a transcript: what this side did (`>` sent, `<` received) or met (`.`)."""

    time_ns: int  # CLOCK_MONOTONIC
    direction: str
    text: str


class Wake:
    """Something to poll for beside a socket, that another thread sets."""

    def __init__(self) -> None:
        self._ends = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        for fd in self._ends:
            weakref.finalize(self, os.close, fd)

    def fileno(self) -> int:
        return self._ends[0]

    def set(self) -> None:
        os.write(self._ends[1], b"!")

    def clear(self) -> None:
        try:
            os.read(self._ends[0], 4096)
        except BlockingIOError:
            pass


class _Channel:
    """What connections and datagram sockets share: deadlines, a transcript, the end of a run."""

    def __init__(self, sock: Any, number: int = 1, timeout: float = 10.0, name: str = "peer"):
        sock.setblocking(False)
        self.sock = sock
        self.number = number
        self.timeout = timeout
        self.name = name
        self.transcript: list[Line] = []
        self.error: BaseException | None = None
        self.is_closed = False
        self.heard = bytearray()  # all that was received, up to HEARD_MAX
        self._over = Wake()

    def note(self, direction: str, text: str) -> None:
        self.transcript.append(Line(time.monotonic_ns(), direction, text))

    def hear(self, data: bytes) -> None:
        self.note("<", shown(data))
        self.heard += data[: HEARD_MAX - len(self.heard)]

    def run_is_over(self) -> None:
        """Ends what the script still waits for. Data that is there is still read first."""
        self._over.set()

    def run_begins(self) -> None:
        self._over.clear()

    def _wait(self, what: int, end_at: float, why: str) -> None:
        """Until the socket is ready. The end of the run comes second."""
        poll = select.poll()
        poll.register(self.sock, what)
        poll.register(self._over, select.POLLIN)
        ready = dict(poll.poll(max(0, round((end_at - time.monotonic()) * 1000))))
        if self.sock.fileno() in ready:
            return
        if ready:
            raise RunOver
        raise PeerTimeout(f"{self.name}: {why}, but nothing came within {self.timeout:.3g} s")

    def _attempt(self, call: Callable[[], Any], what: int, why: str) -> Any:
        """A call that does not block, again and again until it succeeds or the deadline is met."""
        end_at = time.monotonic() + self.timeout
        while True:
            try:
                return call()
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError) as blocked:
                if isinstance(blocked, ssl.SSLWantReadError):
                    what = select.POLLIN
                elif isinstance(blocked, ssl.SSLWantWriteError):
                    what = select.POLLOUT
            except InterruptedError:
                continue
            except (ConnectionError, ssl.SSLEOFError) as gone:
                self.note(".", f"the target is gone: {gone.strerror or gone}")
                raise PeerLeft(f"{self.name}: {why}: {gone.strerror or gone}") from None
            self._wait(what, end_at, why)

    def stall(self, duration: float | None = None) -> None:
        """Does nothing: for so many seconds, or until the run is over."""
        self.note(".", "stalls" + ("" if duration is None else f" for {duration:g} s"))
        poll = select.poll()
        poll.register(self._over, select.POLLIN)
        poll.poll(None if duration is None else round(duration * 1000))

    def _shut(self) -> None:
        self.is_closed = True
        self.sock.close()

    def close(self) -> None:
        """Closes the socket, as close(2) does: what was not read makes the kernel reset it."""
        if not self.is_closed:
            self.note(".", "closes")
            self._shut()

    def finish(self) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind:
            self.close()
        else:
            self.finish()


class Connection(_Channel):
    """One end of a stream, driven by a script."""

    def __init__(self, sock: Any, number: int = 1, timeout: float = 10.0, name: str = "peer"):
        super().__init__(sock, number, timeout, name)
        self._buffer = b""
        self._ended = False

    # ---- out ----

    def send_all(self, data: bytes) -> None:
        """Sends all of it."""
        view = memoryview(data)
        self.note(">", shown(bytes(data)))
        while view:
            sent = self._attempt(
                lambda: self.sock.send(view), select.POLLOUT, f"sends {len(view)} bytes"
            )
            view = view[sent:]

    def send_pieces(
        self, data: bytes, sizes: int | Iterable[int] = 1, pause: float = 0.002
    ) -> None:
        """Sends it in pieces of this size, or of these sizes and then the rest, with a pause after
        each, so that they rarely arrive as one."""
        if self.sock.family != socket.AF_UNIX:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wanted = iter([sizes] * len(data) if isinstance(sizes, int) else sizes)
        at = 0
        while at < len(data):
            size = next(wanted, len(data) - at)
            if size < 1:
                raise ValueError(f"a piece of {size} bytes")
            self.send_all(data[at : at + size])
            at += size
            if at < len(data):
                time.sleep(pause)

    def half_close(self) -> None:
        """Sends the end of the stream; receiving goes on."""
        self.note(".", "ends its half")
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise PeerLeft(f"{self.name}: ends its half: {error.strerror}") from None

    def reset(self) -> None:
        """Resets the connection: the target meets ECONNRESET. Only TCP can do this at will."""
        if self.sock.family == socket.AF_UNIX:
            raise PeerError("a Unix socket is reset only by closing it with data unread")
        self.note(".", "resets")
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._shut()

    # ---- in ----

    def _more(self, why: str) -> bool:
        """Receives what there is; False at the end of the stream."""
        if self._ended:
            return False
        data = self._attempt(lambda: self.sock.recv(CHUNK), select.POLLIN, why)
        if data:
            self.hear(data)
        else:
            self.note(".", "the target has ended its half")
            self._ended = True
        self._buffer += data
        return bool(data)

    def _take(self, length: int) -> bytes:
        taken, self._buffer = self._buffer[:length], self._buffer[length:]
        return taken

    def _left(self, why: str) -> PeerLeft:
        return PeerLeft(f"{self.name}: {why}, but the target ended after {shown(self._buffer)}")

    def recv(self, most: int = CHUNK) -> bytes:
        """What there is, at least one byte; b"" at the end."""
        if not self._buffer:
            self._more("waits for data")
        return self._take(most)

    def recv_until(self, delimiter: bytes, limit: int = 1 << 20) -> bytes:
        """All up to and with the delimiter."""
        why = f"waits for {delimiter!r}"
        while delimiter not in self._buffer:
            if len(self._buffer) > limit:
                raise PeerError(f"{self.name}: no {delimiter!r} in the first {limit} bytes")
            if not self._more(why):
                raise self._left(why)
        return self._take(self._buffer.index(delimiter) + len(delimiter))

    def recv_exactly(self, length: int) -> bytes:
        why = f"waits for {length} bytes"
        while len(self._buffer) < length:
            if not self._more(why):
                raise self._left(why)
        return self._take(length)

    def recv_all(self) -> bytes:
        """All up to the end of the stream."""
        while self._more("waits for the end"):
            pass
        return self._take(len(self._buffer))

    def expect(self, data: bytes) -> bytes:
        """Receives exactly this; anything else is an error that says where it differs."""
        why = f"expects {shown(data)}"
        while len(self._buffer) < len(data) and data.startswith(self._buffer):
            if not self._more(why):
                raise self._left(why)
        got = self._buffer[: len(data)]
        if got != data:
            at = next(i for i, byte in enumerate(got) if byte != data[i])
            raise PeerError(
                f"{self.name}: expected {shown(data)}\n  got      {shown(got)}\n"
                f"  (they differ at byte {at})"
            )
        return self._take(len(data))

    # ---- the end ----

    def finish(self) -> None:
        """Ends the stream politely: what the target still sends is read, so that nothing that it
        should get is lost by a reset."""
        if self.is_closed:
            return
        try:
            if isinstance(self.sock, ssl.SSLSocket):
                self._say_goodbye()
            self.sock.shutdown(socket.SHUT_WR)
            while self._more("waits for the target's end"):
                pass
        except (OSError, PeerError, RunOver):
            pass
        self._shut()

    def _say_goodbye(self) -> None:
        """close_notify, once; the target's own is not waited for."""
        try:
            self.sock.unwrap()
        except (ssl.SSLError, OSError, ValueError):
            pass


class Datagrams(_Channel):
    """A datagram socket, driven by a script; it sends to whom the last datagram came from."""

    target: Any = None

    def recv(self) -> bytes:
        """The next datagram."""
        why = "waits for a datagram"
        data, sender = self._attempt(lambda: self.sock.recvfrom(CHUNK), select.POLLIN, why)
        if sender or self.target is None:
            self.target = sender
        self.hear(bytes(data))
        return bytes(data)

    def send(self, data: bytes) -> None:
        if self.target is None:
            raise PeerError(f"{self.name}: nobody has sent anything yet: there is nobody to answer")
        self.note(">", shown(data))
        why = f"sends a datagram of {len(data)} bytes"
        self._attempt(lambda: self.sock.sendto(data, self.target), select.POLLOUT, why)

    def expect(self, data: bytes) -> bytes:
        got = self.recv()
        if got != data:
            raise PeerError(f"{self.name}: expected {shown(data)}\n  got      {shown(got)}")
        return got


Script = Callable[[Any], object]
Errors = list[tuple[Connection | Datagrams, BaseException]]


def connect(host: str, port: int, path: str | None, timeout: float) -> Connection:
    """A scripted connection to a server."""
    try:
        if path:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.settimeout(timeout)
            sock.connect(path)
        else:
            sock = socket.create_connection((host, port), timeout)
    except ConnectionError as error:
        raise PeerLeft(f"client: connects to {path or host}: {error.strerror}") from None
    made = Connection(sock, timeout=timeout, name="client")
    made.note(".", "connected")
    return made


class Peer:
    """A listening socket whose connections are served by a script.

    host, port, path, address    where it is
    ca                           with tls: the file of the authority that signed its certificate
    connections                  all that there were, each with its `transcript`
    """

    def __init__(
        self,
        script: Script,
        host: str = "127.0.0.1",
        port: int = 0,
        kind: str = "stream",
        unix: bool | os.PathLike[str] | str = False,
        tls: bool = False,
        timeout: float = 10.0,
    ) -> None:
        if kind not in ("stream", "dgram"):
            raise ValueError(f"kind is 'stream' or 'dgram', not {kind!r}")
        if tls and kind == "dgram":
            raise ValueError("TLS is for streams")
        self.script, self.kind, self.timeout = script, kind, timeout
        self.connections: list[Connection | Datagrams] = []
        self._threads: list[threading.Thread] = []
        self._settled = 0  # connections whose errors were told
        self._lock = threading.Lock()
        self._folder: pathlib.Path | None = None
        self._authority = Authority(host) if tls else None
        self.ca: str | None = self._authority.path if self._authority else None
        self.path: str | None = None
        self.host, self.port = host, 0
        self.sock = self._listen(port, unix)
        self._is_open = True
        self._end = Wake()
        self._thread = threading.Thread(target=self._serve, daemon=True, name=str(self))
        self._thread.start()

    # ---- where it listens ----

    def _listen(self, port: int, unix: bool | os.PathLike[str] | str) -> socket.socket:
        kind = socket.SOCK_STREAM if self.kind == "stream" else socket.SOCK_DGRAM
        if unix:
            sock = socket.socket(socket.AF_UNIX, kind)
            self.path = self._unix_path(unix)
            self.host = self.path
            sock.bind(self.path)
        else:
            family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
            sock = socket.socket(family, kind)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self.host, port))
            self.port = sock.getsockname()[1]
        if self.kind == "stream":
            sock.listen(128)
        sock.setblocking(False)
        return sock

    def _unix_path(self, unix: bool | os.PathLike[str] | str) -> str:
        if unix is not True:
            return os.fspath(unix)  # type: ignore[arg-type]
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="sockfault-"))
        return str(self._folder / "peer")

    @property
    def address(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    # ---- its threads ----

    def _serve(self) -> None:
        if self.kind == "dgram":
            self._serve_datagrams()
            return
        poll = self._poll()
        while self._is_open:
            poll.poll()
            self._accept_waiting()

    def _poll(self) -> select.poll:
        made = select.poll()
        made.register(self.sock, select.POLLIN)
        made.register(self._end, select.POLLIN)
        return made

    def _accept_waiting(self) -> None:
        """Takes every connection that waits; also from the test's own thread, at the run's end."""
        with self._lock:
            while self._is_open:
                try:
                    sock, _ = self.sock.accept()
                except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                    return
                except OSError:
                    return  # closed
                self._begin(sock)

    def _begin(self, sock: socket.socket) -> None:
        number = len(self.connections) + 1
        made = Connection(sock, number, self.timeout, f"peer {self.address}, connection {number}")
        made.note(".", "accepted")
        thread = threading.Thread(target=self._talk, args=(made,), daemon=True, name=made.name)
        self.connections.append(made)
        self._threads.append(thread)
        thread.start()

    def _talk(self, connection: Connection) -> None:
        try:
            if self._authority:
                self._shake_hands(connection, self._authority)
            self.script(connection)
        except RunOver:
            connection.note(".", "the run is over")
        except BaseException as error:  # told in the test, whatever it is
            connection.error = error
        connection.finish()

    @staticmethod
    def _shake_hands(connection: Connection, authority: Authority) -> None:
        sock = authority.context.wrap_socket(
            connection.sock, server_side=True, do_handshake_on_connect=False
        )
        connection.sock = sock
        try:
            connection._attempt(sock.do_handshake, select.POLLIN, "shakes hands")
        except ssl.SSLError as error:
            raise PeerLeft(f"{connection.name}: the TLS handshake failed: {error.reason}") from None
        connection.note(".", f"speaks {sock.version()}")

    def _serve_datagrams(self) -> None:
        channel = Datagrams(self.sock, 1, self.timeout, f"peer {self.address}")
        self.connections.append(channel)
        poll = self._poll()
        while self._is_open and channel.error is None:
            poll.poll()
            with self._lock:
                if self._is_open:
                    self._answer(channel)

    def _answer(self, channel: Datagrams) -> None:
        try:
            self.script(channel)
        except RunOver:
            pass
        except BaseException as error:
            channel.error = error

    # ---- the end of a run, and of the peer ----

    def settle(self, may_leave: Callable[[], bool] = lambda: False) -> Errors:
        """The run is over: waits for the scripts, and gives the errors that were not told yet. A
        target that left is forgiven where may_leave() says that a fault explains it."""
        if self.kind == "stream":
            self._accept_waiting()
        for connection in list(self.connections):
            connection.run_is_over()
        for thread in self._threads:
            thread.join(self.timeout)
        self._threads.clear()
        if self.kind == "dgram":
            return self._settle_datagrams()
        new, self._settled = self.connections[self._settled :], len(self.connections)
        errors = [(c, c.error) for c in new if c.error]
        if any(isinstance(error, PeerLeft) for _, error in errors) and may_leave():
            return [(c, error) for c, error in errors if not isinstance(error, PeerLeft)]
        return errors

    def _settle_datagrams(self) -> Errors:
        with self._lock:  # the script is between two datagrams
            for channel in self.connections:
                channel.run_begins()
        errors = [(c, c.error) for c in self.connections if c.error]
        return [(c, error) for c, error in errors if not isinstance(error, PeerLeft)]

    def close(self) -> None:
        """Stops listening, and ends what is still open."""
        if not self._is_open:
            return
        self.settle()
        with self._lock:
            self._is_open = False
        self._end.set()
        self._thread.join(self.timeout)
        self.sock.close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._authority:
            self._authority.close()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Peer {self.address}>"


def peer(
    script: Script,
    host: str = "127.0.0.1",
    port: int = 0,
    kind: str = "stream",
    unix: bool | os.PathLike[str] | str = False,
    tls: bool = False,
    timeout: float = 10.0,
) -> Peer:
    """A peer on a free port of 127.0.0.1 (or "::1"), or on a Unix socket (of this path, or with
    True of one of its own); kind is "stream" or "dgram". It is ready when this returns."""
    return Peer(script, host, port, kind, unix, tls, timeout)


def transcript(connections: Sequence[Connection | Datagrams]) -> list[Line]:
    """All their lines, in the order of time."""
    lines = (line for c in connections for line in c.transcript)
    return sorted(lines, key=lambda line: line.time_ns)
