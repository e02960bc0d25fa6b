#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs tests of unittest modules and says of each how it ended, at once: one line a test.

    each_test.py --results FILE [--only FILE] [--skip FILE] [--leave-out FILE] [--interrupts]
                 NAME...
    each_test.py --list NAME...

Runs the tests named in --only, less those in --skip and those that a pattern of --leave-out names
(`socket.*VSOCK*`). With --interrupts SIGUSR1 has a handler, and interrupts system calls.

FILE of --results gets `begins ID` before each test and `ended ID OUTCOME` after it, so that a test
that never ends, or ends the process, is known by its name. Tracebacks go to standard error. Nothing
stays open while a test runs, for some of these tests count descriptors or use all of them up.

As with `python3 -m test`: no network, no large files, a working folder of its own.
"""

import argparse
import faulthandler
import fnmatch
import os
import signal
import sys
import unittest

from test import support
from test.support import os_helper

RESOURCES = ["cpu", "subprocess", "walltime"]


def ids_of(path):
    with open(path) as lines:
        return {line.rstrip("\n") for line in lines}


def tests_of(suite):
    """The tests of a suite, one by one, as they stand in it."""
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from tests_of(part)
        else:
            yield part


class Lines(unittest.TestResult):
    """One line a test; a test that says several things (subtests) has them all on it."""

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.pid = os.getpid()
        self.said = None

    def line(self, *words):
        if os.getpid() != self.pid:
            return  # a child that a test forgot to end is not us
        with open(self.path, "a") as out:
            out.write("\t".join(words) + "\n")

    def startTest(self, test):
        super().startTest(test)
        self.said = []
        self.line("begins", test.id())

    def stopTest(self, test):
        super().stopTest(test)
        self.line("ended", test.id(), " ".join(sorted(set(self.said))) or "ok")
        self.said = None

    def say(self, test, outcome, error=None):
        if error:
            outcome += ":" + error[0].__name__
            text = self._exc_info_to_string(error, test)
            print(f"--- {test.id()}\n{text}", file=sys.__stderr__, flush=True)
        if self.said is None:  # of a class or a module
            self.line("ended", test.id(), outcome)
        else:
            self.said.append(outcome)

    def addError(self, test, err):
        self.say(test, "error", err)

    def addFailure(self, test, err):
        self.say(test, "failure", err)

    def addSkip(self, test, reason):
        self.say(test, "skipped")

    def addExpectedFailure(self, test, err):
        self.say(test, "expected-failure")

    def addUnexpectedSuccess(self, test):
        self.say(test, "unexpected-success")

    def addSubTest(self, test, subtest, err):
        if err is not None:
            is_failure = issubclass(err[0], test.failureException)
            self.say(test, "subtest-" + ("failure" if is_failure else "error"), err)


def arguments():
    words = argparse.ArgumentParser()
    words.add_argument("--results", type=os.path.abspath)
    words.add_argument("--list", action="store_true")
    words.add_argument("--only", type=ids_of)
    words.add_argument("--skip", type=ids_of, default=set())
    words.add_argument("--leave-out", type=ids_of, default=set())
    words.add_argument("--interrupts", action="store_true")
    words.add_argument("names", nargs="+")
    return words.parse_args()


def is_chosen(test, words):
    if test in words.skip or (words.only is not None and test not in words.only):
        return False
    return not any(fnmatch.fnmatchcase(test, "test." + pattern) for pattern in words.leave_out)


def main():
    words = arguments()
    if words.list:
        for test in tests_of(unittest.defaultTestLoader.loadTestsFromNames(words.names)):
            print(test.id())
        return
    support.use_resources = RESOURCES
    if words.interrupts:
        signal.signal(signal.SIGUSR1, lambda number, frame: None)
        signal.siginterrupt(signal.SIGUSR1, True)
    result = Lines(words.results)
    faulthandler.enable()  # a process that dies says where
    with os_helper.temp_cwd(f"suite-{os.getpid()}"):
        loaded = tests_of(unittest.defaultTestLoader.loadTestsFromNames(words.names))
        unittest.TestSuite(test for test in loaded if is_chosen(test.id(), words)).run(result)
    result.line("done")
    os._exit(0)  # no matter what threads a test has left behind


if __name__ == "__main__":
    main()
