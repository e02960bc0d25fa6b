# SPDX-License-Identifier: MIT
"""`make demo`: the first thing that a newcomer sees. It shows both programs, and says the truth."""

import os
import shutil

import pytest

from conftest import BUILD, ROOT, run

DEMO = ROOT / "tests" / "targets" / "demo.sh"


def demo(build):
    return run(["sh", DEMO, build], cwd=ROOT)


@pytest.fixture
def copy_of_build(tmp_path):
    """A build folder whose programs can be exchanged."""
    copy = tmp_path / "build"
    (copy / "targets").mkdir(parents=True)
    programs = [path for path in (BUILD / "targets").iterdir() if path.is_file()]
    for path in [BUILD / "sockfault", BUILD / "libsockfault.so", *programs]:
        shutil.copy2(path, copy / path.relative_to(BUILD))
    return copy


def test_demo_shows_what_happened_to_each():
    done = demo(BUILD)
    text = done.stdout.decode()
    assert done.returncode == 0, text + done.stderr.decode()
    for word in ("naive-line-client", "robust-line-client", "ECONNRESET", "recv side=client"):
        assert word in text
    assert len(text.splitlines()) <= 32  # half a screen
    assert max(len(line) for line in text.splitlines()) <= 100
    assert "\033" not in text  # colour is for terminals


def test_demo_fails_where_the_naive_program_copes(copy_of_build):
    targets = copy_of_build / "targets"
    shutil.copy2(targets / "robust-line-client", targets / "naive-line-client")
    done = demo(copy_of_build)
    assert done.returncode == 1, done.stdout.decode()


def test_demo_fails_where_the_robust_program_does_not(copy_of_build):
    targets = copy_of_build / "targets"
    shutil.copy2(targets / "naive-line-client", targets / "robust-line-client")
    done = demo(copy_of_build)
    assert done.returncode == 1, done.stdout.decode()


def test_demo_fails_where_nothing_was_injected(copy_of_build):
    """A library that does nothing must not look like a success."""
    os.remove(copy_of_build / "libsockfault.so")
    assert demo(copy_of_build).returncode != 0
