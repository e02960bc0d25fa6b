# SPDX-License-Identifier: MIT
"""Where strangers' programs run. Two boxes, one in the other:

outer   owns the network: a namespace with nothing but loopback. Here are the grader's own processes
        (the peer, the command), which are trusted.
inner   the program, alone: its own processes, a read-only system, a private /tmp and working folder
        of limited size, and limits on what it may use. The network is that of the outer box.

By bubblewrap where it runs (bwrap(1)), else by unshare(1) and mounts of our own, else by limits,
another user and Landlock (landlock(7)) alone. `Level` says which; a report says it too. Nothing
here needs root. Where we are root, programs run as a user of their own.

The inner box is entered through `sockfault-confine` (shim/confine), which puts the limits on itself
and becomes the program: one exec in a run, and no process more than the box itself needs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import fcntl
import functools
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
from typing import Iterator

from . import command
from .assignment import Limits
from .command import SockfaultError

WITHIN = 20.0  # seconds for a trial of a box
FIRST_USER, USERS = 61000, 900  # that root runs programs as; no such user need exist
USER = "SOCKFAULT_BOX_USER"  # in the environment of an examiner: whom its worker has chosen
LOCKS = pathlib.Path("/run/lock/sockfault-users")
SYSTEM = tuple("/usr /bin /sbin /lib /lib32 /lib64 /libx32 /etc /opt /nix".split())
PATH = "/usr/local/bin:/usr/bin:/bin"
OPEN_FILES = 512
ENTRIES = 1000  # of that folder, each with a place of its own in the box
ROUNDS = 100  # looks for processes that are left, before it is given up
COUNTS_BY_NAMESPACE = (5, 14)  # Linux: limits on processes are counted in each user namespace
ABI_PORTS, ABI_SIGNALS = 4, 6  # of Landlock: what came with which


class Level(enum.Enum):
    """How well a program is kept apart, best first."""

    BWRAP = "bubblewrap"
    UNSHARE = "unshare"
    LIMITS = "limits"

    @property
    def says(self) -> str:
        """One sentence for reports."""
        return describe(self)

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
    writable: tuple[pathlib.Path, ...] = ()  # files that it may write, where they lie
    hidden: tuple[pathlib.Path, ...] = ()  # folders that must not be seen
    may_write_program: bool = False  # a build
    port: int | None = None  # the only TCP port to connect to, where there is no network of its own


# ---- who ----


def is_root() -> bool:
    return os.geteuid() == 0


@functools.lru_cache(maxsize=None)
def _reserved(process: int) -> int:
    """The first user that no other grader on this machine has; ours while this process lives."""
    LOCKS.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in range(FIRST_USER, FIRST_USER + USERS):
        lock = os.open(LOCKS / str(number), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return number
        os.close(lock)
    raise SockfaultError(f"users {FIRST_USER} to {FIRST_USER + USERS - 1} are all taken: {LOCKS}")


def user() -> int:
    """Whom root's boxes run programs as: one for each worker, so that no limit is shared and nobody
    can reach another's. An examiner has the user of the worker that started it."""
    if not is_root():
        return os.geteuid()
    given = os.environ.get(USER)
    return int(given) if given else _reserved(os.getpid())


def give(path: pathlib.Path) -> None:
    """A folder and all in it to the user who will work there."""
    if is_root():
        for here, folders, names in os.walk(path):
            for name in ("", *folders, *names):
                os.chown(os.path.join(here, name), user(), user(), follow_symlinks=False)


def user_words(level: Level | None = None) -> list[str]:
    """What gives up root, ahead of the command that runs programs. Where there are no namespaces
    the command keeps it: it must not be the user of a program, who could end it."""
    if not is_root() or level is Level.LIMITS:
        return []
    return ["setpriv", f"--reuid={user()}", f"--regid={user()}", "--clear-groups", "--"]


# ---- the outer box ----


