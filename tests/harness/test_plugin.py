# SPDX-License-Identifier: MIT
"""The pytest plugin as a user meets it: installed, in an empty folder."""

import re
import shutil
import subprocess

import pytest

from conftest import BUILD, PYTHON, ROOT, TARGETS, cases


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "empty"
    made.mkdir()
    return made


def example():
    """The README's, as it stands there."""
    return re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]


def write(folder, text):
    (folder / "test_it.py").write_text(text)


LINE = f"""
def echo(c):
    c.send_all(c.recv_until(b"\\n"))

def client(sockfault, *rules, **options):
    peer = sockfault.peer(echo)
    words = ["{TARGETS}/naive-line-client", peer.host, peer.port, "hello"]
    return sockfault.run(words, *rules, **options)
"""


# ---- the README's example ----


def test_the_readmes_example_passes(installed, folder):
    write(folder, example())
    done = installed.pytest(folder)
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_the_readmes_example_broken_on_purpose_teaches(installed, folder):
    write(folder, example().replace("run.status == 56", "run.status == 0"))
    done = installed.pytest(folder, "--junitxml=junit.xml")
    text = done.stdout
    assert done.returncode == 1 and "1 failed, 2 passed" in text
    assert re.search(r"E +assert \(56 == 0", text)
    assert "<Run of curl: ended with status 56, 1 fault injected>" in text
    assert "rule 1: recv nth=1: reset   (fired 1 of 1)" in text
    (fault,) = re.findall(r"^>>> .*", text, re.MULTILINE)
    assert re.search(r"recv\(\d+ #1, \d+\) += -1 ECONNRESET +<- reset \(rule 1, kernel\)", fault)
    assert re.search(r"^ +\d+\.\d+ +send\(\d+ #1, \d+\) += \d+$", text, re.MULTILINE)
    assert "stderr: curl: (56) Recv failure: Connection reset by peer" in text
    (repeat,) = re.findall(r"^pytest .*", text, re.MULTILINE)
    assert "test_curl_says" in repeat
    again = installed.pytest(folder, *repeat.split()[1:])
    assert again.returncode == 1 and "1 failed" in again.stdout
    (trace,) = re.findall(r"^trace:  (.*)", text, re.MULTILINE)
    shown = installed.run([installed.command, "trace", trace], folder)
    assert "ECONNRESET" in shown.stdout
    assert "ECONNRESET" in (folder / "junit.xml").read_text()


def test_uninstall_takes_the_plugin_away(tmp_path, folder):
    from conftest import Installed

    made = Installed(tmp_path / "prefix")
    words = ["make", "-s", "-C", ROOT, "uninstall", f"PREFIX={made.prefix}"]
    subprocess.run([str(word) for word in words], check=True)
    assert [path for path in made.prefix.rglob("*") if path.is_file()] == []


