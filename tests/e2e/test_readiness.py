# SPDX-License-Identifier: MIT
"""Readiness agrees with what calls say: nothing is lost, comes late, or is told over and over.

The programs are tests/e2e/programs/waiting.py and interrupted.c. Numbers of waits are bounded well
above what is needed, and far below what a loop that spins makes of them (100,000 a second).
"""

import json
import select

import pytest

from conftest import PROGRAMS, events, run, under
from real import HERE, PYTHON

SPIN = 200  # more waits than this and somebody spins


def waiting(*words, rule, **options):
    done = run(under(rule, **options) + [PYTHON, HERE / "waiting.py", *words])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("how", ["epoll", "poll"])
def test_any_number_of_connections_is_held_back_and_given_back(how):
    saw = waiting("many", how, 400, rule="recv side=server: latency 300ms")
    assert saw["left"] == 0
    assert saw["waits"] < SPIN, saw


def test_a_thread_that_waits_already_is_told_in_time():
    saw = waiting("office", "edge", rule="recv side=server nth=1: latency 100ms")
    assert saw["arrived"] and 0.1 <= saw["after"] < 1, saw


def test_an_edge_comes_once_the_silence_is_over():
    saw = waiting("office", "edge", rule="recv side=server nth=1: stall 100ms")
    assert saw["arrived"] and saw["events"] <= 3, saw


def test_one_shot_registrations_are_the_programs_own():
    saw = waiting("office", "oneshot", rule="recv side=server nth=1: latency 100ms")
    assert saw["arrived"] and saw["together"] == 0, saw


def test_what_is_registered_in_a_silence_is_silent():
    saw = waiting("newcomer", rule="recv side=server nth=1: latency 200ms")
    assert saw["first"] is None and saw["seen"] == ["hi"], saw
    assert 0.2 <= saw["after"] < 1.2, saw


@pytest.mark.parametrize("kind", ["level", "edges", "two", "range", "several"])
def test_nobody_spins_while_a_connection_is_silent(kind):
    saw = waiting("spin", kind, rule="recv side=server: latency 500ms")
    assert saw["got"] and saw["waits"] < SPIN and saw["after"] >= 0.5, saw


@pytest.mark.parametrize("how", ["epoll", "poll"])
def test_nobody_spins_on_a_peer_that_is_gone(how):
    saw = waiting("hang_up", how, rule="recv family=unix: latency 500ms")
    assert saw["got"] and saw["waits"] < SPIN and saw["after"] >= 0.5, saw


def test_nobody_spins_on_a_shared_listener():
    saw = waiting("share", rule="accept nth=1: latency 700ms")
    assert saw["accepted"] == 1 and saw["waits"] < SPIN, saw


def test_event_loops_one_after_the_other(tmp_path):
    trace = tmp_path / "trace.sft"
    saw = waiting("loops", rule="recv side=server: latency 300ms", trace=trace)
    assert saw["answers"] == ["hi", "hi"]
    waits = [event for event in events(trace) if (event["func"] or "").startswith("epoll_")]
    assert 0 < len(waits) < SPIN


def test_edges_that_a_fault_swallowed_are_given_again():
    saw = waiting("edges", 1000, rule="recv side=server chance=50%: fail EAGAIN")
    assert saw == {"stalled": False, "short": 0}


def test_edges_that_a_short_count_swallowed_are_given_again():
    saw = waiting("edges", 200, rule="recv side=server: short 1")
    assert saw == {"stalled": False, "short": 0}


INTERRUPTED = {
    "handler": b"poll 1 EINTR EINTR\nselect 1 EINTR EINTR\nepoll 1 EINTR 0\n",
    # Only epoll_wait is interrupted by SIGSTOP and SIGCONT.
    "plain": b"poll 1 0 0\nselect 1 0 0\nepoll 1 EINTR 0\n",
}


@pytest.mark.parametrize("what", INTERRUPTED)
def test_waits_are_interrupted_where_linux_does_it(what):
    words = under("poll: fail EINTR", options=["--realism", "kernel"])
    done = run(words + [PROGRAMS / "interrupted", what])
    assert done.stdout == INTERRUPTED[what], done.stderr


@pytest.mark.parametrize("rule", ["send: pass", "recv: latency 1ms", "recv: stall"])
def test_each_signal_ends_a_wait_also_one_in_rounds(rule):
    done = run(under(rule) + [PROGRAMS / "interrupted", "alarms"])
    assert done.stdout == b"poll fine\nselect fine\nepoll fine\n", done.stderr


DUPLICATE = """
import os, select, socket
listener = socket.socket(socket.AF_UNIX)
listener.bind("\\0")
listener.listen()
client = socket.socket(socket.AF_UNIX)
client.connect(listener.getsockname())
server, _ = listener.accept()
epoll = select.epoll()
epoll.register(client, select.EPOLLIN)
another = select.epoll.fromfd(os.dup(epoll.fileno()))
server.send(b"x")
try:
    client.send(b"x")
except BrokenPipeError:
    pass
print([waits.poll(0)[0][1] for waits in (epoll, another)])
"""


def test_each_number_of_an_instance_tells_of_a_reset():
    both = select.EPOLLIN | select.EPOLLERR | select.EPOLLHUP
    done = run([*under("send side=client: reset"), PYTHON, "-c", DUPLICATE], check=True)
    assert done.stdout == f"{[both, both]}\n".encode()


def test_a_child_does_not_wait_for_a_reset_that_its_parent_was_making():
    done = run([*under("send: reset", "recv nth=1000: stall"), PROGRAMS / "halfway"], check=True)
    assert int(done.stdout) < 20  # times what it was before; 100 and more where each wait yields
