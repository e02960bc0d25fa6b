# SPDX-License-Identifier: MIT
"""One target under the command, from its start to what it came to.

The command is the reaper of the target's tree and ends it at the deadline; here only the command
itself is waited for. Output goes to files of a private folder, so that nothing blocks on a pipe and
a target that makes itself a daemon is no different from others.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import pathlib
import re
import resource
import select
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import weakref
from typing import Mapping, Sequence, Union

from . import command
from .command import SockfaultError
from .events import Event, Finding, Process, Rule, Status, Conn
from .events import read_events, read_findings, read_status, signal_name
from .text import printed

Word = Union[str, int, "os.PathLike[str]"]
Words = Union[str, Sequence[Word]]
Duration = Union[int, float, str]  # seconds, or as the command has it: "10s", "500ms"

TIMEOUT = 30.0  # seconds, for a run that says nothing else
GRACE = 1.0  # from asking the command to end to asking again
SLACK = 20.0  # that the command may take beyond its own deadline before it is killed itself
STATUS_TIMEOUT, STATUS_TROUBLE, STATUS_NOT_RUN, STATUS_NOT_FOUND = 124, 125, 126, 127
UNITS = {"": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "m": 60.0, "h": 3600.0}


class UnfiredRules(SockfaultError, AssertionError):
    """A run proved nothing: a rule of it never fired, or a process escaped the library."""


UnfiredRules.__module__ = "sockfault"


def seconds(value: Duration) -> float:
    if isinstance(value, (int, float)):
        return float(value)
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)\s*", value)
    if not match or match[2] not in UNITS:
        raise ValueError(f"{value!r} is no duration such as 10s or 500ms")
    return float(match[1]) * UNITS[match[2]]


def words_of(target: Words) -> list[str]:
    """The words of a command line: a text is split as a shell would, numbers become text."""
    if isinstance(target, str):
        return shlex.split(target)
    return [os.fspath(word) if isinstance(word, os.PathLike) else str(word) for word in target]


def strings(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@dataclasses.dataclass(frozen=True)
class Request:
    """What is asked of `sockfault run`."""

    argv: list[str]
    rules: list[str]
    use: list[str] = dataclasses.field(default_factory=list)
    seed: int | None = None
    timeout: float = TIMEOUT
    realism: str | None = None
    roles: list[str] = dataclasses.field(default_factory=list)  # --peer CMD; --server --client CMD

    def options(self) -> list[str]:
        words = ["--timeout", f"{max(1, round(self.timeout * 1000))}ms"]
        for option, values in (("-s", self.use), ("-e", self.rules)):
            for value in values:
                words += [option, value]
        if self.seed is not None:
            words += ["--seed", str(self.seed)]
        if self.realism:
            words += ["--realism", self.realism]
        return words

    def words(self, trace: os.PathLike[str]) -> list[str]:
        head = [command.find(), "run", "--quiet", "--trace", os.fspath(trace)]
        return [*head, *self.options(), *self.roles, "--", *self.argv]


def private_folder(folder: os.PathLike[str] | None) -> pathlib.Path:
    if folder is None:
        return pathlib.Path(tempfile.mkdtemp(prefix="sockfault-"))
    path = pathlib.Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    return path


def environment(extra: Mapping[str, str | None] | None) -> dict[str, str]:
    """This process's, with these variables set, or taken away where the value is None."""
    made: dict[str, str | None] = dict(os.environ)
    made.update(extra or {})
    return {name: value for name, value in made.items() if value is not None}


