# SPDX-License-Identifier: MIT
"""The oracles of a sweep: what a run under one fault says against the program, without a test of
the user's. Two laws, as fault-free runs are the measure:

    a transient fault is invisible: the same status, the same output
    a terminal fault is met honestly: no crash, no hang, no success with other output; and a server
    goes on to serve others

When in doubt nothing is said: each exemption below is a thing that right programs do.
"""

from __future__ import annotations

import dataclasses
import pathlib
import re
from typing import Any, Iterator

from . import command, table, verdict
from .events import Event, Finding
from .suite import substitution
from .sweepplan import Entry
from .sweeprun import Ended, Outcome, Program

SILENT = ("stall", "latency", "drop")  # the peer says nothing: whether to wait is a matter of taste
# What was lost, cut or doubled on its way is not told to the program.
UNTOLD = ("drop", "duplicate", "reorder", "truncate", "latency", "stall")
# Who can do without these does so, and says so in its output.
OPTIONAL = ("sockopt", "close", "shutdown", "poll")
OPTIONAL_FUNCS = ("getnameinfo", "gethostbyaddr", "gethostbyaddr_r")
OF_CLIENTS = ("dies-with-client", "hang", "spin")
SERVING = ("accept", "recv", "send", "shutdown", "close")
TRIES_AGAIN = 1.0  # seconds from the first time that a fault was met to the last one
STILL_BUSY = 0.2  # of the time: who met a fault as late as that goes on, if slowly


@dataclasses.dataclass
class Compare:
    """How outputs are compared."""

    output: bool = True
    texts: list[str] = dataclasses.field(default_factory=list)  # s/RE/TEXT/
    normalize: list[tuple[re.Pattern[bytes], bytes]] = dataclasses.field(default_factory=list)

    @classmethod
    def of(cls, what: str, texts: list[str]) -> Compare:
        """what: output or status."""
        return cls(what == "output", texts, [substitution(text) for text in texts])

    def as_told(self) -> dict[str, Any]:
        return {"compare": "output" if self.output else "status", "normalize": self.texts}

    def normal(self, text: bytes) -> bytes:
        for pattern, replacement in self.normalize:
            text = pattern.sub(replacement, text)
        return text

    def same(self, one: bytes, other: bytes) -> bool:
        return not self.output or one == other or self.normal(one) == self.normal(other)


@dataclasses.dataclass
class Measure:
    """The fault-free run that others are compared with."""

    seen: Ended
    nexts: list[Ended]  # of a server: the next client of each run that had one
    target: Ended
    server_ended: bool
    findings: list[Finding]
    trace: pathlib.Path
    wall: float
    deadline: float
    sites: frozenset[str] = frozenset()  # that some fault-free run has reached
    printed: pathlib.Path | None = None  # a file of the output, where it is compared as it is

    @property
    def serves_again(self) -> bool:
        return bool(self.nexts) and all(one.status == self.seen.status for one in self.nexts)


def _is_fair(finding: Finding, whole: list[Finding]) -> bool:
    """May what the command says of a whole run be said here? It does not know what may differ."""
    if finding.finding not in verdict.WHOLE_RUN:
        return True
    names = {one.finding for one in whole}
    return bool(
        names & verdict.LATE if finding.finding in verdict.LATE else {finding.finding} & names
    )


