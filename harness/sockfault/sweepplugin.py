# SPDX-License-Identifier: MIT
"""The plan of a sweep as pytest items, one for each entry: so -k, -n, hosts and JUnit come from
pytest. plugin.py brings them in.
"""

from __future__ import annotations

import pathlib
from typing import Any, Callable, Iterator

import pytest

from . import sweepplan
from .batch import Batch
from .command import SockfaultError
from .events import Finding, make
from .sweep import Trier, Wishes, baseline
from .sweepgroup import groups_of
from .sweepjudge import Judge
from .sweepplan import Entry
from .sweeprun import Worker


class Wrong(Exception):
    """An entry showed a mistake, and again when it was repeated."""


class Measured:
    """The fault-free run, made when the first entry wants it, and what makes runs."""

    def __init__(self, wishes: Wishes, add_cleanup: Callable[[Callable[[], None]], None]) -> None:
        self.wishes, self.add_cleanup = wishes, add_cleanup
        self._trier: Trier | None = None
        self._failed: SockfaultError | None = None

    def trier(self) -> Trier:
        if self._failed:
            raise SockfaultError(f"not run: {str(self._failed).splitlines()[0]}")
        if self._trier is None:
            wishes = self.wishes
            batch = Batch()
            self.add_cleanup(batch.close)
            worker = Worker(wishes.program, wishes.folder, batch)
            try:
                base = baseline(wishes, worker)
                if not base.is_usable:
                    raise SockfaultError(base.notes[0])
            except SockfaultError as error:
                self._failed = error
                raise
            judge = Judge(wishes.program, base.measure, wishes.compare)
            self._trier = Trier(worker, judge, base.measure)
        return self._trier


class SweepFile(pytest.File):
    """A plan."""

    def collect(self) -> Iterator[pytest.Item]:
        try:
            head, entries = sweepplan.read(self.path)
            folder = self.config._tmp_path_factory.mktemp("sweep")  # type: ignore[attr-defined]
            wishes = Wishes.of_plan(head, folder)
        except SockfaultError as error:
            raise self.CollectError(str(error)) from None
        measured = Measured(wishes, self.config.add_cleanup)
        for entry in entries:
            yield SweepItem.from_parent(self, name=entry.id, measured=measured, entry=entry)


class SweepItem(pytest.Item):
    """One fault on one call: passed if nothing is wrong, skipped if it was not reached."""

    def __init__(self, *, measured: Measured, entry: Entry, **rest: Any) -> None:
        super().__init__(**rest)
        self.measured, self.entry = measured, entry

    def runtest(self) -> None:
        trier = self.measured.trier()
        record = trier.entry(self.entry)
        if record["result"] == "not-reached":
            pytest.skip(record.get("why", "not reached"))
        if record["result"] == "trouble":
            raise SockfaultError(f"the run could not be made: {record['why']}")
        for group in groups_of([self.entry], [record], []):
            if group.finding.severity != "error":
                continue
            proof = trier.group(group)
            if proof["rule"]:
                group.take(proof)
                finding = make(Finding, proof["finding"])
                raise Wrong(f"{finding}\n{group.repeat(self.measured.wishes.program)}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, (Wrong, SockfaultError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[pathlib.Path, int | None, str]:
        return self.path, None, self.name


def collect(file_path: pathlib.Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A plan that --sockfault-sweep names."""
    if str(file_path) not in parent.config.option.sockfault_sweep:
        return None
    inside = file_path.is_relative_to(parent.config.rootpath)
    name: dict[str, Any] = {} if inside else {"nodeid": str(file_path)}
    made: SweepFile = SweepFile.from_parent(parent, path=file_path, **name)
    return made
