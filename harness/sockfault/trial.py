# SPDX-License-Identifier: MIT
"""One trial of a suite: a target under a scenario, compared with its fault-free run, and judged.

Here are made the findings about a whole run, which need another run to compare with: crash, hang,
spin, not-transparent, dishonest-success, dies-with-client. The rest is the command's, who is told
whether anything came out differently.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import shlex
import signal
import subprocess
from typing import Any, Iterator

from . import command, verdict
from .command import SockfaultError
from .events import Event, Finding, read_findings, signal_name
from .peer import Line, Peer, PeerError, transcript
from .run import Request, Run, run
from .server import Server, start
from .suite import ANY, FAULT_FREE, Expect, PythonPeer, Scenario, Suite, Target
from .table import Source, both_sides, source_of
from .text import printed

# Of what came out differently; the command says these, too, and does not know what is allowed.
COMPARED = ("not-transparent", "dishonest-success")
SLOW = ("latency", "rate", "signal")  # of these a suite wants no difference either


@dataclasses.dataclass
class Seen:
    """What came of a trial, not yet judged: of a server's, status and output are the client's."""

    run: Run
    status: int | None
    signal: str | None
    timed_out: bool
    stdout: bytes
    stderr: bytes
    peer_error: str | None = None
    next_client: str | None = None  # what is wrong with the next client's answer
    peer_lines: list[Line] = dataclasses.field(default_factory=list)  # what scripts did
    server_end: str | None = None  # how the server ended before it was asked to, if it did

    @property
    def ended(self) -> str:
        if self.timed_out:
            return "no end"
        return f"death by {self.signal}" if self.signal else f"status {self.status}"


@dataclasses.dataclass
class Outcome:
    """The judgement: it passed if there are neither problems nor findings that count."""

    target: Target
    scenario: Scenario | None
    seen: Seen
    problems: list[str]
    findings: list[Finding]
    known: list[Finding]
    repeat: str | None

    @property
    def passed(self) -> bool:
        return not self.problems and not self.findings


class Unusable(SockfaultError):
    """The fault-free run of a target is wrong: nothing can be said of its scenarios."""


# ---- the client of a server ----


@dataclasses.dataclass
class Driven:
    status: int | None
    signal: str | None
    timed_out: bool
    stdout: bytes
    stderr: bytes


def _drive(text: str, target: Target, folder: pathlib.Path, within: float) -> Driven:
    """Runs a client's shell command; past the deadline its process group is killed."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "stdout", "wb") as out, open(folder / "stderr", "wb") as errors:
        process = subprocess.Popen(
            ["/bin/sh", "-c", text],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=errors,
            cwd=target.cwd,
            env=dict(os.environ) | target.env,
            start_new_session=True,
        )
        timed_out = False
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            timed_out = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    killed = code < 0 and not timed_out
    return Driven(
        None if timed_out or killed else code,
        signal_name(-code) if killed else None,
        timed_out,
        (folder / "stdout").read_bytes(),
        (folder / "stderr").read_bytes(),
    )


# ---- one run ----


