# SPDX-License-Identifier: MIT
"""The outer box with an examiner in it (examiner.py), which examines one submission after another.

A room is made once and used for many submissions, so that nobody waits for Python to start. Where
an examiner does not come to its end the room is cleared, with all that runs in it, and the next
submission has a new one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import time
from typing import Self

from . import command, processes, sandbox
from .assignment import Assignment
from .command import SockfaultError
from .graded import STATE, Graded, read_state
from .sandbox import Level

START = 60.0  # seconds for an examiner to start
SLACK = 60.0  # beyond all deadlines of a submission
EACH = 30.0  # for a test, beside its own deadlines


class Broken(SockfaultError):
    """An examiner did not come to its end: for somebody to look at."""


def longest(assignment: Assignment) -> float:
    """Seconds that a submission can take, all deadlines together, on a busy machine."""
    tests = [test.expect.within or assignment.limits.within for test in assignment.tests]
    sweeps = [60 + test.sweep.time * 3 for test in assignment.tests if test.sweep]
    runs = 4 * 2 * 3 * sum(tests) + EACH * len(tests)  # busy, again, a server and its clients
    return 4 * assignment.build.within + runs + sum(sweeps) + SLACK


class ExamRoom:
    """`work` is a folder of its own, which the program's user can reach."""

    def __init__(self, assignment: Assignment, level: Level, work: pathlib.Path, seed: int) -> None:
        self.assignment, self.level, self.work, self.seed = assignment, level, work, seed
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0

    # ---- the examiner ----

    def _start(self) -> subprocess.Popen[bytes]:
        self._count += 1
        processes.adopt_orphans()
        self.folder = self.work / f"room-{self._count}"
        self.folder.mkdir(mode=0o755)
        wishes = {
            "assignment": str(self.assignment.path.resolve()),
            "work": str(self.folder),
            "level": self.level.value,
            "seed": self.seed,
        }
        (self.folder / "wishes.json").write_text(json.dumps(wishes))
        here = str(pathlib.Path(__file__).resolve().parents[1])
        path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
        env = os.environ | {"PYTHONPATH": path, "SOCKFAULT_COMMAND": command.find()}
        env[sandbox.USER] = str(sandbox.user())
        words = [*sandbox.outer_words(self.level, True), sys.executable, "-m", "sockfault.examiner"]
        with open(self.folder / "log", "wb") as log:
            return subprocess.Popen(
                [*words, str(self.folder / "wishes.json")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=env,
                start_new_session=True,
            )

    def _answer(self, within: float) -> None:
        """One line of the examiner's; Broken where there is none in time."""
        assert self._process and self._process.stdout
        end, line = time.monotonic() + within, b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self._process.stdout], [], [], end - time.monotonic())
            more = os.read(self._process.stdout.fileno(), 65536) if ready else b""
            if not more:
                how = "has ended" if ready else f"gave no answer within {within:.0f} s"
                said = (self.folder / "log").read_text(errors="replace").strip()[-2000:]
                raise Broken(f"the examiner {how}\n{said}".strip())
            line += more
        error = json.loads(line)["error"]
        if error:
            raise Broken(error)

    def _room(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = self._start()
            self._answer(START + 4 * self.assignment.build.within)
        return self._process

    def grade(self, name: str, submission: pathlib.Path, results: pathlib.Path, key: str) -> Graded:
        """Grades a submission; Broken where the examiner, or what it needs, is not in order."""
        results.mkdir(parents=True, exist_ok=True)
        (results / STATE).unlink(missing_ok=True)
        try:
            process = self._room()
            asked = {"name": name, "submission": str(submission), "results": str(results)}
            asked |= {"key": key, "work": str(self.folder / "submission")}
            assert process.stdin
            with contextlib.suppress(BrokenPipeError):  # its answer says why
                process.stdin.write(json.dumps(asked).encode() + b"\n")
                process.stdin.flush()
            self._answer(longest(self.assignment))
        except BaseException:
            self.clear()
            raise
        state = read_state(results)
        if not state or not state[1].is_done:
            raise Broken("the examiner left no result")
        return state[1]

    def clear(self) -> None:
        """Ends the examiner and all that it runs."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self.level is Level.LIMITS:
            sandbox.end_all()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()


@dataclasses.dataclass(frozen=True)
class Listed:
    """What `sockfault grade` asks of pytest, as JSON in a file."""

    assignment: str
    submissions: list[tuple[str, str, str]]  # name, folder, key
    folder: str  # of the results
    level: str
    seed: int
    prefix: str  # of work folders
