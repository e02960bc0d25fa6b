# SPDX-License-Identifier: MIT
"""The examples of harness/examples are graded as their expected.toml says: each point that a
submission loses, by which test, for which mistake, at which line; and no other."""

import os
import pathlib
import shutil
import subprocess
import tomllib

import lesson
import pytest

EXAMPLES = lesson.ROOT / "harness" / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/assignment.toml"))
WITHIN = 1200  # seconds for ten submissions, on a machine that has other things to do


def submissions(example):
    return sorted(path for path in (EXAMPLES / example / "submissions").iterdir() if path.is_dir())


def line_of(submission, lost):
    """The number of the line that the expectation quotes; it stands there once."""
    lines = (submission / lost["file"]).read_text().splitlines()
    found = [number for number, line in enumerate(lines, 1) if line.strip() == lost["line"]]
    assert (
        len(found) == 1
    ), f"{submission.name}: {lost['file']} has {lost['line']!r} {len(found)} times"
    return found[0]


def wanted(submission, expected):
    """Rows as `lost` makes them."""
    for lost in expected.get("lost", []):
        keys = ("test", "points", "finding", "says", "file")
        yield {key: lost[key] for key in keys if key in lost} | {"line": line_of(submission, lost)}


def lost(graded):
    """Each loss of points: the mistake, or what was said where none is known, and its place."""
    for verdict in graded["verdicts"]:
        for loss in verdict["losses"]:
            row = {"test": verdict["name"], "points": loss["points"]}
            if loss["finding"]:
                row["finding"] = loss["finding"]
            else:
                row["says"] = loss["says"].splitlines()[0]
            if loss["points"]:
                yield row | {key: loss[key] for key in ("file", "line")}


def run(example, report, *words):
    command = [str(lesson.BUILD / "sockfault"), "grade", "--report", str(report), *words]
    command += ["assignment.toml", *(f"submissions/{path.name}" for path in submissions(example))]
    return subprocess.run(
        command, cwd=EXAMPLES / example, capture_output=True, text=True, timeout=WITHIN, check=False
    )


@pytest.mark.parametrize("example", NAMES)
def test_an_example_is_graded_as_expected(example, tmp_path):
    done = run(example, tmp_path / "graded", "-j", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    expected = tomllib.loads((EXAMPLES / example / "expected.toml").read_text())
    assert sorted(expected) == [path.name for path in submissions(example)]
    assert len(expected) == 10
    for submission in submissions(example):
        graded = lesson.state(tmp_path / "graded", submission.name)
        wants = expected[submission.name]
        assert graded["is_done"] and not graded["build"], graded["build"]
        assert list(lost(graded)) == list(wanted(submission, wants)), submission.name
        points = sum(verdict["points"] for verdict in graded["verdicts"])
        assert points == wants["points"], submission.name


@pytest.mark.parametrize("example", NAMES)
def test_each_lost_point_is_told_with_its_line(example):
    """Not by the grader: what is expected names a line for each of them, and mistakes of at least
    four kinds."""
    expected = tomllib.loads((EXAMPLES / example / "expected.toml").read_text())
    kinds = set()
    for name, wants in expected.items():
        rows = list(wanted(EXAMPLES / example / "submissions" / name, wants))
        kinds |= {row["finding"] for row in rows if "finding" in row}
        assert wants["points"] < sum_of(example) or not rows
    assert len(kinds) >= 4


def sum_of(example):
    values = tomllib.loads((EXAMPLES / example / "assignment.toml").read_text())
    assert values["assignment"]["points"] == sum(test["points"] for test in values["test"])
    return values["assignment"]["points"]


@pytest.mark.parametrize("example", NAMES)
def test_the_reference_solution_has_all_points(example, tmp_path):
    copy = tmp_path / "solution"
    shutil.copytree(EXAMPLES / example / "solution", copy)
    report = tmp_path / "graded"
    status, out = lesson.grade(EXAMPLES / example / "assignment.toml", "--report", report, copy)
    assert status == 0, out
    graded = lesson.state(report, "solution")
    assert sum(one["points"] for one in graded["verdicts"]) == sum_of(example), out


def test_examples_are_whole():
    """What an instructor copies: the handout, the assignment, its solution, ten submissions."""
    assert NAMES == ["echo", "keyvalue", "transfer"]
    for example in NAMES:
        folder = EXAMPLES / example
        for name in ("README.md", "assignment.toml", "expected.toml", "solution/Makefile"):
            assert (folder / name).is_file(), f"{example}: there is no {name}"
        names = {path.name for path in folder.rglob("*") if os.access(path, os.X_OK)}
        assert not names & {"client", "server", "sender", "receiver"}, "something was built here"


def test_examples_are_installed(tmp_path):
    words = ["make", "-s", "install", f"DESTDIR={tmp_path}", "PREFIX=/usr"]
    env = {key: value for key, value in os.environ.items() if key != "MAKEFLAGS"}
    build = f"BUILD={os.path.relpath(lesson.BUILD, lesson.ROOT)}"
    subprocess.run([*words, build], cwd=lesson.ROOT, env=env, check=True, timeout=WITHIN)
    installed = tmp_path / "usr/share/sockfault/examples"
    files = {str(p.relative_to(installed)) for p in installed.rglob("*") if p.is_file()}
    ours = subprocess.run(
        ["git", "ls-files", "harness/examples"], cwd=lesson.ROOT, capture_output=True, text=True
    ).stdout.split()
    ours = {str(pathlib.Path(name).relative_to("harness/examples")) for name in ours}
    assert "echo/assignment.toml" in files
    assert files == ours or not ours
