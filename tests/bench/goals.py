# SPDX-License-Identifier: MIT
"""What sockfault may cost: the goals, and the rows that they are held against.

A row is one figure that was measured. Where it names a goal, the worst of the goal's rows decides
whether the goal is met.
"""

import dataclasses


@dataclasses.dataclass
class Goal:
    text: str
    limit: float
    unit: str


@dataclasses.dataclass
class Row:
    group: str
    name: str
    value: float
    unit: str
    low: float | None = None  # the quartiles, where there is a spread
    high: float | None = None
    goal: str | None = None
    note: str = ""


INSTRUCTIONS = "instructions a call above bare"

GOALS = {
    "idle": Goal("idle: data, readiness, close", 12, INSTRUCTIONS),
    "idle-time": Goal("idle: recv that says EAGAIN, write to /dev/null", 1.01, "of bare"),
    "idle-calls": Goal("idle: system calls added", 0, "calls"),
    "rules": Goal("1,000 rules of which none can match", 16, INSTRUCTIONS),
    "growth": Goal("1,000 such rules against one", 1, "instructions a call above one rule"),
    "ten": Goal("10 rules that can match, evaluated, not firing", 120, INSTRUCTIONS),
    "all": Goal("trace all", 110, INSTRUCTIONS),
    "all-time": Goal("trace all", 18, "ns a call above bare"),
    "no-socket": Goal("no socket, while rules for the operation stand", 14, INSTRUCTIONS),
    "tracked": Goal("socket, connect, accept, dup, epoll_ctl", 60, INSTRUCTIONS),
    "faults": Goal("trace faults, nothing firing", 40, INSTRUCTIONS),
    "poll": Goal("poll and epoll with nothing held back", 12, INSTRUCTIONS),
    "held-time": Goal("epoll of 1,000 with one held back", 1.02, "of none held back"),
    "start": Goal("start of /bin/true, preloaded", 1.12, "of bare"),
    "start-run": Goal("start of /bin/true, sockfault run", 1.6, "of bare"),
    "runs": Goal("a run of curl in a batch", 1.25, "times as long as bare"),
    "sweep": Goal("a run of curl in a sweep, one at a time", 1.25, "times as long as bare"),
    "server-off": Goal("CPU a request of a server, trace off", 1.02, "of bare"),
    "server-all": Goal("CPU a request of a server, trace all", 1.10, "of bare"),
    "threads": Goal("trace all: slowdown of 4 threads", 1.1, "of the slowdown of 1 thread"),
    "memory": Goal("memory added to an idle program", 1, "MiB"),
    "memory-10000": Goal("memory added to one with 10,000 connections", 32, "MiB"),
    "json": Goal("trace --json of 1,000,000 events", 1, "of Python's json reading it"),
    "findings": Goal("findings over 1,000,000 events", 2, "of trace --json"),
}


def worst(rows, name):
    """The row that decides a goal, or None if none of its rows was measured."""
    return max((row for row in rows if row.goal == name), key=lambda row: row.value, default=None)


def is_met(rows, name):
    row = worst(rows, name)
    return None if row is None else row.value <= GOALS[name].limit
