# SPDX-License-Identifier: MIT
"""Each ready-made scenario, by the command in its own head comment.

The command there runs a small program that gets it wrong (naive-*); its twin (robust-*) copes. Both
are run without the scenario first, and must do the same right thing: what OUTPUT says. Under the
scenario the robust one still does exactly that, after every rule has fired, and the naive one goes
wrong in the way that WRONG says. A scenario without an entry in WRONG fails by its name.
"""

import collections
import re
import shlex
import socket
from itertools import takewhile

import pytest

from conftest import BUILD, ROOT, SOCKFAULT, events, run

SCENARIOS = sorted(path.stem for path in (ROOT / "scenarios").glob("*.fault"))

# What a pair of programs prints when all is well. The others print their arguments, each on a line.
OUTPUT = {
    "echo-server": "1 served\n",
    "file-sender": "4096 bytes\n",
    "frame-reader": "first message\nsecond\nthe third message\n",
    "log-writer": "3 lines\n",
    "poll-server": "1 served\n",
    "udp-server": "3 carried out\n",
    "unix-server": "1 served\n",
}

# Ends with this status, having printed this, and with this in its message.
Wrong = collections.namedtuple("Wrong", "status stdout message", defaults=("", ""))

WRONG = {
    "accept-runs-out-of-descriptors": Wrong(1, message="accept: Too many open files"),
    "answer-comes-twice": Wrong(0, "first question\nfirst question\nsecond question\n"),
    "answer-finds-no-route": Wrong(1, message="sendto: Network is unreachable"),
    "bytes-trickle-in": Wrong(1, None, "a message of"),
    "client-leaves-before-accept": Wrong(1, message="accept: Software caused connection abort"),
    "client-resets-in-mid-request": Wrong(1, message="recv: Connection reset by peer"),
    "close-is-interrupted": Wrong(1, "4096 bytes\n", "close: Bad file descriptor"),
    "connection-attempt-times-out": Wrong(1, message="connect: Connection timed out"),
    "connection-dies-in-silence": Wrong(0, "hello\n"),
    "datagram-is-cut-short": Wrong(0, "firs\nsecond question\nthird question\n"),
    "datagram-is-damaged": Wrong(0, "f\ufffdrstMquesWion\nsecond question\nthird question\n"),
    "datagrams-overtake-each-other": Wrong(0, "second question\nfirst question\nthird question\n"),
    "dns-is-flaky": Wrong(1, message="localhost: no such host"),
    "every-read-brings-one-byte": Wrong(0, "he"),
    "every-recv-is-one-byte": Wrong(1, None, "a message of 218103808 bytes"),
    "every-send-is-one-byte": Wrong(0, "8 bytes\n"),
    "every-write-takes-three-bytes": Wrong(0, "helwor"),
    "idle-connection-was-closed": Wrong(128 + 13),
    "ipv6-leads-nowhere": Wrong(1, message="-: Network is unreachable"),
    "log-daemon-falls-behind": Wrong(0, "2 lines\n"),
    "log-daemon-restarts": Wrong(0, "\n"),
    "no-descriptor-for-a-socket": Wrong(1, message="connect: Bad file descriptor"),
    "nonblocking-connect-is-refused": Wrong(128 + 13),
    "peer-closes-in-mid-reply": Wrong(0, "hell"),
    "peer-resets-in-mid-reply": Wrong(0, "hell"),
    "port-is-still-taken": Wrong(1, message="bind: Address already in use"),
    "port-is-taken-at-listen": Wrong(1, message="accept: Invalid argument"),
    "ready-sockets-say-again": Wrong(1, message="Resource temporarily unavailable"),
    "request-arrives-twice": Wrong(0, "4 carried out\n"),
    "request-datagram-is-lost": Wrong(1, None, "recv: Resource temporarily unavailable"),
    "reset-before-half-close": Wrong(0, ""),
    "reset-is-told-by-so-error": Wrong(128 + 13),
    "sends-are-cut-at-random": Wrong(0, "2671 bytes\n"),
    "server-never-answers": Wrong(124),
    "service-starts-late": Wrong(1, message="connect: Connection refused"),
    "signal-interrupts-accept": Wrong(1, message="accept: Interrupted system call"),
    "signal-interrupts-poll": Wrong(1, message="poll: Interrupted system call"),
    "slow-start-then-refused": Wrong(1, message="connect: Connection refused"),
    "stale-socket-file-is-in-the-way": Wrong(1, message="bind: Address already in use"),
    "udp-port-is-closed-for-a-moment": Wrong(1, message="recv: Connection refused"),
    "unix-queue-is-full": Wrong(1, message="write: Transport endpoint is not connected"),
    "unix-server-crashes": Wrong(0, "hello\n"),
    "unix-server-is-not-there-yet": Wrong(1, message="connect: No such file or directory"),
}


