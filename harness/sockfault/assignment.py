# SPDX-License-Identifier: MIT
"""An assignment: a TOML file that says how submissions are built, run, tested and what that is
worth. It is read and checked as a whole before anything is graded: every mistake in it is told,
with file, line and key. What may stand there is in doc/grading.md.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import pathlib
import re
from typing import Any, Callable, Iterator, TypeVar

from . import suite
from .run import seconds, words_of
from .suite import Expect, PythonPeer
from .toml import Document, Table, WrongFile

Value = TypeVar("Value")
NO_TEXTS: list[str] = []

VISIBILITIES = ("visible", "hidden", "after_due_date", "after_published")
ROLES = ("client", "server")
KINDS = ("stream", "dgram")
CREDITS = ("scenario", "mistake", "all-or-nothing")
REFERENCE = "reference"  # expect.stdout: what the reference solution prints
SIZE_UNITS = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

TOP_KEYS = "assignment build reference target limits expect test group".split()
ASSIGNMENT_KEYS = "name points credit".split()
BUILD_KEYS = "command within memory needs".split()
REFERENCE_KEYS = ["folder"]
TARGET_KEYS = "name command role kind client peer stdin env normalize".split()
LIMIT_KEYS = "memory cpu processes output disk within".split()
GROUP_KEYS = "name lose-at-most".split()
TEST_KEYS = (
    "name points target visibility credit group rules use expect forbid not_reached sweep seed "
    "realism feedback"
).split()
SWEEP_KEYS = "lose at_most time only".split()
PRICE_KEYS = "lose at_most".split()
EXPECT_KEYS = "status signal stdout stderr within peer next-client".split()


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a submission may use. Memory is private memory of each process, in bytes; cpu and within
    are seconds; output is what it may print, disk what it may write, in bytes."""

    memory: int = 512 << 20
    cpu: float = 10.0
    processes: int = 64
    output: int = 1 << 20
    disk: int = 32 << 20
    within: float = 10.0


@dataclasses.dataclass(frozen=True)
class Build:
    """How a submission becomes a program; without a command it is one."""

    command: str | None = None
    within: float = 60.0
    memory: int = 2 << 30
    needs: tuple[str, ...] = ()  # files that a submission must have


@dataclasses.dataclass(frozen=True)
class Target:
    """How the program is started: {host}, {port} and {tmp} stand for what they say, {reference} for
    the folder of the reference solution, built. A submission may be several programs: each is a
    target of its own, and has a name."""

    name: str
    command: list[str]
    role: str
    kind: str  # stream or dgram: how it is known that a server is ready, and a peer was met
    client: str | PythonPeer | None
    peer: str | PythonPeer | None
    stdin: bytes
    env: dict[str, str]
    normalize: list[tuple[re.Pattern[bytes], bytes]]


@dataclasses.dataclass(frozen=True)
class Sweep:
    """A test that tries every error path: points lost for each that breaks."""

    lose: float
    at_most: float
    time: float = 20.0  # seconds
    only: str | None = None


@dataclasses.dataclass(frozen=True)
class Price:
    """What a finding costs: once at each place where the program makes that mistake, and at all of
    them together no more than at_most, in the whole assignment."""

    lose: float
    at_most: float | None = None


@dataclasses.dataclass(frozen=True)
class Test:
    """One test; without rules it is the plain run."""

    name: str
    line: int
    points: float
    target: Target
    visibility: str
    group: str | None
    rules: tuple[str, ...]
    use: tuple[str, ...]
    expect: Expect
    peer_got: bytes | None  # what the peer must have received
    credit: str  # of CREDITS
    forbid: dict[str, Price]  # of findings, by name or severity
    not_reached: float  # points where its fault never happened
    sweep: Sweep | None
    seed: int | None
    realism: str | None
    feedback: str | None

    @property
    def is_plain(self) -> bool:
        return not self.rules and not self.use and not self.sweep


@dataclasses.dataclass(frozen=True)
class Assignment:
    path: pathlib.Path
    name: str
    points: float
    build: Build
    reference: pathlib.Path | None
    targets: list[Target]
    limits: Limits
    groups: dict[str, float]  # points that tests of a group lose together at most
    tests: list[Test]

    @property
    def folder(self) -> pathlib.Path:
        return self.path.parent

    @property
    def worth(self) -> float:
        """Points of all tests."""
        return sum(test.points for test in self.tests)

    def plain_test(self, target: Target) -> Test | None:
        """The first test of a target that has no rules."""
        return next((one for one in self.tests if one.is_plain and one.target is target), None)


