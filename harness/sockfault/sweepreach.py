# SPDX-License-Identifier: MIT
"""Call sites that no run of a sweep has reached, read from the machine code of the objects whose
calls the runs have shown: what calls send(), say, through the linker's tables, and was never seen
to do so.

Functions that serve files as well (read, write, close, poll ...) are left out: of a call that was
never made nobody knows whether it would have been one on a socket. So are jumps to a function (the
last call of another one), which have no place of their own, and calls by a pointer.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
from typing import Any, Iterable, Iterator, Mapping

from . import command
from .events import relative

# Calls whose functions are all of sockets alone; of the others those that are named here are.
OF_SOCKETS = ("socket", "bind", "listen", "connect", "accept", "shutdown", "sockopt", "resolve")
ALONE = re.compile(r"(__)?(send|recv)(|to|from|msg|mmsg)(_chk)?$")
SIZE_MAX = 64 << 20  # bytes of an object; disassembling takes a second for some 8 MiB
WITHIN = 60.0  # seconds
CALL = re.compile(r"^ *[0-9a-f]+:\s+(?:call|bl|notrack call)q?\s.*<(\w+)@[\w.]+>$")
ADDRESS = re.compile(r"^ *([0-9a-f]+):\s")


@functools.lru_cache(maxsize=None)
def _functions() -> frozenset[str]:
    rows = command.listing("functions")
    return frozenset(
        str(row["function"])
        for row in rows
        if (row["call"] in OF_SOCKETS or ALONE.match(row["function"]))
        and row["rules"] != "met by func= only"
    )


def _output(words: list[str], text: str = "") -> list[str]:
    """Nothing, where the tool is not there or fails."""
    try:
        done = subprocess.run(
            words, input=text, capture_output=True, text=True, timeout=WITHIN, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines() if done.returncode == 0 else []


def _calls_in(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Return addresses, as sites have them, and the functions called: of what objdump prints."""
    called = None
    for line in lines:
        here = ADDRESS.match(line)
        if called and here:
            yield int(here[1], 16), called
        if here or not line:
            found = CALL.match(line)
            called = found[1] if found and found[1] in _functions() else None


def calls_of(path: str) -> dict[int, str] | None:
    """The calls to functions of sockets in an object file; None where nothing can tell."""
    try:
        if os.path.getsize(path) > SIZE_MAX:
            return None
    except OSError:
        return None
    lines = _output(["objdump", "-d", "--no-show-raw-insn", path])
    return dict(_calls_in(lines)) if lines else None


def _sources(path: str, offsets: Iterable[int]) -> dict[int, dict[str, Any]]:
    """file, line and function of return addresses, as far as they are known."""
    order = list(offsets)
    text = "".join(f"{offset - 1:#x}\n" for offset in order)
    lines = _output(["addr2line", "-f", "-e", path], text)
    made = {}
    for offset, function, place in zip(order, lines[::2], lines[1::2]):
        file, _, number = place.partition(" (")[0].rpartition(":")
        is_known = number.isdecimal() and not file.startswith("?")
        made[offset] = {
            "file": relative(file) if is_known else None,
            "line": int(number) if is_known else None,
            "function": function if is_known else None,
        }
    return made


def _of_object(name: str, path: str, reached: set[str]) -> list[dict[str, Any]] | None:
    calls = calls_of(path)
    if calls is None:
        return None
    sources = _sources(path, calls)
    rows = [
        {"func": func, "site": f"{name}+{offset:#x}", **sources.get(offset, {"file": None})}
        for offset, func in calls.items()
    ]

    def line_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
        """A line that was compiled more than once, into several functions say, is one."""
        return (row["func"], row["file"], row["line"]) if row["file"] else (row["site"],)

    known = {line_of(row) for row in rows if row["site"] in reached}
    left = {line_of(row): row for row in rows if line_of(row) not in known}
    return list(left.values())


def never_reached(paths: Mapping[str, str], reached: Iterable[str]) -> list[dict[str, Any]] | None:
    """The call sites of these objects, by name, that are not among those reached; None where of no
    object it is known which there are."""
    seen = set(reached)
    found = [_of_object(name, path, seen) for name, path in sorted(paths.items())]
    known = [rows for rows in found if rows is not None]
    return [row for rows in known for row in rows] if known else None
