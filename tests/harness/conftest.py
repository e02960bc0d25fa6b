# SPDX-License-Identifier: MIT
"""Helpers of the harness's tests: the package from the sources, an installation of it, and pytest
as a user runs it."""

import os
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SOCKFAULT_BUILD", ROOT / "build"))
TARGETS = BUILD / "targets"
PYTHON = "/usr/bin/python3"
WITHIN = 300  # seconds, for a pytest that a test starts

os.environ["SOCKFAULT_COMMAND"] = str(BUILD / "sockfault")
sys.path.insert(0, str(ROOT / "harness"))


@pytest.fixture(autouse=True)
def private_runs(tmp_path, monkeypatch):
    """The latest run of a test is its own, and nothing preloaded comes from outside."""
    monkeypatch.setenv("SOCKFAULT_DIR", str(tmp_path / f"runs-{os.geteuid()}"))
    for name in ("LD_PRELOAD", "http_proxy", "https_proxy", "all_proxy", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)


class Installed:
    """What `make install` makes, and a pytest that finds it as that of a user would."""

    def __init__(self, prefix):
        self.prefix = prefix
        # What is built is installed: several tests that build at the same time would collide.
        words = ["make", "-s", "-o", "all", "-C", str(ROOT), "install"]
        words += [f"PREFIX={prefix}", f"BUILD={BUILD}"]
        # Of a make that runs the tests nothing is wanted here.
        env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
        subprocess.run(words, check=True, env=env, stdout=subprocess.DEVNULL)
        self.site = next(prefix.glob("lib/python3*/*-packages"))
        self.command = prefix / "bin" / "sockfault"

    def env(self, **more):
        hidden = (
            "SOCKFAULT_COMMAND",
            "SOCKFAULT_BUILD",
            "PYTEST_CURRENT_TEST",
            "PYTEST_XDIST_WORKER",
        )
        made = {name: value for name, value in os.environ.items() if name not in hidden}
        made = {k: v for k, v in made.items() if not k.startswith("PYTEST_XDIST")}
        made["PYTHONPATH"] = str(self.site)
        made["PATH"] = f"{self.prefix}/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        made["PYTHONDONTWRITEBYTECODE"] = "1"
        return made | more

    def run(self, argv, cwd, **more):
        return subprocess.run(
            [str(word) for word in argv],
            cwd=cwd,
            env=self.env(**more),
            capture_output=True,
            text=True,
            timeout=WITHIN,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def pytest(self, cwd, *words, **more):
        """pytest -q in a folder; its temporary files lie there too."""
        head = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={cwd}"]
        if "-p" not in words and "-n" not in words:
            head += ["-p", "no:xdist"]
        return self.run([*head, f"--basetemp={cwd}/basetemp", *words], cwd, **more)


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    return Installed(tmp_path_factory.mktemp("installed"))


def cases(path):
    """A JUnit file as {name: outcome}."""
    made = {}
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        kinds = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        made[case.get("name")] = kinds[0] if kinds else "passed"
    return made


def ended(pid, within=30):
    """Waits for the end of a process that is not ours; False if it lives on."""
    import select

    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    try:
        return bool(poll.poll(within * 1000))
    finally:
        os.close(fd)


@pytest.fixture(scope="module")
def browse(tmp_path_factory):
    """browse(width) starts Chromium without a window."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    started = []

    def start(width=1000, height=900):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        flags = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run
            --disable-background-networking --disable-component-update --disable-sync
            --disable-dev-shm-usage"""
        for flag in flags.split():
            options.add_argument(flag)
        options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}")
        service = Service(shutil.which("chromedriver"))
        started.append(webdriver.Chrome(service=service, options=options))
        # A window can't be narrower than some hundred pixels; what a page sees can.
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        started[-1].execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        return started[-1]

    yield start
    for driver in started:
        driver.quit()