def text_of(name):
    return (ROOT / "scenarios" / f"{name}.fault").read_text()


def command_in(name):
    """The words of the command that the scenario's head comment proposes."""
    lines = text_of(name).splitlines()
    begin = 1 + next(i for i, line in enumerate(lines) if line.startswith("# Try it"))
    command = [line[1:] for line in takewhile(lambda line: line.startswith("#  "), lines[begin:])]
    return shlex.split("\n".join(command).replace("\\\n", " "))


def rules_of(name):
    lines = [line.split("#")[0].strip() for line in text_of(name).splitlines()]
    return [line for line in lines if line and not line.startswith("seed")]


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        return False
    return True


def tried(name, tmp_path, program, faulted):
    """Runs the command of the scenario's head: with the naive program or its robust twin."""
    words = command_in(name)
    if any(" :: " in word for word in words) and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    if not faulted:
        words.remove("-s")
        words.remove(name)
    options = words[2:]  # after "sockfault run", up to the end of the command under test
    if "--timeout" not in options:
        options = ["--timeout", "30s", *options]
    options = [word.replace("/naive-", f"/{program}-") for word in options]
    trace = tmp_path / f"{program}-{faulted}.sft"
    words = [SOCKFAULT, "run", "--trace", trace, *options]
    done = run(
        [str(word).replace("build/targets/", f"{BUILD}/targets/") for word in words], cwd=tmp_path
    )
    return done, trace


def right_output(name):
    words = command_in(name)
    (program,) = [word for word in words if "/naive-" in word]
    first = words.index(program)
    arguments = words[first:]
    echoed = arguments[2:] if arguments[1].startswith("{tmp}") else arguments[3:]
    return OUTPUT.get(program.rpartition("/naive-")[2], "".join(f"{word}\n" for word in echoed))


def test_every_entry_has_a_scenario():
    assert not set(WRONG) - set(SCENARIOS)


def test_the_seed_calls_and_kinds_of_sockets_are_all_met():
    """Together the rules name every call, family, type and mode that users begin with."""
    rules = " ".join(" ".join(rules_of(name)) for name in SCENARIOS)
    words = set(re.split(r"[\s,=]+", rules))
    calls = "socket bind listen accept connect send recv sendto recvfrom read write shutdown close"
    kinds = "poll sockopt resolve stream dgram inet inet6 unix blocking nonblocking"
    assert not set(calls.split() + kinds.split()) - words


@pytest.mark.parametrize("name", SCENARIOS)
def test_head_comment_is_documentation(name):
    """First a sentence for `sockfault list scenarios`, then what, who and how, and no `fake`."""
    lines = text_of(name).splitlines()
    assert re.fullmatch(r"# \S.*\.", lines[0]) and lines[1] == "#"
    for head in ("# On the network: ", "# A right program: ", "# Who gets it wrong: "):
        assert sum(line.startswith(head) for line in lines) == 1
    assert f"-s {name} " in text_of(name)
    assert rules_of(name) and not any("fake" in rule for rule in rules_of(name))


def test_check_accepts_them_all_at_once():
    files = [ROOT / "scenarios" / f"{name}.fault" for name in SCENARIOS]
    done = run([SOCKFAULT, "check", *files])
    assert done.returncode == 0, done.stderr
    assert all(f"/{name}.fault:" in done.stdout.decode() for name in SCENARIOS)


@pytest.mark.parametrize("name", SCENARIOS)
def test_without_faults_both_do_it_right(name, tmp_path):
    for program in ("naive", "robust"):
        done, _ = tried(name, tmp_path, program, faulted=False)
        assert (done.returncode, done.stdout.decode(errors="replace")) == (
            0,
            right_output(name),
        ), done.stderr


@pytest.mark.parametrize("name", SCENARIOS)
def test_robust_copes(name, tmp_path):
    done, trace = tried(name, tmp_path, "robust", faulted=True)
    assert (done.returncode, done.stdout.decode(errors="replace")) == (
        0,
        right_output(name),
    ), done.stderr
    fired = {event["rule"] for event in events(trace) if event.get("rule")}
    assert fired == set(range(1, len(rules_of(name)) + 1)), done.stderr


@pytest.mark.parametrize("name", SCENARIOS)
def test_naive_goes_wrong(name, tmp_path):
    assert name in WRONG, f"scenarios/{name}.fault has no entry in WRONG"
    wrong = WRONG[name]
    done, _ = tried(name, tmp_path, "naive", faulted=True)
    assert done.returncode == wrong.status, done.stderr
    if wrong.stdout is not None:
        assert done.stdout.decode(errors="replace") == wrong.stdout
    assert wrong.message in done.stderr.decode()
    assert (done.returncode, done.stdout.decode(errors="replace")) != (0, right_output(name))
