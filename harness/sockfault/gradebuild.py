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
import shutil
import signal
import subprocess

from . import command, sandbox
from .assignment import Assignment
from .command import SockfaultError
from .sandbox import Box, Level

PROCESSES = 256
DISK = 256 << 20
SHOWN = 2000  # bytes of what a build said
STATUS_TROUBLE = 125
ELF = b"\x7fELF"
GO = "such a program is linked statically and makes its system calls itself, past the library"
# What an interpreted program runs in: its calls are the interpreter's.
INTERPRETERS = re.compile(r"^(?:python|pypy|java|node|ruby|perl|php)[\d.]*$")


class Unbuilt(SockfaultError):
    """The submission can't be run at all."""


def copy_submission(source: pathlib.Path, target: pathlib.Path) -> None:
    """A copy that the box may have. Links stay links: they lead nowhere but within the box."""
    shutil.copytree(source, target, symlinks=True, ignore=_no_special_files)
    for here, _, _ in os.walk(target):
        os.chmod(here, 0o755)
    sandbox.give(target)


def _no_special_files(folder: str, names: list[str]) -> list[str]:
    """Of a FIFO or a device no copy can be made."""
    paths = {name: pathlib.Path(folder, name) for name in names}
    return [
        name
        for name, path in paths.items()
        if not (path.is_symlink() or path.is_file() or path.is_dir())
    ]


def build(assignment: Assignment, level: Level, program: pathlib.Path) -> list[str]:
    """What somebody should know of the program; Unbuilt, in words, where there is none."""
    wanted = assignment.build
    for name in wanted.needs:
        if not (program / name).exists():
            raise Unbuilt(f"the submission has no {name}")
    if wanted.command:
        _make(assignment, level, program)
    words = dict.fromkeys(target.command[0] for target in assignment.targets)
    return [warning for word in words for warning in _look_at(word, program)]


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
    if status is None:
        raise Unbuilt(f"the build ({wanted.command}) took longer than {wanted.within:g} s\n{said}")
    if status != 0:
        raise Unbuilt(f"the build ({wanted.command}) ended with status {status}:\n{said}")


def _run(words: list[str], program: pathlib.Path, within: float) -> tuple[int | None, str]:
    """Status, or None where it took too long; and what it said."""
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
        try:
            status: int | None = process.wait(within)
        except subprocess.TimeoutExpired:
            status = None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    said = log.read_text(errors="replace").strip()[-SHOWN:]
    return status, said.replace(f"{program}/", "")


def interpreter_of(word: str) -> bool:
    """Is this what the program is written for, rather than the program?"""
    return INTERPRETERS.match(os.path.basename(word)) is not None


def _look_at(word: str, program: pathlib.Path) -> list[str]:
    path = program / word if "/" in word else pathlib.Path(shutil.which(word) or word)
    if "/" in word and not path.is_file():
        raise Unbuilt(f"there is no program {word} after the build")
    if not os.access(path, os.X_OK):
        raise Unbuilt(f"{word} can't be executed")
    sections = _sections(path) if _is_elf(path) else ""
    if ".go.buildinfo" in sections or ".note.go.buildid" in sections:
        raise Unbuilt(f"{word} is written in Go: {GO}")
    done = subprocess.run(
        [command.find(), "doctor", str(path)], capture_output=True, text=True, check=False
    )
    if done.returncode == STATUS_TROUBLE:
        why = (done.stderr.strip() or done.stdout.strip()).replace(f"{program}/", "")
        raise Unbuilt(f"sockfault can't see into {word}: {why.removeprefix('sockfault doctor: ')}")
    if "/" in word and sections and ".debug_line" not in sections:
        return [f"{word} was built without -g: mistakes are told by function, not by source line"]
    return []


def _is_elf(path: pathlib.Path) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == ELF


def _sections(path: pathlib.Path) -> str:
    """The table of sections; nothing where nobody can tell."""
    try:
        done = subprocess.run(
            ["readelf", "-SW", str(path)], capture_output=True, text=True, check=False
        )
    except OSError:  # no binutils
        return ""
    return done.stdout
