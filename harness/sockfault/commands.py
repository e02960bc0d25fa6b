# SPDX-License-Identifier: MIT
"""`sockfault suite` and `sockfault report`: the harness without a line of Python."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import pathlib
import subprocess
import sys
from typing import NoReturn, Sequence

from . import command, optiontable, report
from .command import SockfaultError
from .events import read_findings
from .run import Traced

GOOD, FAILED, TROUBLE = 0, 1, 125
EPILOG = "Exit status: 0 all passed, 1 something failed, 125 could not work."


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(TROUBLE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _suite_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="sockfault suite",
        description="Runs each target of a suite under each of its scenarios, with pytest.",
        epilog=EPILOG + " What follows -- is given to pytest.",
    )
    optiontable.add(parser)
    parser.add_argument("file", nargs="+", metavar="FILE.toml")
    parser.add_argument("-n", metavar="N", help="so many at a time (needs pytest-xdist)")
    parser.add_argument("--shard", metavar="I/N", help="the I-th of N parts")
    parser.add_argument(
        "--report",
        metavar="DIR",
        help="write junit.xml, results.json, results.sarif and an HTML page for each run there",
    )
    parser.add_argument("--seed", metavar="N", help="seed of all random choices")
    parser.add_argument("--annotations", action="store_true", help="for GitHub")
    parser.add_argument("--keep", action="store_true", help="keep the traces of what passed")
    return parser


def has_entry_point() -> bool:
    """Does pytest find the plugin by itself? Loaded twice it would be refused."""
    found = importlib.metadata.entry_points(group="pytest11", name="sockfault")
    return len(list(found)) > 0


def pytest_words(asked: argparse.Namespace, more: Sequence[str]) -> list[str]:
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=auto"]
    if not has_entry_point():
        words += ["-p", "sockfault.plugin"]
    words += [f"--sockfault-suite={name}" for name in asked.file]
    if asked.n:
        words += ["-n", asked.n]
    given = {"shard": asked.shard, "seed": asked.seed, "report": asked.report}
    words += [f"--sockfault-{name}={value}" for name, value in given.items() if value]
    if asked.report:
        words += [f"--junitxml={asked.report}/junit.xml"]
    flags = {"annotations": asked.annotations, "keep": asked.keep}
    words += [f"--sockfault-{name}" for name, wanted in flags.items() if wanted]
    return [*words, *more]


def suite(argv: Sequence[str] | None = None) -> int:
    """`sockfault suite`."""
    words = list(sys.argv[1:] if argv is None else argv)
    cut = words.index("--") if "--" in words else len(words)
    asked = _suite_parser().parse_args(words[:cut])
    for name in asked.file:
        if not pathlib.Path(name).is_file():
            print(f"sockfault suite: there is no file {name}", file=sys.stderr)
            return TROUBLE
    here = str(pathlib.Path(__file__).resolve().parents[1])
    path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
    env = os.environ | {"PYTHONPATH": path, "SOCKFAULT_COMMAND": command.find()}
    try:
        status = subprocess.call(pytest_words(asked, words[cut + 1 :]), env=env)
    except KeyboardInterrupt:
        return 130
    return status if status in (GOOD, FAILED) else TROUBLE


def page(argv: Sequence[str] | None = None) -> int:
    """`sockfault report`."""
    parser = _Parser(
        prog="sockfault report", description="Shows a run as a page for a browser.", epilog=EPILOG
    )
    optiontable.add(parser)
    parser.add_argument("file", nargs="?", metavar="FILE", help="a trace; else the latest run's")
    parser.add_argument("-o", metavar="OUT.html", default="report.html", help="%(default)s")
    asked = parser.parse_args(argv)
    try:
        run = Traced(asked.file)
        findings = read_findings(str(run.trace))
        text = report.page(run, run.name, findings, [])
        pathlib.Path(asked.o).write_text(text, encoding="utf-8")
    except (SockfaultError, OSError) as error:
        print(f"sockfault report: {error}", file=sys.stderr)
        return TROUBLE
    print(asked.o)
    return GOOD