def outer_words(level: Level, may_listen: bool = False) -> list[str]:
    """What comes before a command to run it in the outer box. may_listen: it may open a Wire, and
    is to have no_heirs() then."""
    if level is Level.BWRAP:
        words = ["bwrap"] if is_root() else ["bwrap", "--unshare-user"]
        words += [] if is_root() or not may_listen else ["--cap-add", "CAP_NET_RAW"]
        words += ["--unshare-net", "--unshare-ipc", "--die-with-parent"]
        return [*words, "--dev-bind", "/", "/", "--"]
    if level is Level.UNSHARE:
        words = ["unshare"] if is_root() else ["unshare", "--user", "--map-current-user"]
        words += [] if is_root() else ["--keep-caps"]
        words += ["--net", "--ipc", "--pid", "--mount", "--mount-proc", "--kill-child", "--fork"]
        few = "-all,+net_raw" if may_listen else "-all"
        keep = ["setpriv", f"--inh-caps={few}", f"--ambient-caps={few}", "--"]
        keep = [] if is_root() else keep
        return [*words, "--", "/bin/sh", "-c", 'ip link set lo up && exec "$@"', "sh", *keep]
    return []


# ---- the inner box ----


@functools.lru_cache(maxsize=None)
def _beside_command(name: str) -> pathlib.Path:
    """A file that was built, or installed, together with the command."""
    folder = pathlib.Path(command.find()).resolve().parent
    for place in (folder / name, folder.parent / "lib" / "sockfault" / name):
        if place.exists():
            return place
    raise SockfaultError(f"there is no {name} beside {command.find()}: run `make` again")


def confine() -> pathlib.Path:
    return _beside_command("sockfault-confine")


def library() -> pathlib.Path:
    return _beside_command("libsockfault.so")


def _tasks_of_mine() -> int:
    """Threads of all processes of our user."""
    count = 0
    for entry in os.scandir("/proc"):
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and entry.stat().st_uid == os.geteuid():
                count += len(os.listdir(f"/proc/{entry.name}/task"))
    return count


def _is_counted_apart(level: Level) -> bool:
    """Does a limit on processes count those of the box alone?"""
    release = tuple(int(part) for part in os.uname().release.split(".")[:2] if part.isdigit())
    return is_root() or (level is not Level.LIMITS and release >= COUNTS_BY_NAMESPACE)


def _limit_words(level: Level, box: Box) -> list[str]:
    limits = box.limits
    processes = limits.processes + (level is not Level.LIMITS)  # its first process is the box's own
    if not _is_counted_apart(level):
        processes += _tasks_of_mine()
    words = ["--data", str(limits.memory), "--cpu", str(max(1, round(limits.cpu)))]
    words += ["--processes", str(processes), "--descriptors", str(OPEN_FILES)]
    return [*words, "--file-size", str(max(limits.disk, limits.output))]


def _program_words(box: Box) -> list[str]:
    """The submission's folder: as it is for a build; else what is in it, read-only, in a folder
    where files can be made. A link stays a link: where it leads to is looked up in the box."""
    work = str(box.program)
    if box.may_write_program:
        return ["--bind", work, work]
    entries = sorted(box.program.iterdir())
    if len(entries) > ENTRIES:
        return ["--ro-bind", work, work]
    words = ["--size", str(box.limits.disk), "--perms", "1777", "--tmpfs", work]
    for entry in entries:
        if entry.is_symlink():
            words += ["--symlink", os.readlink(entry), str(entry)]
        elif entry.is_dir() or entry.is_file():
            words += ["--ro-bind", str(entry), str(entry)]
    return words


def _is_system(path: pathlib.Path) -> bool:
    return not {str(path), *map(str, path.parents)}.isdisjoint(SYSTEM)


@functools.lru_cache(maxsize=None)
def _system_words() -> tuple[str, ...]:
    words = []
    for path in SYSTEM:
        if os.path.islink(path):
            words += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            words += ["--ro-bind", path, path]
    return (*words, "--proc", "/proc", "--dev", "/dev")


def _view_words(box: Box) -> list[str]:
    """What is to be seen, in the words that bwrap(1) and sockfault-confine share."""
    words = [*_system_words()]
    for place in ("/dev/shm", "/tmp"):
        words += ["--size", str(box.limits.disk), "--perms", "1777", "--tmpfs", place]
    for folder in box.hidden:
        if _is_system(folder) and folder.is_dir():
            words += ["--size", "4096", "--perms", "0555", "--tmpfs", str(folder)]
    words += _program_words(box)
    for place in map(str, (confine(), library(), *box.visible)):
        words += [] if _is_system(pathlib.Path(place)) else ["--ro-bind", place, place]
    for place in map(str, box.writable):
        words += ["--bind", place, place]
    return [*words, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", str(box.program)]


@functools.lru_cache(maxsize=None)
def _bwrap_options() -> tuple[str, ...]:
    """Since 0.8 a program in the box can be kept from making further user namespaces."""
    done = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False)
    return ("--disable-userns",) if "--disable-userns" in done.stdout else ()