class Problems:
    """What is wrong so far. `with problems:` goes on behind what a table refuses."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    @contextlib.contextmanager
    def collected(self) -> Iterator[None]:
        try:
            yield
        except WrongFile as error:
            if str(error) not in self.texts:
                self.texts.append(str(error))

    def of(self, default: Value, read: Callable[[], Value]) -> Value:
        """What read() makes, or the default where it refuses."""
        made = default
        with self.collected():
            made = read()
        return made


# ---- values ----


def size(table: Table, key: str, default: int) -> int:
    """Bytes: a number, or a text such as 256MiB."""
    value = table.get(key, (int, str), "a size such as 256MiB", default)
    if isinstance(value, int):
        number, unit = value, ""
    else:
        match = re.fullmatch(r"\s*(\d+)\s*([A-Za-z]*)\s*", value)
        if not match or match[2] not in SIZE_UNITS:
            table.refuse(key, f"is a size such as 256MiB, not {value!r}")
        number, unit = int(match[1]), match[2]
    if number <= 0:
        table.refuse(key, f"is more than 0, not {number}")
    return number * SIZE_UNITS[unit]


def duration(table: Table, key: str, default: float) -> float:
    """Seconds: a number, or a text such as 10s."""
    value = table.get(key, (int, float, str), "a duration such as 10s", default)
    try:
        made = seconds(value)
    except ValueError as error:
        table.refuse(key, str(error))
    if made <= 0:
        table.refuse(key, f"is more than 0, not {value}")
    return made


def points(table: Table, key: str, default: float | None = None) -> float:
    value = table.get(key, (int, float), "points, a number", default)
    if value is None:
        table.document.refuse(table.path, f"wants {key}, a number")
    if value < 0:
        table.refuse(key, f"is 0 or more, not {value}")
    return float(value)


def word(table: Table, key: str, choices: tuple[str, ...], default: str) -> str:
    value = table.text(key, default) or default
    if value not in choices:
        table.refuse(key, f"is {' or '.join(choices)}, not {value}")
    return value


def tests_file(table: Table, key: str) -> bytes | None:
    """The content of a file beside the assignment."""
    name = table.text(key)
    if name is None:
        return None
    try:
        return (table.document.path.parent / name).read_bytes()
    except OSError as error:
        table.refuse(key, f"is a file beside the assignment: {name}: {error.strerror}")


# ---- tables ----


def _limits(table: Table, problems: Problems) -> Limits:
    usual = Limits()
    with problems.collected():
        table.only(LIMIT_KEYS)
    made: dict[str, Any] = {}
    readers: dict[str, Callable[[Table, str, Any], Any]]
    readers = {"memory": size, "output": size, "disk": size, "cpu": duration, "within": duration}
    for key, reader in readers.items():
        default = getattr(usual, key)
        made[key] = problems.of(default, functools.partial(reader, table, key, default))
    made["processes"] = problems.of(
        usual.processes, lambda: int(points(table, "processes", usual.processes))
    )
    return Limits(**made)


def _build(table: Table, problems: Problems) -> Build:
    with problems.collected():
        table.only(BUILD_KEYS)
    return Build(
        problems.of(None, lambda: table.text("command")),
        problems.of(60.0, lambda: duration(table, "within", Build.within)),
        problems.of(Build.memory, lambda: size(table, "memory", Build.memory)),
        tuple(problems.of(NO_TEXTS, lambda: table.texts("needs"))),
    )


def _reference(table: Table, problems: Problems) -> pathlib.Path | None:
    with problems.collected():
        table.only(REFERENCE_KEYS)
        if table.values:
            folder = table.document.path.parent / table.needed_text("folder")
            if not folder.is_dir():
                table.refuse("folder", f"there is no folder {folder}")
            return folder
    return None


def _command(table: Table) -> list[str]:
    value = table.get("command", (str, list), "a text or a list of words")
    words = words_of(value or [])
    if not words:
        table.document.refuse(table.path, "wants command, the words that start the program")
    return words


def _stdin(table: Table) -> bytes:
    """A text; or {file = NAME}, a file beside the assignment."""
    if not isinstance(table.values.get("stdin"), dict):
        return (table.text("stdin") or "").encode()
    inner = table.table("stdin")
    inner.only(["file"])
    inner.needed_text("file")
    return tests_file(inner, "file") or b""


def _target(table: Table, problems: Problems, has_reference: bool) -> Target:
    with problems.collected():
        table.only(TARGET_KEYS)
    role = problems.of("client", lambda: word(table, "role", ROLES, "client"))
    other, wrong = ("client", "peer") if role == "server" else ("peer", "client")
    with problems.collected():
        if wrong in table:
            table.refuse(wrong, f"is not for a {role}, which has a {other}")
    with problems.collected():
        if other not in table:
            table.document.refuse(table.path, f"a {role} wants {other}")
    made = Target(
        problems.of("", lambda: table.text("name") or ""),
        problems.of([], lambda: _command(table)),
        role,
        problems.of("stream", lambda: word(table, "kind", KINDS, "stream")),
        problems.of(None, lambda: suite.client_of(table)),
        problems.of(None, lambda: suite.peer_of(table)),
        problems.of(b"", lambda: _stdin(table)),
        problems.of({}, lambda: suite.environment_of(table)),
        problems.of([], lambda: suite.normalizers(table)),
    )
    for key, text in (("client", made.client), ("peer", made.peer)):
        with problems.collected():
            if isinstance(text, str) and "{reference}" in text and not has_reference:
                table.refuse(key, "names {reference}, and there is no [reference]")
    return made


def _targets(tables: list[Table], problems: Problems, has_reference: bool) -> list[Target]:
    """[target], or several [[target]], which tests name."""
    made: list[Target] = []
    for table in tables:
        target = _target(table, problems, has_reference)
        with problems.collected():
            if len(tables) > 1:
                table.needed_text("name")
            if target.name in [one.name for one in made]:
                table.refuse("name", f'there are two of the name "{target.name}"')
        made.append(target)
    return made


def _target_of(table: Table, targets: list[Target]) -> Target:
    name = table.text("target")
    if name is None and len(targets) > 1:
        names = ", ".join(target.name for target in targets)
        table.document.refuse(table.path, f"wants target, one of {names}")
    for target in targets:
        if name in (None, target.name):
            return target
    table.refuse("target", f"there is no [[target]] of the name {name}")


def _groups(tables: list[Table], problems: Problems) -> dict[str, float]:
    made: dict[str, float] = {}
    for table in tables:
        with problems.collected():
            table.only(GROUP_KEYS)
            name = table.needed_text("name")
            if name in made:
                table.refuse("name", f'there are two of the name "{name}"')
            made[name] = points(table, "lose-at-most")
    return made


def _forbid(table: Table, worth: float, problems: Problems) -> dict[str, Price]:
    """forbid.NAME = points lost; a list of names: each takes all."""
    value = table.get("forbid", (dict, list, str), "a table: finding = points lost", {})
    if not isinstance(value, dict):
        return {name: Price(worth) for name in suite.forbidden(table)}
    inner = Table(table.document, (*table.path, "forbid"), value)
    made = {}
    for name in value:
        with problems.collected():
            suite.refuse_unknown_finding(inner, name, name)
            made[name] = _price(inner, name)
    return made


def _price(table: Table, name: str) -> Price:
    """Points; or { lose, at_most }."""
    if not isinstance(table.values[name], dict):
        return Price(points(table, name))
    inner = table.table(name)
    inner.only(PRICE_KEYS)
    return Price(points(inner, "lose"), points(inner, "at_most") if "at_most" in inner else None)


def _sweep(table: Table, worth: float) -> Sweep | None:
    if "sweep" not in table:
        return None
    inner = table.table("sweep")
    inner.only(SWEEP_KEYS)
    return Sweep(
        points(inner, "lose", worth),
        points(inner, "at_most", worth),
        duration(inner, "time", Sweep.time),
        inner.text("only"),
    )


def _expectation(
    table: Table, base: Expect, problems: Problems, has_reference: bool
) -> tuple[Expect, bytes | None]:
    """Key by key, so that all that is wrong is told; and what the peer must have received."""
    inner, made, got = (
        problems.of(Table(table.document, (), {}), lambda: table.table("expect")),
        base,
        None,
    )
    with problems.collected():
        inner.only(EXPECT_KEYS)
    for key, value in inner.values.items():
        if key == "peer":
            got = problems.of(None, lambda: tests_file(inner, "peer"))
        elif key == "stdout" and value == REFERENCE:
            with problems.collected():
                if not has_reference:
                    inner.refuse(key, f'is "{REFERENCE}", and there is no [reference]')
            made = dataclasses.replace(made, stdout=REFERENCE)
        elif key in EXPECT_KEYS:
            one = Table(inner.document, inner.path, {key: value})
            made = problems.of(made, functools.partial(suite.expectation, one, made))
    return made, got


def _test(
    table: Table,
    problems: Problems,
    base: Expect,
    groups: dict[str, float],
    targets: list[Target],
    head: Table,
    has_reference: bool,
) -> Test:
    with problems.collected():
        table.only(TEST_KEYS)
    worth = problems.of(0.0, lambda: points(table, "points"))
    group = problems.of(None, lambda: table.text("group"))
    with problems.collected():
        if group is not None and group not in groups:
            table.refuse("group", f"there is no [[group]] of the name {group}")
    use = problems.of(
        NO_TEXTS, lambda: [suite.file_beside(table.document, text) for text in table.texts("use")]
    )
    rules = problems.of(NO_TEXTS, lambda: table.texts("rules"))
    sweep = problems.of(None, lambda: _sweep(table, worth))
    with problems.collected():
        if sweep and (use or rules):
            table.refuse("sweep", "tries its own rules: rules and use are for other tests")
    for key, values in (("use", use), ("rules", rules)):
        for value in values:
            why = suite.complaint([value] if key == "use" else ["-e", value])
            with problems.collected():
                if why:
                    table.refuse(key, why)
    expect, got = _expectation(table, base, problems, has_reference)
    usual = problems.of("scenario", lambda: word(head, "credit", CREDITS, "scenario"))
    credit = problems.of(usual, lambda: word(table, "credit", CREDITS, usual))
    return Test(
        problems.of("?", lambda: table.needed_text("name")),
        table.document.line(table.path),
        worth,
        problems.of(targets[0], lambda: _target_of(table, targets)),
        problems.of("visible", lambda: word(table, "visibility", VISIBILITIES, "visible")),
        group,
        tuple(rules),
        tuple(use),
        expect,
        got,
        credit,
        problems.of({}, functools.partial(_forbid, table, worth, problems)),
        problems.of(0.0, lambda: points(table, "not_reached", 0.0)),
        sweep,
        problems.of(None, functools.partial(table.get, "seed", int, "a number")),
        problems.of(None, lambda: suite.realism_of(table)),
        problems.of(None, lambda: table.text("feedback")),
    )


def _check_sums(root: Table, made: Assignment, problems: Problems) -> None:
    names = [test.name for test in made.tests]
    for i, name in enumerate(names):
        with problems.collected():
            if name in names[:i]:
                root.document.refuse(("test", i), f'there are two of the name "{name}"')
    total = sum(test.points for test in made.tests)
    with problems.collected():
        if made.points and abs(total - made.points) > 1e-9:
            where = ("assignment", "points")
            root.document.refuse(
                where, f"is {made.points:g}, and the tests have {total:g} together"
            )


def read(path: pathlib.Path) -> Assignment:
    """The assignment in this file. WrongFile, a line for each mistake, if it can't be used."""
    document = Document(path)
    root = Table(document, (), document.values)
    problems = Problems()
    with problems.collected():
        root.only(TOP_KEYS)
    none: list[Table] = []
    tables = problems.of(none, lambda: root.tables("test"))
    with problems.collected():
        if not tables:
            document.refuse((), "wants a [[test]]")

    def section(name: str) -> Table:
        return problems.of(Table(document, (name,), {}), lambda: root.table(name))

    head = section("assignment")
    with problems.collected():
        head.only(ASSIGNMENT_KEYS)
    limits = _limits(section("limits"), problems)
    groups = _groups(problems.of(none, lambda: root.tables("group")), problems)
    reference = _reference(section("reference"), problems)
    usual = Expect(within=limits.within)
    base, _ = _expectation(root, usual, problems, reference is not None)
    wanted = problems.of(none, lambda: root.tables("target"))
    wanted = wanted or [Table(document, ("target",), {})]
    targets = _targets(wanted, problems, reference is not None)
    made = Assignment(
        path,
        problems.of("?", lambda: head.needed_text("name")),
        problems.of(0.0, lambda: points(head, "points", 0)),
        _build(section("build"), problems),
        reference,
        targets,
        limits,
        groups,
        [
            _test(table, problems, base, groups, targets, head, reference is not None)
            for table in tables
        ],
    )
    _check_sums(root, made, problems)
    if problems.texts:
        raise WrongFile("\n".join(problems.texts))
    return made
