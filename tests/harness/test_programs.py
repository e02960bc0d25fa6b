# SPDX-License-Identifier: MIT
"""Suites for programs that people use, and for an asyncio server of our own: a few scenarios of
each in `make test`, all of them in `make test-all`."""

import pytest

from conftest import ROOT, cases
from sockfault.suite import read

HERE = ROOT / "tests" / "harness" / "suites"
SUITES = {
    "nginx": HERE / "nginx.toml",
    "curl": ROOT / "scenarios" / "suites" / "client.toml",
    "redis-cli": HERE / "redis-cli.toml",
    "dnsmasq": HERE / "dnsmasq.toml",
    "asyncio": HERE / "asyncio.toml",
}


def passes(installed, tmp_path, name, *words):
    argv = [installed.command, "suite", "-n", "2", "--report", tmp_path / "report", *words]
    done = installed.run([*argv, SUITES[name], "--", f"--basetemp={tmp_path}/base"], tmp_path)
    assert done.returncode == 0, done.stdout
    return cases(tmp_path / "report" / "junit.xml")


@pytest.mark.parametrize("name", SUITES)
def test_a_few_scenarios(installed, tmp_path, name):
    assert len(passes(installed, tmp_path, name, "--shard", "2/4")) >= 2


@pytest.mark.long
@pytest.mark.parametrize("name", SUITES)
def test_all_scenarios(installed, tmp_path, name):
    results = passes(installed, tmp_path, name)
    assert len(results) == len(read(SUITES[name]).scenarios) + 1 >= 9
