# SPDX-License-Identifier: MIT
"""Instructions a call, counted by callgrind: the same in each run, so that a test can hold them.

Each configuration is one run of `micro count` below valgrind. Its dumps tell what two numbers of
turns cost; the difference is what the turns themselves cost.
"""

import collections
import dataclasses
import os
import pathlib
import re
import subprocess

from goals import GOALS, INSTRUCTIONS, Row, is_met, worst

BUILD = pathlib.Path(os.environ.get("SOCKFAULT_BUILD", "build")).resolve()
BENCH = BUILD / "bench"
LIBRARY = BUILD / "libsockfault.so"
COMMAND = BUILD / "sockfault"

SLEEP = "delay 1us"
NEVER = 1000000
RULES = {
    "other-call": lambda n: f"bind nth={n + NEVER}: fail EADDRINUSE",
    "other-peer": lambda n: f"any peer=10.0.{n // 250}.{n % 250}:80: {SLEEP}",
}
TEN = (
    [f"send,recv nth={n + NEVER}: {SLEEP}" for n in range(4)]
    + [f"send,recv chance=0.0001%: {SLEEP}"] * 3
    + [f"send,recv offset={n + 1000}MiB..: {SLEEP}" for n in range(3)]
)


@dataclasses.dataclass
class Configuration:
    """How a program is started: preloaded alone, or by the command with a trace level and rules."""

    name: str
    level: str = ""  # empty: preloaded, with nothing asked for
    rules: tuple = ()

    def start(self, folder):
        """The words before the program's own, and the environment."""
        environment = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
        environment["BENCH_FORWARDER"] = str(BENCH / "forwarder.so")
        if not self.level:
            return [], {**environment, "LD_PRELOAD": str(LIBRARY)}
        scenario = folder / f"{self.name}.fault"
        scenario.write_text("".join(f"{rule}\n" for rule in self.rules))
        words = [str(COMMAND), "run", "--quiet", "--trace-level", self.level]
        return words + (["-s", str(scenario)] if self.rules else []) + ["--"], environment


def same(kind, count):
    return tuple(RULES[kind](n) for n in range(count))


CONFIGURATIONS = {
    configuration.name: configuration
    for configuration in (
        Configuration("idle"),
        Configuration("off", "off"),
        Configuration("other-call-1", "off", same("other-call", 1)),
        Configuration("other-call-1000", "off", same("other-call", 1000)),
        Configuration("other-peer-1", "off", same("other-peer", 1)),
        Configuration("other-peer-10", "off", same("other-peer", 10)),
        Configuration("other-peer-100", "off", same("other-peer", 100)),
        Configuration("other-peer-1000", "off", same("other-peer", 1000)),
        Configuration("ten", "off", tuple(TEN)),
        Configuration("stall", "off", (f"recv nth={NEVER}: stall",)),
        Configuration("held", "off", ("recv nth=1: stall",)),
        Configuration("faults", "faults", (f"send,recv nth={NEVER}: {SLEEP}",)),
        Configuration("all", "all"),
    )
}

SOCKETS = ("tcp", "tcp-rw", "tcp-again")
VECTORS = ("tcp-v",)
DOMESTIC = ("pair", "again")
FILES = ("pipe", "null")
READINESS = ("poll-1", "poll-100", "poll-1000", "epoll")
MAKERS = ("socket", "dup", "accept", "epoll-ctl", "connect")
# One of 1,000 is held back, or none.
HELD_BACK = ("held", "epoll-1000"), ("stall", "epoll-1000")
# Those that close behind the library's back come last: it takes the numbers for sockets still.
ORDER = (*FILES, *SOCKETS, *VECTORS, *DOMESTIC, *READINESS, *MAKERS, "epoll-1000", "socket-close")

# goal: configurations and workloads that are held to it
HELD = {
    "idle": (
        ("idle", "off", "other-call-1000"),
        (*SOCKETS, *DOMESTIC, *FILES, *READINESS, "close"),
    ),
    "rules": (
        ("other-call-1", "other-call-1000", *(f"other-peer-{n}" for n in (1, 10, 100, 1000))),
        (*SOCKETS, *DOMESTIC),
    ),
    "ten": (("ten",), SOCKETS),
    "all": (("all",), (*SOCKETS, *VECTORS, *DOMESTIC)),
    "no-socket": (("ten", "other-peer-1000", "faults", "all"), FILES),
    "tracked": (("off",), MAKERS),
    "faults": (("faults",), SOCKETS),
    "poll": (("off", "other-peer-1000", "stall"), READINESS),
}

# What a connection costs once, while rules stand: to be seen, but no goal.
SEEN = (("other-peer-1", "other-peer-1000", "all"), ("connect", "accept", "close"))

# Calls that can't be made alone are counted together with another, which is taken off:
# name: (workload, the workload that is part of it)
PARTS = {"close": ("socket-close", "socket"), "connect": ("connect", "socket")}


def is_possible():
    return subprocess.run(["valgrind", "--version"], capture_output=True).returncode == 0


def wanted(configuration):
    """The workloads that are measured with this configuration."""
    names = set()
    for configurations, workloads in (*HELD.values(), SEEN):
        if configuration in configurations:
            names.update(workloads)
    names.update(workload for name, workload in HELD_BACK if name == configuration)
    for name in [name for name in PARTS if name in names]:
        names.update(PARTS[name])
    return [name for name in ORDER if name in names]


