# SPDX-License-Identifier: MIT
"""What a sweep leaves: results.json, run.json, junit.xml, results.sarif, a page, and words for
people.

All that may differ between two equal sweeps is in run.json alone.
"""

from __future__ import annotations

import collections
import json
import os
import pathlib
import platform
import shlex
import xml.etree.ElementTree as xml
from typing import Any, Iterable, Iterator, Sequence

from . import command, github, sarif, sweeppage
from .events import Finding, make, relative
from .sweep import Result
from .sweepgroup import Group
from .sweepplan import Entry, Place

MANY = 10  # of what is listed for people
ENCODING = "utf-8"


def is_known(group: Group, known: Sequence[dict[str, Any]]) -> bool:
    finding = group.finding
    return any(
        one.get("finding") == finding.finding
        and one.get("file") == finding.file
        and one.get("function") in (None, finding.function)
        for one in known
    )


def failure(result: Result, group: Group) -> dict[str, Any]:
    """One of results.json's failures."""
    finding = group.finding
    faults = sorted({entry.fault for entry in group.entries})
    return {
        "finding": finding.finding,
        "severity": finding.severity,
        "program": finding.program,
        "file": finding.file,
        "line": finding.line,
        "function": finding.function,
        "site": finding.site,
        "rule": group.rule,
        "realism": finding.realism if group.entries else None,
        "repeat": group.repeat(result.program),
        "says": finding.says,
        "hint": finding.hint,
        "faults": faults,
        "times": group.times,
    }


def _failures(
    result: Result, known: Sequence[dict[str, Any]], wanted: bool
) -> list[dict[str, Any]]:
    return [
        failure(result, group)
        for group in result.groups
        if group.is_confirmed and is_known(group, known) is wanted
    ]


def _line(result: Result, place: Place) -> dict[str, Any]:
    known = result.lines.get((place.func, place.stack), {})
    file = known.get("file")
    where = {name: known.get(name) for name in ("line", "function")}
    return {"file": relative(file) if file else None, **where}


def _coverage(result: Result) -> list[dict[str, Any]]:
    """Each call site, and what came of each fault there: the rows of the report's table."""
    places: dict[Place, dict[str, list[str]]] = {}
    for entry in result.plan:
        places.setdefault(entry.place, {})
    by_id = {record["run"]: record["result"] for record in result.records}
    for entry in result.entries:
        if entry.id in by_id:
            places[entry.place].setdefault(entry.fault, []).append(by_id[entry.id])
    order = ("found", "fine", "not-reached", "trouble")
    return [
        {
            "program": place.program,
            "func": place.func,
            "site": place.site,
            "stack": place.stack,
            **_line(result, place),
            "faults": {
                fault: next(name for name in order if name in seen) for fault, seen in row.items()
            },
        }
        for place, row in places.items()
    ]


def met_a_fault(row: dict[str, Any]) -> bool:
    """A row of the coverage: did a fault fire there?"""
    return any(one in ("found", "fine") for one in row["faults"].values())


def _sites(result: Result, coverage: Sequence[dict[str, Any]]) -> dict[str, int | None]:
    """How many places of the code make calls on sockets: those that some run has reached, those
    of them that a fault-free run had not, those where a fault fired, those that none has reached
    (None: nothing tells which there are)."""
    never = result.never_reached
    return {
        "reached": len(result.reached),
        "by_faults_alone": len(result.reached - result.measure.sites),
        "faulted": len({row["site"] for row in coverage if met_a_fault(row)}),
        "never_reached": None if never is None else len(never),
    }


