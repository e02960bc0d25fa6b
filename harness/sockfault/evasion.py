# SPDX-License-Identifier: MIT
"""Has a program got round the library? It runs in the program's own process, and what it writes
down lies where the program can reach it: so the trace is believed only where it agrees with what
the other end saw, and with itself.

What this can't tell: a program that moves bytes past libc and forges each record of the calls that
it did not make, all of them alike. Such a program meets no fault, so its author has to have written
the right one as well; and what its peer received is judged all the same.
"""

from __future__ import annotations

from typing import Any

from .command import SockfaultError

SPOILED = " spoiled its trace: "  # as `sockfault run` has it
CRASHES = {7: "SIGBUS", 11: "SIGSEGV"}  # of the command, which reads what the program writes
ROUND = "it got round the library: "
WROTE = "it wrote to the trace that sockfault keeps of it: "


class Spoiled(SockfaultError):
    """The trace of a run can't be used, and that is the program's work."""


def refuse(answer: dict[str, Any]) -> None:
    """Spoiled, where a run has no outcome because of what the program did to its trace."""
    error = str(answer.get("error") or "")
    if SPOILED in error:
        raise Spoiled(WROTE + error.split(SPOILED, 1)[1])
    if answer.get("signal") in CRASHES:
        raise Spoiled(WROTE + f"reading it ended the command by {CRASHES[answer['signal']]}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _contradictions(outcome: dict[str, Any]) -> str | None:
    """Does the trace say of itself what can't be?"""
    fired = sum(int(rule["fired"]) for rule in outcome.get("rules") or [])
    if outcome["loads"] != 1:
        return "its rules are not those of the test"
    if fired and not outcome["injected"] and not outcome["lost"]:
        return (
            f"rules are said to have fired, in {_count(fired, 'call')}, and there is none of them"
        )
    return None


def found(outcome: dict[str, Any], met: int, heard: int) -> str | None:
    """How the program got round the library, as a sentence; None: it shows nowhere.

    met: connections that its other end had, at least; heard: bytes that its peer received of
    it, at least.
    """
    if outcome.get("escapes"):
        return ROUND + "it started a program into which sockfault could not come"
    forged = _contradictions(outcome)
    if forged:
        return WROTE + forged
    told = int(outcome["connections"])
    if met > told:
        had = _count(met, "connection")
        return ROUND + f"its other end had {had} with it, and its own calls tell of {told}"
    if heard > int(outcome["sent"]) and not outcome["lost"]:
        got = _count(heard, "byte")
        return ROUND + f"its peer received {got}, and its own calls sent {outcome['sent']}"
    return None
