# SPDX-License-Identifier: MIT
"""Time: what is compared is measured in turn (A B A B ...), and the median of the ratios counts."""

import os
import pathlib
import re
import shutil
import statistics
import subprocess

from counts import BENCH, COMMAND, CONFIGURATIONS, LIBRARY
from goals import Row

LIBFIU = pathlib.Path("/usr/lib/fiu/fiu_posix_preload.so")
CALLS = {
    "again": "recv, EAGAIN",
    "null": "write, /dev/null",
    "tcp": "send+recv, TCP",
    "pair": "send+recv, socketpair",
    "pipe": "write+read, pipe",
    "file": "write+read, file",
    "poll-1": "poll of 1",
    "poll-100": "poll of 100",
    "poll-1000": "poll of 1,000",
    "cycle": "connect, accept, close",
}


OTHER_PEERS = tuple(f"other-peer-{n}" for n in (1, 10, 100, 1000))
FEW = ("again", "null", "tcp")


def row(group, name, values, unit, goal=None, note=""):
    """A row of the median and the quartiles."""
    low, _, high = statistics.quantiles(values, n=4) if len(values) > 1 else list(values) * 3
    return Row(group, name, statistics.median(values), unit, low, high, goal, note)


def slices(folder, configuration, workload, count, threads=1):
    """[(bare, forwarder, program)]: nanoseconds a call, of each slice of each thread."""
    prefix, environment = configuration.start(folder)
    return slices_of(prefix, environment, workload, count, threads)


def slices_of(prefix, environment, workload, count, threads=1):
    command = [*prefix, BENCH / "micro", "time", str(count), str(threads), workload]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return [tuple(map(float, line.split())) for line in done.stdout.splitlines()]


def in_process(folder, effort):
    """Ratios and differences within one process, each from three processes."""
    for name in ("idle", "off", *OTHER_PEERS, "ten", "faults", "all"):
        for workload, words in CALLS.items():
            if name in OTHER_PEERS[:-1] and workload not in FEW:
                continue
            found = []
            for _ in range(3):
                found += slices(folder, CONFIGURATIONS[name], workload, 60 * effort)
            yield from compared(name, workload, words, found)


def compared(name, workload, words, found):
    group = "time within one process"
    is_idle = name in ("idle", "off") and workload in ("again", "null")
    ratios = [program / bare for bare, _, program in found]
    yield row(group, f"{name}: {words}", ratios, "of bare", "idle-time" if is_idle else None)
    if name == "idle":
        ratios = [forwarder / bare for bare, forwarder, _ in found]
        yield row(group, f"forwarder: {words}", ratios, "of bare")
    if name == "all" and workload in ("again", "tcp", "pair"):
        added = [program - bare for bare, _, program in found]
        yield row(group, f"{name}: {words}", added, "ns a call above bare", "all-time")


def held_back(folder, effort):
    """An epoll of 1,000 idle descriptors: what it costs that one of them is held back."""
    found = {"held": [], "stall": []}
    for _ in range(7):
        for name, ratios in found.items():
            taken = slices(folder, CONFIGURATIONS[name], "epoll-1000", 30 * effort)
            ratios += [program / bare for bare, _, program in taken]
    group = "time within one process"
    for name, words in (("stall", "none held back"), ("held", "one held back")):
        yield row(group, f"epoll of 1,000: {words}", found[name], "of bare")
    value = statistics.median(found["held"]) / statistics.median(found["stall"])
    yield Row(group, "epoll of 1,000: one held back", value, "of none held back", goal="held-time")


def threads(folder, effort):
    """What each of several threads loses, every one on a connection of its own."""
    for name in ("off", "all"):
        yield from threads_with(folder, effort, name)