def results(result: Result, known: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """results.json."""
    coverage = _coverage(result)
    made = {
        "target": result.program.command,
        "seed": result.program.seed,
        "runs": len(result.records),
        "sites": _sites(result, coverage),
        "not_reached": sum(record["result"] == "not-reached" for record in result.records),
        "failures": _failures(result, known, False),
    }
    if known:
        made["known"] = _failures(result, known, True)
    return made | {"coverage": coverage, "never_reached": result.never_reached}


def run_facts(result: Result, started: float) -> dict[str, Any]:
    """run.json: all that may differ between two equal sweeps."""
    return {
        "version": command.version(),
        "system": " ".join(platform.uname()[i] for i in (0, 2, 4)),
        "started": started,
        "seconds": round(result.seconds, 3),
        "runs": result.speed.runs,
        "late_runs": result.speed.late_runs,
        "runs_per_second": round(result.speed.runs_per_second, 1),
        "jobs": result.jobs,
        "processors": os.cpu_count(),
        "deadline": round(result.measure.deadline, 3),
        "baseline_seconds": round(result.measure.wall, 4),
        "left": result.left,
        "notes": result.notes,
        "flaky": [failure(result, group) for group in flaky(result)],
        "missed": [record["run"] for record in result.records if not record.get("hit")],
    }


def flaky(result: Result) -> list[Group]:
    return [group for group in result.groups if not group.is_confirmed]


def _junit(result: Result) -> xml.Element:
    suite = xml.Element("testsuite", name="sockfault sweep")
    by_entry: dict[str, list[Group]] = collections.defaultdict(list)
    for group in result.groups:
        for entry in group.entries if group.is_confirmed else ():
            by_entry[entry.id].append(group)
    entries = {entry.id: entry for entry in result.entries}
    counts: collections.Counter[str] = collections.Counter()
    for record in result.records:
        case = _case(suite, entries[record["run"]])
        groups = by_entry[record["run"]]
        errors = [group for group in groups if group.finding.severity == "error"]
        if errors:
            counts["failures"] += 1
            text = "\n".join(_text(result, group) for group in errors)
            first = errors[0].finding
            where = xml.SubElement(case, "failure", message=f"{first.finding}: {first.place}")
            where.text = _printable(text)
        elif record["result"] == "not-reached":
            counts["skipped"] += 1
            xml.SubElement(case, "skipped", message=_printable(record.get("why", "not reached")))
        elif record["result"] == "trouble":
            counts["errors"] += 1
            why = f"the run could not be made: {record['why']}"
            xml.SubElement(case, "error", message=_printable(why))
    totals = {"tests": len(result.records)}
    for name, value in (totals | {k: counts[k] for k in ("failures", "errors", "skipped")}).items():
        suite.set(name, str(value))
    root = xml.Element("testsuites")
    root.append(suite)
    return root


def _printable(text: str) -> str:
    """XML knows no control characters."""
    return "".join(c if c in "\n\t" or c.isprintable() else "?" for c in text)


def _case(suite: xml.Element, entry: Entry) -> xml.Element:
    place = entry.place
    name = entry.id.partition("/")[2]
    return xml.SubElement(
        suite,
        "testcase",
        classname=f"{place.program}.{place.func}@{place.site}~{place.stack}",
        name=name,
    )


def _text(result: Result, group: Group) -> str:
    return f"{group.finding}\n{group.repeat(result.program)}"


def write(
    folder: pathlib.Path, result: Result, known: Sequence[dict[str, Any]], started: float
) -> None:
    """All files of a report."""
    failures = _failures(result, known, False)
    fields = ("times", "faults")
    findings = [
        make(Finding, {key: value for key, value in one.items() if key not in fields})
        for one in failures
    ]
    values = {
        "results.json": results(result, known),
        "run.json": run_facts(result, started),
        "results.sarif": sarif.log(findings, pathlib.Path.cwd()),
    }
    for name, value in values.items():
        text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
        (folder / name).write_text(text, encoding=ENCODING)
    tree = xml.ElementTree(_junit(result))
    xml.indent(tree)
    tree.write(folder / "junit.xml", encoding=ENCODING, xml_declaration=True)
    groups = [one for one in result.groups if one.is_confirmed and not is_known(one, known)]
    page = sweeppage.page(result, values["results.json"], values["run.json"], groups)
    (folder / "report.html").write_text(page, encoding=ENCODING)


def annotate(result: Result, known: Sequence[dict[str, Any]]) -> None:
    """For GitHub: what was found at its lines, and the summary of the step."""
    failures = _failures(result, known, False)
    trial: dict[str, Any] = {
        "name": f"sweep of {result.program.name}",
        "suite": None,
        "line": None,
        "passed": not failures,
        "problems": [],
        "findings": failures,
        "known": _failures(result, known, True) if known else [],
    }
    for line in github.lines([trial]):
        print(line)
    github.summarize([trial], print)


# ---- words ----


def summary(result: Result, known: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What is printed at the end."""
    groups = [group for group in result.groups if group.is_confirmed]
    old = [group for group in groups if is_known(group, known)]
    mistakes = _mistakes(group for group in groups if group not in old)
    for group, *others in mistakes:
        yield from _failure_lines(result, group, others)
    went = flaky(result)
    slow = [group for group in went if group.is_late]
    went = [group for group in went if not group.is_late]
    for title, some in (
        ("known", old),
        ("came and went, not counted", went),
        ("only took its time, not counted", slow),
    ):
        for group in some[:MANY]:
            yield f"{title}: {group.finding}".splitlines()[0]
        if len(some) > MANY:
            yield f"{title}: and {len(some) - MANY} more"
    yield from _total(result, [group for group, *_ in mistakes])


def _mistakes(groups: Iterable[Group]) -> list[list[Group]]:
    """What is one mistake to those who mend it: one place, to which several callers lead."""
    made: dict[tuple[Any, ...], list[Group]] = {}
    for group in groups:
        made.setdefault(group.mistake, []).append(group)
    return list(made.values())


def _failure_lines(result: Result, group: Group, others: Sequence[Group]) -> Iterator[str]:
    finding, every = group.finding, [group, *others]
    place = f"{finding.place}: " if finding.place else ""
    first, *more = (group.seen or finding.says).splitlines() or [""]
    yield f"{place}{finding.severity}: {first} [{finding.finding}]"
    yield from (f"    {line}" for line in more)
    if finding.hint:
        yield f"    {finding.hint}"
    times = sum(one.times for one in every)
    if times > 1:
        faults = _some(sorted({entry.fault for one in every for entry in one.entries}))
        yield f"    {times} runs show it" + (f" ({faults})" if faults else "")
    yield f"    {group.repeat(result.program)}"
    rules = list(dict.fromkeys(f"-e {shlex.quote(one.rule)}" for one in others if one.rule))
    if rules:
        ways = "another way" if len(rules) == 1 else f"{len(rules)} other ways"
        yield f"    also reached by {ways}: {_some(rules)}"
    yield ""


def _some(texts: Sequence[str]) -> str:
    return ", ".join(texts[: MANY // 2]) + (", ..." if len(texts) > MANY // 2 else "")


def _total(result: Result, groups: Sequence[Group]) -> Iterator[str]:
    made = results(result)
    counts = collections.Counter(group.finding.severity for group in groups)
    found = ", ".join(
        f"{counts[name]} {name}{'s' if counts[name] != 1 and name != 'advice' else ''}"
        for name in ("error", "warning", "advice")
        if counts[name] or name == "error"
    )
    sites = made["sites"]
    never = f", {sites['never_reached']} were never reached" if sites["never_reached"] else ""
    yield (
        f"{result.program.name}: {found} in {made['runs']} runs "
        f"({result.speed.runs_per_second:.0f} a second); "
        f"{sites['faulted']} of {sites['reached']} call sites met a fault{never}"
    )
    if made["not_reached"]:
        one = made["not_reached"] == 1
        what = "1 fault was" if one else f"{made['not_reached']} faults were"
        yield f"{what} not reached: no such call, or it can't fail so"
    why = troubles(result)
    if why:
        what = "1 run" if len(why) == 1 else f"{len(why)} runs"
        yield f"{what} could not be made: {why[0].splitlines()[0]}"
    if result.left:
        yield f"{result.left} faults were not tried: the time was up"


def troubles(result: Result) -> list[str]:
    """Why runs could not be made: nobody knows what the program does there."""
    return [one["why"] for one in result.records if one["result"] == "trouble"]


def has_errors(result: Result, known: Sequence[dict[str, Any]]) -> bool:
    return any(
        group.is_confirmed and group.finding.severity == "error" and not is_known(group, known)
        for group in result.groups
    )
