# SPDX-License-Identifier: MIT
"""sockfault: makes the socket calls of a program fail as a real network makes them fail.

    import sockfault

    run = sockfault.run(["./client", "127.0.0.1", 8080], "recv nth=2: reset")
    assert run.status == 1 and b"reset" in run.stderr

In pytest the fixture `sockfault` has the same functions, ends what a test leaves, and fails a test
whose rules did not fire.
"""

__version__ = "0.1.0"

from .command import SockfaultError
from .events import Conn, Event, Finding, Process, Rule
from .harness import Sockfault
from .peer import Connection, Datagrams, Peer, PeerError, PeerLeft, PeerTimeout, peer
from .run import Run, UnfiredRules, run
from .server import Server, ServerFailed, start

__all__ = [
    "Conn",
    "Connection",
    "Datagrams",
    "Event",
    "Finding",
    "Peer",
    "PeerError",
    "PeerLeft",
    "PeerTimeout",
    "Process",
    "Rule",
    "Run",
    "Server",
    "ServerFailed",
    "Sockfault",
    "SockfaultError",
    "UnfiredRules",
    "peer",
    "run",
    "start",
]
