# SPDX-License-Identifier: MIT
"""What a whole pytest run found, put together from the reports of its items on all hosts:
results.json, results.sarif, annotations. The page of a run is written where the run was.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import sys
from typing import Any, Iterable, Sequence

from . import github, report, sarif
from .events import Event, Finding
from .peer import Line
from .run import Run
from .suite import Target
from .trial import Outcome


ATTRIBUTE = "sockfault"  # of a report


def _relative(path: pathlib.Path) -> str:
    """To where pytest was started, if it is below: so annotations find it."""
    here = pathlib.Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def of_outcome(name: str, outcome: Outcome, suite: pathlib.Path) -> dict[str, Any]:
    """What travels from a worker to the one that collects: plain values only."""
    run = outcome.seen.run
    return {
        "name": name,
        "suite": _relative(suite),
        "target": outcome.target.command,
        "line": outcome.scenario.line if outcome.scenario else 1,
        "seed": run.seed,
        "passed": outcome.passed,
        "problems": outcome.problems,
        "findings": [dataclasses.asdict(finding) for finding in outcome.findings],
        "known": [dataclasses.asdict(finding) for finding in outcome.known],
        "sites": _sites(event for event in run.events if event.is_call),
        "faulted": _sites(run.faults),
    }


def of_failure(
    name: str, target: Target, suite: pathlib.Path, line: int, text: str
) -> dict[str, Any]:
    """The same of a trial that came to nothing."""
    nothing: dict[str, Any] = {key: [] for key in ("findings", "known", "sites", "faulted")}
    what = {"name": name, "suite": _relative(suite), "line": line, "target": target.command}
    return nothing | what | {"seed": 1, "passed": False, "problems": [text]}


def of_runs(
    name: str, runs: Sequence[Run], test: pathlib.Path, line: int, problems: list[str]
) -> dict[str, Any]:
    """The same of a test that used the fixture."""
    findings = [
        dataclasses.replace(finding, repeat=finding.repeat or run.repeat)
        for run in runs
        for finding in run.findings
    ]
    return {
        "name": name,
        "suite": _relative(test),
        "target": runs[-1].argv,
        "line": line,
        "seed": runs[-1].seed,
        "problems": problems,
        "findings": [dataclasses.asdict(finding) for finding in findings],
        "known": [],
        "sites": _sites(event for run in runs for event in run.events if event.is_call),
        "faulted": _sites(fault for run in runs for fault in run.faults),
    }


def _sites(events: Iterable[Event]) -> list[str]:
    return sorted({event.site for event in events if event.site})


def write_page(
    folder: str,
    title: str,
    run: Run,
    findings: Sequence[Finding],
    problems: Sequence[str],
    lines: Sequence[Line],
    repeat: str,
) -> None:
    """One self-contained page for this run. A folder that this host can't write is left alone."""
    stem = re.sub(r"[^\w-]+", "-", title).strip("-").lower()
    made = report.page(run, title, findings, problems, lines, repeat)
    try:
        os.makedirs(folder, exist_ok=True)
        pathlib.Path(folder, f"{stem}.html").write_text(made, encoding="utf-8")
    except OSError as error:
        print(f"sockfault: no page in {folder}: {error}", file=sys.stderr)


def _failures(trials: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each finding once, with how often it was made."""
    made: dict[tuple[Any, ...], dict[str, Any]] = {}
    for trial in trials:
        for finding in trial["findings"]:
            key = tuple(finding[name] for name in ("finding", "file", "line", "site", "says"))
            one = made.setdefault(key, {**finding, "times": 0})
            one["times"] += 1
    return list(made.values())


def results(trials: list[dict[str, Any]]) -> dict[str, Any]:
    """results.json, as a sweep has it, and as `known` reads it."""
    reached = {site for trial in trials for site in trial["sites"]}
    faulted = {site for trial in trials for site in trial["faulted"]}
    wanted = "finding severity file line function site rule realism repeat says times".split()
    failures = [{key: one[key] for key in wanted} for one in _failures(trials)]
    return {
        "target": trials[0]["target"] if trials else [],
        "seed": trials[0]["seed"] if trials else 1,
        "runs": len(trials),
        "sites": {"reached": len(reached), "faulted": len(faulted)},
        "failures": failures,
    }


class Collected:
    """Hears of each report, and writes at the end. Registered where reports come together."""

    def __init__(self, config: Any) -> None:
        self.config = config
        self.trials: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        found = getattr(report, ATTRIBUTE, None)
        if found and report.when == "call":
            self.trials.append(found)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Sorted, so that side by side and one after the other give the same files."""
        self.trials.sort(key=lambda trial: str(trial["name"]))
        folder = self.config.option.sockfault_report
        if folder:
            self._write(pathlib.Path(folder))
            terminalreporter.write_line(f"sockfault: reports are in {folder}")
        if self.config.option.sockfault_annotations:
            for line in github.lines(self.trials):
                terminalreporter.write_line(line)
            github.summarize(self.trials, terminalreporter.write_line)

    def _write(self, folder: pathlib.Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        findings = [Finding(**self._plain(one)) for one in _failures(self.trials)]
        made = {
            "results.json": results(self.trials),
            "results.sarif": sarif.log(findings, pathlib.Path.cwd()),
        }
        for name, value in made.items():
            text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
            (folder / name).write_text(text, encoding="utf-8")

    @staticmethod
    def _plain(values: dict[str, Any]) -> dict[str, Any]:
        kept = {key: value for key, value in values.items() if key != "times"}
        return kept | {"evidence": tuple(kept["evidence"])}
