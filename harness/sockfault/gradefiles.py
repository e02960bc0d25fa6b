# SPDX-License-Identifier: MIT
"""What graders read, written from a graded submission: Gradescope, GitHub Classroom, Classroom 50,
CTRF, JUnit; and for all of them the gradebook. Each function gives the whole content of one file.

Sources: Gradescope's autograder specifications (results.json); classroom-resources/
autograding-grading-reporter (version 1); foundation50/classroom50 (classroom50/result/v1);
ctrf-io/ctrf (schema, specVersion 0.0.0); JUnit as pytest writes it.
"""

from __future__ import annotations

import csv
import io
import json
import re
import time
import xml.etree.ElementTree as ET
from typing import Any, Iterable, Sequence

from .graded import Graded, Verdict

STATES = {"passed": "passed", "failed": "failed", "partly": "failed"}
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # in XML 1.0


def sentences(verdict: Verdict) -> list[str]:
    """What a student is told, a line each."""
    made = []
    for loss in verdict.losses:
        place = f"{loss.file}:{loss.line}: " if loss.file and loss.line else ""
        name = f"{loss.finding}: " if loss.finding else ""
        cost = f"-{loss.points:g}: " if loss.points else ""
        before = f' (has cost its points in "{loss.before}")' if loss.before else ""
        made.append(f"{cost}{place}{name}{loss.says}{before}")
        if loss.hint:
            made.append(f"  {loss.hint}")
    return made + verdict.notes


def text_of(verdict: Verdict) -> str:
    lines = sentences(verdict)
    lines += [verdict.feedback] if verdict.feedback else []
    lines += [f"try it: {verdict.repeat}"] if verdict.repeat and verdict.state != "passed" else []
    return "\n".join(lines)


def number(value: float) -> float | int:
    rounded = round(value, 4)
    return int(rounded) if rounded == int(rounded) else rounded


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def gradescope(graded: Graded) -> str:
    tests = []
    for at, verdict in enumerate(graded.verdicts, 1):
        tests.append(
            {
                "name": verdict.name,
                "number": str(at),
                "score": number(verdict.points),
                "max_score": number(verdict.of),
                "status": "passed" if verdict.state == "passed" else "failed",
                "output": text_of(verdict),
                "output_format": "text",
                "tags": sorted({loss.finding for loss in verdict.losses if loss.finding}),
                "visibility": verdict.visibility,
                "extra_data": {"state": verdict.state},
            }
        )
    notes = [graded.build] if graded.build else []
    notes += graded.warnings
    return _json(
        {
            "score": number(graded.points),
            "execution_time": round(sum(verdict.duration for verdict in graded.verdicts)),
            "output": "\n".join(notes),
            "output_format": "text",
            "test_output_format": "text",
            "visibility": "visible",
            "stdout_visibility": "hidden",
            "tests": tests,
            "extra_data": {"isolation": graded.level, "done": graded.is_done},
        }
    )


def classroom(graded: Graded) -> str:
    """GitHub Classroom: a hidden test has no words."""
    tests = []
    for verdict in graded.verdicts:
        place = next((loss for loss in verdict.losses if loss.file), None)
        passed = verdict.state == "passed"
        shown = verdict.visibility == "visible"
        tests.append(
            {
                "name": verdict.name,
                "status": "pass" if passed else "error" if verdict.state == "error" else "fail",
                "message": None if passed or not shown else text_of(verdict),
                "test_code": verdict.repeat or "",
                "filename": place.file if place and shown else "",
                "line_no": place.line or 0 if place and shown else 0,
                "duration": round(verdict.duration * 1000),
                "score": number(verdict.points),
            }
        )
    passed = all(test["status"] == "pass" for test in tests)
    status = "pass" if passed else "error" if any(t["status"] == "error" for t in tests) else "fail"
    return _json({"version": 1, "status": status, "max_score": number(graded.of), "tests": tests})


def whole(value: float) -> int:
    """Points for a format that has no parts of them."""
    return int(value + 0.5)


