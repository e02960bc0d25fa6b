# SPDX-License-Identifier: MIT
"""The plan of a sweep: which calls the fault-free runs made, and each faithful fault that the
command's tables give for them, in the order of what it is worth.

A call is named by its stack and by which of the calls there it is. An entry has several rules for
the same call, the plainest first: by the operation's ordinal, where all fault-free runs agree on
it, then by process or connection, by the site at last. The sweep sees which of them hit.
"""

from __future__ import annotations

import collections
import dataclasses
import fnmatch
import functools
import json
import pathlib
from typing import Any, Iterable, Iterator, Sequence, TypeVar

from . import command
from .command import SockfaultError
from .events import Conn, Event
from .verdict import is_transient

Known = TypeVar("Known")

VERSION = 2
# What stands behind the word, where a fault may or must have more: others stand alone.
ARGUMENTS = {
    "short": ("1", "50%"),
    "delay": ("20ms",),
    "latency": ("40ms",),
    "truncate": ("1",),
}
# Of these nothing follows (pass, fake), or a right program may make of it what it likes (corrupt),
# or the time that it takes is the sum of all (rate).
LEFT_OUT = {"fail", "pass", "fake", "corrupt", "rate", "signal"}
CLASSES = {"transient", "resource", "terminal", "config"}
POSSIBLE = {"kernel": ("yes", "cond"), "posix": ("yes", "cond", "posix")}
MANY_TIMES = 300  # EAGAIN in a row: who spins on it shows that, who waits gets through
# What goes by itself: a right program shows nothing of it.
PASSING = {"EAGAIN", "EINTR"}
# An end of a socketpair: nothing but the program itself ends it or is silent there.
OF_PAIRS = ("short", "delay", "fail EAGAIN", "fail EINTR")
ALONE = {"delay", "latency", "reorder"}  # not "from now on": it says nothing new
NO_CONNECTION = {"bind", "listen"}  # yet: key= is not for them, whatever the socket becomes
ASKING = {"stall", "latency 40ms"}  # what the peer does to a call that waits for it
SOON, LATE = 0, 4
# How soon a fault is worth a run: what users meet first. Others by what the table says of them.
WORTH = {
    ("connect", "fail ECONNREFUSED"): 0,
    ("connect", "fail ETIMEDOUT"): 1,
    ("accept", "fail EMFILE"): 0,
    ("accept", "fail ECONNABORTED"): 1,
    ("socket", "fail EMFILE"): 1,
    ("bind", "fail EADDRINUSE"): 1,
    ("send", "fail EPIPE"): 0,
    ("recv", "fail ECONNREFUSED"): 1,
    ("send", "fail ECONNREFUSED"): 1,
    ("resolve", "fail EAI_AGAIN"): 0,
    ("resolve", "fail EAI_NONAME"): 1,
}
KINDS_WORTH = {
    "short 1": 0,
    "reset": 0,
    "eof": 0,
    "drop": 0,
    "closed": 1,
    "stall": 1,
    "duplicate": 1,
    "short 50%": 2,
    "truncate 1": 2,
    "reorder": 2,
    "latency 40ms": 2,
    "delay 20ms": 3,
}
BY_POSSIBLE = {"yes": 2, "cond": 3, "posix": 3}
BY_PLACE = {"first": 0, "last": 2, "middle": 3}


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where calls are made, by whichever process: what a site is to a sweep."""

    program: str
    op: str
    func: str
    site: str
    stack: str


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """A call of a fault-free run; kind is that of its socket, as tables have it: tcp, udp, ..."""

    place: Place
    event: Event
    kind: str
    side: str = ""  # client, server, listener
    is_of_pair: bool = False  # an end of a socketpair: rules meet it with family= only
    unanswered: bool = True  # of datagrams: something was sent before that may be refused
    is_connected: bool = True  # else its socket has still to ask for its connection


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One fault on one call, to be tried."""

    id: str
    level: int
    place: Place
    which: str  # first, middle, last
    lasting: bool
    fault: str
    realism: str
    rules: tuple[str, ...]  # each for the same call, the plainest first
    side: str = ""
    mode: str | None = None
    ends_by_close: bool = False  # the fault-free peer says by its end that all was said

    @property
    def transient(self) -> bool:
        """Must a right program show nothing of it?"""
        return is_transient(self.fault, self.place.op, self.mode)

    @property
    def is_posix(self) -> bool:
        return self.realism == "posix"

    def as_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False)


