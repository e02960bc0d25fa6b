# SPDX-License-Identifier: MIT
"""One run of a submission, and what was seen of it: the only part of grading that knows how runs
are made. The program is in a box; the other end of its connections is not, and is believed.

There are four kinds of other ends (`Met` is what each of them saw):

                      a Python function        a shell command
    for a client      a scripted peer          a peer, under a trace of its own
    for a server      a scripted client        the command's own --client
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import shlex
import socket
import time
from typing import Any, Callable, Iterator, Sequence

from . import evasion, sandbox
from .assignment import Assignment, Target, Test
from .batch import Asked, Batch
from .command import SockfaultError
from .events import Finding, ended_within, make
from .peer import Connection, Datagrams, Line, Peer, PeerError, transcript
from .sandbox import Box, Level
from .suite import PythonPeer
from .wire import Talk, Wire

SLACK = 30.0  # seconds beyond its own deadline after which the command is given up
READY = 10.0  # seconds for a peer to listen
TRACE_SIZE = "64MiB"
HEARD = 16 << 20  # bytes that are kept of what a peer heard
STATUS_LATE = 124
ROOM = 0.1  # seconds that the box and the library take to start; more where the machine is busy
ROOM_MAX = 2.0
BUSY = 0.2  # of its time: it needs a processor, and may have waited for one
LOAD_MAX = 4.0  # a busy machine gives a busy program so much more time at most
BOX = ("bwrap", "unshare", "sockfault-confine")  # programs that make a box


@dataclasses.dataclass
class Met:
    """What the other end saw of the program."""

    count: int = 0  # connections, or senders of datagrams
    heard: bytes = b""
    error: str | None = None
    lines: list[Line] = dataclasses.field(default_factory=list)
    said: bytes | None = None  # what a scripted client came to
    talks: list[Talk] = dataclasses.field(default_factory=list)  # what passed, where that is known
    expected_at: int | None = None  # the byte of the program's that its script did not expect

    @property
    def seen_lines(self) -> list[Line]:
        """What the other end did: as it tells it, else as it passed."""
        passed = [line for talk in self.talks for line in talk.lines()]
        return self.lines or sorted(passed, key=lambda line: line.time_ns)


@dataclasses.dataclass
class Seen:
    """A run: how the program ended, what it printed, and what its peer saw. Of a server, status and
    output are its client's."""

    outcome: dict[str, Any]
    status: int | None
    signal: str | None
    timed_out: bool
    stdout: bytes
    stderr: bytes
    wall: float
    trace: pathlib.Path
    met: Met
    next: Seen | None = None  # of a client without faults, afterwards
    server_ended: bool = False  # before it was asked to
    hidden_calls: str | None = None  # how the program got round the library

    @property
    def ended(self) -> str:
        if self.timed_out:
            return "no end"
        return f"death by {self.signal}" if self.signal else f"status {self.status}"

    @property
    def rules(self) -> list[dict[str, Any]]:
        return list(self.outcome.get("rules") or [])

    @property
    def findings(self) -> list[Finding]:
        return without_box([make(Finding, one) for one in self.outcome.get("findings") or []])

    @property
    def is_reached(self) -> bool:
        """Has each rule fired? Else the run says nothing of what was to be seen."""
        return all(rule["fired"] for rule in self.rules)

    @property
    def has_faults(self) -> bool:
        return bool(self.outcome.get("faults"))


def without_box(findings: list[Finding]) -> list[Finding]:
    """Each mistake once, and none of what makes the box."""
    own = [one for one in findings if one.program not in BOX]
    return list({(one.finding, one.file or one.site, one.line): one for one in own}.values())


def free_port(kind: str) -> int:
    """Within a network of our own nobody else takes it meanwhile."""
    what = socket.SOCK_STREAM if kind == "stream" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, what) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def fill(text: str, places: dict[str, str]) -> str:
    for place, value in places.items():
        text = text.replace("{" + place + "}", value)
    return text


def read(path: pathlib.Path, limit: int) -> bytes:
    """No more than tells that it is too much."""
    try:
        with open(path, "rb") as file:
            return file.read(limit + 1)
    except OSError:
        return b""


