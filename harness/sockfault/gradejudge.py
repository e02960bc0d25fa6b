# SPDX-License-Identifier: MIT
"""What a run says against a submission, and what that costs.

The verdict rests on what the peer saw: that it was talked to, what it received, how its client
ended. The trace, which the submission's own process writes, says why, and is believed where the
peer agrees with it.
"""

from __future__ import annotations

import dataclasses
import enum
import glob
import os
import pathlib
from typing import Any, Callable, Iterator, Sequence

from .assignment import REFERENCE, Assignment, Price, Target, Test
from .events import Event, Finding
from .graded import Loss, Verdict
from .graderun import Seen
from .suite import ANY, FAULT_FREE
from .table import Source as SourceLine
from .verdict import diff

EXCERPT = 3  # lines of source before and behind a marked one
SOURCE_MAX = 4 << 20  # bytes of a file that is looked into
LATE_SIGNALS = {
    "SIGXCPU": " (too much CPU time)",
    "SIGXFSZ": " (a file grew too large)",
    "SIGKILL": " (it used more than it may)",
}
Key = tuple[Any, ...]


class Way(enum.Enum):
    """In which a run can be wrong."""

    HIDDEN = "the program got round the library"
    LATE = "no end in time"
    FLOOD = "too much output"
    SIGNAL = "death by a signal"
    SILENT = "it never talked"
    PEER = "its other end says so"
    BEFORE = "wrong without any fault"
    STATUS = "another status"
    OUTPUT = "another output"
    HEARD = "its peer received something else"
    STDERR = "no word of it on standard error"
    GONE = "a server that is gone"
    NEXT = "the next client"


@dataclasses.dataclass(frozen=True)
class Wrong:
    """What is wrong with a run: a sentence, with what belongs to it on further lines."""

    way: Way
    says: str

    @property
    def sentence(self) -> str:
        return self.says.partition("\n")[0]


@dataclasses.dataclass(frozen=True)
class Place:
    """Where the program makes a mistake, as a student knows it."""

    file: str | None = None
    line: int | None = None
    function: str | None = None
    site: str | None = None
    operation: str | None = None

    @property
    def key(self) -> Key:
        """The same for the same place: a line, else a site of the program's own, else the call:
        what an interpreter does is told by that alone."""
        if self.file:
            return (self.file, self.function, self.line)
        return (self.site,) if self.site else (self.operation,)


class Source:
    """The submission's own files: which places are its own, and what stands there. Names come from
    what its compiler wrote, or somebody in its place: no name, and no link, leads out of it."""

    def __init__(self, program: pathlib.Path) -> None:
        self.program = program

    def place(self, finding: Finding, cause: Event | None) -> Place:
        operation = cause.op if cause else None
        line = None
        if finding.file and finding.line:
            line = SourceLine(finding.file, finding.line, finding.function)
        return self._place(line, finding.function, finding.site, operation)

    def place_of(self, event: Event, line: SourceLine | None) -> Place:
        """Of a call, of which addr2line says this."""
        return self._place(line, line.function if line else None, event.site, event.op)

    def _place(
        self,
        line: SourceLine | None,
        function: str | None,
        site: str | None,
        operation: str | None,
    ) -> Place:
        path = self._own(line.file) if line else None
        if path and line:
            name = str(path.relative_to(self.program))
            return Place(name, line.line, function, None, operation)
        name = (site or "").rpartition("+")[0]
        if name and self._files(name):
            return Place(None, None, function, site, operation)
        return Place(operation=operation)

    def _files(self, name: str) -> list[pathlib.Path]:
        pattern = glob.escape(os.path.basename(name))
        found = sorted(self.program.rglob(pattern)) if pattern.strip(".") else []
        return [path for path in found if self._is_own(path)]

    def _is_own(self, path: pathlib.Path) -> bool:
        try:
            real = path.resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            return False
        is_inside = real.is_relative_to(self.program.resolve())
        return is_inside and real.is_file() and real.stat().st_size <= SOURCE_MAX

    def _own(self, file: str | None) -> pathlib.Path | None:
        """The file of that name, if it is the submission's."""
        if not file:
            return None
        path = self.program / file  # an absolute one stays
        if path.is_relative_to(self.program) and ".." not in path.parts and self._is_own(path):
            return path
        if os.path.isabs(file):
            return None
        found = self._files(file)
        return found[0] if len(found) == 1 else None

    def excerpt(self, place: Place) -> list[tuple[int, str]]:
        """The student's own lines around the mistake."""
        if not place.file or not place.line:
            return []
        lines = (self.program / place.file).read_text(errors="replace").splitlines()
        first = max(1, place.line - EXCERPT)
        last = min(len(lines), place.line + EXCERPT)
        return [(number, lines[number - 1]) for number in range(first, last + 1)]


