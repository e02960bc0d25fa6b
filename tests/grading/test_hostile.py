# SPDX-License-Identifier: MIT
"""Hostile submissions: each gets no points for what it tries, harms nobody, is named, and leaves
nothing behind. hostile/ has them; what is said of each is in NAMED.
"""

import csv
import html.parser
import json
import re
import xml.etree.ElementTree

import pytest
from boxes import (
    HOSTILE,
    grade,
    left_files,
    names,
    needs,
    open_folder,
    put_together,
    running,
    users,
    work_folders,
)

LATE = "did not end in time"
SILENT = "never talked to its peer"
ROUND = "it got round the library: "
WROTE = "it wrote to the trace that sockfault keeps of it: "
BUILD_LATE = r"the build .* took (longer than|more than \d+ MiB of the disk)"

# Of each, a sentence that somebody reads of it, and its points.
NAMED = {
    "burns-cpu": f"{LATE}|CPU time",
    "core-dump": "SIGABRT",
    "daemon": LATE,
    "descriptors": SILENT,
    "eats-memory": f"{SILENT}|SIGKILL",
    "endless-printer": "printed more than 65536 bytes",
    "fills-disk": SILENT,
    "forges-trace": f"{ROUND}|{WROTE}",
    "fork-bomb": LATE,
    "ignores-signals": LATE,
    "injects-markup": "the question was another one",
    "kills-all": f"SIGKILL|{SILENT}",
    "links": "client.c is a link that leads out of the submission",
    "makefile-endless": BUILD_LATE,
    "makefile-forks": SILENT,
    "prints-expected": SILENT,
    "raw-calls": ROUND + "its other end had 1 connection with it",
    "raw-transfer": ROUND + "its peer received 6 bytes",
    "reads-answers": SILENT,
    "sleeps": LATE,
    "spoils-trace": WROTE + "its (file was cut off|header)",
    "static-twin": ROUND + "it started a program",
    "takes-all-ports": f"{SILENT}|{LATE}",
    "traces-others": SILENT,
    "unsets-preload": ROUND,
    "writes-outside": SILENT,
}
RIGHT = {"makefile-links"}  # what it builds is right, and its links lead nowhere
GOOD = ("good-1", "good-2", "good-3")
# Of these each is tried at each level, as each user: they end at once.
QUICK = (
    "descriptors",
    "kills-all",
    "links",
    "raw-calls",
    "spoils-trace",
    "traces-others",
    "writes-outside",
)


