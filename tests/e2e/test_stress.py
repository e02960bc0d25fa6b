# SPDX-License-Identifier: MIT
"""Real programs do their work to the end under rules that only a wrong program minds.

Each cell is a load of loads.py, the side that is under sockfault, and a rule. What came of the work
is the same as natively, and the rule did fire, or can't. Where the program itself is wrong WRONG
says how, and by which rule ahead of the others it is spared, so that all the rest of it is still
under test.
"""

import re
from dataclasses import dataclass

import pytest

from conftest import BUILD, PROGRAMS, run, under
from loads import LOADS, Shop, work

HANDLER = BUILD / "tests" / "e2e" / "handler.so"  # handles SIGURG
RULES = {
    "send": ["send: short 1"],
    "recv": ["recv: short 1"],
    "again": ["any mode=nonblocking chance=30%: fail EAGAIN"],
    "signal": ["any: signal SIGURG, fail EINTR"],
    "delay": ["any chance=10%: delay 1ms..20ms"],
}
# Millions of recorded calls would tell no more than thousands.
SELDOM = {"send": ["send chance=10%: short 1..100"], "recv": ["recv chance=10%: short 1..100"]}
# All at once, in the long tests.
MIXED = [
    "any chance=3%: delay 1ms..5ms",
    "any mode=nonblocking chance=10%: fail EAGAIN",
    "any chance=10%: signal SIGURG, fail EINTR",
    "send chance=50%: short 1..100",
    "recv chance=50%: short 1..100",
]
SEEDS = range(2, 6)
CELLS = [(load, role) for load in LOADS for role in ("client", "server")]
CELLS.remove(("haproxy", "client"))  # is curl, which has loads of its own

# Signals that the program handles itself, where SIGURG is blocked (it is read from a signalfd).
SIGNALS = {("postgres", "server"): "SIGUSR1"}

# Nothing of theirs is non-blocking while it moves data.
NEVER = {
    ("python-http", "server", "again"),
    ("memcached", "client", "again"),  # socat
    ("git-daemon", "client", "again"),
    ("git-daemon", "server", "again"),
    ("openssl", "client", "again"),
    ("openssl", "server", "again"),
    ("socat", "client", "again"),
    ("socat", "server", "again"),
}
# EINTR needs a call that waits: a client of few calls may have none where its server is quick.
SLOW_SERVER = "send times=3: delay 30ms"


@dataclass
class Wrong:
    spared: str  # the rule that keeps from the program what it does not bear
    says: bytes  # what it or its peer says otherwise; BY_CHANCE: nothing that is the same each time
    why: str
    shown_by: str = ""  # a rule that shows it, where that of the cell leaves it to chance


# Findings that were looked into, and are true: the work is done all the same.
# scp and sftp talk to ssh by one end of a socketpair, and close it as input and as output.
# libpq says good-bye, and closes without a wait where that does not go out at once.
TRUE = {
    **{("ssh", "client", rule): {"double-close"} for rule in [None, *RULES]},
    ("postgres", "client", "again"): {"again-fatal"},
}