class Trials:
    """The trials of one suite in one process; fault-free runs are made once for each target."""

    def __init__(self, suite: Suite, folder: pathlib.Path, seed: int | None = None) -> None:
        self.suite, self.folder, self.seed = suite, folder, seed
        self._baselines: dict[str, Seen | Unusable] = {}
        self._count = 0

    def _place(self) -> pathlib.Path:
        self._count += 1
        made = self.folder / f"trial-{self._count}"
        made.mkdir(parents=True)
        return made

    def baseline(self, target: Target) -> Seen:
        """The fault-free run; Unusable if it is wrong, or does not repeat itself."""
        if target.name not in self._baselines:
            try:
                self._baselines[target.name] = self._try_baseline(target)
            except SockfaultError as error:
                self._baselines[target.name] = Unusable(str(error))
        found = self._baselines[target.name]
        if isinstance(found, Unusable):
            raise Unusable(str(found))
        return found

    def _try_baseline(self, target: Target) -> Seen:
        first, second = self._observe(target, None), self._observe(target, None)
        expect = self.suite.expect
        wanted = expect.status if isinstance(expect.status, tuple) else (0,)
        for seen in (first, second):
            wrong = list(whole_run(seen))
            if wrong or (seen.status not in wanted and expect.signal is None):
                text = wrong[0].says if wrong else f"it ended with {seen.ended}"
                raise Unusable(f"the fault-free run fails: {text}\n{_output(seen)}")
            problem = seen.peer_error or _bad_server(target, expect, seen)
            if problem:
                raise Unusable(f"the fault-free run fails: {problem}\n{_output(seen)}")
        one, other = (normal(target, seen.stdout) for seen in (first, second))
        if one != other and expect.stdout != ANY:
            raise Unusable(
                "two fault-free runs differ, so that there is nothing to compare with: say "
                f'normalize, or expect.stdout = "{ANY}"\n{verdict.diff(one, other)}'
            )
        return second

    def trial(self, target: Target, scenario: Scenario) -> Outcome:
        baseline = self.baseline(target)
        seen = self._observe(target, scenario)
        return judge(target, scenario, seen, baseline)

    def _observe(self, target: Target, scenario: Scenario | None) -> Seen:
        if target.role == "server":
            return self._observe_server(target, scenario)
        return self._observe_client(target, scenario)

    def _wishes(self, target: Target, scenario: Scenario | None) -> dict[str, Any]:
        expect = scenario.expect if scenario else self.suite.expect
        return {
            "use": scenario.use if scenario else [],
            "seed": scenario.seed if scenario and scenario.seed is not None else self.seed,
            "timeout": expect.within,
            "realism": scenario.realism if scenario else None,
            "stdin": target.stdin,
            "cwd": target.cwd,
            "env": target.env,
            "folder": self._place(),
            "must_fire": scenario.must_fire if scenario else False,
        }

    def _observe_client(self, target: Target, scenario: Scenario | None) -> Seen:
        wishes = self._wishes(target, scenario)
        rules = scenario.rules if scenario else []
        if isinstance(target.peer, PythonPeer):
            return self._with_peer(target, target.peer, rules, wishes)
        return _seen(run(target.command, *rules, peer=target.peer, **wishes))

    @staticmethod
    def _with_peer(
        target: Target, wanted: PythonPeer, rules: list[str], wishes: dict[str, Any]
    ) -> Seen:
        with Peer(wanted.script, wanted.host, 0, wanted.kind, tls=wanted.tls) as peer:
            places = {"{host}": peer.host, "{port}": str(peer.port), "{ca}": peer.ca or ""}
            words = [_fill(word, places) for word in target.command]
            seen = _seen(run(words, *rules, **wishes))
            faults = seen.run.faults
            for connection, error in peer.settle(lambda: any(f.ends_connection for f in faults)):
                text = str(error) if isinstance(error, PeerError) else repr(error)
                sides = both_sides(seen.run, transcript([connection]))
                seen.peer_error = seen.peer_error or f"{text}\n\n{sides}"
            seen.peer_lines = transcript(peer.connections)
        return seen

    def _observe_server(self, target: Target, scenario: Scenario | None) -> Seen:
        wishes = self._wishes(target, scenario)
        expect = scenario.expect if scenario else self.suite.expect
        private = wishes["folder"] / "tmp"
        private.mkdir()
        words = [_fill(word, {"{tmp}": str(private)}) for word in target.command]
        within = float(wishes["timeout"])
        wishes["timeout"] = 3 * within + 10  # the client's and the next one's, and room
        server = start(words, *(scenario.rules if scenario else []), check=False, **wishes)
        with server:
            places = {"{port}": str(server.port), "{host}": server.host, "{tmp}": str(private)}
            text = _fill(target.client or "", places)
            driven = _drive(text, target, wishes["folder"] / "client", within)
            next_client = server_end = None
            if server.wait(0):
                server_end = "the server ended by itself"
            elif expect.next_client and scenario:
                next_client = self._next(target, server, text, wishes["folder"], within)
        made = Seen(server.run, **dataclasses.asdict(driven))
        made.next_client, made.server_end = next_client, server_end
        return made

    def _next(
        self, target: Target, server: Server, text: str, folder: pathlib.Path, within: float
    ) -> str | None:
        """Without faults from now on: is the next client served as in the fault-free run?"""
        command.ask("ctl", str(server.trace), "pause")
        driven = _drive(text, target, folder / "next", within)
        wanted = self.baseline(target)
        same_output = self.suite.expect.stdout == ANY or normal(target, driven.stdout) == normal(
            target, wanted.stdout
        )
        return verdict.next_client_problem(
            driven.timed_out,
            f"status {driven.status}",
            driven.status == wanted.status,
            same_output,
        )


