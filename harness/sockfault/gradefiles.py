# SPDX-License-Identifier: MIT
"""What other programs read of a graded submission: Gradescope, GitHub Classroom, Classroom 50,
CTRF, JUnit; and of all of them the gradebook. Each function gives the whole content of one file.

Gradescope is told everything: it applies `visibility` itself. The others land where students look
(the log of a job, an asset of a release), so there a test that may not be seen has its points, and
neither name nor words.

Sources: Gradescope's autograder specifications (results.json); classroom-resources/
autograding-grading-reporter v1; foundation50/classroom50, "Advanced Autograding"
(classroom50/result/v1); ctrf-io/ctrf, ctrf.schema.json; junit-10.xsd of Jenkins's xunit plugin.
"""

from __future__ import annotations

import csv
import io
import json
import re
import math
import os
import time
import xml.etree.ElementTree as ET
from typing import Any, Callable, Iterable, Sequence

from . import command
from .graded import Graded, Verdict
from .gradewords import (
    findings,
    first_sentence,
    number,
    reasons,
    text_of,
    veiled,
)
from .text import one_line, plain

NO_TEST = "unnamed test"


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _name(verdict: Verdict) -> str:
    return one_line(verdict.name) or NO_TEST


def _started(graded: Graded) -> float:
    """When it was graded, so that a file which is written again is the same."""
    return graded.started or time.time()


def _stamp(seconds: float, form: str) -> str:
    return time.strftime(form, time.gmtime(seconds))


def _milliseconds(verdict: Verdict) -> int:
    return round(verdict.duration * 1000)


# ---- Gradescope ----


def _gradescope_test(at: int, verdict: Verdict) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": _name(verdict),
        "name_format": "text",
        "number": str(at),
        "score": number(verdict.points),
        "max_score": number(verdict.of),
        "output": text_of(verdict),
        "output_format": "text",
        "tags": sorted({loss.finding for loss in verdict.losses if loss.finding}),
        "visibility": verdict.visibility,
        "extra_data": {"state": verdict.state},
    }
    # What was not reached has neither passed nor failed: then its points alone speak.
    if verdict.state in ("passed", "partly", "failed"):
        made["status"] = "passed" if verdict.state == "passed" else "failed"
    return made


def gradescope(graded: Graded, _show: str = "visible") -> str:
    notes = [plain(graded.build)] if graded.build else []
    notes += [plain(warning) for warning in graded.warnings]
    if not graded.is_done:
        notes.append("Grading has not come to its end: tests are missing here.")
    return _json(
        {
            "score": number(graded.points),
            "execution_time": math.ceil(sum(verdict.duration for verdict in graded.verdicts)),
            "output": "\n".join(notes),
            "output_format": "text",
            "test_output_format": "text",
            "test_name_format": "text",
            "visibility": "visible",
            "stdout_visibility": "hidden",
            "extra_data": {"isolation": graded.level, "done": graded.is_done},
            "tests": [_gradescope_test(at, one) for at, one in enumerate(graded.verdicts, 1)],
        }
    )


# ---- GitHub Classroom, Classroom 50 ----


def _classroom_test(verdict: Verdict) -> dict[str, Any]:
    loss = next((loss for loss in verdict.losses if loss.file and loss.line), None)
    status = {"passed": "pass", "error": "error"}.get(verdict.state, "fail")
    return {
        "name": _name(verdict),
        "status": status,
        "message": (text_of(verdict) or None) if status != "pass" else None,
        "test_code": plain(verdict.repeat or ""),
        "filename": one_line(loss.file or "") if loss else "",
        "line_no": loss.line if loss else 0,
        "duration": _milliseconds(verdict),
        "score": number(verdict.points),
    }


def classroom(graded: Graded, show: str = "visible") -> str:
    """GitHub Classroom: a step gives it, in base64, as its output `result`."""
    tests = [_classroom_test(verdict) for verdict in veiled(graded, show).verdicts]
    statuses = {test["status"] for test in tests}
    status = next(word for word in ("error", "fail", "pass") if word in statuses | {"pass"})
    return _json({"version": 1, "status": status, "max_score": number(graded.of), "tests": tests})


def whole(values: Sequence[float], most: Sequence[int] | None = None) -> list[int]:
    """Whole numbers for these, none above `most`, which add up to their sum, rounded."""
    made = [math.floor(value + 1e-9) for value in values]
    left = math.floor(sum(values) + 0.5 + 1e-9) - sum(made)
    order = sorted(range(len(made)), key=lambda at: (made[at] - values[at], at))
    for at in order:
        if left > 0 and (most is None or made[at] < most[at]):
            made[at] += 1
            left -= 1
    return made


def classroom50(graded: Graded, show: str = "visible") -> str:
    """Points are whole numbers there. What the runner knows of the submission it tells by its
    environment; elsewhere something has to stand in for that."""
    seen = veiled(graded, show).verdicts
    most = whole([verdict.of for verdict in seen])
    scores = whole([verdict.points for verdict in seen], most)
    known = os.environ.get
    commit = known("COMMIT_URL") or "none"
    tests = [
        {
            "test-name": _name(verdict),
            "passed": verdict.state == "passed",
            "score": score,
            "max-score": top,
            "points": number(verdict.points),
            "state": verdict.state,
            "output": text_of(verdict),
        }
        for verdict, score, top in zip(seen, scores, most)
    ]
    return _json(
        {
            "schema": "classroom50/result/v1",
            "classroom": known("CLASSROOM") or "none",
            "assignment": known("ASSIGNMENT") or one_line(graded.assignment) or "none",
            "submission": known("SUBMISSION_TAG") or one_line(graded.name) or "none",
            "commit": commit,
            "release": known("RELEASE_URL") or "none",
            "review": known("REVIEW_URL") or commit,
            "datetime": _stamp(_started(graded), "%Y-%m-%dT%H:%M:%SZ"),
            "score": sum(scores),
            "max-score": sum(most),
            "tests": tests,
        }
    )