def classroom50(graded: Graded) -> str:
    tests = [
        {
            "test-name": verdict.name,
            "passed": verdict.state == "passed",
            "score": whole(verdict.points),
            "max-score": whole(verdict.of),
        }
        for verdict in graded.verdicts
    ]
    return _json(
        {
            "schema": "classroom50/result/v1",
            "classroom": "",
            "assignment": graded.assignment,
            "submission": graded.name,
            "commit": "",
            "release": "",
            "review": "",
            "datetime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "score": whole(graded.points),
            "max-score": whole(graded.of),
            "tests": tests,
        }
    )


def ctrf(graded: Graded) -> str:
    """Nothing beside what the schema knows, but in `extra`."""
    states = [STATES.get(verdict.state, "other") for verdict in graded.verdicts]
    tests = []
    for verdict, state in zip(graded.verdicts, states):
        one: dict[str, Any] = {
            "name": verdict.name,
            "status": state,
            "duration": round(verdict.duration * 1000),
            "suite": [graded.assignment],
            "rawStatus": verdict.state,
            "extra": {"points": number(verdict.points), "of": number(verdict.of)},
        }
        if verdict.state != "passed":
            one["message"] = text_of(verdict)
        place = next((loss for loss in verdict.losses if loss.file and loss.line), None)
        if place:
            one |= {"filePath": place.file, "line": place.line}
        tests.append(one)
    stop = round(time.time() * 1000)
    spent = round(sum(verdict.duration for verdict in graded.verdicts) * 1000)
    summary = {
        name: states.count(name) for name in ("passed", "failed", "skipped", "pending", "other")
    }
    summary |= {"tests": len(tests), "start": stop - spent, "stop": stop}
    results = {"tool": {"name": "sockfault"}, "summary": summary, "tests": tests}
    return _json({"reportFormat": "CTRF", "specVersion": "0.0.0", "results": results})


def junit(graded: Graded) -> str:
    def clean(text: str) -> str:
        return ILLEGAL.sub("?", text)

    counts = [verdict.state for verdict in graded.verdicts]
    suite = ET.Element(
        "testsuite",
        name=clean(graded.name),
        tests=str(len(counts)),
        failures=str(sum(state in ("failed", "partly") for state in counts)),
        errors=str(counts.count("error")),
        skipped=str(counts.count("not reached")),
        time=f"{sum(verdict.duration for verdict in graded.verdicts):.3f}",
        timestamp=time.strftime("%Y-%m-%dT%H:%M:%S"),
        hostname="localhost",
    )
    kinds = {"failed": "failure", "partly": "failure", "error": "error", "not reached": "skipped"}
    for verdict in graded.verdicts:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=clean(graded.assignment),
            name=clean(verdict.name),
            time=f"{verdict.duration:.3f}",
        )
        if verdict.state in kinds:
            lines = sentences(verdict)
            what = ET.SubElement(
                case, kinds[verdict.state], message=clean(lines[0] if lines else "")
            )
            what.text = clean(text_of(verdict))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


FILES = {
    "results.json": gradescope,
    "classroom.json": classroom,
    "result.json": classroom50,
    "ctrf.json": ctrf,
    "junit.xml": junit,
}


def gradebook(all_graded: Sequence[Graded]) -> str:
    """CSV: a row for each submission, a column for each test."""
    names: Iterable[str] = (
        [verdict.name for verdict in all_graded[0].verdicts] if all_graded else []
    )
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["submission", "points", "of", *names, "needs a look", "findings"])
    for graded in all_graded:
        found = sorted({x.finding for v in graded.verdicts for x in v.losses if x.finding})
        rows.writerow(
            [
                graded.name,
                number(graded.points),
                number(graded.of),
                *(number(verdict.points) for verdict in graded.verdicts),
                "yes" if graded.needs_a_look or graded.build else "",
                " ".join(found),
            ]
        )
    return out.getvalue()