class Child:
    """The command as a process of its own session, with its output in files."""

    def __init__(
        self,
        request: Request,
        folder: pathlib.Path,
        stdin: bytes = b"",
        cwd: os.PathLike[str] | str | None = None,
        env: Mapping[str, str | None] | None = None,
    ) -> None:
        self.request = request
        self.folder = folder
        self.trace = folder / "trace.sft"
        self.end_at = time.monotonic() + request.timeout + SLACK
        (folder / "stdin").write_bytes(stdin)
        with (
            open(folder / "stdin", "rb") as source,
            open(folder / "stdout", "wb") as out,
            open(folder / "stderr", "wb") as errors,
        ):
            self.process = subprocess.Popen(
                request.words(self.trace),
                stdin=source,
                stdout=out,
                stderr=errors,
                cwd=cwd,
                env=environment(env),
                start_new_session=True,
            )
        self.started = time.monotonic()
        self.pidfd = os.pidfd_open(self.process.pid)

    def wait(self, *others: int, until: float | None = None) -> list[int]:
        """Waits for the command's end or for one of these descriptors: those that are ready. At the
        harness's own deadline, far behind the command's, the command is killed."""
        poll = select.poll()
        for fd in (self.pidfd, *others):
            poll.register(fd, select.POLLIN)
        end_at = self.end_at if until is None else until
        ready = poll.poll(max(0, round((end_at - time.monotonic()) * 1000)))
        if not ready and until is None:
            self.kill()
            raise SockfaultError(
                f"the command did not end {SLACK:.0f} s after its own deadline: "
                + shlex.join(self.request.argv)
            )
        return [fd for fd, _ in ready]

    def kill(self) -> None:
        """Ends the command before its time: it is asked to end its tree, and killed, with its own
        process group and nothing else, where it does not."""
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            if self.process.returncode is not None:
                return
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                os.kill(self.process.pid, number)
            if self.wait(until=time.monotonic() + GRACE) or number == signal.SIGKILL:
                self.finish()

    def finish(self) -> resource.struct_rusage:
        """Collects the command once it has ended."""
        rusage: resource.struct_rusage
        _, status, rusage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.monotonic() - self.started
        os.close(self.pidfd)
        return rusage

    def output(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def complaint(self) -> str:
        """What the command itself said; else the end of all that was said."""
        text = printed(self.output("stderr"))
        ours = text.find("sockfault: ")
        start = max(0, ours) if ours >= 0 else max(0, len(text) - 2000)
        return text[start:].strip().removeprefix("sockfault: ")


class Run:
    """What a target under faults came to.

    status      its exit status; None where a signal ended it
    signal      the signal that ended it, else None
    timed_out   the deadline ended its whole tree
    stdout, stderr, rusage, wall
    events, faults, findings, rules, processes, connections
    repeat      the shell command that repeats the run
    """

    def __init__(self, child: Child, rusage: resource.struct_rusage, owns_folder: bool) -> None:
        """Of a command that has ended."""
        __tracebackhide__ = True
        self.argv = child.request.argv
        self.request = child.request
        self.must_fire = True
        self.may_escape = False
        self.folder = child.folder
        self.trace = child.trace
        self.rusage = rusage
        self.wall = child.wall
        self.stdout = child.output("stdout")
        self.stderr = child.output("stderr")
        if owns_folder:
            weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self._status = self._read(child)
        self._judge(child.process.returncode)
        self.repeat: str = self._status.run["repeat"]

    def _read(self, child: Child) -> Status:
        """The state that the run left; without the library in the target there is none."""
        __tracebackhide__ = True
        status = read_status(str(self.trace)) if self.trace.exists() else None
        target = status.target if status else None
        code = child.process.returncode
        is_own = target is not None and target.state == "exited" and target.status == code
        if not status or not target or (code == STATUS_TROUBLE and not is_own):
            raise SockfaultError(child.complaint() or f"the command ended with {code}")
        if code < 0:
            raise SockfaultError(f"the command was killed by {signal_name(-code)}")
        return status

    def _judge(self, code: int) -> None:
        target = self._status.target
        assert target is not None
        self.timed_out = code == STATUS_TIMEOUT and target.status != STATUS_TIMEOUT
        self.signal: signal.Signals | None = None
        self.status: int | None = target.status
        if target.signal is not None and code == 0:
            self.status = 0  # a server that was asked to end
        elif target.signal is not None:
            self.signal = signal.Signals(target.signal)
        elif target.status is None and not self.timed_out:
            self.status = code

    @property
    def rules(self) -> list[Rule]:
        return self._status.rules

    @property
    def processes(self) -> list[Process]:
        return self._status.processes

    @property
    def connections(self) -> list[Conn]:
        return self._status.connections

    @property
    def start_ns(self) -> int:
        """When it began, by CLOCK_MONOTONIC: what `time_ns` of events counts from."""
        return int(self._status.run["start_ns"])

    @property
    def seed(self) -> int:
        return int(self._status.run["seed"])

    @functools.cached_property
    def events(self) -> list[Event]:
        return read_events(str(self.trace))

    @functools.cached_property
    def faults(self) -> list[Event]:
        """The events in which something was injected."""
        return [event for event in self.events if event.fault]

    @functools.cached_property
    def findings(self) -> list[Finding]:
        return read_findings(str(self.trace))

    @property
    def unfired(self) -> list[Rule]:
        return [rule for rule in self.rules if not rule.fired]

    @property
    def escaped(self) -> list[Process]:
        """Processes into which the library never came."""
        return [process for process in self.processes if process.state == "awaited"]

    @property
    def ended(self) -> str:
        """How it ended, in words."""
        if self.timed_out:
            return f"did not end within {self.request.timeout:g} s"
        if self.signal is not None:
            return f"was killed by {signal_name(self.signal)}"
        return f"ended with status {self.status}"

    @property
    def name(self) -> str:
        return os.path.basename(self.argv[0])

    def vacuous(self) -> str | None:
        """Why this run proves nothing, or None. A run without rules is not asked for more."""
        reasons = []
        if self.must_fire and self.unfired:
            count, total = len(self.unfired), len(self.rules)
            which = f"{count} of {total} rules" if total > 1 else "the rule"
            reasons.append(f"{which} never fired in the run of {self.name}, so it proves nothing:")
            reasons += [f"  {rule.text}\n    {rule.why}" for rule in self.unfired]
        if self.rules and self.escaped and not self.may_escape:
            reasons.append(f"processes of {self.name} ran without the library:")
            reasons += [f"  {p.pid} {p.path or p.program or '?'}" for p in self.escaped]
        return "\n".join(reasons) or None

    def check_fired(self) -> None:
        """Raises UnfiredRules where this run proves nothing."""
        why = self.vacuous()
        if why:
            raise UnfiredRules(why)

    def __repr__(self) -> str:
        fired = sum(rule.fired for rule in self.rules)
        what = f"{fired} fault{'' if fired == 1 else 's'} injected" if self.rules else "no rules"
        return f"<Run of {self.name}: {self.ended}, {what}>"


def run(
    target: Words,
    *rules: str,
    use: str | Sequence[str] = (),
    peer: str | None = None,
    stdin: bytes = b"",
    seed: int | None = None,
    timeout: Duration = TIMEOUT,
    realism: str | None = None,
    cwd: os.PathLike[str] | str | None = None,
    env: Mapping[str, str | None] | None = None,
    folder: os.PathLike[str] | None = None,
    must_fire: bool = True,
    may_escape: bool = False,
) -> Run:
    """Runs a target under these rules to the end of its last process.

    use      ready-made scenarios, or files of rules
    peer     a shell command that serves the target ({port} is a free port in both); peers in Python
             are made by sockfault.peer
    timeout  ends the whole tree of processes
    env      variables to add, or with None to take away
    folder   where the trace and the output are kept; else they go with the Run
    """
    __tracebackhide__ = True
    request = Request(
        words_of(target),
        list(rules),
        strings(use),
        seed,
        seconds(timeout),
        realism,
        ["--peer", peer] if peer else [],
    )
    if not request.argv:
        raise ValueError("there is no command to run")
    place = private_folder(folder)
    child = Child(request, place, stdin, cwd, env)
    try:
        child.wait()
    except BaseException:
        child.kill()
        raise
    done = Run(child, child.finish(), folder is None)
    done.must_fire, done.may_escape = must_fire, may_escape
    return done


class Traced:
    """A run of which there is only the trace: events, rules and the end, but no output."""

    def __init__(self, trace: str | None) -> None:
        status = read_status(trace)
        self.trace = pathlib.Path(str(status.run["run"]))
        self.rules, self.processes = status.rules, status.processes
        self.connections, self.repeat = status.connections, str(status.run["repeat"])
        self.seed, self.start_ns = int(status.run["seed"]), int(status.run["start_ns"])
        self.events = read_events(str(self.trace))
        words = shlex.split(self.repeat)
        self.argv = words[words.index("--") + 1 :] if "--" in words else words
        self.name = os.path.basename(self.argv[0]) if self.argv else "?"
        target = status.target
        self.status = target.status if target else None
        self.signal = target.signal if target else None
        self.stdout = self.stderr = b""

    @property
    def ended(self) -> str:
        if self.signal is not None:
            return f"was killed by {signal_name(self.signal)}"
        return f"ended with status {self.status}" if self.status is not None else "has not ended"
