# SPDX-License-Identifier: MIT
"""A connection that another program made is known in the one that has it now.

tests/e2e/programs/inherited.c hands it on by one of the ways that there are; the rule names the
peer and the side, which only the process that connected could know.
"""

import fcntl
import os
import socket
import subprocess
import sys

import pytest

from conftest import PROGRAMS, ROOT, TIMEOUT, events, faults, run, under


@pytest.mark.parametrize(
    "way", ["spawn", "popen", "system", "exec", "rights", "rights among several"]
)
def test_a_rule_meets_it_there(way, tmp_path):
    trace = tmp_path / "trace.sft"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        rules = [f"recv peer=127.0.0.1:{port} side=client: short 1", "recv peer=*:1: reset"]
        words = under(*rules, trace=trace) + [str(PROGRAMS / "inherited"), str(port), way]
        program = subprocess.Popen(words, stdout=subprocess.PIPE)
        listener.settimeout(TIMEOUT)
        peer, _ = listener.accept()
        peer.sendall(b"handed on\n")
        peer.close()
        assert program.communicate(timeout=TIMEOUT)[0] == b"handed on\n"
    cut = faults(trace)
    connects = [event for event in events(trace) if event["func"] == "connect"]
    assert len(connects) == 1 and len(cut) >= 10
    assert {event["conn"] for event in cut} == {connects[0]["conn"]}
    if way != "exec":  # there the same process goes on
        assert {event["pid"] for event in cut} != {connects[0]["pid"]}


@pytest.mark.parametrize("kind", ["processes", "threads"])
@pytest.mark.parametrize("scope", ["", " per=conn"])
def test_two_that_have_one_connection_get_each_ordinal_once(kind, scope, tmp_path):
    trace = tmp_path / "trace.sft"
    times, step = 3000, 50
    rules = [f"send nth={step}../{step}{scope}: pass", "send nth=70000: reset"]
    program = [sys.executable, ROOT / "tests/e2e/programs/shared.py", times, kind]
    run(under(*rules, options=["--trace-level", "faults"], trace=trace) + program, check=True)
    assert len(faults(trace)) == (2 * times + 1) // step


@pytest.mark.parametrize("least", [3, 40, 200])
def test_what_command_was_given_is_known_by_any_number(least, tmp_path):
    trace = tmp_path / "trace.sft"
    program = "import os, sys; os.write(int(sys.argv[1]), b'x')"
    mine, peer = socket.socketpair()
    with mine, peer:
        number = fcntl.fcntl(mine, fcntl.F_DUPFD, least)
        words = under(trace=trace) + [sys.executable, "-c", program, str(number)]
        subprocess.run(words, pass_fds=[number], check=True, timeout=TIMEOUT)
        os.close(number)
        assert peer.recv(2) == b"x"
    assert [e["fd"] for e in events(trace) if e["func"] == "write"] == [number]