class Judge:
    def __init__(self, program: Program, measure: Measure, compare: Compare) -> None:
        self.program, self.measure, self.compare = program, measure, compare
        self.path = str(program.path)
        self.theirs = {str(row["finding"]) for row in command.listing("findings")}
        self.known = {(one.finding, one.site, one.line) for one in measure.findings}
        # Else what a server answers depends on the clients before, and a fault may keep it from
        # having had any: no answer to the next client is wrong then.
        self.answers_alike = all(
            compare.same(measure.seen.stdout, one.stdout) for one in measure.nexts
        )

    def source(self, event: Event | None) -> table.Source | None:
        return table.source_line(self.path, event.site) if event and event.site else None

    def __call__(self, entry: Entry, outcome: Outcome) -> list[Finding]:
        """What this run says against the program."""
        if not outcome.fired:
            return []
        if not outcome.differs and not outcome.never_listened and self._differs(outcome):
            what = "client" if outcome.client else "output"
            outcome.refind("--baseline", str(self.measure.trace), "--differs", what)
        whole = list(self._whole(entry, outcome))
        own = [
            self._placed(self._told(one, whole))
            for one in outcome.findings
            if (one.finding, one.site, one.line) not in self.known
            and _is_fair(one, whole)
            and not (one.finding == "accept-gives-up" and self._serves(outcome))
        ]
        if any(one.severity == "error" for one in own):
            return own  # one sentence for each mistake: theirs says more
        made = [one for one in whole if one.finding not in self.theirs]
        if self.program.role == "server":  # what its clients met the command does not know
            made = [one for one in whole if one.finding in OF_CLIENTS]
        return own + [self._named(entry, outcome, one) for one in made]

    def _placed(self, finding: Finding) -> Finding:
        """With its line, where the command has not said it."""
        if finding.file or not finding.site:
            return finding
        source = table.source_line(self.path, finding.site)
        return dataclasses.replace(finding, **source._asdict()) if source else finding

    def _differs(self, outcome: Outcome) -> bool:
        seen, wanted = outcome.seen, self.measure.seen
        same_end = (seen.status, seen.signal) == (wanted.status, wanted.signal)
        return not same_end or not self.compare.same(wanted.stdout, seen.stdout)

    def _serves(self, outcome: Outcome) -> bool:
        """Was the next client served? Then nobody gave up, whatever was closed in the end."""
        got, wanted = outcome.next, self.measure.seen
        return got is not None and got.status == wanted.status

    @staticmethod
    def _told(finding: Finding, whole: list[Finding]) -> Finding:
        """With the difference of the output, which the command does not know."""
        same = [one for one in whole if one.finding == finding.finding]
        _, newline, what = same[0].says.partition("\n") if same else ("", "", "")
        return dataclasses.replace(finding, says=f"{finding.says}{newline}{what}")

    def _named(self, entry: Entry, outcome: Outcome, finding: Finding) -> Finding:
        """With the call that met the fault, where the finding has no call of its own."""
        event = outcome.faults[0] if outcome.faults else None
        realism = event and event.realism or entry.realism  # of a call that was only held up: none
        says = f"{entry.place.func}() met '{entry.fault}': {finding.says}"
        if realism == "posix":
            says = f"{says} (POSIX allows this fault; Linux does not do it here)"
        fields = {}
        if event and not finding.site:
            fields = verdict.fields_of(event, self.source(event))
        return dataclasses.replace(finding, says=says, realism=realism, **fields)

    def _whole(self, entry: Entry, outcome: Outcome) -> Iterator[Finding]:
        target = outcome.target
        stuck = self._stuck(outcome)
        source = self.source(stuck)
        name = self.program.name
        died = target.signal if target.signal != self.measure.target.signal else None
        here = stuck if stuck and outcome.faults and stuck.tid == outcome.faults[0].tid else None
        crashed = verdict.crash(name, died, target.stderr, here, source)
        yield from crashed
        if crashed or outcome.is_meant:
            return
        if outcome.seen.timed_out or target.timed_out:
            yield from self._late(entry, outcome, stuck, source)
        elif self.program.role == "client":
            yield from self._client(entry, outcome)
        elif outcome.client:
            yield from self._server(entry, outcome)
        if self.program.role == "server":
            yield from self._served(entry, outcome)

    @staticmethod
    def _stuck(outcome: Outcome) -> Event | None:
        """The call in which the thread that met the fault was at the end; else any other."""
        met = {event.tid for event in outcome.faults}
        own = [event for event in outcome.stuck if event.tid in met]
        some = own or outcome.stuck
        return some[-1] if some else None

    # ---- time ----

    def _late(
        self, entry: Entry, outcome: Outcome, stuck: Event | None, source: table.Source | None
    ) -> Iterator[Finding]:
        name = self.program.name
        kind = entry.fault.partition(" ")[0]
        busy = outcome.cpu > verdict.BUSY * max(outcome.wall, 0.001)
        if entry.lasting and entry.transient and self._goes_on(outcome):
            return
        if outcome.never_listened:
            if kind not in SILENT and (busy or not self._tries_again(entry, outcome)):
                yield verdict.never_listened(name, busy, stuck)
            return
        if self.program.role == "server" and not self._client_may_wait(entry, busy):
            return
        if kind in SILENT and not busy:
            if self.program.role == "client":
                fields = verdict.fields_of(stuck, source) if stuck else {}
                says = f"its peer was silent, and {name} did not give up"
                yield Finding("no-timeout", "advice", says, program=name, **fields)
            return
        who = name if self.program.role == "client" else f"the client of {name}"
        yield verdict.no_end(name, who, busy, stuck, source)

    def _goes_on(self, outcome: Outcome) -> bool:
        """Each call is cut or held up, and it still makes calls: slow, not wrong."""
        last = outcome.faults[-1] if outcome.faults else None
        return last is not None and last.time_ns / 1e9 > (1 - STILL_BUSY) * outcome.wall

    @staticmethod
    def _tries_again(entry: Entry, outcome: Outcome) -> bool:
        """A server may wait until it gets what it needs, if it asks for that now and then."""
        met = outcome.faults
        return entry.lasting and bool(met) and met[-1].time_ns - met[0].time_ns > TRIES_AGAIN * 1e9

    @staticmethod
    def _client_may_wait(entry: Entry, busy: bool) -> bool:
        """Is it the server's mistake that its client got no answer?"""
        once_accept = entry.place.op == "accept" and not entry.lasting
        return busy or entry.transient or (once_accept and entry.fault.startswith("fail "))

    # ---- status and output ----

    def _client(self, entry: Entry, outcome: Outcome) -> Iterator[Finding]:
        seen, wanted, name = outcome.seen, self.measure.seen, self.program.name
        same_status = seen.status == wanted.status and seen.signal == wanted.signal
        same_output = self.compare.same(wanted.stdout, seen.stdout)
        if entry.transient:
            yield from self._transparent(name, seen, same_status, same_output)
        elif seen.status == 0 and self._must_be_told(entry) and self._lacks(seen):
            yield verdict.dishonest_success(name, name, self._diff(seen))

    def _transparent(
        self, who: str, seen: Ended, same_status: bool, same_output: bool
    ) -> Iterator[Finding]:
        if not same_status or not same_output:
            ended = None if same_status else str(seen)
            what = "" if same_output else self._diff(seen)
            yield verdict.not_transparent(self.program.name, who, ended, what)

    @staticmethod
    def _must_be_told(entry: Entry) -> bool:
        """Can the program know that something was missing, and could it not do without?"""
        place, kind = entry.place, entry.fault.partition(" ")[0]
        if kind in UNTOLD or place.op in OPTIONAL or place.func in OPTIONAL_FUNCS:
            return False
        return not (entry.ends_by_close and kind in ("eof", "closed"))

    def _lacks(self, seen: Ended) -> bool:
        """Is something of the fault-free output wrong or missing? A word more is honest."""
        if not self.compare.output:
            return False
        normal = self.compare.normal
        lines = iter(normal(seen.stdout).splitlines())
        return not all(line in lines for line in normal(self.measure.seen.stdout).splitlines())

    def _diff(self, seen: Ended) -> str:
        normal = self.compare.normal
        return verdict.diff(normal(self.measure.seen.stdout), normal(seen.stdout))

    # ---- servers ----

    def _server(self, entry: Entry, outcome: Outcome) -> Iterator[Finding]:
        """What its client sees of a terminal fault is its client's affair."""
        if not entry.transient:
            return
        seen, wanted = outcome.seen, self.measure.seen
        same_status = seen.status == wanted.status and seen.signal == wanted.signal
        same_output = self.compare.same(wanted.stdout, seen.stdout)
        who = f"the client of {self.program.name}"
        yield from self._transparent(who, seen, same_status, same_output)

    def _served(self, entry: Entry, outcome: Outcome) -> Iterator[Finding]:
        """Others are to be served after a fault on one connection."""
        of_clients = entry.side in ("server", "listener") and entry.place.op in SERVING
        if not (of_clients or entry.transient) or not self.measure.serves_again:
            return
        if entry.fault.partition(" ")[0] in SILENT:
            return  # it is silent still: one-client-blocks-all tells who must not wait for it
        problem = None
        if outcome.server_ended and not self.measure.server_ended:
            problem = "the server ended by itself"
        elif outcome.next is not None:
            wanted, got = self.measure.seen, outcome.next
            problem = verdict.next_client_problem(
                got.timed_out,
                str(got),
                got.status == wanted.status,
                not self.answers_alike or self.compare.same(wanted.stdout, got.stdout),
            )
        if problem:
            yield verdict.dies_with_client(self.program.name, problem)
