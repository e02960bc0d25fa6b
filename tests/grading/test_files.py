# SPDX-License-Identifier: MIT
"""What other programs read of a grading: each file is what its reader takes, whatever the
submission; what a student may not see is not in it; and the validators refuse what is wrong."""

import csv
import io
import json

import formats
import made
import pytest

from sockfault import gradefiles
from sockfault.gradewords import LEVELS
from sockfault.text import plain

SUBMISSIONS = {
    "ordinary": made.submission,
    "hidden": made.with_hidden,
    "hostile": made.hostile,
    "unbuilt": made.unbuilt,
    "not done": lambda: made.submission(is_done=False),
    "without tests": lambda: made.submission(verdicts=[]),
    "could not be run": lambda: made.submission(
        verdicts=[made.verdict("", 0.0, 4.0, "error", losses=[made.broken()])]
    ),
    "parts of points": lambda: made.submission(
        verdicts=[made.verdict(f"test {at}", 0.5, 1.25, "partly") for at in range(5)]
    ),
}


@pytest.mark.parametrize("show", LEVELS)
@pytest.mark.parametrize("name", gradefiles.FILES)
@pytest.mark.parametrize("kind", SUBMISSIONS)
def test_each_file_is_what_its_reader_takes(kind, name, show):
    text = gradefiles.FILES[name](SUBMISSIONS[kind](), show)
    assert formats.problems(name, text) == []
    assert plain(text) == text  # no control character, nothing that UTF-8 has no bytes for
    assert len(text.encode()) < 200_000


@pytest.mark.parametrize("name", gradefiles.FILES)
def test_written_again_a_file_is_the_same(name, monkeypatch):
    first = gradefiles.FILES[name](made.submission(), "visible")
    monkeypatch.setattr("time.time", lambda: made.STARTED + 1000)
    assert gradefiles.FILES[name](made.submission(), "visible") == first


# ---- what the files say ----


def test_gradescope_is_told_the_line_the_source_and_the_command():
    found = json.loads(gradefiles.gradescope(made.submission()))
    assert found["score"] == 7.5 and found["execution_time"] == 2
    short = found["tests"][1]
    assert (short["score"], short["max_score"], short["status"]) == (1, 4, "failed")
    first = short["output"].splitlines()[0]
    assert first.startswith("client.c:18 in main(): short-send-dropped: send() took 2 of 6 bytes")
    assert first.endswith("(\u22123 points)")
    assert ">   18 |     send(fd, line, strlen(line), 0);" in short["output"]
    assert made.REPEAT in short["output"] and short["tags"] == ["short-send-dropped"]
    # Neither passed nor failed: its points speak.
    missed = found["tests"][3]
    assert "status" not in missed and missed["output"].startswith("The fault of this test never")
    assert missed["extra_data"] == {"state": "not reached"}


def test_gradescope_hides_tests_itself_and_so_is_told_of_all():
    tests = json.loads(gradefiles.gradescope(made.with_hidden()))["tests"]
    levels = ["hidden", "visible", "after_due_date", "after_published"]
    assert [test["visibility"] for test in tests] == levels
    assert all(test["name"].startswith("SECRET") for test in tests if test["number"] != "2")


@pytest.mark.parametrize("name", [name for name in gradefiles.FILES if name != "results.json"])
def test_a_file_that_students_may_see_has_the_points_alone_of_a_hidden_test(name):
    text = gradefiles.FILES[name](made.with_hidden(), "visible")
    assert "SECRET" not in text and "Hidden test 1" in text and "a line" in text
    assert "Hidden test 2" not in text
    later = gradefiles.FILES[name](made.with_hidden(), "after_due_date")
    assert "SECRET until due" in later and "SECRET test" not in later
    assert "SECRET test" in gradefiles.FILES[name](made.with_hidden(), "hidden")


def test_classroom_adds_up_to_all_points_with_hidden_tests_too():
    found = json.loads(gradefiles.classroom(made.with_hidden()))
    assert [test["score"] for test in found["tests"]] == [1, 4, 0.5, 4]
    assert found["max_score"] == 14 and found["status"] == "fail"
    one = json.loads(gradefiles.classroom(made.submission()))["tests"][1]
    assert (one["filename"], one["line_no"], one["duration"]) == ("client.c", 18, 250)
    assert "4 were never sent" in one["message"]


