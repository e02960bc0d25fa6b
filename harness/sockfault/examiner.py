# SPDX-License-Identifier: MIT
"""One submission: built, run under each test of an assignment, judged.

What a test comes to rests on what the peer saw: that it was talked to, what it received, how its
client ended. The trace, which the submission's own process writes, says why, and is believed where
the peer agrees with it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import time
from typing import Any, Iterator

from . import command, report, sandbox
from .assignment import Assignment, Test
from .batch import Asked, Batch
from .command import SockfaultError
from .events import Event, Finding, make, signal_name
from .graded import Graded, Loss, Verdict
from .peer import Line, Peer, PeerError, transcript
from .run import Traced
from .sandbox import Box, Level
from .suite import ANY, FAULT_FREE, PythonPeer
from .verdict import diff

SLACK = 20.0  # seconds beyond its own deadline after which the command is given up
READY = 10.0  # seconds for a peer to listen
TRACE_SIZE = "256MiB"
OUTPUT_SHOWN = 2000  # bytes of a program's output that a complaint shows
CHART_ROWS = 120  # calls that a page shows of a run
EXCERPT = 3  # lines of source before and behind a marked one
STATUS_LATE, STATUS_TROUBLE = 124, 125
CRASHES = ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE", "SIGSYS", "SIGTRAP")


@dataclasses.dataclass
class Seen:
    """One run of the program: how it ended, what it printed, and what its peer saw."""

    outcome: dict[str, Any]
    stdout: bytes
    stderr: bytes
    wall: float
    status: int | None
    signal: str | None
    timed_out: bool
    trace: pathlib.Path
    met: int  # connections, or datagram partners, that the peer had; of a server: its client's
    heard: bytes
    peer_error: str | None = None
    lines: list[Line] = dataclasses.field(default_factory=list)
    next_error: str | None = None
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
        return [make(Finding, one) for one in self.outcome.get("findings") or []]


class Unbuilt(SockfaultError):
    """The submission can't be run at all."""


def _ended(code: int | None, number: int | None) -> tuple[int | None, str | None]:
    """Status and signal; a box tells of a signal as a shell does, by 128 + N."""
    if number is not None:
        return None, signal_name(number)
    if (
        code is not None
        and code > 128
        and signal_name(code - 128) in CRASHES + ("SIGPIPE", "SIGKILL")
    ):
        return None, signal_name(code - 128)
    if code is not None and code > 128 and code - 128 in (signal.SIGXCPU, signal.SIGXFSZ):
        return None, signal_name(code - 128)
    return code, None


def _free_port(kind: str) -> int:
    """Within a network of our own nobody else takes it meanwhile."""
    what = socket.SOCK_STREAM if kind == "stream" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, what) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _fill(text: str, places: dict[str, str]) -> str:
    for place, value in places.items():
        text = text.replace("{" + place + "}", value)
    return text


class TracedPeer:
    """A peer that is a command, under a trace of its own: what came to it is known from there, and
    not from what the program says. It listens when this returns."""

    def __init__(self, batch: Batch, text: str, folder: pathlib.Path, port: int, within: float):
        folder.mkdir()
        sandbox.give(folder)
        self.trace, self.out = folder / "trace.sft", folder / "stdout"
        self._folder, self.batch = folder, batch
        for name in ("ready", "hold"):
            os.mkfifo(folder / name, 0o666)
            os.chmod(folder / name, 0o666)
        self._ready = os.open(folder / "ready", os.O_RDONLY | os.O_NONBLOCK)
        self._hold = os.open(folder / "hold", os.O_RDWR)
        client = "echo > ready; read x < hold"
        words = ["run", "--trace", str(self.trace), "--trace-size", TRACE_SIZE]
        words += [
            "--timeout",
            f"{round((within + READY) * 1000)}ms",
            "--server",
            "--client",
            client,
        ]
        words += ["--", "/bin/sh", "-c", f"exec {text}"]
        self._asked: Asked = batch.begin(words, out=self.out, err=folder / "stderr", cwd=folder)
        self._await(text)

    def _await(self, text: str) -> None:
        end = time.monotonic() + READY
        while time.monotonic() < end:
            with contextlib.suppress(BlockingIOError):
                if os.read(self._ready, 1):
                    return
            if self._asked.done.wait(0.005):
                break
        self.close()
        said = (self._folder / "stderr").read_text(errors="replace").strip()[-500:]
        raise SockfaultError(f"the peer did not listen: {text}\n{said}")

    def close(self) -> None:
        """Lets its client go; the peer is asked to end."""
        os.write(self._hold, b"\n")
        self._asked.answer(SLACK + READY)
        for fd in (self._ready, self._hold):
            os.close(fd)

    def connections(self) -> list[dict[str, Any]]:
        """That it accepted, or datagram sockets that received something."""
        rows = command.objects("ctl", str(self.trace), "status", "--json")
        return [row for row in rows if "conn" in row and row.get("received")]


