# SPDX-License-Identifier: MIT
"""What an instructor reads of a class: how the points lie, who needs a look, which mistakes are
common, which tests are hard. One file, which needs neither a network nor JavaScript.
"""

from __future__ import annotations

import dataclasses
import math
import os
import statistics
from collections import Counter
from typing import Iterator, Sequence
from urllib.parse import quote

from .graded import Graded, Loss
from .feedback import head, tail, text
from .gradewords import STATES, number, place, reasons, says
from .text import one_line

BINS = 10  # at most, of the histogram
LINKED = 8  # submissions that are named at once
# The drawing, in its own units: narrow, so that its words can be read on a phone.
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 360, 190, 24, 34, 16


# ---- points ----


@dataclasses.dataclass(frozen=True)
class Bin:
    """Points from `low` up to, but not, `high`; the last one has its `high` too."""

    low: float
    high: float
    count: int


def bins(points: Sequence[float], of: float) -> list[Bin]:
    """Of equal width, in whole points where that is possible."""
    width = max(1, math.ceil(of / BINS)) if of >= 2 else max(of, 1.0) / BINS
    count = max(1, math.ceil(of / width - 1e-9))
    found = Counter(min(count - 1, max(0, int(value / width + 1e-9))) for value in points)
    edges = [round(at * width, 6) for at in range(count)] + [of]
    return [Bin(edges[at], edges[at + 1], found[at]) for at in range(count)]


def _label(one: Bin, is_last: bool) -> str:
    """Whole points: 4-5 is what has 4 or 5; else the two ends."""
    if all(float(edge).is_integer() for edge in (one.low, one.high)):
        top = one.high if is_last else one.high - 1
        return f"{one.low:g}" if top <= one.low else f"{one.low:g}\u2013{top:g}"
    return f"{one.low:g}\u2013{one.high:g}"


def _histogram(all_graded: Sequence[Graded]) -> Iterator[str]:
    of = all_graded[0].of
    made = bins([graded.points for graded in all_graded], of)
    labels = [_label(one, at == len(made) - 1) for at, one in enumerate(made)]
    most = max(one.count for one in made) or 1
    step = (WIDTH - LEFT) / len(made)
    floor = HEIGHT - BOTTOM
    words = "; ".join(f"{label} points: {one.count}" for label, one in zip(labels, made))
    small = " small" if max(map(len, labels)) > 5 else ""
    yield f"<svg class='histogram{small}' viewBox='0 0 {WIDTH} {HEIGHT}' role=img "
    yield "aria-labelledby=h-t aria-describedby=h-d>"
    yield f"<title id=h-t>Submissions by their points</title><desc id=h-d>{text(words)}</desc>"
    for at, (one, label) in enumerate(zip(made, labels)):
        tall = (floor - TOP) * one.count / most
        x, middle = LEFT + at * step, LEFT + (at + 0.5) * step
        yield f"<g><title>{text(label)} points: {one.count}</title>"
        yield f"<rect x={x + step * 0.1:.1f} y={floor - tall:.1f} width={step * 0.8:.1f} "
        yield f"height={tall:.1f} rx=2 />"
        if one.count:
            yield f"<text class=count x={middle:.1f} y={floor - tall - 4:.1f}>{one.count}</text>"
        yield f"<text x={middle:.1f} y={floor + 12}>{text(label)}</text></g>"
    yield f"<line x1={LEFT} y1={floor} x2={WIDTH} y2={floor} />"
    yield f"<text x={(LEFT + WIDTH) / 2:.0f} y={HEIGHT - 5}>points</text></svg>"


def _summary(all_graded: Sequence[Graded], ungraded: Sequence[str]) -> Iterator[str]:
    points = [graded.points for graded in all_graded]
    of = number(all_graded[0].of)
    yield f"<p class=points>{number(round(statistics.fmean(points), 1))} of {of} points on average,"
    yield f"{number(round(statistics.median(points), 1))} in the middle,"
    yield f"{number(min(points))} to {number(max(points))}</p>"
    missing = f", {len(ungraded)} not graded" if ungraded else ""
    levels = ", ".join(sorted({graded.level for graded in all_graded}))
    yield f"<p class=faint>{len(all_graded)} submissions graded{missing}."
    yield f"Isolation: {text(levels)}."
    yield "All the numbers: <a href=gradebook.csv>gradebook.csv</a>.</p>"


# ---- who and what ----


def _link(name: str) -> str:
    folder = quote(os.fsencode(name), safe="")
    return f'<a href="./{folder}/instructor.html">{text(one_line(name))}</a>'


def _links(names: Sequence[str]) -> str:
    """The first of them; the others on demand."""
    made = [_link(name) for name in names]
    if len(made) <= LINKED + 1:
        return ", ".join(made)
    rest = f"<details><summary>and {len(made) - LINKED} more</summary>{', '.join(made[LINKED:])}"
    return f"{', '.join(made[:LINKED])}{rest}</details>"


