# SPDX-License-Identifier: MIT
"""What README, the guide and the manual show is run as it stands there.

Commands are those in indented blocks that need nothing but what is built here: our own small
programs, and the command's own words. Rules are those in README's first block and the manual's
examples.
"""

import re

import pytest

from conftest import BUILD, ROOT, SOCKFAULT, run


def blocks(text):
    """The indented blocks of a Markdown text, without continuations of lines."""
    found = re.findall(r"(?:^    .*\n)+", text, re.M)
    return [re.sub(r"\\\n\s+", "", re.sub(r"^    ", "", block, flags=re.M)) for block in found]


def commands():
    for name in ("README.md", "doc/guide.md"):
        for block in blocks((ROOT / name).read_text()):
            ours = re.findall(r"^build/sockfault .*", block, re.M)
            # other programs may not be there, and a trace needs the run before it
            whole = all("build/targets/" in line or " trace" in line for line in ours)
            if ours and whole and "build/targets/" in block:
                yield "\n".join(ours)
            else:
                yield from re.findall(r"^build/sockfault (?:check|list) .*", block, re.M)


def rules():
    lines = blocks((ROOT / "README.md").read_text())[0].splitlines()
    manual = (ROOT / "doc" / "sockfault-scenario.5").read_text()
    examples = manual[manual.index(".Sh EXAMPLES") :].partition(".Sh DIAGNOSTICS")[0]
    lines += re.findall(r"^\.Dl (.*)", examples, re.M)
    for block in re.findall(r"^\.Bd -literal.*\n((?:[^.].*\n)+)\.Ed", manual, re.M):
        lines += [line for line in block.splitlines() if " : " in line and '"' not in line]
    return lines


@pytest.mark.parametrize("command", list(commands()))
def test_command_works_as_shown(command):
    for line in command.splitlines():
        done = run(["sh", "-c", line.replace("build/", f"{BUILD}/")], cwd=ROOT)
        expected = 124 if "--timeout 3s" in line else 0
        assert done.returncode == expected, done.stderr.decode()


@pytest.mark.parametrize("rule", rules())
def test_rule_is_one(rule):
    done = run([SOCKFAULT, "check", "-e", rule])
    assert done.returncode == 0, done.stderr.decode()


def test_there_is_something_to_try():
    assert len(list(commands())) >= 5 and len(rules()) >= 15


def test_guide_knows_each_scenario():
    text = (ROOT / "doc" / "guide.md").read_text()
    named = set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", text))
    assert named == {path.stem for path in (ROOT / "scenarios").glob("*.fault")}


def test_manual_lists_the_functions_of_each_call():
    manual = (ROOT / "doc" / "sockfault-scenario.5").read_text()
    calls = manual.partition(".Sh CALLS")[2].partition("\n.El")[0]
    items = re.findall(r"^\.It Ic (\w+)\n(.*?)(?=^\.It|\Z)", calls, re.M | re.S)
    listed = {}
    for call, text in items:
        plain, _, by_name = text.partition("By name only:")
        for part, row in ((plain, "CALL"), (by_name, "NAMED")):
            for name in re.findall(r"^\.Fn (\w+)", part, re.M):
                listed[name] = (row, call.upper())
    rows = (ROOT / "shim" / "core" / "calls.def").read_text()
    found = re.findall(r"^SF_(CALL|NAMED)\((\w+), (\w+), \w+\)", rows, re.M)
    assert listed == {name: (row, call) for row, name, call in found if call != "PROCESS"}


def test_manual_knows_each_condition_and_action():
    manual = (ROOT / "doc" / "sockfault-scenario.5").read_text()
    conditions = (ROOT / "shim" / "core" / "rule.h").read_text()
    for key in re.findall(r"^\s*X\([A-Z]+, (\w+)\)", conditions, re.M):
        assert f"Cm {key}=" in manual, key
    for path in (ROOT / "shim" / "fault").glob("*.c"):
        assert re.search(rf"^\.It Ic {path.stem}\b", manual, re.M), path.stem


def test_code_in_hacking_is_the_code():
    """Excerpts that name their file and do not say "shortened" are found there as they stand."""
    found = re.findall(
        r"```c\n/\* (shim/[\w./]+) \*/\n(.*?)```", (ROOT / "HACKING.md").read_text(), re.S
    )
    assert len(found) >= 2
    for path, code in found:
        assert code in (ROOT / path).read_text(), path
