# SPDX-License-Identifier: MIT
"""What all tests share. What a passing one wrote goes with it: the traces of thousands would
fill a disk."""

import shutil
import signal

import pytest

# A shell starts what it puts into the background with SIGINT ignored, and what starts from there
# inherits it: programs that a test interrupts would not hear of it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

FAILED = pytest.StashKey[bool]()


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes; part of `make test-all` only")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    if report.failed:
        item.stash[FAILED] = True


@pytest.fixture(autouse=True)
def only_failures_keep_files(request, tmp_path):
    yield
    if not request.node.stash.get(FAILED, False):
        shutil.rmtree(tmp_path, ignore_errors=True)
