# SPDX-License-Identifier: MIT
"""One run of a sweep, and what came of it: the only part that knows how runs are made.

A worker owns a folder and makes one run at a time there; its files are used again by the next run.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import shlex
import shutil
import signal as signals
from typing import Sequence

from . import command
from .command import SockfaultError
from .events import Conn, Event, Finding, read_events, read_findings, read_status, signal_name
from .run import STATUS_TIMEOUT, STATUS_TROUBLE, Child, Request

LATE = 124  # of coreutils' timeout


@dataclasses.dataclass(frozen=True)
class Program:
    """What is swept."""

    command: list[str]
    role: str = "client"  # or server
    client: str | None = None  # drives a server
    peer: str | None = None  # serves it
    seed: int = 1
    realism: str = "posix"

    @property
    def name(self) -> str:
        return os.path.basename(self.command[0])

    @property
    def has_port(self) -> bool:
        """May several runs go side by side?"""
        texts = [*self.command, self.client or "", self.peer or ""]
        return any("{port}" in text for text in texts)

    def roles(self) -> list[str]:
        words = ["--server", "--client", self.client] if self.client else []
        words += ["--peer", self.peer] if self.peer else []
        return words

    def repeat(self, rule: str | None) -> str:
        """The shell command that makes this run."""
        rules = ["-e", rule] if rule else []
        seed = ["--seed", str(self.seed)] if self.seed != 1 else []
        realism = ["--realism", self.realism] if self.realism != "posix" else []
        words = ["sockfault", "run", *self.roles(), *rules, *seed, *realism, "--", *self.command]
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
    wall: float = 0.0
    cpu: float = 0.0
    fired: int = 0
    not_applicable: int = 0
    why: str | None = None  # no rule fired
    faults: list[Event] = dataclasses.field(default_factory=list)
    stuck: list[Event] = dataclasses.field(default_factory=list)  # calls that never returned
    findings: list[Finding] = dataclasses.field(default_factory=list)
    escaped: int = 0
    trace: pathlib.Path | None = None

    @property
    def is_impossible(self) -> bool:
        """The call can't meet this fault, whatever it is named by."""
        return not self.fired and "EINTR" in (self.why or "")

    def events(self) -> list[Event]:
        return read_events(str(self.trace))

    def connections(self) -> list[Conn]:
        return read_status(str(self.trace)).connections

    @property
    def seen(self) -> Ended:
        """What is compared: of a server its client's."""
        return self.client or self.target


class Worker:
    """Makes runs, one at a time."""

    def __init__(self, program: Program, folder: pathlib.Path) -> None:
        self.program, self.folder = program, folder
        folder.mkdir(parents=True, exist_ok=True)
        self._child: Child | None = None

    def run(
        self,
        rules: Sequence[str],
        deadline: float,
        stacks: bool = False,
        baseline: pathlib.Path | None = None,
        with_next: bool = False,
        trace: str = "trace.sft",
    ) -> Outcome:
        """One run under these rules; SockfaultError where it could not be made."""
        roles = self._roles(deadline, with_next)
        request = Request(
            self.program.command,
            list(rules),
            [],
            self.program.seed,
            deadline if self.program.role == "client" else 3 * deadline + 10,
            self.program.realism,
            roles + (["--stacks"] if stacks else []),
        )
        self._child = child = Child(request, self.folder)
        try:
            child.wait()
        except BaseException:
            child.kill()
            raise
        rusage = child.finish()
        made = self._outcome(child, baseline)
        made.wall, made.cpu = child.wall, rusage.ru_utime + rusage.ru_stime
        if self.program.client:
            made.cpu = 0.0  # its client has a part in it
        if trace != "trace.sft":
            os.replace(child.trace, self.folder / trace)
        made.trace = self.folder / trace
        return made

    def _roles(self, deadline: float, with_next: bool) -> list[str]:
        words = ["--peer", self.program.peer] if self.program.peer else []
        if not self.program.client:
            return words
        here, quote = self.folder, shlex.quote
        for name in ("client", "next"):
            for what in ("out", "err", "status"):
                (here / f"{name}.{what}").unlink(missing_ok=True)
        (here / "after").unlink(missing_ok=True)
        ask = f"{quote(command.find())} ctl {quote(str(here / 'trace.sft'))}"

        def drive(name: str) -> str:
            files = f">{quote(str(here / name))}.out 2>{quote(str(here / name))}.err"
            client = f"timeout -k 1 {deadline:.3f} /bin/sh -c {quote(self.program.client or '')}"
            return f"{client} {files}; echo $? >{quote(str(here / name))}.status"

        lines = [drive("client"), f"{ask} status --json >{quote(str(here / 'after'))}"]
        if with_next:
            lines += [f"{ask} pause >/dev/null", drive("next")]
        return [*words, "--server", "--client", "; ".join(lines)]

    def _ended(self, name: str) -> Ended | None:
        with contextlib.suppress(OSError, ValueError):
            status = int((self.folder / f"{name}.status").read_text())
            late = status == LATE
            killed = signal_name(status - 128) if status > 128 else None
            out, err = ((self.folder / f"{name}.{what}").read_bytes() for what in ("out", "err"))
            return Ended(None if late or killed else status, killed, late, out, err)
        return None

    def _outcome(self, child: Child, baseline: pathlib.Path | None) -> Outcome:
        status = read_status(str(child.trace)) if child.trace.exists() else None
        target = status.target if status else None
        code = child.process.returncode
        is_own = target is not None and target.state == "exited" and target.status == code
        if not status or not target or (code == STATUS_TROUBLE and not is_own):
            raise SockfaultError(child.complaint() or f"the command ended with {code}")
        late = code == STATUS_TIMEOUT and target.status != STATUS_TIMEOUT
        name = signal_name(target.signal) if target.signal is not None and code else None
        own = None if late or name else (target.status if target.status is not None else code)
        ended = Ended(own, name, late, child.output("stdout"), child.output("stderr"))
        made = Outcome(ended)
        if self.program.client:
            made.client, made.next = self._ended("client"), self._ended("next")
            made.server_ended = self._is_over()
        made.fired = sum(rule.fired for rule in status.rules)
        made.not_applicable = sum(rule.not_applicable for rule in status.rules)
        made.why = next((rule.why for rule in status.rules if rule.why), None)
        made.escaped = sum(one.state == "awaited" for one in status.processes)
        events = read_events(str(child.trace))
        made.faults = [event for event in events if event.fault]
        made.stuck = [event for event in events if event.is_call and event.state != "done"]
        made.findings = read_findings(str(child.trace), str(baseline) if baseline else None)
        return made

    def _is_over(self) -> bool:
        """Had the server ended when its client had?"""
        with contextlib.suppress(OSError):
            return '"process":1,' in (text := (self.folder / "after").read_text()) and not any(
                '"process":1,' in line and '"state":"running"' in line for line in text.splitlines()
            )
        return False

    def stop(self) -> None:
        """Ends the run that goes on, from another thread."""
        child = self._child
        if child is not None and child.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.process.pid, signals.SIGTERM)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
