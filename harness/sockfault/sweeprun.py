# SPDX-License-Identifier: MIT
"""One run of a sweep, and what came of it: the only part that knows how runs are made.

A worker owns a folder and makes one run at a time there; its files are used again by the next run.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import pathlib
import shlex
import shutil
import threading
from typing import Any, BinaryIO, Sequence

from .batch import Asked, Batch
from .command import SockfaultError
from .events import Conn, Event, Finding, ended_within, finding_of, make, signal_name
from .text import printed

SHOWN_FOR = "10s"  # of what has no end, to who repeats it
OWN_LIMIT_MS = 20_000  # that a server may take beyond its clients


@dataclasses.dataclass(frozen=True)
class Program:
    """What is swept."""

    command: list[str]
    role: str = "client"  # or server
    client: str | None = None  # drives a server
    peer: str | None = None  # serves it
    seed: int = 1
    realism: str = "posix"
    # Of one that runs in a box (sandbox.py): the words before it, in which {trace} is the trace,
    # the number of its own first process, and the folder where it lies.
    box: list[str] = dataclasses.field(default_factory=list)
    first_process: int = 1
    folder: str = ""
    stdin: str | None = None  # a file
    env: dict[str, str] = dataclasses.field(default_factory=dict)
    is_served: bool = False  # by somebody who serves several runs side by side

    @property
    def path(self) -> pathlib.Path:
        """Of its file; `.` where there is none."""
        word = self.command[0]
        is_own = self.folder and "/" in word
        return pathlib.Path(self.folder, word if is_own else shutil.which(word) or "").resolve()

    @property
    def name(self) -> str:
        return os.path.basename(self.command[0])

    @property
    def has_port(self) -> bool:
        """May several runs go side by side?"""
        texts = [*self.command, self.client or "", self.peer or ""]
        return self.is_served or any("{port}" in text for text in texts)

    def roles(self, is_endless: bool = False, has_next: bool = False) -> list[str]:
        """Who else is in the run; with an end for what has none, and the next client."""
        words = ["--server", "--client", self.client] if self.client else []
        words += ["--peer", self.peer] if self.peer else []
        if is_endless:
            words += ["--client-timeout" if self.client else "--timeout", SHOWN_FOR]
        words += ["--next", self.client] if self.client and has_next else []
        return words

    def repeat(self, rule: str | None, is_endless: bool = False, has_next: bool = False) -> str:
        """The shell command that makes this run."""
        rules = ["-e", rule] if rule else []
        seed = ["--seed", str(self.seed)] if self.seed != 1 else []
        realism = ["--realism", self.realism] if self.realism != "posix" else []
        words = [
            "sockfault",
            "run",
            *self.roles(is_endless, has_next),
            *rules,
            *seed,
            *realism,
            "--",
            *self.command,
        ]
        return " ".join(word if word == "{port}" else shlex.quote(word) for word in words)


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a program ended, and what it printed."""

    status: int | None
    signal: str | None
    timed_out: bool
    stdout: bytes
    stderr: bytes = b""

    def __str__(self) -> str:
        if self.timed_out:
            return "no end"
        return f"death by {self.signal}" if self.signal else f"status {self.status}"


@dataclasses.dataclass
class Outcome:
    """What came of a run."""

    target: Ended
    client: Ended | None = None  # of a server
    next: Ended | None = None  # a client without faults, afterwards
    server_ended: bool = False  # before it was asked to
    never_listened: bool = False  # nor ended: then it was killed, and no client was started
    wall: float = 0.0
    cpu: float = 0.0
    fired: int = 0
    why: str | None = None  # no rule fired
    faults: list[Event] = dataclasses.field(default_factory=list)
    stuck: list[Event] = dataclasses.field(default_factory=list)  # calls that never returned
    findings: list[Finding] = dataclasses.field(default_factory=list)
    sites: frozenset[str] = frozenset()  # where it made calls on sockets
    escaped: int = 0
    trace: pathlib.Path | None = None
    errors: pathlib.Path | None = None  # the file of the target's standard error
    worker: Worker | None = None
    differs: bool | None = None  # from what was expected; None: nobody compared
    is_meant: bool = False  # interrupted by a signal that asks the program for something

    @property
    def is_impossible(self) -> bool:
        """The call can't meet this fault, whatever it is named by."""
        return not self.fired and "EINTR" in (self.why or "")

    @property
    def signals(self) -> list[dict[str, Any]]:
        """The handlers that an EINTR met."""
        met = self.faults[0] if self.faults else None
        return list(met.more.get("signals", ())) if met else []

    def refind(self, *words: str) -> None:
        """Findings again, now that more is known of the run."""
        assert self.worker
        errors = ["--stderr", str(self.errors)] if self.errors else []
        lines = self.worker.ask("findings", str(self.trace), "--json", *errors, *words)
        self.findings = [finding_of(one) for one in lines if "finding" in one]

    def events(self) -> list[Event]:
        assert self.worker
        made = [make(Event, one) for one in self.worker.ask("trace", str(self.trace), "--json")]
        first = self.worker.program.first_process
        return [event for event in made if (event.process or 1) >= first]

    def around(self, first: int, last: int) -> list[dict[str, Any]]:
        """Events from one seq to before another, as the command has them: of a trace of millions,
        say."""
        assert self.worker
        with self.worker.told("trace", str(self.trace), "--json") as lines:
            return [
                json.loads(line) for line in itertools.islice(lines, max(0, first - 1), last - 1)
            ]

    def connections(self) -> list[Conn]:
        assert self.worker
        lines = self.worker.ask("ctl", str(self.trace), "status", "--json")
        return [make(Conn, line) for line in lines if "conn" in line]

    @property
    def seen(self) -> Ended:
        """What is compared: of a server its client's."""
        return self.client or self.target