# ---- the calls of a run ----


class Sockets:
    """Which kind of socket stands behind a descriptor, told from the calls that were seen."""

    def __init__(self, connections: Iterable[Conn]) -> None:
        self.by_key = {conn.key: self._kind(conn.family, conn.type) for conn in connections}
        self.sides = {conn.key: conn.side for conn in connections}
        self.by_fd: dict[tuple[int | None, int], str] = {}
        self.pairs: dict[tuple[int | None, int], bool] = {}
        self.parents: dict[int, int] = {}
        self.unanswered: collections.Counter[str] = collections.Counter()
        self.connected: set[str] = set()  # keys of those that asked for their connection

    @staticmethod
    def _kind(family: str, kind: str) -> str:
        if family == "unix":
            return f"unix-{kind}"
        return {"stream": "tcp", "dgram": "udp"}.get(kind, "raw")

    def _made(self, event: Event) -> str:
        words = {"SOCK_STREAM": "stream", "SOCK_DGRAM": "dgram", "SOCK_SEQPACKET": "seqpacket"}
        kinds = [words[flag] for flag in event.flags if flag in words]
        family = "unix" if {"AF_UNIX", "AF_LOCAL"} & set(event.flags) else "inet"
        return self._kind(family, kinds[0] if kinds else "raw")

    def of(self, event: Event) -> str:
        if event.op == "socket" and event.fd is None:
            return self._made(event)
        if event.key in self.by_key and event.key:
            return self.by_key[event.key]
        return self._inherited(self.by_fd, event, "any")

    def is_of_pair(self, event: Event) -> bool:
        return not event.conn and self._inherited(self.pairs, event, False)

    def is_connected(self, event: Event) -> bool:
        """Who sends or receives is; other calls come before, too, with the connection's number."""
        if event.op in ("connect", "send", "recv") or self.sides.get(event.key) != "client":
            return True
        return event.key in self.connected

    def _inherited(
        self, known: dict[tuple[int | None, int], Known], event: Event, unknown: Known
    ) -> Known:
        """What is known of the event's descriptor, in its process or in those that it comes
        from."""
        process: int | None = event.process
        while process and event.fd is not None:
            found = known.get((process, event.fd))
            if found is not None:
                return found
            process = self.parents.get(process)
        return unknown

    def learn(self, event: Event, kind: str) -> None:
        """From a call that is over."""
        process = event.process
        if event.key and event.op == "send" and (event.ret or 0) >= 0:
            self.unanswered[event.key] += 1
        elif event.key and event.errno == "ECONNREFUSED" and self.unanswered[event.key]:
            self.unanswered[event.key] -= 1
        begins = event.op == "connect" and event.errno in (None, "EINPROGRESS", "EINTR")
        if begins and event.key:
            self.connected.add(event.key)
        if event.func == "socketpair":
            for end in event.more.get("given", ()):
                self.by_fd[process, end["fd"]] = kind
                self.pairs[process, end["fd"]] = True
        elif event.op in ("socket", "accept") and event.ret is not None and event.ret >= 0:
            self.by_fd[process, event.ret] = kind
            self.pairs[process, event.ret] = self.is_of_pair(event)  # of a dup
        if event.op == "fork" and process and event.more.get("parent"):
            self.parents[process] = int(event.more["parent"])


