# SPDX-License-Identifier: MIT
"""Where a run departs from what it was to be, as a call of the program: of runs that are wrong, and
of which no finding says why.

What passed on the wire (wire.py) is compared with what passes where all is right: with the
reference solution, or without faults. The first byte that differs was sent by a call, which the
trace knows. Where nothing differs, or there is nothing to compare with, it is the call that the
fault met, the receive after which the program took no more, or the last call of all. Each says no
more than what was seen.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Iterator, Sequence

from .events import Event, Finding
from .verdict import is_transient
from .wire import Passed, Talk

BEFORE, AFTER = 16, 32  # bytes that are shown around the first one that differs
NOT_OURS = ("socket", "resolve", "sockopt", "bind", "listen")  # they move nothing


@dataclasses.dataclass(frozen=True)
class Departure:
    """says: one sentence, of which the call is the subject."""

    event: Event
    says: str

    def as_finding(self) -> Finding:
        """For a chart: it stands at its call."""
        return Finding("departs here", "error", self.says, cause=self.event.seq)


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What the program was to say on each connection; whose: who does so."""

    whose: str
    talks: Sequence[Talk]


def around(data: bytes, at: int) -> str:
    """The bytes near this one."""
    first, end = max(0, at - BEFORE), at + AFTER
    head, tail = "..." if first else "", "..." if end < len(data) else ""
    return f"{head}{data[first:end]!r}{tail}"


def count(number: int, what: str = "byte") -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def ordinal(number: int) -> str:
    tail = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 10 < number % 100 < 14 else tail}"


def answer(talk: Talk, at: int) -> str:
    """The bytes around this one, of those that the program sent at once."""
    for one in talk.passed:
        if one.is_mine and at < len(one.data):
            return around(one.data, at)
        at -= len(one.data) if one.is_mine else 0
    return repr(b"")


def common(one: bytes, other: bytes) -> int:
    """How long both begin alike."""
    least = min(len(one), len(other))
    if one[:least] == other[:least]:
        return least
    return next(at for at in range(least) if one[at] != other[at])


def _port(address: str | None) -> int:
    tail = (address or "").rpartition(":")[2]
    return int(tail) if tail.isdecimal() else 0


class Calls:
    """The calls of a run, and on which connection each was made.

    conns     rows of `ctl status --json`
    start_ns  of the run: what times of events count from
    """

    def __init__(
        self, events: Sequence[Event], conns: Sequence[dict[str, Any]], start_ns: int
    ) -> None:
        self.events = [one for one in events if one.is_call and one.op not in NOT_OURS]
        self.start_ns = start_ns
        self._conns = {
            (_port(row["local"]), _port(row["peer"]) if row["type"] == "stream" else 0): row["conn"]
            for row in conns
            if row["conn"]
        }

    def on(self, talk: Talk) -> list[Event]:
        """Those on this connection, in their order."""
        far = talk.far[1] if talk.kind == "stream" else 0
        number = self._conns.get((talk.near[1], far))
        return [one for one in self.events if number and one.conn == number]

    def sender(self, talk: Talk, at: int) -> Event | None:
        """The call that sent this byte, or this datagram."""
        sends = [one for one in self.on(talk) if one.op == "send" and (one.ret or 0) > 0]
        if talk.kind == "stream":
            found = (s for s in sends if s.offset is not None and 0 <= at - s.offset < (s.ret or 0))
            return next(found, None)
        sent = [one for one in talk.passed if one.is_mine and one.what == "data"]
        return self._before(sends, sent[at].time_ns) if at < len(sent) else None

    def receiver(self, talk: Talk, at: int) -> Event | None:
        """The call that received this byte of a stream."""
        took = [one for one in self.on(talk) if one.op == "recv" and (one.ret or 0) > 0]
        found = (r for r in took if r.offset is not None and 0 <= at - r.offset < (r.ret or 0))
        return next(found, None)

    def _before(self, events: Sequence[Event], time_ns: int) -> Event | None:
        return next((e for e in reversed(events) if e.time_ns + self.start_ns <= time_ns), None)

    def last_received(self, talk: Talk, before: Event | None = None) -> Event | None:
        """The last call on it that brought something, before another call or at all."""
        found = [one for one in self.on(talk) if one.op == "recv" and (one.ret or 0) > 0]
        return next((one for one in reversed(found) if not before or one.seq < before.seq), None)


# ---- what was said ----


@dataclasses.dataclass(frozen=True)
class _Gap:
    """Where a connection is not as in the right run: from this byte of the program's on, which
    passes at this time there. Without `mine` it says no more; at the end of all: it does not end.
    """

    talk: Talk
    right: Talk
    at: int
    time_ns: float