# ---- CTRF, JUnit ----

_CTRF_STATUS = {"passed": "passed", "failed": "failed", "partly": "failed", "not reached": "other"}


def _snippet(verdict: Verdict) -> str | None:
    loss = next((loss for loss in verdict.losses if loss.excerpt), None)
    return plain("\n".join(line for _, line in loss.excerpt)) if loss else None


def _ctrf_test(graded: Graded, verdict: Verdict) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": _name(verdict),
        "status": _CTRF_STATUS.get(verdict.state, "other"),
        "duration": _milliseconds(verdict),
        "suite": [one_line(graded.assignment), one_line(graded.name)],
        "rawStatus": verdict.state,
        "tags": sorted({loss.finding for loss in verdict.losses if loss.finding}),
        "extra": {
            "points": number(verdict.points),
            "of": number(verdict.of),
            "places": [
                f"{one_line(loss.file)}:{loss.line}" for loss in verdict.losses if loss.file
            ],
        },
    }
    if verdict.state != "passed":
        snippet = _snippet(verdict)
        made["message"] = text_of(verdict)
        made |= {"snippet": snippet} if snippet else {}
    return made


def ctrf(graded: Graded, show: str = "visible") -> str:
    """Nothing beside what the schema knows, but in `extra`."""
    tests = [_ctrf_test(graded, verdict) for verdict in veiled(graded, show).verdicts]
    statuses = [test["status"] for test in tests]
    names = ("passed", "failed", "skipped", "pending", "other")
    start = round(_started(graded) * 1000)
    summary = {"tests": len(tests)} | {name: statuses.count(name) for name in names}
    summary |= {"start": start, "stop": start + sum(test["duration"] for test in tests)}
    tool = {"name": "sockfault", "version": command.version()}
    return _json(
        {
            "reportFormat": "CTRF",
            "specVersion": "0.0.0",
            "generatedBy": "sockfault grade",
            "results": {"tool": tool, "summary": summary, "tests": tests},
        }
    )


_JUNIT_KINDS = {
    "failed": "failure",
    "partly": "failure",
    "error": "error",
    "not reached": "skipped",
}


def junit(graded: Graded, show: str = "visible") -> str:
    seen = veiled(graded, show).verdicts
    kinds = [_JUNIT_KINDS.get(verdict.state, "") for verdict in seen]
    suite = ET.Element(
        "testsuite",
        name=one_line(graded.name),
        tests=str(len(kinds)),
        failures=str(kinds.count("failure")),
        errors=str(kinds.count("error")),
        skipped=str(kinds.count("skipped")),
        time=f"{sum(verdict.duration for verdict in seen):.3f}",
        timestamp=_stamp(_started(graded), "%Y-%m-%dT%H:%M:%S"),
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in (("points", graded.points), ("of", graded.of)):
        ET.SubElement(properties, "property", name=name, value=str(number(value)))
    for verdict, kind in zip(seen, kinds):
        case = ET.SubElement(
            suite,
            "testcase",
            classname=one_line(graded.assignment),
            name=_name(verdict),
            time=f"{verdict.duration:.3f}",
        )
        if kind:
            what = ET.SubElement(case, kind, type=verdict.state, message=first_sentence(verdict))
            what.text = text_of(verdict)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


FILES: dict[str, Callable[[Graded, str], str]] = {
    "results.json": gradescope,
    "classroom.json": classroom,
    "result.json": classroom50,
    "ctrf.json": ctrf,
    "junit.xml": junit,
}


# ---- the gradebook ----

FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")  # what a spreadsheet takes for the start of one


_STARTS = re.compile(rf"(^|;)(\s*)(?=[{re.escape(''.join(FORMULA))}])")


def cell(text: str) -> str:
    """A text that a spreadsheet leaves a text: a formula in a student's file name would be run.
    Where decimals have a comma, spreadsheets take a semicolon for the start of a cell as well."""
    return _STARTS.sub(r"\1\2'", one_line(text))


def _row(graded: Graded, tests: Iterable[str]) -> list[Any]:
    by_name = {verdict.name: verdict for verdict in graded.verdicts}
    scores = [number(by_name[name].points) if name in by_name else "" for name in tests]
    look = "; ".join(": ".join(filter(None, reason)) for reason in reasons(graded))
    found = " ".join(sorted(findings(graded)))
    points = number(graded.points)
    return [cell(graded.name), points, number(graded.of), *scores, cell(look), cell(found)]


def gradebook(all_graded: Sequence[Graded], ungraded: Sequence[str] = ()) -> str:
    """CSV: a row for each submission, a column for each test. What was not graded has a row too,
    without points: nobody is to be forgotten."""
    tests = [verdict.name for verdict in all_graded[0].verdicts] if all_graded else []
    rows = [(graded.name, _row(graded, tests)) for graded in all_graded]
    nothing = ["" for _ in tests]
    rows += [(name, [cell(name), "", "", *nothing, "was not graded", ""]) for name in ungraded]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = ["submission", "points", "of", *map(cell, tests), "needs a look", "findings"]
    writer.writerow(head)
    writer.writerows(row for _, row in sorted(rows, key=lambda pair: pair[0]))
    made = out.getvalue()
    # Without a mark at its start Excel takes such a file for one of its own 8-bit code pages.
    return made if made.isascii() else "\ufeff" + made
