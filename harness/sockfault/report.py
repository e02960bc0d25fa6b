# SPDX-License-Identifier: MIT
"""One run as a page: what was asked, what came of it, and a chart of the calls in the order of
time, the target on one side and its peers on the other. One file, which needs no network; without
JavaScript it lacks the search alone.
"""

from __future__ import annotations

import html
import pathlib
import shlex
from typing import Iterator, Sequence

from .events import Event, Finding
from .peer import Line
from .run import Run, Traced
from .table import call_text, place_of, result_text

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


def _row(run: Run | Traced, event: Event, several: bool, notes: list[str]) -> str:
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
    classes = " ".join(filter(None, kinds))
    extra = "".join(f"<em>{_text(note)}</em>" for note in notes)
    return (
        f'<li id=e{event.seq} class="{classes}"><time>{event.time_ns / 1e9:.6f}</time>'
        f"<b>{_text(call)}</b><i>{_text(_moved(event) if kinds[0] in ('out', 'in') else '')}</i>"
        f"<u>{_text(peer)}</u>{extra}</li>"
    )


def _line(run: Run | Traced, line: Line) -> tuple[int, str]:
    """What a scripted peer did, on its own side."""
    at = line.time_ns - run.start_ns
    mark = {">": "sends ", "<": "gets ", ".": ""}[line.direction]
    text = _text(mark + line.text)
    return at, f"<li class=peer><time>{at / 1e9:.6f}</time><b></b><i></i><u>{text}</u></li>"


def chart(run: Run | Traced, findings: Sequence[Finding], lines: Sequence[Line]) -> Iterator[str]:
    """The rows of a chart: list items of HTML."""
    notes: dict[int, list[str]] = {}
    for finding in findings:
        for seq in {finding.cause, *finding.evidence[-1:]} - {None}:
            notes.setdefault(int(seq or 0), []).append(f"{finding.finding}: {finding.says}")
    several = len({event.pid for event in run.events}) > 1
    rows = [
        (event.time_ns, _row(run, event, several, notes.get(event.seq, []))) for event in run.events
    ]
    rows += [_line(run, line) for line in lines]
    rows.sort(key=lambda row: row[0])
    for _, row in rows:
        yield row


def rows(run: Run | Traced, events: Sequence[Event]) -> Iterator[str]:
    """The rows of a chart, for the pages of others."""
    several = len({event.pid for event in events}) > 1
    for event in events:
        yield _row(run, event, several, [])


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        place = f" at {_text(finding.place)}" if finding.place else ""
        link = f' <a href="#e{finding.cause}">see the call</a>' if finding.cause else ""
        hint = f"<p>{_text(finding.hint)}</p>" if finding.hint else ""
        yield f'<div class="card {_text(finding.severity)}">'
        yield f"<b>{_text(finding.finding)}</b>{place}{link}"
        yield f"<pre>{_text(finding.says)}</pre>{hint}</div>"


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
        text = data[-4000:].decode(errors="replace").rstrip()
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
        f"<div class=lanes><span>s</span><span>{_text(run.name)}</span><span></span>",
        "<span>peer</span></div>",
        "<ol class=chart>",
        *chart(run, findings, lines),
        f"</ol><script>{(HERE / 'report.js').read_text()}</script></html>",
    ]
    return "\n".join(parts) + "\n"
