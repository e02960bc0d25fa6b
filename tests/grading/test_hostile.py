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
    "fork-bomb": LATE + r", and started \d+ processes",
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
    "good-1",
    "kills-all",
    "makefile-forks",
    "raw-calls",
    "spoils-trace",
    "traces-others",
    "writes-outside",
)


def hand_in(folder, wanted):
    """Submissions, those that are not hostile between the others."""
    made = [put_together(name, folder) for name in wanted if name not in ("links", *GOOD)]
    good = [name for name in GOOD if name in wanted]
    for at, name in zip((0, len(made) // 2, len(made)), good):
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

    def check_all(self, wanted):
        """Each gets what is its due and is named; all who are not come at once."""
        wrong = {}
        for name in wanted:
            points, words = self.points(name), self.words(name)
            due = 10 if name in RIGHT or name in GOOD else 0
            if points != due or (name in NAMED and not re.search(NAMED[name], words, re.S)):
                wrong[name] = (points, words)
        assert not wrong


def check_flags(hostile):
    rows = {r["submission"]: r for r in csv.DictReader((hostile.report / "gradebook.csv").open())}
    assert set(rows) == {*NAMED, *RIGHT, *GOOD}
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


def check_what_it_prints_stays_text(hostile):
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


def test_no_hostile_submission_gets_points_or_away():
    """All of them, and good ones among them, two at a time."""
    with open_folder() as folder:
        made = Class(folder, sorted([*names(), "links", *GOOD]), more=("-n", "2"))
        assert made.status == 0, made.said
        made.check_all(sorted({*NAMED, *RIGHT, *GOOD}))
        made.check_nothing_is_left()
        check_flags(made)
        check_what_it_prints_stays_text(made)


@pytest.mark.parametrize("user", users())
@pytest.mark.parametrize("level", ["bubblewrap", "unshare", "limits"])
def test_each_level_as_each_user(level, user):
    needs(level)
    with open_folder() as folder:
        made = Class(folder, QUICK, level, user, ("-n", "2"))
        assert made.status == 0, made.said
        made.check_all(QUICK)
        made.check_nothing_is_left()


@pytest.mark.long
@pytest.mark.parametrize("user", users())
@pytest.mark.parametrize("level", ["bubblewrap", "unshare", "limits"])
def test_all_of_them_at_each_level(level, user):
    needs(level)
    with open_folder() as folder:
        made = Class(folder, sorted([*names(), "links", *GOOD]), level, user, ("-n", "2"))
        assert made.status == 0, made.said
        made.check_all(sorted({*NAMED, *RIGHT, *GOOD}))
        made.check_nothing_is_left()
