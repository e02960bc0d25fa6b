# SPDX-License-Identifier: MIT
"""Servers of edges (EPOLLET) lose nothing while half of their calls say EAGAIN: each edge that a
fault swallows comes again. The programs are tests/e2e/programs/edges.c and modify.c.

How long nothing happens is compared with what the same program shows natively, which on a machine
with much to do is not nothing either.
"""

import json

import pytest

from conftest import PROGRAMS, run, under

CONNECTIONS = 1000
STALL_MS = 1000
RULES = [
    "recv,send side=server chance=50%: fail EAGAIN",
    "accept chance=50%: fail EAGAIN",
]


def result(words):
    return json.loads(run(words, check=True).stdout)


@pytest.mark.parametrize("family", ["tcp", "unix"])
@pytest.mark.parametrize("kind", ["edge", "oneshot", "exclusive", "processes"])
def test_a_server_of_edges_serves_a_thousand(kind, family):
    words = [PROGRAMS / "edges", kind, family, CONNECTIONS]
    native = result(words)
    saw = result(under(*RULES) + words)
    assert native["served"] == saw["served"] == CONNECTIONS
    assert saw["gap_ms"] < STALL_MS + 2 * native["gap_ms"], native


@pytest.mark.long
@pytest.mark.parametrize("family", ["tcp", "unix"])
@pytest.mark.parametrize("kind", ["edge", "oneshot", "exclusive", "processes"])
def test_many_seeds_lose_nothing(kind, family):
    for seed in range(1, 41):
        words = [PROGRAMS / "edges", kind, family, CONNECTIONS]
        saw = result(under(*RULES, options=["--seed", seed]) + words)
        assert saw["served"] == CONNECTIONS, f"seed {seed}: {saw}"


MODIFIED = {
    "recv side=server chance=50%: fail EAGAIN": 10000,
    "recv side=server chance=50%: latency 1ms": 1000,
}


@pytest.mark.parametrize("rule", MODIFIED)
def test_a_registration_that_others_modify_stays_theirs(rule):
    """No wake-up is lost in so many rounds, and none of their conditions and data."""
    words = [PROGRAMS / "modify", MODIFIED[rule]]
    nothing = {"lost": 0, "stale": 0, "strangers": 0}
    assert result(words) == nothing
    assert result(under(rule) + words) == nothing
