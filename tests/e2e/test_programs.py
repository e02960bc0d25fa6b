# SPDX-License-Identifier: MIT
"""Programs that people use: whole under short counts, unchanged without rules, right in errors."""

import pytest

from conftest import under
from real import PROGRAMS, Setting, ended, plain

SHORT = {
    "send": ["send: short 1"],
    "recv": ["recv: short 1"],
    "both": ["send: short 1", "recv: short 1"],
}
SIZES = {"curl-download": 1 << 20, "curl-upload": 1 << 20}
SMALL = 64 << 10


def words_for(side, words):
    return (words, []) if side == "client" else ([], words)


def move(program, folder, serve, side, words):
    folder.mkdir(exist_ok=True)
    setting = Setting(folder, SIZES.get(program, SMALL))
    client, server = words_for(side, words)
    return PROGRAMS[program](setting, serve, client, server)


@pytest.mark.parametrize("side", ["client", "server"])
@pytest.mark.parametrize("rules", SHORT)
@pytest.mark.parametrize("program", PROGRAMS)
def test_short_counts_lose_nothing(program, rules, side, tmp_path, serve):
    moved = move(
        program, tmp_path, serve, side, under(*SHORT[rules], options=["--trace-level=off"])
    )
    assert moved.status == 0, moved.output
    assert moved.identical, (moved.output, moved.server.log.read_bytes())


@pytest.mark.parametrize("side", ["client", "server"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_without_rules_nothing_differs(program, side, tmp_path, serve):
    native = move(program, tmp_path / "native", serve, side, [])
    mine = move(program, tmp_path / "mine", serve, side, under())
    assert native.status == 0 and native.identical
    assert (mine.status, mine.identical) == (0, True), mine.output
    assert plain(mine.output) == plain(native.output)
    assert ended(mine.server) == ended(native.server)