def _looks(all_graded: Sequence[Graded], ungraded: Sequence[str]) -> Iterator[str]:
    rows = [(graded.name, reasons(graded)) for graded in all_graded]
    rows = [(name, some) for name, some in rows if some]
    if not rows and not ungraded:
        return
    yield f"<h2>Needs a look <small>{len(rows) + len(ungraded)}</small></h2><ul class=looks>"
    for name in ungraded:
        yield f"<li>{text(one_line(name))}: was not graded"
    for name, some in rows:
        whys = [f"{f'{test}: ' if test else ''}{why}" for test, why in some]
        yield f"<li>{_link(name)}: {text('; '.join(whys))}"
    yield "</ul>"


@dataclasses.dataclass
class Common:
    """A mistake that several make, with an example of what was said of it."""

    example: Loss
    names: list[str]


def common(all_graded: Sequence[Graded]) -> list[tuple[str, Common]]:
    """Findings by the number of submissions that have them, most first."""
    made: dict[str, Common] = {}
    for graded in all_graded:
        for loss in (loss for one in graded.verdicts for loss in one.losses if loss.finding):
            one = made.setdefault(str(loss.finding), Common(loss, []))
            if graded.name not in one.names[-1:]:
                one.names.append(graded.name)
    return sorted(made.items(), key=lambda pair: (-len(pair[1].names), pair[0]))


def _common(all_graded: Sequence[Graded]) -> Iterator[str]:
    made = common(all_graded)
    if not made:
        return
    yield "<h2>Most common mistakes</h2><div class=wide><table class=class><thead><tr>"
    yield "<th scope=col>submissions</th><th scope=col>finding, an example, and whose</th></tr>"
    yield "</thead><tbody>"
    for name, one in made:
        share = 100 * len(one.names) / len(all_graded)
        sentence = ": ".join(filter(None, [place(one.example), says(one.example)[0]]))
        yield f"<tr><td class=number>{len(one.names)} <small>{share:.0f}&nbsp;%</small></td>"
        yield f"<td><b>{text(name)}</b><p class=faint>{text(sentence)}</p>"
        yield f"{_links(one.names)}</td></tr>"
    yield "</tbody></table></div>"


# ---- tests ----


def _bar(share: float) -> str:
    return f'<span class=bar aria-hidden=true><i style="width:{100 * share:.0f}%"></i></span>'


def _tests(all_graded: Sequence[Graded]) -> Iterator[str]:
    """The hardest first."""
    names = [verdict.name for verdict in all_graded[0].verdicts]
    rows = []
    for at, name in enumerate(names):
        seen = [v for graded in all_graded for v in graded.verdicts if v.name == name]
        states = Counter(verdict.state for verdict in seen)
        mean = statistics.fmean(verdict.points for verdict in seen)
        rows.append((states["passed"] / len(seen), at, name, states, mean, seen[0].of))
    yield "<h2>Tests, the hardest first</h2><div class=wide><table class=class><thead><tr>"
    yield "<th scope=col>test</th><th scope=col>passed</th><th scope=col>points</th>"
    kinds = [state for state in STATES if state != "passed"]
    yield "".join(f"<th scope=col>{STATES[state]}</th>" for state in kinds)
    yield "</tr></thead><tbody>"
    for share, _, name, states, mean, of in sorted(rows, key=lambda row: row[:2]):
        yield f"<tr><th scope=row>{text(one_line(name))}</th>"
        yield f"<td class=number>{100 * share:.0f}&nbsp;% {_bar(share)}</td>"
        yield f"<td class=number>{number(round(mean, 1))} of {number(of)}</td>"
        yield "".join(f"<td class=number>{states[state] or ''}</td>" for state in kinds)
        yield "</tr>"
    yield "</tbody></table></div>"


def _submissions(all_graded: Sequence[Graded]) -> Iterator[str]:
    yield "<h2>Submissions</h2><div class=wide><table class=class><thead><tr>"
    yield "<th scope=col>submission</th><th scope=col>points</th><th scope=col>findings</th></tr>"
    yield "</thead><tbody>"
    for graded in sorted(all_graded, key=lambda graded: graded.name):
        found = dict.fromkeys(x.finding for v in graded.verdicts for x in v.losses if x.finding)
        share = min(1.0, graded.points / graded.of) if graded.of else 0.0
        words = "could not be built" if graded.build else ", ".join(map(str, found))
        yield f"<tr><th scope=row>{_link(graded.name)}</th>"
        yield f"<td class=number>{number(graded.points)} {_bar(share)}</td>"
        yield f"<td>{text(words)}</td></tr>"
    yield "</tbody></table></div>"


def page(all_graded: Sequence[Graded], ungraded: Sequence[str] = ()) -> str:
    """`ungraded` are the names of submissions that could not be graded."""
    if not all_graded:
        names = "".join(f"<li>{text(one_line(name))}" for name in ungraded)
        parts = [*head("No submission was graded"), "<h1>No submission was graded</h1>"]
        return "\n".join([*parts, f"<ul>{names}</ul>" if names else "", tail()]) + "\n"
    title = f"{all_graded[0].assignment}: the class"
    parts = [*head(title), f"<h1>{text(title)}</h1>"]
    parts += _summary(all_graded, ungraded)
    parts += _histogram(all_graded)
    parts += _looks(all_graded, ungraded)
    parts += _common(all_graded)
    parts += _tests(all_graded)
    parts += _submissions(all_graded)
    return "\n".join([*parts, tail()]) + "\n"
