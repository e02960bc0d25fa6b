# SPDX-License-Identifier: MIT
"""One run as a page: what was asked, what came of it, and a chart of the calls in the order of
time, the target on one side and its peers on the other. One file, which needs no network; without
JavaScript it lacks the search alone.
"""

from __future__ import annotations

import dataclasses
import html
import pathlib
import shlex
from typing import Iterator, Sequence

from .events import Event, Finding
from .lesson import lesson
from .peer import Line
from .run import Run, Traced
from .table import call_text, place_of, result_text
from .text import printed

HERE = pathlib.Path(__file__).resolve().parent
OUT = ("send", "connect", "shutdown", "close")
IN = ("recv", "accept")


def _text(value: object) -> str:
    return html.escape(str(value))


def _direction(event: Event) -> str:
    """Which way something goes, or would have gone, on a connection."""
    if not event.conn and event.op not in ("connect", "accept"):
        return ""
    return "out" if event.op in OUT else "in" if event.op in IN else ""


def _moved(event: Event) -> str:
    if event.state != "done":
        return "never returned" if event.state == "pending" else "killed in it"
    if event.errno:
        return event.errno
    if event.op == "recv" and event.ret == 0:
        return "end"
    if event.op in ("send", "recv") and event.ret is not None:
        return f"{event.ret} byte{'' if event.ret == 1 else 's'}"
    return event.op if event.op in ("connect", "accept", "shutdown", "close") else ""


@dataclasses.dataclass
class Row:
    """A row of the chart: what the target did, on the left, or its peer, on the right. Plain
    values: it can be kept, and shown later."""

    time: float  # seconds since the run began
    kinds: list[str]  # out, in, life or peer; and fault, stuck, found
    call: str = ""
    moved: str = ""  # what went over the connection
    peer: str = ""
    notes: list[str] = dataclasses.field(default_factory=list)
    seq: int | None = None


def _row(run: Run | Traced, event: Event, several: bool, notes: list[str]) -> Row:
    kinds = [_direction(event)] if event.is_call else ["life"]
    kinds += ["fault"] if event.fault else []
    kinds += ["stuck"] if event.is_call and event.state != "done" else []
    kinds += ["found"] if notes else []
    who = f"{event.pid} " if several else ""
    call = f"{who}{call_text(event)}"
    if event.is_call:
        call += f" = {result_text(event)}"
    peer = event.peer or "" if event.op in ("connect", "accept") else ""
    if event.fault:
        peer = f"{event.fault} (rule {event.rule}, {event.realism})"
        place = place_of(run, event)
        notes = [*notes, f"at {place}"] if place else notes
    moved = _moved(event) if kinds[0] in ("out", "in") else ""
    at = event.time_ns / 1e9
    return Row(at, [kind for kind in kinds if kind], call, moved, peer, notes, event.seq)


def _line(run: Run | Traced, line: Line) -> Row:
    """What a scripted peer did, on its own side."""
    mark = {">": "sends ", "<": "gets ", ".": ""}[line.direction]
    return Row((line.time_ns - run.start_ns) / 1e9, ["peer"], peer=mark + line.text)


def row_html(row: Row, with_id: bool = True) -> str:
    """An item of the list that the chart is. On a page of several runs it has no id."""
    name = f" id=e{row.seq}" if with_id and row.seq is not None else ""
    extra = "".join(f"<em>{_text(note)}</em>" for note in row.notes)
    return (
        f'<li{name} class="{" ".join(row.kinds)}"><time>{row.time:.6f}</time>'
        f"<b>{_text(row.call)}</b><i>{_text(row.moved)}</i><u>{_text(row.peer)}</u>{extra}</li>"
    )


def chart(run: Run | Traced, findings: Sequence[Finding], lines: Sequence[Line]) -> list[Row]:
    """What both sides did, in the order of time; findings stand at the calls they are about."""
    notes: dict[int, list[str]] = {}
    for finding in findings:
        for seq in {finding.cause, *finding.evidence[-1:]} - {None}:
            notes.setdefault(int(seq or 0), []).append(f"{finding.finding}: {finding.says}")
    several = len({event.pid for event in run.events}) > 1
    made = [_row(run, event, several, notes.get(event.seq, [])) for event in run.events]
    made += [_line(run, line) for line in lines]
    return sorted(made, key=lambda row: row.time)


def rows(run: Run | Traced, events: Sequence[Event]) -> list[Row]:
    """The rows of some events, for the pages of others."""
    several = len({event.pid for event in events}) > 1
    return [_row(run, event, several, []) for event in events]


def lanes(name: str) -> str:
    """What stands above the chart."""
    return (
        f"<div class=lanes><span>s</span><span>{_text(name)}</span><span></span>"
        "<span>peer</span></div>"
    )


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        place = f" at {_text(finding.place)}" if finding.place else ""
        link = f' <a href="#e{finding.cause}">see the call</a>' if finding.cause else ""
        hint = f"<p>{_text(finding.hint)}</p>" if finding.hint else ""
        yield f'<div class="card {_text(finding.severity)}">'
        yield f"<b>{_text(finding.finding)}</b>{place}{link}"
        yield f"<pre>{_text(finding.says)}</pre>{hint}"
        yield from lesson(finding.finding)
        yield "</div>"


def _rules(run: Run | Traced) -> Iterator[str]:
    if not run.rules:
        return
    yield "<h2>Rules</h2><table><tr><th>fired</th><th>met</th><th>rule</th></tr>"
    for rule in run.rules:
        why = f"<br><span class=bad>{_text(rule.why)}</span>" if rule.why else ""
        yield f"<tr><td>{rule.fired}</td><td>{rule.met}</td>"
        yield f"<td><code>{_text(rule.text)}</code>{why}</td></tr>"
    yield "</table>"


def _output(run: Run | Traced) -> Iterator[str]:
    for name, data in (("standard output", run.stdout), ("standard error", run.stderr)):
        text = printed(data[-4000:]).rstrip()
        if text:
            yield f"<h2>{name}</h2><pre>{_text(text)}</pre>"


def page(
    run: Run | Traced,
    title: str,
    findings: Sequence[Finding],
    problems: Sequence[str],
    lines: Sequence[Line] = (),
    repeat: str | None = None,
) -> str:
    """The page; `lines` is what scripted peers did."""
    faults = sum(1 for event in run.events if event.fault)
    calls = sum(1 for event in run.events if event.is_call)
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        '<meta name=viewport content="width=device-width, initial-scale=1">',
        f"<title>{_text(title)}</title><style>{(HERE / 'report.css').read_text()}</style>",
        f"<h1>{_text(title)}</h1>",
        f"<p><code>{_text(shlex.join(run.argv))}</code> {_text(run.ended)}</p>",
        f"<p class=faint>{calls} calls, {faults} fault{'' if faults == 1 else 's'} injected,",
        f"seed {run.seed}</p>",
        *(f"<div class=card><pre>{_text(problem)}</pre></div>" for problem in problems),
        *_findings(findings),
        *_rules(run),
        f"<h2>Again</h2><pre>{_text(repeat or run.repeat)}</pre>",
        *_output(run),
        "<h2>What happened</h2>",
        '<nav><input type=search id=search placeholder="Search: recv, ECONNRESET, #2 ..."',
        ' aria-label="Search the chart"><label><input type=checkbox id=only> only faults</label>',
        "<button id=next>next fault</button><span id=count class=faint></span></nav>",
        lanes(run.name),
        "<ol class=chart>",
        *map(row_html, chart(run, findings, lines)),
        f"</ol><script>{(HERE / 'report.js').read_text()}</script></html>",
    ]
    return "\n".join(parts) + "\n"