@pytest.mark.parametrize(
    "values, most, whole",
    [
        ([1.0, 2.0, 3.0], None, [1, 2, 3]),
        ([0.5, 0.5, 0.5, 0.5], None, [1, 1, 0, 0]),
        ([2.5, 2.5, 0.0], [3, 2, 1], [3, 2, 0]),
        ([0.1 + 0.2, 0.7], [1, 1], [0, 1]),
        ([], None, []),
    ],
)
def test_whole_points_add_up(values, most, whole):
    assert gradefiles.whole(values, most) == whole


def test_classroom_50_takes_what_its_runner_knows(monkeypatch):
    known = {
        "CLASSROOM": "cs-principles",
        "ASSIGNMENT": "echo",
        "SUBMISSION_TAG": "submit/2026-06-01T14-32-05Z-a1b2c3d",
        "COMMIT_URL": "https://example.org/commit/1",
        "RELEASE_URL": "https://example.org/release/1",
        "REVIEW_URL": "",
    }
    for name, value in known.items():
        monkeypatch.setenv(name, value)
    found = json.loads(gradefiles.classroom50(made.submission()))
    assert found["classroom"] == "cs-principles" and found["assignment"] == "echo"
    assert found["submission"].startswith("submit/") and found["review"] == known["COMMIT_URL"]
    assert (found["score"], found["max-score"]) == (8, 20)  # 7.5 of 20
    assert sum(test["points"] for test in found["tests"]) == 7.5


def test_ctrf_says_other_of_what_was_not_reached():
    tests = json.loads(gradefiles.ctrf(made.submission()))["results"]["tests"]
    states = [test["status"] for test in tests]
    assert states == ["passed", "failed", "failed", "other", "failed"]
    assert tests[1]["extra"] == {"points": 1, "of": 4, "places": ["client.c:18"]}
    assert "send(fd, line" in tests[1]["snippet"]


# ---- the gradebook ----


def book(*submissions, **more):
    text = gradefiles.gradebook(submissions, **more)
    return list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))


def test_the_gradebook_has_a_row_for_each_submission_graded_or_not():
    head, *rows = book(made.submission("b"), made.submission("a"), ungraded=["c"])
    assert head[:3] == ["submission", "points", "of"] and head[3] == "echoes a line"
    assert head[-2:] == ["needs a look", "findings"]
    assert [row[0] for row in rows] == ["a", "b", "c"]
    assert rows[0][1:8] == ["7.5", "20", "4", "1", "0", "0", "2.5"]
    assert rows[0][8].startswith("survives a reset: not reached: never happened: recv nth=9")
    assert rows[0][9] == "short-send-dropped"
    assert rows[2] == ["c", *[""] * 7, "was not graded", ""]
    assert {len(row) for row in rows} == {len(head)}


@pytest.mark.parametrize(
    "name",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "\uff1d1",
        "=cmd|' /C calc'!A0",
        "x;=1",
        "x; @a",
    ],
)
def test_no_cell_is_a_formula(name):
    """Nor where a semicolon is taken for the end of a cell."""
    tests = [made.verdict(name, losses=[made.loss(finding=name)], look=name)]
    for row in [*book(made.submission(name)), *book(made.submission(verdicts=tests))]:
        for cell in ",".join(row).split(";") + row:
            assert not cell.lstrip().startswith(gradefiles.FORMULA)


def test_a_name_may_have_anything_in_it():
    rows = book(made.submission('a,"b"\nc;d'), made.hostile())
    assert {len(row) for row in rows[1:]} == {len(rows[0])}
    assert rows[2][0] == 'a,"b" c;d'


def test_only_a_gradebook_with_more_than_ascii_is_marked_as_utf_8():
    assert gradefiles.gradebook([made.submission("ada")]).startswith("submission")
    assert gradefiles.gradebook([made.submission("\u00e4da")]).startswith("\ufeff")
    assert gradefiles.gradebook([]).startswith("submission,points")


# ---- the validators refuse ----


def spoilt(name, change):
    """The ordinary file, with something done to it."""
    found = json.loads(gradefiles.FILES[name](made.submission(), "visible"))
    change(found)
    return formats.problems(name, json.dumps(found))


def put(*path_and_value):
    *path, key, value = path_and_value

    def change(found):
        for step in path:
            found = found[step]
        found[key] = value

    return change


