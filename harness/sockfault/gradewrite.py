# SPDX-License-Identifier: MIT
"""What is written of a submission, into a folder of its own: after each test what an autograder
reads, so that a crash loses nothing; when all is done the rest.
"""

from __future__ import annotations

import os
import pathlib

from . import feedback, gradefiles
from .graded import STATE, Graded
from .gradewords import LEVELS

SOON = "results.json"  # after each test


def write(path: pathlib.Path, text: str) -> None:
    """All of it or nothing: who reads meanwhile has the old one."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(text, encoding="utf-8")
    os.replace(scratch, path)


def write_soon(folder: pathlib.Path, graded: Graded, key: str) -> None:
    """The state of things; last, when it is done: who resumes then has all of it."""
    if graded.is_done:
        write_all(folder, graded)
    else:
        write(folder / SOON, gradefiles.FILES[SOON](graded, LEVELS[0]))
    write(folder / STATE, graded.as_json(key))


def write_all(folder: pathlib.Path, graded: Graded, show: str = LEVELS[0]) -> None:
    """What graders and the student read; show: which tests students may see (gradewords.LEVELS)."""
    for name, make in (gradefiles.FILES | feedback.FILES).items():
        write(folder / name, make(graded, show))