class Gate:
    """Lets so many runs go side by side. One that takes much longer than others waits, as a rule,
    and does not need a processor: it lets another one in."""

    def __init__(self, jobs: int, soon: float | None = None) -> None:
        self.tokens = threading.Semaphore(jobs)
        self.soon = soon  # seconds; None: all wait their turn

    def __enter__(self) -> None:
        self.tokens.acquire()
        self.held.value = True

    def __exit__(self, *_: object) -> None:
        self.release()

    held = threading.local()

    def release(self) -> None:
        if getattr(self.held, "value", False):
            self.held.value = False
            self.tokens.release()

    def answer(self, asked: Asked) -> dict[str, Any]:
        if self.soon is not None and not asked.done.wait(self.soon):
            self.release()
        return asked.answer()


class Worker:
    """Makes runs, one at a time; several of them may share a batch."""

    def __init__(
        self,
        program: Program,
        folder: pathlib.Path,
        batch: Batch,
        gate: Gate | None = None,
        turn: pathlib.Path | None = None,
    ) -> None:
        """turn: a file that is shared by workers of whose programs one runs at a time."""
        self.program, self.folder, self.batch = program, folder, batch
        self.gate = gate or Gate(1)
        self.runs = 0  # that were made
        self.late_runs, self.late_seconds = 0, 0.0  # of those that were ended by their deadline
        folder.mkdir(parents=True, exist_ok=True)
        self.files = {
            name: str(folder / name) for name in ("out", "err", "errors", "client", "next")
        }
        self._answer = str(folder / "answer")
        self._head = ["run", "--seed", str(program.seed), "--realism", program.realism]
        self._head += ["--stderr", self.files["errors"]]
        self._head += ["--turn", str(turn)] if turn else []

    def run(
        self,
        rules: Sequence[str],
        deadline: float,
        stacks: bool = False,
        baseline: pathlib.Path | None = None,
        with_next: bool = False,
        trace: str = "trace.sft",
        expect: pathlib.Path | None = None,
    ) -> Outcome:
        """One run under these rules; SockfaultError where it could not be made. expect: a file of
        what is printed without faults."""
        words = [*self._head, "--trace", str(self.folder / trace)]
        words += ["--stacks"] if stacks else []
        words += ["--baseline", str(baseline)] if baseline else []
        words += ["--expect", str(expect)] if expect else []
        for rule in rules:
            words += self._rule(rule)
        words += self._roles(deadline, with_next)
        box = [word.replace("{trace}", str(self.folder / trace)) for word in self.program.box]
        with self.gate:
            asked = self.batch.begin(
                [*words, "--", *box, *self.program.command],
                stdin=self.program.stdin,
                out=self.files["out"],
                err=self.files["err"],
                env=self.program.env,
            )
            answer = self.gate.answer(asked)
        self.runs += 1
        if not answer["outcome"]:
            raise SockfaultError(answer["error"] or self._complaint(answer))
        made = self._outcome(answer["outcome"], self.folder / trace, with_next)
        if answer["error"] and not (made.never_listened and made.fired):
            raise SockfaultError(answer["error"])
        if made.seen.timed_out or made.target.timed_out:
            self.late_runs += 1
            self.late_seconds += made.wall
        return made

    def _rule(self, rule: str) -> list[str]:
        """For the program alone, where it is in a box."""
        if not self.program.box or "process=" in rule:
            return ["-e", rule]
        path = self.folder / "rules.fault"
        path.write_text(rule + "\n", encoding="utf-8")
        return ["-s", f"{path} process={self.program.first_process}.."]

    def _complaint(self, answer: dict[str, Any]) -> str:
        said = printed(self._read("err")).strip()
        return said or f"the command ended with {answer['status']}"

    def _roles(self, deadline: float, with_next: bool) -> list[str]:
        program, limit = self.program, f"{max(1, round(deadline * 1000))}ms"
        words = ["--peer", program.peer] if program.peer else []
        if not program.client:
            return [*words, "--timeout", limit]
        words += ["--server", "--client", program.client, "--client-timeout", limit]
        if program.first_process > 1:
            words += ["--server-process", str(program.first_process)]
        words += ["--client-output", self.files["client"]]
        if with_next:
            words += ["--next", program.client, "--next-timeout", limit]
            words += ["--next-output", self.files["next"]]
        return [*words, "--timeout", f"{round(2000 * deadline) + OWN_LIMIT_MS}ms"]

    def _read(self, name: str) -> bytes:
        with open(self.files[name], "rb") as file:
            return file.read()

    def _driven(self, name: str, fields: dict[str, Any] | None) -> Ended | None:
        """Of a client; its status is as the shell has it."""
        if not fields or fields["status"] is None and not fields["timed_out"]:
            return None
        status = fields["status"]
        late = fields["timed_out"]
        killed = signal_name(status - 128) if status and status > 128 and not late else None
        return Ended(
            None if late or killed else status, killed, late, self._read(name), self._read("err")
        )

    def _outcome(self, told: dict[str, Any], trace: pathlib.Path, with_next: bool) -> Outcome:
        target, is_mute = told["target"], told["never_served"] and told["killed"]
        late = told["timed_out"] or is_mute
        code, name = target["status"], signal_name(target["signal"]) if target["signal"] else None
        if self.program.box:
            code, name = ended_within(code, target["signal"])
        name = None if told["terminated"] else name
        status = None if late or name else code if not told["terminated"] else 0
        made = Outcome(Ended(status, name, late, self._read("out"), self._read("errors")))
        made.trace, made.worker, made.never_listened = trace, self, is_mute
        made.errors = pathlib.Path(self.files["errors"])
        made.wall = told["wall_ns"] / 1e9
        made.cpu = (told["user_ns"] + told["system_ns"]) / 1e9
        made.client = self._driven("client", told["client"])
        made.next = self._driven("next", told["next"])
        # Who ended by itself is sent no next client.
        asked_to = told["terminated"] or told["killed"] or late
        made.server_ended = bool(made.client and with_next and not made.next and not asked_to)
        made.fired = sum(rule["fired"] for rule in told["rules"])
        made.why = next((rule["why"] for rule in told["rules"] if rule["why"]), None)
        made.sites = frozenset(told["sites"])
        made.escaped, made.differs = told["escapes"], told["differs"]
        made.findings = [finding_of(one) for one in told["findings"] or ()]
        made.faults = [make(Event, one) for one in told["injected"]]
        stuck = [make(Event, one) for one in told["pending"]]
        made.stuck = [one for one in stuck if (one.process or 1) >= self.program.first_process]
        return made

    def told(self, *words: str) -> BinaryIO:
        """What the command prints."""
        answer = self.batch.ask(words, out=self._answer)
        if answer["error"]:
            raise SockfaultError(answer["error"])
        return open(self._answer, "rb")

    def ask(self, *words: str) -> list[dict[str, Any]]:
        """The JSON objects that the command prints."""
        with self.told(*words) as lines:
            return [json.loads(line) for line in lines]

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclasses.dataclass
class Speed:
    """How quickly the runs of the plan went."""

    runs: int
    seconds: float
    late_runs: int  # those that were ended by their deadline
    late_seconds: float
    is_serial: bool  # one at a time

    @classmethod
    def of(cls, workers: Sequence[Worker], seconds: float, is_serial: bool) -> Speed:
        runs = sum(one.runs for one in workers)
        late = sum(one.late_runs for one in workers)
        return cls(runs, seconds, late, sum(one.late_seconds for one in workers), is_serial)

    @property
    def runs_per_second(self) -> float:
        """Of those that ended by themselves. Where several go side by side, the others took little
        from them: they wait."""
        seconds = self.seconds - self.late_seconds if self.is_serial else self.seconds
        return (self.runs - self.late_runs) / seconds if seconds > 0 else 0.0