def threads_with(folder, effort, name):
    slowdown = {}
    for count in (1, 2, 4):
        found = []
        for _ in range(3):
            found += slices(folder, CONFIGURATIONS[name], "tcp", 40 * effort, count)
        ratios = [program / bare for bare, _, program in found]
        slowdown[count] = statistics.median(ratios)
        yield row("threads", f"{name}: send+recv, TCP: {count} threads", ratios, "of bare")
    for count in (2, 4):
        value, unit = slowdown[count] / slowdown[1], "of the slowdown of 1 thread"
        goal = "threads" if count == 4 and name == "all" else None
        yield Row("threads", f"{name}: {count} threads", value, unit, goal=goal)


def libfiu(folder, effort):
    if not LIBFIU.exists():
        return
    _, environment = CONFIGURATIONS["idle"].start(folder)
    for workload in FEW:
        # the library that its command loads as well; without it no point is known
        environment["LD_PRELOAD"] = f"{LIBFIU} {LIBFIU.with_name('fiu_run_preload.so')}"
        found = slices_of([], environment, workload, 30 * effort)
        ratios = [program / bare for bare, _, program in found]
        yield row("peers", f"libfiu: {CALLS[workload]}", ratios, "of bare")


# ---- system calls ----


def traced_loop(prefix, environment, turns, workload):
    """The number of system calls of so many turns."""
    out = BENCH / "strace.txt"
    command = [*prefix, "strace", "-f", "-c", "-o", out]
    command += [BENCH / "micro", "loop", str(turns), workload]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return int(re.search(r"(\d+)(?:\s+\d+)?\s+total$", out.read_text(), re.M)[1])


def system_calls(folder, effort):
    """What a turn asks of the kernel beyond what libc's own would."""
    if not shutil.which("strace"):
        return
    plain = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
    for name in ("idle", "off", "ten", "all"):
        for workload in ("tcp", "again", "null", "poll-1", "cycle"):
            few, many = (
                traced_loop(*CONFIGURATIONS[name].start(folder), turns, workload)
                - traced_loop([], plain, turns, workload)
                for turns in (10, 110)
            )
            goal = "idle-calls" if name in ("idle", "off") else None
            value = (many - few) / 100
            yield Row(
                "system calls", f"{name}: {CALLS[workload]}", value, "calls a turn", goal=goal
            )


def strace(folder, effort):
    if not shutil.which("strace"):
        return
    for workload in FEW:
        ratios = []
        for _ in range(3 * effort):
            command = [BENCH / "micro", "loop", "5000", workload]
            tracer = ["strace", "-f", "-o", "/dev/null"]
            bare, traced = (
                float(subprocess.run(c, check=True, capture_output=True).stdout)
                for c in (command, tracer + command)
            )
            ratios.append(traced / bare)
        yield row("peers", f"strace: {CALLS[workload]}", ratios, "of bare")


# ---- starting ----


def starts(folder, effort):
    """The time from start to end of a program that does nothing."""
    run = [f"SOCKFAULT_DIR={os.environ['SOCKFAULT_DIR']}", COMMAND, "run", "--quiet"]
    variants = {
        "forwarder": [f"LD_PRELOAD={BENCH / 'forwarder.so'}", "/bin/true"],
        "preloaded": [f"LD_PRELOAD={LIBRARY}", "/bin/true"],
        "sockfault run": [*run, "/bin/true"],
        "the command alone": [COMMAND, "--version"],
        "sockfault run, trace off": [*run, "--trace-level", "off", "/bin/true"],
    }
    goals = {"preloaded": "start", "sockfault run": "start-run"}
    if LIBFIU.exists():
        variants["libfiu"] = [f"LD_PRELOAD={LIBFIU}", "/bin/true"]
    command = [BENCH / "starts", str(400 * effort), "--", "/bin/true"]
    for words in variants.values():
        command += ["--", *words]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rounds = [tuple(map(float, line.split())) for line in text.splitlines()]
    yield row("start", "bare: /bin/true", [times[0] for times in rounds], "us")
    for i, name in enumerate(variants, 1):
        ratios = [times[i] / times[0] for times in rounds]
        program = "" if name == "the command alone" else ": /bin/true"
        yield row("start", f"{name}{program}", ratios, "of bare", goals.get(name))