class Counts:
    """What callgrind counted; dumps stay in the folder for breakdown()."""

    def __init__(self, folder):
        self.folder = folder
        self.dumps = {}  # (configuration, workload, variant): {turns: (instructions, file)}

    def run(self, name):
        configuration = CONFIGURATIONS[name]
        prefix, environment = configuration.start(self.folder)
        variants = "bare,forwarder,program" if name == "idle" else "program"
        workloads = ORDER if name == "idle" else wanted(name)
        out = self.folder / f"callgrind.{name}"
        # What valgrind does not know of a new kernel is no news: shown only where it ends badly.
        said = self.folder / f"valgrind.{name}"
        command = [*prefix, "valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}"]
        command += [f"--log-file={said}"]
        command += [BENCH / "micro", "count", variants, *workloads]
        if subprocess.run(command, env=environment).returncode != 0:
            raise RuntimeError(f"micro failed below valgrind:\n{said.read_text()}")
        for path in self.folder.glob(f"callgrind.{name}.*"):
            self._read(name, path)

    def _read(self, name, path):
        text = path.read_text()
        which = re.search(r"^desc: Trigger: Client Request: (\S+)/(\S+)/(\d+)$", text, re.M)
        if which:
            key = (name, which[1], which[2])
            total = int(re.search(r"^totals: (\d+)", text, re.M)[1])
            self.dumps.setdefault(key, {})[int(which[3])] = (total, path)

    def a_turn(self, name, workload, variant):
        few, many = sorted(self.dumps[name, workload, variant].items())
        return (many[1][0] - few[1][0]) / (many[0] - few[0])

    def above_bare(self, name, workload, variant="program"):
        """Instructions a call that this variant costs beyond libc's own."""
        if workload in PARTS:
            whole, part = PARTS[workload]
            return self._turn_above(name, whole, variant) - self._turn_above(name, part, variant)
        calls = {"pair": 2, "tcp": 2, "tcp-rw": 2, "tcp-v": 2, "pipe": 2, "epoll-ctl": 2}
        return self._turn_above(name, workload, variant) / calls.get(workload, 1)

    def _turn_above(self, name, workload, variant):
        return self.a_turn(name, workload, variant) - self.a_turn("idle", workload, "bare")

    def breakdown(self, name, workload):
        """[(function, instructions a turn in it alone)], the most first."""
        turns, (_, path) = max(self.dumps[name, workload, "program"].items())
        spent = self_costs(path.read_text())
        return [(function, n / turns) for function, n in spent.most_common() if n >= turns]


def self_costs(dump):
    """Instructions by function, from the text of a dump: what is called in it does not count."""
    spent, names = collections.Counter(), {}
    place = {"ob": "", "fn": ""}
    is_call = False
    for line in dump.splitlines():
        named = re.match(r"(c?)(ob|fn)=(\(\d+\))(?: (.*))?", line)
        if named:
            of_callee, kind, number, name = named.groups()
            names.setdefault((kind, number), name)
            if not of_callee:
                place[kind] = names[kind, number]
        elif line.startswith("calls="):
            is_call = True  # the next line is of what was called
        elif re.match(r"[\d+*-]\S* \d+$", line):
            function = f"{place['fn']}  {os.path.basename(place['ob'])}"
            spent[function] += 0 if is_call else int(line.split()[1])
            is_call = False
    return spent


def figure(counts, name, workload, goal=None):
    value = counts.above_bare(name, workload)
    return Row("instructions", f"{name}: {workload}", value, INSTRUCTIONS, goal=goal)


def rows(counts):
    """A row for each figure that is measured; those of the forwarder for comparison."""
    found = []
    for workload in (*FILES, *SOCKETS, *DOMESTIC, *READINESS, *MAKERS, "close"):
        value = counts.above_bare("idle", workload, "forwarder")
        found.append(Row("instructions", f"forwarder: {workload}", value, INSTRUCTIONS))
    for goal, (configurations, workloads) in HELD.items():
        for name in configurations:
            found += [figure(counts, name, workload, goal) for workload in workloads]
    for name in ("other-call", "other-peer"):
        for workload in HELD["rules"][1]:
            value = counts.above_bare(f"{name}-1000", workload)
            value -= counts.above_bare(f"{name}-1", workload)
            what, unit = f"{name}: {workload}: growth", GOALS["growth"].unit
            found.append(Row("instructions", what, value, unit, goal="growth"))
    one, none = (figure(counts, *which).value for which in HELD_BACK)
    # The table of goals asks for waits with nothing held back; this one is to be seen.
    what, unit = "epoll of 1,000: one held back", "instructions a call above none held back"
    found.append(Row("instructions", what, one - none, unit))
    for name in SEEN[0]:
        found += [figure(counts, name, workload) for workload in SEEN[1]]
    return found


def breakdowns(counts, rows_):
    """Of each goal that is missed: where the instructions of its worst row go."""
    lines = []
    for goal in HELD:
        row = worst(rows_, goal)
        if is_met(rows_, goal):
            continue
        name, workload = row.name.split(": ")
        lines.append(f"{GOALS[goal].text}: {row.value:.1f} ({row.name}); instructions a turn:")
        for function, n in counts.breakdown(name, PARTS.get(workload, (workload,))[0]):
            lines.append(f"{n:10.1f}  {function}")
    return lines
