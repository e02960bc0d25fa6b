# SPDX-License-Identifier: MIT
"""How many runs a second a sweep makes, beside a bare loop that starts the same curl as often. The
bench has the figure of a quiet machine; this is what must hold on any."""

import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import time

import pytest

from programs import NGINX

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOCKFAULT = pathlib.Path(os.environ.get("SOCKFAULT_BUILD", ROOT / "build")) / "sockfault"
PAIRS, COUNT = 3, 100
LEAST = 0.5  # of the bare loop's; a quiet machine comes to 0.8 and more
TIMEOUT = 240


@pytest.fixture
def url(tmp_path):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    text = NGINX.replace("{tmp}", str(tmp_path)).replace("{port}", str(port))
    server = subprocess.Popen(["sh", "-c", text], start_new_session=True)
    end = time.monotonic() + TIMEOUT
    while socket.socket().connect_ex(("127.0.0.1", port)):
        assert server.poll() is None and time.monotonic() < end
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}/file"
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(TIMEOUT)


def bare(url):
    words = ["xargs", "-n", "1", "curl", "-sS", "-o", "/dev/null"]
    start = time.monotonic()
    subprocess.run(words, input=f"{url}\n" * COUNT, text=True, check=True, timeout=TIMEOUT)
    return COUNT / (time.monotonic() - start)


def sweep(url, folder):
    words = [SOCKFAULT, "sweep", "--quiet", "--report", folder, "--", "curl", "-sS", url]
    subprocess.run(words, stdout=subprocess.DEVNULL, check=False, timeout=TIMEOUT)
    return json.loads((folder / "run.json").read_text())


@pytest.mark.long
def test_a_sweep_starts_programs_nearly_as_often_as_a_bare_loop(url, tmp_path):
    ratios = []
    for _ in range(PAIRS):
        rate = bare(url)
        facts = sweep(url, tmp_path / "report")
        assert facts["jobs"] == 1 and facts["runs"] - facts["late_runs"] > COUNT
        ratios.append(facts["runs_per_second"] / rate)
    assert statistics.median(ratios) > LEAST, ratios
