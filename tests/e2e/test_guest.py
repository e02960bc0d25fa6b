# SPDX-License-Identifier: MIT
"""The library is a guest: it owns no descriptor, serves any number, leaves other tools alone."""

import re

import pytest

from conftest import PROGRAMS, events, run, under

GUEST = PROGRAMS / "guest"

RACE = """
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
static int shared;
static void *add(void *unused) { for (int i = 0; i < 1000; i++) shared++; return unused; }
int main(void)
{
    int ends[2];
    pthread_t threads[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], 0, add, 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], 0);
    return send(ends[0], "x", 1, 0) != 1;
}
"""

LEAK = """
#include <stdlib.h>
#include <sys/socket.h>
int main(void)
{
    int ends[2];
    volatile char *lost = malloc(77);
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    lost[0] = 1;
    lost = 0;
    return send(ends[0], "x", 1, 0) != 1;
}
"""


def build(folder, text, *options):
    source, program = folder / "wrong.c", folder / "wrong"
    source.write_text(text)
    run(["cc", "-g", "-O0", *options, "-o", program, source, "-pthread"], check=True)
    return program


def test_program_that_closes_everything_is_traced_to_its_end(tmp_path):
    trace = tmp_path / "trace.sft"
    done = run(under(trace=trace) + [GUEST, "closefrom"])
    assert (done.returncode, done.stdout) == (0, b"sent 4 received 4\n" * 4)
    ops = [event["op"] for event in events(trace)]
    assert ops.count("send") == 4
    assert ops[-1] == "exit"


def test_rules_go_on_after_everything_was_closed(tmp_path):
    done = run(under("send nth=3: short 1") + [GUEST, "closefrom"])
    assert done.stdout.splitlines()[2] == b"sent 1 received 1"


def test_program_finds_no_descriptor_that_it_did_not_open():
    native, mine = (run(words + [GUEST, "list"]) for words in ([], under("send: short 1")))
    assert native.stdout == mine.stdout == b"open 0\nopen 1\nopen 2\n"


def test_valgrind_finds_no_descriptor_of_ours():
    argv = ["valgrind", "--track-fds=yes", GUEST]
    native, mine = (run(words + argv) for words in ([], under("send: short 1")))
    assert mine.stdout == b"sent 1 received 1\n" * 2
    open_at_exit = [
        re.findall(rb"FILE DESCRIPTORS: .*|Open \S+ \S+ \d+.*", done.stderr)
        for done in (native, mine)
    ]
    assert open_at_exit[0] and open_at_exit[1] == open_at_exit[0]
    assert b"ERROR SUMMARY: 0 errors" in mine.stderr, mine.stderr


def test_valgrind_keeps_its_reports(tmp_path):
    program = build(tmp_path, LEAK)
    argv = ["valgrind", "--leak-check=full", "--error-exitcode=9", program]
    done = run(under("send: short 1") + argv)
    assert done.returncode == 9
    assert b"77 bytes in 1 blocks are definitely lost" in done.stderr
    assert b"ERROR SUMMARY: 1 errors" in done.stderr, done.stderr


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_thread_sanitizer_keeps_its_reports(tmp_path, compiler):
    source, program = tmp_path / "race.c", tmp_path / "race"
    source.write_text(RACE)
    run([compiler, "-g", "-O1", "-fsanitize=thread", "-o", program, source, "-pthread"], check=True)
    done = run(under("send: short 1") + [program])
    assert done.returncode == 66, done.stderr
    assert done.stderr.count(b"WARNING: ThreadSanitizer") == 1
    assert b"data race" in done.stderr


@pytest.mark.parametrize("words", [[], ["high"]])
def test_descriptors_of_any_number_are_served(words):
    """The highest numbers that we may have; the table is not sized by the limit."""
    argv = [GUEST, *words]
    before = under("send nth=1: short 1")
    native, mine = run(argv), run(before + argv)
    assert native.stdout == b"sent 4 received 4\n" * 2
    assert mine.stdout == b"sent 1 received 1\nsent 4 received 4\n"


def test_library_needs_little_memory_with_a_huge_limit():
    script = "ulimit -n $(ulimit -H -n); grep VmRSS /proc/self/status"
    resident = []
    for words in ([], under()):
        done = run(words + ["sh", "-c", script], check=True)
        resident.append(int(done.stdout.split()[1]))
    assert resident[1] - resident[0] <= 1024
