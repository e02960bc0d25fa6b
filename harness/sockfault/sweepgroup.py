# SPDX-License-Identifier: MIT
"""Failures of a sweep: runs that show one mistake are one failure, named by the plainest one."""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import re
from typing import Any, Iterable, Sequence

from .events import Event, Finding, make
from .sweepplan import Entry
from .sweeprun import Outcome, Program
from .verdict import LATE, WHOLE_RUN

NUMBER = re.compile(r"\d+(?:\.\d+)?")
# Told by how often something is done in how little time: waiting longer says no more.
COUNTED = {"again-spin", "accept-spin", "end-ignored", "hangup-ignored", "retry-storm"}
LETS_DOWN = "dies-with-client"  # it takes another client to see that
REPRESENTATIVES = 3  # of a group, that are tried before it is said to come and go
FIELDS = "finding severity says hint program realism site function file line cause evidence".split()
SEVERITIES = {"error": 0, "warning": 1, "advice": 2}


def record_of(
    entry: Entry,
    rule: str,
    outcome: Outcome,
    found: Sequence[Finding],
    hit: bool,
    usual: frozenset[str],
) -> dict[str, Any]:
    """A line of the journal; usual: sites that are reached without a fault."""
    result = "found" if found else "fine" if outcome.fired else "not-reached"
    record: dict[str, Any] = {"run": entry.id, "result": result, "rule": rule, "hit": hit}
    if outcome.fired:
        record["sites"] = sorted({f"{one.site}~{one.stack}" for one in outcome.faults})[:8]
    elif outcome.why:
        record["why"] = outcome.why
    if outcome.seen.timed_out or outcome.target.timed_out:
        record["late"] = True
    if outcome.stuck and is_endless(outcome.stuck[-1]):
        record["endless"] = True
    if outcome.sites - usual:
        record["reached"] = sorted(outcome.sites - usual)
    if found:
        record["findings"] = [_plain(one) for one in found]
    return record


def is_endless(event: Event) -> bool:
    """Does nothing but an event from outside end this call?"""
    if event.op == "poll":
        return event.more.get("timeout_ns", 0) is None
    return event.mode == "blocking"


def _plain(finding: Finding) -> dict[str, Any]:
    return {key: getattr(finding, key) for key in FIELDS if getattr(finding, key) not in (None, ())}


def key_of(entry: Entry | None, finding: Finding) -> tuple[Any, ...]:
    """The same for what is the same mistake: the finding and where the program makes it. What is
    told from the end of a run stands where the fault was met, and depends on who called."""
    place = (finding.file, finding.function, finding.line) if finding.file else (finding.site,)
    stack = entry.place.stack if entry and finding.finding in WHOLE_RUN else None
    return (finding.finding, finding.program, *place, stack)


@dataclasses.dataclass
class Group:
    """One failure, and the entries that showed it: none if it needs no fault."""

    key: tuple[Any, ...]
    finding: Finding
    entries: list[Entry]
    used: dict[str, str]  # the rule of each
    times: int
    says: dict[str, str] = dataclasses.field(default_factory=dict)  # of each entry
    late: set[str] = dataclasses.field(default_factory=set)  # ids of entries
    endless: set[str] = dataclasses.field(default_factory=set)  # ids of entries
    rule: str | None = None  # proven to show it again
    is_confirmed: bool = False
    is_endless: bool = False  # the deadline ended the run that shows it
    seen: str = ""  # what the run that confirmed it said, with the figures of that run

    @property
    def name(self) -> str:
        return hashlib.sha256(repr(self.key).encode()).hexdigest()[:16]

    @property
    def mistake(self) -> tuple[Any, ...]:
        """The same for one mistake, by whichever callers the program came there."""
        return self.key[:-1]

    @property
    def is_late(self) -> bool:
        """Was it the deadline that told of it?"""
        if self.finding.finding in COUNTED:
            return False
        return self.finding.finding in LATE or self.late.issuperset(self.used)

    def is_same(self, entry: Entry, finding: Finding) -> bool:
        return key_of(entry, finding) == self.key

    def representatives(self) -> list[Entry]:
        """Those that say most with least: once rather than for good, what is met often rather than
        seldom, what Linux does rather than what POSIX allows."""
        order = sorted(
            self.entries,
            key=lambda one: (
                self.is_late and one.id not in self.endless,
                one.lasting,
                one.level + one.is_posix,
            ),
        )
        return order[: 1 if self.finding.severity == "advice" else REPRESENTATIVES]

    def rules(self, entry: Entry) -> list[str]:
        """The plainest first; what showed it last, for it did so once. Of runs that take their
        time none is made for a rule that did not hit before."""
        used, some = self.used[entry.id], entry.rules
        if self.is_late and used in some:
            some = some[some.index(used) :]
        found = [re.sub(r" nth=1\.\.( per=conn)?(?=[ :])", "", rule) for rule in some]
        return list(dict.fromkeys([*found, *some, used]))

    def confirmed(self, entry: Entry, rule: str, finding: Finding) -> dict[str, Any]:
        """A line of the journal."""
        return {"confirm": self.name, "entry": entry.id, "rule": rule, "finding": _plain(finding)}

    def take(self, proof: dict[str, Any]) -> None:
        """A line of the journal that confirms it."""
        finding = make(Finding, proof["finding"])
        says = steady(finding.says, self.says[proof["entry"]])
        self.finding, self.seen = dataclasses.replace(finding, says=says), finding.says
        self.rule, self.is_confirmed = proof["rule"], True
        self.is_endless = finding.finding in LATE or proof["entry"] in self.late

    def repeat(self, program: Program) -> str:
        """The shell command that shows it."""
        return program.repeat(self.rule, self.is_endless, self.finding.finding == LETS_DOWN)


def steady(text: str, other: str) -> str:
    """What two runs say of one mistake, without the figures that differ from run to run."""
    pieces = [NUMBER.split(one) for one in (text, other)]
    if pieces[0] != pieces[1]:
        return text
    figures = zip(NUMBER.findall(text), NUMBER.findall(other))
    said = [one if one == two else "N" for one, two in figures] + [""]
    return "".join(word + figure for word, figure in zip(pieces[0], said))


def groups_of(
    entries: Iterable[Entry],
    records: Iterable[dict[str, Any]],
    without_fault: Iterable[Finding],
) -> list[Group]:
    """The failures, the worst first, then in the order of the plan."""
    made: dict[tuple[Any, ...], Group] = collections.OrderedDict()
    for finding in without_fault:
        key = key_of(None, finding)
        group = made.setdefault(key, Group(key, finding, [], {}, 0, is_confirmed=True))
        group.times += 1
    for entry, record in zip(entries, records):
        for fields in record.get("findings", ()):
            finding = make(Finding, fields)
            key = key_of(entry, finding)
            group = made.setdefault(key, Group(key, finding, [], {}, 0))
            if group.is_confirmed or entry.id in group.used:
                continue
            group.entries.append(entry)
            group.used[entry.id] = record["rule"]
            group.says[entry.id] = finding.says
            group.times += 1
            if record.get("late"):
                group.late.add(entry.id)
            if record.get("endless"):
                group.endless.add(entry.id)
    return sorted(made.values(), key=lambda one: SEVERITIES.get(one.finding.severity, 3))
