# SPDX-License-Identifier: MIT
"""The goals in instructions a call, as ratios to the trivial forwarder: callgrind counts the same
in each run, so that what makes calls dearer is seen here at once. `make bench` shows all of it.
"""

import fnmatch

import counts
import pytest
from goals import GOALS

FORWARDER = 4  # what the goals assume of it

# Rows that do not reach their goal, and what they may cost instead.
MISSED = {"off: accept": 120, "stall: poll-*": 34, "stall: epoll": 39}


def limit_of(row):
    dearer = (limit for rows, limit in MISSED.items() if fnmatch.fnmatch(row.name, rows))
    return next(dearer, GOALS[row.goal].limit)


@pytest.mark.skipif(not counts.is_possible(), reason="valgrind is not installed")
def test_a_call_costs_no_more_instructions_than_the_goals_allow(tmp_path, monkeypatch):
    monkeypatch.setenv("SOCKFAULT_DIR", str(tmp_path / "runs"))
    counted = counts.Counts(tmp_path)
    for name in counts.CONFIGURATIONS:
        counted.run(name)
    forwarder = counted.above_bare("idle", "pair", "forwarder")
    assert 0 < forwarder <= 2 * FORWARDER
    dear = []
    for row in counts.rows(counted):
        if not row.goal:
            continue
        limit = limit_of(row) * forwarder / FORWARDER
        if row.value > limit:
            dear.append(f"{row.name}: {row.value:.1f}, at most {limit:.1f}")
    assert not dear, "\n".join(["instructions a call above bare:", *dear])
