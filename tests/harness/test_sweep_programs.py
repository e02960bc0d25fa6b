# SPDX-License-Identifier: MIT
"""Sweeps of the bundled programs: each wrong one gets its finding at its line, with nobody telling
where to look, and the right ones get none. What is swept here under some faults alone is swept
under all of them by `make test-all`."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from conftest import PYTHON, ROOT

sys.path[:0] = [str(ROOT / "tests" / name) for name in ("findings", "sweeps")]
from judge import TARGETS, program_of  # noqa: E402
from programs import PROGRAMS  # noqa: E402

SWEEP = ROOT / "harness" / "bin" / "sockfault-sweep"
WRONG = sorted((TARGETS / "wrong").glob("*.c"))
RIGHT = sorted((TARGETS / "right").glob("*.c"))
WITHIN = 600
# Of a wrong program: a fixed deadline, for what hangs does so on a quiet machine too; and who waits
# leaves room for others.
QUICK = ["--deadline", "2s", "--jobs", "4"]


def each(some):
    return pytest.mark.parametrize("source", some, ids=[source.stem for source in some])


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


def is_told(program, done, failures):
    file = str(program.source.relative_to(ROOT))
    mine = [
        one
        for one in failures
        if (one["finding"], one["file"]) == (program.finds, file) and one["line"] in program.marked
    ]
    assert mine, done.stdout + done.stderr
    assert all(one["repeat"] and one["times"] for one in mine)
    if not program.rules:
        assert any(one["rule"] is None for one in mine), "it needs no fault"


@each(WRONG)
def test_a_sweep_finds_the_mistake_of_a_wrong_program(source, tmp_path):
    """Under each fault of the kind that shows it, wherever it can happen; and without any."""
    program = program_of(source)
    words = only(program.rules) or ["--time", "0s"]
    is_told(program, *sweep(program, tmp_path, *QUICK, *words))


@pytest.mark.long
@each(WRONG)
def test_a_whole_sweep_finds_it_too(source, tmp_path):
    program = program_of(source)
    is_told(program, *sweep(program, tmp_path))


@each(RIGHT)
def test_a_sweep_has_nothing_against_a_right_program(source, tmp_path):
    done, failures = sweep(program_of(source), tmp_path, "--time", "3s")
    assert failures == [], done.stdout


@pytest.mark.long
@each(RIGHT)
def test_a_whole_sweep_has_nothing_against_it_either(source, tmp_path):
    done, failures = sweep(program_of(source), tmp_path)
    assert failures == [], done.stdout


def ended_at(argv, journal, lines, number):
    """A sweep that gets a signal as soon as its journal has so many lines."""
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + WITHIN
    while not (journal.exists() and journal.read_bytes().count(b"\n") >= lines):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.01)
    process.send_signal(number)
    return process.wait(timeout=WITHIN)


@pytest.mark.long
def test_a_released_client_gets_the_same_results_however_often_it_is_swept(tmp_path):
    """Twice, and once more with two interruptions."""
    program = next(one for one in PROGRAMS if one.name == "redis-cli")

    def argv(name, *words):
        report = ["--quiet", "--report", str(tmp_path / name)]
        return [PYTHON, str(SWEEP), *report, *words, *program.words()]

    for name in ("one", "other"):
        done = subprocess.run(argv(name), capture_output=True, timeout=WITHIN, check=False)
        assert done.returncode == 1, done.stderr
    journal = tmp_path / "cut" / "journal.jsonl"
    count = (tmp_path / "one" / "journal.jsonl").read_bytes().count(b"\n")
    assert ended_at(argv("cut"), journal, count // 3, signal.SIGKILL) == -signal.SIGKILL
    assert ended_at(argv("cut", "--resume"), journal, 2 * count // 3, signal.SIGINT) == 130
    subprocess.run(argv("cut", "--resume"), capture_output=True, timeout=WITHIN, check=False)
    made = [(tmp_path / name / "results.json").read_bytes() for name in ("one", "other", "cut")]
    assert made[0] == made[1] == made[2]
