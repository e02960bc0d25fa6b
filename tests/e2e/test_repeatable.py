# SPDX-License-Identifier: MIT
"""The same seed gives the same faults on each connection, whatever the threads do; replay too."""

from collections import Counter

from conftest import BUILD, PROGRAMS, SOCKFAULT, events, run, under

RULES = ["send chance=30%: short 1..8", "recv chance=1%: reset", "send chance=1%: reset"]
ECHO = f"{BUILD / 'targets' / 'robust-echo-server'} 127.0.0.1 {{port}}"


def injected(trace):
    """(key of the connection, call, ordinal among its calls there, fault) of each injection."""
    ordinals, found = Counter(), set()
    for event in events(trace):
        place = (event["key"], event["op"])
        ordinals[place] += 1
        if event["fault"]:
            found.add((*place, ordinals[place], event["fault"]))
    return found


def crowd(folder, name, *rules, options=()):
    trace = folder / f"{name}.sft"
    options = ["--peer", ECHO, "--timeout", "50s", *options]
    words = under(*rules, trace=trace, options=options)
    run(words + [PROGRAMS / "crowd", "{port}"], check=True)
    return injected(trace)


def test_seed_gives_the_same_faults_in_20_runs(tmp_path):
    first = crowd(tmp_path, "first", *RULES, options=["--seed", "7"])
    assert len({key for key, *_ in first}) >= 6 and len(first) > 40
    for number in range(19):
        again = crowd(tmp_path, "again", *RULES, options=["--seed", "7"])
        assert again == first, f"run {number + 2}"


def test_another_seed_gives_other_faults(tmp_path):
    first, other = (crowd(tmp_path, s, *RULES, options=["--seed", s]) for s in ("7", "8"))
    assert first != other


def test_replay_gives_the_same_faults_without_the_seed(tmp_path):
    first = crowd(tmp_path, "first", *RULES, options=["--seed", "7"])
    rules = tmp_path / "replay.fault"
    rules.write_bytes(run([SOCKFAULT, "replay", tmp_path / "first.sft"], check=True).stdout)
    again = crowd(tmp_path, "again", options=["-s", str(rules), "--seed", "99"])
    assert again == first
