# SPDX-License-Identifier: MIT
"""A suite: a TOML file of targets and scenarios, read and checked as a whole before anything runs.

What may stand there is in doc/suites.md. Names of scenarios and rules are checked by the command.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib.util
import pathlib
import re
import signal
from typing import Any

from . import command
from .command import SockfaultError
from .peer import Script
from .run import TIMEOUT, seconds, words_of
from .toml import Document, Table

FAULT_FREE = "fault-free"
ANY = "any"
SEVERITIES = ("error", "warning", "advice")
# Findings about a whole run, which only somebody can make who has seen another run: trial.py does.
WHOLE_RUN = ("crash", "hang", "spin", "not-transparent", "dishonest-success", "dies-with-client")

TARGET_KEYS = "name command role client peer stdin env cwd known normalize shell".split()
PEER_KEYS = "script kind host tls".split()
EXPECT_KEYS = "status signal stdout stderr forbid within server next-client".split()
SCENARIO_KEYS = "name use rules seed realism must-fire expect targets".split()


@dataclasses.dataclass(frozen=True)
class Expect:
    """What is expected of a run; None: nothing is said."""

    status: tuple[int, ...] | str | None = None
    signal: str | None = None
    stdout: bytes | str | None = None  # bytes; or FAULT_FREE, ANY
    stderr: str | None = None  # occurs in it
    forbid: tuple[str, ...] = ("error",)
    within: float | None = None
    server: int | str = 0  # the server's own status
    next_client: bool = True  # a fault-free client is served afterwards


@dataclasses.dataclass(frozen=True)
class PythonPeer:
    """text is how it is named: peer.py:echo."""

    script: Script
    text: str = ""
    kind: str = "stream"
    host: str = "127.0.0.1"
    tls: bool = False


@dataclasses.dataclass(frozen=True)
class Target:
    name: str
    command: list[str]
    role: str
    client: str | None
    peer: str | PythonPeer | None
    stdin: bytes
    env: dict[str, str]
    cwd: pathlib.Path
    known: list[dict[str, Any]]
    normalize: list[tuple[re.Pattern[bytes], bytes]]


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    line: int
    use: list[str]
    rules: list[str]
    expect: Expect
    seed: int | None = None
    realism: str | None = None
    must_fire: bool = True
    targets: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Suite:
    path: pathlib.Path
    targets: list[Target]
    scenarios: list[Scenario]
    expect: Expect

    def unknown_findings(self) -> list[str]:
        """Forbidden ones that this sockfault does not look for."""
        made = {str(row["finding"]) for row in command.listing("findings")}
        wanted = {name for s in self.scenarios for name in s.expect.forbid}
        return sorted(wanted - made - set(WHOLE_RUN) - set(SEVERITIES))

    def pairs(self) -> list[tuple[Target, Scenario | None]]:
        """All that is to be run; None is the fault-free run, which comes first."""
        made: list[tuple[Target, Scenario | None]] = []
        for target in self.targets:
            made.append((target, None))
            made += [
                (target, s) for s in self.scenarios if not s.targets or target.name in s.targets
            ]
        return made


# ---- peers in Python ----


def _load(folder: pathlib.Path, where: str) -> Any:
    """module, or file.py beside the suite."""
    if not where.endswith(".py"):
        return importlib.import_module(where)
    path = folder / where
    spec = importlib.util.spec_from_file_location(f"sockfault_peers_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ImportError(f"there is no file {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_script(folder: pathlib.Path, text: str) -> Script:
    """The function that this text names. ImportError, in words, if there is none."""
    where, _, name = text.partition(":")
    try:
        module = _load(folder, where)
    except Exception as error:  # whatever a module does when it is loaded
        raise ImportError(f"can't load {where}: {type(error).__name__}: {error}") from error
    made: Script | None = getattr(module, name, None)
    if not callable(made):
        raise ImportError(f"there is no function {name} in {where}")
    return made


def _script(table: Table, key: str, text: str) -> Script:
    try:
        return load_script(table.document.path.parent, text)
    except ImportError as error:
        table.refuse(key, str(error))


def peer_of(target: Table) -> str | PythonPeer | None:
    """A shell command; module:function; or a table with the script and more."""
    if isinstance(target.values.get("peer"), dict):
        table = target.table("peer")
        table.only(PEER_KEYS)
        kind = table.text("kind", "stream") or "stream"
        if kind not in ("stream", "dgram"):
            table.refuse("kind", f"is stream or dgram, not {kind}")
        name = table.needed_text("script")
        return PythonPeer(
            _script(table, "script", name),
            name,
            kind,
            table.text("host", "127.0.0.1") or "127.0.0.1",
            bool(table.get("tls", bool, "true or false", False)),
        )
    text = target.text("peer")
    if text and re.fullmatch(r"[\w./-]+:\w+", text):
        return PythonPeer(_script(target, "peer", text), text)
    return text


def client_of(target: Table) -> str | PythonPeer | None:
    """A shell command; or module:function."""
    text = target.text("client")
    if text and re.fullmatch(r"[\w./-]+:\w+", text):
        return PythonPeer(_script(target, "client", text), text)
    return text


# ---- tables ----


def expectation(table: Table, base: Expect) -> Expect:
    table.only(EXPECT_KEYS)
    made = dataclasses.asdict(base)
    if "status" in table:
        made["status"] = _status(table)
    if "signal" in table:
        made["signal"] = _signal(table)
        made["status"] = None
    if "stdout" in table:
        made["stdout"] = _stdout(table)
    made["stderr"] = table.text("stderr", base.stderr)
    if "forbid" in table:
        made["forbid"] = tuple(forbidden(table))
    if "within" in table:
        made["within"] = _within(table)
    if "server" in table:
        made["server"] = _server(table)
    made["next_client"] = table.get("next-client", bool, "true or false", base.next_client)
    return Expect(**made)


def _status(table: Table) -> tuple[int, ...] | str:
    value = table.get(
        "status", (int, list, str), f'a number, a list of numbers, "{FAULT_FREE}" or "{ANY}"'
    )
    if isinstance(value, str):
        if value not in (FAULT_FREE, ANY):
            table.refuse("status", f'is a number, "{FAULT_FREE}" or "{ANY}", not "{value}"')
        return value
    values = value if isinstance(value, list) else [value]
    for one in values:
        if not isinstance(one, int) or isinstance(one, bool) or not 0 <= one <= 255:
            table.refuse("status", f"is from 0 to 255, not {one!r}")
    return tuple(values)


def _signal(table: Table) -> str:
    value = table.text("signal") or ""
    if value not in signal.Signals.__members__:
        table.refuse("signal", f"there is no signal {value!r}; one is SIGTERM")
    return value


def _stdout(table: Table) -> bytes | str:
    """The name of a file beside the suite, or one of the two words."""
    value = table.text("stdout") or ""
    if value in (FAULT_FREE, ANY):
        return value
    try:
        return (table.document.path.parent / value).read_bytes()
    except OSError as error:
        what = f'is "{FAULT_FREE}", "{ANY}" or a file: {value}: {error.strerror}'
        table.refuse("stdout", what)


def forbidden(table: Table) -> list[str]:
    """Findings by name, or severities. A finding that this sockfault can't make is refused: to
    forbid it would prove nothing. (Of one that makes none at all only the suite's own are known,
    and a suite may be written for the next one: unknown_findings() tells.)"""
    values = table.texts("forbid")
    for value in values:
        refuse_unknown_finding(table, "forbid", value)
    return values


def refuse_unknown_finding(table: Table, key: str, name: str) -> None:
    made = [str(row["finding"]) for row in command.listing("findings")]
    known = [*WHOLE_RUN, *SEVERITIES, *made]
    if name not in known and (made or not re.fullmatch(r"[a-z]+(-[a-z]+)+", name)):
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"it makes {', '.join(known)}"
        table.refuse(key, f"this sockfault makes no finding '{name}'; {hint}")


def _within(table: Table) -> float:
    value = table.get("within", (str, int, float), "a duration such as 5s")
    try:
        return seconds(value)
    except ValueError as error:
        table.refuse("within", str(error))


def _server(table: Table) -> int | str:
    value: int | str = table.get("server", (int, str), f'a status or "{ANY}"')
    if isinstance(value, str) and value != ANY:
        table.refuse("server", f'is a status or "{ANY}", not "{value}"')
    return value


def substitution(text: str) -> tuple[re.Pattern[bytes], bytes]:
    """What s/RE/TEXT/ asks for; ValueError, in words, where it is no such thing."""
    match = re.fullmatch(r"s(.)(.*)\1(.*)\1", text, re.DOTALL)
    if not match:
        raise ValueError(f"is as s/RE/TEXT/, not {text}")
    try:
        made = re.compile(match[2].encode()), match[3].encode()
        made[0].sub(made[1], b"")  # may name a group that is not there
    except (re.error, IndexError) as error:
        raise ValueError(f"{match[2]}: {error}") from None
    return made


def normalizers(table: Table) -> list[tuple[re.Pattern[bytes], bytes]]:
    try:
        return [substitution(text) for text in table.texts("normalize")]
    except ValueError as error:
        table.refuse("normalize", str(error))


def _known(table: Table) -> list[dict[str, Any]]:
    name = table.text("known")
    if not name:
        return []
    import json

    try:
        values = json.loads((table.document.path.parent / name).read_text())
        failures = values["failures"]
        return [dict(failure) for failure in failures]
    except (OSError, ValueError, KeyError, TypeError) as error:
        table.refuse("known", f"{name} is no results.json: {type(error).__name__}: {error}")


def _command(table: Table) -> list[str]:
    value = table.get("command", (str, list), "a text or a list of words")
    if isinstance(value, list) and not all(isinstance(word, (str, int)) for word in value):
        table.refuse("command", "is a list of words")
    words = words_of(value or [])
    if not words:
        table.document.refuse(table.path, "wants command, the words that start the target")
    return words


def environment_of(table: Table) -> dict[str, str]:
    values = table.table("env")
    return {name: values.needed_text(name) for name in values.values}


def _target(table: Table) -> Target:
    table.only(TARGET_KEYS)
    words = _command(table)
    role = table.text("role", "client")
    if role not in ("client", "server"):
        table.refuse("role", f'is "client" or "server", not "{role}"')
    if role == "server" and "client" not in table:
        table.document.refuse(table.path, "a server wants client, a command that drives it")
    if role == "server" and "peer" in table:
        table.refuse("peer", "is for a client under test; a server has a client")
    if role == "client" and "client" in table:
        table.refuse("client", "is for a server under test (role); a client has a peer")
    folder = table.document.path.parent / (table.text("cwd") or ".")
    if not folder.is_dir():
        table.refuse("cwd", f"there is no folder {folder}")
    name = table.text("name") or pathlib.Path(words[0]).name
    return Target(
        name,
        words,
        role,
        table.text("client"),
        peer_of(table),
        (table.text("stdin") or "").encode(),
        environment_of(table),
        folder,
        _known(table),
        normalizers(table),
    )


def realism_of(table: Table) -> str | None:
    realism = table.text("realism")
    if realism not in (None, "kernel", "posix"):
        table.refuse("realism", f"is kernel or posix, not {realism}")
    return realism


def _scenario(table: Table, base: Expect, targets: list[str]) -> Scenario:
    table.only(SCENARIO_KEYS)
    document = table.document
    name = table.needed_text("name")
    use, rules = table.texts("use"), table.texts("rules")
    if not use and not rules:
        document.refuse(table.path, "wants use (a ready-made scenario) or rules")
    use = [file_beside(document, text) for text in use]
    realism = realism_of(table)
    wanted = table.texts("targets")
    for one in wanted:
        if one not in targets:
            table.refuse("targets", f"there is no target {one}; there are {', '.join(targets)}")
    return Scenario(
        name,
        document.line(table.path),
        use,
        rules,
        expectation(table.table("expect"), base),
        table.get("seed", int, "a number"),
        realism,
        table.get("must-fire", bool, "true or false", True),
        tuple(wanted),
    )


def file_beside(document: Document, text: str) -> str:
    """A file of rules is looked for beside the suite; all else is a name, for the command."""
    name, _, conditions = text.partition(" ")
    path = document.path.parent / name
    return f"{path} {conditions}".strip() if path.is_file() else text


def _check_rules(tables: list[Table], scenarios: list[Scenario]) -> None:
    """Asks the command; one question for all, and one for each only if something is wrong."""
    words = [word for s in scenarios for word in s.use]
    for scenario in scenarios:
        for rule in scenario.rules:
            words += ["-e", rule]
    if not words or complaint(words) is None:
        return
    for table, scenario in zip(tables, scenarios):
        for key, values in (("use", scenario.use), ("rules", scenario.rules)):
            for value in values:
                why = complaint([value] if key == "use" else ["-e", value])
                if why:
                    table.refuse(key, why)


def complaint(words: list[str]) -> str | None:
    try:
        command.ask("check", *words)
    except SockfaultError as error:
        return str(error)
    return None


def _unique(tables: list[Table], names: list[str]) -> None:
    for i, name in enumerate(names):
        if name in names[:i]:
            tables[i].document.refuse(tables[i].path, f'there are two of the name "{name}"')


def read(path: pathlib.Path) -> Suite:
    """The suite in this file; WrongFile, with file, line and key, if it can't be used."""
    document = Document(path)
    root = Table(document, (), document.values)
    root.only(("target", "expect", "scenario"))
    target_tables, tables = root.tables("target"), root.tables("scenario")
    if not target_tables:
        document.refuse((), "wants [target], the program to try")
    if not tables:
        document.refuse((), "wants a [[scenario]]")
    targets = [_target(table) for table in target_tables]
    base = expectation(root.table("expect"), Expect(within=TIMEOUT))
    names = [target.name for target in targets]
    scenarios = [_scenario(table, base, names) for table in tables]
    _unique(target_tables, names)
    _unique(tables, [scenario.name for scenario in scenarios])
    _check_rules(tables, scenarios)
    return Suite(path, targets, scenarios, base)