def drop(*path):
    def change(found):
        for step in path[:-1]:
            found = found[step]
        del found[path[-1]]

    return change


WRONG = [
    ("results.json", put("visibility", "secret")),
    ("results.json", put("tests", 0, "visibility", "after_due")),
    ("results.json", put("tests", 0, "score", "2")),
    ("results.json", put("tests", 0, "score", 5)),
    ("results.json", put("tests", 0, "score", -1)),
    ("results.json", put("tests", 0, "status", "partly")),
    ("results.json", put("tests", 0, "number", 1)),
    ("results.json", put("tests", 0, "output", ["a", "list"])),
    ("results.json", put("tests", 0, "output_format", "markdown")),
    ("results.json", put("tests", 0, "tags", "one")),
    ("results.json", put("tests", 0, "tags", [1])),
    ("results.json", put("tests", 0, "maximum", 1)),
    ("results.json", put("tests", {})),
    ("results.json", put("execution_time", "1 s")),
    ("results.json", put("execution_time", -1)),
    ("results.json", put("score", True)),
    ("results.json", put("score", float("nan"))),
    ("results.json", put("points", 3)),
    ("results.json", put("leaderboard", [{"name": "Time"}])),
    ("results.json", lambda found: (found.pop("score"), found["tests"][1].pop("score"))),
    ("results.json", lambda found: (found.pop("score"), found.pop("tests"))),
    ("classroom.json", put("version", 2)),
    ("classroom.json", put("status", "pass")),
    ("classroom.json", put("tests", 0, "status", "passed")),
    ("classroom.json", put("tests", 0, "score", None)),
    ("classroom.json", put("tests", 0, "score", 100)),
    ("classroom.json", put("tests", 0, "line_no", "12")),
    ("classroom.json", drop("max_score")),
    ("classroom.json", drop("tests", 0, "name")),
    ("result.json", put("schema", "classroom50/result/v2")),
    ("result.json", put("commit", "")),
    ("result.json", put("datetime", "2026-06-01 14:32")),
    ("result.json", put("score", 7.5)),
    ("result.json", put("score", 7)),
    ("result.json", put("max-score", 21)),
    ("result.json", put("tests", 0, "passed", "yes")),
    ("result.json", put("tests", 0, "score", 5)),
    ("result.json", drop("tests", 0, "test-name")),
    ("result.json", drop("classroom")),
    ("ctrf.json", put("reportFormat", "ctrf")),
    ("ctrf.json", put("specVersion", "1")),
    ("ctrf.json", put("results", "tests", 0, "status", "partly")),
    ("ctrf.json", put("results", "tests", 0, "duration", 0.5)),
    ("ctrf.json", put("results", "tests", 0, "suite", "one")),
    ("ctrf.json", put("results", "tests", 0, "points", 3)),
    ("ctrf.json", put("results", "tests", 0, "name", "")),
    ("ctrf.json", put("results", "summary", "passed", 2)),
    ("ctrf.json", put("results", "summary", "stop", 0)),
    ("ctrf.json", drop("results", "summary", "pending")),
    ("ctrf.json", drop("results", "tool", "name")),
    ("ctrf.json", put("more", 1)),
]


@pytest.mark.parametrize("at", range(len(WRONG)))
def test_a_wrong_document_is_refused(at):
    name, change = WRONG[at]
    assert spoilt(name, lambda found: None) == []
    assert spoilt(name, change)


@pytest.mark.parametrize("name", ["results.json", "classroom.json", "result.json", "ctrf.json"])
@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"tests": null}'])
def test_what_is_no_document_is_refused(name, text):
    assert formats.problems(name, text)


@pytest.mark.parametrize(
    "old, new",
    [
        ("<testsuites>", "<suites>"),
        ('tests="5"', 'tests="4"'),
        ('failures="3"', ""),
        ('failures="3"', 'failures="three"'),
        ('skipped="1"', 'skipped="0"'),
        ('time="1.250"', 'time="1.25 s"'),
        ('<testcase classname="Echo client" name=', "<testcase title="),
        ("<failure ", "<failed "),
        ("<property ", "<property more='' "),
        ("<failure ", "\x01<failure "),
    ],
)
def test_wrong_junit_is_refused(old, new):
    text = gradefiles.junit(made.submission())
    assert formats.problems("junit.xml", text) == []
    assert old in text
    assert formats.problems("junit.xml", text.replace(old, new))