def _distinct(talk: Talk) -> list[bytes]:
    """The datagrams that the program sent; one that it repeats is no other one."""
    return list(dict.fromkeys(one.data for one in talk.passed if one.is_mine and one.data))


def _length(talk: Talk) -> int:
    """Of what the program said: bytes, or datagrams."""
    return len(_distinct(talk) if talk.kind == "dgram" else talk.said(True))


def _paired(talks: Sequence[Talk], wanted: Sequence[Talk]) -> Iterator[tuple[Talk, Talk]]:
    """Each connection with that of the right run on which the other end said the same; where all
    of them did, in their order."""
    left = list(wanted)
    for talk in talks:
        if not left:
            return
        heard = talk.said(False)
        best = max(left, key=lambda one: common(heard, one.said(False)))
        left.remove(best)
        yield talk, best


def _when(talk: Talk, at: int) -> float:
    """When the program's byte passed."""
    for one in talk.passed:
        at -= len(one.data) if one.is_mine else 0
        if one.is_mine and at < 0:
            return one.time_ns
    return float("inf")


def _ends(talk: Talk, talks: Sequence[Talk]) -> Passed | None:
    """The program's end of it, while others still had something to say: not that of its own end."""
    last = max((p.time_ns for one in talks for p in one.passed if not p.is_mine), default=0)
    ends = (one for one in talk.passed if one.is_mine and one.what in ("end", "reset"))
    return next((one for one in ends if one.time_ns < last), None)


def _gaps(
    pairs: Sequence[tuple[Talk, Talk]], talks: Sequence[Talk], wanted: Sequence[Talk]
) -> Iterator[_Gap]:
    """The first of each connection."""
    for talk, right in pairs:
        if talk.kind == "dgram":
            mine, want = _distinct(talk), _distinct(right)
            at = next((i for i, pair in enumerate(zip(mine, want)) if pair[0] != pair[1]), None)
            at = min(len(mine), len(want)) if at is None else at
            if at < max(len(mine), len(want)):
                yield _Gap(talk, right, at, 0)
            continue
        mine_said, want_said = talk.said(True), right.said(True)
        at = common(mine_said, want_said)
        end = _ends(right, wanted)
        if at < max(len(mine_said), len(want_said)):
            yield _Gap(talk, right, at, _when(right, at))
        elif end and not _ends(talk, talks):
            yield _Gap(talk, right, at, end.time_ns)


def _received_before(talk: Talk, at: int) -> int:
    """Bytes that had come when the program sent this one."""
    came = sent = 0
    for one in talk.passed:
        if one.is_mine:
            sent += len(one.data)
            if sent > at:
                break
        else:
            came += len(one.data)
    return came


def _other_bytes(calls: Calls, gap: _Gap, whose: str) -> Departure | None:
    """It sent something else."""
    talk, right, at = gap.talk, gap.right, gap.at
    sender = calls.sender(talk, at)
    came, wait = _received_before(talk, at), _received_before(right, at)
    taker = calls.last_received(talk, sender)
    if sender and taker and came < wait:
        says = f"{taker.func}() brought the last of {count(came)} here, and the program answered "
        says += f"{answer(talk, at)}; {whose} waits for {wait}, and answers {answer(right, at)}"
        return Departure(taker, says)
    if sender and at < len(right.said(True)):
        says = f"{sender.func}() sent {answer(talk, at)} here; {whose} sends {answer(right, at)}"
        return Departure(sender, says)
    if sender:
        says = f"{sender.func}() sent {answer(talk, at)} here, after the "
        return Departure(sender, says + f"{count(at)} that are all that {whose} sends")
    return None


def _other_datagram(calls: Calls, gap: _Gap, whose: str) -> Departure | None:
    mine, want = _distinct(gap.talk), _distinct(gap.right)
    sent = [one.data for one in gap.talk.passed if one.is_mine and one.what == "data"]
    sender = calls.sender(gap.talk, sent.index(mine[gap.at]))
    if sender is None:
        return None
    if gap.at == len(want):
        says = f"{sender.func}() sent {around(mine[gap.at], 0)} here, after all that {whose} sends"
        return Departure(sender, says)
    first = common(mine[gap.at], want[gap.at])
    says = f"{sender.func}() sent {around(mine[gap.at], first)} here; "
    return Departure(sender, f"{says}{whose} sends {around(want[gap.at], first)}")


