# SPDX-License-Identifier: MIT
"""A sweep: fault-free runs, the plan, its runs side by side, and what they say of the program.

All that is learned goes into a journal first, one line a run, so that a sweep that was interrupted
goes on where it was. What comes of the journal is a pure function of it: see sweepgroup.py.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import queue
import sys
import threading
import time
from typing import Any, Callable, Generator, Iterable, Iterator, Sequence

from . import sweepplan
from .batch import Batch
from .command import SockfaultError
from .events import Finding
from .sweepgroup import Group, groups_of, record_of
from .sweepjudge import SILENT, Compare, Judge, Measure
from .sweepplan import Call, Entry
from .sweepreach import never_reached
from .sweeprun import Ended, Gate, Outcome, Program, Speed, Worker
from .text import printed
from .verdict import LATE, diff

FIRST_DEADLINE = 60.0  # seconds, for a run of which nothing is known
LEAST_DEADLINE = 1.0
TIMES_BASELINE = 5.0
LOAD_MAX = 4.0  # a machine under load is this much slower at most
INNOCENT = ("SIGCHLD", "SIGCONT", "SIGURG", "SIGIO", "SIGWINCH")
SOON = 0.25  # seconds: who takes longer waits for something, and does not need a processor
SOON_BASELINE = 3.0  # times what a fault-free run takes
WAITING = 12  # runs that wait, for each that works
AHEAD = 4  # runs of which one is under way, and the others are made ready or looked at
PATIENCE = 2.0  # times the deadline, for a run that is to confirm that there is no end
PATIENCE_LEAST = 5.0
CALLS = "calls"  # the folder
CALLS_BEFORE, CALLS_AFTER = 12, 28  # that are kept around a fault
PATIENCE_WITH_LIMIT = 30.0  # who has limits of its own may try several times


NOTES = 5  # of one kind, that are told
LIBC = ("libc.", "libc-", "ld-")  # objects whose calls are not the program's
Lines = dict[tuple[str, str], dict[str, Any]]  # file, line and function of a function and stack


class Unusable(SockfaultError):
    """There is nothing to compare with: the fault-free run fails, or does not repeat itself."""


@dataclasses.dataclass
class Wishes:
    """What a sweep was asked for."""

    program: Program
    compare: Compare
    folder: pathlib.Path
    jobs: int = 1
    baselines: int = 3
    deadline: float | None = None
    time: float | None = None
    only: Sequence[str] = ()
    shard: str | None = None
    resume: bool = False

    def head(self) -> dict[str, Any]:
        """What a plan says of the sweep that it is of."""
        told = self.compare.as_told()
        return {"program": dataclasses.asdict(self.program), **told, "deadline": self.deadline}

    @classmethod
    def of_plan(cls, head: dict[str, Any], folder: pathlib.Path) -> Wishes:
        """What a plan asks for, where one of its entries is tried by itself."""
        try:
            program = Program(**head["program"])
            compare = Compare.of(head["compare"], head["normalize"])
        except (KeyError, TypeError, ValueError) as error:
            raise SockfaultError(f"the head of the plan is wrong: {error}") from None
        return cls(program, compare, folder, baselines=1, deadline=head.get("deadline"))


def fitting_deadline(wall: float) -> float:
    """From how long a fault-free run took; longer where the machine has more to do than it can."""
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    return max(LEAST_DEADLINE, TIMES_BASELINE * wall) * min(LOAD_MAX, max(1.0, load))


class Journal:
    """One line a run, appended; what a kill left half written is not read."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.lock = threading.Lock()

    def read(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        made = []
        for line in self.path.read_bytes().split(b"\n")[:-1]:
            with contextlib.suppress(ValueError):
                made.append(json.loads(line))
        return made

    def open(self, again: bool) -> None:
        if not again:
            self.path.write_bytes(b"")
        elif self.path.exists() and not self.path.read_bytes().endswith(b"\n"):
            data = self.path.read_bytes()
            self.path.write_bytes(data[: data.rfind(b"\n") + 1])
        self.file = open(self.path, "ab", buffering=0)

    def add(self, record: dict[str, Any]) -> None:
        line = json.dumps(record, ensure_ascii=False).encode() + b"\n"
        with self.lock:
            self.file.write(line)


# ---- the fault-free runs ----


@dataclasses.dataclass
class Baseline:
    measure: Measure
    runs: list[list[Call]]
    notes: list[str]  # what varies, and does no harm
    is_usable: bool = (
        True  # else it fails by a mistake that needs no fault: nothing can be compared
    )


def _failing(program: Program, outcome: Outcome) -> str | None:
    seen = outcome.seen
    who = "the client" if program.role == "server" else program.name
    if seen.timed_out or outcome.target.timed_out:
        return f"{who} did not end in time (say --deadline, if it needs longer)"
    if seen.status != 0:
        return f"{who} ended with {seen}"
    return None


def _tail(outcome: Outcome) -> str:
    texts = [outcome.seen.stderr, outcome.target.stderr, outcome.seen.stdout]
    last = next((text for text in texts if text.strip()), b"")
    return printed(last).strip()[-1000:]


def baseline(wishes: Wishes, worker: Worker) -> Baseline:
    """The fault-free runs; Unusable where they fail or differ."""
    program, outcomes = wishes.program, []
    deadline = wishes.deadline or FIRST_DEADLINE
    for number in range(max(1, wishes.baselines)):
        outcome = worker.run([], deadline, stacks=True, trace=f"baseline-{number}.sft")
        wrong = _failing(program, outcome)
        if wrong:
            return _failed(wrong, outcome, worker, deadline)
        outcomes.append(outcome)
    _compare(wishes, outcomes)
    again = _served_again(wishes, worker, deadline)
    wall = max(one.wall for one in outcomes)
    first = outcomes[0]
    found = [one for one in first.findings if _in_all(one, outcomes)]
    measure = Measure(
        first.seen,
        [one.next for one in again if one.next],
        first.target,
        any(one.server_ended for one in again),
        found,
        first.trace or pathlib.Path(),
        wall,
        wishes.deadline or fitting_deadline(wall),
        frozenset().union(*(one.sites for one in outcomes)),
        _printed(wishes.compare, first.seen, worker.folder / "printed"),
    )
    runs = [sweepplan.calls_of(one.events(), one.connections()) for one in outcomes]
    if not any(runs):
        raise Unusable(f"{program.name} makes no socket call that sockfault can see")
    return Baseline(measure, runs, list(_varying(runs)))


def _served_again(wishes: Wishes, worker: Worker, deadline: float) -> list[Outcome]:
    """Runs with a next client, which are not the others: the plan is of the first client's calls.
    One tells whether another client gets the same answer, two whether it always does."""
    if not wishes.program.client:
        return []
    count = min(2, max(1, wishes.baselines))
    return [worker.run([], deadline, with_next=True) for _ in range(count)]


def _printed(compare: Compare, seen: Ended, path: pathlib.Path) -> pathlib.Path | None:
    """For the command, which then sees by itself whether another run prints the same."""
    if not compare.output or compare.normalize:
        return None
    path.write_bytes(seen.stdout)
    return path


def _failed(wrong: str, outcome: Outcome, worker: Worker, deadline: float) -> Baseline:
    """What the program gets wrong with no fault at all, if that is why: then there is more to say
    than that it fails. Unusable where nothing of the kind shows twice."""
    again = worker.run([], deadline, trace="baseline-again.sft")
    found = [one for one in outcome.findings if one.finding not in LATE and _in_all(one, [again])]
    if not any(one.severity == "error" for one in found):
        raise Unusable(f"the fault-free run fails: {wrong}\n{_tail(outcome)}".strip())
    note = f"no fault was tried, for the fault-free run fails: {wrong}"
    trace, ended = outcome.trace or pathlib.Path(), outcome.server_ended
    wall, seen = outcome.wall, outcome.seen
    sites = outcome.sites | again.sites
    measure = Measure(seen, [], outcome.target, ended, found, trace, wall, deadline, sites)
    return Baseline(measure, [], [note], is_usable=False)


def _in_all(finding: Finding, outcomes: Sequence[Outcome]) -> bool:
    key = (finding.finding, finding.site, finding.line)
    return all(
        any((one.finding, one.site, one.line) == key for one in outcome.findings)
        for outcome in outcomes
    )


def _compare(wishes: Wishes, outcomes: Sequence[Outcome]) -> None:
    compare, first = wishes.compare, outcomes[0].seen
    for number, other in enumerate(outcomes[1:], 2):
        seen = other.seen
        if not compare.same(first.stdout, seen.stdout):
            what = diff(compare.normal(first.stdout), compare.normal(seen.stdout))
            raise Unusable(
                f"the fault-free runs 1 and {number} print different things: say --normalize "
                f"'s/RE/TEXT/' for what differs, or --compare status\n{what}"
            )


def _varying(runs: Sequence[Sequence[Call]]) -> Iterator[str]:
    """Call sites that not every fault-free run has reached, or not from the same callers."""
    places = [{call.place for call in calls} for calls in runs]
    every = {place for some in places for place in some}
    open_ = {place for place in every if not all(place in some for some in places)}
    sites = [{(place.site, place.func) for place in some} for some in places]
    varying = sorted({(place.site, place.func) for place in open_})
    for site, func in varying[:NOTES]:
        count = sum((site, func) in some for some in sites)
        if count < len(runs):
            yield f"{func} at {site} was called in {count} of {len(runs)} fault-free runs"
        else:
            yield f"{func} at {site} had not the same callers in all fault-free runs"
    if len(varying) > NOTES:
        yield f"and so with {len(varying) - NOTES} other call sites"


# ---- one entry ----


def _hits(entry: Entry, outcome: Outcome) -> bool:
    """Was it the call that was meant? A silence may begin in the wait before it: no call tells of
    that one."""
    if outcome.fired and not outcome.faults:
        return entry.fault.partition(" ")[0] in SILENT
    met = outcome.faults[0] if outcome.faults else None
    return met is not None and (met.site, met.stack) == (entry.place.site, entry.place.stack)


class Trier:
    """Makes the runs of entries and groups, with a worker of its own."""

    def __init__(self, worker: Worker, judge: Judge, measure: Measure) -> None:
        self.worker, self.judge, self.measure = worker, judge, measure
        self.calls = worker.folder.parents[1] / CALLS

    def _run(self, rule: str, deadline: float) -> Outcome:
        return self.worker.run(
            [rule],
            deadline,
            baseline=self.measure.trace,
            with_next=True,
            expect=self.measure.printed,
        )

    def entry(self, entry: Entry) -> dict[str, Any]:
        """One line of the journal."""
        try:
            for rule in entry.rules:
                outcome = self._run(rule, self.measure.deadline)
                if _hits(entry, outcome) or outcome.is_impossible:
                    break
            rule, outcome = self._honestly(entry, rule, outcome)
            found = self.judge(entry, outcome)
        except SockfaultError as error:
            if self.worker.batch.is_over:
                raise
            return {"run": entry.id, "result": "trouble", "rule": rule, "why": str(error)}
        usual = self.measure.sites
        return record_of(entry, rule, outcome, found, _hits(entry, outcome), usual)

    def _honestly(self, entry: Entry, rule: str, outcome: Outcome) -> tuple[str, Outcome]:
        """An EINTR comes with a signal: one that asks the program for nothing is delivered with it.
        Where there is none, what the program does may be what the signal asks for."""
        if entry.fault != "fail EINTR" or not outcome.fired:
            return rule, outcome
        handled = [str(one["signal"]) for one in outcome.signals if one["handled"]]
        innocent = next((name for name in INNOCENT if name in handled), None)
        if innocent:
            rule = rule.replace(": fail EINTR", f": signal {innocent}, fail EINTR")
            outcome = self._run(rule, self.measure.deadline)
        outcome.is_meant = bool(handled) and not innocent
        return rule, outcome

    def group(self, group: Group) -> dict[str, Any]:
        """Repeats a failure under the plainest rule that shows it: a line of the journal."""
        for entry in group.representatives():
            for rule in group.rules(entry):
                outcome = self._run(rule, self._patience(group, entry))
                rule, outcome = self._honestly(entry, rule, outcome)
                if not _hits(entry, outcome):
                    continue
                for finding in self.judge(entry, outcome):
                    if group.is_same(entry, finding):
                        self._keep(group, outcome)
                        return group.confirmed(entry, rule, finding)
                if group.is_late:
                    break  # it took its time, and ended
        return {"confirm": group.name, "rule": None}

    def _keep(self, group: Group, outcome: Outcome) -> None:
        """The calls around the fault, for the page."""
        met = outcome.faults[0].seq if outcome.faults else CALLS_BEFORE + 1
        some = json.dumps(outcome.around(met - CALLS_BEFORE, met + CALLS_AFTER))
        self.calls.mkdir(exist_ok=True)
        (self.calls / f"{group.name}.json").write_text(some, encoding="utf-8")

    def _patience(self, group: Group, entry: Entry) -> float:
        if not group.is_late:
            return self.measure.deadline
        finding = group.finding
        endless = entry.id in group.endless or finding.severity == "advice"
        # Who has a limit and spins until then, spins all the same.
        is_enough = endless or finding.finding == "spin"
        least = PATIENCE_LEAST if is_enough else PATIENCE_WITH_LIMIT
        return max(PATIENCE * self.measure.deadline, least)


# ---- all of them, side by side ----


class Stopped(Exception):
    """Somebody interrupted the sweep."""


Task = Callable[[Trier], dict[str, Any]]


class Pool:
    """Threads with a worker each. Results come in the order in which they are ready."""

    def __init__(self, triers: Sequence[Trier]) -> None:
        self.triers, self.batch = triers, triers[0].worker.batch

    def each(self, tasks: Iterable[Task]) -> Generator[dict[str, Any], None, None]:
        source, lock = iter(tasks), threading.Lock()
        ready: queue.SimpleQueue[dict[str, Any] | BaseException | None] = queue.SimpleQueue()
        stop = threading.Event()

        def take() -> Task | None:
            with lock:
                return None if stop.is_set() else next(source, None)

        def work(trier: Trier) -> None:
            try:
                for task in iter(take, None):
                    ready.put(task(trier))
            except BaseException as error:  # goes to the one who asked
                ready.put(error)
            ready.put(None)

        threads = [threading.Thread(target=work, args=(trier,)) for trier in self.triers]
        for thread in threads:
            thread.start()
        try:
            yield from self._results(ready, len(threads))
        finally:
            stop.set()
            if sys.exc_info()[0]:  # what is under way is wanted no more
                self.batch.close()
            for thread in threads:
                thread.join()

    @staticmethod
    def _results(ready: Any, count: int) -> Iterator[dict[str, Any]]:
        while count:
            got = ready.get()
            if got is None:
                count -= 1
            elif isinstance(got, BaseException):
                raise got
            else:
                yield got


@dataclasses.dataclass
class Result:
    """All that a sweep has come to; what of it may differ between equal sweeps is in `run`."""

    program: Program
    plan: list[Entry]
    entries: list[Entry]  # those that were asked for
    records: list[dict[str, Any]]
    groups: list[Group]
    measure: Measure
    notes: list[str]
    seconds: float
    speed: Speed
    left: int  # not tried: the time was up
    jobs: int
    lines: Lines
    calls: pathlib.Path  # around the faults of confirmed failures, a file each
    reached: frozenset[str]  # sites, in any run
    never_reached: list[dict[str, Any]] | None  # None: not known


class Sweep:
    def __init__(
        self, wishes: Wishes, show: Any, start: Callable[[], Batch] = lambda: Batch()
    ) -> None:
        self.wishes, self.show, self.start = wishes, show, start
        self.journal = Journal(wishes.folder / "journal.jsonl")
        self.plan_path = wishes.folder / "plan.jsonl"
        self.work = wishes.folder / "work"

    def run(self) -> Result:
        wishes, began = self.wishes, time.monotonic()
        wishes.folder.mkdir(parents=True, exist_ok=True)
        with self.start() as batch:
            return self._with(batch, began)

    def _with(self, batch: Batch, began: float) -> Result:
        wishes = self.wishes
        first = Worker(wishes.program, self.work / "baseline", batch)
        self.show.phase("fault-free runs")
        base = baseline(wishes, first)
        found = first.ask("trace", str(base.measure.trace), "--lines")
        self.lines = {(one["func"], one["stack"]): one for one in found if "stack" in one}
        calling = {site.rpartition("+")[0] for site in base.measure.sites}
        named = {one["site"].rpartition("+")[0]: one["path"] for one in found if "path" in one}
        self.paths = {name: path for name, path in named.items() if name in calling}
        for note in base.notes:
            self.show.note(note)
        if not base.is_usable:
            first.close()
            return self._result(base, [], [], {}, began)
        plan, records = self._plan(base)
        entries = sweepplan.shard(sweepplan.chosen(plan, wishes.only), wishes.shard)
        if not entries:
            raise Unusable("nothing of the plan is left to try: see --only and --shard")
        self.journal.open(wishes.resume)
        self._note_sites(base.measure, records)
        gate, count = self._gate(base.measure)
        turn = None if wishes.program.has_port else self.work / "turn"
        triers = [
            Trier(
                Worker(wishes.program, self.work / f"worker-{number}", batch, gate, turn),
                Judge(wishes.program, base.measure, wishes.compare),
                base.measure,
            )
            for number in range(count)
        ]
        try:
            return self._sweep(base, plan, entries, records, triers, began)
        finally:
            for trier in triers:
                trier.worker.close()
            first.close()
            with contextlib.suppress(OSError):
                (self.work / "turn").unlink(missing_ok=True)
                self.work.rmdir()

    def _gate(self, measure: Measure) -> tuple[Gate, int]:
        """Who goes when, and how many threads that takes."""
        jobs = self.wishes.jobs
        if not self.wishes.program.has_port:
            return Gate(AHEAD), AHEAD + 1
        return Gate(jobs, max(SOON, SOON_BASELINE * measure.wall)), jobs * (1 + WAITING)

    def _note_sites(self, measure: Measure, records: list[dict[str, Any]]) -> None:
        """Also those that the fault-free runs had reached before an interruption."""
        before = [one["baseline"] for one in records if "baseline" in one]
        measure.sites = measure.sites.union(*before)
        if not before:
            self.journal.add({"baseline": sorted(measure.sites)})

    def _plan(self, base: Baseline) -> tuple[list[Entry], list[dict[str, Any]]]:
        """A plan of its own, or that of the sweep that was interrupted, with its journal."""
        head = self.wishes.head()
        if self.wishes.resume and self.plan_path.exists():
            old, plan = sweepplan.read(self.plan_path)
            if any(old.get(key) != value for key, value in head.items()):
                raise SockfaultError(f"{self.wishes.folder} has another sweep: see its plan.jsonl")
            return plan, self.journal.read()
        plan = sweepplan.make(base.runs, self.wishes.program.realism)
        self.wishes.resume = False
        sweepplan.write(self.plan_path, head, plan)
        return plan, []

    def _sweep(
        self,
        base: Baseline,
        plan: list[Entry],
        entries: list[Entry],
        records: list[dict[str, Any]],
        triers: Sequence[Trier],
        began: float,
    ) -> Result:
        done = {record["run"]: record for record in records if "run" in record}
        done = {name: one for name, one in done.items() if one["result"] != "trouble"}
        todo = [entry for entry in entries if entry.id not in done]
        self.show.begin(len(entries), len(entries) - len(todo), self.wishes.time)
        pool, started = Pool(triers), time.monotonic()
        with contextlib.closing(pool.each(self._tasks(todo))) as results:
            for record in results:
                done[record["run"]] = record
                self._note(record)
        took = time.monotonic() - started
        workers = [trier.worker for trier in triers]
        speed = Speed.of(workers, took, not self.wishes.program.has_port)
        tried = [entry for entry in entries if entry.id in done]
        troubles = [done[one.id]["why"] for one in tried if done[one.id]["result"] == "trouble"]
        if tried and len(troubles) == len(tried):
            raise SockfaultError(troubles[0])
        result = self._result(base, plan, entries, done, began)
        self._confirm(pool, result.groups, records)
        result.seconds = time.monotonic() - began
        result.speed = speed
        return result

    def _result(
        self,
        base: Baseline,
        plan: list[Entry],
        entries: list[Entry],
        done: dict[str, dict[str, Any]],
        began: float,
    ) -> Result:
        tried = [entry for entry in entries if entry.id in done]
        records = [done[entry.id] for entry in tried]
        reached = base.measure.sites.union(*(one.get("reached", ()) for one in records))
        paths = {name: path for name, path in self.paths.items() if not name.startswith(LIBC)}
        return Result(
            self.wishes.program,
            plan,
            entries,
            records,
            groups_of(tried, records, base.measure.findings),
            base.measure,
            base.notes,
            time.monotonic() - began,
            Speed.of([], 0.0, True),
            len(entries) - len(tried),
            self.wishes.jobs,
            self.lines,
            self.wishes.folder / CALLS,
            reached,
            never_reached(paths, reached),
        )

    def _tasks(self, entries: Iterable[Entry]) -> Iterator[Task]:
        """In the order of the plan, as long as there is time."""
        limit = self.wishes.time
        end = time.monotonic() + limit if limit is not None else None
        for entry in entries:
            if end is not None and time.monotonic() >= end:
                return
            yield lambda trier, entry=entry: trier.entry(entry)  # type: ignore[misc]

    def _note(self, record: dict[str, Any]) -> None:
        self.journal.add(record)
        self.show.ran(record)

    def _confirm(
        self, pool: Pool, groups: Sequence[Group], records: Sequence[dict[str, Any]]
    ) -> None:
        known = {record["confirm"]: record for record in records if "confirm" in record}
        open_ = [one for one in groups if one.entries and one.name not in known]
        self.show.phase(f"repeating {len(open_)} of {len(groups)} failures" if open_ else "")
        tasks = [lambda trier, one=one: trier.group(one) for one in open_]
        with contextlib.closing(pool.each(tasks)) as results:
            for record in results:
                self.journal.add(record)
                known[record["confirm"]] = record
        for group in groups:
            proof = known.get(group.name)
            if proof and proof["rule"]:
                group.take(proof)
