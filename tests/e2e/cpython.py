# SPDX-License-Identifier: MIT
"""CPython's own network tests (Debian's libpython3.11-testsuite), run natively and under sockfault.

A Suite runs tests of some modules and gives how each one ended, by its name. A test that says
nothing for too long is ended and counts as `hangs`, one that takes the process along as `dies`;
the others are run without it. Two tables stand beside the program that runs them, tests/suites:
left_out.txt names tests that are not run at all, assumes.txt those that are wrong about a rule.
"""

import fnmatch
import itertools
import os
import pathlib
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from conftest import ROOT, end_group, run, under

PYTHON = "/usr/bin/python3.11"
SUITES = ROOT / "tests" / "suites"
PROGRAM = SUITES / "each_test.py"
SILENCE = 120  # seconds without a line from a test that is running
ENDS = 40  # tests that hang or die in one module, at most
FINE = {"ok", "skipped", "expected-failure"}


def is_installed():
    return os.path.exists(PYTHON) and os.path.exists("/usr/lib/python3.11/test/test_socket.py")


def table(name):
    """The rows of a table: words, with all that is left as the last one."""
    lines = (SUITES / name).read_text().splitlines()
    rows = [line.split(None, 2) for line in lines if line and not line.startswith("#")]
    assert all(len(row) == 3 for row in rows), f"{name}: three columns"
    return rows


def names(modules):
    """All tests of these modules."""
    argv = [PYTHON, PROGRAM, "--list", *("test." + module for module in modules)]
    return run(argv, check=True).stdout.decode().split()


def matching(tests, pattern):
    return {test for test in tests if fnmatch.fnmatchcase(test, "test." + pattern)}


def left_out():
    return [pattern for _, pattern, _ in table("left_out.txt")]


def assumed(rule):
    """The tests that assume what this rule takes from them."""
    return [pattern for name, pattern, _ in table("assumes.txt") if rule in name.split(",")]


@dataclass
class Suite:
    """Tests of some modules of the package `test`, as they are run by `under` or without it."""

    modules: list
    folder: pathlib.Path
    rules: list = field(default_factory=list)
    options: list = field(default_factory=list)
    interrupts: bool = False
    skip: list = field(default_factory=left_out)
    silence: int = SILENCE
    runs: object = field(default_factory=lambda: itertools.count(1))

    def natively(self, only=None):
        return self.outcomes([], only)

    def mine(self, only=None):
        return self.outcomes(under(*self.rules, options=self.options), only)

    def both(self, only=None):
        """Natively and under sockfault, at the same time: many of these tests only wait."""
        with ThreadPoolExecutor() as threads:
            native, mine = threads.submit(self.natively, only), threads.submit(self.mine, only)
            return native.result(), mine.result()

    def outcomes(self, words, only=None):
        """How each test ended: {name: outcome}. Of `only` these, where they are given."""
        found = {}
        for _ in range(ENDS):
            process = Run(self, words, only, set(found))
            ended = process.wait()
            found.update(process.read())
            if ended:
                return found
        raise AssertionError(f"{self.modules}: more than {ENDS} tests hang or die")

    def next_folder(self):
        folder = self.folder / f"run-{next(self.runs)}"
        folder.mkdir(parents=True)
        return folder


class Run:
    """One process that runs tests until all are done, one of them ends it, or one hangs."""

    def __init__(self, suite, words, only, done):
        self.silence = suite.silence
        self.folder = suite.next_folder()
        self.results = self.folder / "results"
        # Of a short name, for Unix sockets; children that become somebody else get in too.
        self.temporary = tempfile.TemporaryDirectory(prefix="sf-")
        os.chmod(self.temporary.name, 0o711)
        argv = [*words, PYTHON, str(PROGRAM), "--results", str(self.results)]
        argv += ["--interrupts"] if suite.interrupts else []
        argv += ["--skip", self.listed("skip", done), "--leave-out", self.listed("out", suite.skip)]
        argv += ["--only", self.listed("only", only)] if only is not None else []
        argv += ["test." + module for module in suite.modules]
        # What asks a name server that is not there shall not wait for long.
        env = dict(os.environ, RES_OPTIONS="timeout:1 attempts:1", TMPDIR=self.temporary.name)
        env["SOCKFAULT_DIR"] = os.path.join(self.temporary.name, "runs")
        with open(self.folder / "output", "wb") as output:
            self.process = subprocess.Popen(
                argv,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def listed(self, name, tests):
        path = self.folder / name
        path.write_text("".join(test + "\n" for test in sorted(tests)))
        return str(path)

    def wait(self):
        """Has it come to its end?"""
        size, since = 0, time.monotonic()
        while True:
            try:
                self.status = self.process.wait(timeout=1)
                break
            except subprocess.TimeoutExpired:
                now = self.results.stat().st_size if self.results.exists() else 0
                if now != size:
                    size, since = now, time.monotonic()
                elif time.monotonic() - since > self.silence:
                    self.status = None
                    self.stop()
                    break
        self.temporary.cleanup()
        lines = self.lines()
        assert lines, f"{self.folder}/output: no test began (status {self.status})"
        return lines[-1] == ["done"]

    def stop(self):
        """Ends it, children and all, after it has said where it hangs (each_test.py at SIGABRT)."""
        for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
            try:
                if os.getpgid(pid) == self.process.pid and self.is_python(pid):
                    os.kill(pid, signal.SIGABRT)
            except (ProcessLookupError, FileNotFoundError):
                pass
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            pass
        end_group(self.process)
        self.process.wait()

    def is_python(self, pid):
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return words[:2] == [PYTHON.encode(), str(PROGRAM).encode()]

    def lines(self):
        if not self.results.exists():
            return []
        return [line.split("\t") for line in self.results.read_text().splitlines()]

    def read(self):
        found = {}
        for word, *rest in self.lines():
            if word == "begins":
                found[rest[0]] = "hangs" if self.status is None else f"dies:{self.status}"
            elif word == "ended":
                found[rest[0]] = rest[1]
        return found


def differences(suite):
    """The tests that end differently under sockfault than natively: {name: (natively, mine)}.

    Some of these tests depend on time. So those that differ are run again, natively and under
    sockfault; what counts is a test of which no run under sockfault ended as a native one did.
    """
    natively, mine = suite.both()
    seen = {
        test: ({natively.get(test)}, {mine.get(test)}) for test in natively.keys() | mine.keys()
    }
    assert "ok" in natively.values()
    for _ in range(3):
        seen = {test: ends for test, ends in seen.items() if not ends[0] & ends[1]}
        if not seen:
            break
        again = suite.both(seen.keys())
        for test, ends in seen.items():
            ends[0].add(again[0].get(test))
            ends[1].add(again[1].get(test))
    return {test: ends for test, ends in seen.items() if not ends[0] & ends[1]}


def failures(suite):
    """The tests that fail whenever they are run under the rules, and never natively."""
    bad = {test: {end} for test, end in suite.mine().items() if end not in FINE}
    for _ in range(2):
        if not bad:
            return {}
        again = suite.mine(bad.keys())
        bad = {test: ends | {again[test]} for test, ends in bad.items() if again[test] not in FINE}
    natively = suite.natively(bad.keys())
    return {test: ends for test, ends in bad.items() if natively[test] in FINE}