def busyness() -> float:
    """How much longer what needs a processor takes now."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


class Held:
    """A command under test that serves until it is let go: its client is a line of shell."""

    CLIENT = "echo > {0}/ready; read x < {0}/hold"

    def __init__(self, folder: pathlib.Path) -> None:
        self.client = self.CLIENT.format(shlex.quote(str(folder)))
        for name in ("ready", "hold"):
            os.mkfifo(folder / name, 0o600)
        sandbox.give(folder)
        self._ready = os.open(folder / "ready", os.O_RDONLY | os.O_NONBLOCK)
        self._hold = os.open(folder / "hold", os.O_RDWR)

    def serves(self, asked: Asked) -> bool:
        """Waits until it does, or will never do."""
        end = time.monotonic() + READY
        while time.monotonic() < end:
            with contextlib.suppress(BlockingIOError):
                if os.read(self._ready, 1):
                    return True
            if asked.done.wait(0.002):
                break
        return False

    def let_go(self) -> None:
        os.write(self._hold, b"\n")

    def close(self) -> None:
        for fd in (self._ready, self._hold):
            os.close(fd)


class ScriptedClient:
    """What a function that drives a server is given: its address, and connections to it."""

    def __init__(self, port: int, timeout: float) -> None:
        self.host, self.port, self.timeout = "127.0.0.1", port, timeout
        self.channels: list[Connection | Datagrams] = []

    def connect(self) -> Connection:
        sock = socket.create_connection((self.host, self.port), self.timeout)
        number = len(self.channels) + 1
        made = Connection(sock, number, self.timeout, f"connection {number}")
        self.channels.append(made)
        return made

    def datagrams(self) -> Datagrams:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect((self.host, self.port))
        number = len(self.channels) + 1
        made = Datagrams(sock, number, self.timeout, f"socket {number}")
        made.target = (self.host, self.port)
        self.channels.append(made)
        return made


def drive(script: Callable[[Any], Any], port: int, timeout: float) -> Met:
    """Runs a scripted client to its end."""
    client, met = ScriptedClient(port, timeout), Met()
    try:
        said = script(client)
        met.said = said.encode() if isinstance(said, str) else said
    except (PeerError, OSError) as error:
        met.error = str(error)
    except Exception as error:  # whatever a script does
        met.error = repr(error)
    for channel in client.channels:
        channel.close()
    met.heard = b"".join(bytes(one.heard) for one in client.channels)
    met.count = len([one for one in client.channels if one.heard])
    met.lines = transcript(client.channels)
    met.said = met.heard if met.said is None else met.said
    return met


class Runner:
    """Makes the runs of one submission, which lies in work/program, built."""

    def __init__(
        self,
        assignment: Assignment,
        level: Level,
        work: pathlib.Path,
        reference: pathlib.Path | None,
        seed: int,
        wire: Wire | None = None,
    ) -> None:
        self.assignment, self.level, self.work = assignment, level, work
        self.wire = wire
        self.reference, self.seed = reference, seed
        (work / "runs").mkdir(mode=0o700)
        if sandbox.user_words(level):
            sandbox.give(work / "runs")
        self.batch = self.start_batch()
        self.program = work / "program"
        self.first_process = sandbox.launchers(level) + 1  # the program's own
        self._count = 0

    def start_batch(self) -> Batch:
        """What makes the runs: another user than ours, where we are root."""
        env = sandbox.environment() | {"SOCKFAULT_DIR": str(self.work / "runs")}
        return Batch(sandbox.user_words(self.level), env)

    def close(self) -> None:
        self.batch.close()

    # ---- what is asked for ----

    def within(self, test: Test | None) -> float:
        return (test.expect.within if test else None) or self.assignment.limits.within

    def rules(self, test: Test | None, folder: pathlib.Path) -> list[str]:
        """For the program, and not for the box around it."""
        if not test or test.is_plain:
            return []
        condition = f" process={self.first_process}.." if self.first_process > 1 else ""
        words = []
        for text in test.use:
            words += ["-s", text if "process=" in text else text + condition]
        if test.rules:
            path = folder / "rules.fault"
            path.write_text("\n".join(test.rules) + "\n", encoding="utf-8")
            own = any("process=" in rule for rule in test.rules)
            words += ["-s", str(path) if own else f"{path}{condition}"]
        return words

    def box(self, trace: pathlib.Path, port: int | None = None) -> Box:
        return Box(
            self.program,
            self.assignment.limits,
            writable=(trace,),
            hidden=(self.assignment.folder,),
            port=port,
        )

    def places(self, folder: pathlib.Path, port: int) -> dict[str, str]:
        made = {"host": "127.0.0.1", "port": str(port), "tmp": str(folder)}
        return made | {"reference": str(self.reference or "")}

    # ---- one run ----

    def observe(self, target: Target, test: Test | None, baseline: Seen | None) -> Seen:
        """One run; without a test, or with one that has no rules, a fault-free one. Who was late on
        a busy machine, and needs a processor, is given more time."""
        within = self.within(test)
        seen = self._observe(target, test, baseline, within)
        factor = min(LOAD_MAX, busyness())
        if seen.timed_out and factor > 1.0 and _cpu(seen.outcome) > BUSY * within:
            seen = self._observe(target, test, baseline, factor * within)
        return seen

    def _observe(
        self, target: Target, test: Test | None, baseline: Seen | None, within: float
    ) -> Seen:
        self._count += 1
        folder = self.work / f"run-{self._count}"
        folder.mkdir()
        (folder / "stdin").write_bytes(target.stdin)
        room = min(ROOM_MAX, ROOM * busyness())
        one = One(self, target, test, baseline, folder, within + room)
        if target.role == "server":
            scripted = isinstance(target.client, PythonPeer)
            return one.scripted_client() if scripted else one.client_command()
        return one.scripted_peer() if isinstance(target.peer, PythonPeer) else one.peer_command()

    def findings(self, seen: Seen, baseline: Seen, differs: str) -> list[Finding]:
        """Again, of a run that is known to differ from the fault-free one: some need that."""
        words = ["findings", str(seen.trace), "--json", "--baseline", str(baseline.trace)]
        lines = self.told(seen.trace.parent, *words, "--differs", differs)
        return without_box([make(Finding, one) for one in lines if "finding" in one])

    def told(self, folder: pathlib.Path, *words: str) -> Iterator[dict[str, Any]]:
        """The JSON objects that a subcommand prints."""
        answer = self.batch.ask(words, out=folder / "told")
        if answer["error"]:
            raise SockfaultError(str(answer["error"]))
        with open(folder / "told", "rb") as lines:
            yield from map(json.loads, lines)

    def status(self, seen: Seen) -> dict[str, Any]:
        """What the arena says of a run as a whole."""
        lines = self.told(seen.trace.parent, "ctl", str(seen.trace), "status", "--json")
        return next(line for line in lines if "run" in line)

    def connections(self, folder: pathlib.Path, trace: pathlib.Path) -> list[dict[str, Any]]:
        rows = self.told(folder, "ctl", str(trace), "status", "--json")
        return [row for row in rows if "conn" in row]


def _cpu(outcome: dict[str, Any]) -> float:
    return float(outcome.get("user_ns", 0) + outcome.get("system_ns", 0)) / 1e9


def _heard(talks: Sequence[Talk]) -> int:
    """Bytes that a program sent, at least: a fault may send a datagram twice."""
    streams = [len(talk.said(True)) for talk in talks if talk.kind == "stream"]
    sent = [
        one.data for talk in talks if talk.kind == "dgram" for one in talk.passed if one.is_mine
    ]
    return sum(streams) + sum(map(len, set(sent)))


class One:
    """One run, in a folder of its own."""

    def __init__(
        self,
        runner: Runner,
        target: Target,
        test: Test | None,
        baseline: Seen | None,
        folder: pathlib.Path,
        within: float,
    ) -> None:
        self.runner, self.test, self.baseline = runner, test, baseline
        self.folder, self.within, self.target = folder, within, target
        self.trace = folder / "trace.sft"

    def _ms(self, seconds: float) -> str:
        return f"{max(1, round(seconds * 1000))}ms"

    def _begin(self, words: Sequence[str], port: int, limit: float) -> Asked:
        runner, test = self.runner, self.test
        seed = test.seed if test and test.seed is not None else runner.seed
        asked = ["run", "--trace", str(self.trace), "--trace-size", TRACE_SIZE]
        asked += ["--timeout", self._ms(limit), *runner.rules(test, self.folder), *words]
        asked += ["--seed", str(seed)]
        if self.target.role == "server":
            asked += ["--server-process", str(runner.first_process)]
        asked += ["--realism", test.realism] if test and test.realism else []
        asked += ["--baseline", str(self.baseline.trace)] if self.baseline else []
        box = sandbox.inner_words(runner.level, runner.box(self.trace, port))
        places = {"host": "127.0.0.1", "port": str(port)}
        places["tmp"] = str(sandbox.tmp(runner.level, runner.program))
        argv = [fill(word, places) for word in self.target.command]
        sandbox.give(self.folder)
        if runner.wire:
            runner.wire.begin(port)
        self.started = time.monotonic()
        return runner.batch.begin(
            [*asked, "--", *box, *argv],
            stdin=self.folder / "stdin",
            out=self.folder / "stdout",
            err=self.folder / "stderr",
            cwd=self.folder,
            env=self.target.env,
        )

    def _end(self, asked: Asked, limit: float) -> dict[str, Any]:
        answer = asked.answer(limit + SLACK)
        self.wall = time.monotonic() - self.started
        wire = self.runner.wire
        self.talks = wire.end(self.target.role == "server") if wire else []
        outcome: dict[str, Any] | None = answer.get("outcome")
        if outcome is None or answer.get("error"):
            evasion.refuse(answer)
            raise SockfaultError(str(answer.get("error") or "sockfault could not run the program"))
        return outcome

    def _output(self, name: str) -> bytes:
        return read(self.folder / name, self.runner.assignment.limits.output)

    def _seen(self, outcome: dict[str, Any], met: Met) -> Seen:
        status, number = ended_within(outcome["target"]["status"], outcome["target"]["signal"])
        late = bool(outcome["timed_out"])
        out, err = self._output("stdout"), self._output("stderr")
        made = Seen(outcome, status, number, late, out, err, self.wall, self.trace, met)
        met.talks = self.talks
        heard = _heard(self.talks)
        if self.target.kind == "stream" and isinstance(self.target.peer, PythonPeer):
            heard = max(heard, len(met.heard))
        talked = sum(talk.kind == "stream" and bool(talk.said(True)) for talk in self.talks)
        made.hidden_calls = evasion.found(outcome, max(met.count, talked), heard)
        return made

    # ---- a client under test ----

    def scripted_peer(self) -> Seen:
        wanted = self.target.peer
        assert isinstance(wanted, PythonPeer)
        timeout = self.within
        with Peer(
            wanted.script, wanted.host, 0, self.target.kind, tls=wanted.tls, timeout=timeout
        ) as peer:
            outcome = self._end(self._begin([], peer.port, self.within), self.within)
            injected = bool(outcome["faults"])
            errors = [error for _, error in peer.settle(lambda: injected)]
            heard = [one for one in peer.connections if one.heard or self.target.kind == "stream"]
            met = Met(len(heard), b"".join(bytes(one.heard) for one in heard))
            met.lines = transcript(peer.connections)
        for error in errors:
            met.error = str(error) if isinstance(error, PeerError) else repr(error)
        return self._seen(outcome, met)

    def peer_command(self) -> Seen:
        runner, port = self.runner, free_port(self.target.kind)
        text = fill(str(self.target.peer or ""), runner.places(self.folder, port))
        peer = TracedPeer(runner, text, self.folder / "peer", self.within)
        try:
            outcome = self._end(self._begin([], port, self.within), self.within)
        finally:
            peer.close()
        met = Met(len(peer.connections()), read(peer.out, HEARD))
        return self._seen(outcome, met)

    # ---- a server under test ----

    def _driven(self, seen: Seen, fields: dict[str, Any], name: str) -> Seen:
        """What a client command came to; its status is as the shell has it."""
        status, number = ended_within(fields["status"], None)
        late = bool(fields["timed_out"]) or status == STATUS_LATE
        return dataclasses.replace(
            seen,
            status=None if late else status,
            signal=None if late else number,
            timed_out=late,
            stdout=self._output(name),
        )

    def client_command(self) -> Seen:
        runner, port = self.runner, free_port(self.target.kind)
        text = fill(str(self.target.client or ""), runner.places(self.folder, port))
        client = f"timeout -k 1 {self.within:.3f} /bin/sh -c {shlex.quote(text)}"
        words = ["--server", "--client", client, "--client-output", str(self.folder / "client")]
        has_next = self.test and not self.test.is_plain and self.test.expect.next_client
        if has_next:
            words += ["--next", text, "--next-timeout", self._ms(self.within)]
            words += ["--next-output", str(self.folder / "next")]
        limit = 2 * self.within + READY
        outcome = self._end(self._begin(words, port, limit), limit)
        driven, after = outcome.get("client"), outcome.get("next")
        began = not outcome.get("never_served") and bool(driven)
        # That it connected says nothing: the kernel does that. Something must have come back.
        served = bool(began and driven and (driven["status"] == 0 or bool(self._output("client"))))
        server = self._seen(outcome, Met(int(served)))
        seen = self._driven(server, driven, "client") if driven else server
        if after:
            seen.next = self._driven(server, after, "next")
        asked_to = outcome["terminated"] or outcome["killed"] or outcome["timed_out"]
        seen.server_ended = bool(began and not asked_to)
        return seen

    def scripted_client(self) -> Seen:
        wanted = self.target.client
        assert isinstance(wanted, PythonPeer)
        port = free_port(self.target.kind)
        held = Held(self.folder)
        limit = 2 * self.within + READY
        words = ["--server", "--client", held.client]
        asked = self._begin(words, port, limit)
        met, after = Met(), None
        try:
            if held.serves(asked):
                met = drive(wanted.script, port, self.within)
                if self.test and not self.test.is_plain and self.test.expect.next_client:
                    after = self._after(wanted, port)
            held.let_go()
            outcome = self._end(asked, limit)
        finally:
            held.close()
        server = self._seen(outcome, met)
        seen = _scripted(server, met)
        seen.next = _scripted(server, after) if after else None
        seen.server_ended = not (outcome["terminated"] or outcome["killed"] or outcome["timed_out"])
        return seen

    def _after(self, wanted: PythonPeer, port: int) -> Met:
        """A client without faults."""
        self.runner.batch.ask(["ctl", str(self.trace), "pause"])
        return drive(wanted.script, port, self.within)


def _scripted(server: Seen, met: Met) -> Seen:
    """A scripted client has a status, too: 0, or 1 where it raised something."""
    status = 1 if met.error else 0
    return dataclasses.replace(
        server, status=status, signal=None, timed_out=False, stdout=met.said or b"", met=met
    )


class TracedPeer:
    """A peer that is a command, under a trace of its own: what came to it is known from there, and
    not from what the program says. It listens when this returns."""

    def __init__(self, runner: Runner, text: str, folder: pathlib.Path, within: float) -> None:
        folder.mkdir()
        self.runner, self.folder = runner, folder
        self.trace, self.out = folder / "trace.sft", folder / "stdout"
        self._held = Held(folder)
        self._limit = within + 2 * READY
        words = ["run", "--trace", str(self.trace), "--trace-size", TRACE_SIZE]
        words += ["--timeout", f"{round(self._limit * 1000)}ms"]
        words += ["--server", "--client", self._held.client, "--", "/bin/sh", "-c", f"exec {text}"]
        self._asked = runner.batch.begin(words, out=self.out, err=folder / "stderr", cwd=folder)
        if not self._held.serves(self._asked):
            self.close()
            said = (folder / "stderr").read_text(errors="replace").strip()[-500:]
            raise SockfaultError(f"the peer did not listen: {text}\n{said}")

    def close(self) -> None:
        """Lets its client go; the peer is asked to end."""
        self._held.let_go()
        self._asked.answer(self._limit + SLACK)
        self._held.close()

    def connections(self) -> list[dict[str, Any]]:
        """That it accepted, or datagram sockets that received something."""
        rows = self.runner.connections(self.folder, self.trace)
        return [row for row in rows if row.get("received")]
