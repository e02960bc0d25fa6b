# SPDX-License-Identifier: MIT
"""bench.py quick|full|PART...: measures, prints a table and the goals, writes JSON and a plot.

Parts are instructions, time, threads, calls, start, peers, servers, memory and readers. What needs
a program that is not installed is left out, and the list of goals says so.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import platform
import sys
import tempfile

import counts
import plot
import programs
import runs
import times
from goals import GOALS, is_met, worst


def instructions(folder, effort):
    if not counts.is_possible():
        return
    counted = counts.Counts(folder)
    for name in counts.CONFIGURATIONS:
        counted.run(name)
    found = counts.rows(counted)
    yield from found
    breakdown = counts.breakdowns(counted, found)
    (counts.BENCH / "breakdown.txt").write_text("".join(f"{line}\n" for line in breakdown))


PARTS = {
    "instructions": (instructions,),
    "time": (times.in_process, times.held_back),
    "threads": (times.threads,),
    "calls": (times.system_calls,),
    "start": (times.starts, runs.runs),
    "peers": (times.libfiu, times.strace),
    "servers": (programs.redis, programs.nginx, programs.iperf3),
    "memory": (programs.memory,),
    "readers": (programs.readers,),
}


def number(value):
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3f}".rstrip("0").rstrip(".")


def spread(row):
    return "" if row.low is None else f"  ({number(row.low)} .. {number(row.high)})"


def table(rows):
    group = None
    for row in rows:
        if row.group != group:
            group = row.group
            yield f"\n{group}"
        yield f"  {row.name:<44} {number(row.value):>9} {row.unit}{spread(row)}{row.note}"


def goal_lines(rows):
    yield "\ngoals"
    for name, goal in GOALS.items():
        row = worst(rows, name)
        met = {True: "met", False: "MISSED", None: "not measured"}[is_met(rows, name)]
        figure = "" if row is None else f"{number(row.value)}{spread(row)}  {row.name}"
        limit = f"at most {number(goal.limit)} {goal.unit}"
        yield f"  {met:<12} {goal.text:<48} {limit:<48} {figure}"


def machine():
    return {"machine": platform.machine(), "kernel": platform.release(), "cpus": os.cpu_count()}


def main(words):
    effort = 5 if "full" in words else 1
    parts = [word for word in words if word in PARTS] or list(PARTS)
    rows = []
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="sockfault-bench-"))
        # where runs lie without it, but apart from those that somebody keeps
        usual = os.environ.get("XDG_RUNTIME_DIR") if os.geteuid() else None
        runs = tempfile.TemporaryDirectory(prefix="sockfault-bench-", dir=usual)
        os.environ["SOCKFAULT_DIR"] = stack.enter_context(runs)
        for part in parts:
            for measure in PARTS[part]:
                print(f"bench: {part}: {measure.__name__}", file=sys.stderr)
                rows += measure(pathlib.Path(folder), effort)
    print("\n".join([*table(rows), *goal_lines(rows)]))
    found = {
        **machine(),
        "rows": [dataclasses.asdict(row) for row in rows],
        "goals": {name: is_met(rows, name) for name in GOALS},
    }
    (counts.BENCH / "bench.json").write_text(json.dumps(found, indent=1) + "\n")
    (counts.BENCH / "bench.svg").write_text(plot.svg(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
