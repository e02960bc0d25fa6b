# SPDX-License-Identifier: MIT
"""A submission as it was handed in: a folder whose content is anybody's. It is copied and read
without following a link, without waiting for a FIFO, and within limits."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import shutil
import stat
from typing import Iterator

from . import sandbox
from .command import SockfaultError

FILES = 20_000  # files and folders
BYTES = 512 << 20  # of all files together, as long as they say they are
BLOCK = 4096


def _walk(folder: pathlib.Path) -> Iterator[tuple[pathlib.Path, os.stat_result]]:
    """All that is in it, in order; what is a link is not followed. SockfaultError, with the name,
    where it is too much."""
    count = size = 0
    for here, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted([*folders, *names]):
            path = pathlib.Path(here, name)
            st = path.lstat()
            count, size = count + 1, size + (st.st_size if stat.S_ISREG(st.st_mode) else 0)
            if count > FILES:
                raise SockfaultError(f"{folder} holds more than {FILES} files")
            if size > BYTES:
                limit = f"{BYTES >> 20} MiB"
                raise SockfaultError(f"{folder} is larger than {limit}, with {path}")
            yield path, st


def size(folder: pathlib.Path, most: int) -> int:
    """Bytes that it takes on disk, or more than `most` as soon as that is clear. Each file counts
    as a block at least; it may change meanwhile."""
    total = 0
    for here, folders, names in os.walk(folder):
        for name in (*folders, *names):
            with contextlib.suppress(OSError):
                total += max(BLOCK, os.lstat(os.path.join(here, name)).st_blocks * 512)
        if total > most:
            break
    return total


def digest(folder: pathlib.Path) -> bytes:
    """Another one for each change of its names, links and contents."""
    made = hashlib.sha256()
    for path, st in _walk(folder):
        kind = stat.S_IFMT(st.st_mode)
        made.update(os.fsencode(path.relative_to(folder)) + b"\0%o\0" % kind)
        if stat.S_ISLNK(st.st_mode):
            made.update(os.fsencode(os.readlink(path)) + b"\0")
        elif stat.S_ISREG(st.st_mode):
            with open(path, "rb") as file:
                made.update(hashlib.file_digest(file, "sha256").digest())
    return made.digest()


def _leads_out(path: pathlib.Path, folder: pathlib.Path) -> bool:
    """Does a link name something that is not in the folder?"""
    target = os.path.normpath(os.path.join(path.parent, os.readlink(path)))
    return not pathlib.Path(target).is_relative_to(folder)


def copy(source: pathlib.Path, target: pathlib.Path) -> list[str]:
    """A copy that the box may have: what there was to say of it. Links stay links, which lead
    nowhere but within the box; FIFOs, sockets and devices are left out."""
    said = []
    target.mkdir(mode=0o755)
    for path, st in _walk(source):
        name = path.relative_to(source)
        to = target / name
        if stat.S_ISLNK(st.st_mode):
            os.symlink(os.readlink(path), to)
            if _leads_out(path, source):
                said.append(
                    f"{name} is a link that leads out of the submission: {os.readlink(path)}"
                )
        elif stat.S_ISDIR(st.st_mode):
            to.mkdir(mode=0o755)
        elif stat.S_ISREG(st.st_mode):
            shutil.copyfile(path, to, follow_symlinks=False)
            os.chmod(to, 0o755 if st.st_mode & 0o111 else 0o644)
            os.utime(to, ns=(st.st_atime_ns, st.st_mtime_ns))
        else:
            said.append(f"{name} is no file that can be handed in")
    sandbox.give(target)
    return said