Departs = Callable[[], tuple[Place, str] | None]


def _says(wrong: Sequence[Wrong]) -> list[str]:
    return [one.says for one in wrong]


class Account:
    """What was charged so far: a mistake costs once, however often and in however many tests it
    shows; a kind of mistake and a group of tests no more than they may."""

    def __init__(self, assignment: Assignment) -> None:
        self.groups = assignment.groups
        self._paid: dict[Key, str] = {}  # by which test
        self._of_finding: dict[str, float] = {}
        self._of_group: dict[str, float] = {}

    def before(self, key: Key, test: Test) -> str | None:
        """The test in which this mistake has cost its points, if that was another one."""
        name = self._paid.get(key)
        return None if name == test.name else name

    def pay(self, key: Key, test: Test, price: Price) -> float:
        """What it costs now."""
        if key in self._paid:
            return 0.0
        self._paid[key] = test.name
        finding = str(key[0])
        lost = self._of_finding.get(finding, 0.0)
        most = price.lose if price.at_most is None else min(price.lose, price.at_most - lost)
        self._of_finding[finding] = lost + max(0.0, most)
        return max(0.0, most)

    def capped(self, test: Test, verdict: Verdict) -> None:
        """Tests of a group lose no more together than the group says."""
        if test.group is None or verdict.points >= verdict.of:
            return
        lost = self._of_group.get(test.group, 0.0)
        room = max(0.0, self.groups[test.group] - lost)
        if verdict.of - verdict.points > room:
            verdict.points = verdict.of - room
            verdict.notes.append(f'the tests of "{test.group}" have lost all that they may')
        self._of_group[test.group] = lost + verdict.of - verdict.points


