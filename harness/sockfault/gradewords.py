# SPDX-License-Identifier: MIT
"""What all files of a grading have in common: who may see which test, and what is said of a test.

Names, output and source of a submission are a stranger's. Whatever of them goes into a file passes
text.plain(); what goes into HTML, Markdown, XML or a spreadsheet is escaped there as well.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Iterator

from .graded import Graded, Loss, Verdict
from .text import one_line, plain

# Who may see a test, in the order of time: `--show after_due_date` shows it, and those before.
LEVELS = ("visible", "after_due_date", "after_published", "hidden")
ELSEWHERE = "a test that is not shown"
TEXT_MAX = 20_000  # characters that a file says of one test
SAYS_MAX = 4_000  # of one sentence with what belongs to it: a difference, a build's complaints
LINE_MAX = 240  # of a line of source
STATES = {
    "passed": "passed",
    "partly": "partly passed",
    "failed": "failed",
    "not reached": "not reached",
    "error": "could not be run",
}
# What a state means to a student, where its name does not say it.
MEANS = {
    "not reached": "The fault of this test never happened to your program, so the test says "
    "nothing about it. Somebody will have a look.",
    "error": "This test could not be run. That is no fault of yours; somebody will have a look.",
}


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]} ... ({len(text) - most} characters more)"


def number(value: float) -> float | int:
    """Points, as people write them."""
    rounded = round(value, 4)
    return int(rounded) if rounded == int(rounded) else rounded


# ---- who sees what ----


def is_shown(verdict: Verdict, show: str) -> bool:
    return LEVELS.index(verdict.visibility) <= LEVELS.index(show)


def _veil(verdict: Verdict, name: str) -> Verdict:
    """Its points and its state, and nothing of what it is."""
    return dataclasses.replace(
        verdict, name=name, losses=[], notes=[], feedback=None, repeat=None, duration=0.0, chart=[]
    )


def veiled(graded: Graded, show: str) -> Graded:
    """A submission as its student may see it."""
    hidden = {one.name for one in graded.verdicts if not is_shown(one, show)}
    made = []
    for at, verdict in enumerate(graded.verdicts, 1):
        if verdict.name in hidden:
            made.append(_veil(verdict, f"Hidden test {at}"))
            continue
        losses = [
            dataclasses.replace(loss, before=ELSEWHERE) if loss.before in hidden else loss
            for loss in verdict.losses
        ]
        made.append(dataclasses.replace(verdict, losses=losses))
    return dataclasses.replace(graded, verdicts=made)


def reasons(graded: Graded) -> list[tuple[str, str]]:
    """Why somebody should look at a submission: the test, or "", and what is the matter."""
    made = []
    if graded.build:
        made.append(("", one_line(cut(graded.build.splitlines()[0], 160)).rstrip(":")))
    if not graded.is_done:
        made.append(("", "grading did not come to its end"))
    for verdict in graded.verdicts:
        why = verdict.look
        if not why and verdict.state in ("not reached", "error"):
            first = verdict.losses[0].says if verdict.losses else (verdict.notes or [""])[0]
            why = f"{STATES[verdict.state]}: {first}" if first else STATES[verdict.state]
        if why:
            made.append((one_line(verdict.name), one_line(cut(why, 240))))
    return made


# ---- sentences ----


def place(loss: Loss) -> str:
    """client.c:42 in main(), as far as it is known."""
    where = f"{loss.file}:{loss.line}" if loss.file and loss.line else loss.file or ""
    inside = f" in {loss.function}()" if loss.function else ""
    if not where and loss.operation:
        return one_line(loss.operation)
    return one_line(f"{where}{inside}")


def says(loss: Loss) -> tuple[str, str]:
    """The sentence, and what belongs to it on lines of its own."""
    first, _, rest = plain(loss.says).partition("\n")
    return cut(first, SAYS_MAX), cut(rest, SAYS_MAX)


def sentence(words: str) -> str:
    """It begins with a capital letter, unless that is a name: send() took 2 of 6 bytes."""
    first = words.partition(" ")[0]
    return words if re.search(r"[^a-z,]", first) else words[:1].upper() + words[1:]


def departs(loss: Loss) -> str:
    """Of a loss without a finding: what is known of the call at its place."""
    return f"It departs here: {cut(plain(loss.departs or ''), SAYS_MAX)}."


def cost(loss: Loss) -> str:
    if loss.before == ELSEWHERE:
        return f"this mistake has cost its points in {ELSEWHERE}"
    if loss.before:
        return f"this mistake has cost its points in \u201c{one_line(loss.before)}\u201d"
    count = number(loss.points)
    return f"\u2212{count} point{'' if count == 1 else 's'}" if loss.points else ""


def excerpt(loss: Loss) -> Iterator[tuple[int, str, bool]]:
    """The student's own lines: number, text, and whether it is the one."""
    for at, line in loss.excerpt:
        yield at, cut(plain(line.expandtabs(4)), LINE_MAX), at == loss.line


def _loss_lines(loss: Loss) -> Iterator[str]:
    first, rest = says(loss)
    head = [place(loss), loss.finding or "", first]
    price = f" ({cost(loss)})" if cost(loss) else ""
    yield ": ".join(filter(None, head)) + price
    if rest:
        yield rest
    if loss.departs:
        yield departs(loss)
    for at, line, is_marked in excerpt(loss):
        yield f"{'>' if is_marked else ' '} {at:4} | {line}".rstrip()
    if loss.hint:
        yield plain(loss.hint)


def text_of(verdict: Verdict) -> str:
    """All that is to be said of a test, as text."""
    parts = []
    if verdict.state in MEANS:
        parts.append(MEANS[verdict.state])
    parts += ["\n".join(_loss_lines(loss)) for loss in verdict.losses]
    parts += [cut(plain(note), SAYS_MAX) for note in verdict.notes]
    if verdict.feedback and verdict.state != "passed":
        parts.append(plain(verdict.feedback))
    if verdict.repeat and verdict.state != "passed":
        parts.append(f"Try it {at_home(verdict.repeat)}:\n{plain(verdict.repeat)}")
    return cut("\n\n".join(parts), TEXT_MAX)


def at_home(repeat: str) -> str:
    """Where the command is to be typed."""
    script = re.search(r"sockfault peer (?:--\S+ (?:dgram )?)*([\w./-]+\.py):", repeat)
    beside = f", with {script[1]} of the assignment beside it" if script else ""
    return f"in the folder of your submission{beside}"


def first_sentence(verdict: Verdict) -> str:
    """For where there is room for one."""
    if verdict.losses:
        return one_line(": ".join(filter(None, [place(verdict.losses[0]), verdict.losses[0].says])))
    return one_line(verdict.notes[0]) if verdict.notes else STATES[verdict.state]


def findings(graded: Graded) -> set[str]:
    return {loss.finding for one in graded.verdicts for loss in one.losses if loss.finding}
