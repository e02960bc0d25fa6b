# SPDX-License-Identifier: MIT
"""Examines submissions, one at a time, as a process within the outer box (examroom.py starts it).

Each submission is examined by a fork of this process, so that nothing of one reaches the next: no
state of scripted peers, no memory, no open file. The state of things is written after each test.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import os
import pathlib
import shutil
import sys
import time
import traceback
import types
from typing import Any, Callable, Iterator, Sequence

from . import assignment as assignments
from . import departure, gradesweep, processes, report, sandbox, submission, table, wire
from .assignment import REFERENCE, Assignment, Price, Target, Test
from .command import SockfaultError
from .events import Event, Finding, make
from .evasion import Spoiled
from .gradebuild import Unbuilt, build
from .graded import Graded, Loss, Verdict
from .gradewrite import write_soon
from .gradejudge import Account, Judge, Place, Source, Way
from .gradehome import repeat
from .peer import Line
from .departure import Calls, Departure, Wanted
from .graderun import Runner, Seen
from .sandbox import Level
from .sweep import Result
from .wire import Wire

CHART_ROWS = 120  # calls that a page shows of a run
EVENTS_MAX = 200_000  # that are looked at of a run: a program may make any number
NOT_OURS = "sockfault could not make this test: "


@dataclasses.dataclass(frozen=True)
class RoomWishes:
    """What an examiner is told once, as JSON in a file."""

    assignment: str
    work: str
    level: str
    seed: int


@dataclasses.dataclass(frozen=True)
class Request:
    """What it is told of each submission, as a line of JSON."""

    name: str
    submission: str
    results: str
    key: str
    work: str


class Examiner:
    """Grades one submission."""

    def __init__(
        self,
        assignment: Assignment,
        level: Level,
        name: str,
        work: pathlib.Path,
        seed: int,
        reference: pathlib.Path | None = None,
        source: pathlib.Path | None = None,
        listener: Wire | None = None,
    ) -> None:
        self.submission = source or work / "submission"
        self.assignment, self.level, self.work, self.seed = assignment, level, work, seed
        self.reference = reference  # its work folder
        self.listener = listener
        self.graded = Graded(name, assignment.name, assignment.worth, level.value)
        self.graded.started = time.time()
        self.program = work / "program"

    def grade(self) -> Iterator[Graded]:
        """The state of things after each test."""
        try:
            self.graded.warnings = submission.copy(self.submission, self.program)
            self.graded.warnings += build(self.assignment, self.level, self.program)
        except SockfaultError as error:
            self.graded.build = str(error)
            for test in self.assignment.tests:
                self._add(test, _failed(test, str(error).splitlines()[0]))
            self.graded.is_done = True
            yield self.graded
            return
        self.source, self.account = Source(self.program), Account(self.assignment)
        self.judges: dict[str, Judge] = {}  # of each target
        self.runner = self.make_runner()
        try:
            yield from self._tests()
        finally:
            self.runner.close()

    def make_runner(self) -> Runner:
        program = self.reference / "program" if self.reference else None
        return Runner(self.assignment, self.level, self.work, program, self.seed, self.listener)

    def _add(self, test: Test, verdict: Verdict) -> None:
        self.graded.verdicts.append(verdict)

    def _tests(self) -> Iterator[Graded]:
        for test in self.assignment.tests:
            try:
                self._add(test, self._test(test))
            except Spoiled as error:
                verdict = _failed(test, str(error))
                verdict.look = str(error)
                self._add(test, verdict)
            except SockfaultError as error:  # ours, not the student's: for somebody to look at
                verdict = _failed(test, f"{NOT_OURS}{error}", "error")
                verdict.look = "sockfault could not make it"
                self._add(test, verdict)
            yield self.graded
        self.graded.is_done = True
        yield self.graded

    def _judge(self, target: Target) -> Judge:
        """One that knows the fault-free run."""
        if target.name not in self.judges:
            said = self._learnt("stdout", target)
            output = said.read_bytes() if said else None
            judge = Judge(self.assignment, target, self.source, self.account, output)
            judge.measure(self.runner.observe(target, self.assignment.plain_test(target), None))
            self.judges[target.name] = judge
        return self.judges[target.name]

    def _learnt(self, what: str, target: Target) -> pathlib.Path | None:
        """What is known of the reference solution."""
        if not self.reference:
            return None
        path = _notes(self.assignment, self.reference, what, target)
        return path if path.exists() else None

    def _test(self, test: Test) -> Verdict:
        judge = self._judge(test.target)
        if test.sweep:
            return self._sweep(judge, test)
        if test is self.assignment.plain_test(test.target) and judge.plain:
            return self._judged(judge, test, judge.plain)
        return self._judged(judge, test, self.runner.observe(test.target, test, judge.plain))

    # ---- a run ----

    def _judged(self, judge: Judge, test: Test, seen: Seen) -> Verdict:
        wrong, findings = list(judge.wrong(test, seen)), seen.findings
        if wrong and judge.plain and not test.is_plain:
            findings = self.runner.findings(seen, judge.plain, judge.differs(wrong))
        events = functools.cache(lambda: self._events(seen))
        causes = {event.seq: event for event in events()} if findings else {}
        mistakes = [(one, self.source.place(one, causes.get(one.cause or 0))) for one in findings]
        self._compare_again(judge, test, seen)
        departures: list[Departure] = []

        def departs() -> tuple[Place, str] | None:
            departures.extend(self._departure(judge, test, seen, wrong[0].way, events()))
            return self._place(test, departures[0]) if departures else None

        verdict = judge(test, seen, wrong, mistakes, departs)
        if verdict.state != "passed":
            shown = [*findings, *(one.as_finding() for one in departures)]
            verdict.chart = self._chart(test, seen, shown, events())
            late = self.runner.within(test) if seen.timed_out else None
            verdict.repeat = repeat(test.target, test, int(seen.outcome.get("seed", 1)), late)
        return verdict

    def _departure(
        self, judge: Judge, test: Test, seen: Seen, way: Way, events: Sequence[Event]
    ) -> list[Departure]:
        """Where a run that is wrong departs from what it was to be, if that is known."""
        start = int(self.runner.status(seen)["start_ns"])
        calls = Calls(events, self.runner.connections(seen.trace.parent, seen.trace), start)
        if way is Way.LATE and not judge.is_server:
            found = departure.late(calls)
        else:
            wanted = self._wanted(judge, test)
            found = departure.of_bytes(calls, seen.met.talks, wanted) if wanted else None
            found = found or departure.last(calls, seen.met.talks)
        return [found] if found else []

    def _place(self, test: Test, found: Departure) -> tuple[Place, str]:
        program = os.path.realpath(self._program(test.target))
        line = table.source_line(program, found.event.site) if found.event.site else None
        return self.source.place_of(found.event, line), found.says

    def _wanted(self, judge: Judge, test: Test) -> Wanted | None:
        """What is right: without faults, where that is; else what the reference solution does."""
        if judge.plain and not judge.plain_wrong and not test.is_plain:
            return Wanted("without faults it", judge.plain.met.talks)
        path = self._learnt("talks", test.target)
        if not path:
            return None
        return Wanted("the reference solution", wire.from_values(json.loads(path.read_text())))

    def _program(self, target: Target) -> str:
        word = target.command[0]
        return str(self.program / word) if "/" in word else word

    def _compare_again(self, judge: Judge, test: Test, seen: Seen) -> None:
        """Does the output differ because it always does?"""
        plain = judge.plain
        same = not plain or judge.normal(plain.stdout) == judge.normal(seen.stdout)
        if (
            not plain
            or same
            or judge.plain_wrong
            or judge.second
            or test.is_plain
            or seen.timed_out
        ):
            return
        judge.second = self.runner.observe(test.target, None, None)

    def _events(self, seen: Seen) -> list[Event]:
        """The program's own."""
        lines = self.runner.told(seen.trace.parent, "trace", str(seen.trace), "--json")
        first = self.runner.first_process
        made = (make(Event, one) for one in itertools.islice(lines, EVENTS_MAX))
        return [event for event in made if (event.process or 0) >= first]

    def _chart(
        self, test: Test, seen: Seen, findings: Sequence[Finding], events: list[Event]
    ) -> list[report.Row]:
        """What happened around the faults."""
        marked = {seq for one in findings for seq in (one.cause, *one.evidence) if seq}
        near = [i for i, event in enumerate(events) if event.fault or event.seq in marked]
        first = max(0, (near[0] if near else len(events) - CHART_ROWS) - CHART_ROWS // 4)
        shown = events[first : first + CHART_ROWS]
        argv = [self._program(test.target)]
        start = int(self.runner.status(seen)["start_ns"])
        run: Any = types.SimpleNamespace(argv=argv, events=shown, start_ns=start)
        return report.chart(run, findings, _between(seen.met.seen_lines, shown, start))

    # ---- a sweep ----

    def _sweep(self, judge: Judge, test: Test) -> Verdict:
        began = time.monotonic()
        if judge.plain_wrong:
            why = f"without any fault it is wrong already: {judge.plain_wrong}"
            return judge.verdict(test, [Loss(test.points, why)], [])
        result = gradesweep.sweep(self.runner, test)
        verdict = self._judged_sweep(judge, test, result)
        verdict.duration = time.monotonic() - began
        return verdict

    def _judged_sweep(self, judge: Judge, test: Test, result: Result) -> Verdict:
        assert test.sweep
        losses, left = [], test.sweep.at_most
        for group in gradesweep.mistakes(result):
            op = group.entries[0].place.op if group.entries else ""
            cause = make(Event, {"seq": 0, "time_ns": 0, "op": op}) if op else None
            place = self.source.place(group.finding, cause)
            loss = judge.loss(test, group.finding, place, Price(min(test.sweep.lose, left)))
            left -= loss.points
            losses.append(loss)
        verdict = judge.verdict(test, losses, [])
        verdict.repeat = repeat(test.target, test, self.seed, None)
        verdict.notes.append(f"{len(result.records)} error paths were tried")
        if result.left:
            verdict.notes.append(f"{result.left} more were not: the time was up")
            verdict.look = "the time of its sweep was up before all was tried"
        self.account.capped(test, verdict)
        return verdict


def _between(lines: list[Line], shown: Sequence[Event], start_ns: int) -> list[Line]:
    """What the other end did while these calls were made, where there are more than are shown."""
    if len(shown) < CHART_ROWS:
        return lines[: 2 * CHART_ROWS]
    ends = (shown[0].time_ns + start_ns, shown[-1].time_ns + start_ns)
    return [line for line in lines if ends[0] <= line.time_ns <= ends[1]][: 2 * CHART_ROWS]


def _failed(test: Test, why: str, state: str = "failed") -> Verdict:
    return Verdict(
        test.name, test.visibility, 0.0, test.points, state, [Loss(test.points, why)], []
    )


# ---- the process ----


def _examine(
    assignment: Assignment,
    wishes: RoomWishes,
    listener: Wire | None,
    reference: pathlib.Path | None,
    asked: Request,
) -> None:
    work, results = pathlib.Path(asked.work), pathlib.Path(asked.results)
    work.mkdir(mode=0o755)
    source = pathlib.Path(asked.submission)
    examiner = Examiner(
        assignment, Level(wishes.level), asked.name, work, wishes.seed, reference, source, listener
    )
    try:
        for graded in examiner.grade():
            write_soon(results, graded, asked.key)
    finally:
        if examiner.level is Level.LIMITS:
            sandbox.end_all()


def _study(
    assignment: Assignment, wishes: RoomWishes, listener: Wire | None, work: pathlib.Path
) -> None:
    """Builds the reference solution, and learns what it prints."""
    assert assignment.reference
    work.mkdir(mode=0o755)
    submission.copy(assignment.reference, work / "program")
    try:
        build(assignment, Level(wishes.level), work / "program")
    except Unbuilt as error:
        raise SockfaultError(f"the reference solution: {error}") from None
    examiner = Examiner(
        assignment,
        Level(wishes.level),
        "the reference solution",
        work,
        wishes.seed,
        work,
        listener=listener,
    )
    runner = examiner.make_runner()
    try:
        for target in assignment.targets:
            _learn(runner, assignment, target)
    finally:
        runner.close()


def _notes(assignment: Assignment, work: pathlib.Path, what: str, target: Target) -> pathlib.Path:
    return work / f"{what}-{assignment.targets.index(target)}"


def _learn(runner: Runner, assignment: Assignment, target: Target) -> None:
    """What it prints, and what passes between it and its other end. It need not be able to do what
    nothing is compared with."""
    tests = [test for test in assignment.tests if test.target is target]
    is_measure = any(test.expect.stdout == REFERENCE for test in tests)
    try:
        seen = runner.observe(target, None, None)
    except SockfaultError:
        if is_measure:
            raise
        return
    judge = Judge(assignment, target, Source(runner.program), Account(assignment))
    judge.measure(seen)
    if judge.plain_wrong and is_measure:
        raise SockfaultError(f"the reference solution is wrong itself: {judge.plain_wrong}")
    _notes(assignment, runner.work, "stdout", target).write_bytes(seen.stdout)
    if not judge.plain_wrong:
        passed = json.dumps(wire.as_values(seen.met.talks))
        _notes(assignment, runner.work, "talks", target).write_text(passed)


def _forked(work: Callable[[], None]) -> str | None:
    """Does it in a fork of this process: None, or why it failed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        processes.end_with_parent()
        processes.adopt_orphans()
        os.close(reading)
        status = 1
        try:
            work()
            status = 0
        except SockfaultError as error:
            os.write(writing, str(error).encode())
        except BaseException:
            os.write(writing, traceback.format_exc().encode()[-4000:])
        finally:
            os._exit(status)
    os.close(writing)
    with open(reading, "rb") as pipe:
        said = pipe.read().decode(errors="replace")
    _, status = os.waitpid(child, 0)
    if status == 0:
        return None
    return said or f"the examiner ended with {os.waitstatus_to_exitcode(status)}"


def main(path: str) -> int:
    """Answers a line of JSON for each that it reads: {"error": null, or why}; the first is about
    the reference solution."""
    wishes = RoomWishes(**json.loads(pathlib.Path(path).read_text()))
    processes.end_with_parent()
    sandbox.learn()
    assignment = assignments.read(pathlib.Path(wishes.assignment))
    reference = pathlib.Path(wishes.work) / "reference" if assignment.reference else None

    def answer(error: str | None) -> None:
        print(json.dumps({"error": error}), flush=True)

    listener = Wire.open(is_shared=not Level(wishes.level).has_network)
    processes.no_heirs()
    here = (assignment, wishes, listener, reference)
    answer(_forked(functools.partial(_study, *here)) if reference else None)
    for line in sys.stdin:
        asked = Request(**json.loads(line))
        error = _forked(functools.partial(_examine, *here, asked))
        shutil.rmtree(asked.work, ignore_errors=True)
        answer(error)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
