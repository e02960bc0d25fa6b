# SPDX-License-Identifier: MIT
"""`sockfault grade`: an assignment, and what came of each submission.

Each submission is an item of pytest (plugin.py), so that several go side by side and on other hosts;
each is examined by a process in a network of its own (examiner.py, sandbox.py), which leaves its
state after each test. The files for graders are written from that state.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import Iterator, NoReturn, Sequence

from . import assignment as assignments
from . import command, feedback, gradefiles, sandbox
from .assignment import Assignment
from .command import SockfaultError
from .examiner import Examiner, copy_submission
from .graded import STATE, Graded, read_state
from .sandbox import Level
from .toml import WrongFile

GOOD, TROUBLE, INTERRUPTED = 0, 125, 130
BUILD_SLACK = 30.0  # seconds beyond all deadlines after which an examiner is ended
EPILOG = "Exit status: 0 all graded, 125 could not work (a wrong assignment, say), and why."


# ---- state on disk ----


def write(path: pathlib.Path, text: str) -> None:
    """All of it or nothing: who reads meanwhile has the old one."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(text, encoding="utf-8")
    os.replace(scratch, path)


def write_all(folder: pathlib.Path, graded: Graded, key: str) -> None:
    """What graders and the student read of one submission."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in gradefiles.FILES.items():
        write(folder / name, make(graded))
    write(folder / "feedback.md", feedback.markdown(graded))
    write(folder / "feedback.html", feedback.page(graded))
    write(folder / STATE, graded.as_json(key))


def key_of(assignment: Assignment, submission: pathlib.Path, seed: int) -> str:
    """Tells whether a submission was graded as it is now, by the assignment as it is now."""
    made = hashlib.sha256(f"{command.version()} {seed}\n".encode())
    folders = [submission] + ([assignment.reference] if assignment.reference else [])
    files = sorted(p for f in folders for p in f.rglob("*") if p.is_file())
    for path in [assignment.path, *files]:
        made.update(str(path.relative_to(path.anchor)).encode() + b"\0")
        made.update(hashlib.sha256(path.read_bytes()).digest())
    return made.hexdigest()


# ---- one submission ----


@dataclasses.dataclass(frozen=True)
class Request:
    """What an examiner is told, as JSON in a file."""

    assignment: str
    name: str
    submission: str
    work: str
    results: str
    reference: str | None
    level: str
    seed: int
    key: str


def examine(path: str) -> int:
    """The examiner's own process, within the outer box."""
    asked = Request(**json.loads(pathlib.Path(path).read_text()))
    assignment = assignments.read(pathlib.Path(asked.assignment))
    reference = pathlib.Path(asked.reference) if asked.reference else None
    work = pathlib.Path(asked.work)
    examiner = Examiner(assignment, asked.name, work, Level(asked.level), reference, asked.seed)
    for graded in examiner.grade():
        write_all(pathlib.Path(asked.results), graded, asked.key)
    return GOOD


class Broken(SockfaultError):
    """An examiner did not come to its end: for somebody to look at."""


def _longest(assignment: Assignment) -> float:
    """Seconds that a submission can take, all deadlines together."""
    tests = [test.expect.within or assignment.limits.within for test in assignment.tests]
    tests += [test.sweep.time * 2 for test in assignment.tests if test.sweep]
    return assignment.build.within + 3 * sum(tests) + 10 * len(tests) + BUILD_SLACK


def workplace(prefix: str) -> pathlib.Path:
    """A new folder that the user of sandbox.user() can reach."""
    for base in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        path = pathlib.Path(base).resolve()
        if not sandbox.is_root() or all(p.stat().st_mode & 0o001 for p in (path, *path.parents)):
            break
    made = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=path))
    os.chmod(made, 0o755)
    return made


