# SPDX-License-Identifier: MIT
"""What a student reads: per submission a page and a text in Markdown; and what the instructor reads
of a class. Pages are one file each, need no network and no JavaScript.
"""

from __future__ import annotations

import html
import pathlib
import re
from collections import Counter
from typing import Iterator, Sequence

from .graded import Graded, Loss, Verdict
from .gradefiles import number

HERE = pathlib.Path(__file__).resolve().parent
WORDS = {
    "passed": "passed",
    "failed": "failed",
    "partly": "partly",
    "not reached": "not reached: the fault never happened, so this test says nothing",
    "error": "could not be run; this is not your fault",
}
HIDDEN = "This test is not shown."


def _text(value: object) -> str:
    return html.escape(str(value))


def _shown(verdict: Verdict) -> bool:
    return verdict.visibility == "visible"


def _cost(loss: Loss) -> str:
    if loss.before:
        return f' (this mistake has cost its points in "{loss.before}")'
    return f" (-{number(loss.points)})" if loss.points else ""


def _place(loss: Loss) -> str:
    where = f"{loss.file}:{loss.line}" if loss.file and loss.line else loss.file or ""
    inside = f" in {loss.function}()" if loss.function else ""
    return f"{where}{inside}".strip()


# ---- Markdown ----


def _fence(text: str) -> str:
    """More backticks than the text has in a row."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(3, longest + 1)


def _code(text: str, kind: str = "") -> Iterator[str]:
    fence = _fence(text)
    yield from (f"{fence}{kind}", text, fence, "")


def _lines_of(verdict: Verdict) -> Iterator[str]:
    for loss in verdict.losses:
        place = _place(loss)
        head = f"**{loss.finding}**" if loss.finding else "**Wrong**"
        says = loss.says.splitlines() or [""]
        yield f"- {head}{' at `' + place + '`' if place else ''}{_cost(loss)}: {says[0]}"
        yield ""
        if len(says) > 1:
            yield from _code("\n".join(says[1:]), "diff")
        if loss.excerpt:
            rows = [f"{'>' if n == loss.line else ' '} {n:4} {line}" for n, line in loss.excerpt]
            yield from _code("\n".join(rows))
        if loss.hint:
            yield from (f"  *What to do*: {loss.hint}", "")
    for note in verdict.notes:
        yield from (f"- {note}", "")
    if verdict.feedback:
        yield from (verdict.feedback, "")
    if verdict.repeat and verdict.state != "passed":
        yield from ("Try it at home:", "")
        yield from _code(verdict.repeat, "sh")


def markdown(graded: Graded) -> str:
    shown = [verdict for verdict in graded.verdicts if _shown(verdict)]
    lines = [f"# {graded.assignment}: {graded.name}", ""]
    if len(shown) == len(graded.verdicts):
        lines += [f"{number(graded.points)} of {number(graded.of)} points.", ""]
    if graded.build:
        lines += list(_code(graded.build))
    lines += [f"Note: {warning}" for warning in graded.warnings]
    for verdict in graded.verdicts:
        if not _shown(verdict):
            continue
        points = f"{number(verdict.points)} of {number(verdict.of)}"
        lines += [f"## {verdict.name}: {points}", "", f"{WORDS[verdict.state].capitalize()}.", ""]
        lines += list(_lines_of(verdict))
    return "\n".join(lines).rstrip() + "\n"


# ---- HTML ----


def _head(title: str) -> Iterator[str]:
    style = (HERE / "report.css").read_text() + (HERE / "feedback.css").read_text()
    yield "<!doctype html><html lang=en><meta charset=utf-8>"
    yield '<meta name=viewport content="width=device-width, initial-scale=1">'
    yield f"<title>{_text(title)}</title><style>{style}</style><h1>{_text(title)}</h1>"


def _loss_card(loss: Loss) -> Iterator[str]:
    place = _place(loss)
    yield f'<div class="card {_text(loss.severity or "error")}">'
    yield f"<b>{_text(loss.finding or 'wrong')}</b>{' at ' + _text(place) if place else ''}"
    yield f"{_text(_cost(loss))}<pre>{_text(loss.says)}</pre>"
    if loss.excerpt:
        yield "<pre class=source>"
        for n, line in loss.excerpt:
            row = f"{n:4} {_text(line)}"
            yield f"<mark>{row}</mark>" if n == loss.line else row
        yield "</pre>"
    if loss.hint:
        yield f"<p>{_text(loss.hint)}</p>"
    yield "</div>"


def _section(verdict: Verdict) -> Iterator[str]:
    state = verdict.state.replace(" ", "-")
    opened = "" if verdict.state == "passed" else " open"
    yield f'<details class="test {state}"{opened}><summary><b>{_text(verdict.name)}</b>'
    yield f"<span>{number(verdict.points)} of {number(verdict.of)}</span></summary>"
    yield f"<p class=faint>{_text(WORDS[verdict.state].capitalize())}.</p>"
    for loss in verdict.losses:
        yield from _loss_card(loss)
    for note in verdict.notes:
        yield f"<pre>{_text(note)}</pre>"
    if verdict.feedback:
        yield f"<p>{_text(verdict.feedback)}</p>"
    if verdict.state != "passed" and verdict.repeat:
        yield f"<p class=faint>Try it at home</p><pre>{_text(verdict.repeat)}</pre>"
    if verdict.chart:
        yield "<p class=faint>What happened: your program's calls, and on the right its peer</p>"
        yield f"<ol class=chart>{verdict.chart}</ol>"
    yield "</details>"


def page(graded: Graded) -> str:
    parts = list(_head(f"{graded.assignment}: {graded.name}"))
    if all(_shown(verdict) for verdict in graded.verdicts):
        parts.append(f"<p class=points>{number(graded.points)} of {number(graded.of)} points</p>")
    if graded.build:
        parts.append(f"<div class=card><pre>{_text(graded.build)}</pre></div>")
    parts += [f'<div class="card advice">{_text(warning)}</div>' for warning in graded.warnings]
    for verdict in graded.verdicts:
        if _shown(verdict):
            parts += _section(verdict)
        else:
            name = _text(verdict.name) if verdict.visibility != "hidden" else "A hidden test"
            parts.append(f"<details class=test><summary><b>{name}</b></summary>{HIDDEN}</details>")
    return "\n".join([*parts, "</html>"]) + "\n"


# ---- the class ----


def _histogram(all_graded: Sequence[Graded]) -> Iterator[str]:
    """How many have how many tenths of the points."""
    tenths: Counter[int] = Counter()
    for graded in all_graded:
        share = graded.points / graded.of if graded.of else 0.0
        tenths[min(9, int(share * 10 + 1e-9))] += 1
    most = max(tenths.values(), default=1)
    yield "<table class=bars><caption>Points, in tenths of all</caption>"
    for tenth in range(10):
        count = tenths[tenth]
        label = f"{tenth * 10}&ndash;{tenth * 10 + 10} %"
        bar = f'<i style="width:{100 * count / most:.0f}%"></i>' if count else ""
        yield f"<tr><th>{label}<td>{bar}<td>{count}</tr>"
    yield "</table>"


def _most_common(all_graded: Sequence[Graded]) -> Iterator[str]:
    """Findings by the number of submissions that have them."""
    found: Counter[str] = Counter()
    for graded in all_graded:
        found.update({x.finding for v in graded.verdicts for x in v.losses if x.finding})
    if not found:
        return
    yield "<h2>The most common mistakes</h2><table><tr><th>submissions<th>finding</tr>"
    for name, count in sorted(found.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"<tr><td>{count}<td>{_text(name)}</tr>"
    yield "</table>"


def _tests(all_graded: Sequence[Graded]) -> Iterator[str]:
    """How each test went."""
    yield "<h2>Tests</h2><table><tr><th>passed<th>partly<th>failed<th>not reached<th>test</tr>"
    for at, verdict in enumerate(all_graded[0].verdicts):
        states = Counter(g.verdicts[at].state for g in all_graded if at < len(g.verdicts))
        cells = "".join(
            f"<td>{states[name]}" for name in ("passed", "partly", "failed", "not reached")
        )
        yield f"<tr>{cells}<td>{_text(verdict.name)}</tr>"
    yield "</table>"


def class_page(all_graded: Sequence[Graded]) -> str:
    if not all_graded:
        return "\n".join([*_head("No submissions"), "</html>"]) + "\n"
    parts = list(_head(f"{all_graded[0].assignment}: {len(all_graded)} submissions"))
    mean = sum(graded.points for graded in all_graded) / len(all_graded)
    parts.append(f"<p class=points>{mean:.1f} of {number(all_graded[0].of)} points on average</p>")
    parts += _histogram(all_graded)
    parts += _most_common(all_graded)
    parts += _tests(all_graded)
    parts.append("<h2>Submissions</h2><table><tr><th>points<th>submission<th></tr>")
    for graded in all_graded:
        name = _text(graded.name)
        look = "has a test that did not reach its fault" if graded.needs_a_look else ""
        look = "could not be built" if graded.build else look
        link = f'<a href="{name}/feedback.html">{name}</a>'
        parts.append(f"<tr><td>{number(graded.points)}<td>{link}<td>{look}</tr>")
    parts.append("</table></html>")
    return "\n".join(parts) + "\n"
