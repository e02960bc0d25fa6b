# SPDX-License-Identifier: MIT
"""`sockfault peer`: a scripted peer, or a scripted client, as a program. So a run with one can be
made again by a command alone, at a student's desk say:

    sockfault run --peer 'sockfault peer peer.py:echo {port}' -- ./client 127.0.0.1 {port}
"""

from __future__ import annotations

import argparse
import pathlib
import signal
import sys
from typing import Any, NoReturn, Sequence

from . import optiontable
from .graderun import drive
from .peer import Peer, PeerLeft, Script
from .suite import load_script

GOOD, FAILED, TROUBLE = 0, 1, 125
EPILOG = """A peer serves until it is ended by SIGTERM or SIGINT; a client prints what its function
gives, else what it heard. Exit status: 0 all went as the script expects, 1 not, 125 could not
work."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(TROUBLE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="sockfault peer",
        description="Serves a port by a Python function, as a test or an assignment names it.",
        epilog=EPILOG,
    )
    optiontable.add(parser)
    parser.add_argument("script", metavar="FILE.py:FUNCTION")
    parser.add_argument("port", metavar="PORT", type=int)
    parser.add_argument(
        "--client", action="store_true", help="the function drives the server that is at PORT"
    )
    parser.add_argument("--kind", choices=("stream", "dgram"), default="stream")
    parser.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument(
        "--timeout", metavar="S", type=float, default=10.0, help="of each wait; default: 10"
    )
    return parser


def _serve(asked: argparse.Namespace, script: Script) -> int:
    """Until somebody asks it to end."""
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # before there are other threads
    place: dict[str, Any] = {"host": asked.host, "port": asked.port}
    with Peer(script, kind=asked.kind, tls=asked.tls, timeout=asked.timeout, **place) as peer:
        signal.sigwait(ends)
        errors = [error for _, error in peer.settle(lambda: True)]
    wrong = [error for error in errors if not isinstance(error, PeerLeft)]
    for error in wrong:
        print(f"sockfault peer: {error}", file=sys.stderr)
    return FAILED if wrong else GOOD


def _drive(asked: argparse.Namespace, script: Script) -> int:
    met = drive(script, asked.port, asked.timeout)
    sys.stdout.buffer.write(met.said or b"")
    if met.error:
        print(f"sockfault peer: {met.error}", file=sys.stderr)
    return FAILED if met.error else GOOD


def main(argv: Sequence[str] | None = None) -> int:
    """`sockfault peer`."""
    asked = _parser().parse_args(argv)
    try:
        script = load_script(pathlib.Path.cwd(), asked.script)
        return _drive(asked, script) if asked.client else _serve(asked, script)
    except (ImportError, OSError, OverflowError, ValueError) as error:
        print(f"sockfault peer: {error}", file=sys.stderr)
        return TROUBLE
