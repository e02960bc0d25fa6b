# SPDX-License-Identifier: MIT
"""`sockfault grade`: an assignment, and what came of each submission.

Each submission is an item of pytest (gradeplugin.py), so that several go side by side and on other
hosts; a worker examines its own in a room (examroom.py). What graders and students read is written
from the state that an examiner leaves after each test.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import fcntl
import hashlib
import importlib.util
import io
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time
from typing import Any, Iterator, NoReturn, Sequence

from . import assignment as assignments
from . import classpage, command, gradefiles, optiontable, sandbox
from .assignment import Assignment
from .command import SockfaultError
from .examroom import Listed
from .graded import Graded, read_state
from .gradewords import LEVELS
from .gradewrite import write, write_all
from .sandbox import Level
from .submission import digest
from .text import one_line, plain
from .toml import WrongFile

GOOD, WRONG, TROUBLE, INTERRUPTED = 0, 2, 125, 130
LISTED = ".submissions.json"  # of a grader at work, among the results
CLASS_FILES = ("gradebook.csv", "class.html")
BASES = ("/tmp", "/var/tmp")  # where a work folder may lie beside TMPDIR
EPILOG = """\
Exit status: 0 all graded, 125 could not work (a wrong assignment, say), 130 interrupted; of
--check 2 where the assignment is wrong.
What follows -- is given to pytest."""


# ---- where programs run ----


def _bases() -> list[pathlib.Path]:
    """Folders that the user of sandbox.user() can reach."""
    made = []
    for name in dict.fromkeys([tempfile.gettempdir(), *BASES]):
        path = pathlib.Path(name).resolve()
        if path.is_dir() and os.access(path, os.W_OK):
            if not sandbox.is_root() or all(p.stat().st_mode & 1 for p in (path, *path.parents)):
                made.append(path)
    return made


def workplace(prefix: str) -> pathlib.Path:
    """A new folder for programs to run in."""
    bases = _bases()
    if not bases:
        raise SockfaultError("no folder for temporary files can be reached by other users: TMPDIR")
    made = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=bases[0]))
    os.chmod(made, 0o755)
    return made


def _prefix(folder: pathlib.Path) -> str:
    """Of the work folders of whoever grades into this one."""
    return f"sockfault-grade-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}-"


def _remove_left(prefix: str) -> None:
    """What a grader left that was killed."""
    for base in _bases():
        for path in base.glob(f"{prefix}*"):
            if not path.is_symlink() and path.stat().st_uid == os.geteuid():
                shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _alone(folder: pathlib.Path) -> Iterator[None]:
    """Nobody else may grade into this folder meanwhile. Who was killed leaves it within seconds."""
    with open(folder / ".lock", "w", encoding="utf-8") as file:
        end = time.monotonic() + 10
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() > end:
                raise SockfaultError(f"somebody else grades into {folder} now")
            time.sleep(0.1)
        yield


# ---- what is to be done ----


def key_of(assignment: Assignment, submission: pathlib.Path, seed: int) -> str:
    """Tells whether a submission was graded as it is now, by the assignment as it is now."""
    made = hashlib.sha256(f"{command.version()} {seed}\n".encode())
    for path in sorted(path for path in assignment.folder.iterdir() if path.is_file()):
        made.update(path.name.encode() + b"\0")
        made.update(hashlib.sha256(path.read_bytes()).digest())
    for folder in filter(None, [assignment.reference, submission]):
        with contextlib.suppress(SockfaultError):  # it is too large: that is what it will be told
            made.update(digest(folder))
    return made.hexdigest()


def names_of(submissions: Sequence[pathlib.Path]) -> list[str]:
    """The folders' names; with those above them where two have the same, and never one that
    gradebook and class page have."""
    names = [path.name for path in submissions]
    depth = 2
    while len(set(names)) < len(names) and depth < 10:
        doubled = {name for name in names if names.count(name) > 1}
        for i, path in enumerate(submissions):
            if names[i] in doubled:
                names[i] = "-".join(path.parts[-depth:]).strip("-/")
        depth += 1
    return [f"{name}-" if name in CLASS_FILES or name.startswith(".") else name for name in names]


def _submissions(asked: argparse.Namespace) -> list[pathlib.Path]:
    made = []
    for text in asked.submission:
        path = pathlib.Path(text)
        if not path.is_dir():
            raise SockfaultError(f"a submission is a folder, and {text} is none")
        made.append(path.resolve())
    if not made:
        raise SockfaultError("there are no submissions to grade")
    return list(dict.fromkeys(made))


def _to_do(
    asked: argparse.Namespace, assignment: Assignment, submissions: Sequence[pathlib.Path]
) -> list[tuple[str, str, str]]:
    """Name, folder and key of what is still to be graded."""
    todo = []
    for name, path in zip(names_of(submissions), submissions):
        key = key_of(assignment, path, asked.seed)
        state = read_state(pathlib.Path(asked.report) / name) if asked.resume else None
        if not (state and state[1].is_done and state[0] == key):
            todo.append((name, str(path), key))
    return todo


# ---- pytest ----


class Progress:
    """A line for each submission that is done, with its points. A plugin of pytest."""

    def __init__(self, done: int, count: int, out: Any) -> None:
        self.done, self.count, self.out = done, count, out
        self.broken: list[str] = []
        self.isatty = out.isatty()
        self.running: list[str] = []

    def _status(self) -> None:
        if self.isatty:
            names = ", ".join(self.running)
            columns = shutil.get_terminal_size().columns - 1
            self.out.write(f"\r\x1b[K{f'now: {names}'[:columns]}")
            self.out.flush()

    def say(self, text: str) -> None:
        self.out.write(f"{chr(13)}\x1b[K{text}\n" if self.isatty else f"{text}\n")
        self.out.flush()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.running.append(one_line(nodeid.removeprefix("::")))
        self._status()

    def pytest_runtest_logreport(self, report: Any) -> None:
        name = one_line(report.nodeid.removeprefix("::"))
        points = dict(report.user_properties).get("points")
        if report.when == "call" or report.failed:
            self.done += 1
            width = len(str(self.count))
            if not report.passed:
                self.broken.append(name)
                points = f"not graded: {plain(report.longreprtext.strip())}"
            self.say(f"[{self.done:{width}}/{self.count}] {name}: {points}")
        if report.when == "teardown" and name in self.running:
            self.running.remove(name)
            self._status()

    def close(self) -> None:
        if self.isatty:
            self.out.write("\r\x1b[K")


@contextlib.contextmanager
def _written(file: pathlib.Path, listed: Listed) -> Iterator[None]:
    file.write_text(json.dumps(dataclasses.asdict(listed)))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _pytest(
    asked: argparse.Namespace, listed: Listed, progress: Progress, more: Sequence[str]
) -> int:
    """Grades what is listed; the exit status of pytest."""
    import pytest

    from .commands import has_entry_point

    here = str(pathlib.Path(__file__).resolve().parents[1])
    path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
    os.environ |= {"PYTHONPATH": path, "SOCKFAULT_COMMAND": command.find()}
    # Among the results: other hosts see that folder in any case. A word that is a path pytest-xdist
    # would copy to them: there is none.
    file = pathlib.Path(listed.folder) / LISTED
    with tempfile.TemporaryDirectory(prefix=listed.prefix) as scratch, _written(file, listed):
        words = ["-p", "no:cacheprovider", "-s", "-q", f"--rootdir={listed.folder}"]
        words += [f"-c{os.devnull}"]
        words += [] if has_entry_point() else ["-p", "sockfault.plugin"]
        # Not in the folder that all of a user's pytests share, and tidy up for each other.
        words += [f"--sockfault-grade={file}", f"--basetemp={scratch}/pytest"]
        has_hosts = any(word.startswith("--tx") for word in more)
        jobs = min(_usual_jobs() if asked.n is None else asked.n, len(listed.submissions))
        words += ["-n", str(jobs)] if jobs > 1 and not has_hosts else []
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            status = int(pytest.main([*words, *more], plugins=[progress]))
        if status > 2:  # it could not work
            progress.say(said.getvalue().strip()[-4000:])
        return status


# ---- the command ----


def _jobs(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


def _usual_jobs() -> int:
    """Two for each processor, where pytest can do that: programs under faults mostly wait."""
    has_xdist = importlib.util.find_spec("xdist") is not None
    return 2 * len(os.sched_getaffinity(0)) if has_xdist else 1


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(TROUBLE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="sockfault grade",
        usage="sockfault grade [OPTION]... ASSIGNMENT.toml SUBMISSION... [-- PYTEST-OPTION...]",
        description="Grades submissions, each a folder, by an assignment.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    optiontable.add(parser)
    parser.add_argument("file", metavar="ASSIGNMENT.toml")
    parser.add_argument("submission", nargs="*", metavar="SUBMISSION")
    parser.add_argument(
        "-n",
        "-j",
        dest="n",
        metavar="N",
        type=_jobs,
        help="so many at a time (needs pytest-xdist; default: two for each processor)",
    )
    parser.add_argument("--report", metavar="DIR", default="graded", help="default: %(default)s")
    parser.add_argument(
        "--resume", action="store_true", help="leave alone what was graded and has not changed"
    )
    parser.add_argument(
        "--check", action="store_true", help="only say what is wrong in ASSIGNMENT.toml"
    )
    parser.add_argument(
        "--isolation",
        choices=["auto", *(level.value for level in Level)],
        default="auto",
        help="how programs are kept apart (auto: the best of these that works here)",
    )
    parser.add_argument("--seed", metavar="N", type=int, default=1, help="default: %(default)s")
    parser.add_argument(
        "--show",
        metavar="LEVEL",
        choices=LEVELS,
        default=LEVELS[0],
        help="which tests students may see: %(choices)s; with --resume files are written anew",
    )
    return parser


def write_class(folder: pathlib.Path, names: Sequence[str], show: str) -> list[Graded]:
    """The gradebook and the class page, of all; and, as students may now see more or less than when
    it was graded, the files of each submission."""
    states = [read_state(folder / name) for name in names]
    graded = [state[1] for state in states if state and state[1].is_done]
    for one in graded:
        write_all(folder / one.name, one, show)
    known = {one.name for one in graded}
    ungraded = [name for name in names if name not in known]
    write(folder / "gradebook.csv", gradefiles.gradebook(graded, ungraded))
    write(folder / "class.html", classpage.page(graded, ungraded))
    return graded


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _grade(asked: argparse.Namespace, more: Sequence[str]) -> int:
    assignment = assignments.read(pathlib.Path(asked.file))
    if asked.check:
        print(f"{asked.file}: {_count(len(assignment.tests), 'test')}, {assignment.worth:g} points")
        return GOOD
    submissions = _submissions(asked)
    folder = pathlib.Path(asked.report).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        return _grade_into(folder, asked, assignment, submissions, more)


def _grade_into(
    folder: pathlib.Path,
    asked: argparse.Namespace,
    assignment: Assignment,
    submissions: list[pathlib.Path],
    more: Sequence[str],
) -> int:
    prefix, level = _prefix(folder), sandbox.choose(asked.isolation)
    _remove_left(prefix)
    todo = _to_do(asked, assignment, submissions)
    what = f"{_count(len(submissions), 'submission')}, {_count(len(assignment.tests), 'test')}"
    print(f"{assignment.name}: {what}; {level.says}", flush=True)
    status, progress = GOOD, Progress(len(submissions) - len(todo), len(submissions), sys.stdout)
    if todo:
        listed = Listed(
            str(assignment.path.resolve()), todo, str(folder), level.value, asked.seed, prefix
        )
        try:
            status = _pytest(asked, listed, progress, more)
        finally:
            progress.close()
            _remove_left(prefix)
    graded = write_class(folder, names_of(submissions), asked.show)
    print(
        f"{len(graded)} of {len(submissions)} graded: see {asked.report}/gradebook.csv, class.html"
    )
    if status == 2:
        raise KeyboardInterrupt
    return GOOD if len(graded) == len(submissions) and status in (GOOD, 1) else TROUBLE


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def main(argv: Sequence[str] | None = None) -> int:
    """`sockfault grade`."""
    words = list(sys.argv[1:] if argv is None else argv)
    cut = words.index("--") if "--" in words else len(words)
    asked = _parser().parse_intermixed_args(words[:cut])
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)  # in the background of a shell it is ignored
    try:
        return _grade(asked, words[cut + 1 :])
    except WrongFile as error:
        print(error, file=sys.stderr)
        return WRONG if asked.check else TROUBLE
    except (SockfaultError, OSError) as error:
        print(f"sockfault grade: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("sockfault grade: interrupted; --resume goes on from here", file=sys.stderr)
        return INTERRUPTED
    return TROUBLE