def calls_of(events: Sequence[Event], connections: Sequence[Conn]) -> list[Call]:
    """The calls that rules can meet, in the order in which they were made."""
    sockets = Sockets(connections)
    made = []
    ruled = set(_operations())
    for event in events:
        kind = sockets.of(event) if event.is_call else ""
        unanswered = sockets.unanswered[event.key or ""] > 0
        sockets.learn(event, kind)
        if event.op in ruled and event.is_call and event.site and event.stack and event.func:
            place = Place(
                event.program or "",
                event.op,
                event.func,
                event.site,
                event.stack,
            )
            side = "listener" if event.op == "accept" else sockets.sides.get(event.key, "")
            pair, connected = sockets.is_of_pair(event), sockets.is_connected(event)
            made.append(Call(place, event, kind, side, pair, unanswered, connected))
    return made


# ---- the tables ----


@functools.lru_cache(maxsize=None)
def _operations() -> tuple[str, ...]:
    return tuple(str(row["call"]) for row in command.listing("calls"))


@functools.lru_cache(maxsize=None)
def _by_name_only() -> frozenset[str]:
    rows = command.listing("functions")
    return frozenset(str(row["function"]) for row in rows if row["rules"] == "met by func= only")


@functools.lru_cache(maxsize=None)
def _facts(op: str, func: str) -> tuple[dict[str, Any], ...]:
    rows = command.listing("errnos")
    return tuple(row for row in rows if row["call"] == op and func in row["functions"])


def _fact(call: Call, errno: str, realism: str) -> dict[str, Any] | None:
    """The row of the table that lets this very call fail so."""
    for row in _facts(call.place.op, call.place.func):
        if row["errno"] != errno or row["possible"] not in POSSIBLE[realism]:
            continue
        kinds, modes = row["sockets"], row["modes"]
        if "any" not in kinds and call.kind != "any" and call.kind not in kinds:
            continue
        if "any" in modes or call.event.mode is None or call.event.mode in modes:
            return row
    return None


@functools.lru_cache(maxsize=None)
def _kinds(op: str) -> tuple[dict[str, Any], ...]:
    rows = command.listing("faults")
    return tuple(row for row in rows if row["fault"] not in LEFT_OUT and op in row["calls"])


def _kind_fits(row: dict[str, Any], call: Call) -> bool:
    family, kind = call.kind.partition("-")[::2]
    if family != "unix":
        family, kind = "inet", {"tcp": "stream", "udp": "dgram"}.get(family, "any")
    if call.kind == "any":
        return not row["types"] and not row["families"]
    return (not row["types"] or kind in row["types"]) and (
        not row["families"] or family in row["families"]
    )


def found_nothing(event: Event) -> bool:
    """A non-blocking call that finds nothing ready counts for no rule."""
    return event.errno == "EAGAIN" and event.mode != "blocking"


def counts(call: Call, fault: str, realism: str) -> bool:
    """Does a rule with this fault count this call?"""
    event = call.event
    if found_nothing(event):
        return False
    word, _, argument = fault.partition(" ")
    if word == "fail":
        return _fact(call, argument, realism) is not None
    row = next((row for row in _kinds(call.place.op) if row["fault"] == word), None)
    if row is None or not _kind_fits(row, call):
        return False
    if word == "short":
        whole = "MSG_WAITALL" in event.flags and event.mode != "nonblocking"
        is_posix = event.op == "send" and event.mode == "blocking"
        return (event.asked or 0) >= 2 and not whole and not (is_posix and realism == "kernel")
    if word in ("reset", "closed", "eof"):
        has_ended = event.op == "recv" and event.ret == 0
        return event.conn is not None and call.is_connected and not has_ended
    return True


def _was_not_sent(call: Call) -> bool:
    """Datagrams are refused once each, when they were sent."""
    return call.kind == "udp" and call.place.op in ("send", "recv") and not call.unanswered


