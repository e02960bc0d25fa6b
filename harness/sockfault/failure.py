# SPDX-License-Identifier: MIT
"""What a failure says: the calls around the fault, rules that never fired, findings, and how to
repeat it.
"""

from __future__ import annotations

import shlex
from typing import Sequence

from .run import Run
from .table import event_table
from .text import printed
from .trial import Outcome

OUTPUT_MAX = 1500  # characters of what a target printed last


def _tail(name: str, data: bytes) -> list[str]:
    text = printed(data).rstrip()
    if not text:
        return []
    if len(text) > OUTPUT_MAX:
        text = "..." + text[-OUTPUT_MAX:]
    if "\n" not in text:
        return [f"{name}: {text}"]
    return [f"{name}:", *(f"    {line}" for line in text.splitlines())]


def _rules(run: Run) -> list[str]:
    lines = []
    for rule in run.rules:
        times = f"fired {rule.fired} of {rule.met}" if rule.fired else rule.why
        lines.append(f"rule {rule.rule}: {rule.text}   ({times})")
    return lines


def _findings(run: Run) -> list[str]:
    lines = []
    for finding in run.findings:
        lines.append(f"finding: {finding}")
        if finding.hint:
            lines.append(f"    {finding.hint}")
    return lines


def describe(run: Run) -> str:
    """One run: how it ended, its rules, the calls around the fault, findings, what it printed."""
    lines = [f"{shlex.join(run.argv)} {run.ended}"]
    lines += _rules(run)
    table = event_table(run)
    if table:
        lines += ["", table, ""]
    lines += _findings(run)
    lines += _tail("stdout", run.stdout)
    lines += _tail("stderr", run.stderr)
    return "\n".join(lines)


def sections(runs: Sequence[Run], repeat: str) -> list[tuple[str, str]]:
    """Titles and texts for a report. The run that failed is the last one, as a rule."""
    made = []
    if runs:
        run = runs[-1]
        before = "" if len(runs) == 1 else f" (the last of {len(runs)} runs)"
        text = describe(run)
        made.append((f"sockfault: {run.name}{before}", f"{text}\ntrace:  {run.trace}"))
    made.append(("repeat", repeat))
    return made


def outcome_text(outcome: Outcome) -> str:
    """What is wrong with a trial of a suite: expected and got, findings, then what was seen."""
    lines = list(outcome.problems)
    lines += [str(finding) for finding in outcome.findings]
    lines += [f"    {finding.hint}" for finding in outcome.findings if finding.hint]
    lines += [f"known: {finding}" for finding in outcome.known]
    return "\n".join(lines)


def outcome_sections(outcome: Outcome, repeat: str) -> list[tuple[str, str]]:
    run = outcome.seen.run
    text = f"{describe(run)}\ntrace:  {run.trace}"
    made = [(f"sockfault: {run.name}", text)]
    if outcome.target.role == "server":
        seen = outcome.seen
        lines = [f"{outcome.target.client}: {seen.ended}"]
        lines += _tail("stdout", seen.stdout) + _tail("stderr", seen.stderr)
        made.append(("its client", "\n".join(lines)))
    return [*made, ("repeat", outcome.repeat or repeat)]
