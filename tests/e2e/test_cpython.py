# SPDX-License-Identifier: MIT
"""CPython's own network tests end under sockfault as they end natively: without a rule each one
of them, under rules that real networks follow too each one that assumes no more than these promise.
"""

import itertools

import pytest

from cpython import FINE, Suite, assumed, differences, failures, is_installed, left_out
from cpython import matching, names, table

pytestmark = pytest.mark.skipif(
    not is_installed(), reason="libpython3.11-testsuite is not installed"
)

QUICK = [
    ["test_select", "test_poll", "test_epoll"],
    ["test_selectors"],
    ["test_httplib", "test_urllib2_localnet"],
    ["test_asyncio.test_sock_lowlevel", "test_asyncio.test_streams", "test_asyncio.test_server"],
    [
        "test_socket." + name
        for name in (
            "GeneralModuleTests",
            "BasicTCPTest",
            "BasicUDPTest",
            "BasicSocketPairTest",
            "NonBlockingTCPTests",
            "RecvmsgUDPTest",
            "RecvmsgIntoTCPTest",
            "RecvmsgSCMRightsStreamTest",
            "SendmsgUnixStreamTest",
            "InterruptedRecvTimeoutTest",
            "FileObjectClassTestCase",
            "NetworkConnectionAttributesTest",
            "UDPTimeoutTest",
            "TestUnixDomain",
            "SendfileUsingSendfileTest",
        )
    ],
]
ALL = [
    ["test_socket"],
    ["test_asyncio"],
    ["test_ssl"],
    ["test_signal"],
    ["test_subprocess"],
    ["test_ftplib"],
    ["test_smtplib"],
]

MOVING = [
    ["test_socket"],
    ["test_ssl"],
    ["test_asyncio.test_events", "test_asyncio.test_buffered_proto", "test_asyncio.test_sslproto"],
    ["test_asyncio.test_sendfile", "test_asyncio.test_unix_events", "test_asyncio.test_ssl"],
    ["test_asyncio.test_sock_lowlevel", "test_asyncio.test_streams", "test_asyncio.test_server"],
    ["test_httplib", "test_urllib2_localnet", "test_smtplib"],
    ["test_ftplib"],
    ["test_imaplib", "test_nntplib", "test_httpservers"],
    ["test_poplib"],
    ["test_xmlrpc", "test_docxmlrpc"],
    ["test_asyncore", "test_asynchat"],
    ["test_select", "test_selectors", "test_poll", "test_epoll"],
]
# The server in test_ftplib answers PASV and AUTH, and goes on in the same breath, waiting for a
# connection or in TLS: it takes for granted that the answer has left. So this is about the client,
# which is what is tested there, where a rule keeps things from leaving.
AIMED = {"test_ftplib": "side=client "}

# What is done to the tests that move data. A call that moves one byte at most is too slow for those
# that move megabytes: these are run with `some`.
RULES = {
    "send-one": "send {}: short 1",
    "recv-one": "recv {}: short 1",
    "send-some": "send {}: short 1..4KiB",
    "recv-some": "recv {}: short 1..4KiB",
    "eagain": "any {}mode=nonblocking chance=30%: fail EAGAIN",
    "eintr": "any {}process=1 chance=50%: signal SIGUSR1, fail EINTR",
    "delay": "any {}chance=10%: delay 1ms..20ms",
}
# Of what Linux does: close never says EINTR there, and CPython does not expect it to.
REALISM = {"eintr": ["--realism", "kernel"]}


def name_of(modules):
    if len(modules) > 4:
        return "part-of-socket"
    return "+".join(module.replace("test_", "", 1) for module in modules)


def aim(rule, modules):
    return "" if rule.startswith("recv") else AIMED.get(modules[0], "")


def under_rule(rule, modules, folder, skip):
    return Suite(
        modules,
        folder,
        rules=[RULES[rule].format(aim(rule, modules))],
        options=["--trace-level=off", *REALISM.get(rule, [])],
        interrupts=rule == "eintr",
        skip=left_out() + skip,
        silence=60,
    )


@pytest.mark.parametrize("modules", QUICK, ids=name_of)
def test_without_a_rule_nothing_differs(modules, tmp_path):
    assert not differences(Suite(modules, tmp_path))


@pytest.mark.long
@pytest.mark.parametrize("modules", ALL, ids=name_of)
def test_without_a_rule_nothing_differs_in_long_suites(modules, tmp_path):
    assert not differences(Suite(modules, tmp_path))


@pytest.mark.parametrize("rule", RULES)
def test_some_of_what_moves_data_works_under_a_rule(rule, tmp_path):
    modules = ["test_asyncio.test_sock_lowlevel", "test_httplib.ExtendedReadTest"]
    modules += ["test_httplib.BasicTest", "test_urllib2_localnet", "test_socket.BasicTCPTest"]
    assert not failures(under_rule(rule, modules, tmp_path, assumed(rule)))


@pytest.mark.long
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("modules", MOVING, ids=name_of)
def test_what_moves_data_works_under_a_rule(modules, rule, tmp_path):
    assert not failures(under_rule(rule, modules, tmp_path, assumed(rule)))


def test_the_tables_are_about_tests_and_rules_that_there_are():
    tests = set(names({row[1].split(".")[0] for row in table("assumes.txt")}))
    for rules, pattern, _ in table("assumes.txt"):
        assert matching(tests, pattern), pattern
        assert set(rules.split(",")) <= RULES.keys(), rules
    for _, pattern, _ in table("left_out.txt"):
        assert matching(tests, pattern), pattern


@pytest.mark.long
def test_what_is_said_to_assume_too_much_does(tmp_path):
    """Each row about single bytes names a test that does fail with them."""
    rows = [row for row in table("assumes.txt") if "-one" in row[0] and "-some" in row[0]]
    modules = {row[1].split(".")[0] for row in rows}
    failed = set()
    for module, rule in itertools.product(sorted(modules), ("send-one", "recv-one")):
        tests = names([module])
        chosen = set().union(*(matching(tests, row[1]) for row in rows))
        suite = under_rule(rule, [module], tmp_path / f"{module}-{rule}", [])
        suite.silence = 15  # those that hang do so for good
        failed |= {test for test, end in suite.mine(chosen).items() if end not in FINE}
    assert not [row for row in rows if not matching(failed, row[1])]