def shows(call: Call, fault: str) -> bool:
    """Does anything come of this fault? A call that moved little is not cut by half of its room."""
    if fault == "fail ECONNREFUSED" and _was_not_sent(call):
        return False
    word, _, argument = fault.partition(" ")
    if word != "short":
        return True
    asked, moved = call.event.asked or 0, call.event.ret
    most = asked // 2 if argument == "50%" else int(argument)
    return moved is None or moved < 0 or moved > most


def _asks_nobody(call: Call) -> bool:
    """A datagram's connect notes an address; a queue to the network empties without a peer."""
    op = call.place.op
    return (op == "connect" and call.kind.endswith(("udp", "dgram"))) or (
        op == "send" and call.kind == "udp"
    )


def _can_be_tried(call: Call, fault: str) -> bool:
    """Is it for a sweep to try? What can happen to an end of a socketpair depends on nobody but the
    program: the kernel may interrupt it and give it less than it asked for, and no more. A single
    byte that wakes somebody needs no room where another one lies."""
    if not call.is_of_pair:
        return not (fault in ASKING and _asks_nobody(call))
    if call.place.op not in ("send", "recv") or not fault.startswith(OF_PAIRS):
        return False
    return fault != "fail EAGAIN" or call.place.op == "recv" or (call.event.asked or 0) > 1


def _faults(call: Call, realism: str) -> Iterator[tuple[str, int, str]]:
    """Each fault for this call, with what it is worth and its realism."""
    every = (*_kinds_of(call), *_errors_of(call, realism))
    return (one for one in every if _can_be_tried(call, one[0]))


def _kinds_of(call: Call) -> Iterator[tuple[str, int, str]]:
    op = call.place.op
    for word in sorted(str(row["fault"]) for row in _kinds(op) if _kind_fits(row, call)):
        for argument in ARGUMENTS.get(word, ("",)):
            fault = f"{word} {argument}".strip()
            late = 2 if op in ("sockopt", "shutdown", "close") else 0
            posix = word == "short" and op == "send" and call.event.mode == "blocking"
            worth = KINDS_WORTH.get(fault, 3) + late
            yield fault, worth, "posix" if posix else "kernel"


def _errors_of(call: Call, realism: str) -> Iterator[tuple[str, int, str]]:
    op = call.place.op
    is_reset = any(row["fault"] == "reset" and _kind_fits(row, call) for row in _kinds(op))
    for row in _facts(op, call.place.func):
        errno = str(row["errno"])
        if row["class"] not in CLASSES or _fact(call, errno, realism) is not row:
            continue
        if errno == "ECONNRESET" and is_reset:
            continue  # the same event, by its other name
        if errno == "ECONNREFUSED" and call.kind == "tcp" and op in ("send", "recv"):
            continue  # the unread failure of a connect: the connect itself is tried
        fault = f"fail {errno}"
        worth = BY_POSSIBLE[row["possible"]] + (1 if row["class"] == "config" else 0)
        if errno in PASSING:
            worth = SOON
        worth = WORTH.get((op, fault), worth)
        yield fault, worth, "posix" if row["possible"] == "posix" else "kernel"


# ---- naming a call ----


