# SPDX-License-Identifier: MIT
"""Events as small tables for people: the calls around a fault, and both sides of a conversation."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from typing import Iterable, NamedTuple, Sequence

from .events import Event, relative
from .peer import Line
from .run import Run, Traced

BEFORE, AFTER = 4, 6  # calls that are shown around a fault
QUIET = ("load", "thread", "sockopt")  # left out of tables, where nothing was injected
SLOW_NS = 200_000_000  # a call that took longer says how long
LINES_MAX = 40  # of a transcript


def call_text(event: Event) -> str:
    """send(3 #1, 6), as `sockfault trace` has it."""
    if not event.is_call:
        return {"load": f"started {event.program}", "exit": "exit"}.get(event.op, event.op)
    words = []
    if event.fd is not None:
        words.append(f"{event.fd} #{event.conn}" if event.conn else str(event.fd))
    if event.func in ("connect", "sendto", "bind") and (event.more.get("address") or event.peer):
        words.append(str(event.more.get("address") or event.peer))
    if event.asked is not None:
        words.append(str(event.asked))
    if event.op in ("resolve", "socket"):
        words += [str(event.more["text"])] if "text" in event.more else list(event.flags)
    return f"{event.func}({', '.join(words)})"


def result_text(event: Event) -> str:
    if event.state != "done":
        return "never returned" if event.state == "pending" else "killed in it"
    text = "" if event.ret is None else str(event.ret)
    if event.errno:
        text += f" {event.errno}"
    if event.is_call and (event.dur_ns or 0) >= SLOW_NS:
        text += f" after {(event.dur_ns or 0) / 1e9:.1f} s"
    return text


class Source(NamedTuple):
    """A place in the source. Its file is as a finding's: see events.relative."""

    file: str
    line: int
    function: str | None

    def __str__(self) -> str:
        place = f"{os.path.basename(self.file)}:{self.line}"
        return f"{place}, {self.function}()" if self.function else place


@functools.lru_cache(maxsize=256)
def source_line(program: str, site: str) -> Source | None:
    """Where the program has debugging information and binutils are there."""
    name, _, offset = site.rpartition("+")
    if not shutil.which("addr2line") or os.path.basename(program) != name:
        return None
    back = hex(int(offset, 16) - 1)  # a return address stands behind its call
    argv = ["addr2line", "-f", "-e", program, back]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.splitlines()
    file, _, number = (lines[1] if len(lines) > 1 else "?").partition(" (")[0].rpartition(":")
    if not number.isdecimal() or file.startswith("?"):
        return None
    return Source(relative(file), int(number), lines[0] if lines[0] != "??" else None)


def source_of(run: Run | Traced, event: Event) -> Source | None:
    """Where in the source a call was made."""
    program = shutil.which(run.argv[0]) or run.argv[0]
    return source_line(os.path.realpath(program), event.site) if event.site else None


def place_of(run: Run | Traced, event: Event) -> str:
    """The same in words, as well as it is known."""
    source = source_of(run, event)
    return str(source) if source else event.site or ""


def around_fault(events: Sequence[Event]) -> list[Event]:
    """The last fault and what the target did after it; without a fault, its last calls."""
    calls = [event for event in events if event.fault or event.op not in QUIET]
    faulty = [i for i, event in enumerate(calls) if event.fault]
    if not faulty:
        return calls[-(BEFORE + AFTER) :]
    return calls[max(0, faulty[-1] - BEFORE) : faulty[-1] + AFTER + 1]


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """The rows, with their columns one below the other."""
    kept = [list(row) for row in rows]
    widths = [max(map(len, cells)) for cells in zip(*kept)]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths)] for row in kept)
    return ["  ".join(row).rstrip() for row in padded]


def hangs(run: Run, event: Event) -> bool:
    """Was it this call in which the target was when its time was over?"""
    return run.timed_out and event.is_call and event.state != "done"


def event_rows(run: Run, events: Iterable[Event]) -> Iterable[list[str]]:
    several = len(run.processes) > 1
    for event in events:
        mark = ">>>" if event.fault else "   "
        fault = f"<- {event.fault} (rule {event.rule}, {event.realism})" if event.fault else ""
        if event.fault or (event.state != "done" and run.status is None):
            place = place_of(run, event)
            fault += f"  at {place}" if place else ""
        who = f"{event.pid} " if several else ""
        seconds = f"{event.time_ns / 1e9:.6f}"
        result = "never returned" if hangs(run, event) else result_text(event)
        yield [mark, seconds, who + call_text(event), f"= {result}", fault]


def event_table(run: Run) -> str:
    """The last events around the fault."""
    return "\n".join(columns(event_rows(run, around_fault(run.events))))


def both_sides(run: Run, lines: Sequence[Line]) -> str:
    """What the target called and what its peer did, in the order of time."""
    rows: list[tuple[int, list[str]]] = []
    for event in run.events:
        if not event.is_call or (event.op in QUIET and not event.fault):
            continue
        if event.conn or event.op in ("resolve", "connect"):
            fault = f"  <- {event.fault}" if event.fault else ""
            call = f"{call_text(event)} = {result_text(event)}{fault}"
            rows.append((event.time_ns, [call, ""]))
    for line in lines:
        mark = {">": "sends ", "<": "gets ", ".": ""}[line.direction]
        rows.append((line.time_ns - run.start_ns, ["", mark + line.text]))
    rows.sort(key=lambda row: row[0])
    left_out = max(0, len(rows) - LINES_MAX)
    table = [["", "target", "peer"]]
    table += [[f"{at / 1e9:.6f}", *cells] for at, cells in rows[left_out:]]
    made = columns(table)
    if left_out:
        made.insert(1, f"({left_out} lines before)")
    return "\n".join(made)
