# SPDX-License-Identifier: MIT
"""Reads shim/core/calls.def, for the checks that compare something with it."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def rows():
    """Names of all calls, aliases left out."""
    text = (ROOT / "shim/core/calls.def").read_text()
    return re.findall(r"^SF_(?:CALL|NAMED)\((\w+),", text, re.M)


def aliases():
    text = (ROOT / "shim/core/calls.def").read_text()
    return re.findall(r"^SF_ALIAS\((\w+),", text, re.M)
