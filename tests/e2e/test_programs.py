# SPDX-License-Identifier: MIT
"""Programs that people use: whole under short counts, unchanged without rules, right in errors."""

import pytest

from conftest import faults, free_port, run, under
from real import PROGRAMS, Setting, ended, nginx, plain, url

SHORT = {
    "send": ["send: short 1"],
    "recv": ["recv: short 1"],
    "both": ["send: short 1", "recv: short 1"],
}
SIZES = {"curl-download": 1 << 20, "curl-upload": 1 << 20}
SMALL = 64 << 10


def words_for(side, words):
    return (words, []) if side == "client" else ([], words)


def move(program, folder, serve, side, words):
    folder.mkdir(exist_ok=True)
    setting = Setting(folder, SIZES.get(program, SMALL))
    client, server = words_for(side, words)
    return PROGRAMS[program](setting, serve, client, server)


@pytest.mark.parametrize("side", ["client", "server"])
@pytest.mark.parametrize("rules", SHORT)
@pytest.mark.parametrize("program", PROGRAMS)
def test_short_counts_lose_nothing(program, rules, side, tmp_path, serve):
    moved = move(
        program, tmp_path, serve, side, under(*SHORT[rules], options=["--trace-level=off"])
    )
    assert moved.status == 0, moved.output
    assert moved.identical, (moved.output, moved.server.log.read_bytes())


@pytest.mark.parametrize("side", ["client", "server"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_without_rules_nothing_differs(program, side, tmp_path, serve):
    native = move(program, tmp_path / "native", serve, side, [])
    mine = move(program, tmp_path / "mine", serve, side, under())
    assert native.status == 0 and native.identical
    assert (mine.status, mine.identical) == (0, True), mine.output
    assert plain(mine.output) == plain(native.output)
    assert ended(mine.server) == ended(native.server)


def serving(tmp_path, serve, server):
    """nginx with a file that takes many calls to read."""
    setting = Setting(tmp_path, 1 << 20)
    return setting, nginx(setting, serve, server)


def test_reset_in_mid_transfer_is_curls_error_56(tmp_path, serve):
    setting, _ = serving(tmp_path, serve, [])
    argv = ["curl", "-sS", "-o", setting.moved, url(setting)]
    done = run(under("recv nth=2: fail ECONNRESET") + argv)
    assert done.returncode == 56
    assert b"Connection reset by peer" in done.stderr


@pytest.mark.parametrize(
    "rule,status",
    [
        ("connect: fail ECONNREFUSED", 7),
        ("connect: fail ETIMEDOUT", 28),
    ],
)
def test_curl_fails_to_connect_as_its_manual_says(rule, status, tmp_path, serve):
    setting, _ = serving(tmp_path, serve, [])
    argv = ["curl", "-sS", "-o", setting.moved, url(setting)]
    assert run(argv).returncode == 0
    assert run(under(rule) + argv).returncode == status


def test_curl_fails_to_resolve_as_its_manual_says(tmp_path):
    trace = tmp_path / "trace.sft"
    done = run(under("resolve: fail EAI_AGAIN", trace=trace) + ["curl", "-sS", "http://some.name/"])
    assert done.returncode == 6
    assert done.stderr == b"curl: (6) Could not resolve host: some.name\n"
    assert [(event["op"], event["errno"]) for event in faults(trace)] == [("resolve", "EAI_AGAIN")]


def test_nginx_serves_the_next_client_after_emfile(tmp_path, serve):
    trace = tmp_path / "trace.sft"
    setting, started = serving(tmp_path, serve, under("accept nth=1: fail EMFILE", trace=trace))
    for _ in range(2):
        done = run(["curl", "-sS", "--fail", "-o", setting.moved, url(setting)])
        assert done.returncode == 0 and setting.done(done, started).identical
    assert [e["errno"] for e in faults(trace)] == ["EMFILE"]


def test_redis_serves_the_next_client_after_emfile(tmp_path, serve):
    trace, port = tmp_path / "trace.sft", free_port()
    argv = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", tmp_path]
    serve(under("accept nth=1: fail EMFILE", trace=trace) + argv, port)
    for _ in range(2):
        done = run(["redis-cli", "-p", port, "ping"])
        assert (done.returncode, done.stdout) == (0, b"PONG\n")
    assert [e["errno"] for e in faults(trace)] == ["EMFILE"]
