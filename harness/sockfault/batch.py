# SPDX-License-Identifier: MIT
"""`sockfault batch` as a process: subcommands without the start of a command for each.

    with Batch() as batch:
        answer = batch.ask(["run", "-e", "recv: reset", "--", "./client"], out="stdout")
        answer["outcome"]["findings"]

Several threads may ask at once; each waits for its own answer. What a worker runs ends with it, and
it ends with us, however we end. See sockfault(1), "batch".
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import threading
from typing import Any, Mapping, Self, Sequence

from . import command
from .command import SockfaultError
from .text import printed


def request(words: Sequence[str | os.PathLike[str]]) -> bytes:
    """What is written for one request: how many words, and the words, each ended by NUL."""
    return b"%d\0" % len(words) + b"".join(os.fsencode(word) + b"\0" for word in words)


class Batch:
    """A worker. `before` are words ahead of the command: of a sandbox, say."""

    def __init__(
        self,
        before: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        path: str | None = None,
    ) -> None:
        self._process = subprocess.Popen(
            [*before, path or command.find(), "batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=None if env is None else dict(env),
        )
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[threading.Event, dict[str, Any]]] = {}
        self._is_read = False  # to its end
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        try:
            for line in self._process.stdout:
                self._take(line)
        except ValueError:  # half a line, of a worker that was ended; or close() was quicker
            pass
        with self._lock:  # the worker has ended: nobody will be answered any more
            self._is_read = True
            for done, _ in self._waiting.values():
                done.set()
            self._waiting.clear()

    def _take(self, line: bytes) -> None:
        answer = json.loads(line)
        with self._lock:
            done, place = self._waiting.pop(answer["id"])
        place.update(answer)
        done.set()

    def begin(
        self,
        words: Sequence[str | os.PathLike[str]],
        *,
        stdin: str | os.PathLike[str] | None = None,
        out: str | os.PathLike[str] | None = None,
        err: str | os.PathLike[str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        env: Mapping[str, str | None] | None = None,
    ) -> Asked:
        """Asks, and waits for nothing."""
        name = str(next(self._ids))
        head = [f"id={name}"]
        places = {"in": stdin, "out": out, "err": err, "cwd": cwd}
        head += [f"{key}={os.fspath(value)}" for key, value in places.items() if value is not None]
        for key, value in (env or {}).items():
            head.append(f"unset={key}" if value is None else f"set={key}={value}")
        asked = Asked(self)
        with self._lock:
            if self._is_read:
                asked.done.set()  # without an answer
            self._waiting[name] = (asked.done, asked.place)
        try:
            assert self._process.stdin
            with self._lock:
                self._process.stdin.write(request([*head, *words]))
                self._process.stdin.flush()
        except (OSError, ValueError):
            raise SockfaultError(self.complaint()) from None
        return asked

    def ask(self, words: Sequence[str | os.PathLike[str]], **wishes: Any) -> dict[str, Any]:
        """The answer; `outcome` is that of a run."""
        return self.begin(words, **wishes).answer()

    def complaint(self) -> str:
        """What the worker said when it ended."""
        assert self._process.stderr
        text = printed(self._process.stderr.read()).strip()
        return text.removeprefix("sockfault: ") or "sockfault batch has ended"

    @property
    def is_over(self) -> bool:
        """Has the worker ended? Then nobody will be answered any more."""
        return self._process.poll() is not None

    def close(self) -> None:
        """Ends the worker and all that it runs."""
        self._process.terminate()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                with contextlib.suppress(OSError):  # what was asked last may never have been read
                    pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Asked:
    """A request under way."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.done = threading.Event()
        self.place: dict[str, Any] = {}

    def answer(self, timeout: float | None = None) -> dict[str, Any]:
        if not self.done.wait(timeout):
            raise SockfaultError(f"sockfault batch gave no answer within {timeout:g} s")
        if not self.place:
            raise SockfaultError(self.batch.complaint())
        return self.place
