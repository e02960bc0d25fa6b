# SPDX-License-Identifier: MIT
"""`sockfault findings`: its objects, its status, the command that repeats; and what a run says."""

import json
import shlex
import subprocess

import pytest

from judge import BUILD, ROOT, SOCKFAULT

DROPS = BUILD / "targets" / "wrong" / "short-send-dropped-request"
LISTS = BUILD / "targets" / "wrong" / "dishonest-success-list"
PEER = f"{BUILD}/targets/robust-echo-server 127.0.0.1 {{port}}"
KEYS = (
    "finding severity program pid fd conn cause evidence realism site stack function file line"
    " says hint source times rule repeat"
)


def sockfault(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in (SOCKFAULT, *words)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def run(trace, *rules, options=(), program=DROPS):
    words = [word for rule in rules for word in ("-e", rule)]
    return sockfault(
        "run", *options, "--trace", trace, "--peer", PEER, *words, "--", program, "{port}"
    )


def findings(trace, *options):
    done = sockfault("findings", trace, "--json", *options)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def trace(tmp_path):
    return tmp_path / "trace.sft"


def test_a_finding_has_all_that_is_known_of_it(trace):
    run(trace, "send nth=1: short 3")
    status, found = findings(trace)
    assert status == 1
    one = found[0]
    assert list(one) == KEYS.split()
    assert one["finding"] == "short-send-dropped" and one["severity"] == "error"
    assert one["cause"] in one["evidence"] and one["realism"] in ("kernel", "posix")
    assert one["file"].endswith("short-send-dropped-request.c") and one["line"]
    assert one["rule"] == "send nth=1: short 3" and one["rule"] in one["repeat"]


def test_people_see_the_line_and_how_to_repeat_it(trace):
    run(trace, "send nth=1: short 3")
    done = sockfault("findings", trace)
    assert done.returncode == 1
    head, source, hint, repeat = done.stdout.splitlines()[:4]
    assert head.startswith("tests/targets/wrong/short-send-dropped-request.c:")
    assert ": error: " in head and head.endswith("[short-send-dropped]")
    assert "|" in source and hint.strip() and repeat.startswith("  repeat: ")


def test_a_run_without_a_fault_has_none(trace):
    run(trace)
    assert findings(trace) == (0, [])


def test_the_repeating_command_repeats_the_one_call(trace, tmp_path):
    run(trace, "recv: delay 1ms", "send nth=1: short 3", options=["--quiet"])
    one = findings(trace)[1][0]
    words = shlex.split(one["repeat"])
    assert words.count("-e") == 1 and words[words.index("-e") + 1] == one["rule"]
    words.insert(2, f"--trace={tmp_path / 'again.sft'}")
    subprocess.run(words, cwd=ROOT, capture_output=True, check=False)
    again = findings(tmp_path / "again.sft")[1][0]
    same = ("finding", "line", "says", "rule")
    assert [again[key] for key in same] == [one[key] for key in same]


def test_what_a_rule_did_to_many_calls_is_repeated_by_the_rule_as_it_was_given(trace):
    text = """
import socket
one, other = socket.socketpair()
one.send(b"1234")
while other.recv(4) != b"4":
    pass
while True:
    pass
"""
    rule = "recv family=unix: short 1"
    words = ("--quiet", "--timeout=2s", "-e", rule, "--", "/usr/bin/python3", "-c", text)
    sockfault("run", "--trace", trace, *words)
    (one,) = findings(trace)[1]
    assert (one["finding"], one["rule"]) == ("spin", rule)
    words = shlex.split(one["repeat"])
    assert words.count("-e") == 1 and words[words.index("-e") + 1] == rule


def test_what_fake_did_is_evidence_of_nothing(trace):
    run(trace, "send nth=1: fake EPIPE", options=["--quiet"])
    assert not [one for one in findings(trace)[1] if one["severity"] == "error"]


def test_the_summary_says_what_was_found_and_strict_minds(trace):
    done = run(trace, options=["--strict"], program=DROPS.parent / "send-after-shutdown-client")
    assert done.returncode == 123
    assert "  found: 1 error" in done.stderr and "[send-after-shutdown]" in done.stderr
    assert f"(sockfault findings {trace})" in done.stderr
    assert run(trace, options=["--strict"]).returncode == 0


@pytest.mark.parametrize(
    ("differs", "words"),
    [
        ("output", "and its output was not"),
        ("client", "and what its client got was not"),
        ("peer", "and what its peer received was not"),
    ],
)
def test_what_differs_is_told_by_its_name(trace, differs, words):
    run(trace, "connect nth=2: fail ECONNREFUSED", program=LISTS)
    (one,) = findings(trace, "--differs", differs)[1]
    assert one["finding"] == "dishonest-success" and words in one["says"]
    assert findings(trace, "--differs", "nothing") == (0, [])


def test_a_server_that_tried_again_until_it_was_asked_to_end_has_not_given_up(trace):
    wrong = BUILD / "targets" / "wrong" / "accept-spin-epoll"
    client = f"timeout 1 {BUILD}/targets/robust-line-client 127.0.0.1 {{port}} one"
    options = ("--server", "--client", client, "--trace", trace)
    sockfault("run", *options, "-e", "accept: fail EMFILE", "--", wrong, "{port}")
    assert [one["finding"] for one in findings(trace)[1]] == ["accept-spin"]


def test_a_server_with_a_spare_descriptor_can_use_it(trace):
    text = """
import os, socket
listener = socket.create_server(("127.0.0.1", 0))
spare = os.open("/dev/null", os.O_RDONLY)
for _ in range(120):
    client = socket.create_connection(listener.getsockname())
    while True:
        try:
            listener.accept()[0].close()
            break
        except OSError:
            os.close(spare)
            try:
                listener.accept()[0].close()
                break
            except OSError:
                pass
            finally:
                spare = os.open("/dev/null", os.O_RDONLY)
    client.close()
"""
    rule = ("-e", "accept: fail EMFILE", "--timeout", "9s")
    done = sockfault("run", "--trace", trace, *rule, "--", "/usr/bin/python3", "-c", text)
    assert done.returncode == 0 and "      120       120  accept" in done.stderr, done.stderr
    assert findings(trace) == (0, [])


@pytest.mark.parametrize("looks, told", [(150, []), (300, ["again-spin"])])
def test_who_looks_once_for_each_answer_that_it_has_does_not_spin(trace, looks, told):
    text = f"""
import os, socket
one, other = socket.socketpair()
other.setblocking(False)
one.send(b"+" * 200)
other.recv(200)
asked, done = os.pipe(), os.pipe()
if os.fork() == 0:
    os.read(asked[0], 1)
    one.send(b"+")
    os.write(done[1], b".")
    os._exit(0)
for _ in range({looks}):
    try:
        other.recv(200)
    except BlockingIOError:
        pass
os.write(asked[1], b".")
os.read(done[0], 1)
other.recv(200)
os.wait()
"""
    words = ("--trace-level=all", "--trace", trace, "--", "/usr/bin/python3", "-c", text)
    done = sockfault("run", *words)
    assert done.returncode == 0, done.stderr
    assert [one["finding"] for one in findings(trace)[1]] == told
