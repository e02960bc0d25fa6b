# SPDX-License-Identifier: MIT
"""Findings about a whole run, which the command can't make: it knows neither what a program printed
nor what it prints without faults. Suites and sweeps make them here.
"""

from __future__ import annotations

import difflib
import re
from typing import Any

from .events import Event, Finding
from .table import Source, call_text
from .text import printed

WHOLE_RUN = {"crash", "hang", "spin", "no-timeout", "not-transparent", "dishonest-success"}
LATE = {"hang", "spin", "no-timeout"}
CRASHES = {"SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE", "SIGSYS", "SIGTRAP"}
SANITIZER = re.compile(rb"^.*(?:ERROR: \w+Sanitizer|: runtime error:).*$", re.MULTILINE)
DIFF_MAX = 12  # lines
BUSY = 0.7  # of the time: it did not wait, it worked


def is_transient(fault: str, op: str, mode: str | None) -> bool:
    """Does it go by? A call with a timeout of its own says EAGAIN when that is over, connect where
    there is no room or no port; and a close that was interrupted may be told."""
    word = fault.partition(" ")[0]
    if fault == "fail EAGAIN":
        return mode == "nonblocking" and op in ("send", "recv", "accept")
    return (fault == "fail EINTR" and op != "close") or word in ("short", "delay")


def diff(expected: bytes, got: bytes) -> str:
    texts = [printed(data).splitlines() for data in (expected, got)]
    lines = list(difflib.unified_diff(texts[0], texts[1], "expected", "got", lineterm="", n=1))
    if not lines and expected != got:
        return f"expected {expected[-60:]!r}, got {got[-60:]!r}"
    left = len(lines) - DIFF_MAX
    return "\n".join(lines[:DIFF_MAX] + ([f"({left} lines more)"] if left > 0 else []))


def fields_of(event: Event, source: Source | None) -> dict[str, Any]:
    """What a finding says of the call that it is about."""
    where = source._asdict() if source else {}
    return {"site": event.site, "fd": event.fd, "conn": event.conn} | where


def crash(
    program: str, signal: str | None, stderr: bytes, stuck: Event | None, source: Source | None
) -> list[Finding]:
    """It died of its own mistake, or a sanitizer says so."""
    made = []
    if signal in CRASHES:
        where = f" in {call_text(stuck)}" if stuck else ""
        fields = fields_of(stuck, source) if stuck else {}
        says = f"{program} was killed by {signal}{where}"
        made.append(Finding("crash", "error", says, program=program, **fields))
    report = SANITIZER.search(stderr)
    if report:
        text = printed(report[0]).strip()
        made.append(Finding("crash", "error", text, program=program))
    return made


def no_end(
    program: str, who: str, busy: bool, stuck: Event | None, source: Source | None
) -> Finding:
    """It did not end in time: hang or spin. who: that or its client."""
    where = f" in {call_text(stuck)}" if stuck else ""
    fields = fields_of(stuck, source) if stuck else {}
    says = f"{who} did not end in time; {program} {'spins' if busy else 'waits'}{where}"
    return Finding("spin" if busy else "hang", "error", says, program=program, **fields)


def never_listened(program: str, busy: bool, stuck: Event | None) -> Finding:
    """A server that nobody can come to, and nobody is told: hang or spin."""
    where = f" in {call_text(stuck)}" if stuck else ""
    says = f"the server neither listened nor ended; {program} {'spins' if busy else 'waits'}{where}"
    return Finding("spin" if busy else "hang", "error", says, program=program)


def not_transparent(program: str, who: str, ended: str | None, what: str) -> Finding:
    """ended: how it ended, where that differs; what: the difference of its output."""
    if ended:
        says = f"after faults that a program should not mind, {who} ended with {ended}"
    else:
        says = f"faults that a program should not mind changed the output of {who}\n{what}"
    return Finding("not-transparent", "error", says, program=program)


def dishonest_success(program: str, who: str, what: str) -> Finding:
    says = f"{who} ended with status 0 and other output than without faults\n{what}"
    return Finding("dishonest-success", "error", says, program=program)


def dies_with_client(program: str, problem: str) -> Finding:
    return Finding("dies-with-client", "error", problem, program=program)


def next_client_problem(
    timed_out: bool, ended: str, same_status: bool, same_output: bool
) -> str | None:
    """What is wrong with the answer to a client without faults."""
    if timed_out:
        return "the next client, without faults, got no answer"
    if not same_status:
        return f"the next client, without faults, ended with {ended}"
    return None if same_output else "the next client, without faults, got another answer"
