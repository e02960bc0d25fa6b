# SPDX-License-Identifier: MIT
"""Where strangers' programs run. Two boxes, one in the other:

outer   owns the network: a namespace with nothing but loopback. Here are the grader's own processes
        (the peer, the command), which are trusted.
inner   the program, alone: its own processes, a read-only system, a private /tmp and working folder
        of limited size, and limits on what it may use. The network is that of the outer box.

By bubblewrap where it runs (bwrap(1)), else by unshare(1), else by limits and another user alone.
`Level` says which; a report says it too. Nothing here needs root. Where we are root, programs run
as a user of their own; else in a user namespace (user_namespaces(7)).
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

from .assignment import Limits

WITHIN = 20.0  # seconds for a trial of a box
FIRST_USER = 61000  # of those that root runs programs as
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc")
PATH = "/usr/local/bin:/usr/bin:/bin"
OPEN_FILES = 512


class Level(enum.Enum):
    """How well a program is kept apart, best first."""

    BWRAP = "bubblewrap"
    UNSHARE = "unshare"
    LIMITS = "limits"

    @property
    def says(self) -> str:
        return {
            Level.BWRAP: "each program in a box of its own (bubblewrap)",
            Level.UNSHARE: "each program with its own processes and network (unshare), "
            "but it sees the file system",
            Level.LIMITS: "limits alone: programs share network, processes and files with the grader",
        }[self]

    @property
    def has_network(self) -> bool:
        """Does each submission have a loopback of its own?"""
        return self is not Level.LIMITS


@dataclasses.dataclass(frozen=True)
class Box:
    """The inner box of one run."""

    program: pathlib.Path  # the folder of the submission; it lies there within the box, too
    limits: Limits
    visible: tuple[pathlib.Path, ...] = ()  # read-only, where they lie
    writable: tuple[pathlib.Path, ...] = ()
    hidden: tuple[pathlib.Path, ...] = ()  # folders that must not be seen (without bwrap)
    may_write_program: bool = False  # a build


def is_root() -> bool:
    return os.geteuid() == 0


def user() -> int:
    """Whom root's boxes run programs as: one for each worker, so that limits on processes are not
    shared. No such user need exist."""
    worker = re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", ""))
    return FIRST_USER + int(worker or 0) if is_root() else os.geteuid()


def give(path: pathlib.Path) -> None:
    """A folder and all in it to the user who will work there."""
    if is_root():
        for here, _, names in os.walk(path):
            for name in ("", *names):
                os.chown(os.path.join(here, name), user(), user(), follow_symlinks=False)


def outer_words(level: Level) -> list[str]:
    """What comes before a command to run it in the outer box."""
    new_user = [] if is_root() else ["--unshare-user"]
    if level is Level.BWRAP:
        return [
            "bwrap",
            *new_user,
            "--unshare-net",
            "--die-with-parent",
            "--dev-bind",
            "/",
            "/",
            "--",
        ]
    if level is Level.UNSHARE:
        new_user = [] if is_root() else ["--user", "--map-root-user"]
        up = 'ip link set lo up && exec "$@"'
        return [
            "unshare",
            *new_user,
            "--net",
            "--kill-child",
            "--fork",
            "--",
            "/bin/sh",
            "-c",
            up,
            "sh",
        ]
    return []


def user_words() -> list[str]:
    """What gives up root, before all that a program can reach."""
    if not is_root():
        return []
    return ["setpriv", f"--reuid={user()}", f"--regid={user()}", "--clear-groups", "--"]


def _limit_words(limits: Limits) -> list[str]:
    """Private memory, not address space: the trace of a run is mapped as a whole."""
    return [
        "prlimit",
        f"--data={limits.memory}",
        f"--cpu={max(1, round(limits.cpu))}",
        f"--nproc={limits.processes}",
        f"--fsize={max(limits.disk, limits.output)}",
        f"--nofile={OPEN_FILES}",
        "--core=0",
        "--",
    ]


def _bwrap(box: Box) -> list[str]:
    words = ["bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
    words += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    for path in SYSTEM:
        if os.path.islink(path):
            words += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            words += ["--ro-bind", path, path]
    words += ["--proc", "/proc", "--dev", "/dev"]
    scratch = ["--size", str(box.limits.disk), "--perms", "1777", "--tmpfs"]
    words += [*scratch, "/tmp"]
    if box.may_write_program:
        words += ["--bind", str(box.program), str(box.program)]
    else:
        words += [*scratch, str(box.program)]
        for entry in sorted(box.program.iterdir()):
            words += ["--ro-bind", str(entry), str(entry)]
    for kind, paths in (("--ro-bind", box.visible), ("--bind", box.writable)):
        for place in paths:
            words += [kind, str(place), str(place)]
    return [*words, "--chdir", str(box.program), "--"]


def _unshare(box: Box) -> list[str]:
    """A shell of the new namespace mounts what hides the rest, and becomes the program."""
    steps = [f"mount -t tmpfs -o mode=1777,size={box.limits.disk} tmpfs /tmp || exit 125"]
    steps += [f"mount -t tmpfs tmpfs {shlex.quote(str(path))}" for path in box.hidden]
    script = (
        'cd "$0" && ' + "; ".join(steps) + '; exec "$@"'
    )  # what is below a mount stays the current folder
    words = ["unshare", "--user", "--map-root-user"]
    words += ["--pid", "--ipc", "--uts", "--mount", "--fork", "--kill-child", "--mount-proc", "--"]
    return [*words, "/bin/sh", "-c", script, str(box.program)]


def inner_words(level: Level, box: Box) -> list[str]:
    """What comes before a program to run it in the inner box, which ends with it: whatever it
    started, and however."""
    limits = _limit_words(box.limits)
    if level is Level.BWRAP:
        return [*_bwrap(box), *limits]
    if level is Level.UNSHARE:
        drop = ["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"]
        return [*_unshare(box), *drop, *limits]
    return ["env", "-C", str(box.program), *limits]


def launchers(level: Level) -> int:
    """Processes of a run before the program's own: so many does the box itself take."""
    return {Level.BWRAP: 2, Level.UNSHARE: 1, Level.LIMITS: 0}[level]


def environment() -> dict[str, str]:
    """Of what runs in a box: nothing of the grader's own."""
    return {"PATH": PATH, "HOME": "/tmp", "LANG": "C.UTF-8", "TMPDIR": "/tmp"}


def _works(level: Level) -> bool:
    """Can the one be made in the other, with a loopback that answers?"""
    try_it = "import socket; s = socket.create_server(('127.0.0.1', 0)); "
    try_it += "socket.create_connection(s.getsockname())"
    box = Box(pathlib.Path("/usr/share"), Limits())
    words = [
        *outer_words(level),
        *user_words(),
        *inner_words(level, box),
        "/usr/bin/python3",
        "-c",
        try_it,
    ]
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            timeout=WITHIN,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


@functools.lru_cache(maxsize=None)
def best() -> Level:
    """The best level that works here."""
    tools = {Level.BWRAP: ["bwrap"], Level.UNSHARE: ["unshare", "ip"]}
    for level, needed in tools.items():
        if all(map(shutil.which, needed)) and _works(level):
            return level
    return Level.LIMITS


def python() -> str:
    """The interpreter of the grader's own processes."""
    return sys.executable
