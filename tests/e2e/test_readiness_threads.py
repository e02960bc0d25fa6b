# SPDX-License-Identifier: MIT
"""Several threads use one connection when it is reset: what each of them sees is what a RST of the
peer makes it see, 300 times in a row. The program is tests/e2e/programs/resets.c.

Who is first to take the error is a race on both sides; that it is told once, and that nobody sees
what no RST makes him see, is not.
"""

import json

import pytest

from conftest import PROGRAMS, run, under

ROUNDS = 300


def natively(who, how):
    return json.loads(run([PROGRAMS / "resets", who, how, ROUNDS, "peer"], check=True).stdout)


def injected(who, how, rule):
    done = run(under(rule) + [PROGRAMS / "resets", who, how, ROUNDS], check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("rule", ["reset", "fail ECONNRESET"])
@pytest.mark.parametrize("how", ["recv", "readv"])
def test_two_threads_that_hammer_are_told_once(how, rule):
    expected = natively("hammer", how)
    assert expected == {"told 1 times": ROUNDS}
    assert injected("hammer", how, f"send nth=50 per=conn: {rule}") == expected


@pytest.mark.parametrize("how", ["recv", "read", "readv", "recvmsg", "recvfrom"])
def test_a_blocked_reader_learns_it_first(how):
    expected = natively("reader", how)
    assert expected == {"reader: ECONNRESET": ROUNDS, "told 1 times": ROUNDS}
    assert injected("reader", how, "send nth=1 per=conn: reset") == expected


@pytest.mark.parametrize("how", ["poll", "select", "epoll", "edge"])
def test_a_waiting_thread_never_sees_half_of_it(how):
    """That the send takes the error before the other thread looks is as real as the opposite."""
    expected = natively("poller", how)
    taken = {what.replace("ERR ", "") for what in expected}
    saw = injected("poller", how, "send nth=1 per=conn: reset")
    assert saw.pop("told 1 times") == ROUNDS
    assert saw.keys() <= expected.keys() | taken
