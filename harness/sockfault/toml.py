# SPDX-License-Identifier: MIT
"""TOML with the line of each key, so that what is wrong in a file is told where it stands.

tomllib gives values without places. The places are found by a second look at the text, which knows
tables and dotted keys, and for what stands within a value gives the line where that begins.
"""

from __future__ import annotations

import difflib
import pathlib
import re
import tomllib
from typing import Any, Iterable, NoReturn

from .command import SockfaultError

Path = tuple[str | int, ...]  # ("scenario", 2, "expect", "status"): elements of arrays from 0


class WrongFile(SockfaultError):
    """A file that can't be used: FILE:LINE: KEY: what is wrong."""


WrongFile.__module__ = "sockfault"


HEAD = r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$"
KEY = r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"))*)\s*="""


def _spelled(path: Path) -> str:
    """scenario[3].expect.status, elements counted from 1."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f"{'.' if text else ''}{part}"
    return text


def _parts(dotted: str) -> list[str]:
    """Parts of a dotted key, some of which may stand in quotes."""
    return [part.strip("\"'") for part in re.findall(r"[\w-]+|\"[^\"]*\"|'[^']*'", dotted)]


def _lines(text: str) -> dict[Path, int]:
    """The line of each key and table."""
    places: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        head = re.match(HEAD, line)
        key = re.match(
            r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"))*)\s*=""", line
        )
        if head:
            table = ()
            parts = _parts(head[2])
            for i, part in enumerate(parts):
                table += (part,)
                if head[1] == "[[" and i == len(parts) - 1:
                    places.setdefault(table, number)
                    counts[table] = counts.get(table, -1) + 1
                if table in counts:
                    table += (counts[table],)
            places.setdefault(table, number)
        elif key:
            path = table
            for part in _parts(key[1]):
                path += (part,)
                places.setdefault(path, number)
    return places


class Document:
    """A TOML file that is read key by key; what is left over at the end is unknown."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise WrongFile(f"{path}: can't be read: {error}") from None
        try:
            self.values: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise WrongFile(self._syntax(str(error), text)) from None
        self._places = _lines(text)

    def _syntax(self, error: str, text: str) -> str:
        error = error.replace("at end of document", f"at line {text.count(chr(10))}, column 1")
        match = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", error)
        return (
            f"{self.path}:{match[2]}:{match[3]}: {match[1]}" if match else f"{self.path}: {error}"
        )

    def line(self, path: Path) -> int:
        """Of a key, or of the nearest thing around it."""
        while path:
            if path in self._places:
                return self._places[path]
            path = path[:-1]
        return 1

    def refuse(self, path: Path, what: str) -> NoReturn:
        where = _spelled(path)
        raise WrongFile(f"{self.path}:{self.line(path)}: {where + ': ' if where else ''}{what}")


class Table:
    """One table of a document. Each method takes a key of one type, or refuses what is there."""

    def __init__(self, document: Document, path: Path, values: Any) -> None:
        self.document, self.path = document, path
        if not isinstance(values, dict):
            document.refuse(path, f"is a table, not {_kind(values)}")
        self.values: dict[str, Any] = values

    def refuse(self, key: str, what: str) -> NoReturn:
        self.document.refuse((*self.path, key), what)

    def only(self, known: Iterable[str]) -> None:
        """Refuses a key that is none of these."""
        names = list(known)
        for key in self.values:
            if key not in names:
                near = difflib.get_close_matches(key, names, 1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
                self.refuse(key, f"there is no such key; {hint}")

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def get(self, key: str, kinds: type | tuple[type, ...], what: str, default: Any = None) -> Any:
        if key not in self.values:
            return default
        value = self.values[key]
        wrong_bool = isinstance(value, bool) and kinds is not bool
        if not isinstance(value, kinds) or wrong_bool:
            self.refuse(key, f"is {what}, not {_kind(value)}")
        return value

    def text(self, key: str, default: str | None = None) -> str | None:
        made: str | None = self.get(key, str, "a text", default)
        return made

    def needed_text(self, key: str) -> str:
        value = self.text(key)
        if not value:
            self.document.refuse(self.path, f"wants {key}, a text")
        return value

    def texts(self, key: str) -> list[str]:
        """One text or a list of them."""
        value = self.get(key, (str, list), "a text or a list of texts", [])
        values = [value] if isinstance(value, str) else list(value)
        for one in values:
            if not isinstance(one, str):
                self.refuse(key, f"is a list of texts, and {one!r} is {_kind(one)}")
        return values

    def tables(self, key: str) -> list[Table]:
        """[[key]], or a single [key]."""
        value = self.get(key, (dict, list), "a table", [])
        if isinstance(value, dict):
            return [Table(self.document, (*self.path, key), value)]
        return [Table(self.document, (*self.path, key, i), one) for i, one in enumerate(value)]

    def table(self, key: str) -> Table:
        return Table(self.document, (*self.path, key), self.get(key, dict, "a table", {}))


def _kind(value: Any) -> str:
    kinds: list[tuple[type, str]] = [
        (bool, "true or false"),
        (str, "a text"),
        (int, "a number"),
        (float, "a number"),
        (list, "a list"),
        (dict, "a table"),
    ]
    return next((name for kind, name in kinds if isinstance(value, kind)), type(value).__name__)
