# SPDX-License-Identifier: MIT
"""An assignment file: what may stand there, and that every mistake in it is told with its place."""

import pathlib
import subprocess

import pytest
from lesson import BUILD, HEAD, PEER, grade

from sockfault import assignment as assignments
from sockfault.assignment import Price
from sockfault.toml import WrongFile

TEST = """
[[test]]
name = "plain"
points = 2
"""


def read(folder, text):
    (folder / "peer.py").write_text(PEER)
    path = folder / "a.toml"
    path.write_text(text)
    return assignments.read(path)


def complaints(folder, text):
    """(line, rest) of each complaint."""
    with pytest.raises(WrongFile) as caught:
        read(folder, text)
    made = []
    for line in str(caught.value).splitlines():
        if line.startswith(f"{folder}/a.toml:"):
            _, number, rest = line.split(":", 2)
            made.append((int(number), rest.strip()))
    return made


def line_of(text, what):
    return 1 + text[: text.index(what)].count("\n")


def test_a_whole_assignment_is_read(tmp_path):
    (tmp_path / "want").write_text("hello\n")
    (tmp_path / "solution").mkdir()
    made = read(
        tmp_path,
        HEAD.replace('name = "Echo"', 'name = "Echo"\npoints = 20\ncredit = "mistake"')
        + '[reference]\nfolder = "solution"\n'
        + '[expect]\nstdout = "fault-free"\n'
        + '[[group]]\nname = "reads"\nlose-at-most = 3\n'
        + TEST
        + """
        [[test]]
        name = "short reads"
        points = 8
        group = "reads"
        visibility = "hidden"
        rules = ["recv: short 1", "send nth=1: delay 1ms"]
        use = "every-send-is-one-byte"
        expect = { status = [0, 1], peer = "want", within = "500ms" }
        forbid.short-recv-taken-for-whole = 3
        forbid.error = { lose = 2, at_most = 4 }
        not_reached = 4
        credit = "scenario"
        feedback = "read on"
        [[test]]
        name = "as the reference"
        points = 4
        expect.stdout = "reference"
        [[test]]
        name = "all of it"
        points = 6
        sweep = { lose = 2, at_most = 5, time = "20s" }
        """,
    )
    plain, reads, reference, sweep = made.tests
    assert made.worth == 20 and plain.is_plain and not reads.is_plain
    assert plain.credit == "mistake" and reads.credit == "scenario"
    assert plain.expect.stdout == "fault-free" and reads.expect.status == (0, 1)
    assert reads.peer_got == b"hello\n" and reads.expect.within == 0.5
    wanted = {"short-recv-taken-for-whole": Price(3.0), "error": Price(2.0, 4.0)}
    assert reads.forbid == wanted and reads.not_reached == 4 and reads.group == "reads"
    assert reference.expect.stdout == "reference"
    assert (sweep.sweep.lose, sweep.sweep.at_most, sweep.sweep.time) == (2, 5, 20)
    assert made.plain_test(made.targets[0]) is plain


def test_all_mistakes_are_told_at_once_each_with_its_line_and_key(tmp_path):
    text = """\
[assignment]
label = "Echo"
points = "ten"
[build]
command = "make"
within = "soon"
[target]
role = "sever"
command = ["./client"]
peer = "nowhere.py:echo"
[limits]
memory = "lots"
processes = -1
[[test]]
name = "a"
points = -2
rules = ["recv: shrt 1"]
[[test]]
name = "a"
points = 3
use = "no-such-scenario"
expect.stdout = "no-such-file"
expect.status = 300
forbid.no-such-finding = 3
visibility = "shown"
[[test]]
points = 3
group = "none"
sweep = { lose = 1, tme = "20s" }
"""
    told = complaints(tmp_path, text)
    wanted = {
        "assignment.label": "label",
        "assignment.points": 'points = "ten"',
        "build.within": "within",
        "target.role": "role",
        "target.peer": "peer =",
        "limits.memory": "memory",
        "limits.processes": "processes",
        "test[1].points": "points = -2",
        "test[1].rules": "rules",
        "test[2].use": "use =",
        "test[2].expect.stdout": "expect.stdout",
        "test[2].expect.status": "expect.status",
        "test[2].forbid.no-such-finding": "forbid.no",
        "test[2].visibility": "visibility",
        "test[3].group": "group =",
        "test[3].sweep.tme": "sweep =",
    }
    found = {rest.split(":")[0]: number for number, rest in told}
    for key, place in wanted.items():
        assert found.get(key) == line_of(text, place), (key, told)
    assert any(rest.startswith("test[2]") and "two of the name" in rest for _, rest in told)


@pytest.mark.parametrize(
    "more, where, what",
    [
        ("[[test]]\nname='x'\npoints=1\nexpect.stdout='reference'\n", "stdout", "no [reference]"),
        ("[[test]]\nname='x'\npoints=1\nrules='recv: reset'\nsweep={}\n", "sweep", "its own rules"),
        ("[[test]]\nname='x'\n", "test[1]", "wants points"),
        ("", "", "wants a [[test]]"),
        ("[[test]]\nname='x'\npoints=1\n[oracle]\n", "oracle", "no such key"),
        ("[[test]]\nname='x'\npoints=1\nforbid.hang={lose=1, max=2}\n", "max", "no such key"),
    ],
)
def test_one_mistake(tmp_path, more, where, what):
    told = complaints(tmp_path, HEAD + more)
    assert any(where in rest and what in rest for _, rest in told), told


def test_points_must_add_up(tmp_path):
    text = HEAD.replace('name = "Echo"', 'name = "Echo"\npoints = 3') + TEST
    [(number, rest)] = complaints(tmp_path, text)
    assert number == 3 and "is 3, and the tests have 2 together" in rest


def test_a_file_that_is_no_toml_is_told_with_line_and_column(tmp_path):
    assert [one[0] for one in complaints(tmp_path, "[assignment]\nname = \n")] == [2]


@pytest.mark.parametrize("words", [["grade", "--check"], ["check"]])
def test_check_says_what_is_wrong_and_runs_nothing(tmp_path, words):
    (tmp_path / "peer.py").write_text(PEER)
    path = tmp_path / "a.toml"
    path.write_text(HEAD + TEST + "forbid.crsh = 1\n")
    asked = [str(BUILD / "sockfault"), *words, str(path)]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert f"{path}:15: test[1].forbid.crsh: " in done.stderr
    assert "did you mean crash?" in done.stderr
    path.write_text(HEAD + TEST)
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "1 test, 2 points" in done.stdout


def test_a_wrong_assignment_grades_nothing(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text(HEAD)
    (tmp_path / "peer.py").write_text(PEER)
    status, said = grade(path, pathlib.Path("."), "--report", tmp_path / "out")
    assert status == 125 and "wants a [[test]]" in said and not (tmp_path / "out").exists()