class Examiner:
    """Grades one submission, within the outer box."""

    def __init__(
        self,
        assignment: Assignment,
        name: str,
        work: pathlib.Path,
        level: Level,
        reference: pathlib.Path | None,
        seed: int = 1,
    ) -> None:
        self.assignment, self.level, self.reference, self.seed = assignment, level, reference, seed
        self.work, self.program = work, work / "program"
        self.graded = Graded(name, assignment.name, assignment.points, level.value)
        if not assignment.points:
            self.graded.of = sum(test.points for test in assignment.tests)
        self._charged: dict[tuple[Any, ...], str] = {}  # mistakes that have cost their points
        self._lost: dict[str, float] = {}  # of groups
        self._count = 0
        self._target = assignment.targets[0]  # which is being run
        self._plains: dict[str, Seen] = {}  # the fault-free run of each target

    @property
    def _plain(self) -> Seen | None:
        return self._plains.get(self._target.name)

    # ---- building ----

    def build(self) -> None:
        """Unbuilt, in words, where it fails."""
        wanted = self.assignment.build
        for name in wanted.needs:
            if not (self.program / name).exists():
                raise Unbuilt(f"the submission has no {name}")
        if wanted.command:
            limits = dataclasses.replace(
                self.assignment.limits, memory=wanted.memory, cpu=wanted.within, processes=256
            )
            limits = dataclasses.replace(limits, disk=max(limits.disk, 256 << 20))
            box = Box(self.program, limits, may_write_program=True)
            self._make(wanted.command, box, wanted.within)
        for word in dict.fromkeys(target.command[0] for target in self.assignment.targets):
            self._look_at_program(word)

    def _make(self, text: str, box: Box, within: float) -> None:
        log = self.work / "build.log"
        words = [
            *sandbox.user_words(self.level),
            *sandbox.inner_words(self.level, box),
            "/bin/sh",
            "-c",
            text,
        ]
        with open(log, "wb") as out:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=sandbox.environment(),
                start_new_session=True,
            )
            try:
                status = process.wait(within)
            except subprocess.TimeoutExpired:
                status = -signal.SIGKILL
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if status != 0:
            said = log.read_text(errors="replace").strip()[-OUTPUT_SHOWN:]
            how = "took too long" if status == -signal.SIGKILL else f"ended with status {status}"
            raise Unbuilt(f"the build ({text}) {how}:\n{said}")

    def _look_at_program(self, word: str) -> None:
        """Will the library load into it, and are there source lines?"""
        path = self.program / word if "/" in word else pathlib.Path(shutil.which(word) or word)
        if "/" in word and not path.is_file():
            raise Unbuilt(f"there is no program {word} after the build")
        if not os.access(path, os.X_OK):
            raise Unbuilt(f"{word} can't be executed")
        done = subprocess.run(
            [command.find(), "doctor", str(path)], capture_output=True, text=True, check=False
        )
        if done.returncode == STATUS_TROUBLE:
            why = done.stderr.strip() or done.stdout.strip()
            raise Unbuilt(
                f"sockfault can't see into {word}: {why.removeprefix('sockfault doctor: ')}"
            )
        if "/" in word and path.read_bytes()[:4] == b"\x7fELF" and not _has_lines(path):
            self.graded.warnings.append(
                f"{word} was built without -g: mistakes are told by function, not by source line"
            )

    # ---- running ----

    def _rules(self, test: Test | None, folder: pathlib.Path) -> list[str]:
        """For the program, and not for the box around it."""
        if not test or test.is_plain:
            return []
        first = sandbox.launchers(self.level) + 1
        condition = f" process={first}.." if first > 1 else ""
        words = []
        for text in test.use:
            words += ["-s", text if "process=" in text else text + condition]
        if test.rules:
            path = folder / "rules.fault"
            path.write_text("\n".join(test.rules) + "\n", encoding="utf-8")
            own = any("process=" in rule for rule in test.rules)
            words += ["-s", str(path) if own else f"{path}{condition}"]
        return words

    def _box(self, folder: pathlib.Path, port: int) -> Box:
        return Box(
            self.program,
            self.assignment.limits,
            writable=(folder / "trace.sft",),
            hidden=(self.assignment.folder,),
            port=port,
        )

    def observe(self, batch: Batch, test: Test | None) -> Seen:
        """One run; without a test, the fault-free one."""
        self._count += 1
        folder = self.work / f"run-{self._count}"
        folder.mkdir()
        sandbox.give(folder)
        if self._target.role == "server":
            return self._observe_server(batch, test, folder)
        return self._observe_client(batch, test, folder)

    def _run(
        self, batch: Batch, test: Test | None, folder: pathlib.Path, words: list[str], port: int
    ) -> tuple[dict[str, Any], float]:
        target = self._target
        places = {"host": "127.0.0.1", "port": str(port)}
        places["tmp"] = str(sandbox.tmp(self.level, self.program))
        argv = [_fill(word, places) for word in target.command]
        within = (
            test.expect.within if test and test.expect.within else self.assignment.limits.within
        )
        asked = ["run", "--trace", str(folder / "trace.sft"), "--trace-size", TRACE_SIZE]
        asked += ["--timeout", f"{round(within * 1000)}ms", *self._rules(test, folder), *words]
        asked += ["--seed", str(test.seed if test and test.seed is not None else self.seed)]
        asked += ["--realism", test.realism] if test and test.realism else []
        if self._plain:
            asked += ["--baseline", str(self._plain.trace)]
        box = self._box(folder, port)
        asked += ["--", *sandbox.inner_words(self.level, box), *argv]
        (folder / "stdin").write_bytes(target.stdin)
        started = time.monotonic()
        answer = batch.begin(
            asked,
            stdin=folder / "stdin",
            out=folder / "stdout",
            err=folder / "stderr",
            cwd=folder,
            env=target.env,
        ).answer(3 * within + SLACK)
        wall = time.monotonic() - started
        outcome = answer.get("outcome")
        if outcome is None:
            raise SockfaultError(str(answer.get("error") or "sockfault could not run the program"))
        return outcome, wall

    def _seen(
        self, outcome: dict[str, Any], wall: float, folder: pathlib.Path, **what: Any
    ) -> Seen:
        target = outcome["target"]
        status, number = _ended(target["status"], target["signal"])
        if self._target.role == "server" and outcome.get("client"):
            status, number = _ended(outcome["client"]["status"], outcome["client"].get("signal"))
        limit = self.assignment.limits.output
        out = "client.out" if self._target.role == "server" else "stdout"
        made = Seen(
            outcome,
            _read(folder / out, limit),
            _read(folder / "stderr", limit),
            wall,
            status,
            number,
            bool(outcome["timed_out"]),
            folder / "trace.sft",
            **what,
        )
        if outcome.get("escapes"):
            made.hidden_calls = "it started a program into which sockfault could not come"
        return made

    def _observe_client(self, batch: Batch, test: Test | None, folder: pathlib.Path) -> Seen:
        target = self._target
        if isinstance(target.peer, PythonPeer):
            wanted = target.peer
            with Peer(wanted.script, wanted.host, 0, wanted.kind, tls=wanted.tls) as peer:
                outcome, wall = self._run(batch, test, folder, [], peer.port)
                injected = bool(outcome["faults"])
                errors = list(peer.settle(lambda: injected))
                heard = b"".join(bytes(one.heard) for one in peer.connections)
                met = len([one for one in peer.connections if one.heard or wanted.kind == "stream"])
                seen = self._seen(outcome, wall, folder, met=met, heard=heard)
                seen.lines = transcript(peer.connections)
            for _, error in errors:
                seen.peer_error = str(error) if isinstance(error, PeerError) else repr(error)
            return self._compare_calls(seen, met)
        port = _free_port(target.kind)
        places = {"port": str(port), "host": "127.0.0.1", "reference": str(self.reference or "")}
        places["tmp"] = str(folder)
        text = _fill(target.peer or "", places)
        within = (
            test.expect.within if test and test.expect.within else self.assignment.limits.within
        )
        traced = TracedPeer(batch, text, folder / "peer", port, within)
        try:
            outcome, wall = self._run(batch, test, folder, [], port)
        finally:
            traced.close()
        connections = traced.connections()
        seen = self._seen(
            outcome, wall, folder, met=len(connections), heard=_read(traced.out, 16 << 20)
        )
        return self._compare_calls(seen, len(connections))

    def _compare_calls(self, seen: Seen, met: int) -> Seen:
        """Did the peer meet more connections than the trace tells of?"""
        told = int(seen.outcome["connections"])
        if met > told and not seen.hidden_calls:
            seen.hidden_calls = (
                f"its peer met {met} connection{'s' if met > 1 else ''}, and the program's own calls "
                f"tell of {told}"
            )
        return seen

    def _observe_server(self, batch: Batch, test: Test | None, folder: pathlib.Path) -> Seen:
        target = self._target
        port = _free_port(target.kind)
        places = {"port": str(port), "host": "127.0.0.1", "reference": str(self.reference or "")}
        places["tmp"] = str(folder)
        client = _fill(target.client or "", places)
        words = ["--server", "--client", client, "--client-output", str(folder / "client.out")]
        if test and test.expect.next_client:
            words += ["--next", client, "--next-output", str(folder / "next.out")]
        outcome, wall = self._run(batch, test, folder, words, port)
        driven = outcome.get("client") or {}
        met = 0 if outcome.get("never_served") or not driven else 1
        seen = self._seen(outcome, wall, folder, met=met, heard=b"")
        seen.timed_out = seen.timed_out or bool(driven.get("timed_out"))
        after = outcome.get("next")
        if after and test and self._plain:
            status, number = _ended(after["status"], after.get("signal"))
            got = _read(folder / "next.out", self.assignment.limits.output)
            if after["timed_out"] or number or status != self._plain.status:
                seen.next_error = "the next client, without faults, was not served"
            elif self._normal(got) != self._normal(self._plain.stdout):
                seen.next_error = "the next client, without faults, got another answer"
        if seen.met and not int(outcome["connections"]) and not outcome["calls"]:
            seen.hidden_calls = "its client was served, and the program's own calls tell of nothing"
        return seen

    # ---- judging ----

    def _normal(self, text: bytes) -> bytes:
        for pattern, replacement in self._target.normalize:
            text = pattern.sub(replacement, text)
        return text

    def _problems(self, test: Test, seen: Seen) -> Iterator[str]:
        """What a run did other than expected."""
        expect, who = test.expect, self._who()
        limits = self.assignment.limits
        if seen.hidden_calls:
            yield f"some of the program's calls are not seen by sockfault: {seen.hidden_calls}"
        if seen.timed_out:
            yield f"{who} did not end within {expect.within or limits.within:g} s"
        if len(seen.stdout) > limits.output:
            yield f"it printed more than {limits.output} bytes"
        if seen.signal and seen.signal != expect.signal and not seen.timed_out:
            what = {"SIGXCPU": " (too much CPU time)", "SIGXFSZ": " (a file grew too large)"}
            what["SIGKILL"] = " (it used more than it may)"
            yield f"{who} was killed by {seen.signal}{what.get(seen.signal, '')}"
        if not seen.met and not seen.outcome["faults"]:  # a refused connect explains it
            talked = "talked to its peer" if not self._is_server() else "served its client"
            yield f"the program never {talked}"
        if seen.peer_error:
            yield f"the peer: {seen.peer_error}"
        if not seen.timed_out and not seen.signal:
            yield from self._compared(test, seen)
        if test.peer_got is not None and self._normal(seen.heard) != self._normal(test.peer_got):
            yield f"the peer received something else\n{diff(test.peer_got, seen.heard)}"
        if expect.stderr and expect.stderr not in seen.stderr.decode(errors="replace"):
            yield f"expected {expect.stderr!r} on standard error"
        if seen.next_error:
            yield seen.next_error

    def _compared(self, test: Test, seen: Seen) -> Iterator[str]:
        expect, plain, who = test.expect, self._plain, self._who()
        wanted: tuple[int | None, ...] | None = None
        if isinstance(expect.status, tuple):
            wanted = expect.status
        elif (
            expect.status != ANY and expect.signal is None and (expect.status or not expect.stdout)
        ):
            wanted = (plain.status,) if plain else (0,)
        if wanted is not None and seen.status not in wanted:
            yield f"{who} ended with {seen.ended}, expected status {' or '.join(map(str, wanted))}"
        if expect.signal and seen.signal != expect.signal:
            yield f"{who} ended with {seen.ended}, expected death by {expect.signal}"
        output = expect.stdout
        if output == FAULT_FREE:
            output = plain.stdout if plain else None
        if isinstance(output, bytes):
            expected, got = self._normal(output), self._normal(seen.stdout)
            if expected != got:
                yield f"{who} printed something else\n{diff(expected, got)}"

    def _is_server(self) -> bool:
        return self._target.role == "server"

    def _who(self) -> str:
        return "the client of the program" if self._is_server() else "the program"

    def _loss(self, finding: Finding, points: float, test: Test) -> Loss:
        """A mistake costs once, however often and in however many tests it shows."""
        place = (finding.finding, finding.file or finding.site, finding.line)
        before = self._charged.setdefault(place, test.name)
        if before != test.name:
            points = 0.0
        return Loss(
            points,
            finding.says,
            finding.finding,
            finding.severity,
            self._relative(finding.file),
            finding.line,
            finding.function,
            finding.hint,
            self._excerpt(finding),
            before if before != test.name else None,
        )

    def _relative(self, file: str | None) -> str | None:
        """As the student knows it."""
        return file.removeprefix(f"{self.program}/") if file else None

    def _excerpt(self, finding: Finding) -> list[tuple[int, str]]:
        """The student's own lines around the mistake."""
        if not finding.file or not finding.line:
            return []
        name = os.path.basename(finding.file)
        found = [
            path for path in self.program.rglob(name) if path.is_file() and not path.is_symlink()
        ]
        if len(found) != 1:
            return []
        lines = found[0].read_text(errors="replace").splitlines()
        first = max(1, finding.line - EXCERPT)
        return [
            (n, lines[n - 1]) for n in range(first, min(len(lines), finding.line + EXCERPT) + 1)
        ]

    def _findings(self, test: Test, seen: Seen, problems: list[str]) -> list[Finding]:
        """What the program did wrong. Some of it is said only of a run that is known to differ from
        the fault-free one."""
        found = seen.findings
        if problems and self._plain and not test.is_plain:
            words = ["--json", "--baseline", str(self._plain.trace), "--differs"]
            lines = command.objects("findings", str(seen.trace), *words, good=(0, 1))
            found = [make(Finding, one) for one in lines if "finding" in one]
        found = list({(one.finding, one.file or one.site, one.line): one for one in found}.values())
        served = self._is_server() and test.expect.next_client and not seen.next_error
        return [
            one
            for one in found
            if one.program not in ("bwrap", "unshare")
            and not (one.finding == "accept-gives-up" and served and not test.is_plain)
        ]

    def _cost(self, test: Test, finding: Finding) -> float | None:
        """What the test says that this mistake costs."""
        cost = test.forbid.get(finding.finding)
        return test.forbid.get(finding.severity) if cost is None else cost

    def _losses(self, test: Test, problems: list[str], findings: list[Finding]) -> list[Loss]:
        """A mistake with a price costs that, once. Whatever else went wrong costs the whole test, and
        is told by the mistake behind it where that is known."""
        prices = [self._cost(test, one) for one in findings]
        losses = [self._loss(one, cost or 0.0, test) for one, cost in zip(findings, prices)]
        if not problems or any(cost is not None for cost in prices):
            return losses
        known = {(one.finding, one.site) for one in self._plain.findings} if self._plain else set()
        ranks = ["error", "warning"]
        behind = [
            (ranks.index(one.severity), at)
            for at, one in enumerate(findings)
            if one.severity in ranks and (test.is_plain or (one.finding, one.site) not in known)
        ]
        if not behind:
            return [Loss(test.points, problems[0]), *losses]
        at = min(behind)[1]
        losses[at].points, losses[at].before = test.points, None
        return [losses.pop(at), *losses]

    def judge(self, test: Test, seen: Seen) -> Verdict:
        problems = list(self._problems(test, seen))
        unfired = [rule for rule in seen.rules if not rule["fired"]]
        findings = self._findings(test, seen, problems)
        losses = self._losses(test, problems, findings)
        notes = [one for one in problems if not losses or one != losses[0].says]
        verdict = Verdict(test.name, test.visibility, 0.0, test.points, "failed", losses, notes)
        lost = sum(loss.points for loss in losses)
        verdict.points = max(0.0, test.points - lost)
        if unfired and not problems:
            self._not_reached(test, verdict, unfired)
        elif not lost and not problems:
            verdict.state = "passed"
        elif verdict.points > 0:
            verdict.state = "partly"
        verdict.feedback = test.feedback if verdict.state != "passed" else None
        verdict.repeat = self._repeat(test, seen)
        verdict.duration = seen.wall
        if verdict.state != "passed":
            verdict.chart = self._chart(seen, findings)
        return self._capped(test, verdict)

    @staticmethod
    def _not_reached(test: Test, verdict: Verdict, unfired: list[dict[str, Any]]) -> None:
        """The fault never happened: neither passed nor failed."""
        verdict.state = "not reached"
        verdict.points = min(verdict.points, test.not_reached or 0.0)
        for rule in unfired:
            verdict.notes.append(f"never happened: {rule['text']}: {rule['why']}")

    def _capped(self, test: Test, verdict: Verdict) -> Verdict:
        """Tests of a group lose no more together than the group says."""
        if test.group is None:
            return verdict
        room = self.assignment.groups[test.group] - self._lost.get(test.group, 0.0)
        lost = test.points - verdict.points
        if lost > room:
            verdict.points = test.points - max(0.0, room)
            verdict.notes.append(f'the tests of "{test.group}" have lost all that they may')
        self._lost[test.group] = self._lost.get(test.group, 0.0) + test.points - verdict.points
        return verdict

    def _repeat(self, test: Test, seen: Seen) -> str | None:
        """What to type at home; a peer in Python is left to the assignment's handout."""
        target = self._target
        words = ["sockfault", "run"]
        if self._is_server():
            words += ["--server", "--client", target.client or ""]
        elif isinstance(target.peer, str) and "{reference}" not in target.peer:
            words += ["--peer", target.peer]
        for text in test.use:
            words += ["-s", text]
        for rule in test.rules:
            words += ["-e", rule]
        seed = seen.outcome.get("seed", 1)
        words += ["--seed", str(seed)] if seed != 1 else []
        shown = [word.replace("{host}", "127.0.0.1") for word in target.command]
        line = [word if word == "{port}" else shlex.quote(word) for word in [*words, "--", *shown]]
        return " ".join(line)

    def _chart(self, seen: Seen, findings: list[Finding]) -> str:
        """What happened around the faults, as rows of HTML."""
        run = Traced(str(seen.trace))
        run.argv = [str(self.program / self._target.command[0])]
        own = [event for event in run.events if self._is_own(event)]
        marked = {seq for one in findings for seq in (one.cause, *one.evidence) if seq}
        near = [i for i, event in enumerate(own) if event.fault or event.seq in marked]
        first = max(0, (near[0] if near else len(own) - CHART_ROWS) - CHART_ROWS // 4)
        run.events = own[first : first + CHART_ROWS]
        return "\n".join(report.chart(run, findings, seen.lines))

    def _is_own(self, event: Event) -> bool:
        return (event.process or 0) > sandbox.launchers(self.level)

    # ---- all of it ----

    def grade(self) -> Iterator[Graded]:
        """The state of things after each test."""
        try:
            self.build()
        except SockfaultError as error:
            self.graded.build = str(error)
            self._nothing(str(error))
            yield self.graded
            return
        env = sandbox.environment() | {"SOCKFAULT_DIR": str(self.work / "runs")}
        (self.work / "runs").mkdir(mode=0o700)
        if sandbox.user_words(self.level):
            sandbox.give(self.work / "runs")
        with Batch(sandbox.user_words(self.level), env) as batch:
            for test in self.assignment.tests:
                self.graded.verdicts.append(self._test(batch, test))
                yield self.graded
        self.graded.is_done = True
        yield self.graded

    def _nothing(self, why: str) -> None:
        for test in self.assignment.tests:
            loss = Loss(test.points, why.splitlines()[0])
            self.graded.verdicts.append(
                Verdict(test.name, test.visibility, 0.0, test.points, "failed", [loss], [])
            )
        self.graded.is_done = True

    def _test(self, batch: Batch, test: Test) -> Verdict:
        try:
            self._target = test.target
            if not self._plain:
                self._plains[test.target.name] = self.observe(batch, None)
            seen = self.observe(batch, test)
            return self.judge(test, seen)
        except SockfaultError as error:  # ours, not the student's: for somebody to look at
            loss = Loss(test.points, f"sockfault could not run this test: {error}")
            return Verdict(test.name, test.visibility, 0.0, test.points, "error", [loss], [])


def _read(path: pathlib.Path, limit: int) -> bytes:
    """No more than tells that it is too much."""
    try:
        with open(path, "rb") as file:
            return file.read(limit + 1)
    except OSError:
        return b""


def _has_lines(path: pathlib.Path) -> bool:
    done = subprocess.run(["readelf", "-SW", str(path)], capture_output=True, check=False)
    return b".debug_info" in done.stdout or b".debug_line" in done.stdout


def copy_submission(source: pathlib.Path, target: pathlib.Path) -> None:
    """A copy that the box may have; links that lead out of it stay links, and lead nowhere there."""
    shutil.copytree(source, target, symlinks=True, ignore_dangling_symlinks=True)
    for here, folders, _ in os.walk(target):
        for name in folders:
            os.chmod(os.path.join(here, name), 0o755)
    os.chmod(target, 0o755)
    sandbox.give(target)
