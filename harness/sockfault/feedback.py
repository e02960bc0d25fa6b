# SPDX-License-Identifier: MIT
"""What a student reads of a submission, as Markdown and as a page; and the same page with all
tests, for who grades. Pages are one file each, and need neither a network nor JavaScript.
"""

from __future__ import annotations

import dataclasses
import html
import re
from typing import Callable, Iterator, Sequence

from . import report
from .graded import Graded, Loss, Verdict
from .gradewords import (
    MEANS,
    SAYS_MAX,
    STATES,
    at_home,
    cost,
    cut,
    departs,
    excerpt,
    is_shown,
    number,
    place,
    reasons,
    says,
    sentence,
    veiled,
)
from .report import Row
from .table import columns
from .text import one_line, plain

OPEN_ROWS = 16  # of a chart that need not be opened
TEXT_ROWS = 40  # of a chart in Markdown, around what went wrong
# Whatever a submission may smuggle into a page: nothing of it is run, and nothing is fetched.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def needs_words(verdict: Verdict) -> bool:
    """Is there anything to say of it but that it passed?"""
    return verdict.state != "passed" or bool(verdict.losses or verdict.notes)


def _points(points: float, of: float) -> str:
    return f"{number(points)} of {number(of)}"


def _total(shown: Sequence[Verdict], graded: Graded) -> str:
    """Of a submission with tests that are not shown the total would tell what they came to."""
    if len(shown) == len(graded.verdicts):
        return f"{_points(graded.points, graded.of)} points"
    points = sum(verdict.points for verdict in shown)
    of = sum(verdict.of for verdict in shown)
    return f"{_points(points, of)} points in the tests that are shown here"


def _hidden_words(count: int) -> str:
    if count == 1:
        return "One test more counts, and is not shown here."
    return f"{count} tests more count, and are not shown here."


# ---- Markdown ----


def _md(text: str) -> str:
    """Text that stands for itself: no mark-up, no HTML, nobody notified."""
    made = re.sub(r"([\\`*_\[\]|~]|^[#+=>-])", r"\\\1", one_line(text))
    made = re.sub(r"^(\d+)([.)])", r"\1\\\2", made)  # the first item of a list
    made = made.replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"@(?=\w)", "@\u200b", made)


