# SPDX-License-Identifier: MIT
"""How long a class takes: 300 submissions made from those of the examples, and 12 tests of each.
SOCKFAULT_CLASS is another number of them.
"""

import contextlib
import functools
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
import tomllib

import lesson
import pytest
from lesson import BUILD
from test_examples import EXAMPLES, NAMES, lost, submissions, wanted

from sockfault import assignment as assignments
from sockfault import sandbox
from sockfault.graderun import fill, free_port
from sockfault.peer import Peer
from sockfault.suite import PythonPeer

COUNT = int(os.environ.get("SOCKFAULT_CLASS", "300"))
SCENARIOS = lesson.ROOT / "scenarios"
PROCESSORS = 2
GOAL = 1.3
# A sweep is many runs, and how many is not the program's affair: an ordinary test in its place.
TWELFTH = {
    "echo": """target = "client"
points = 4
rules = ["recv nth=2: reset"]
expect = { stdout = "any", status = 1 }
""",
    "keyvalue": """target = "one"
points = 0
rules = ["send side=server nth=2: short 1"]
""",
    "transfer": """target = "sender"
points = 3
rules = ["send nth=2: drop"]
""",
}
TABLE = "[[test]]\n"


def a_class(folder, example):
    """An assignment of twelve tests, and its submissions with the one that each was made from."""
    shutil.copytree(EXAMPLES / example, folder, ignore=shutil.ignore_patterns("submissions"))
    file = folder / "assignment.toml"
    tables = [one for one in file.read_text().split(TABLE) if "\nsweep =" not in one]
    text = TABLE.join([*tables, f'name = "twelfth"\n{TWELFTH[example]}'])
    file.write_text(text)
    made = {}
    for number in range(COUNT // len(NAMES)):
        source = submissions(example)[number % 10]
        copy = folder / "submissions" / f"{source.name}-{number:03}"
        shutil.copytree(source, copy)
        for path in copy.iterdir():
            if path.suffix in (".c", ".cc", ".cpp", ".py"):
                sign(path, number)
        made[copy] = source.name
    return file, made


def sign(path, number):
    """A head of its own: no two are the same, and the same mistake is at another line in each."""
    mark = "#" if path.suffix == ".py" else "//"
    lines = path.read_text().splitlines(keepends=True)
    first = 1 if lines[0].startswith("#!") else 0
    head = [f"{mark} submission {number}\n"] * (1 + number // 10)
    path.write_text("".join([*lines[:first], *head, *lines[first:]]))


# ---- the programs by themselves ----


def is_served(kind, port):
    """Does somebody listen there?"""
    table, state = ("tcp", "0A") if kind == "stream" else ("udp", "07")
    rows = pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    return any(f":{port:04X}" in row.split()[1] and row.split()[3] == state for row in rows)


@contextlib.contextmanager
def started(words, **options):
    process = subprocess.Popen(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **options,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ready(process, kind, port):
    while not is_served(kind, port) and process.poll() is None:
        time.sleep(0.0005)


class Bare:
    """Programs of one example by themselves: the program, its other end, and the library only where
    there is a fault; no box, no grader, no trace that is looked into."""

    def __init__(self, file):
        self.assignment = assignments.read(file)
        self.reference = file.parent / "solution"
        subprocess.run(["make", "-s", "-C", self.reference], check=True)

    def seconds(self, program):
        """Of all tests."""
        subprocess.run(["make", "-s", "-C", program], check=True, stderr=subprocess.DEVNULL)
        return sum(max(0.0, self.run(program, test)) for test in self.assignment.tests)

    @staticmethod
    def rules(test):
        scenarios = [(SCENARIOS / f"{name}.fault").read_text() for name in test.use]
        return "\n".join([*scenarios, *test.rules])

    def run(self, program, test):
        target, rules = test.target, self.rules(test)
        within = test.expect.within or self.assignment.limits.within
        env, less = sandbox.environment(), 0.0  # as a grader has it: the same python3, say
        if rules and not test.is_plain:
            env |= preloaded(rules)
            less = library_seconds()
        did = self.server if target.role == "server" else self.client
        with tempfile.TemporaryDirectory() as traces:  # of programs that are killed: 32 MiB each
            return did(target, program, env | {"TMPDIR": traces}, within) - less

    def words(self, target, port):
        places = {"host": "127.0.0.1", "port": str(port)}
        return [fill(word, places) for word in target.command]

    def client(self, target, program, env, within):
        with contextlib.ExitStack() as stack:
            if isinstance(target.peer, PythonPeer):
                peer = Peer(target.peer.script, kind=target.kind, timeout=within)
                port = stack.enter_context(peer).port
            else:
                port = free_port(target.kind)
                places = {"port": str(port), "reference": str(self.reference)}
                words = ["/bin/sh", "-c", f"exec {fill(target.peer, places)}"]
                peer = stack.enter_context(started(words, env=sandbox.environment()))
                ready(peer, target.kind, port)
            with open(program / "stdin", "w+b") as stdin:
                stdin.write(target.stdin)
                stdin.seek(0)
                words, began = self.words(target, port), time.monotonic()
                with started(words, env=env, cwd=program, stdin=stdin) as process:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(within)
                    return time.monotonic() - began

    def server(self, target, program, env, within):
        """Its start, one client, its end."""
        port = free_port(target.kind)
        places = {"host": "127.0.0.1", "port": str(port), "reference": str(self.reference)}
        began = time.monotonic()
        with started(self.words(target, port), env=env, cwd=program) as process:
            ready(process, target.kind, port)
            words = ["/bin/sh", "-c", fill(target.client, places)]
            with started(words, env=sandbox.environment()) as client:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    client.wait(within)
        return time.monotonic() - began


def preloaded(rules):
    return {"LD_PRELOAD": str(BUILD / "libsockfault.so"), "SOCKFAULT_RULES": rules}


@functools.cache
def library_seconds():
    """What the library takes to start: no program's own."""

    def one(env):
        began = time.monotonic()
        subprocess.run(["/bin/true"], env=os.environ | env, check=True)
        return time.monotonic() - began

    return statistics.median(one(preloaded("recv: short 1")) - one({}) for _ in range(15))


# ---- the class ----


def test_what_classes_are_made_of(tmp_path):
    """Twelve tests each, without a sweep; no two submissions are the same."""
    for example in NAMES:
        file, made = a_class(tmp_path / example, example)
        tests = assignments.read(file).tests
        assert len(tests) == 12 and not any(test.sweep for test in tests)
        assert len(made) == COUNT // 3 and len(set(made.values())) == min(10, len(made))


def check(example, report, made):
    """Each as its original, at its own lines."""
    expected = tomllib.loads((EXAMPLES / example / "expected.toml").read_text())
    names = {
        test.name for test in assignments.read(report.parent / example / "assignment.toml").tests
    }
    for copy, source in made.items():
        graded = lesson.state(report, copy.name)
        assert graded["is_done"] and not graded["build"], graded["build"]
        rows = [row for row in lost(graded) if row["test"] != "twelfth"]
        wants = [row for row in wanted(copy, expected[source]) if row["test"] in names]
        assert rows == wants, copy.name


def interrupted(file, report, words, number, at):
    """Grades until so many are done, and is ended then."""
    process = lesson.begin(file, "--report", report, *words)
    for line in process.stdout:
        if line.startswith("[") and int(line[1:].split("/")[0]) >= at:
            process.send_signal(number)
            break
    process.communicate(timeout=lesson.WITHIN)


@pytest.mark.long
@pytest.mark.parametrize("example", NAMES)
def test_a_class_is_graded_as_it_is_worth_and_goes_on_after_an_interruption(example, tmp_path):
    file, made = a_class(tmp_path / example, example)
    status, said = lesson.grade(file, "--report", tmp_path / "whole", *made)
    assert status == 0, said
    check(example, tmp_path / "whole", made)
    report = tmp_path / "parts"
    interrupted(file, report, made, signal.SIGINT, len(made) // 3)
    interrupted(file, report, ["--resume", *made], signal.SIGKILL, len(made) * 2 // 3)
    status, said = lesson.grade(file, "--report", report, "--resume", *made)
    assert status == 0, said
    books = [(one / "gradebook.csv").read_text() for one in (tmp_path / "whole", report)]
    assert books[0] == books[1]


@pytest.mark.long
def test_a_class_takes_little_longer_than_its_programs(tmp_path):
    """On two processors: 1.3 times half of what the programs take by themselves."""
    took = alone = 0.0
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:PROCESSORS])
    for example in NAMES:
        file, made = a_class(tmp_path / example, example)
        bare = Bare(file)
        first = dict(zip(made.values(), made))  # one of each
        own = {
            name: bare.seconds(shutil.copytree(copy, tmp_path / f"{example}-{name}"))
            for name, copy in first.items()
        }
        alone += (of_all := sum(own[name] for name in made.values()))
        began = time.monotonic()
        status, said = lesson.grade(file, "--report", tmp_path / f"{example}-graded", *made)
        took += (one := time.monotonic() - began)
        assert status == 0, said
        print(
            f"{example}: {len(made)} took {one:.1f} s, their programs by themselves {of_all:.1f} s"
        )
    assert took < GOAL * alone / PROCESSORS, f"{took:.1f} s; programs: {alone:.1f} s"
