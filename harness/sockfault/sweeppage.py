# SPDX-License-Identifier: MIT
"""A sweep as a page: what was found, each with its source, its calls and its command; and a table
of call sites and faults, coloured by what came of them. One file, which needs neither a network nor
JavaScript.
"""

from __future__ import annotations

import html
import json
import linecache
import pathlib
import shlex
import types
from typing import Any, Iterator, Sequence

from . import report
from .events import Event, make
from .lesson import lesson
from .sweep import Result
from .sweepgroup import Group
from .sweepplan import Place

AROUND = 3  # lines of source before and after
SIGNS = {"found": "✗", "fine": "✓", "not-reached": "·", "trouble": "!"}
SAYS = {
    "found": "something was found",
    "fine": "the program coped",
    "not-reached": "the fault could not be met",
    "trouble": "the run could not be made",
}
# Columns: in the order in which a network goes wrong, not that of the alphabet.
FAMILIES = ("short", "delay", "latency", "stall", "fail", "signal", "reset", "eof", "closed")


def _text(value: object) -> str:
    return html.escape(str(value))


def _short(place: dict[str, Any]) -> str:
    """client.c:42, else the site."""
    if place.get("file") and place.get("line"):
        return f"{pathlib.PurePath(place['file']).name}:{place['line']}"
    return str(place.get("site") or place.get("program") or "")


# ---- failures ----


def _source(file: str | None, line: int | None) -> Iterator[str]:
    """The lines around it, where the source is there to be read."""
    every = linecache.getlines(file) if file and line else []
    if not line or line > len(every):
        return
    yield "<pre class=source>"
    first = max(1, line - AROUND)
    for number, text in enumerate(every[first - 1 : line + AROUND], first):
        row = f"{number:5} {_text(text.rstrip().expandtabs(4))}"
        yield f"<mark>{row}</mark>" if number == line else row
    yield "</pre>"


def _chart(result: Result, path: pathlib.Path) -> Iterator[str]:
    if not path.exists():
        return
    every = [make(Event, one) for one in json.loads(path.read_text(encoding="utf-8"))]
    run: Any = types.SimpleNamespace(argv=result.program.command, name=result.program.name)
    yield "<details><summary>The calls around it</summary>"
    yield f"{report.lanes(run.name)}<ol class=chart>"
    yield from (report.row_html(row, with_id=False) for row in report.rows(run, every))
    yield "</ol></details>"


def _card(result: Result, number: int, group: Group, one: dict[str, Any]) -> Iterator[str]:
    finding = group.finding
    place = _short(one)
    function = f" in {_text(one['function'])}()" if one["function"] else ""
    yield f'<section id=f{number} class="card {_text(one["severity"])}">'
    yield f"<h3>{number}. {_text(one['finding'])} <small>{_text(one['severity'])}</small></h3>"
    yield f"<p><code>{_text(place)}</code>{function}</p>" if place else ""
    yield f"<p class=says>{_text(one['says'])}</p>"
    yield from _source(finding.file, finding.line)
    yield f"<p>{_text(one['hint'])}</p>" if one["hint"] else ""
    if one["faults"]:
        times = f", in {one['times']} runs" if one["times"] > 1 else ""
        yield f"<p class=faint>under {_text(', '.join(one['faults']))}{times}</p>"
    yield f"<pre class=again>{_text(one['repeat'])}</pre>"
    yield from _chart(result, result.calls / f"{group.name}.json")
    yield from lesson(finding.finding)
    yield "</section>"


# ---- the table ----


def _order(fault: str) -> tuple[int, str]:
    word = fault.partition(" ")[0]
    return (FAMILIES.index(word) if word in FAMILIES else len(FAMILIES), fault)


def _numbers(groups: Sequence[Group]) -> dict[tuple[Place, str], int]:
    """Which failure a cell of the table leads to: the first of them."""
    made: dict[tuple[Place, str], int] = {}
    for number, group in enumerate(groups, 1):
        for entry in group.entries:
            made.setdefault((entry.place, entry.fault), number)
    return made


def _cell(outcome: str | None, number: int | None, title: str) -> str:
    if outcome is None:
        return "<td></td>"
    sign = SIGNS[outcome]
    inner = f"<a href=#f{number}>{sign}</a>" if number else sign
    name = f"{title}: {SAYS[outcome]}"
    return f'<td class={outcome} title="{_text(name)}">{inner}</td>'


