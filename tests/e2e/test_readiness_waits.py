# SPDX-License-Identifier: MIT
"""What poll, select, epoll and FIONREAD say is what the next call finds: nothing before its time,
and then at once. The programs are tests/e2e/programs/waiting.py and .js; each ends by itself.

Times are bounded from below by what the rule says, and from above by SLACK more: a machine with
much to do is late, a silence that nobody ends is later than that.
"""

import collections
import json
import re

import pytest

from conftest import SOCKFAULT, run, under
from real import HERE, PYTHON

SLACK = 2.0
WAYS = ["poll", "select", "epoll", "edge", "oneshot", "exclusive"]
THREE = [f"recv side=server conn={i + 1}: latency {ms}ms" for i, ms in enumerate((300, 50, 150))]


def waiting(*words, rules):
    done = run(under(*rules) + [PYTHON, HERE / "waiting.py", *words])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def is_after(seconds, least):
    return least <= seconds < least + SLACK


@pytest.mark.parametrize("rule", ["recv side=server: latency 200ms", "recv nth=1: stall 200ms"])
@pytest.mark.parametrize("how", WAYS)
def test_what_is_ready_does_not_block(how, rule):
    saw = waiting("blocking", how, rules=[rule])
    assert not saw["early"] and saw["ready"] and saw["got"] == "hi"
    assert is_after(saw["after"], 0.2)


@pytest.mark.parametrize("how", WAYS)
def test_a_listener_is_ready_when_accept_is(how):
    saw = waiting("queue_of_accepts", how, rules=["accept: latency 200ms"])
    assert not saw["early"] and saw["ready"] and is_after(saw["after"], 0.2)


@pytest.mark.parametrize("how", WAYS)
def test_each_connection_has_its_own_time_in_one_loop(how):
    saw = waiting("several", how, rules=THREE)
    assert all(is_after(at, least) for at, least in zip(saw["after"], (0.3, 0.05, 0.15))), saw
    assert saw["waits"] <= 6, saw


def test_asyncio_goes_on_while_each_is_late():
    rules = [rule.replace("side=server", "side=client") for rule in THREE]
    saw = waiting("loop_of_three", rules=rules)
    assert all(is_after(at, least) for at, least in zip(sorted(saw["after"]), (0.05, 0.15, 0.3)))


def test_node_goes_on_while_each_is_late():
    rules = [rule.replace("side=server", "side=client") for rule in THREE]
    done = run(under(*rules) + ["node", HERE / "waiting.js"], check=True)
    saw = json.loads(done.stdout)
    assert all(is_after(at, least) for at, least in zip(sorted(saw["after"]), (0.05, 0.15, 0.3)))


@pytest.mark.parametrize("how", WAYS)
def test_a_thread_that_waits_is_told_when_another_one_may_read(how):
    saw = waiting("colleague", how, rules=["recv side=server: latency 200ms"])
    assert saw["found"] == [True] and saw["got"] == 2 and is_after(saw["after"], 0.2)


@pytest.mark.parametrize("way", ["recv", "send"])
def test_ten_connections_have_ten_bandwidths(way):
    """Each has 1.17 s worth of bytes; the last slice of 20 ms may be through before its end."""
    rules = [f"{way} side=server conn={n}: rate {100 * n}KiB/s" for n in range(1, 11)]
    saw = waiting("rates", way, 120000, rules=rules)
    seconds = 120000 / (100 * 1024)
    assert all(seconds * 0.95 <= at < seconds * 1.15 + SLACK for at in saw["after"]), saw


@pytest.mark.parametrize("flags", ["level", "edge", "oneshot"])
def test_a_refused_connect_is_told_as_the_kernel_tells_it(flags, monkeypatch):
    words = [PYTHON, HERE / "waiting.py", "refused", flags]
    injected = run(under("connect: fail ECONNREFUSED") + words, check=True)
    monkeypatch.setenv("REALLY", "yes")
    assert json.loads(injected.stdout) == json.loads(run(words, check=True).stdout)


def test_rules_that_come_during_a_wait_hold_for_the_next():
    saw = waiting("loaded_meanwhile", SOCKFAULT, rules=["send nth=1000: pass"])
    assert saw["got"] and saw["waits"] <= 2 and is_after(saw["after"], 0.2)


def test_bytes_are_unread_when_a_call_would_read_them():
    saw = waiting("unread_bytes", rules=["recv side=server: latency 200ms"])
    assert (saw["first"], saw["then"], saw["got"]) == (0, 2, 2) and is_after(saw["after"], 0.2)


@pytest.mark.parametrize("nth", ["", "nth=2"])
def test_what_was_seen_can_be_read(nth):
    saw = waiting("peeked", rules=[f"recv side=server {nth}: latency 100ms"])
    assert saw == {"seen": [2, 2], "got": [2, 2]}


@pytest.mark.parametrize("fault", ["stall 100ms", "latency 100ms"])
def test_each_message_has_its_silence(fault):
    saw = waiting("again_and_again", rules=[f"recv side=server: {fault}"])
    assert saw["got"] == 6 and saw["refused"] == 0 and is_after(saw["after"], 0.3)


@pytest.mark.parametrize("fault", ["stall 50ms", "latency 50ms"])
def test_the_call_that_finds_it_is_the_one_that_counts(fault):
    rules = [f"recv side=server nth=1: {fault}", "recv side=server nth=2: short 1"]
    assert waiting("asked_too_early", rules=rules) == {"first": None, "got": [2, 1]}


@pytest.mark.parametrize("how", ["poll", "epoll"])
def test_an_instance_is_as_silent_as_what_is_in_it(how):
    saw = waiting("nested", how, rules=["recv side=server: latency 200ms"])
    assert not saw["early"] and is_after(saw["after"], 0.2)
    assert (saw["waits"], saw["inner"], saw["got"]) == (1, 1, 2)


@pytest.mark.parametrize("kind", ["copied", "executed", "handed_over"])
@pytest.mark.parametrize("flags", ["level", "edge"])
def test_an_instance_is_known_wherever_it_comes_from(kind, flags):
    saw = waiting(kind, flags, rules=["recv side=server: latency 200ms"])
    assert saw["got"] and saw["waits"] == 1 and is_after(saw["after"], 0.2)


def system_calls(table, *words, rule):
    """How often each is made, by all threads."""
    strace = ["strace", "-f", "-c", "-o", table]
    run(under(rule) + strace + [PYTHON, HERE / "waiting.py", *words], check=True)
    counts = collections.Counter()
    for calls, name in re.findall(
        r"^ +[\d.]+ +[\d.]+ +\d+ +(\d+) .*?(\w+)$", table.read_text(), re.M
    ):
        counts[name] += int(calls)
    return counts


def waits_of(counts):
    waits = sum(n for name, n in counts.items() if "poll_" in name or "select" in name)
    return waits + counts["ppoll"] + counts["poll"]


@pytest.mark.parametrize("how", WAYS)
def test_nobody_looks_again_and_again(how, tmp_path):
    """A second of silence costs one thread no more than a few calls that wait."""
    rule = "recv side=server: latency 1s"
    counts = system_calls(tmp_path / "table", "blocking", how, rule=rule)
    assert 0 < waits_of(counts) < 20, counts


@pytest.mark.parametrize("how", ["poll", "epoll"])
def test_nobody_looks_again_and_again_at_a_peer_that_is_gone(how, tmp_path):
    rule = "recv family=unix: latency 1s"
    counts = system_calls(tmp_path / "table", "hang_up", how, rule=rule)
    assert 0 < waits_of(counts) < 20, counts
