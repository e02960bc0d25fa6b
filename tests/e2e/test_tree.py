# SPDX-License-Identifier: MIT
"""The whole process tree stays under the library, however it is made, and counts together."""

import pytest

from conftest import PROGRAMS, events, faults, run, under

WAYS = "fork exec vfork spawn system popen clone raw-clone daemon thread".split()
WHOLE, SHORT = b"sent 4 received 4\n", b"sent 1 received 1\n"


@pytest.mark.parametrize("way", WAYS)
def test_child_is_loaded_and_shares_the_counters(way, tmp_path):
    """Each talks twice: the third send of the tree is the first one of the child."""
    trace = tmp_path / "trace.sft"
    done = run(under("send nth=3: short 1", trace=trace) + [PROGRAMS / "tree", way])
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == WHOLE + WHOLE + SHORT + WHOLE

    (fault,) = faults(trace)
    first = next(event for event in events(trace) if event["op"] == "send")
    assert first["process"] == 1
    assert (fault["tid"] != first["tid"]) and (fault["process"] > 1) == (way != "thread")
    assert fault["key"] != first["key"]
    assert sum(event["op"] == "send" for event in events(trace)) == 4


@pytest.mark.parametrize("way", WAYS)
def test_tree_without_rules_is_as_without_the_library(way):
    native, mine = (run(words + [PROGRAMS / "tree", way]) for words in ([], under()))
    assert (mine.returncode, mine.stdout, mine.stderr) == (0, native.stdout, native.stderr)


def test_counters_of_a_process_are_its_own(tmp_path):
    trace = tmp_path / "trace.sft"
    rule = "send nth=1 per=process: short 1"
    done = run(under(rule, trace=trace) + [PROGRAMS / "tree", "fork"])
    assert done.stdout == SHORT + WHOLE + SHORT + WHOLE
    assert [event["process"] for event in faults(trace)] == [1, 2]


def test_static_child_is_reported_as_escaped(tmp_path):
    static = PROGRAMS / "guest-static"
    script = f"{static}; {PROGRAMS / 'guest'}"
    words = under(quiet=False, trace=tmp_path / "trace.sft", options=["--strict"])
    done = run(words + ["sh", "-c", script])
    assert done.stdout == WHOLE * 4
    assert done.returncode == 123
    assert b"escaped" in done.stderr and b"guest-static" in done.stderr
