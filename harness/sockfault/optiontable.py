# SPDX-License-Identifier: MIT
"""The options of a command of the harness as rows, for completions: as `sockfault --options` prints
those of the commands that are built in.
"""

from __future__ import annotations

import argparse
from typing import Iterator


def rows(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    """option<TAB>NAME<TAB>-n<TAB>--name<TAB>VALUE<TAB>choices<TAB>help"""
    for action in parser._actions:
        if not action.option_strings or action.help == argparse.SUPPRESS:
            continue
        short = [text for text in action.option_strings if len(text) == 2] or [""]
        long = [text for text in action.option_strings if len(text) > 2] or [""]
        value = "" if action.nargs == 0 else action.metavar or action.dest.upper()
        choices = "|".join(map(str, action.choices or ()))
        choices = choices or ("@file" if value in ("FILE", "DIR") else "")
        help_text = (action.help or "").replace("%(default)s", str(action.default))
        for letter in short:
            cells = ["option", name, letter, long[0], str(value), choices, help_text]
            yield "\t".join(cells)


class _Print(argparse.Action):
    """Prints the rows of its parser, and nothing is done."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        for row in rows(parser.prog.removeprefix("sockfault "), parser):
            print(row)
        parser.exit(0)


def add(parser: argparse.ArgumentParser) -> None:
    """Has a command print its rows where it is asked for --options."""
    parser.add_argument("--options", action=_Print, nargs=0, help=argparse.SUPPRESS)
