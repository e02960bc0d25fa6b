# SPDX-License-Identifier: MIT
"""Sweeps of the bundled programs: each wrong one gets its finding at its line, with nobody telling
where to look, and the right ones get no error."""

import json
import os
import re
import subprocess
import sys

import pytest

from conftest import PYTHON, ROOT

sys.path.insert(0, str(ROOT / "tests" / "findings"))
from judge import TARGETS, program_of  # noqa: E402

SWEEP = ROOT / "harness" / "bin" / "sockfault-sweep"
WRONG = sorted((TARGETS / "wrong").glob("*.c"))
RIGHT = sorted((TARGETS / "right").glob("*.c"))
WITHIN = 300
BESIDE = "family=unix"  # ends of a socketpair are no network: sweeps leave them alone
SAMPLE = ("short-send-dropped", "accept-gives-up", "reset-taken-for-end", "interrupt-fatal")


def is_quick(source):
    return source.stem.startswith(SAMPLE)


def sources(some, quick):
    return [
        pytest.param(source, id=source.stem, marks=[] if quick(source) else [pytest.mark.long])
        for source in some
    ]


def only(rules):
    """The faults of these rules, as a sweep tries them."""
    words = []
    for rule in rules:
        action = rule.rpartition(": ")[2].rpartition(", ")[2]
        action = re.sub(r"^(short|truncate|stall|latency|delay) .*", r"\1", action)
        words += ["--only", action]
    return words


def sweep(program, folder, *words):
    roles = ["--peer", program.peer] if program.peer else []
    roles += ["--server", "--client", program.client] if program.client else []
    argv = [PYTHON, SWEEP, "--quiet", *roles, *words, "--report", folder, "--", *program.words]
    done = subprocess.run(
        [str(word) for word in argv],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
        env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"),
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done, json.loads((folder / "results.json").read_text())["failures"]


@pytest.mark.parametrize("source", sources(WRONG, is_quick))
def test_a_sweep_finds_the_mistake_of_a_wrong_program(source, tmp_path):
    program = program_of(source)
    if any(BESIDE in rule for rule in program.rules):
        pytest.skip("a socketpair is no network")
    words = only(program.rules) or ["--time", "0s"]
    done, failures = sweep(program, tmp_path, *words)
    mine = [one for one in failures if one["finding"] == program.finds]
    assert mine, done.stdout
    assert program.marked & {one["line"] for one in mine}, done.stdout
    assert all(one["repeat"] and one["times"] for one in mine)


@pytest.mark.parametrize("source", sources(RIGHT, lambda source: True))
def test_a_sweep_has_nothing_against_a_right_program(source, tmp_path):
    program = program_of(source)
    done, failures = sweep(program, tmp_path, "--time", "3s")
    assert [one for one in failures if one["severity"] != "advice"] == [], done.stdout
