# SPDX-License-Identifier: MIT
"""What somebody hands in is anybody's: names, links, sizes. Nothing in it leads out of it."""

import os

import pytest

from sockfault import sandbox, submission
from sockfault.command import SockfaultError
from sockfault.events import Finding, make
from sockfault.gradejudge import Source


@pytest.fixture
def handed_in(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "give", lambda path: None)
    folder = tmp_path / "theirs"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "client.c").write_text("int main(void);\n")
    (tmp_path / "answers.c").write_text("the answers\n")
    return folder


def test_a_copy_follows_no_link_and_waits_for_nobody(handed_in, tmp_path):
    (handed_in / "out").symlink_to(tmp_path / "answers.c")
    (handed_in / "up").symlink_to("../answers.c")
    (handed_in / "own").symlink_to("sub/client.c")
    (handed_in / "around").symlink_to(".")
    os.mkfifo(handed_in / "pipe")
    (handed_in / "two\nlines\x1b[2J").write_text("x")
    said = submission.copy(handed_in, tmp_path / "copy")
    assert sorted(os.listdir(tmp_path / "copy")) == sorted({*os.listdir(handed_in)} - {"pipe"})
    assert (tmp_path / "copy" / "out").is_symlink()
    told = "\n".join(said)
    assert "out is a link that leads out of the submission" in told
    assert "up is a link" in told and "pipe is no file" in told
    assert "own" not in told and "around" not in told


def test_it_has_limits(handed_in, tmp_path, monkeypatch):
    os.truncate(handed_in / "sub" / "client.c", submission.BYTES + 1)
    with pytest.raises(SockfaultError, match="theirs is larger than 512 MiB, with .*client.c"):
        submission.copy(handed_in, tmp_path / "copy")
    monkeypatch.setattr(submission, "FILES", 1)
    with pytest.raises(SockfaultError, match="theirs holds more than 1 files"):
        submission.digest(handed_in)


def test_each_change_has_another_digest(handed_in):
    seen = {submission.digest(handed_in)}
    (handed_in / "link").symlink_to("a")
    seen.add(submission.digest(handed_in))
    (handed_in / "link").unlink()
    (handed_in / "link").symlink_to("b")
    seen.add(submission.digest(handed_in))
    (handed_in / "link").unlink()
    (handed_in / "link").write_text("b")
    seen.add(submission.digest(handed_in))
    (handed_in / "link").rename(handed_in / "link2")
    seen.add(submission.digest(handed_in))
    assert len(seen) == 5


def finding(file):
    values = {"finding": "crash", "severity": "error", "program": "client", "pid": 1, "fd": 3}
    values |= {"conn": 1, "cause": 1, "evidence": [1], "realism": "kernel", "site": "client+0x10"}
    values |= {"file": file, "line": 1, "says": "x", "hint": "y", "repeat": "z", "function": "f"}
    return make(Finding, values)


NAMES = ["../answers.c", "sub/../../answers.c", "out", "way/answers.c", "{0}/answers.c", "", "/"]
NAMES += ["..", "a\0b", "sub", "*", "[", "x/" * 3000 + "y"]


@pytest.mark.parametrize("file", NAMES, ids=range(len(NAMES)))
def test_no_name_of_a_compiler_shows_other_files(handed_in, tmp_path, file):
    (handed_in / "out").symlink_to(tmp_path / "answers.c")
    (handed_in / "way").symlink_to(tmp_path)
    place = Source(handed_in).place(finding(file.replace("{0}", str(tmp_path))), None)
    assert place.file is None
    assert Source(handed_in).excerpt(place) == []


def test_its_own_lines_are_shown(handed_in):
    for file in ("sub/client.c", "client.c", str(handed_in / "sub" / "client.c")):
        source = Source(handed_in)
        place = source.place(finding(file), None)
        assert place.file == "sub/client.c"
        assert source.excerpt(place) == [(1, "int main(void);")]
