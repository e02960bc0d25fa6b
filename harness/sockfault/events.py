# SPDX-License-Identifier: MIT
"""What a run left in its trace, as typed values: events, rules, processes, connections, findings.

The command reads the trace; here its JSON lines only become objects.
"""

from __future__ import annotations

import dataclasses
import os
import signal
from typing import Any, Mapping, TypeVar

from . import command

Made = TypeVar("Made")

# After these a right program goes on: what its peer sees of them is no end of the connection.
PASSING = {"EAGAIN", "EINTR", "EINPROGRESS", "EALREADY"}


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """One call of the target, or a step of its life (`op` is load, fork, exec, exit or signal)."""

    seq: int
    time_ns: int
    op: str
    pid: int | None = None
    tid: int | None = None
    program: str | None = None
    func: str | None = None
    fd: int | None = None
    conn: int | None = None
    asked: int | None = None
    ret: int | None = None
    errno: str | None = None
    flags: tuple[str, ...] = ()
    mode: str | None = None
    process: int | None = None
    offset: int | None = None
    rule: int | None = None
    fault: str | None = None
    realism: str | None = None
    site: str | None = None
    stack: str | None = None
    key: str | None = None
    dur_ns: int | None = None
    peer: str | None = None
    state: str = "done"
    more: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def is_call(self) -> bool:
        return self.func is not None

    @property
    def ends_connection(self) -> bool:
        """Is this a fault after which the other end may find the connection gone?"""
        if not self.fault:
            return False
        if self.fault.startswith("stall") or self.state != "done":
            return True
        if self.errno:
            return self.errno not in PASSING
        return self.op == "recv" and self.ret == 0


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a run, and what came of it; `why` says why it never fired."""

    rule: int
    text: str
    met: int
    fired: int
    not_applicable: int
    shadowed: int
    why: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Process:
    """A process of the tree; number 1 is the target itself."""

    process: int
    pid: int
    program: str | None
    state: str  # running, exited, killed; awaited: the library never came into it
    status: int | None = None
    signal: int | None = None
    path: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Conn:
    """A connection of the target, or a listener, whose number is 0."""

    conn: int
    key: str | None
    family: str
    type: str
    side: str
    local: str | None
    peer: str | None
    received: int
    sent: int


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """A mistake that the target made."""

    finding: str
    severity: str
    says: str = ""
    hint: str | None = None
    program: str | None = None
    pid: int | None = None
    fd: int | None = None
    conn: int | None = None
    cause: int | None = None
    evidence: tuple[int, ...] = ()
    realism: str | None = None
    site: str | None = None
    function: str | None = None
    file: str | None = None
    line: int | None = None
    rule: str | None = None
    repeat: str | None = None

    @property
    def place(self) -> str:
        """client.c:42, or as near to it as is known."""
        if self.file and self.line:
            return f"{self.file}:{self.line}"
        return self.file or self.site or self.program or ""

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        return f"{self.finding} ({self.severity}): {place}{self.says}"


def make(kind: type[Made], fields: Mapping[str, Any]) -> Made:
    """A value of this kind from a JSON object; what it has no field for goes into `more`, if that
    is one."""
    names = {field.name for field in dataclasses.fields(kind)}
    known = {key: value for key, value in fields.items() if key in names}
    for key in ("flags", "evidence"):
        if key in known:
            known[key] = tuple(known[key])
    if "more" in names:
        known["more"] = {key: value for key, value in fields.items() if key not in names}
    return kind(**known)


def relative(file: str) -> str:
    """A source file as findings name it: by its path from the current folder if it lies below
    that, so that another checkout says the same; else by its whole path."""
    path = os.path.normpath(os.path.join(os.getcwd(), file))
    below = os.path.join(os.getcwd(), "")
    return path.removeprefix(below)


def finding_of(fields: Mapping[str, Any]) -> Finding:
    """A finding as the command tells it."""
    made = make(Finding, fields)
    return dataclasses.replace(made, file=relative(made.file)) if made.file else made


def read_events(trace: str) -> list[Event]:
    return [make(Event, fields) for fields in command.objects("trace", trace, "--json")]


def read_findings(
    trace: str, baseline: str | None = None, differs: str | None = None
) -> list[Finding]:
    """What the command finds, compared with the trace of a fault-free run where there is one, and
    told what differs from it (--differs). None, where this sockfault makes no findings."""
    if not command.listing("findings"):
        return []
    words = ["--baseline", baseline] if baseline else []
    words += ["--differs", differs] if differs else []
    lines = command.objects("findings", trace, "--json", *words, good=(0, 1))
    return [finding_of(fields) for fields in lines if "finding" in fields]


@dataclasses.dataclass
class Status:
    """`sockfault ctl status --json`: what the arena says of a run."""

    run: Mapping[str, Any]
    rules: list[Rule] = dataclasses.field(default_factory=list)
    processes: list[Process] = dataclasses.field(default_factory=list)
    connections: list[Conn] = dataclasses.field(default_factory=list)

    @property
    def target(self) -> Process | None:
        return next((p for p in self.processes if p.process == 1), None)


def read_status(trace: str | None) -> Status:
    """Of this trace, or of the latest run."""
    lines = command.objects("ctl", *([trace] if trace else []), "status", "--json")
    return Status(
        run=next(line for line in lines if "run" in line),
        rules=[make(Rule, line) for line in lines if "rule" in line],
        processes=[make(Process, line) for line in lines if "process" in line],
        connections=[make(Conn, line) for line in lines if "conn" in line],
    )


# What mistakes and limits end a program by.
DEADLY = "SIGSEGV SIGABRT SIGBUS SIGILL SIGFPE SIGSYS SIGTRAP SIGPIPE SIGKILL SIGXCPU SIGXFSZ"


def ended_within(code: int | None, number: int | None) -> tuple[int | None, str | None]:
    """Status and signal of what ran within a shell or a box: there a signal is told by 128 + N."""
    if number is not None:
        return None, signal_name(number)
    if code is not None and code > 128 and signal_name(code - 128) in DEADLY.split():
        return None, signal_name(code - 128)
    return code, None


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