def _taker(calls: Calls, gap: _Gap, pairs: Sequence[tuple[Talk, Talk]]) -> Event | None:
    """The receive that brought what the right run answers with this byte: perhaps from another
    connection."""
    before = [
        (one.time_ns, talk, right)
        for talk, right in pairs
        for one in right.passed
        if not one.is_mine and one.data and one.time_ns < gap.time_ns
    ]
    if gap.talk.kind == "dgram" or not before:
        return calls.last_received(gap.talk)
    time_ns, talk, right = max(before, key=lambda one: one[0])
    end = sum(len(one.data) for one in right.passed if not one.is_mine and one.time_ns <= time_ns)
    return calls.receiver(talk, end - 1) or calls.last_received(talk)


def _no_more(
    calls: Calls, gap: _Gap, pairs: Sequence[tuple[Talk, Talk]], whose: str
) -> Departure | None:
    """It sent less, or did not end."""
    talk, right, at = gap.talk, gap.right, gap.at
    events = calls.on(talk)
    if talk.kind == "dgram":
        more = f"{whose} goes on with {around(_distinct(right)[at], 0)}"
    elif at == len(right.said(True)):
        more = f"{whose} ends the connection then"
    else:
        more = f"{whose} {'goes on with' if at else 'sends'} {answer(right, at)}"
    ends = [one for one in events if one.op in ("close", "shutdown") and one.ret == 0]
    first = next((one for one in talk.passed if one.what in ("end", "reset")), None)
    if ends and first and first.is_mine:
        says = f"{ends[0].func}() ended the connection here, after {count(at)} were sent; {more}"
        return Departure(ends[0], says)
    if talk.kind == "stream" and at == len(right.said(True)) and events:
        return Departure(events[-1], f"{events[-1].func}() was the last call for it here; {more}")
    taker = _taker(calls, gap, pairs)
    if taker:
        says = f"{taker.func}() brought the last here, and nothing came of it; {more}"
        return Departure(taker, says)
    if events:
        return Departure(events[-1], f"{events[-1].func}() was the last call here; {more}")
    return None


def of_bytes(calls: Calls, talks: Sequence[Talk], wanted: Wanted) -> Departure | None:
    """What the program says that is not as in the right run: the first, in the order of that run,
    that it says otherwise; else that it does not say. After a fault that may end connections, what
    it does not say comes of that, on whichever."""
    if not all(talk.is_whole for talk in (*talks, *wanted.talks)):
        return None
    pairs = [*_paired(talks, wanted.talks)]
    gaps = sorted(_gaps(pairs, talks, wanted.talks), key=lambda one: one.time_ns)
    said = next((gap for gap in gaps if gap.at < _length(gap.talk)), None)
    if said:
        other = _other_datagram if said.talk.kind == "dgram" else _other_bytes
        return other(calls, said, wanted.whose)
    if not gaps:
        return None
    faulty = next((one for one in calls.events if one.fault and not is_passing(one)), None)
    return met(faulty) if faulty else _no_more(calls, gaps[0], pairs, wanted.whose)


# ---- what else there is ----


def is_passing(event: Event) -> bool:
    """Is it a fault after which a right program goes on as if there had been none?"""
    return is_transient(event.fault or "", event.op, event.mode)


def met(event: Event) -> Departure:
    return Departure(event, f"{event.func}() met the fault here ({event.fault})")


def late(calls: Calls) -> Departure | None:
    """Where the program was when its time was up."""
    if not calls.events:
        return None
    stuck = [one for one in calls.events if one.state != "done"]
    last = (stuck or calls.events)[-1]
    times = sum(one.site == last.site for one in calls.events)
    again = f", for the {ordinal(times)} time" if times > 1 else ""
    was = "was in" if stuck else "had last been in"
    return Departure(last, f"when the time was up, it {was} {last.func}() here{again}")


def _unread(calls: Calls, talks: Sequence[Talk]) -> Departure | None:
    """The receive after which it took no more, though more had come."""
    for talk in talks:
        taken = sum(one.ret or 0 for one in calls.on(talk) if one.op == "recv")
        came, taker = len(talk.said(False)), calls.last_received(talk)
        if talk.kind == "stream" and talk.is_whole and taker and taken < came:
            says = f"after {taker.func}() here it took no more: {taken} of {count(came)} that came"
            return Departure(taker, says)
    return None


def last(calls: Calls, talks: Sequence[Talk] = ()) -> Departure | None:
    """Nothing to compare with: the fault, what was left unread, the last that came, or the end."""
    faults = [one for one in calls.events if one.fault]
    if faults:
        return met(faults[-1])
    unread = _unread(calls, talks)
    if unread:
        return unread
    came = [one for one in calls.events if one.op == "recv" and (one.ret or 0) > 0]
    if came:
        return Departure(came[-1], f"the last that it received came by {came[-1].func}() here")
    if calls.events:
        return Departure(calls.events[-1], f"{calls.events[-1].func}() here was its last call")
    return None
