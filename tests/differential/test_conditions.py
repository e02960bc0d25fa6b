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


def test_without_the_privilege_the_peer_is_told_of_a_timeout(tmp_path):
    """And with it, it is not: the differential test has that."""
    script = "~ pair c p; send c 5; recv p; recv c; recv c; send c; ~ await p hup; poll p; recv p"
    words = [BUILD / "sockfault", "run", "--quiet", "-e", "recv side=client nth=1: "]
    words[-1] += "fail ETIMEDOUT"
    unprivileged = ["capsh", "--drop=cap_net_admin", "--", "-c", 'exec "$0" "$@"']
    assert transcript([*unprivileged, *words, "--", PROBE, "rule", "tcp4", script], tmp_path) == [
        "send c 5 = 5",
        'recv p = 5 "abcde"',
        "recv c = -1 ETIMEDOUT",
        "recv c = 0",
        "send c = -1 EPIPE +SIGPIPE",
        "poll p = 1 IN OUT ERR HUP RDHUP",
        "recv p = -1 ECONNRESET",
    ]
