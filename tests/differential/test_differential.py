# SPDX-License-Identifier: MIT
"""An injected fault can't be told from a real one: both are produced, and the transcripts compared.

The cases are in cases.py, the program that is played with is probe.c. Each is run once without the
library, where the kernel makes the fault, and once under a rule, with a healthy peer.
"""

import difflib
import json
import os
import pathlib
import subprocess

import pytest

from cases import ROWS, cases

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SOCKFAULT_BUILD", ROOT / "build"))
PROBE = BUILD / "tests" / "differential" / "probe"
CASES = list(cases())
TIMEOUT = 90  # the probe ends itself after 60 seconds


def output(words, tmp_path):
    """Of a program that must end well. What it leaves behind is the test's own."""
    places = ("HOME", "XDG_RUNTIME_DIR", "SOCKFAULT_DIR")
    environment = {place: str(tmp_path) for place in places} | {"PATH": os.environ["PATH"]}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
    return done.stdout


def transcript(words, tmp_path):
    return output(words, tmp_path).splitlines()


def natively(case, tmp_path):
    return transcript([PROBE, "native", case.kind, case.script], tmp_path)


def by_rule(case, tmp_path):
    outcome = tmp_path / "outcome.json"
    words = [BUILD / "sockfault", "run", "--quiet", "--outcome", outcome, "-e", case.rule, "--"]
    lines = transcript(words + [PROBE, "rule", case.kind, case.script], tmp_path)
    told = json.loads(outcome.read_text())
    assert all(rule["fired"] for rule in told["rules"]) and not told["escapes"], told["rules"]
    return lines


def as_excepted(lines, differs):
    """The kernel's transcript with the lines in which it may differ: each of them once."""
    left = dict(differs)
    return [left.pop(line, line) for line in lines]


def parameter(case):
    return pytest.param(case, id=case.name, marks=() if case.is_quick else pytest.mark.long)


@pytest.mark.parametrize("case", map(parameter, CASES))
def test_both_transcripts_are_equal(case, tmp_path):
    real = as_excepted(natively(case, tmp_path), case.row.differs)
    injected = by_rule(case, tmp_path)
    difference = difflib.unified_diff(
        real, injected, "by the kernel", "by the rule", "", "", 99, ""
    )
    assert real == injected, "\n".join([case.rule, case.script, *difference])


def test_the_table_is_large_enough_and_names_no_case_twice():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert sum(case.is_quick for case in CASES) >= 60


@pytest.mark.parametrize("row", [row for row in ROWS if row.differs], ids=lambda row: row.name)
def test_the_manual_says_why_a_row_is_excepted(row):
    page = (ROOT / "doc" / "sockfault-scenario.5").read_text()
    assert row.because and row.because in " ".join(page.split())
