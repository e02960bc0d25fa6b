# SPDX-License-Identifier: MIT
"""inbox.py LEVEL PROGRAM-FOLDER TEXT [WRITABLE]: runs Python text in a box, as the user who runs
this, and ends with its status. Limits are small. It is told LEVEL and the folder for temporary
files."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "harness"))

from sockfault import sandbox  # noqa: E402
from sockfault.assignment import Limits  # noqa: E402

LIMITS = Limits(memory=64 << 20, cpu=1, processes=8, output=1 << 20, disk=1 << 20)

level, folder = sandbox.Level(sys.argv[1]), pathlib.Path(sys.argv[2])
box = sandbox.Box(folder, LIMITS, writable=tuple(map(pathlib.Path, sys.argv[4:])))
words = [*sandbox.outer_words(level), *sandbox.user_words(level), *sandbox.inner_words(level, box)]
words += ["/usr/bin/python3", "-c", sys.argv[3], level.value, str(sandbox.tmp(level, folder))]
for path in box.writable:
    if sandbox.user_words(level):  # such a file is made by the command, who is the same user
        os.chown(path, sandbox.user(), sandbox.user())
status = subprocess.call(words, env=sandbox.environment(), cwd="/")
sys.exit(status if status >= 0 else 128 - status)
