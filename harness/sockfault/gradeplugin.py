# SPDX-License-Identifier: MIT
"""Submissions as pytest items, one for each: so -n and other hosts come from pytest-xdist.
plugin.py brings them in; grade.py writes the list of them and starts pytest.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import shutil
from typing import Any, Iterator

import pytest

from . import assignment as assignments
from . import grade, processes
from .command import SockfaultError
from .examroom import ExamRoom, Listed
from .sandbox import Level

ROOM = pytest.StashKey[ExamRoom]()


def add_option(group: Any) -> None:
    group.addoption("--sockfault-grade", metavar="FILE", help=argparse.SUPPRESS)


def configure(config: pytest.Config, is_worker: bool) -> None:
    """A worker ends with the one who grades, however that ends."""
    if config.option.sockfault_grade:
        config.args = [config.option.sockfault_grade]
        if is_worker:
            processes.end_with_parent()


def _room(config: pytest.Config, listed: Listed) -> ExamRoom:
    """This worker's."""
    if ROOM not in config.stash:
        assignment = assignments.read(pathlib.Path(listed.assignment))
        work = grade.workplace(listed.prefix)
        config.add_cleanup(lambda: shutil.rmtree(work, ignore_errors=True))
        room = ExamRoom(assignment, Level(listed.level), work, listed.seed)
        config.add_cleanup(room.clear)
        config.stash[ROOM] = room
    return config.stash[ROOM]


class GradeFile(pytest.File):
    """The submissions that `sockfault grade` listed: an item each."""

    def collect(self) -> Iterator[pytest.Item]:
        listed = Listed(**json.loads(self.path.read_text()))
        for name, folder, key in listed.submissions:
            yield SubmissionItem.from_parent(
                self, name=name, folder=pathlib.Path(folder), key=key, listed=listed
            )


class SubmissionItem(pytest.Item):
    """One submission. It passes when it is graded, whatever its points."""

    def __init__(self, *, folder: pathlib.Path, key: str, listed: Listed, **rest: Any) -> None:
        super().__init__(**rest)
        self.folder, self.key, self.listed = folder, key, listed

    def runtest(self) -> None:
        results = pathlib.Path(self.listed.folder) / self.name
        room = _room(self.config, self.listed)
        graded = room.grade(self.name, self.folder, results, self.key)
        points = f"{graded.points:g} of {graded.of:g}"
        look = "; ".join(graded.looks)
        self.user_properties.append(("points", f"{points} ({look})" if look else points))

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