class Count:
    """The ordinals of calls in one fault-free run, as rules count them."""

    def __init__(self, calls: Sequence[Call], realism: str) -> None:
        self.calls, self.realism = calls, realism
        self.places: dict[Place, list[int]] = collections.defaultdict(list)
        for index, call in enumerate(calls):
            self.places[call.place].append(index)
        self._counted: dict[tuple[str, str | None, bool, str], list[int]] = {}

    def counted(self, call: Call, fault: str) -> list[int]:
        """Calls that `OP: FAULT` counts; of a function that rules meet by name alone, its own; of a
        socketpair those of all Unix sockets."""
        op, func = call.place.op, call.place.func
        by_name = _by_name_only()
        own = func if func in by_name else None
        key = (op, own, call.is_of_pair, fault)
        if key not in self._counted:
            self._counted[key] = [
                index
                for index, one in enumerate(self.calls)
                if one.place.op == op
                and (one.place.func == own if own else one.place.func not in by_name)
                and (one.kind.startswith("unix") if call.is_of_pair else not one.is_of_pair)
                and counts(one, fault, self.realism)
            ]
        return self._counted[key]

    def at(self, place: Place, fault: str) -> list[int]:
        """The calls at this place that the fault can meet, and may be seen in."""
        found = [(i, self.calls[i]) for i in self.places.get(place, ())]
        return [i for i, one in found if counts(one, fault, self.realism) and shows(one, fault)]

    def names(self, index: int, fault: str) -> list[tuple[str, int]]:
        """Conditions, and the ordinal under them: the plainest first."""
        call = self.calls[index]
        among = self.counted(call, fault)
        func = call.place.func
        head = " family=unix" if call.is_of_pair else ""
        head += f" func={func}" if func in _by_name_only() else ""

        def nth(**same: Any) -> int:
            wanted = []
            for i in among:
                if i > index:
                    break
                one = self.calls[i]
                if all(getattr(one.event, name) == value for name, value in same.items()):
                    wanted.append(i)
            return len(wanted)

        made = [(head, nth())]
        process = call.event.process or 1
        several = len({self.calls[i].event.process for i in among}) > 1
        if several:
            made.append((f"{head} process={process}", nth(process=process)))
        if call.event.conn and call.event.key and call.place.op not in NO_CONNECTION:
            key = call.event.key
            made.append((f"{head} key={key} per=conn", nth(key=key)))
        where = f"{head} process={process}" if several else head
        same = {"process": process} if several else {}
        made.append((f"{where} site={call.event.site}", nth(site=call.event.site, **same)))
        return made


def _rules(
    call: Call, fault: str, lasting: bool, counts_: Sequence[tuple[Count, int]]
) -> list[str]:
    """Rules for this call: those on which all fault-free runs agree, and by its site at last."""
    named = [dict(count.names(index, fault)) for count, index in counts_]
    rules = []
    last = list(named[0])[-1]
    for conditions, nth in named[0].items():
        if conditions != last and any(one.get(conditions) != nth for one in named):
            continue
        step = _lasting(call, fault, nth) if lasting else ""
        words = f"{call.place.op}{conditions}".replace(" per=conn", "")
        per = " per=conn" if "per=conn" in conditions else ""
        rules.append(f"{words} nth={nth}{step}{per}: {fault}")
    return rules


def _lasting(call: Call, fault: str, nth: int) -> str:
    """How a rule goes on behind nth=N. Who may wait for its end is to see it. An error that a
    datagram's recv says is told once (ip(7)): the next recv has what arrived."""
    if fault == "fail EAGAIN":
        return f"..{nth + MANY_TIMES - 1}"
    is_told_once = call.kind == "udp" and call.place.op == "recv" and fault.startswith("fail ")
    return "../2" if fault == "fail EINTR" or is_told_once else ".."


# ---- the plan ----


def _slug(fault: str) -> str:
    return fault.removeprefix("fail ").replace(" ", "-")