def test_without_python_the_rest_is_installed(tmp_path):
    words = ["make", "-s", "-o", "all", "-C", ROOT, "install", f"PREFIX={tmp_path}/prefix"]
    done = subprocess.run(
        [*map(str, words), f"BUILD={BUILD}", "PYTHON=/no/python3"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "pytest plugin, suites and reports are left out" in done.stdout
    assert (tmp_path / "prefix/bin/sockfault").exists()
    assert not list(tmp_path.rglob("*-packages"))


@pytest.mark.long
def test_a_virtual_environment_with_the_systems_packages(installed, folder, tmp_path):
    """pip without a network and without isolation, as README says."""
    sources = tmp_path / "harness"
    shutil.copytree(ROOT / "harness", sources, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    venv = tmp_path / "venv"
    words = [PYTHON, "-m", "venv", "--system-site-packages", venv]
    assert installed.run(words, tmp_path, PYTHONPATH="").returncode == 0
    pip = [venv / "bin" / "pip", "install", "--no-index", "--no-build-isolation", sources]
    done = installed.run(pip, tmp_path, PYTHONPATH="")
    assert done.returncode == 0, done.stdout + done.stderr
    write(folder, example())
    argv = [venv / "bin" / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = installed.run(argv, folder, PYTHONPATH="")
    assert done.returncode == 0 and "3 passed" in done.stdout, done.stdout
    suite = ROOT / "scenarios" / "suites" / "client.toml"
    argv = [venv / "bin" / "sockfault-suite", suite, "--report", "report", "--shard", "1/3"]
    done = installed.run(argv, folder, PYTHONPATH="")
    assert done.returncode == 0 and list(folder.glob("report/*.html")), done.stdout + done.stderr


# ---- never vacuous ----


def test_an_unfired_rule_fails_the_test_in_its_call(installed, folder):
    write(
        folder,
        LINE
        + """
def test_it(sockfault):
    assert client(sockfault, "send nth=7: short 1", "connect: fail EAGAIN").status == 0

def test_excused(sockfault):
    client(sockfault, "send nth=7: short 1", must_fire=False)
""",
    )
    done = installed.pytest(folder, "--junitxml=junit.xml")
    assert "1 failed, 1 passed" in done.stdout and "error" not in done.stdout.lower().split("=")[-1]
    assert "2 of 2 rules never fired" in done.stdout
    assert "its nth, times or chance" in done.stdout
    assert "not applicable" in done.stdout
    assert cases(folder / "junit.xml") == {"test_it": "failure", "test_excused": "passed"}


def test_a_failing_test_is_not_told_twice(installed, folder):
    write(
        folder,
        LINE
        + """
def test_it(sockfault):
    assert client(sockfault, "send nth=7: short 1").status == 5
""",
    )
    done = installed.pytest(folder)
    assert "assert 0 == 5" in done.stdout and "proves nothing" not in done.stdout
    assert "never fired" in done.stdout


def test_an_unfired_rule_of_a_server_fails_the_test(installed, folder):
    write(
        folder,
        f"""
def test_it(sockfault):
    words = ["{TARGETS}/robust-echo-server", "127.0.0.1", "{{port}}"]
    with sockfault.start(words, "accept nth=9: fail EMFILE"):
        pass
""",
    )
    done = installed.pytest(folder)
    assert "1 failed" in done.stdout and "accept nth=9: fail EMFILE" in done.stdout


def test_without_the_library_nothing_passes(installed, folder, tmp_path):
    """An installation that has lost its library."""
    shutil.copytree(installed.prefix, tmp_path / "broken")
    (tmp_path / "broken/lib/sockfault/libsockfault.so").unlink()
    write(folder, LINE + "\ndef test_it(sockfault):\n    client(sockfault, 'send: short 1')\n")
    done = installed.pytest(folder, SOCKFAULT_COMMAND=f"{tmp_path}/broken/bin/sockfault")
    assert "1 failed" in done.stdout and "libsockfault.so" in done.stdout


# ---- options ----


def test_options_reach_the_runs(installed, folder):
    write(
        folder,
        LINE
        + """
def test_it(sockfault):
    run = client(sockfault, "recv: short 1..3")
    assert run.seed == 42 and run.request.timeout == 7.5 and run.request.realism == "kernel"
    assert client(sockfault, "recv: short 1", seed=3, timeout="2s").request.timeout == 2
""",
    )
    words = ["--sockfault-seed=42", "--sockfault-timeout=7500ms", "--sockfault-realism=kernel"]
    done = installed.pytest(folder, *words)
    assert done.returncode == 0, done.stdout


def test_wrong_options_are_refused_in_words(installed, folder):
    done = installed.pytest(folder, "--sockfault-timeout=soon")
    assert done.returncode == 4 and "10s or 500ms" in done.stderr


def test_keep_keeps_the_traces_of_what_passed(installed, folder):
    write(folder, LINE + "\ndef test_it(sockfault):\n    client(sockfault, 'recv: short 1')\n")
    installed.pytest(folder)
    assert list(folder.rglob("*.sft")) == []
    done = installed.pytest(folder, "--sockfault-keep", "-rP")
    (trace,) = folder.rglob("*.sft")
    assert str(trace) in done.stdout


def test_the_version_is_in_the_header(installed, folder):
    done = installed.pytest(folder, "-v", "--collect-only")
    assert re.search(r"^sockfault: \d+\.\d+\.\d+$", done.stdout, re.MULTILINE)


def test_what_a_test_leaves_ends_with_it(installed, folder):
    write(
        folder,
        f"""
def test_it(sockfault):
    server = sockfault.start(["{TARGETS}/robust-echo-server", "127.0.0.1", "{{port}}"])
    open("pid", "w").write(str(server.pid))
    sockfault.peer(lambda c: c.stall())

def test_next():
    import os
    assert not os.path.exists("/proc/" + open("pid").read())
""",
    )
    done = installed.pytest(folder)
    assert "2 passed" in done.stdout, done.stdout


def test_a_server_that_is_left_running_is_judged(installed, folder):
    start = f"""
def test_{{0}}(sockfault):
    sockfault.start(["{TARGETS}/robust-echo-server", "127.0.0.1", "{{{{port}}}}"], "{{1}}")
"""
    text = start.format("never", "accept nth=9: fail EMFILE")
    text += """
import sys
def test_crash(sockfault):
    server = sockfault.start([sys.executable, "-c", "import os, socket; s = socket.socket(); "
        "s.bind(('127.0.0.1', 0)); s.listen(); s.accept(); os.abort()"])
    server.connect()
    server.wait()
"""
    write(folder, text)
    done = installed.pytest(folder)
    assert "2 failed" in done.stdout and "error" not in done.stdout.splitlines()[-1]
    assert "accept nth=9: fail EMFILE\n    never" in done.stdout
    assert "killed by SIGABRT" in done.stdout


def test_a_script_that_fails_outside_of_any_run_fails_the_test(installed, folder):
    write(
        folder,
        """
import socket
def test_it(sockfault):
    peer = sockfault.peer(lambda c: c.expect(b"no"))
    with socket.create_connection((peer.host, peer.port)) as s:
        s.sendall(b"yes")
        s.recv(1)
""",
    )
    done = installed.pytest(folder)
    assert "1 failed" in done.stdout and "expected b'no'" in done.stdout


def test_pages_and_results_of_a_test(installed, folder):
    write(folder, LINE + "\ndef test_it(sockfault):\n    client(sockfault, 'recv: short 1')\n")
    done = installed.pytest(folder, "--sockfault-report=report", "--sockfault-annotations")
    assert done.returncode == 0 and "1 of 1 passed" in done.stdout
    page = (folder / "report" / "test_it-naive-line-client.html").read_text()
    assert "short 1 (rule 1, kernel)" in page and "sends b&#x27;hello" in page
    assert "pytest test_it.py::test_it" in page
    assert {path.name for path in (folder / "report").iterdir()} >= {"results.sarif"}


def test_runs_side_by_side(installed, folder):
    """The same under pytest-xdist, in any order."""
    write(
        folder,
        LINE
        + """
import pytest
@pytest.mark.parametrize("n", range(24))
def test_it(sockfault, n):
    run = client(sockfault, "recv: short 1" if n % 3 else "recv: short 9..12")
    assert (run.status, run.stdout) == (0, b"hello\\n")
    assert n != 5
""",
    )
    one = installed.pytest(folder, "--junitxml=one.xml", "-n", "1")
    two = installed.pytest(folder, "--junitxml=two.xml", "-n", "2")
    assert one.returncode == two.returncode == 1, two.stdout
    results = cases(folder / "one.xml")
    assert len(results) == 24 and results == cases(folder / "two.xml")
    assert results["test_it[5]"] == "failure"
