# SPDX-License-Identifier: MIT
"""What a program did until it was killed is in the trace, and the call that it was in."""

import os
import signal
import struct
import subprocess

from conftest import PROGRAMS, end_group, events, under, wait_until


def counts(path):
    """What the program counted itself: its pid, calls entered, calls returned."""
    data = path.read_bytes() if path.exists() else b""
    return struct.unpack("3Q", data) if len(data) == 24 else (0, 0, 0)


def killed_in_the_middle(path, trace):
    words = under(trace=trace) + [PROGRAMS / "counter", path]
    process = subprocess.Popen([str(word) for word in words], start_new_session=True)
    try:
        wait_until(lambda: counts(path)[2] > 30000, "30,000 calls")
        os.kill(counts(path)[0], signal.SIGKILL)
        return process.wait(timeout=30)
    finally:
        end_group(process)


def test_trace_has_each_completed_call_and_the_pending_one(tmp_path):
    path, trace = tmp_path / "counts", tmp_path / "trace.sft"
    assert killed_in_the_middle(path, trace) == 128 + signal.SIGKILL
    _, entered, returned = counts(path)
    assert 30000 < returned < 100000, "it was not killed in the middle"

    calls = [event for event in events(trace) if event["op"] in ("send", "recv")]
    done = [event for event in calls if event["state"] == "done"]
    assert returned <= len(done) <= entered

    (waiting,) = [event for event in calls if event["state"] != "done" and event["peer"]]
    assert waiting["op"] == "recv" and waiting["ret"] is None
    assert waiting["state"] in ("pending", "killed")
