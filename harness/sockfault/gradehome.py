# SPDX-License-Identifier: MIT
"""The command by which a student makes a run of a test again, in the folder of the submission,
after its build. It needs what the assignment hands out, and nothing else of it.
"""

from __future__ import annotations

import pathlib
import shlex

from .assignment import Target, Test
from .suite import PythonPeer


def _printf(data: bytes) -> str:
    """The words by which a shell prints these bytes."""
    text = ""
    for byte in data:
        char = chr(byte)
        if char in "\\%":
            text += char * 2
        elif char == "\n":
            text += "\\n"
        else:
            text += char if " " <= char <= "~" else f"\\{byte:03o}"
    return f"printf {shlex.quote(text)}"


def _other(target: Target) -> str | None:
    """The other end: a shell command. None where it is the reference solution's."""
    other = target.client if target.role == "server" else target.peer
    if isinstance(other, PythonPeer):
        words = ["sockfault", "peer"] + (["--client"] if target.role == "server" else [])
        words += ["--kind", "dgram"] if target.kind == "dgram" else []
        words += ["--host", other.host] if other.host != "127.0.0.1" else []
        words += ["--tls"] if other.tls else []
        return " ".join([*words, shlex.quote(other.text), "{port}"])
    if other is None or "{reference}" in other:
        return None
    return other.replace("{host}", "127.0.0.1")


def _rules(test: Test) -> list[str]:
    """Scenarios that come with sockfault by their names; those of the assignment by their rules."""
    words = []
    for text in test.use:
        name, _, conditions = text.partition(" ")
        path = pathlib.Path(name)
        if not path.is_file():
            words += ["-s", text]
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            rule = line.strip()
            if rule and not rule.startswith("#"):
                calls, colon, actions = rule.partition(":")
                words += ["-e", f"{calls.strip()} {conditions}".strip() + f"{colon}{actions}"]
    for rule in test.rules:
        words += ["-e", rule]
    return words


def _line(words: list[str]) -> str:
    return " ".join(word if word == "{port}" else shlex.quote(word) for word in words)


def repeat(target: Target, test: Test, seed: int, late: float | None) -> str | None:
    """late: the seconds after which the run was ended, where it did not end by itself."""
    other = _other(target)
    if other is None:
        return None
    words = ["sockfault", "sweep" if test.sweep else "run"]
    words += ["--server", "--client"] if target.role == "server" else ["--peer"]
    words += [other, *_rules(test)]
    words += ["--only", test.sweep.only] if test.sweep and test.sweep.only else []
    words += ["--timeout", f"{late:g}s"] if late and not test.sweep else []
    words += ["--seed", str(seed)] if seed != 1 else []
    words += ["--realism", test.realism] if test.realism else []
    command = [word.replace("{host}", "127.0.0.1") for word in target.command]
    before = f"{_printf(target.stdin)} | " if target.stdin else ""
    if before and test.sweep:  # of which each run wants it
        before, command = "", ["sh", "-c", before + _line(command)]
    named = [f"{name}={shlex.quote(value)}" for name, value in target.env.items()]
    return before + " ".join([*named, _line([*words, "--", *command])])
