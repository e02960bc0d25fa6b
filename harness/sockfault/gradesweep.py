# SPDX-License-Identifier: MIT
"""A sweep as a test: every error path of a submission is tried, and each that breaks costs points.

The runs are those of sweep.py, with the program in its box; rules are for the program alone.
"""

from __future__ import annotations

import contextlib
import pathlib
import shutil
from typing import Iterator

from . import sandbox
from .assignment import Test
from .command import SockfaultError
from .graderun import BOX, Runner, fill
from .peer import Peer
from .suite import PythonPeer
from .sweep import WAITING, Result, Sweep, Wishes
from .sweepgroup import Group
from .sweepjudge import Compare
from .sweeprun import Program


class Silent:
    """A sweep shows its progress to nobody here."""

    def phase(self, text: str) -> None:
        ...

    def note(self, text: str) -> None:
        ...

    def begin(self, total: int, done: int, limit: float | None = None) -> None:
        ...

    def ran(self, record: object) -> None:
        ...


@contextlib.contextmanager
def _other_end(runner: Runner, test: Test) -> Iterator[dict[str, str | None]]:
    """The words of a sweep for who is at the other end; a scripted peer serves all of its runs."""
    target = test.target
    places = {"reference": str(runner.reference or ""), "host": "127.0.0.1"}
    if isinstance(target.client, PythonPeer):
        raise SockfaultError("a sweep drives a server by a command, not by a function")
    if target.client:
        yield {"client": fill(target.client, places), "port": None}
    elif isinstance(target.peer, PythonPeer):
        wanted, within = target.peer, runner.assignment.limits.within
        with Peer(wanted.script, kind=target.kind, tls=wanted.tls, timeout=within) as peer:
            yield {"port": str(peer.port)}
    else:
        yield {"peer": fill(target.peer or "", places), "port": None}


def sweep(runner: Runner, test: Test) -> Result:
    """All of it; SockfaultError where the fault-free run is no measure."""
    wanted = test.sweep
    assert wanted
    folder = runner.work / "sweep"
    for name in ["baseline", *(f"worker-{number}" for number in range(1 + WAITING))]:
        (folder / "work" / name).mkdir(parents=True)  # the program's user writes there
    sandbox.give(folder / "work")
    (folder / "stdin").write_bytes(test.target.stdin)
    try:
        with _other_end(runner, test) as other:
            box = sandbox.inner_words(runner.level, runner.box(pathlib.Path("{trace}")))
            places = {"host": "127.0.0.1"}
            places["tmp"] = str(sandbox.tmp(runner.level, runner.program))
            places |= {"port": other["port"]} if other["port"] else {}
            program = Program(
                [fill(word, places) for word in test.target.command],
                test.target.role,
                other.get("client"),
                other.get("peer"),
                test.seed if test.seed is not None else runner.seed,
                test.realism or "posix",
                box=box,
                first_process=runner.first_process,
                folder=str(runner.program),
                stdin=str(folder / "stdin"),
                env=test.target.env,
                is_served=other["port"] is not None and test.target.kind == "stream",
            )
            compare = Compare("any" != test.expect.stdout, [], test.target.normalize)
            wishes = Wishes(program, compare, folder, jobs=1, baselines=2, time=wanted.time)
            wishes.only = [wanted.only] if wanted.only else []
            return Sweep(wishes, Silent(), runner.start_batch).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def mistakes(result: Result) -> list[Group]:
    """What breaks: confirmed, and an error."""
    return [
        one
        for one in result.groups
        if one.is_confirmed and one.finding.severity == "error" and one.finding.program not in BOX
    ]
