# SPDX-License-Identifier: MIT
"""An assignment for the tests of grading, with submissions that go wrong in one way each: an echo
client, and what grades it."""

import contextlib
import csv
import json
import os
import pathlib
import subprocess
import textwrap

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("SOCKFAULT_BUILD", ROOT / "build"))
WITHIN = 1200  # seconds, for a grader

HEAD = """\
[assignment]
name = "Echo"
[build]
command = "cc -g -O1 -o client client.c"
[target]
command = ["./client", "{host}", "{port}"]
peer = "peer.py:echo"
stdin = "hello\\n"
[limits]
within = "3s"
"""
PEER = """\
def echo(c):
    c.send_all(c.recv_until(b"\\n"))
"""
CLIENT = (HERE / "echo.c").read_text()


def assignment(folder, tests, head=HEAD, name="echo.toml", peer=PEER):
    """Writes it, with its peer; the path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "peer.py").write_text(textwrap.dedent(peer))
    path = folder / name
    path.write_text(head + textwrap.dedent(tests))
    return path


def submission(folder, *mistakes, text=CLIENT, file="client.c"):
    """A folder with the client, wrong in these ways."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text("".join(f"#define {one}\n" for one in mistakes) + text)
    return folder


def line_of(what, text=CLIENT, mistakes=1):
    """Where in a client that has so many mistakes a comment stands."""
    return 1 + mistakes + text[: text.index(what)].count("\n")


def begin(file, *words, **options):
    """Starts `sockfault grade`, with pipes for its output."""
    command = [str(BUILD / "sockfault"), "grade", str(file), *map(str, words)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, cwd=file.parent, **pipes, **options)


def grade(file, *words):
    """Runs it to its end: status and what it printed."""
    with contextlib.ExitStack() as stack:
        process = stack.enter_context(begin(file, *words))
        try:
            out, _ = process.communicate(timeout=WITHIN)
        except BaseException:
            process.kill()
            raise
    return process.returncode, out


def book(folder):
    """The gradebook: rows by submission."""
    with open(folder / "gradebook.csv", newline="", encoding="utf-8") as file:
        return {row["submission"]: row for row in csv.DictReader(file)}


def state(folder, name):
    """What is known of a submission: graded.json."""
    return json.loads((folder / name / "graded.json").read_text())["graded"]


def verdicts(folder, name):
    return {one["name"]: one for one in state(folder, name)["verdicts"]}
