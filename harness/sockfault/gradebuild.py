# SPDX-License-Identifier: MIT
"""How a submission becomes a program, and whether sockfault can see into it.

A build runs in a box as the program does, but may write its folder and use more. What comes of it
is looked at before anything runs: a program into which the library can't come is refused with the
reason, and no test of it is made.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import time

from . import command, sandbox, submission
from .assignment import Assignment, Limits
from .command import SockfaultError
from .sandbox import Box, Level

PROCESSES = 256
DISK = 256 << 20
SHOWN = 2000  # bytes of what a build said
STATUS_TROUBLE = 125
LOOK = 0.1  # seconds between two looks at what a build takes of the disk
LOOKING = Limits(memory=1 << 30, cpu=10.0, output=1 << 20, within=20.0)
DOCTOR = 'for program; do "$0" doctor "$program" || exit; done'
LOADS, WITHOUT_LINES = ": the library will load\n", "built without -g"  # as the doctor says it
# What an interpreted program runs in: its calls are the interpreter's.
INTERPRETERS = re.compile(r"^(?:python|pypy|java|node|ruby|perl|php)[\d.]*$")


class Unbuilt(SockfaultError):
    """The submission can't be run at all."""


def build(assignment: Assignment, level: Level, program: pathlib.Path) -> list[str]:
    """What somebody should know of the program; Unbuilt, in words, where there is none."""
    wanted = assignment.build
    for name in wanted.needs:
        if not (program / name).exists():
            raise Unbuilt(f"the submission has no {name}")
    if wanted.command:
        _make(assignment, level, program)
    words = dict.fromkeys(target.command[0] for target in assignment.targets)
    return _look_at(level, {word: _executable(word, program) for word in words}, program)


def _make(assignment: Assignment, level: Level, program: pathlib.Path) -> None:
    wanted = assignment.build
    limits = dataclasses.replace(
        assignment.limits,
        memory=wanted.memory,
        cpu=wanted.within,
        processes=PROCESSES,
        disk=max(assignment.limits.disk, DISK),
    )
    box = Box(program, limits, hidden=(assignment.folder,), may_write_program=True)
    words = [*sandbox.user_words(level), *sandbox.inner_words(level, box)]
    status, said = _run([*words, "/bin/sh", "-c", wanted.command or ":"], program, wanted.within)
    if level is Level.LIMITS:
        sandbox.end_all()
    said = said.replace(f"{program}/", "")
    if status is None:
        raise Unbuilt(f"the build ({wanted.command}) took longer than {wanted.within:g} s\n{said}")
    if submission.size(program, limits.disk) > limits.disk:
        most = f"{limits.disk >> 20} MiB"
        raise Unbuilt(f"the build ({wanted.command}) took more than {most} of the disk\n{said}")
    if status != 0:
        raise Unbuilt(f"the build ({wanted.command}) ended with status {status}:\n{said}")


def _run(words: list[str], program: pathlib.Path, within: float) -> tuple[int | None, str]:
    """Status, or None where it took too long; and the last of what it said. It is ended when the
    disk gets full of it: a limit on files is none on how many there are."""
    log = program.parent / "build.log"
    with open(log, "wb") as out:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=sandbox.environment(),
            start_new_session=True,
        )
        status = _watch(process, program, within)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    with open(log, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - SHOWN))
        said = file.read().decode(errors="replace").strip()
    log.unlink()
    return status, said


def _watch(process: subprocess.Popen[bytes], program: pathlib.Path, within: float) -> int | None:
    gone = os.pidfd_open(process.pid)
    try:
        end = time.monotonic() + within
        while (left := end - (began := time.monotonic())) > 0:
            if submission.size(program, DISK) > DISK:
                return STATUS_TROUBLE
            pause = max(LOOK, LOOK * 50 * (time.monotonic() - began))
            if select.select([gone], [], [], min(pause, left))[0]:
                return process.wait()
        return None
    finally:
        os.close(gone)


def _in_box(level: Level, program: pathlib.Path, words: list[str]) -> tuple[int | None, str]:
    """Looks at what is a stranger's as the program is run: what looks might be overcome by it."""
    box = Box(program, LOOKING, visible=(pathlib.Path(command.find()),))
    before = [*sandbox.user_words(level), *sandbox.inner_words(level, box)]
    done = subprocess.run(
        ["timeout", "-k", "1", str(LOOKING.within), *before, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=sandbox.environment(),
        check=False,
    )
    said = done.stderr if done.returncode else done.stdout
    return done.returncode, said[: LOOKING.output].decode(errors="replace")


def interpreter_of(word: str) -> bool:
    """Is this what the program is written for, rather than the program?"""
    return INTERPRETERS.match(os.path.basename(word)) is not None


def _executable(word: str, program: pathlib.Path) -> pathlib.Path:
    if "/" in word:
        path = program / word
    else:
        path = pathlib.Path(shutil.which(word, path=sandbox.PATH) or word)
    if "/" in word and not path.is_file():
        raise Unbuilt(f"there is no program {word} after the build")
    if not os.access(path, os.X_OK):
        raise Unbuilt(f"{word} can't be executed")
    return path


def _look_at(level: Level, paths: dict[str, pathlib.Path], program: pathlib.Path) -> list[str]:
    """What the doctor says of the programs, all in one box."""
    words = ["/bin/sh", "-c", DOCTOR, command.find(), *map(str, paths.values())]
    status, said = _in_box(level, program, words)
    if status:
        why = said.strip().replace(f"{program}/", "") or f"doctor ended with status {status}"
        raise Unbuilt(f"sockfault can't see into {why.removeprefix('sockfault doctor: ')}")
    reports = said.split(LOADS)[1:]
    return [
        f"{word} was built without -g: mistakes are told by function, not by source line"
        for word, report in zip(paths, reports)
        if "/" in word and WITHOUT_LINES in report
    ]
