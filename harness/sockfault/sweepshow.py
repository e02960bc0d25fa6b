# SPDX-License-Identifier: MIT
"""What a sweep shows while it goes on: on a terminal one line that is written over, elsewhere a
line now and then. Nothing of the terminal's state is changed.
"""

from __future__ import annotations

import collections
import shutil
import time
from typing import Any, TextIO

EVERY = 0.1  # seconds between two looks of the line
SELDOM = 10.0  # and between lines, where they can't be written over
WIDTH = 24  # of the bar


class Show:
    def __init__(self, out: TextIO, quiet: bool = False) -> None:
        self.out, self.quiet = out, quiet
        self.over = out.isatty()
        self.total = self.done = 0
        self.found: collections.Counter[str] = collections.Counter()
        self.worst: set[tuple[Any, ...]] = set()
        self.not_reached = 0
        self._drawn = self._began = time.monotonic()
        self._width = 0

    def _line(self, text: str) -> None:
        self.clear()
        print(f"sockfault sweep: {text}", file=self.out, flush=True)

    def clear(self) -> None:
        """Takes the line away that is written over."""
        if self._width:
            self.out.write("\r" + " " * self._width + "\r")
            self.out.flush()
            self._width = 0

    def phase(self, text: str) -> None:
        if text and not self.quiet:
            if self.over:
                self._over(text + " ...")
            else:
                self._line(text)

    def note(self, text: str) -> None:
        if not self.quiet:
            self._line(text)

    def begin(self, total: int, done: int, limit: float | None = None) -> None:
        """limit: seconds after which no run is begun."""
        self.total, self.done, self.limit = total, done, limit
        self._before = done
        self._began = self._drawn = time.monotonic()
        if not self.quiet and not self.over:
            before = f", {done} of them done before" if done else ""
            self._line(f"{total} faults to try{before}")

    def ran(self, record: dict[str, Any]) -> None:
        self.done += 1
        self.not_reached += record["result"] == "not-reached"
        for finding in record.get("findings", ()):
            key = tuple(finding.get(name) for name in ("finding", "file", "line", "site"))
            if key not in self.worst:
                self.worst.add(key)
                self.found[finding["severity"]] += 1
        now = time.monotonic()
        if self.quiet or now - self._drawn < (EVERY if self.over else SELDOM):
            return
        self._drawn = now
        if self.over:
            self._over(f"[{self._bar()}] {self._state(now)}")
        else:
            self._line(self._state(now))

    def _bar(self) -> str:
        full = WIDTH * self.done // max(1, self.total)
        return "=" * full + ">" * (full < WIDTH) + " " * (WIDTH - full - 1)

    def _state(self, now: float) -> str:
        rate = (self.done - self._before) / max(now - self._began, 0.001)
        left = (self.total - self.done) / rate if rate else 0.0
        if self.limit is not None:
            left = min(left, max(0.0, self.limit - (now - self._began)))
        found = ", ".join(
            f"{self.found[name]} {name}{'s' if self.found[name] > 1 and name != 'advice' else ''}"
            for name in ("error", "warning", "advice")
            if self.found[name]
        )
        return (
            f"{self.done}/{self.total}, {rate:.0f} a second, {left:.0f} s left; "
            f"{found or 'nothing found'} so far"
        )

    def _over(self, text: str) -> None:
        room = shutil.get_terminal_size().columns - 1
        text = text[:room]
        self.out.write("\r" + text + " " * max(0, self._width - len(text)))
        self.out.flush()
        self._width = len(text)
