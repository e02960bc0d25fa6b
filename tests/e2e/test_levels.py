# SPDX-License-Identifier: MIT
"""A library that was built at another level of optimization than ours tells the same.

The short ways of brief.h take the frame of the wrapper for theirs, which the compiler grants from
-O2 on; below they are left out.
"""

import shutil

import pytest

from conftest import BUILD, ROOT, faults, run

PYTHON = "/usr/bin/python3"

TALK = """
import socket

listener = socket.create_server(("127.0.0.1", 0))
a = socket.create_connection(listener.getsockname())
b = listener.accept()[0]
for _ in range(40):
    a.send(b"12345678")
    print(len(b.recv(8)))
"""


@pytest.fixture(params=["-O0", "-O3"])
def command(request, tmp_path):
    """The command, with such a library beside it."""
    build = tmp_path / "build"
    words = ["make", "-s", "-C", ROOT, f"BUILD={build}", f"CFLAGS={request.param} -g"]
    run([*words, build / "libsockfault.so"], check=True, timeout=300)
    return shutil.copy2(BUILD / "sockfault", build)


def test_a_fault_after_many_calls_stands_where_the_program_made_it(command, tmp_path):
    trace = tmp_path / "trace.sft"
    words = [command, *f"run --quiet --trace {trace} --trace-level faults".split()]
    words += ["-e", "recv nth=20: short 3", "--"]
    done = run([*words, PYTHON, "-c", TALK], check=True)
    assert [int(line) for line in done.stdout.split()][:20] == [8] * 19 + [3]
    [fault] = faults(trace)
    assert fault["site"].startswith("python3") and fault["func"] == "recv"
