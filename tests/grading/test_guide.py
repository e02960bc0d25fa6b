# SPDX-License-Identifier: MIT
"""doc/grading.md: its first example is graded as it says, and it tells of all that there is."""

import re
import subprocess

from lesson import BUILD, ROOT, grade

from sockfault import assignment as assignments
from sockfault.assignment import REFERENCE

TEXT = (ROOT / "doc" / "grading.md").read_text()


def blocks(kind, text):
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def written(folder):
    """The files of "In five minutes"."""
    part = TEXT[TEXT.index("## In five minutes") : TEXT.index("## The program and its other end")]
    (folder / "assignment.toml").write_text(blocks("toml", part)[0])
    (folder / "peer.py").write_text(blocks("python", part)[0])
    (folder / "echo.txt").write_text("hello\n")
    (folder / "adams").mkdir()
    (folder / "adams" / "client.c").write_text(blocks("c", part)[0])
    return folder / "assignment.toml", blocks("text", part)[0]


def test_the_first_example_is_graded_as_it_says(tmp_path):
    file, wanted = written(tmp_path)
    status, said = grade(file, "adams")
    assert status == 0
    lines = [re.sub("; .*", "", text) for text in said.splitlines()]
    assert lines == [re.sub("; .*", "", text) for text in wanted.splitlines()]
    feedback = (tmp_path / "graded" / "adams" / "feedback.md").read_text()
    assert "short-recv-taken-for-whole" in feedback and "client.c:19" in feedback


def test_every_piece_of_toml_can_be_read(tmp_path):
    file, _ = written(tmp_path)
    head = file.read_text().replace("points = 10", "")
    for number, piece in enumerate(blocks("toml", TEXT)[1:]):
        path = tmp_path / f"{number}.toml"
        tests = head if "[[group]]" in piece else head[: head.index("[[test]]")]
        name = f'[[test]]\nname = "{number}"\n'
        path.write_text(tests + re.sub(r'\[\[test\]\]\nname = "[^"]*"\n', name, piece))
        assert assignments.read(path).tests


def test_every_key_is_told_of():
    keys = [*assignments.TOP_KEYS, *assignments.TEST_KEYS, *assignments.TARGET_KEYS]
    keys += [*assignments.LIMIT_KEYS, *assignments.BUILD_KEYS, *assignments.SWEEP_KEYS]
    keys += [*assignments.PRICE_KEYS, *assignments.GROUP_KEYS, *assignments.CREDITS, REFERENCE]
    keys += [f"expect.{key}" for key in assignments.EXPECT_KEYS]
    keys += assignments.ASSIGNMENT_KEYS
    assert not [key for key in keys if not re.search(rf"\b{re.escape(key)}\b", TEXT)]


def test_every_option_is_in_the_manual():
    done = subprocess.run([BUILD / "sockfault", "grade", "--help"], capture_output=True, text=True)
    manual = (ROOT / "doc" / "sockfault.1").read_text()
    part = manual[manual.index(".Ss sockfault grade") : manual.index(".Ss Other commands")]
    for name in set(re.findall(r"--([a-z]+)", done.stdout)) - {"help", "check"}:
        assert f".It Fl -{name}" in part, name
