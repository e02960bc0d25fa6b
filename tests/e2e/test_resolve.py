# SPDX-License-Identifier: MIT
"""Names: an error by a rule is the error of a name server that really gives it, errno and all.

tests/e2e/programs/hosts.c asks by each of libc's ways. The real answers come from a name server of
ours in namespaces of its own; where the system allows no namespaces, those tests are left out.
"""

import os
import subprocess

import pytest

from conftest import PROGRAMS, faults, run, under
from real import HERE, PYTHON

HOSTS = PROGRAMS / "hosts"
UNSHARE = ["unshare", "-rmn"]
NXDOMAIN = 3


def asked(rcode, *command):
    """What the command tells beside a name server that says rcode."""
    if run([*UNSHARE, "mount", "--bind", "/etc/hosts", "/etc/resolv.conf"]).returncode:
        pytest.skip("no namespaces here")
    words = [*UNSHARE, PYTHON, HERE / "name_server.py", str(rcode), *command]
    return run([str(word) for word in words], check=True).stdout.decode().splitlines()


def but(lines, *beginnings):
    return [line for line in lines if not line.startswith(beginnings)]


@pytest.mark.parametrize(
    "rcode,error,apart",
    [
        (2, "EAI_AGAIN", ()),
        (5, "EAI_AGAIN", ()),
        (NXDOMAIN, "EAI_NONAME", ()),
        (0, "EAI_NODATA", ("getnameinfo by",)),  # with no record it says EAI_NONAME
        (1, "EAI_FAIL", ("getnameinfo", "getaddrinfo")),  # these say EAI_NONAME
    ],
)
def test_as_the_name_server_says(rcode, error, apart):
    native = asked(rcode, HOSTS, "host.example")
    injected = asked(NXDOMAIN, *under(f"resolve: fail {error}"), HOSTS, "host.example")
    assert but(injected, *apart) == but(native, *apart)
    assert len(but(native, *apart)) >= 6


def test_as_without_a_descriptor_left():
    native = asked(NXDOMAIN, HOSTS, "host.example", "none")
    injected = run(under("resolve: fail EAI_SYSTEM") + [HOSTS, "host.example"]).stdout.decode()
    apart = ("getaddrinfo of any", "getaddrinfo_a")
    assert but(injected.splitlines(), *apart) == but(native, *apart)


def test_who_asks_nobody_hears_no_error(tmp_path):
    trace = tmp_path / "trace.sft"
    rule = "resolve func=gethostbyname,gethostbyname_r,getaddrinfo : fail EAI_AGAIN"
    code = (
        "import socket as s\n"
        "print(s.gethostbyname('127.0.0.1'), s.getaddrinfo('::1', 80)[0][4][0])\n"
        "print(s.getaddrinfo('127.0.0.1', 80, flags=s.AI_NUMERICHOST)[0][4][0])\n"
        "try: s.getaddrinfo('localhost', 80)\n"
        "except s.gaierror as e: print(e.errno)\n"
    )
    done = run(under(rule, trace=trace) + [PYTHON, "-S", "-c", code])
    assert done.stdout == b"127.0.0.1 ::1\n127.0.0.1\n-3\n"
    assert [event["errno"] for event in faults(trace)] == ["EAI_AGAIN"]


def test_rules_name_what_is_asked_for(tmp_path):
    trace = tmp_path / "trace.sft"
    rules = ["resolve peer=*.example : fail EAI_NODATA", "resolve peer=192.0.2.7: fail EAI_SYSTEM"]
    done = run(under(*rules, trace=trace) + [HOSTS, "host.example"], check=True)
    told = done.stdout.decode().splitlines()
    assert told[0] == "gethostbyname(name): none h_errno 4 errno 0"
    assert told[2].endswith("none h_errno -1 errno 24")
    assert told[6] == "getnameinfo if it has one: -11 errno 24 untouched"
    assert told[-1] == "getaddrinfo_a: 0, -5 and 0"
    assert len(faults(trace)) == 11
    text = run(under()[:1] + ["trace", trace]).stdout.decode()
    assert 'gethostbyname("host.example")' in text and "gethostbyaddr(192.0.2.7" in text


def test_a_notified_program_is_notified_of_failures(tmp_path):
    source, program = tmp_path / "notified.c", tmp_path / "notified"
    source.write_text(
        """
        #include <netdb.h>
        #include <signal.h>
        #include <stdio.h>
        int main(void) {
            struct gaicb one = {.ar_name = "a.example"}, two = {.ar_name = "b.example"};
            struct gaicb *list[] = {&one, &two};
            struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
            sigset_t set;
            int signal, result;
            sigemptyset(&set);
            sigaddset(&set, SIGUSR1);
            sigprocmask(SIG_BLOCK, &set, NULL);
            result = getaddrinfo_a(GAI_NOWAIT, list, 2, &event);
            sigwait(&set, &signal);
            printf("%d %d %d %d\\n", result, signal == SIGUSR1, gai_error(&one), gai_error(&two));
        }
        """
    )
    cc = os.environ.get("CC", "cc")
    subprocess.run([cc, "-D_GNU_SOURCE", source, "-o", program], check=True)
    done = run(under("resolve: fail EAI_NONAME") + [program], check=True)
    assert done.stdout == b"0 1 -2 -2\n"
