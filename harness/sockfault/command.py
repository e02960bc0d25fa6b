# SPDX-License-Identifier: MIT
"""The `sockfault` command: where it is, and what it is asked.

Whatever is a table (calls, faults, findings, scenarios) is asked of the command and never repeated
in Python.
"""

from __future__ import annotations

import functools
import json
import os
import pathlib
import shutil
import subprocess
from typing import Any, Iterator

WITHIN = 60.0  # seconds, for a question to the command


class SockfaultError(Exception):
    """sockfault could not do its work: a bad rule, a program that it can't get into, no command."""


SockfaultError.__module__ = "sockfault"


def _candidates() -> Iterator[pathlib.Path]:
    here = pathlib.Path(__file__).resolve().parent
    yield here.parents[1] / "build" / "sockfault"  # harness/sockfault in the sources
    for folder in here.parents:
        if folder.name == "lib":  # PREFIX/lib/python3.11/dist-packages/sockfault
            yield folder.parent / "bin" / "sockfault"


@functools.lru_cache(maxsize=None)
def _search(given: str | None) -> str:
    if given:
        if os.access(given, os.X_OK):
            return os.path.abspath(given)
        raise SockfaultError(f"SOCKFAULT_COMMAND names {given}, which can't be executed")
    looked = []
    for candidate in _candidates():
        if os.access(candidate, os.X_OK):
            return str(candidate)
        looked.append(str(candidate))
    found = shutil.which("sockfault")
    if found:
        return os.path.abspath(found)
    raise SockfaultError(
        "there is no sockfault command: neither in SOCKFAULT_COMMAND, nor as "
        + ", ".join(looked)
        + ", nor on the PATH. Run `make` in the sources, or `make install`."
    )


def find() -> str:
    """The path of the command: SOCKFAULT_COMMAND, else of the sources or the installation that this
    package belongs to, else from PATH."""
    return _search(os.environ.get("SOCKFAULT_COMMAND"))


def ask(*words: str, good: tuple[int, ...] = (0,)) -> str:
    """What the command prints for these words; an error in its own words if it can't."""
    done = subprocess.run(
        [find(), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=WITHIN,
        check=False,
    )
    if done.returncode not in good:
        why = done.stderr.strip() or f"status {done.returncode}"
        raise SockfaultError(why.removeprefix("sockfault: "))
    return done.stdout


def objects(*words: str, good: tuple[int, ...] = (0,)) -> list[dict[str, Any]]:
    """The JSON objects that the command prints, one a line."""
    return [json.loads(line) for line in ask(*words, good=good).splitlines()]


@functools.lru_cache(maxsize=None)
def _listing(command: str, kind: str) -> tuple[dict[str, Any], ...]:
    del command  # another command has other tables
    return tuple(objects("list", kind, "--json"))


def listing(kind: str) -> tuple[dict[str, Any], ...]:
    """One of the command's tables: calls, functions, faults, findings, errnos, scenarios."""
    return _listing(find(), kind)


@functools.lru_cache(maxsize=None)
def _version(command: str) -> str:
    del command
    return ask("--version").split()[-1]


def version() -> str:
    """The version of the command."""
    return _version(find())