BY_CHANCE = b""
# EAGAIN from the read (or write) after poll is the end for them; BUGS in select(2) warns of it.
READY = "takes what poll said for a promise"
# POSIX allows it, Linux does not do it.
CLOSE = "takes EINTR from close for a failure"
# The attempt goes on, and poll would tell of its end: see EINTR in connect(2).
ONGOING = "gives up when connect says EINTR"
# nginx: the 25 bytes of "100 Continue".
ONE_SEND = "closes the connection where one send does not take all of a small answer"
CONTINUE = "send size=25: pass"
GREETING = "send,recv offset=..256: pass"
# The handler of SIGUSR2, the receiver's order to end, sets a flag since rsync 3.5: poll waits for a
# minute where it came just before. How long that just is, is up to the scheduler, and to delay.
BEFORE_POLL = "rsync's receiver waits on when SIGUSR2 comes before its poll"
RECEIVER = "poll program=rsync: pass"
WRONG = {
    ("curl-expect", "server", "send"): Wrong(CONTINUE, b"Empty reply from server", ONE_SEND),
    ("curl-expect", "server", "again"): Wrong(
        CONTINUE, b"Empty reply from server", ONE_SEND, "send size=25: fail EAGAIN"
    ),
    ("rsync", "client", "again"): Wrong(GREETING, b"Resource temporarily unavailable", READY),
    ("rsync", "server", "again"): Wrong(GREETING, b"error in rsync protocol data stream", READY),
    **{
        (load, role, "delay"): Wrong(RECEIVER, BY_CHANCE, BEFORE_POLL)
        for load in ("rsync", "rsync-ssh")
        for role in ("client", "server")
    },
    ("ssh", "client", "again"): Wrong("recv offset=..8KiB: pass", b"Connection closed", READY),
    ("rsync-ssh", "client", "again"): Wrong(
        "recv offset=..8KiB: pass", b"connection unexpectedly closed", READY
    ),
    ("postgres", "server", "again"): Wrong(
        "send size=1: pass",
        b"server closed the connection unexpectedly",
        "closes the connection when its one byte of answer to a request for TLS meets EAGAIN",
    ),
    ("curl-http2", "client", "again"): Wrong(
        "send: pass",
        b"Failed sending data to the peer",
        "an HTTP/2 frame that meets EAGAIN ends the transfer",
    ),
    # After EINTR in the handshake s_client waits for data before it sends its own, too.
    ("openssl", "client", "signal"): Wrong(
        "poll,recv,connect: pass",
        b"bad select 4",
        "s_client ends when select says EINTR",
        "poll: signal SIGURG, fail EINTR",
    ),
    ("openssl", "server", "signal"): Wrong(
        "recv: pass", BY_CHANCE, "BIO_gets gives half a line as a whole one when recv says EINTR"
    ),
    ("postgres", "client", "again"): Wrong(
        "connect: pass",
        b"Resource temporarily unavailable",
        "libpq does not try again where the queue of a Unix listener is full",
        "connect family=unix: fail EAGAIN",
    ),
    ("memcached", "client", "signal"): Wrong("connect: pass", b"Interrupted system", ONGOING),
    ("socat", "client", "signal"): Wrong("connect: pass", b"Interrupted system", ONGOING),
    ("ssh", "client", "signal"): Wrong("connect: pass", b"Interrupted system", ONGOING),
    ("rsync-ssh", "client", "signal"): Wrong("connect: pass", b"Interrupted system", ONGOING),
    # It tries again and again, with longer and longer pauses: no end that is worth waiting for.
    ("wget-nginx", "client", "signal"): Wrong("connect: pass", BY_CHANCE, ONGOING),
    ("python-http", "client", "signal"): Wrong("close: pass", b"InterruptedError", CLOSE),
    ("python-asyncio", "client", "signal"): Wrong("close: pass", b"InterruptedError", CLOSE),
    ("git-daemon", "client", "signal"): Wrong(
        "close,connect: pass", b"Interrupted system call", CLOSE
    ),
}

# Few calls, of which a chance chooses none (or none that ends the transfer) under seed 1.
SEEDED = {
    ("python-http", "client", "again"): 2,
    ("node-http", "client", "again"): 2,
    ("node-http", "server", "again"): 2,
    ("curl-http2", "client", "again"): 2,
}


def seed(load, role, rule):
    return f"--seed={SEEDED.get((load, role, rule), 1)}"


@pytest.fixture(scope="session")
def shop():
    made = Shop()
    yield made
    made.close()


@pytest.fixture(scope="session")
def natives():
    return {}


@pytest.fixture
def compare(tmp_path, serve, shop, natives, monkeypatch):
    """compare(load, role, rules): the native work's notes, those under the rules, the bench."""

    def both(load, role, rules, *options):
        if load not in natives:
            natives[load] = work(load, tmp_path / "native", serve, shop).notes
        rules = [rule.replace("SIGURG", SIGNALS.get((load, role), "SIGURG")) for rule in rules]
        if any("signal" in rule for rule in rules):
            monkeypatch.setenv("LD_PRELOAD", str(HANDLER))
        sides = {role: under(*rules, options=options, quiet=False)}
        if role == "client" and rules[-1:] == RULES["signal"]:
            sides["server"] = under(SLOW_SERVER, options=["--trace-level=off"])
        bench = work(load, tmp_path / "mine", serve, shop, **sides)
        print(bench.said())
        return natives[load], bench.notes, bench

    return both