def _chosen(count: int) -> list[tuple[str, int]]:
    """Which of so many calls are tried."""
    made = [("first", 0)]
    if count > 2:
        made.append(("middle", count // 2))
    if count > 1:
        made.append(("last", count - 1))
    return made


def _ends_by_close(counted: Count, call: Call) -> bool:
    """Does the peer end this connection, in the fault-free run, with nobody told before? Who then
    meets an earlier end can't know that it is one."""
    key = call.event.key
    return any(
        one.event.key == key and one.event.op == "recv" and one.event.ret == 0
        for one in counted.calls
    )


def _entries_of(place: Place, runs: Sequence[Count], realism: str, late: int) -> Iterator[Entry]:
    first = runs[0]
    seen: set[str] = set()
    sample = [first.calls[i] for i in first.places[place]]
    for call in sample[:1] + sample[-1:]:
        for fault, worth, real in _faults(call, realism):
            if fault in seen:
                continue
            seen.add(fault)
            found = [run.at(place, fault) for run in runs]
            least = min(map(len, found))
            if not least:
                continue
            # How many waits it takes is timing.
            for which, at in _chosen(1 if place.op == "poll" else least):
                where = [(run, indices[at]) for run, indices in zip(runs, found)]
                target = first.calls[found[0][at]]
                for lasting in (False, True):
                    if lasting and fault.partition(" ")[0] in ALONE:
                        continue
                    name = f"{place.func}@{place.site}~{place.stack}"
                    level = worth + late + BY_PLACE[which] + (1 if lasting else 0)
                    yield Entry(
                        id=f"{name}/{_slug(fault)}/{which}{'..' if lasting else ''}",
                        level=level,
                        place=place,
                        which=which,
                        lasting=lasting,
                        fault=fault,
                        realism=real,
                        rules=tuple(_rules(target, fault, lasting, where)),
                        side=target.side,
                        mode=target.event.mode,
                        ends_by_close=_ends_by_close(first, target),
                    )


def make(runs: Sequence[Sequence[Call]], realism: str) -> list[Entry]:
    """The whole plan. Places that only some fault-free runs have reached come late."""
    made_of = [Count(calls, realism) for calls in runs]
    found = list(dict.fromkeys(place for run in made_of for place in run.places))
    entries: list[Entry] = []
    stacks: collections.Counter[tuple[str, str, str]] = collections.Counter()
    for place in found:
        known = (place.program, place.func, place.site)
        late = min(stacks[known], 3)  # further stacks of a site that was seen
        stacks[known] += 1
        where = [run for run in made_of if place in run.places]
        late += LATE if len(where) < len(made_of) else 0
        entries += _entries_of(place, where, realism, late)
    order = {place: number for number, place in enumerate(found)}
    entries.sort(key=lambda entry: (entry.level, order[entry.place]))
    return _unique(entries)


def _unique(entries: Iterable[Entry]) -> list[Entry]:
    """Two programs that call at the same place of a library are two entries."""
    seen: collections.Counter[str] = collections.Counter()
    made = []
    for entry in entries:
        seen[entry.id] += 1
        again = seen[entry.id]
        made.append(entry if again == 1 else dataclasses.replace(entry, id=f"{entry.id}#{again}"))
    return made


def chosen(entries: Iterable[Entry], only: Sequence[str]) -> list[Entry]:
    """Those whose id, function, call, fault or site one of these globs meets."""
    if not only:
        return list(entries)
    return [
        entry
        for entry in entries
        if any(fnmatch.fnmatchcase(word, glob) for glob in only for word in _words(entry))
    ]


def _words(entry: Entry) -> tuple[str, ...]:
    word, _, argument = entry.fault.partition(" ")
    place = entry.place
    return (entry.id, place.func, place.op, place.site, entry.fault, word, argument)


def shard(entries: Sequence[Entry], text: str | None) -> list[Entry]:
    """Each N-th entry, the same ones wherever it is asked."""
    if not text:
        return list(entries)
    number, count = (int(word) for word in text.split("/"))
    return list(entries[number - 1 :: count])


def write(path: pathlib.Path, head: dict[str, Any], entries: Iterable[Entry]) -> None:
    lines = [json.dumps({"plan": VERSION, **head}, ensure_ascii=False)]
    lines += [entry.as_json() for entry in entries]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(path: pathlib.Path) -> tuple[dict[str, Any], list[Entry]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        head = json.loads(lines[0])
        if head.get("plan") != VERSION:
            raise SockfaultError(f"{path} is a plan of another version")
        entries = []
        for line in lines[1:]:
            fields = json.loads(line)
            place = Place(**fields.pop("place"))
            rules = tuple(fields.pop("rules"))
            entries.append(Entry(place=place, rules=rules, **fields))
    except (OSError, ValueError, TypeError, IndexError, KeyError) as error:
        raise SockfaultError(f"{path} is no plan of a sweep: {error}") from None
    return head, entries