def _fill(text: str, places: dict[str, str]) -> str:
    for place, value in places.items():
        text = text.replace(place, value)
    return text


def _seen(made: Run) -> Seen:
    name = signal_name(made.signal) if made.signal else None
    return Seen(made, made.status, name, made.timed_out, made.stdout, made.stderr)


# ---- judging ----


def normal(target: Target, text: bytes) -> bytes:
    for pattern, replacement in target.normalize:
        text = pattern.sub(replacement, text)
    return text


def _output(seen: Seen) -> str:
    text = printed(seen.stderr).strip()[-1000:]
    return text or printed(seen.stdout).strip()[-1000:]


def _stuck(run: Run) -> tuple[Event | None, Source | None]:
    """The call in which a run hangs or died, and where that stands."""
    pending = [event for event in run.events if event.is_call and event.state != "done"]
    return (pending[-1], source_of(run, pending[-1])) if pending else (None, None)


def whole_run(seen: Seen) -> Iterator[Finding]:
    """Findings that need no other run."""
    run = seen.run
    name = signal_name(run.signal) if run.signal is not None else None
    late = seen.timed_out or run.timed_out
    stuck = _stuck(run) if late or name in verdict.CRASHES else (None, None)
    yield from verdict.crash(run.name, name, run.stderr, *stuck)
    if late:
        busy = run.rusage.ru_utime + run.rusage.ru_stime > verdict.BUSY * run.wall
        who = run.name if run.timed_out else f"the client of {run.name}"
        yield verdict.no_end(run.name, who, busy, *stuck)


def is_transient(fault: Event) -> bool:
    """Does a right program go on after this as if nothing had been?"""
    text = fault.fault or ""
    return verdict.is_transient(text, fault.op, fault.mode) or text.partition(" ")[0] in SLOW


def compared(target: Target, expect: Expect, seen: Seen, baseline: Seen) -> Iterator[Finding]:
    """Findings by comparison with the fault-free run, where the suite says nothing itself."""
    faults = seen.run.faults
    if not faults or expect.signal or seen.timed_out or seen.run.timed_out:
        return
    same_status = expect.status is not None or seen.status == baseline.status
    name = target.name if target.role == "client" else f"the client of {target.name}"
    expected, got = normal(target, baseline.stdout), normal(target, seen.stdout)
    same_output = expect.stdout is not None or expected == got
    what = "" if same_output else verdict.diff(expected, got)
    if all(is_transient(fault) for fault in faults):
        if not same_status or not same_output:
            ended = None if same_status else seen.ended
            yield verdict.not_transparent(target.name, name, ended, what)
    elif seen.status == 0 and not same_output and expect.status is None:
        yield verdict.dishonest_success(target.name, name, what)


def lost_clients(expect: Expect, seen: Seen, baseline: Seen) -> Iterator[Finding]:
    problem = None if baseline.server_end or expect.server != 0 else seen.server_end
    problem = problem or seen.next_client
    if problem:
        yield verdict.dies_with_client(seen.run.name, problem)


def _departures(target: Target, expect: Expect, seen: Seen, baseline: Seen) -> Iterator[str]:
    """Where status and output are not what the suite says."""
    wanted = (baseline.status,) if expect.status == FAULT_FREE else expect.status
    if isinstance(wanted, tuple) and seen.status not in wanted:
        yield f"expected status {' or '.join(map(str, wanted))}, got {seen.ended}"
    if expect.signal and seen.signal != expect.signal:
        yield f"expected death by {expect.signal}, got {seen.ended}"
    output = baseline.stdout if expect.stdout == FAULT_FREE else expect.stdout
    if isinstance(output, bytes):
        expected, got = normal(target, output), normal(target, seen.stdout)
        if expected != got:
            yield f"expected other output\n{verdict.diff(expected, got)}"


def _problems(target: Target, expect: Expect, seen: Seen, baseline: Seen) -> Iterator[str]:
    if seen.peer_error:
        yield f"the peer: {seen.peer_error}"
    yield from _departures(target, expect, seen, baseline)
    if expect.stderr and expect.stderr not in seen.stderr.decode(errors="replace"):
        yield f"expected {expect.stderr!r} on standard error"
    problem = _bad_server(target, expect, seen)
    if problem:
        yield problem


