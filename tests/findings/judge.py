# SPDX-License-Identifier: MIT
"""Runs a program without faults and under rules, and asks what the command finds in the traces.

The programs of tests/targets/wrong/ and right/ say in their head comments how they are run; see
HACKING.md, "Adding a finding".
"""

import dataclasses
import json
import os
import pathlib
import re
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SOCKFAULT_BUILD", ROOT / "build"))
SOCKFAULT = BUILD / "sockfault"
TARGETS = ROOT / "tests" / "targets"
KEYS = ("finds", "also", "rule", "command", "role", "peer", "client", "timeout")
MANY = ("also", "rule")  # keys that may be repeated


@dataclasses.dataclass
class Program:
    """A program to be run, and what is run with it."""

    words: list[str]
    source: pathlib.Path | None = None
    finds: str | None = None
    also: list[str] = dataclasses.field(default_factory=list)
    rules: list[str] = dataclasses.field(default_factory=list)
    peer: str | None = None
    client: str | None = None
    timeout: str = "5s"

    @property
    def marked(self) -> set[int]:
        """The lines that the finding must name one of."""
        assert self.source
        lines = self.source.read_text().splitlines()
        mark = f"here: {self.finds} "
        return {number for number, line in enumerate(lines, 1) if mark in f"{line} "}


def head_of(source: pathlib.Path) -> dict[str, list[str]]:
    """The `key: value` lines of the head comment."""
    head = source.read_text().partition("*/")[0]
    made: dict[str, list[str]] = {}
    for key, value in re.findall(r"^ \* (\w+): *(.*?) *$", head, re.MULTILINE):
        assert key in KEYS, f"{source.name}: there is no key '{key}'"
        made.setdefault(key, []).append(value)
    for key, values in made.items():
        assert len(values) == 1 or key in MANY, f"{source.name}: {key} is there twice"
    return made


def program_of(source: pathlib.Path) -> Program:
    head = head_of(source)
    binary = BUILD / "targets" / source.parent.name / source.stem
    role = head["role"][0]
    assert role in ("client", "server"), f"{source.name}: role: client or server"
    assert "client" in head or role == "client", f"{source.name}: a server wants a client"
    peer = head.get("peer", [None])[0]
    plain = "{self} {port}" if role == "server" or peer else "{self}"
    command = head.get("command", [plain])[0].replace("{self}", shlex.quote(str(binary)))
    return Program(
        shlex.split(command),
        source,
        head.get("finds", [None])[0],
        head.get("also", []),
        [rule for rule in head.get("rule", []) if rule != "none"],
        local(peer),
        local(head.get("client", [None])[0]),
        head.get("timeout", ["5s"])[0],
    )


def local(command: str | None) -> str | None:
    """build/ is where the tests are told that it is."""
    return command and re.sub(r"\bbuild/", f"{BUILD}/", command)


def run(program: Program, trace: pathlib.Path, rules: list[str]) -> tuple[int, bytes]:
    """Status and output: of a server, its client's."""
    words: list[object] = [SOCKFAULT, "run", "--quiet", "--trace", trace]
    output = trace.with_suffix(".out")
    words += ["--timeout", program.timeout]
    for rule in rules:
        words += ["-e", rule]
    if program.peer:
        words += ["--peer", program.peer]
    if program.client:
        words += ["--server", "--client", f"{{ {program.client}; }} >{shlex.quote(str(output))}"]
    done = subprocess.run(
        [str(word) for word in [*words, "--", *program.words]],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode != 125, done.stderr.decode()
    trace.with_suffix(".err").write_bytes(done.stderr)
    if not program.client:
        return done.returncode, done.stdout
    return done.returncode, output.read_bytes() if output.exists() else b""


class Judge:
    """Judges a program: its fault-free run is made once."""

    def __init__(self, program: Program, folder: pathlib.Path):
        self.program, self.folder = program, folder
        self.baseline = folder / "baseline.sft"
        self.outcome = run(program, self.baseline, [])

    def findings(self, rules: list[str]) -> list[dict[str, object]]:
        """What is found under these rules: errors, warnings, and the advice that is looked for."""
        trace, differs = self.baseline, "nothing"
        words = []
        if rules:
            trace = self.folder / "trace.sft"
            outcome = run(self.program, trace, rules)
            what = "client" if self.program.client else "output"
            differs = "nothing" if outcome == self.outcome else what
            words = ["--baseline", str(self.baseline)]
        words += ["--differs", differs, "--stderr", str(trace.with_suffix(".err"))]
        done = subprocess.run(
            [SOCKFAULT, "findings", trace, "--json", *words],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        found = [json.loads(line) for line in done.stdout.splitlines()]
        assert (done.returncode == 1) == any(one["severity"] == "error" for one in found)
        return [
            one
            for one in found
            if one["severity"] != "advice" or one["finding"] == self.program.finds
        ]


def shown(found: list[dict[str, object]]) -> str:
    """For a message."""
    return "\n".join(
        f"{one['finding']} at {one['file']}:{one['line']} ({one['site']}): {one['says']}"
        for one in found
    )


def listing() -> list[dict[str, str]]:
    done = subprocess.run(
        [SOCKFAULT, "list", "findings", "--json"], capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
