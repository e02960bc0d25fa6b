# SPDX-License-Identifier: MIT
"""What a submission came to: points, and for each that was lost the reason. Everything that is
written of a submission is made from this, and nothing else.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

from .report import Row

STATE = "graded.json"  # in the folder of a submission's results


@dataclasses.dataclass
class Loss:
    """A mistake, and the points that it cost: 0 where it has no price, or has cost before.

    says       one sentence; further lines are a difference of texts, as of diff -u
    finding    its name (sockfault explain NAME), with its severity and hint; None: something was
               other than expected
    file, line, function  where the program makes it, file relative to the submission; None where
               the call is not the program's own: in an interpreter, say, or in a library
    operation  the call that it is about: "recv"
    excerpt    the lines of source around it, with their numbers
    departs    where there is no finding: what is known of the call that stands there
    before     the test in which the same mistake has cost its points
    """

    points: float
    says: str
    finding: str | None = None
    severity: str | None = None
    file: str | None = None
    line: int | None = None
    function: str | None = None
    hint: str | None = None
    excerpt: list[tuple[int, str]] = dataclasses.field(default_factory=list)
    before: str | None = None
    operation: str | None = None
    departs: str | None = None


@dataclasses.dataclass
class Verdict:
    """What a test came to.

    points, of  that it got, of those that it is worth
    state       passed; failed: no points; partly: some; not reached: its fault never happened, so
                that it says nothing of the program; error: it could not be made
    losses      why points are missing, and mistakes that cost nothing; none of a test that passed
                without any
    notes       what else is to be said, a sentence each
    feedback    the assignment's own words, where the test did not pass
    repeat      the shell command that makes the same run; None where there is none
    duration    seconds
    chart       what both sides did, around the faults
    look        why somebody should look at it, or None
    """

    name: str
    visibility: str  # visible, hidden, after_due_date, after_published
    points: float
    of: float
    state: str
    losses: list[Loss]
    notes: list[str]
    feedback: str | None = None
    repeat: str | None = None
    duration: float = 0.0
    chart: list[Row] = dataclasses.field(default_factory=list)
    look: str | None = None


@dataclasses.dataclass
class Graded:
    """A submission.

    build     why it could not be built, or can't be run under the library; all tests have failed
    warnings  about the program as a whole
    level     how programs were kept apart: bubblewrap, unshare, limits (sandbox.Level)
    is_done   all tests were made
    started   when its grading began, in seconds since 1970: the formats want times
    """

    name: str
    assignment: str
    of: float
    level: str
    build: str | None = None
    warnings: list[str] = dataclasses.field(default_factory=list)
    verdicts: list[Verdict] = dataclasses.field(default_factory=list)
    started: float = 0.0
    is_done: bool = False

    @property
    def points(self) -> float:
        return sum(verdict.points for verdict in self.verdicts)

    @property
    def looks(self) -> list[str]:
        """Why somebody should look at it."""
        made = ["it could not be built or run"] if self.build else []
        return made + [f"{one.name}: {one.look}" for one in self.verdicts if one.look]

    @property
    def needs_a_look(self) -> bool:
        return bool(self.looks)

    def as_json(self, key: str) -> str:
        """key: of the submission and the assignment as they were (grade.key_of)."""
        return json.dumps({"key": key, "graded": dataclasses.asdict(self)}) + "\n"


# ---- on disk ----


def _loss(values: dict[str, Any]) -> Loss:
    made = Loss(**values)
    made.excerpt = [(number, line) for number, line in made.excerpt]
    return made


def _verdict(values: dict[str, Any]) -> Verdict:
    made = Verdict(**values)
    made.losses = [_loss(one) for one in values["losses"]]
    made.chart = [Row(**one) for one in values["chart"]]
    return made


def restored(values: dict[str, Any]) -> Graded:
    made = Graded(**values)
    made.verdicts = [_verdict(one) for one in values["verdicts"]]
    return made


def read_state(folder: pathlib.Path) -> tuple[str, Graded] | None:
    """The key and what was written under it; None where there is nothing whole."""
    try:
        values = json.loads((folder / STATE).read_text())
        return str(values["key"]), restored(values["graded"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