def _span(text: str) -> str:
    """Code within a line."""
    text = one_line(text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if "`" in text else ""
    return f"{ticks}{pad}{text or ' '}{pad}{ticks}"


def _block(text: str, kind: str = "") -> Iterator[str]:
    """Code on lines of its own, between more backticks than it has in a row."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}{kind}", text, fence, "")


def _md_loss(loss: Loss) -> Iterator[str]:
    first, rest = says(loss)
    price = f" ({_md(cost(loss))})" if cost(loss) else ""
    where = f" at {_span(place(loss))}" if place(loss) else ""
    if loss.finding:
        yield from (f"### {_md(loss.finding)}{where}{price}", "", _md(sentence(first)), "")
    else:
        yield from (f"### {_md(sentence(first))}{where}{price}", "")
    if rest:
        yield from _block(rest, "diff")
    if loss.departs:
        yield from (_md(departs(loss)), "")
    lines = [f"{'>' if mark else ' '} {at:4} | {line}".rstrip() for at, line, mark in excerpt(loss)]
    if lines:
        yield from _block("\n".join(lines))
    if loss.hint:
        yield from (f"**What to do:** {_md(loss.hint)}", "")


def of_program(rows: Sequence[Row]) -> list[Row]:
    """Without the steps of the box in which it ran; time counts from its start."""
    first = next((at for at, row in enumerate(rows) if "life" not in row.kinds), None)
    if first is None:  # it made no call that concerns us
        return []
    kept = rows[max(0, first - 1) :]
    return [dataclasses.replace(row, time=row.time - kept[0].time) for row in kept]


def _near(rows: Sequence[Row]) -> list[Row]:
    """Those around the first row that is marked."""
    first = next((at for at, row in enumerate(rows) if set(row.kinds) & {"fault", "found"}), 0)
    start = max(0, min(first - TEXT_ROWS // 4, len(rows) - TEXT_ROWS))
    return list(rows[start : start + TEXT_ROWS])


def _text_chart(rows: Sequence[Row]) -> str:
    """The chart as a table of text: the program on the left, its peer on the right."""
    near = _near(rows)
    table = [["", "seconds", "your program", "", "peer"]]
    for row in near:
        mark = ">>>" if "fault" in row.kinds else " !" if "found" in row.kinds else ""
        arrow = "-->" if "out" in row.kinds else "<--" if "in" in row.kinds else ""
        moved = f"{arrow} {row.moved}".strip()
        cells = [mark, f"{row.time:.6f}", row.call, moved, row.peer]
        table.append([cut(one_line(cell), 90) for cell in cells])
    head, *drawn = columns(table)
    lines = [head]
    for row, line in zip(near, drawn):
        lines += [line, *(f"       {cut(one_line(note), 160)}" for note in row.notes[:2])]
    if len(near) < len(rows):
        lines.append(f"({len(rows) - len(near)} of {len(rows)} rows are on the page alone)")
    return "\n".join(lines)


def _md_test(verdict: Verdict) -> Iterator[str]:
    yield from (f"## {_md(verdict.name)}: {_points(verdict.points, verdict.of)}", "")
    if verdict.state in MEANS:
        yield from (MEANS[verdict.state], "")
    for loss in verdict.losses:
        yield from _md_loss(loss)
    for note in verdict.notes:
        yield from _block(cut(plain(note), SAYS_MAX))
    if verdict.state == "passed":
        return
    if verdict.feedback:
        yield from (plain(verdict.feedback), "")
    if verdict.repeat:
        yield from (f"**Try it at home**, {at_home(verdict.repeat)}:", "")
        yield from _block(plain(verdict.repeat), "sh")
    rows = of_program(verdict.chart)
    if rows:
        yield from ("**What happened**, call by call:", "")
        yield from _block(_text_chart(rows))


def markdown(graded: Graded, show: str = "visible") -> str:
    shown = [one for one in veiled(graded, show).verdicts if is_shown(one, show)]
    lines = [f"# {_md(graded.assignment)}: {_span(graded.name)}", ""]
    lines += [f"**{_total(shown, graded)}**", ""]
    if len(shown) < len(graded.verdicts):
        lines += [_hidden_words(len(graded.verdicts) - len(shown)), ""]
    if graded.build:
        lines += list(_block(cut(plain(graded.build), SAYS_MAX)))
    for warning in graded.warnings:
        lines += [f"> {_md(warning)}", ""]
    if shown and not graded.build:
        lines += ["| test | points | |", "|---|---:|---|"]
        for one in shown:
            points = _points(one.points, one.of)
            lines.append(f"| {_md(one.name)} | {points} | {STATES[one.state]} |")
        lines.append("")
        for one in filter(needs_words, shown):
            lines += _md_test(one)
    return "\n".join(lines).rstrip() + "\n"


# ---- HTML ----


def text(value: object) -> str:
    return html.escape(plain(str(value)))


def head(title: str) -> Iterator[str]:
    """The beginning of a page, up to its first heading."""
    style = "".join((report.HERE / name).read_text() for name in ("report.css", "feedback.css"))
    yield '<!doctype html><html lang=en><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    yield '<meta name=viewport content="width=device-width, initial-scale=1">'
    yield '<meta name=color-scheme content="light dark">'
    yield f"<title>{text(title)}</title><style>{style}</style></head><body><main>"


def tail() -> str:
    return "</main></body></html>"


def _source(loss: Loss) -> Iterator[str]:
    lines = list(excerpt(loss))
    if not lines:
        return
    yield f'<pre class=source tabindex=0 aria-label="{text(loss.file)}">'
    for at, line, is_marked in lines:
        row = f"<span>{at:5}</span> {text(line)}"
        yield f"<mark>{row}</mark>" if is_marked else row
    yield "</pre>"


def _card(loss: Loss) -> Iterator[str]:
    first, rest = says(loss)
    where = f" <code>{text(place(loss))}</code>" if place(loss) else ""
    price = f" <small>{text(cost(loss))}</small>" if cost(loss) else ""
    yield f'<div class="card {text(loss.severity or "error")}">'
    yield f"<h3>{text(loss.finding or sentence(first))}{where}{price}</h3>"
    yield f"<p class=says>{text(sentence(first))}</p>" if loss.finding else ""
    if rest:
        yield f"<pre>{text(rest)}</pre>"
    if loss.departs:
        yield f"<p class=says>{text(departs(loss))}</p>"
    yield from _source(loss)
    yield f"<p><b>What to do:</b> {text(loss.hint)}</p>" if loss.hint else ""
    yield "</div>"


def _clean(row: Row) -> Row:
    notes = [cut(plain(note), SAYS_MAX) for note in row.notes]
    return Row(row.time, row.kinds, plain(row.call), plain(row.moved), plain(row.peer), notes)


def _chart(every: Sequence[Row]) -> Iterator[str]:
    rows = of_program(every)
    if not rows:
        return
    is_open = " open" if len(rows) <= OPEN_ROWS else ""
    yield f"<details{is_open}><summary>What happened, call by call ({len(rows)} rows)</summary>"
    yield f"<div aria-hidden=true>{report.lanes('your program')}</div>"
    yield '<ol class=chart aria-label="Calls of the program and what its peer did, as they came">'
    yield from (report.row_html(_clean(row), with_id=False) for row in rows)
    yield "</ol></details>"


def _state_class(verdict: Verdict) -> str:
    return verdict.state.replace(" ", "-")


def _section(at: int, verdict: Verdict) -> Iterator[str]:
    yield f'<section id=t{at} class="test {_state_class(verdict)}"><h2>{text(verdict.name)}'
    yield f" <small>{_points(verdict.points, verdict.of)} points</small></h2>"
    if verdict.state in MEANS:
        yield f"<p>{MEANS[verdict.state]}</p>"
    for loss in verdict.losses:
        yield from _card(loss)
    for note in verdict.notes:
        yield f"<pre>{text(cut(note, SAYS_MAX))}</pre>"
    if verdict.state != "passed":
        if verdict.feedback:
            yield f'<p class="card advice says">{text(verdict.feedback)}</p>'
        if verdict.repeat:
            yield f"<p>Try it at home, {text(at_home(verdict.repeat))}:</p>"
            yield f"<pre class=again>{text(verdict.repeat)}</pre>"
        yield from _chart(verdict.chart)
    yield "</section>"


def _overview(verdicts: Sequence[tuple[int, Verdict]], with_levels: bool) -> Iterator[str]:
    extra = "<th scope=col>seen by students</th>" if with_levels else ""
    yield "<div class=wide><table class=overview><thead><tr><th scope=col>test</th>"
    yield f"<th scope=col>points</th><th scope=col>state</th>{extra}</tr></thead><tbody>"
    for at, one in verdicts:
        name = f"<a href=#t{at}>{text(one.name)}</a>" if needs_words(one) else text(one.name)
        points = _points(one.points, one.of)
        level = f"<td>{text(one.visibility.replace('_', ' '))}</td>" if with_levels else ""
        yield f"<tr><th scope=row>{name}</th><td class=number>{points}</td>"
        yield f"<td class={_state_class(one)}>{STATES[one.state]}</td>{level}</tr>"
    yield "</tbody></table></div>"


def _look(graded: Graded) -> Iterator[str]:
    some = reasons(graded)
    if some:
        yield '<div class="card warning"><b>Needs a look</b><ul>'
        for test, why in some:
            yield f"<li>{f'<b>{text(test)}</b>: ' if test else ''}{text(why)}</li>"
        yield "</ul></div>"


def _page(graded: Graded, show: str, is_for_staff: bool) -> str:
    every = list(enumerate(veiled(graded, show).verdicts, 1))
    shown = [(at, one) for at, one in every if is_shown(one, show)]
    parts = list(head(f"{graded.assignment}: {graded.name}"))
    parts.append(f"<h1>{text(graded.assignment)}: <code>{text(graded.name)}</code></h1>")
    parts.append(f"<p class=points>{_total([one for _, one in shown], graded)}</p>")
    if is_for_staff:
        parts.append(f"<p class=faint>Isolation: {text(graded.level)}.</p>")
        parts += _look(graded)
    if len(shown) < len(every):
        parts.append(f"<p class=faint>{_hidden_words(len(every) - len(shown))}</p>")
    if graded.build:
        parts.append(f"<div class=card><pre>{text(cut(graded.build, SAYS_MAX))}</pre></div>")
    parts += [f'<p class="card advice">{text(warning)}</p>' for warning in graded.warnings]
    if not graded.build:
        parts += _overview(shown, is_for_staff)
        for at, one in shown:
            parts += _section(at, one) if needs_words(one) else []
    return "\n".join(filter(None, [*parts, tail()])) + "\n"


def page(graded: Graded, show: str = "visible") -> str:
    return _page(graded, show, False)


def instructor_page(graded: Graded, _show: str = "visible") -> str:
    """All tests, whoever may see them."""
    return _page(graded, "hidden", True)


FILES: dict[str, Callable[[Graded, str], str]] = {
    "feedback.md": markdown,
    "feedback.html": page,
    "instructor.html": instructor_page,
}
