# SPDX-License-Identifier: MIT
"""What Linux would not do to a call is not done to it, and counted as not applicable."""

import json

import pytest

from conditions import CONDITIONS
from test_differential import BUILD, PROBE, output, transcript


def counts(tmp_path):
    lines = output([BUILD / "sockfault", "ctl", "status", "--json"], tmp_path).splitlines()
    rules = [line for line in map(json.loads, lines) if "rule" in line]
    return {what: sum(rule[what] for rule in rules) for what in ("fired", "not_applicable")}


@pytest.mark.parametrize("row", CONDITIONS, ids=[row.name for row in CONDITIONS])
def test_only_what_is_possible_is_injected(row, tmp_path):
    script = [PROBE, "rule", row.kind, row.script]
    words = [BUILD / "sockfault", "run", "--quiet", "--realism", row.realism]
    for rule in row.rule.splitlines():
        words += ["-e", rule]
    seen = transcript(words + ["--", *script], tmp_path)
    assert counts(tmp_path) == {"fired": row.fired, "not_applicable": row.not_applicable}
    if not row.fired:
        assert seen == transcript(script, tmp_path)
