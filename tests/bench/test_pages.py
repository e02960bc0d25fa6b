# SPDX-License-Identifier: MIT
"""What a start costs, in pages that are touched: each takes a microsecond or more, and unlike the
time that it takes their number is the same on a busy machine.
"""

import os

from counts import BENCH, COMMAND, LIBRARY

PRELOADED = 5  # above a forwarder of fourteen names
RUN = 85  # above bare: the command, and what the program touches of the run's file


def pages(words, **variables):
    """The fewest of some starts: the first ones bring files in."""
    counted = []
    for _ in range(10):
        pid = os.posix_spawn(words[0], words, {"PATH": "/usr/bin:/bin", **variables})
        _, status, used = os.wait4(pid, 0)
        assert status == 0
        counted.append(used.ru_minflt + used.ru_majflt)
    return min(counted)


def test_preloading_touches_few_pages():
    forwarder = pages(["/bin/true"], LD_PRELOAD=str(BENCH / "forwarder.so"))
    assert pages(["/bin/true"], LD_PRELOAD=str(LIBRARY)) <= forwarder + PRELOADED


def test_a_run_touches_few_pages(tmp_path):
    run = [str(COMMAND), "run", "--quiet", "/bin/true"]
    bare = pages(["/bin/true"])
    assert pages(run, SOCKFAULT_DIR=str(tmp_path)) <= bare + RUN
