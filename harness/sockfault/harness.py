# SPDX-License-Identifier: MIT
"""What the fixture `sockfault` is: the functions of the package with the options of this pytest
run, and a memory of what a test has started, so that all of it ends with the test.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
from typing import Any, Mapping, Sequence

from . import run as runs
from . import server as servers
from .command import SockfaultError
from .peer import Errors, Line, Peer, PeerError, Script, transcript
from .run import Duration, Run, Words
from .server import Server
from .table import both_sides


@dataclasses.dataclass(frozen=True)
class Options:
    """Those of the pytest run; what a test says itself comes first."""

    seed: int | None = None
    timeout: float = runs.TIMEOUT
    realism: str | None = None


class Sockfault:
    """sockfault.run, sockfault.start and sockfault.peer for one test."""

    def __init__(self, folder: pathlib.Path, options: Options = Options()) -> None:
        self.folder = folder
        self.options = options
        self.runs: list[Run] = []
        self.servers: list[Server] = []
        self.peers: list[Peer] = []
        self._places = 0

    def _place(self) -> pathlib.Path:
        self._places += 1
        return self.folder / f"run-{self._places}"

    def _with_options(self, wishes: dict[str, Any]) -> dict[str, Any]:
        given = {"seed": self.options.seed, "realism": self.options.realism}
        for name, value in given.items():
            if wishes[name] is None:
                wishes[name] = value
        if wishes["timeout"] is None:
            wishes["timeout"] = self.options.timeout
        return wishes

    def run(
        self,
        target: Words,
        *rules: str,
        use: str | Sequence[str] = (),
        peer: str | None = None,
        stdin: bytes = b"",
        seed: int | None = None,
        timeout: Duration | None = None,
        realism: str | None = None,
        cwd: os.PathLike[str] | str | None = None,
        env: Mapping[str, str | None] | None = None,
        must_fire: bool = True,
        may_escape: bool = False,
    ) -> Run:
        """As sockfault.run. What went wrong in a peer of this test is raised here."""
        __tracebackhide__ = True
        wishes = self._with_options({"seed": seed, "timeout": timeout, "realism": realism})
        done = runs.run(
            target,
            *rules,
            use=use,
            peer=peer,
            stdin=stdin,
            cwd=cwd,
            env=env,
            folder=self._place(),
            must_fire=must_fire,
            may_escape=may_escape,
            **wishes,
        )
        self.runs.append(done)
        self._settle(done)
        return done

    def start(
        self,
        target: Words,
        *rules: str,
        use: str | Sequence[str] = (),
        stdin: bytes = b"",
        seed: int | None = None,
        timeout: Duration | None = None,
        realism: str | None = None,
        cwd: os.PathLike[str] | str | None = None,
        env: Mapping[str, str | None] | None = None,
        must_fire: bool = True,
        may_escape: bool = False,
        check: bool = True,
    ) -> Server:
        """As sockfault.start."""
        __tracebackhide__ = True
        wishes = self._with_options({"seed": seed, "timeout": timeout, "realism": realism})
        made = servers.start(
            target,
            *rules,
            use=use,
            stdin=stdin,
            cwd=cwd,
            env=env,
            folder=self._place(),
            must_fire=must_fire,
            may_escape=may_escape,
            check=check,
            **wishes,
        )
        made.when_stopped = self._stopped
        self.servers.append(made)
        return made

    def peer(
        self,
        script: Script,
        host: str = "127.0.0.1",
        port: int = 0,
        kind: str = "stream",
        unix: bool | os.PathLike[str] | str = False,
        tls: bool = False,
        timeout: float = 10.0,
    ) -> Peer:
        """As sockfault.peer; it is closed when the test ends."""
        made = Peer(script, host, port, kind, unix, tls, timeout)
        self.peers.append(made)
        return made

    # ---- what the peers met ----

    def _stopped(self, run: Run) -> None:
        __tracebackhide__ = True
        self.runs.append(run)
        self._settle(run)

    def _settle(self, run: Run) -> None:
        """Raises the first error of a script, with what both sides did."""
        __tracebackhide__ = True
        errors: Errors = []
        for peer in self.peers:
            errors += peer.settle(lambda: any(fault.ends_connection for fault in run.faults))
        if errors:
            connection, error = errors[0]
            sides = both_sides(run, transcript([connection]))
            if isinstance(error, PeerError):
                raise type(error)(f"{error}\n\n{sides}") from error.__cause__
            what = f"{connection.name}: its script failed: {type(error).__name__}: {error}"
            raise PeerError(f"{what}\n\n{sides}") from error

    # ---- the end of the test ----

    def finish(self) -> None:
        """In the test's own time: judges the servers that it left running, and what its peers met
        outside of any run."""
        __tracebackhide__ = True
        for server in self.servers:
            if server.is_running:
                server.finish()
        for peer in self.peers:
            for connection, error in peer.settle():
                raise PeerError(f"{connection.name}: {error}") from error

    def stop_servers(self) -> None:
        """Where the test has failed already: only so that there is something to tell of them."""
        for server in self.servers:
            if server.is_running:
                with contextlib.suppress(SockfaultError):
                    server.stop()

    def lines(self) -> list[Line]:
        """What all peers did."""
        return transcript([c for peer in self.peers for c in peer.connections])

    def end(self) -> None:
        """Ends all that the test has left."""
        for server in self.servers:
            if server.is_running:
                server.kill()
        for peer in self.peers:
            peer.close()

    def vacuous(self) -> str | None:
        """Why this test proves nothing, or None."""
        reasons = [reason for reason in (run.vacuous() for run in self.runs) if reason]
        return "\n".join(reasons) or None