def _bad_server(target: Target, expect: Expect, seen: Seen) -> str | None:
    run = seen.run
    if target.role != "server" or expect.server == ANY:
        return None
    if run.status == expect.server and not run.timed_out:
        return None
    return f"expected the server to end with status {expect.server}; it {run.ended}"


def _is_known(finding: Finding, known: list[dict[str, Any]]) -> bool:
    for one in known:
        same = [one.get(key) == getattr(finding, key) for key in ("finding", "file")]
        same_function = one.get("function") in (None, finding.function)
        if all(same) and same_function:
            return True
    return False


def _counts(finding: Finding, expect: Expect) -> bool:
    return finding.finding in expect.forbid or finding.severity in expect.forbid


def _findings(target: Target, expect: Expect, seen: Seen, baseline: Seen) -> list[Finding]:
    """One sentence for each mistake: the command, where it has one, names the call."""
    here = {one.finding: one for one in compared(target, expect, seen, baseline)}
    differs = None
    if here or (
        _strays(target, seen, baseline) and any(_departures(target, expect, seen, baseline))
    ):
        differs = "client" if target.role == "server" else "output"
    said = read_findings(str(seen.run.trace), str(baseline.run.trace), differs)
    theirs = [
        _told(one, here) for one in said if one.finding not in COMPARED or one.finding in here
    ]
    names = {one.finding for one in theirs}
    own = [*whole_run(seen), *lost_clients(expect, seen, baseline)]
    made = [*(one for one in own if one.finding not in names), *theirs]
    is_explained = any(finding.severity == "error" for finding in theirs)
    return made if is_explained else made + list(here.values())


def _strays(target: Target, seen: Seen, baseline: Seen) -> bool:
    """From the fault-free run, whatever is allowed."""
    outputs = [normal(target, one.stdout) for one in (seen, baseline)]
    return seen.status != baseline.status or outputs[0] != outputs[1]


def _told(finding: Finding, here: dict[str, Finding]) -> Finding:
    """With the difference, which the command has not seen."""
    if finding.finding not in here:
        return finding
    _, newline, what = here[finding.finding].says.partition("\n")
    return dataclasses.replace(finding, says=f"{finding.says}{newline}{what}")


def judge(target: Target, scenario: Scenario, seen: Seen, baseline: Seen) -> Outcome:
    expect = scenario.expect
    made = _findings(target, expect, seen, baseline)
    if expect.signal:
        made = [finding for finding in made if finding.finding != "crash"]
    rule = "; ".join(scenario.use + scenario.rules)
    repeat = repeat_command(target, scenario, seen)
    made = [
        dataclasses.replace(one, rule=one.rule or rule, repeat=one.repeat or repeat) for one in made
    ]
    wrong = [finding for finding in made if _counts(finding, expect)]
    problems = list(_problems(target, expect, seen, baseline))
    vacuous = seen.run.vacuous()
    if vacuous:
        problems.append(vacuous)
    return Outcome(
        target,
        scenario,
        seen,
        problems,
        [finding for finding in wrong if not _is_known(finding, target.known)],
        [finding for finding in wrong if _is_known(finding, target.known)],
        repeat,
    )


def repeat_command(target: Target, scenario: Scenario, seen: Seen) -> str | None:
    """The shell command that repeats this trial; None where a peer in Python has a part in it."""
    if isinstance(target.peer, PythonPeer):
        return None
    expect = scenario.expect
    roles: list[str] = []
    if target.role == "server":
        roles = ["--server", "--client", target.client or ""]
    elif target.peer:
        roles = ["--peer", target.peer]
    wanted = Request(
        target.command,
        scenario.rules,
        scenario.use,
        seen.run.seed,
        expect.within or 30.0,
        scenario.realism,
    )
    words = ["sockfault", "run", *roles, *wanted.options(), "--", *target.command]
    line = " ".join(word if word in ("{port}",) else shlex.quote(word) for word in words)
    return (
        line if target.cwd == pathlib.Path.cwd() else f"cd {shlex.quote(str(target.cwd))} && {line}"
    )