def spared(load, role, rule):
    wrong = WRONG.get((load, role, rule))
    return [wrong.spared] if wrong else []


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("load,role", CELLS)
def test_work_is_done(load, role, rule, compare):
    rules = spared(load, role, rule) + RULES[rule]
    native, mine, bench = compare(load, role, rules, "--trace-level=off", seed(load, role, rule))
    assert mine == native
    fired = bench.fired(RULES[rule][0].split(":")[0])
    if (load, role, rule) in NEVER:
        assert fired == 0 and "never reached: no call met its conditions" in bench.said()
    else:
        assert fired > 0


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rule", ["again", "delay", "mixed"])
@pytest.mark.parametrize("load,role", CELLS)
def test_work_is_done_with_each_seed(load, role, rule, seed, compare):
    if rule == "mixed":
        spares = [
            one for single in ("again", "signal", "delay") for one in spared(load, role, single)
        ]
        # What lets all of these calls pass leaves nothing to the rules after it.
        let = {call for one in spares for call in one.removesuffix(": pass").split(",")}
        rules = [one for one in MIXED if one.split()[0] not in let]
    else:
        spares, rules = spared(load, role, rule), RULES[rule]
    native, mine, _ = compare(load, role, spares + rules, "--trace-level=off", f"--seed={seed}")
    assert mine == native


@pytest.mark.parametrize("load,role,rule", [cell for cell, wrong in WRONG.items() if wrong.says])
def test_findings_are_still_true(load, role, rule, compare):
    wrong = WRONG[load, role, rule]
    rules = [wrong.shown_by] if wrong.shown_by else RULES[rule]
    native, mine, _ = compare(load, role, rules, "--trace-level=off", seed(load, role, rule))
    if mine == native:
        pytest.skip(f"this version bears it: {load} {role} {rule}")
    errors = b"".join(text for name, text in mine.items() if name.endswith("errors"))
    assert wrong.says in errors


@pytest.mark.parametrize("load,role", CELLS)
def test_without_a_rule_nothing_differs(load, role, compare):
    native, mine, bench = compare(load, role, [])
    assert mine == native
    said = bench.said()
    assert said.count("0 faults injected") == len(bench.summaries) > 0
    assert "escaped" not in said and "lost" not in said
    assert found_in(said) <= TRUE.get((load, role, None), set())


def found_in(said):
    """What the summaries call an error of the program's."""
    return {name for name in re.findall(r": error: .*\[([a-z-]+)\]", said)}


@pytest.mark.long
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("load,role", CELLS)
def test_right_work_gets_no_finding(load, role, rule, compare):
    rules = spared(load, role, rule) + SELDOM.get(rule, RULES[rule])
    native, mine, bench = compare(load, role, rules)
    assert mine == native
    assert found_in(bench.said()) <= TRUE.get((load, role, rule), set())


@pytest.mark.parametrize("handler", ["none", "restart", "interrupt", "blocked"])
def test_signals_interrupt_where_linux_does_it(handler):
    program = [PROGRAMS / "counts_on", "signals", handler]
    native = run([*program, "really"])
    mine = run(under("any: signal SIGCHLD, fail EINTR") + program)
    assert (mine.returncode, mine.stdout) == (native.returncode, native.stdout)


def test_what_poll_has_called_the_end_is_not_cut():
    program = [PROGRAMS / "counts_on", "end"]
    assert run(program).stdout == b"before 100\nafter 100\nafter 0\n"
    assert run(under("recv: short 1") + program).stdout == b"before 1\nafter 199\nafter 0\n"


@pytest.mark.parametrize("told,cut", [("told", 100), ("untold", 1)])
def test_what_epoll_has_called_the_end_is_not_cut(told, cut):
    """To who asks for EPOLLRDHUP; haproxy takes a short recv for the last one then."""
    program = [PROGRAMS / "counts_on", told]
    assert run(program).stdout == b"told 100\n"
    assert run(under("recv: short 1") + program).stdout == b"told %d\n" % cut


def test_without_a_handler_nothing_is_interrupted(tmp_path):
    """curl has none; that it is so is said."""
    words = under("any: signal SIGCHLD, fail EINTR", quiet=False)
    done = run(words + ["curl", "-sS", "http://127.0.0.1:1/"])
    assert done.returncode == 7
    assert b"0 faults injected" in done.stderr
    assert b"EINTR needs a call that waits and a signal handler" in done.stderr