def _init_words(box: Box) -> list[str]:
    """A run is over with its last process, as that of `sockfault run`, so that a daemon is found
    out; what a build leaves running is ended with it."""
    return ["--init", "first" if box.may_write_program else "last"]


def _bwrap_words(box: Box) -> list[str]:
    words = ["bwrap", "--unshare-user", "--unshare-pid", "--as-pid-1", "--unshare-ipc"]
    words += [
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--die-with-parent",
        "--new-session",
        "--cap-drop",
        "ALL",
    ]
    words += [*_bwrap_options(), *_view_words(box), "--", str(confine()), *_init_words(box)]
    return [*words, *_limit_words(Level.BWRAP, box), "--"]


def _unshare_words(box: Box) -> list[str]:
    words = ["unshare", "--user", "--map-current-user", "--keep-caps", "--pid", "--ipc", "--uts"]
    words += ["--mount", "--fork", "--kill-child", "--", str(confine())]
    words += _init_words(box)
    return [*words, *_limit_words(Level.UNSHARE, box), *_view_words(box), "--"]


def tmp(level: Level, program: pathlib.Path) -> pathlib.Path:
    """The folder for temporary files, as a program in the box knows it: empty when it starts."""
    return program.parent / "tmp" if level is Level.LIMITS else pathlib.Path("/tmp")


def _fresh(folder: pathlib.Path) -> pathlib.Path:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700)
    return folder


def _farm(box: Box) -> pathlib.Path:
    """A folder beside the program with links to all that is in it, where files can be made."""
    folder = _fresh(box.program.parent / "scratch")
    for entry in sorted(box.program.iterdir())[:ENTRIES]:
        os.symlink(entry, folder / entry.name)
    give(folder)
    return folder


def _limits_words(box: Box) -> list[str]:
    folder = box.program if box.may_write_program else _farm(box)
    temporary = _fresh(tmp(Level.LIMITS, box.program))
    give(temporary)
    words = [str(confine()), *_limit_words(Level.LIMITS, box), "--chdir", str(folder)]
    for name in ("TMPDIR", "HOME"):
        words += ["--set", f"{name}={temporary}"]
    if is_root():
        words += ["--user", str(user())]
        for path in box.writable:
            words += ["--give", str(path)]
    words += ["--port", str(box.port)] if box.port else []
    words += ["--landlock"]
    own = [box.program, confine(), library(), *box.visible]
    for place in (*SYSTEM, "/proc", "/dev/urandom", "/dev/random", *map(str, own)):
        words += ["--reads", place]
    own = [folder, temporary, *box.writable]
    for place in ("/dev/null", "/dev/zero", "/dev/full", *map(str, own)):
        words += ["--writes", place]
    return [*words, "--"]


def inner_words(level: Level, box: Box) -> list[str]:
    """What comes before a program to run it in the inner box, which ends with it: whatever it
    started, and however. At Level.LIMITS folders are made beside the program's, where it runs, and
    what it leaves running is to be looked for: end_all()."""
    if level is Level.BWRAP:
        return _bwrap_words(box)
    if level is Level.UNSHARE:
        return _unshare_words(box)
    return _limits_words(box)


def learn() -> None:
    """What boxes have in common: asked once, ahead of all processes that make some."""
    confine()
    _system_words()
    if shutil.which("bwrap"):
        _bwrap_options()


def launchers(level: Level) -> int:
    """Processes of a run before the program's own: so many does the box itself take."""
    return {Level.BWRAP: 2, Level.UNSHARE: 2, Level.LIMITS: 0}[level]


def environment() -> dict[str, str]:
    """Of what runs in a box: nothing of the grader's own."""
    return {"PATH": PATH, "HOME": "/tmp", "LANG": "C.UTF-8", "TMPDIR": "/tmp"}


