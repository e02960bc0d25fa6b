# SPDX-License-Identifier: MIT
"""Runs a second: curl fetches a file, started by a bare loop, by a batch and by a sweep, as many at
a time."""

import json
import os
import shutil
import subprocess
import time

import programs
from counts import COMMAND
from times import row

URL = "http://127.0.0.1:{port}/index.html"
GROUP = "runs a second"


def request(words):
    return b"%d\0" % len(words) + b"".join(os.fsencode(word) + b"\0" for word in words)


def bare(url, count, jobs):
    """The quickest loop there is: xargs forks, executes, waits."""
    words = ["xargs", "-P", str(jobs), "-n", "1", "curl", "-sS", "-o", "/dev/null"]
    start = time.monotonic()
    subprocess.run(words, input=f"{url}\n" * count, text=True, check=True)
    return count / (time.monotonic() - start)


def batch(url, count, jobs):
    """Each run under a rule, traced, and looked through for findings."""
    rule = ["run", "-e", "recv nth=1: short 1", "--timeout", "20s", "--", "curl", "-sS", url]
    start = time.monotonic()
    with subprocess.Popen(
        [COMMAND, "batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:
        sent = 0
        for done in range(count):
            while sent < min(done + jobs, count):
                worker.stdin.write(request([f"id={sent}", *rule]))
                sent += 1
            worker.stdin.flush()
            answer = json.loads(worker.stdout.readline())
            assert answer["status"] == 0 and answer["outcome"]["faults"] == 1, answer
        worker.stdin.close()
    return count / (time.monotonic() - start)


def sweep(url, folder):
    """As a user has it, also with faults that make a program wait; without runs that end by their
    deadline."""
    words = [COMMAND, "sweep", "--quiet", "--report", folder, "--", "curl", "-sS", url]
    subprocess.run(words, stdout=subprocess.DEVNULL, check=False)  # it may find something
    return json.loads((folder / "run.json").read_text())["runs_per_second"]


def runs(folder, effort):
    nginx = programs.find("nginx")
    if not nginx or not shutil.which("curl"):
        return
    port, jobs, rates, ratios, sweeps = programs.free_port(), os.cpu_count() or 1, [], [], []
    url, count = URL.format(port=port), 40 * effort
    words = [nginx, "-e", "stderr", "-c", str(programs.nginx_configuration(folder, port))]
    with programs.Server(([], programs.plain_environment()), words, port):
        for _ in range(5 + 2 * effort):
            rates.append(bare(url, count, jobs))
            ratios.append(rates[-1] / batch(url, count, jobs))
        for _ in range(1 + effort):
            sweeps.append(bare(url, count, 1) / sweep(url, folder / "sweep"))
    yield row(GROUP, "curl, bare", rates, "runs/s")
    yield row(GROUP, "curl, in a batch", ratios, "times as long as bare", "runs")
    yield row(GROUP, "curl, in a sweep", sweeps, "times as long as bare", "sweep")
