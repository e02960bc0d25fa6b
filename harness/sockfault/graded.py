# SPDX-License-Identifier: MIT
"""What a submission came to: points, and for each that was lost the reason. Everything that is
written of a submission is made from this, and nothing else.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

STATE = "graded.json"  # in the folder of a submission's results


@dataclasses.dataclass
class Loss:
    """Points that were lost, and why."""

    points: float
    says: str
    finding: str | None = None
    severity: str | None = None
    file: str | None = None
    line: int | None = None
    function: str | None = None
    hint: str | None = None
    excerpt: list[tuple[int, str]] = dataclasses.field(default_factory=list)
    before: str | None = None  # the test in which the same mistake has cost its points


@dataclasses.dataclass
class Verdict:
    """What a test came to."""

    name: str
    visibility: str
    points: float
    of: float
    state: str  # passed, failed, partly, not reached, error
    losses: list[Loss]
    notes: list[str]
    feedback: str | None = None
    repeat: str | None = None
    duration: float = 0.0
    chart: str = ""  # rows of HTML


@dataclasses.dataclass
class Graded:
    """A submission."""

    name: str
    assignment: str
    of: float
    level: str
    build: str | None = None  # why it could not be built, or run at all
    warnings: list[str] = dataclasses.field(default_factory=list)
    verdicts: list[Verdict] = dataclasses.field(default_factory=list)
    is_done: bool = False

    @property
    def points(self) -> float:
        return sum(verdict.points for verdict in self.verdicts)

    @property
    def needs_a_look(self) -> bool:
        return any(verdict.state in ("not reached", "error") for verdict in self.verdicts)

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
