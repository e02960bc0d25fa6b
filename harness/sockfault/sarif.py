# SPDX-License-Identifier: MIT
"""Findings as SARIF 2.1.0, for code scanning.

A finding whose place in the source is not known stands at the program itself: GitHub wants a place.
The fingerprint is that of the finding and its place, not of the line, so that it survives edits.
"""

from __future__ import annotations

import hashlib
import pathlib
import urllib.parse
from typing import Any, Iterable

from . import command
from .events import Finding

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "advice": "note"}


def _uri(path: str, root: pathlib.Path) -> str:
    """Relative to the folder of the sources where it lies in there."""
    place = pathlib.Path(path)
    if place.is_absolute() and place.is_relative_to(root):
        place = place.relative_to(root)
    text = urllib.parse.quote(place.as_posix())
    return f"file://{text}" if place.is_absolute() else text


def _location(finding: Finding, root: pathlib.Path) -> dict[str, Any]:
    made: dict[str, Any] = {
        "artifactLocation": {"uri": _uri(finding.file or finding.program or "unknown", root)}
    }
    if finding.line:
        made["region"] = {"startLine": finding.line}
    location: dict[str, Any] = {"physicalLocation": made}
    if finding.function:
        location["logicalLocations"] = [{"name": finding.function, "kind": "function"}]
    return location


def _fingerprint(finding: Finding) -> str:
    place = finding.function or finding.site or finding.program or ""
    words = "\0".join((finding.finding, finding.file or "", place))
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def _result(finding: Finding, index: int, root: pathlib.Path) -> dict[str, Any]:
    text = finding.says or finding.finding
    if finding.repeat:
        text += f"\nRepeat: {finding.repeat}"
    made: dict[str, Any] = {
        "ruleId": finding.finding,
        "ruleIndex": index,
        "level": LEVELS.get(finding.severity, "warning"),
        "message": {"text": text},
        "locations": [_location(finding, root)],
        "partialFingerprints": {"sockfaultPlace/v1": _fingerprint(finding)},
    }
    known = {"rule": finding.rule, "realism": finding.realism, "site": finding.site}
    properties = {key: value for key, value in known.items() if value}
    if properties:
        made["properties"] = properties
    return made


def log(findings: Iterable[Finding], root: pathlib.Path) -> dict[str, Any]:
    """The whole file, as a value for json.dump."""
    kept = list(findings)
    names = sorted({finding.finding for finding in kept})
    rules = [{"id": name, "shortDescription": {"text": name.replace("-", " ")}} for name in names]
    driver = {"name": "sockfault", "version": command.version(), "rules": rules}
    found = [_result(finding, names.index(finding.finding), root) for finding in kept]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "utf16CodeUnits", "results": found}],
    }
