# SPDX-License-Identifier: MIT
"""Submissions as pytest items, one for each: so -n, hosts and JUnit come from pytest. plugin.py
brings them in; grade.py writes the list of them and starts pytest.
"""

from __future__ import annotations

import argparse
import json
import pathlib
from typing import Any, Iterator

import pytest

from . import assignment as assignments
from . import grade
from .command import SockfaultError


def add_option(group: Any) -> None:
    group.addoption("--sockfault-grade", metavar="FILE", help=argparse.SUPPRESS)


class GradeFile(pytest.File):
    """The submissions that `sockfault grade` listed: an item each."""

    def collect(self) -> Iterator[pytest.Item]:
        listed = json.loads(self.path.read_text())
        for name, folder in listed["submissions"]:
            yield SubmissionItem.from_parent(
                self, name=name, folder=pathlib.Path(folder), listed=listed
            )


class SubmissionItem(pytest.Item):
    """One submission. It passes when it is graded, whatever its points."""

    def __init__(self, *, folder: pathlib.Path, listed: dict[str, Any], **rest: Any) -> None:
        super().__init__(**rest)
        self.folder, self.listed = folder, listed

    def runtest(self) -> None:
        listed = self.listed
        reference = listed["reference"]
        graded = grade.grade_one(
            assignments.read(pathlib.Path(listed["assignment"])),
            self.folder,
            self.name,
            pathlib.Path(listed["folder"]) / self.name,
            pathlib.Path(reference) if reference else None,
            listed["seed"],
            listed["keep"],
            listed["isolation"],
        )
        self.user_properties.append(("points", f"{graded.points:g}/{graded.of:g}"))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, SockfaultError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[pathlib.Path, int | None, str]:
        return self.path, None, self.name


def collect(file_path: pathlib.Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The list that --sockfault-grade names."""
    if str(file_path) != parent.config.option.sockfault_grade:
        return None
    made: GradeFile = GradeFile.from_parent(parent, path=file_path, nodeid="")
    return made


def status_of(report: pytest.TestReport) -> tuple[str, str, str] | None:
    points = dict(report.user_properties).get("points")
    if report.when == "call" and report.passed and points:
        return "graded", ".", str(points)
    return None
