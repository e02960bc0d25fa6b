# SPDX-License-Identifier: MIT
"""Each wrong program gets its finding, at its line, and no other; each right one gets none."""

import pathlib
import subprocess

import pytest

from judge import TARGETS, Judge, Program, listing, program_of, shown

WRONG = sorted((TARGETS / "wrong").glob("*.c"))
RIGHT = sorted((TARGETS / "right").glob("*.c"))
FINDINGS = {row["finding"]: row for row in listing()}

# What can happen to a right program: it copes with the first half, and gives up in order with the
# rest. A rule that does not concern a program does not fire there.
RULES = [
    "send: short 1",
    "recv: short 1",
    "send chance=50%: short 50%",
    "recv chance=50%: short 50%",
    "send nth=1: short 3",
    "send, recv, accept mode=nonblocking chance=50%: fail EAGAIN",
    "send, recv nth=1: fail EINTR",
    "send, recv nth=2: fail EINTR",
    "connect nth=1: fail EINTR",
    "accept nth=1: fail EINTR",
    "poll nth=1: fail EINTR",
    "poll nth=2: fail EINTR",
    "close: fail EINTR",
    "recv nth=2: delay 20ms",
    "send type=dgram nth=1: drop",
    "recv type=dgram nth=1: drop",
    "send type=dgram: duplicate",
    "send type=dgram nth=1: reorder",
    "connect nth=1: fail ECONNREFUSED",
    "connect: fail ECONNREFUSED",
    "connect nth=1: fail ETIMEDOUT",
    "accept nth=1: fail ECONNABORTED",
    "accept nth=1: fail EMFILE",
    "accept nth=1..3: fail ENFILE",
    "accept nth=1: fail ENOBUFS",
    "recv nth=1: reset",
    "recv nth=2: reset",
    "recv nth=1: eof",
    "recv nth=2: eof",
    "recv nth=1: closed",
    "send nth=1: reset",
    "send nth=2: reset",
    "send nth=2: closed",
    "recv nth=2: fail ETIMEDOUT",
    "recv nth=2: fail ECONNRESET",
    "socket nth=1: fail EMFILE",
    "socket nth=2: fail EMFILE",
    "socket nth=1: fail ENOBUFS",
    "bind: fail EADDRINUSE",
    "listen: fail EADDRINUSE",
    "poll nth=1: fail ENOMEM",
    "resolve nth=1: fail EAI_AGAIN",
    "send type=dgram nth=1: fail ENOBUFS",
    "recv type=dgram nth=1: fail ECONNREFUSED",
]


def programs(sources: list[pathlib.Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("source", sources, ids=[source.stem for source in sources])


@programs(WRONG)
def test_a_wrong_program_is_told_its_mistake(source, tmp_path):
    program = program_of(source)
    found = Judge(program, tmp_path).findings(program.rules)
    mine = [one for one in found if one["finding"] == program.finds]
    assert program.finds in FINDINGS, f"there is no finding {program.finds}"
    assert program.marked, f"no line of {source.name} says /* here: {program.finds} */"
    assert mine, f"{program.finds} was not found; but\n{shown(found)}"
    assert program.marked & {one["line"] for one in mine}, shown(mine)
    others = [one for one in found if one["finding"] not in [program.finds, *program.also]]
    assert not others, shown(others)


@programs(RIGHT)
def test_a_right_program_gets_no_finding(source, tmp_path):
    judge = Judge(program_of(source), tmp_path)
    for rules in [[], *([rule] for rule in RULES)]:
        found = judge.findings(rules)
        assert not found, f"{rules}\n{shown(found)}"


@pytest.fixture
def built(tmp_path):
    """Compiles a piece of code as it stands, to a program that is run under the finding's rule."""

    def build(row: dict[str, str], kind: str) -> Program:
        source, binary = tmp_path / f"{kind}.c", tmp_path / kind
        source.write_text(row[kind])
        flags = "-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -g -O1 -pthread".split()
        done = subprocess.run(
            ["cc", *flags, "-o", binary, source], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        words = [str(binary), *(["{port}"] if row["peer"] else []), *row["arguments"].split()]
        rules = [row["rule"]] if row["rule"] else []
        return Program(words, source, row["finding"], rules=rules, peer=row["peer"] or None)

    return build


@pytest.mark.parametrize("row", FINDINGS.values(), ids=FINDINGS)
def test_the_code_of_a_finding_shows_it(row, built, tmp_path):
    wrong, right = built(row, "wrong"), built(row, "right")
    found = Judge(wrong, tmp_path).findings(wrong.rules)
    assert row["finding"] in [one["finding"] for one in found], f"not found; but\n{shown(found)}"
    found = Judge(right, tmp_path).findings(right.rules)
    assert not found, f"the right code gets\n{shown(found)}"


def test_each_finding_has_two_wrong_programs():
    made = [program_of(source).finds for source in WRONG]
    lacking = {finding for finding in FINDINGS if made.count(finding) < 2}
    assert not lacking


def test_there_are_ten_right_programs():
    assert len(RIGHT) >= 10
