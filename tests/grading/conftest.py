# SPDX-License-Identifier: MIT
"""Helpers of the tests of grading: the package from the sources, and a browser."""

import os
import pathlib
import shutil
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SOCKFAULT_BUILD", ROOT / "build"))
PYTHON = "/usr/bin/python3"

os.environ["SOCKFAULT_COMMAND"] = str(BUILD / "sockfault")
sys.path.insert(0, str(ROOT / "harness"))


@pytest.fixture(autouse=True)
def private_runs(tmp_path, monkeypatch):
    """The latest run of a test is its own, and nothing preloaded comes from outside."""
    monkeypatch.setenv("SOCKFAULT_DIR", str(tmp_path / f"runs-{os.geteuid()}"))
    for name in ("LD_PRELOAD", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def browse(tmp_path_factory):
    """browse(width, dark) starts Chromium without a window."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    started = []

    def start(width=1000, height=900, dark=False):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        flags = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run
            --disable-background-networking --disable-component-update --disable-sync
            --disable-dev-shm-usage"""
        for flag in flags.split():
            options.add_argument(flag)
        options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = Service(shutil.which("chromedriver"))
        started.append(webdriver.Chrome(service=service, options=options))
        # A window can't be narrower than some hundred pixels; what a page sees can.
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        started[-1].execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        started[-1].execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        return started[-1]

    yield start
    for driver in started:
        driver.quit()
