# SPDX-License-Identifier: MIT
"""Annotations as GitHub reads them from a job's output, and its step summary in Markdown.

GitHub shows ten annotations of a kind for each step: what is more is told in the last of them.
"""

from __future__ import annotations

import os
from typing import Any, Callable, Iterator, Sequence

SHOWN = 10
KINDS = {"error": "error", "warning": "warning", "advice": "notice"}
SUMMARY_MAX = 1 << 20  # bytes that GitHub takes


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def annotation(kind: str, title: str, text: str, file: str | None, line: int | None) -> str:
    """::error file=client.c,line=42,title=...::..."""
    known = [("file", file), ("line", line if file else None), ("title", title)]
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in known if value)
    return f"::{kind} {properties}::{_data(text)}"


def _all(
    trials: Sequence[dict[str, Any]]
) -> Iterator[tuple[str, str, str, str | None, int | None]]:
    """Of each trial its problems at their place in the suite, its findings in the source."""
    seen = set()
    for trial in trials:
        for problem in trial["problems"]:
            yield "error", trial["name"], problem, trial["suite"], trial["line"]
        for finding in trial["findings"]:
            text = finding["says"]
            if finding["repeat"]:
                text += f"\n{finding['repeat']}"
            place = (finding["finding"], finding["file"], finding["line"], finding["says"])
            if place not in seen:
                seen.add(place)
                kind = KINDS.get(finding["severity"], "warning")
                file, line = finding["file"] or trial["suite"], finding["line"]
                line = line if finding["file"] else trial["line"]
                yield kind, finding["finding"], text, file, line


def lines(trials: Sequence[dict[str, Any]]) -> Iterator[str]:
    by_kind: dict[str, list[str]] = {}
    for kind, title, text, file, line in _all(trials):
        by_kind.setdefault(kind, []).append(annotation(kind, title, text, file, line))
    for kind, found in by_kind.items():
        more = len(found) - SHOWN
        if more > 0:
            found[SHOWN - 1 :] = [
                annotation(kind, "sockfault", f"and {more + 1} more: see the log", None, None)
            ]
        yield from found


def _cell(text: str) -> str:
    return text.splitlines()[0].replace("|", "\\|") if text else ""


def markdown(trials: Sequence[dict[str, Any]]) -> str:
    wrong = [trial for trial in trials if not trial["passed"]]
    made = [f"### sockfault: {len(trials) - len(wrong)} of {len(trials)} passed", ""]
    if wrong:
        made += ["| scenario | what is wrong | where |", "|---|---|---|"]
    for trial in wrong:
        for problem in trial["problems"]:
            made.append(f"| {_cell(trial['name'])} | {_cell(problem)} | |")
        for finding in trial["findings"]:
            place = f"{finding['file']}:{finding['line']}" if finding["file"] else ""
            what = f"**{finding['finding']}** {_cell(finding['says'])}"
            made.append(f"| {_cell(trial['name'])} | {what} | {place} |")
    known = sum(len(trial["known"]) for trial in trials)
    if known:
        made += ["", f"{known} known findings are not counted."]
    return "\n".join(made) + "\n"


def summarize(trials: Sequence[dict[str, Any]], write: Callable[[str], object]) -> None:
    """Into the file that GitHub names, else where the rest is printed."""
    text = markdown(trials)
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        write(text)
        return
    with open(path, "a", encoding="utf-8") as file:
        file.write(text[:SUMMARY_MAX])