def _table(
    coverage: Sequence[dict[str, Any]],
    places: Sequence[Place],
    numbers: dict[tuple[Place, str], int],
) -> Iterator[str]:
    faults = sorted({fault for row in coverage for fault in row["faults"]}, key=_order)
    yield "<div class=wide><table class=sweep><thead><tr><th>call site</th>"
    for fault in faults:
        yield f"<th class=fault><span>{_text(fault)}</span></th>"
    yield "</tr></thead><tbody>"
    for row, place in zip(coverage, places):
        where = _short(row)
        function = f" {row['function']}()" if row.get("function") else ""
        name = f"{row['func']} {where}"
        yield f'<tr><th title="{_text(row["site"])}">{_text(row["func"])} '
        yield f"<small>{_text(where)}{_text(function)}</small></th>"
        for fault in faults:
            number = numbers.get((place, fault))
            yield _cell(row["faults"].get(fault), number, f"{fault} on {name}")
        yield "</tr>"
    yield "</tbody></table></div>"


def _legend() -> str:
    return (
        "<p class=legend>"
        + " ".join(
            f"<span class={name}>{sign}</span> {_text(SAYS[name])}" for name, sign in SIGNS.items()
        )
        + "</p>"
    )


# ---- the page ----


def _counts(failures: Sequence[dict[str, Any]]) -> str:
    words = []
    for name in ("error", "warning", "advice"):
        count = sum(one["severity"] == name for one in failures)
        many = "" if count == 1 or name == "advice" else "s"
        if count or name == "error":
            words.append(f"<b class={name}>{count}</b> {name}{many}")
    return ", ".join(words)


def _places(title: str, rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    if rows:
        yield f"<h2>{title}</h2><ul>"
        for row in rows:
            function = f" in {_text(row['function'])}()" if row.get("function") else ""
            yield f"<li><code>{_text(row['func'])} {_text(_short(row))}</code>{function}</li>"
        yield "</ul>"


def _untouched(made: dict[str, Any]) -> Iterator[str]:
    some = [
        row for row in made["coverage"] if set(row["faults"].values()) <= {"not-reached", "trouble"}
    ]
    yield from _places("Call sites that met no fault", some)
    yield from _places("Call sites that no run reached", made["never_reached"] or ())


def page(
    result: Result, made: dict[str, Any], facts: dict[str, Any], groups: Sequence[Group]
) -> str:
    """`groups` are those of made["failures"], in their order."""
    style = "".join((report.HERE / name).read_text() for name in ("report.css", "sweep.css"))
    sites, coverage = made["sites"], made["coverage"]
    places = list(dict.fromkeys(entry.place for entry in result.plan))
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        '<meta name=viewport content="width=device-width, initial-scale=1">',
        f"<title>sockfault sweep: {_text(result.program.name)}</title><style>{style}</style>",
        f"<h1>{_text(result.program.name)}: {_counts(made['failures'])}</h1>",
        f"<p><code>{_text(shlex.join(made['target']))}</code></p>",
        f"<p class=faint>{made['runs']} runs in {facts['seconds']:.1f} s, seed {made['seed']};",
        f"{sites['faulted']} of {sites['reached']} call sites met a fault,",
        f"{sites['never_reached']} were never reached," if sites["never_reached"] else "",
        f"{made['not_reached']} faults were not reached</p>",
        *(f"<p class=faint>{_text(note)}</p>" for note in facts["notes"]),
    ]
    for number, (group, one) in enumerate(zip(groups, made["failures"]), 1):
        parts += _card(result, number, group, one)
    parts += ["<h2>Call sites and faults</h2>", _legend()]
    parts += _table(coverage, places, _numbers(groups))
    parts += _untouched(made)
    for title, some in (("Known", made.get("known", [])), ("Came and went", facts["flaky"])):
        if some:
            parts.append(f"<h2>{title}</h2><ul>")
            parts += [f"<li>{_text(one['finding'])} at {_text(_short(one))}</li>" for one in some]
            parts.append("</ul>")
    parts.append("</html>")
    return "\n".join(filter(None, parts)) + "\n"
