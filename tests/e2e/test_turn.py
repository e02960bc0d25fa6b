# SPDX-License-Identifier: MIT
"""run --turn, --expect, --stderr and --client-timeout: what harnesses ask of a run."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from conftest import SOCKFAULT, TIMEOUT

SAYS = "import sys; print(sys.argv[1]); print('recv: Broken pipe', file=sys.stderr)"
CALL = "import socket; socket.socket().close(); " + SAYS
# Says when it began and ended, in lines that are whole.
LASTS = """
import os, socket, sys
socket.socket().close()
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(fd, b"begins\\n")
for _ in range(2000000): pass
os.write(fd, b"ends\\n")
"""
SERVER = """
import socket, sys
s = socket.socket()
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen()
s.accept()[0].recv(1)
"""


def run(*words, stdout=subprocess.DEVNULL):
    return subprocess.run(
        [str(SOCKFAULT), "run", *map(str, words)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def outcome(tmp_path, *words):
    path = tmp_path / "outcome"
    with open(tmp_path / "out", "wb") as out:
        done = run("--outcome", path, *words, stdout=out)
    return done, json.loads(path.read_text())


def test_what_is_printed_is_compared_with_what_is_expected(tmp_path):
    expected = tmp_path / "expected"
    expected.write_bytes(b"right\n")
    for word, differs in (("right", False), ("wrong", True), ("right\nand more", True)):
        _, made = outcome(tmp_path, "--expect", expected, "--", sys.executable, "-c", CALL, word)
        assert made["differs"] is differs, word
    _, made = outcome(tmp_path, "--expect", expected, "--", "sh", "-c", "echo right; exit 3")
    assert made["differs"] is True
    _, made = outcome(tmp_path, "--", "true")
    assert made["differs"] is None


def test_a_program_that_says_more_on_standard_error_is_not_mistaken_for_the_command(tmp_path):
    errors = tmp_path / "errors"
    done, _ = outcome(tmp_path, "--stderr", errors, "--", sys.executable, "-c", CALL, "x")
    assert errors.read_text() == "recv: Broken pipe\n"
    assert "recv: Broken pipe" not in done.stderr.splitlines()
    assert "--stderr" not in done.stderr  # nor does the command that repeats it


def test_runs_with_one_turn_are_not_under_way_at_once(tmp_path):
    said = tmp_path / "said"
    words = ["--turn", tmp_path / "turn", "--", sys.executable, "-c", LASTS, str(said)]
    with ThreadPoolExecutor(6) as pool:
        for done in pool.map(lambda _: run(*words), range(6)):
            assert done.returncode == 0, done.stderr
    assert said.read_text() == "begins\nends\n" * 6


def test_a_client_has_a_limit_of_its_own(tmp_path):
    words = ["--server", "--client", "echo part; exec sleep 100", "--client-timeout", "500ms"]
    words += ["--client-output", tmp_path / "client"]
    _, made = outcome(tmp_path, *words, "--", sys.executable, "-c", SERVER, "{port}")
    assert made["client"]["timed_out"] and not made["timed_out"] and made["terminated"]
    assert (tmp_path / "client").read_text() == "part\n"


def test_what_makes_no_sense_is_refused(tmp_path):
    for words, why in (
        (["--client-timeout", "1s", "--", "true"], "--client"),
        (["--turn", tmp_path, "--", "true"], "turn"),
        (["--expect", tmp_path / "none", "--", "true"], "none"),
    ):
        done = run(*words)
        assert done.returncode == 125 and why in done.stderr, words
