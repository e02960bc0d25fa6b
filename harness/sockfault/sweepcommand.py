# SPDX-License-Identifier: MIT
"""`sockfault sweep`: its command line."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import sys
import tempfile
import time
from typing import Any, Iterator, NoReturn, Sequence

from . import optiontable, sweepreport
from .command import SockfaultError
from .run import seconds
from .suite import substitution
from .sweep import Sweep, Wishes
from .sweepjudge import Compare
from .sweeprun import Program
from .sweepshow import Show

GOOD, FAILED, TROUBLE, INTERRUPTED = 0, 1, 125, 130
NAME = "sockfault sweep"
PREFIX = "sockfault-sweep-"  # of folders of sweeps that keep no report
UNLOCKED_MAX = 60.0  # seconds from when such a folder is made until it is locked
EPILOG = """\
A transient fault must be invisible, a terminal one must be met honestly: what breaks either law is
shown with the command that repeats it. {port} in any command is a free port of each run, {tmp} a
private folder; without {port} runs go one at a time.
Exit status: 0 no error found, 1 errors found, 125 could not work, or not make some of the runs."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(TROUBLE, f"{NAME}: {message} (see {NAME} --help)\n")


def _duration(text: str) -> float:
    try:
        value = seconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if value < 0 or not re.search("[a-z]", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration such as 10s or 500ms")
    return value


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return int(text)


def _shard(text: str) -> str:
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise argparse.ArgumentTypeError(f"a shard is as 2/3, the second of three, not {text}")
    return text


def _normalize(text: str) -> str:
    try:
        substitution(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _known(text: str) -> list[dict[str, Any]]:
    """The failures of a results.json."""
    try:
        value = json.loads(pathlib.Path(text).read_text(encoding="utf-8"))
        failures = [*value["failures"], *value.get("known", [])]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise argparse.ArgumentTypeError(f"{text} is no results.json: {error}") from None
    return failures


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=NAME,
        usage=f"{NAME} [--server --client CMD | --peer CMD] [OPTION]... -- COMMAND [ARG]...",
        description="Tries each error path of a program's socket calls; says what it gets wrong.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    optiontable.add(parser)
    add("--server", action="store_true", help="COMMAND is a server: --client drives it")
    add("--client", metavar="CMD", help="shell command that drives the server, once it listens")
    add("--peer", metavar="CMD", help="shell command that serves COMMAND")
    add("--jobs", type=_count, metavar="N", help="runs side by side (default: processors)")
    add("--time", type=_duration, metavar="D", help="no new run after D: the most valuable first")
    add(
        "--only",
        action="append",
        default=[],
        metavar="GLOB",
        help="only entries of the plan, functions, calls, sites or faults that it meets",
    )
    add(
        "--compare",
        choices=["output", "status"],
        default="output",
        help="what a fault must not change: output and status, or status alone",
    )
    add(
        "--normalize",
        type=_normalize,
        action="append",
        default=[],
        metavar="s/RE/TEXT/",
        help="what differs in the output from run to run",
    )
    add("--baseline", type=_count, default=3, metavar="N", help="fault-free runs (default: 3)")
    add(
        "--deadline",
        type=_duration,
        metavar="D",
        help="for each run (default: five times what the fault-free run took, at least 1s)",
    )
    add("--seed", type=_seed, default=1, metavar="N", help="of all random choices (default: 1)")
    add("--shard", type=_shard, metavar="I/N", help="the I-th of N parts of the plan")
    add(
        "--realism",
        choices=["kernel", "posix"],
        default="posix",
        help="what Linux does, or all that POSIX allows (default)",
    )
    add(
        "--known",
        type=_known,
        default=[],
        metavar="FILE",
        help="a results.json: what it has is shown and not counted",
    )
    add(
        "--resume",
        action="store_true",
        help="go on with the sweep in --report DIR that was interrupted",
    )
    add(
        "--report",
        metavar="DIR",
        help="write report.html, results.json, run.json, junit.xml, results.sarif there",
    )
    add("--annotations", action="store_true", help="for GitHub: print annotations, and a summary")
    add("--quiet", action="store_true", help="show no progress")
    add("command", nargs="*", metavar="COMMAND", help=argparse.SUPPRESS)
    return parser


def _asked(argv: Sequence[str] | None) -> argparse.Namespace:
    words = list(sys.argv[1:] if argv is None else argv)
    cut = words.index("--") if "--" in words else len(words)
    parser = _parser()
    asked = parser.parse_args(words[:cut])
    asked.command += words[cut + 1 :]
    if not asked.command:
        parser.error("there is no COMMAND")
    if asked.server != bool(asked.client):
        parser.error("--server and --client CMD belong together")
    if asked.resume and not asked.report:
        parser.error("--resume goes on with the sweep in --report DIR")
    if not shutil.which(asked.command[0]):
        parser.error(f"there is no program {asked.command[0]}")
    return asked


def _take_away_dead() -> None:
    """What sweeps that were killed left: one that lives holds the lock of its folder."""
    for path in pathlib.Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            stack.callback(os.close, held)
            facts = os.fstat(held)
            if facts.st_uid == os.getuid() and time.time() - facts.st_mtime > UNLOCKED_MAX:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _folder(name: str | None) -> Iterator[pathlib.Path]:
    if name:
        path = pathlib.Path(name)
        path.mkdir(parents=True, exist_ok=True)
        yield path
        return
    _take_away_dead()
    with tempfile.TemporaryDirectory(prefix=PREFIX) as made:
        held = os.open(made, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield pathlib.Path(made)
        finally:
            os.close(held)


def _wishes(asked: argparse.Namespace, folder: pathlib.Path) -> Wishes:
    role = "server" if asked.server else "client"
    program = Program(asked.command, role, asked.client, asked.peer, asked.seed, asked.realism)
    jobs = asked.jobs or os.cpu_count() or 1
    return Wishes(
        program=program,
        compare=Compare.of(asked.compare, asked.normalize),
        folder=folder,
        jobs=jobs if program.has_port else 1,
        baselines=asked.baseline,
        deadline=asked.deadline,
        time=asked.time,
        only=asked.only,
        shard=asked.shard,
        resume=asked.resume,
    )


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def main(argv: Sequence[str] | None = None) -> int:
    """`sockfault sweep`."""
    asked = _asked(argv)
    show, started = Show(sys.stderr, asked.quiet), time.time()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with _folder(asked.report) as folder:
            wishes = _wishes(asked, folder)
            if asked.jobs and wishes.jobs < asked.jobs:
                show.note("no command has {port}: runs go one at a time")
            result = Sweep(wishes, show).run()
            show.clear()
            for line in sweepreport.summary(result, asked.known):
                print(line)
            if asked.annotations:
                sweepreport.annotate(result, asked.known)
            if asked.report:
                sweepreport.write(folder, result, asked.known, started)
                print(f"the report is in {asked.report}")
    except KeyboardInterrupt:
        show.clear()
        words = ["sockfault", "sweep", *(sys.argv[1:] if argv is None else argv)]
        again = words if "--resume" in words else [*words[:2], "--resume", *words[2:]]
        how = f"; go on with: {shlex.join(again)}" if asked.report else ""
        print(f"{NAME}: interrupted{how}", file=sys.stderr)
        return INTERRUPTED
    except (SockfaultError, OSError) as error:
        show.clear()
        print(f"{NAME}: {error}", file=sys.stderr)
        return TROUBLE
    if sweepreport.has_errors(result, asked.known):
        return FAILED
    return TROUBLE if sweepreport.troubles(result) else GOOD
