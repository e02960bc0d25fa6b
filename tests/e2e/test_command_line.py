# SPDX-License-Identifier: MIT
"""The option table against all that repeats it: help, sockfault(1), completions."""

import os
import re
import subprocess

import pytest

from conftest import ROOT, SOCKFAULT, run

MANUAL = ROOT / "doc" / "sockfault.1"
BASH = ROOT / "doc" / "completions" / "sockfault.bash"
HARNESS = {"sweep", "suite", "grade", "report", "peer"}


def table():
    """{command: {option: (value, choices, help)}}; both spellings of an option are keys."""
    commands = {}
    for row in run([SOCKFAULT, "--options"], check=True).stdout.decode().splitlines():
        cells = row.split("\t")
        if cells[0] == "command":
            commands[cells[1]] = {}
        elif cells[0] == "option":
            for name in filter(None, cells[2:4]):
                commands[cells[1]][name] = tuple(cells[4:7])
    return commands


def manual_sections():
    """{command: text of its section of COMMANDS}"""
    text = MANUAL.read_text().split("\n.Sh COMMANDS\n")[1].split("\n.Sh ENVIRONMENT\n")[0]
    parts = re.split(r"^\.Ss sockfault (.*)$", text, flags=re.M)
    return {
        name: body for names, body in zip(parts[1::2], parts[2::2]) for name in names.split(", ")
    }


def manual_options(text):
    return {"-" + name for name in re.findall(r"^\.It Fl (\S+)", text, flags=re.M)}


def test_each_command_is_in_the_manual():
    missing = set(table()) - set(manual_sections())
    assert missing == set()


@pytest.mark.parametrize("command", sorted(table()))
def test_options_of_the_manual_are_those_of_the_table(command):
    assert manual_options(manual_sections()[command]) == set(table()[command]) - {"--help"}


@pytest.mark.parametrize("command", sorted(table()))
def test_values_of_the_manual_are_those_of_the_table(command):
    text = manual_sections()[command]
    for name, (value, choices, _) in table()[command].items():
        if name == "--help":
            continue
        row = re.search(rf"^\.It Fl {re.escape(name[1:])}(.*)$", text, flags=re.M).group(1)
        if choices and not choices.startswith("@"):
            assert re.findall(r"Cm (\S+)", row) == choices.split("|"), name
        else:
            assert re.findall(r"Ar (\S+)", row) == ([value] if value else []), name


def test_synopsis_of_the_manual_names_each_option_of_run():
    synopsis = MANUAL.read_text().split(".Sh SYNOPSIS\n")[1].split(".Sh DESCRIPTION")[0]
    of_run = synopsis.split(".Cm run\n")[1].split(".Nm\n")[0]
    assert {"-" + name for name in re.findall(r"Fl (\S+)", of_run)} - {"--"} == set(
        table()["run"]
    ) - {"--help"}


@pytest.mark.parametrize("command", sorted(table()))
def test_help_shows_each_option(command):
    shown = run([SOCKFAULT, command, "--help"], check=True).stdout.decode()
    for name in table()[command]:
        assert re.search(rf"^  (-., )?{re.escape(name)}\b", shown, flags=re.M), name
    assert shown.startswith(f"usage: sockfault {command}")
    assert all(len(line) <= 130 for line in shown.splitlines())


def complete(*words):
    """What bash proposes for the last word."""
    quoted = " ".join(f"'{word}'" for word in words)
    script = f"""
        source {BASH}
        COMP_WORDS=({SOCKFAULT} {quoted}); COMP_CWORD={len(words)}
        _sockfault; printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return set(run(["bash", "-c", script], check=True).stdout.decode().split())


def test_bash_completes_commands():
    assert complete("") == set(table()) | HARNESS | {"--help", "--version"}


@pytest.mark.parametrize("command", sorted(HARNESS))
def test_bash_completes_options_of_the_harness(command):
    assert "--help" in complete(command, "-")


@pytest.mark.parametrize("command", sorted(table()))
def test_bash_completes_options(command):
    assert complete(command, "-") == set(table()[command])


def test_bash_completes_values():
    assert complete("run", "--trace-level", "") == {"off", "faults", "all"}
    assert complete("run", "--realism", "k") == {"kernel"}
    assert "--quiet" not in complete("run", "--seed", "--q")


def test_mistyped_command_and_option_are_proposed():
    done = run([SOCKFAULT, "rnu", "true"])
    assert done.returncode == 125 and b"did you mean run?" in done.stderr
    done = run([SOCKFAULT, "run", "--strct", "true"])
    assert done.returncode == 125 and b"--strict" in done.stderr


def test_version_and_help():
    assert re.fullmatch(
        rb"sockfault \d+\.\d+\.\d+\n", run([SOCKFAULT, "--version"], check=True).stdout
    )
    shown = run([SOCKFAULT, "--help"], check=True).stdout.decode()
    assert all(f"  {name} " in shown for name in table())
    assert run([SOCKFAULT]).returncode == 125


def test_other_names_run_a_program_of_the_path(tmp_path):
    program = tmp_path / "sockfault-hello"
    program.write_text('#!/bin/sh\necho "$# $1"; test -x "$SOCKFAULT_COMMAND" && exit 5\n')
    program.chmod(0o755)
    env = dict(os.environ, PATH=f"{tmp_path}:{os.environ['PATH']}")
    done = run([SOCKFAULT, "hello", "--any", "thing"], env=env)
    assert (done.returncode, done.stdout) == (5, b"2 --any\n")


def test_options_may_follow_operands_but_not_a_command():
    done = run([SOCKFAULT, "run", "--quiet", "echo", "--seed", "x"])
    assert (done.returncode, done.stdout) == (0, b"--seed x\n")
    done = run([SOCKFAULT, "run", "--quiet", "--seed=0x10", "--", "echo", "--", "-e"])
    assert (done.returncode, done.stdout) == (0, b"-- -e\n")


def test_install_and_uninstall(tmp_path):
    """What was installed works when the whole folder is moved, and leaves nothing behind."""
    where = {"DESTDIR": str(tmp_path / "dest"), "PREFIX": "/usr", "BUILD": str(SOCKFAULT.parent)}
    words = [f"{name}={value}" for name, value in where.items()]
    subprocess.run(["make", "-s", "-C", ROOT, "install", *words], check=True, capture_output=True)
    os.rename(tmp_path / "dest", tmp_path / "moved")
    command = tmp_path / "moved" / "usr" / "bin" / "sockfault"
    done = run(
        [command, "run", "--strict", "-s", "every-send-is-one-byte family=unix", "--", *PAIR]
    )
    assert done.returncode == 0, done.stderr
    os.rename(tmp_path / "moved", tmp_path / "dest")
    subprocess.run(["make", "-s", "-C", ROOT, "uninstall", *words], check=True, capture_output=True)
    left = [name for _, _, names in os.walk(tmp_path / "dest") for name in names]
    assert left == []


PAIR = ["/usr/bin/python3", "-c", "import socket; a, b = socket.socketpair(); a.sendall(b'xy')"]