def grade_one(
    assignment: Assignment,
    submission: pathlib.Path,
    name: str,
    results: pathlib.Path,
    reference: pathlib.Path | None,
    seed: int,
    keep: bool = False,
    isolation: str = "auto",
) -> Graded:
    """Grades one submission, in a work folder that goes afterwards."""
    level = sandbox.choose(isolation)
    key = key_of(assignment, submission, seed)
    work = workplace("sockfault-grade-")
    try:
        copy_submission(submission, work / "program")
        asked = Request(
            str(assignment.path.resolve()),
            name,
            str(submission),
            str(work),
            str(results.resolve()),
            str(reference) if reference else None,
            level.value,
            seed,
            key,
        )
        write(work / "request.json", json.dumps(dataclasses.asdict(asked)))
        results.mkdir(parents=True, exist_ok=True)
        (results / STATE).unlink(missing_ok=True)
        _start(level, work, _longest(assignment))
        state = read_state(results)
        if not state or not state[1].is_done:
            said = (work / "examiner.log").read_text(errors="replace").strip()[-2000:]
            raise Broken(f"the examiner of {name} did not come to its end:\n{said}")
        return state[1]
    finally:
        if not keep:
            shutil.rmtree(work, ignore_errors=True)


def _start(level: Level, work: pathlib.Path, within: float) -> None:
    here = str(pathlib.Path(__file__).resolve().parents[1])
    path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
    env = os.environ | {"PYTHONPATH": path, "SOCKFAULT_COMMAND": command.find()}
    env[sandbox.USER] = str(sandbox.user())
    words = [*sandbox.outer_words(level), sys.executable, "-m", "sockfault.grade"]
    with open(work / "examiner.log", "wb") as log:
        process = subprocess.Popen(
            [*words, str(work / "request.json")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=env,
            start_new_session=True,
        )
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


# ---- the reference solution ----


@contextlib.contextmanager
def built_reference(assignment: Assignment, level: Level) -> Iterator[pathlib.Path | None]:
    """The reference solution, built as submissions are; it goes afterwards."""
    if not assignment.reference:
        yield None
        return
    work = workplace("sockfault-reference-")
    try:
        copy_submission(assignment.reference, work / "program")
        examiner = Examiner(assignment, "the reference solution", work, level, None)
        examiner.build()
        yield work / "program"
    finally:
        shutil.rmtree(work, ignore_errors=True)


# ---- the command ----


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(TROUBLE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="sockfault grade",
        description="Grades submissions, each a folder, by an assignment.",
        epilog=EPILOG + " What follows -- is given to pytest.",
    )
    parser.add_argument("file", metavar="FILE.toml")
    parser.add_argument("submission", nargs="*", metavar="SUBMISSION")
    parser.add_argument(
        "-n", "-j", dest="n", metavar="N", help="so many at a time (needs pytest-xdist)"
    )
    parser.add_argument("--report", metavar="DIR", default="graded", help="default: %(default)s")
    parser.add_argument(
        "--resume", action="store_true", help="leave alone what was graded and has not changed"
    )
    parser.add_argument("--check", action="store_true", help="only say what is wrong in FILE.toml")
    parser.add_argument("--seed", metavar="N", type=int, default=1, help="default: %(default)s")
    levels = ["auto", *(level.value for level in Level)]
    parser.add_argument(
        "--isolation",
        choices=levels,
        default="auto",
        help="how programs are kept apart (auto: the best of these that works here)",
    )
    parser.add_argument("--keep", action="store_true", help="keep the folders where programs ran")
    return parser


def names_of(submissions: Sequence[pathlib.Path]) -> list[str]:
    """The folders' names; with those above them where two have the same."""
    names = [path.name for path in submissions]
    depth = 2
    while len(set(names)) < len(names) and depth < 10:
        doubled = {name for name in names if names.count(name) > 1}
        for i, path in enumerate(submissions):
            if names[i] in doubled:
                names[i] = "-".join(path.parts[-depth:])
        depth += 1
    return names


def write_class(folder: pathlib.Path, names: Sequence[str]) -> list[Graded]:
    """The gradebook and the class page, of all that is graded."""
    states = [read_state(folder / name) for name in names]
    graded = [state[1] for state in states if state and state[1].is_done]
    write(folder / "gradebook.csv", gradefiles.gradebook(graded))
    write(folder / "class.html", feedback.class_page(graded))
    return graded


def _pytest_words(
    asked: argparse.Namespace, listed: pathlib.Path, more: Sequence[str]
) -> list[str]:
    from .commands import has_entry_point

    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=auto", "-v"]
    words += [] if has_entry_point() else ["-p", "sockfault.plugin"]
    words += ["--no-header", f"--sockfault-grade={listed}"]
    words += ["-n", asked.n] if asked.n else []
    return [*words, *more]


def _submissions(asked: argparse.Namespace) -> list[pathlib.Path]:
    made = []
    for text in asked.submission:
        path = pathlib.Path(text)
        if not path.is_dir():
            raise SockfaultError(f"a submission is a folder, and {text} is none")
        made.append(path.resolve())
    if not made:
        raise SockfaultError("there are no submissions to grade")
    return made


def _to_do(
    asked: argparse.Namespace, assignment: Assignment, submissions: Sequence[pathlib.Path]
) -> list[tuple[str, str]]:
    """Name and folder of what is still to be graded."""
    todo = []
    for name, path in zip(names_of(submissions), submissions):
        state = read_state(pathlib.Path(asked.report) / name) if asked.resume else None
        fresh = state and state[1].is_done and state[0] == key_of(assignment, path, asked.seed)
        if not fresh:
            todo.append((name, str(path)))
    return todo


def _grade(asked: argparse.Namespace, more: Sequence[str]) -> int:
    assignment = assignments.read(pathlib.Path(asked.file))
    if asked.check:
        print(f"{asked.file}: {len(assignment.tests)} tests; nothing is wrong")
        return GOOD
    submissions = _submissions(asked)
    folder = pathlib.Path(asked.report).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    level = sandbox.choose(asked.isolation)
    print(f"sockfault grade: {level.says}")
    todo = _to_do(asked, assignment, submissions)
    status = GOOD
    with built_reference(assignment, level) as reference, tempfile.TemporaryDirectory() as scratch:
        listed = pathlib.Path(scratch) / "grade.json"
        what = {
            "assignment": str(assignment.path.resolve()),
            "submissions": todo,
            "folder": str(folder),
            "reference": str(reference) if reference else None,
            "seed": asked.seed,
            "keep": asked.keep,
            "isolation": level.value,
        }
        listed.write_text(json.dumps(what))
        if todo:
            here = str(pathlib.Path(__file__).resolve().parents[1])
            path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
            env = os.environ | {"PYTHONPATH": path, "SOCKFAULT_COMMAND": command.find()}
            status = subprocess.call(_pytest_words(asked, listed, more), env=env, cwd=scratch)
    graded = write_class(folder, names_of(submissions))
    missing = len(submissions) - len(graded)
    print(
        f"sockfault grade: {len(graded)} of {len(submissions)} graded: {asked.report}/gradebook.csv"
    )
    if missing or status not in (GOOD, 1):
        return TROUBLE
    return GOOD


def main(argv: Sequence[str] | None = None) -> int:
    """`sockfault grade`."""
    words = list(sys.argv[1:] if argv is None else argv)
    cut = words.index("--") if "--" in words else len(words)
    asked = _parser().parse_args(words[:cut])
    try:
        return _grade(asked, words[cut + 1 :])
    except WrongFile as error:
        print(error, file=sys.stderr)
    except SockfaultError as error:
        print(f"sockfault grade: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("sockfault grade: interrupted; --resume goes on from here", file=sys.stderr)
        return INTERRUPTED
    return TROUBLE


if __name__ == "__main__":
    sys.exit(examine(sys.argv[1]))
