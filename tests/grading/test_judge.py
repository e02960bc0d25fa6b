# SPDX-License-Identifier: MIT
"""What a run costs: prices, caps, groups, kinds of credit, tests that were not reached. Runs are
made up here."""

import pathlib

import pytest
from lesson import HEAD, PEER

from sockfault import assignment as assignments
from sockfault.events import Event, Finding
from sockfault.gradejudge import Account, Judge, Source
from sockfault.graderun import Met, Seen

SOURCE = "int main(void)\n{\n\tsend();\n\tsend();\n\trecv();\n}\n"


@pytest.fixture
def make(tmp_path):
    """make(tests): an assignment with these tests, and a judge that has seen a plain run."""
    program = tmp_path / "program"
    program.mkdir()
    (program / "client.c").write_text(SOURCE)
    (program / "client").write_bytes(b"\x7fELF")
    (tmp_path / "peer.py").write_text(PEER)

    def do(tests, head=HEAD):
        path = tmp_path / "a.toml"
        path.write_text(head + "[expect]\nstdout = 'fault-free'\n" + tests)
        made = assignments.read(path)
        judge = Judge(made, made.targets[0], Source(program), Account(made))
        judge.measure(ran())
        return made, judge

    return do


def ran(stdout=b"hello\n", status=0, fired=1, findings=(), met=1, **more):
    """A run with one rule."""
    rules = [{"text": "recv: short 1", "why": None if fired else "never called", "fired": fired}]
    outcome = {"rules": rules, "findings": [], "faults": fired, "connections": 1}
    fields = {"signal": None, "timed_out": False, "stderr": b"", "wall": 0.1} | more
    seen = Seen(
        outcome,
        status,
        stdout=stdout,
        trace=pathlib.Path("t"),
        met=Met(met, b"hello\n"),
        **fields,
    )
    seen.mistakes = list(findings)
    return seen


def found(name, line=3, file="client.c", severity="error", site="client+0x10", **more):
    return Finding(name, severity, f"{name} here", site=site, file=file, line=line, **more)


def judged(judge, test, seen, op="send"):
    cause = Event(1, 0, op)
    mistakes = [(one, judge.source.place(one, cause)) for one in seen.mistakes]
    return judge(test, seen, list(judge.wrong(test, seen)), mistakes)


def these(*texts):
    head = "[[test]]\nname = '{}'\npoints = 4\nrules = 'recv: short 1'\n"
    return "".join(head.format(name) + text + "\n" for name, text in zip("abcdefgh", texts))


def test_all_as_expected(make):
    made, judge = make(these(""))
    verdict = judged(judge, made.tests[0], ran())
    assert (verdict.state, verdict.points, verdict.losses) == ("passed", 4, [])


def test_what_was_not_expected_costs_all_points(make):
    made, judge = make(these("feedback = 'read on'"))
    verdict = judged(judge, made.tests[0], ran(b"hell"))
    assert (verdict.state, verdict.points, verdict.feedback) == ("failed", 0, "read on")
    assert "printed something else" in verdict.losses[0].says and verdict.losses[0].points == 4


@pytest.mark.parametrize(
    "seen, says",
    [
        (ran(signal="SIGSEGV", status=None), "killed by SIGSEGV"),
        (ran(timed_out=True, status=None), "did not end in time"),
        (ran(met=0, fired=0), "never talked to its peer"),
        (ran(b"x" * (1 << 21)), "printed more than"),
        (ran(hidden_calls="its peer met 2"), "its peer met 2"),
    ],
)
def test_how_a_run_can_be_wrong(make, seen, says):
    made, judge = make(these(""))
    verdict = judged(judge, made.tests[0], seen)
    assert verdict.state == "failed" and says in verdict.losses[0].says


@pytest.mark.parametrize(
    "expect, state",
    [
        ("expect = { status = 'any', stdout = 'any' }", "passed"),
        ("expect = { status = [0, 1], stdout = 'any' }", "passed"),
        ("expect.stdout = 'any'", "failed"),
        ("expect = { status = 0, stdout = 'any' }", "failed"),
    ],
)
def test_a_scripted_client_may_raise_where_any_status_is_expected(make, expect, state):
    server = HEAD.replace("peer = ", "role = 'server'\nclient = ")
    made, judge = make(these(expect), server)
    seen = ran(status=1)
    seen.met.error = "connection 1: reset"
    seen.next = ran()
    assert judged(judge, made.tests[0], seen).state == state


def test_the_mistake_behind_it_is_named_with_its_line(make):
    made, judge = make(these(""))
    verdict = judged(judge, made.tests[0], ran(b"", findings=[found("short-send-dropped")]))
    [loss] = verdict.losses
    assert (loss.points, loss.finding, loss.file, loss.line) == (
        4,
        "short-send-dropped",
        "client.c",
        3,
    )
    assert (3, "\tsend();") in loss.excerpt
    assert any("printed something else" in note for note in verdict.notes)


def test_a_price_is_partial_credit(make):
    made, judge = make(these("forbid.short-send-dropped = 3"))
    verdict = judged(judge, made.tests[0], ran(b"", findings=[found("short-send-dropped")]))
    assert (verdict.state, verdict.points) == ("partly", 1)