# ---- what is left ----


def _state(pid: int) -> str:
    """As /proc/PID/stat has it: Z, it has ended; nothing where it is gone."""
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""


def left(pid: int | None = None) -> list[int]:
    """Processes that run below this one, or that."""
    found = []
    for path in pathlib.Path(f"/proc/{pid or os.getpid()}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, path.read_text().split()):
                found += [*left(child), *([child] if _state(child) not in ("", "Z", "X") else [])]
    return found


def end_all() -> list[int]:
    """Ends what a program left running, at Level.LIMITS, below a process that adopts orphans
    (processes.py) and has no other children now: who they were. They are all stopped before one is
    killed, so that they can't breed meanwhile."""
    ended: dict[int, None] = {}
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for _ in range(ROUNDS):
            found = left()
            if number == signal.SIGSTOP:
                found = [pid for pid in found if pid not in ended]
            for pid in found:
                ended[pid] = None
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            if not found:
                break
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    return list(ended)


# ---- which ----


@functools.lru_cache(maxsize=None)
def landlock_version() -> int:
    """Of Landlock here; 0: none."""
    done = subprocess.run(
        [confine(), "--landlock-version"], capture_output=True, text=True, check=False
    )
    return int(done.stdout or 0)


def _describe_limits() -> str:
    who = "a user of its own" if is_root() else "the grader's own user"
    version = landlock_version()
    if not version:
        return (
            f"limits alone, as {who}: each program shares network and processes with the grader, "
            "and sees each file that this user may read"
        )
    lacks = [] if version >= ABI_PORTS else ["TCP ports"]
    lacks += [] if version >= ABI_SIGNALS or is_root() else ["processes, which it can signal"]
    shared = "".join(f", {one}" for one in lacks)
    return (
        f"limits and Landlock, as {who}: each program sees the system and its own files, "
        f"but shares the network with the grader{shared}"
    )


def describe(level: Level) -> str:
    """How programs are kept apart, and where that is wanting: a sentence without its stop."""
    if level is Level.LIMITS:
        return _describe_limits()
    return {
        Level.BWRAP: "each program in a box of its own (bubblewrap)",
        Level.UNSHARE: "each program in a box of its own (unshare)",
    }[level]


TRIAL = """import socket
server = socket.create_server(('127.0.0.1', 0))
socket.create_connection(server.getsockname())
open('/tmp/file', 'w').write('x')
open('file', 'w').write('x')
"""


def _trial(level: Level) -> str | None:
    """Why the one can't be made in the other, with a loopback that answers; None: it can."""
    with tempfile.TemporaryDirectory(prefix="sockfault-trial-") as scratch:
        os.chmod(scratch, 0o755)
        box = Box(pathlib.Path(scratch), Limits())
        words = [*outer_words(level), *user_words(level), *inner_words(level, box)]
        try:
            done = subprocess.run(
                [*words, "/usr/bin/python3", "-c", TRIAL],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=environment(),
                cwd="/",
                timeout=WITHIN,
                check=False,
            )
        except OSError as error:
            return str(error)
        except subprocess.TimeoutExpired:
            return f"it did not come to an end within {WITHIN:g} s"
    if done.returncode == 0:
        return None
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return said[-1] if said else f"status {done.returncode}"


@functools.lru_cache(maxsize=None)
def refusal(level: Level) -> str | None:
    """Why this level can't be had here; None: it can."""
    tools: dict[Level, tuple[str, ...]]
    tools = {Level.BWRAP: ("bwrap", "setpriv"), Level.UNSHARE: ("unshare", "ip", "setpriv")}
    for tool in tools.get(level, ()):
        if not shutil.which(tool):
            return f"there is no {tool} on the PATH"
    return None if level is Level.LIMITS else _trial(level)


def _usable() -> Iterator[Level]:
    return (level for level in Level if refusal(level) is None)


def best() -> Level:
    """The best level that works here."""
    return next(_usable())


def choose(asked: str = "auto") -> Level:
    """The level of this name, or the best. SockfaultError, with the reason, where it can't be."""
    if asked == "auto":
        return best()
    level = Level(asked)
    why = refusal(level)
    if why:
        raise SockfaultError(f"--isolation {asked} does not work here: {why}")
    return level