def hand_in(folder, wanted):
    """Submissions, those that are not hostile between the others."""
    made = [put_together(name, folder) for name in wanted if name != "links"]
    for at, name in zip((0, len(made) // 2, len(made)), GOOD):
        made.insert(at, put_together("good", folder).rename(folder / name))
    if "links" in wanted:
        made.append(put_together("good", folder).rename(folder / "links"))
        (made[-1] / "client.c").unlink()
        (made[-1] / "client.c").symlink_to(HOSTILE / "good.c")
        (made[-1] / "answer").symlink_to(HOSTILE / "assignment" / "answer.txt")
        (made[-1] / "all").symlink_to("/")
    return made


class Class:
    """What came of a class."""

    def __init__(self, folder, wanted, level="auto", user=None, more=()):
        self.files = left_files()
        self.report = folder / "report"
        self.report.mkdir(mode=0o777)
        self.report.chmod(0o777)
        submissions = hand_in(folder, wanted)
        self.status, self.said = grade(submissions, self.report, level, user, more)

    def graded(self, name):
        return json.loads((self.report / name / "graded.json").read_text())["graded"]

    def points(self, name):
        return sum(verdict["points"] for verdict in self.graded(name)["verdicts"])

    def words(self, name):
        """All that is said of a submission."""
        graded = self.graded(name)
        said = [graded["build"] or "", *graded["warnings"]]
        for verdict in graded["verdicts"]:
            said += [loss["says"] for loss in verdict["losses"]] + verdict["notes"]
        return "\n".join(said)

    def check_nothing_is_left(self):
        assert running(self.report) == {}
        assert work_folders(self.report) == []
        assert left_files() == self.files

    def check(self, name):
        if name in RIGHT or name in GOOD:
            assert self.points(name) == 10, self.words(name)
        else:
            assert self.points(name) == 0, self.words(name)
        if name in NAMED:
            assert re.search(NAMED[name], self.words(name), re.S), self.words(name)


@pytest.fixture(scope="module")
def hostile():
    """All of them, and good ones among them, two at a time."""
    with open_folder() as folder:
        yield Class(folder, sorted([*names(), "links"]), more=("-n", "2"))


def test_each_is_graded(hostile):
    assert hostile.status == 0, hostile.said
    rows = list(csv.DictReader((hostile.report / "gradebook.csv").open()))
    assert {row["submission"] for row in rows} == {*NAMED, *RIGHT, *GOOD}


@pytest.mark.parametrize("name", sorted(NAMED.keys() | RIGHT))
def test_it_gets_no_points_for_that_and_is_named(hostile, name):
    hostile.check(name)


@pytest.mark.parametrize("name", GOOD)
def test_a_good_one_beside_them_keeps_its_points(hostile, name):
    hostile.check(name)


def test_nothing_is_left(hostile):
    hostile.check_nothing_is_left()


def test_who_gets_round_the_library_is_flagged(hostile):
    rows = {r["submission"]: r for r in csv.DictReader((hostile.report / "gradebook.csv").open())}
    for name in ("raw-calls", "forges-trace", "static-twin", "spoils-trace"):
        assert rows[name]["needs a look"], name
    assert not rows["good-1"]["needs a look"]


class Scripts(html.parser.HTMLParser):
    """Whose script is in a page?"""

    def __init__(self):
        super().__init__()
        self.texts, self.inside = [], False

    def handle_starttag(self, tag, attrs):
        self.inside = tag == "script"
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data):
        if self.inside:
            self.texts.append(data)

    def handle_endtag(self, tag):
        self.inside = False


def test_what_it_prints_stays_text(hostile):
    """In each file that somebody's program reads."""
    folder = hostile.report / "injects-markup"
    for path in folder.glob("*.json"):
        json.loads(path.read_text())
    xml.etree.ElementTree.parse(folder / "junit.xml")
    for path in folder.iterdir():
        if path.suffix in (".html", ".md", ".xml", ".csv"):
            controls = set(path.read_text()) & set(map(chr, [*range(9), *range(14, 32), 127]))
            assert not controls, f"{path.name} has {controls}"
    for path in (*folder.glob("*.html"), hostile.report / "class.html"):
        page = Scripts()
        page.feed(path.read_text())
        assert not any("alert" in text for text in page.texts), path.name


@pytest.mark.parametrize("user", users())
@pytest.mark.parametrize("level", ["bubblewrap", "unshare", "limits"])
def test_each_level_as_each_user(level, user):
    needs(level)
    with open_folder() as folder:
        made = Class(folder, QUICK, level, user, ("-n", "2"))
        assert made.status == 0, made.said
        for name in (*GOOD, *QUICK):
            if level == "limits" and user and name == "kills-all":
                continue  # the same user may end what grades it: it gets nothing, which is all
            made.check(name)
        made.check_nothing_is_left()


@pytest.mark.long
@pytest.mark.parametrize("user", users())
@pytest.mark.parametrize("level", ["bubblewrap", "unshare", "limits"])
def test_all_of_them_at_each_level(level, user):
    needs(level)
    with open_folder() as folder:
        made = Class(folder, sorted([*names(), "links"]), level, user, ("-n", "2"))
        assert made.status == 0, made.said
        for name in sorted({*NAMED, *RIGHT, *GOOD}):
            made.check(name)
        made.check_nothing_is_left()