def test_a_mistake_costs_once_in_the_whole_assignment(make):
    price = "forbid.short-send-dropped = 3"
    made, judge = make(these(price, price, price))
    seen = ran(b"", findings=[found("short-send-dropped")])
    first, second = (judged(judge, test, seen) for test in made.tests[:2])
    elsewhere = judged(judge, made.tests[2], ran(findings=[found("short-send-dropped", line=4)]))
    assert (first.points, second.points, elsewhere.points) == (1, 4, 1)
    assert second.losses[0].before == "a" and second.state == "partly"


def test_a_kind_of_mistake_costs_no_more_than_it_may(make):
    made, judge = make(these("forbid.short-send-dropped = { lose = 2, at_most = 3 }", ""))
    findings = [found("short-send-dropped", line) for line in (3, 4, 5)]
    verdict = judged(judge, made.tests[0], ran(findings=findings))
    assert [loss.points for loss in verdict.losses] == [2, 1, 0] and verdict.points == 1


def test_a_severity_has_a_price_too(make):
    made, judge = make(these("forbid.error = 1"))
    verdict = judged(
        judge, made.tests[0], ran(findings=[found("crash"), found("x", 4, severity="advice")])
    )
    assert verdict.points == 3


def test_a_group_loses_no_more_than_it_may(make):
    group = "[[group]]\nname = 'g'\nlose-at-most = 5\n"
    made, judge = make(group + these("group = 'g'", "group = 'g'", "group = 'g'"))
    points = [judged(judge, test, ran(b"")).points for test in made.tests]
    assert points == [0, 3, 4]


def test_all_or_nothing(make):
    made, judge = make(these("forbid.short-send-dropped = 1\ncredit = 'all-or-nothing'"))
    verdict = judged(judge, made.tests[0], ran(findings=[found("short-send-dropped")]))
    assert (verdict.state, verdict.points) == ("failed", 0)


def test_credit_by_mistake(make):
    """A test that fails for a mistake that has cost its points costs nothing again"""
    head = HEAD.replace('name = "Echo"', 'name = "Echo"\ncredit = "mistake"')
    made, judge = make(these("", "", "", ""), head)
    same = ran(b"", findings=[found("short-send-dropped")])
    other = ran(b"", findings=[found("short-send-dropped"), found("hang", 5)])
    runs = [same, same, ran(b""), other]
    got = [judged(judge, test, seen).points for test, seen in zip(made.tests, runs)]
    assert got == [0, 4, 0, 4]


@pytest.mark.parametrize("worth, points", [("", 0), ("not_reached = 3", 3)])
def test_a_fault_that_never_happened(make, worth, points):
    made, judge = make(these(worth))
    verdict = judged(judge, made.tests[0], ran(fired=0))
    assert (verdict.state, verdict.points) == ("not reached", points)
    assert verdict.look and "never called" in verdict.notes[0]


def test_what_was_expected_of_a_fault_that_never_happened_is_not_asked(make):
    made, judge = make(these("expect.status = 1\nnot_reached = 2"))
    verdict = judged(judge, made.tests[0], ran(b"", fired=0))
    assert (verdict.state, verdict.points) == ("not reached", 2)
    verdict = judged(judge, made.tests[0], ran(b"", fired=0, timed_out=True))
    assert (verdict.state, verdict.points) == ("failed", 0)


def test_who_is_wrong_without_faults_passes_no_comparison(make):
    made, judge = make(these(""))
    judge.measure(ran(status=3))
    verdict = judged(judge, made.tests[0], ran(status=3))
    assert verdict.points == 0 and "without any fault it is wrong already" in verdict.losses[0].says


def test_a_mistake_of_the_fault_free_run_is_not_behind_others(make):
    made, judge = make(these(""))
    plain = ran()
    plain.outcome["findings"] = [
        {"finding": "address-reuse-missing", "severity": "warning", "site": "client+0x10"}
    ]
    judge.measure(plain)
    seen = ran(b"", findings=[found("address-reuse-missing", severity="warning")])
    losses = judged(judge, made.tests[0], seen).losses
    assert [loss.points for loss in losses] == [4, 0] and losses[0].finding is None


def test_where_an_interpreter_makes_the_call_no_line_is_claimed(make):
    """And two calls of one kind are one mistake."""
    price = "forbid.short-send-dropped = 3"
    made, judge = make(these(price, price, price))
    where = {"file": "/usr/src/python/socketmodule.c", "line": 4000}
    one = found("short-send-dropped", site="python3.11+0x66", **where)
    other = found("short-send-dropped", site="python3.11+0x99", **where)
    verdict = judged(judge, made.tests[0], ran(findings=[one]))
    [loss] = verdict.losses
    assert (loss.file, loss.line, loss.operation, loss.points) == (None, None, "send", 3)
    assert judged(judge, made.tests[1], ran(findings=[other])).points == 4
    assert judged(judge, made.tests[2], ran(findings=[other]), op="recv").points == 1


def test_a_program_without_lines_is_told_by_function(make):
    made, judge = make(these("forbid.hang = 1"))
    seen = ran(findings=[found("hang", None, None, function="main")])
    [loss] = judged(judge, made.tests[0], seen).losses
    assert (loss.file, loss.function) == (None, "main")
