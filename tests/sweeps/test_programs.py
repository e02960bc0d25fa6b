# SPDX-License-Identifier: MIT
"""Sweeps of released programs, to their end: they find what doc/found.md says, and no more."""

import json
import os
import pathlib
import re
import subprocess

import pytest

from programs import PROGRAMS

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOCKFAULT = pathlib.Path(os.environ.get("SOCKFAULT_BUILD", ROOT / "build")) / "sockfault"
FOUND = ROOT / "doc" / "found.md"
ENTRY = re.compile(r"^### (\S+): (\S+) in (\w+)$", re.MULTILINE)
QUICK = {"dig", "nginx"}  # a client and a server
TIMEOUT = 1500  # seconds for one sweep on a loaded machine


def told(name):
    """(finding, operation) of each entry of the document for this program."""
    return {(row[1], row[2]) for row in ENTRY.findall(FOUND.read_text()) if row[0] == name}


def operation(failure):
    """That the rule which shows it names first."""
    return re.match(r"\w+", failure["rule"])[0]


def marked(program):
    """The two that find most in least time are part of `make test`."""
    marks = [] if program.name in QUICK else [pytest.mark.long]
    return pytest.param(program, marks=marks, id=program.name)


@pytest.mark.parametrize("program", map(marked, PROGRAMS))
def test_a_sweep_finds_what_is_known(program, tmp_path):
    report = tmp_path / "report"
    argv = [str(SOCKFAULT), "sweep", "--quiet", "--report", str(report), *program.words()]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert done.returncode in (0, 1), done.stderr
    results = json.loads((report / "results.json").read_text())
    errors = [one for one in results["failures"] if one["severity"] == "error"]
    found = {(one["finding"], operation(one)) for one in errors}
    assert found == told(program.name), done.stdout
    assert results["sites"]["faulted"] > results["sites"]["reached"] / 2


def test_the_document_speaks_of_these_programs_alone():
    names = {one.name for one in PROGRAMS}
    entries = ENTRY.findall(FOUND.read_text())
    assert {name for name, _, _ in entries} <= names
    assert len(entries) >= 5