class Judge:
    """Judges the runs of one target. The account is the submission's."""

    def __init__(
        self,
        assignment: Assignment,
        target: Target,
        source: Source,
        account: Account,
        reference: bytes | None = None,
    ) -> None:
        self.assignment, self.target, self.reference = assignment, target, reference
        self.source, self.account = source, account
        self.plain: Seen | None = None  # the fault-free run
        self.plain_wrong: str | None = None  # why there is nothing to compare with
        self.second: Seen | None = None  # another fault-free run

    @property
    def is_server(self) -> bool:
        return self.target.role == "server"

    @property
    def varies(self) -> bool:
        """Does its output differ from one fault-free run to the next?"""
        one, other = self.plain, self.second
        return bool(one and other and self.normal(one.stdout) != self.normal(other.stdout))

    @property
    def who(self) -> str:
        return "the client of the program" if self.is_server else "the program"

    def normal(self, text: bytes) -> bytes:
        for pattern, replacement in self.target.normalize:
            text = pattern.sub(replacement, text)
        return text

    def measure(self, seen: Seen) -> None:
        """Takes the fault-free run as what others are compared with."""
        plain = self.assignment.plain_test(self.target)
        wrong = list(self.wrong(plain, seen)) if plain else list(self._unusable(seen))
        self.plain, self.plain_wrong = seen, wrong[0].sentence if wrong else None

    # ---- what is wrong ----

    def _unusable(self, seen: Seen) -> Iterator[Wrong]:
        yield from self._ended(seen, None)
        if not seen.timed_out and not seen.signal and seen.status != 0:
            yield Wrong(Way.STATUS, f"{self.who} ended with {seen.ended}")

    def _may_fail(self, status: object) -> bool:
        """Has the assignment said that a scripted client, of which that is status 1, may raise?"""
        return self.is_server and (status == ANY or isinstance(status, tuple) and 1 in status)

    def _ended(self, seen: Seen, signal: str | None, may_fail: bool = False) -> Iterator[Wrong]:
        """What is wrong whatever was expected of its status and output."""
        limits = self.assignment.limits
        if seen.hidden_calls:
            yield Wrong(Way.HIDDEN, seen.hidden_calls)
        if seen.timed_out:
            started = int(seen.outcome.get("processes", 0))
            bred = f", and started {started} processes" if started >= limits.processes else ""
            yield Wrong(Way.LATE, f"{self.who} did not end in time{bred}")
        if max(len(seen.stdout), len(seen.stderr)) > limits.output:
            yield Wrong(Way.FLOOD, f"it printed more than {limits.output} bytes")
        if seen.signal and seen.signal != signal and not seen.timed_out:
            more = LATE_SIGNALS.get(seen.signal, "")
            yield Wrong(Way.SIGNAL, f"{self.who} was killed by {seen.signal}{more}")
        if not seen.met.count and not seen.has_faults:  # a refused connect explains it
            did = "served its client" if self.is_server else "talked to its peer"
            yield Wrong(Way.SILENT, f"the program never {did}")
        if seen.met.error and not may_fail:
            other = "client" if self.is_server else "peer"
            yield Wrong(Way.PEER, f"the {other}: {seen.met.error}")

    def wrong(self, test: Test, seen: Seen) -> Iterator[Wrong]:
        """What a run did other than expected."""
        expect = test.expect
        yield from self._ended(seen, expect.signal, self._may_fail(expect.status))
        if not seen.is_reached:
            if self.plain_wrong and not test.is_plain:
                yield self._wrong_before()
            return  # what was expected was expected of another run
        if not seen.timed_out and not seen.signal:
            yield from self._compared(test, seen)
        elif expect.signal and seen.signal != expect.signal:
            yield self._status(seen, f"death by {expect.signal}")
        if test.peer_got is not None and self.normal(seen.met.heard) != self.normal(test.peer_got):
            differs = diff(test.peer_got, seen.met.heard)
            yield Wrong(Way.HEARD, f"the peer received something else\n{differs}")
        if expect.stderr and expect.stderr not in seen.stderr.decode(errors="replace"):
            yield Wrong(Way.STDERR, f"expected {expect.stderr!r} on standard error")
        if self.is_server and not test.is_plain:
            yield from self._served(seen)

    def _wrong_before(self) -> Wrong:
        return Wrong(Way.BEFORE, f"without any fault it is wrong already: {self.plain_wrong}")

    def _status(self, seen: Seen, expected: str) -> Wrong:
        return Wrong(Way.STATUS, f"{self.who} ended with {seen.ended}, expected {expected}")

    def _compared(self, test: Test, seen: Seen) -> Iterator[Wrong]:
        expect, plain = test.expect, self.plain
        if expect.signal:
            yield self._status(seen, f"death by {expect.signal}")
            return
        wanted: tuple[int | None, ...] | None = None
        if isinstance(expect.status, tuple):
            wanted = expect.status
        elif expect.status is None and not expect.stdout or expect.status == FAULT_FREE:
            wanted = (plain.status,) if plain and not test.is_plain else (0,)
        if wanted is not None and seen.status not in wanted:
            yield self._status(seen, "status " + " or ".join(map(str, wanted)))
        if expect.stdout == FAULT_FREE:
            if test.is_plain:
                return
            if self.plain_wrong:
                yield self._wrong_before()
            elif plain:
                yield from self._printed(plain.stdout, seen)
        elif expect.stdout == REFERENCE and self.reference is not None:
            yield from self._printed(self.reference, seen)
        elif isinstance(expect.stdout, bytes):
            yield from self._printed(expect.stdout, seen)

    def _printed(self, wanted: bytes, seen: Seen) -> Iterator[Wrong]:
        expected, got = self.normal(wanted), self.normal(seen.stdout)
        if expected != got:
            did = "got" if self.is_server else "printed"
            differs = diff(expected, got)
            yield Wrong(Way.OUTPUT, f"{self.who} {did} something else\n{differs}")

    def differs(self, wrong: Sequence[Wrong]) -> str:
        """What is not as in the fault-free run, as `sockfault findings --differs` has it."""
        if self.is_server:
            return "client"
        return "peer" if all(one.way is Way.HEARD for one in wrong) else "output"

    def _served(self, seen: Seen) -> Iterator[Wrong]:
        """Others are to be served after a fault on one connection."""
        after, plain = seen.next, self.plain
        if seen.server_ended and not (plain and plain.server_ended):
            yield Wrong(Way.GONE, "the server ended by itself")
        elif after and plain and not self.plain_wrong:
            if after.timed_out or after.signal or after.status != plain.status:
                yield Wrong(Way.NEXT, "the next client, without faults, was not served")
            elif self.normal(after.stdout) != self.normal(plain.stdout):
                yield Wrong(Way.NEXT, "the next client, without faults, got another answer")

    # ---- what it costs ----

    def __call__(
        self,
        test: Test,
        seen: Seen,
        wrong: list[Wrong],
        mistakes: list[tuple[Finding, Place]],
        departs: Departs = lambda: None,
    ) -> Verdict:
        """wrong: see there; mistakes: what was found in the run; departs: where it departs from
        what it was to be, asked for only where no mistake says so."""
        if seen.hidden_calls:  # no trace to go by
            verdict = self.verdict(test, [Loss(test.points, seen.hidden_calls)], _says(wrong[1:]))
            verdict.duration, verdict.look = seen.wall, seen.hidden_calls
            return verdict
        unfired = [rule for rule in seen.rules if not rule["fired"]]
        if seen.next and not any(self._served(seen)):  # whatever was closed in the end
            mistakes = [one for one in mistakes if one[0].finding != "accept-gives-up"]
        reached = seen.is_reached or bool(wrong)
        losses = self._charged(test, seen, mistakes, wrong, departs)
        said = {loss.says for loss in losses}
        verdict = self.verdict(test, losses, [one for one in _says(wrong) if one not in said])
        verdict.duration = seen.wall
        if not reached:
            self._not_reached(test, verdict, unfired)
        if any(one.way is Way.OUTPUT for one in wrong) and self.varies:
            verdict.look = "its output differs from run to run, without faults too: see normalize"
        self.account.capped(test, verdict)
        return verdict

    def verdict(self, test: Test, losses: list[Loss], notes: list[str]) -> Verdict:
        """notes: what is wrong beside the losses."""
        lost = sum(loss.points for loss in losses)
        if test.credit == "all-or-nothing" and lost:
            lost = test.points
        points = max(0.0, test.points - lost)
        is_wrong = bool(notes or lost or any(not loss.finding for loss in losses))
        state = "passed" if not is_wrong else "partly" if points else "failed"
        made = Verdict(test.name, test.visibility, points, test.points, state, losses, notes)
        made.feedback = test.feedback if made.state != "passed" else None
        return made

    def _charged(
        self,
        test: Test,
        seen: Seen,
        mistakes: list[tuple[Finding, Place]],
        wrong: list[Wrong],
        departs: Departs,
    ) -> list[Loss]:
        """A mistake with a price costs that, once, and explains what else is wrong. Whatever goes
        wrong without one costs the whole test, and is told by the mistake behind it."""
        if wrong and (seen.hidden_calls or self.plain_wrong and not test.is_plain):
            return [self._unexplained(test, wrong[0], departs)]  # nothing else explains it
        priced = [one for one in mistakes if self._price(test, one[0])]
        behind = None if priced or not wrong else self._behind(test, mistakes)
        losses: list[Loss] = []
        for finding, place in mistakes:
            price = Price(test.points) if (finding, place) == behind else None
            once = price is None or test.credit == "mistake"
            loss = self.loss(test, finding, place, price, once)
            losses.insert(0 if price else len(losses), loss)
        if wrong and not priced and not behind:
            losses.insert(0, self._unexplained(test, wrong[0], departs))
        return losses

    def _unexplained(self, test: Test, wrong: Wrong, departs: Departs) -> Loss:
        """No mistake is known: what is known is where the run departs."""
        made = Loss(test.points, wrong.says)
        departure = departs() if wrong.way is not Way.HIDDEN else None
        if departure:
            place, made.departs = departure
            made.file, made.line, made.function = place.file, place.line, place.function
            made.operation, made.excerpt = place.operation, self.source.excerpt(place)
        return made

    def _behind(
        self, test: Test, mistakes: list[tuple[Finding, Place]]
    ) -> tuple[Finding, Place] | None:
        """The worst mistake, but for those that the fault-free run shows as well."""
        known = {(one.finding, one.site) for one in self.plain.findings} if self.plain else set()
        ranks = ["error", "warning"]
        some: list[tuple[Finding, Place]] = [
            one
            for one in mistakes
            if one[0].severity in ranks
            and (test.is_plain or (one[0].finding, one[0].site) not in known)
        ]
        some.sort(key=lambda one: ranks.index(one[0].severity))
        return some[0] if some else None

    @staticmethod
    def _price(test: Test, finding: Finding) -> Price | None:
        return test.forbid.get(finding.finding) or test.forbid.get(finding.severity)

    def loss(
        self,
        test: Test,
        finding: Finding,
        place: Place,
        price: Price | None = None,
        once: bool = True,
    ) -> Loss:
        """once: nothing, where it has cost its points before."""
        price = price or self._price(test, finding)
        key = (finding.finding, *place.key)
        before = self.account.before(key, test) if price and once else None
        cost = self.account.pay(key, test, price) if price else 0.0
        cost = cost if once or not price else price.lose
        return Loss(
            cost,
            finding.says,
            finding.finding,
            finding.severity,
            place.file,
            place.line,
            place.function,
            finding.hint,
            self.source.excerpt(place),
            before,
            place.operation,
        )

    @staticmethod
    def _not_reached(test: Test, verdict: Verdict, unfired: list[dict[str, Any]]) -> None:
        """The fault never happened: neither passed nor failed."""
        verdict.state = "not reached"
        verdict.points = min(verdict.points, test.not_reached)
        verdict.look = f"its fault never happened: {unfired[0]['why']}"
        verdict.feedback = test.feedback
        for rule in unfired:
            verdict.notes.append(f"never happened: {rule['text']}: {rule['why']}")
