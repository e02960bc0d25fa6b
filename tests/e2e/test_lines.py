# SPDX-License-Identifier: MIT
"""`sockfault trace --lines`: which source line a call stands in, however the program was built."""

import json
import os
import shutil

import pytest
from conftest import SOCKFAULT, run, under

SOURCE = """\
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <signal.h>
#include <unistd.h>
static int ends[2];
int far(int fd);

static inline __attribute__((always_inline)) long Send(int fd)
{
    return send(fd, "inlined", 7, 0); /* Send */
}

static __attribute__((noinline)) long xwrite(int fd)
{
    return write(fd, "wrapped", 7) + 0 * fd; /* xwrite */
}

static void on_signal(int number)
{
    send(ends[0], "handler", number > 0, 0); /* handler */
}

static __attribute__((noinline)) void act(void)
{
    FILE *stream = fdopen(dup(ends[0]), "w");

    Send(ends[0]); /* inlined */
    if (xwrite(ends[0]) != 7) /* wrapped */
        return;
    fprintf(stream, "text"); fflush(stream); /* stdio */
    syscall(SYS_sendto, ends[0], "raw", 3, 0, NULL, 0); /* raw */
    raise(SIGUSR1);
    far(ends[0]); /* far */
    fclose(stream);
}

int main(void)
{
    signal(SIGUSR1, on_signal);
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    act();
    return 0;
}
"""
LIBRARY = """\
#include <sys/socket.h>
int far(int fd)
{
    return (int)send(fd, "far", 3, 0) + fd * 0;
}
"""
FLAGS = ["-g", "-O1", "-fno-optimize-sibling-calls"]


def line_of(mark):
    return next(n for n, line in enumerate(SOURCE.splitlines(), 1) if f"/* {mark} */" in line)


def build(folder, *flags):
    (folder / "calls.c").write_text(SOURCE)
    (folder / "far.c").write_text(LIBRARY)
    run(["cc", *FLAGS, "-shared", "-fPIC", "-o", "libfar.so", "far.c"], cwd=folder, check=True)
    words = ["-o", "calls", "calls.c", "-L.", "-lfar", f"-Wl,-rpath,{folder}"]
    run(["cc", *FLAGS, *flags, *words], cwd=folder, check=True)
    return folder / "calls"


def looked_up(folder, program, **environment):
    trace = folder / "run.sft"
    run(under(trace=trace, options=["--stacks"]) + [program], check=True)
    env = {**os.environ, **environment}
    done = run([SOCKFAULT, "trace", trace, "--lines"], env=env, check=True)
    every = [json.loads(line) for line in done.stdout.splitlines()]
    return every, done.stderr.decode()


def own_lines(every):
    """Of the stacks of sends: (function, file, line) of the program's own frame."""
    return [
        (e["function"], os.path.basename(e["file"] or ""), e["line"])
        for e in every
        if "stack" in e and e["func"] in ("send", "write", "sendto")
    ]


EXPECTED = [
    ("act", "calls.c", line_of("inlined")),
    ("act", "calls.c", line_of("wrapped")),
    ("act", "calls.c", line_of("stdio")),
    ("act", "calls.c", line_of("raw")),
    ("on_signal", "calls.c", line_of("handler")),
    ("far", "far.c", 4),
]


@pytest.mark.parametrize("flags", [["-fPIE", "-pie"], ["-no-pie"], ["-gdwarf-4"]], ids=" ".join)
def test_lines_of_programs_and_libraries_wherever_they_are_loaded(tmp_path, flags):
    every, _ = looked_up(tmp_path, build(tmp_path, *flags))
    assert own_lines(every) == EXPECTED


def test_an_inlined_call_has_the_functions_around_it(tmp_path):
    every, _ = looked_up(tmp_path, build(tmp_path))
    inlined = next(e for e in every if e["function"] == "Send" and "site" in e)
    assert inlined["line"] == line_of("Send")
    assert [(i["function"], i["line"]) for i in inlined["inlined_into"]] == [
        ("act", line_of("inlined"))
    ]


def test_lines_come_from_separate_debug_files(tmp_path):
    program = build(tmp_path)
    run(["objcopy", "--only-keep-debug", "calls", "calls.debug"], cwd=tmp_path, check=True)
    words = ["objcopy", "--strip-debug", "--add-gnu-debuglink=calls.debug", "calls"]
    run(words, cwd=tmp_path, check=True)
    every, _ = looked_up(tmp_path, program)
    assert own_lines(every) == EXPECTED


def test_without_debug_information_functions_are_named(tmp_path):
    program = build(tmp_path)
    run(["strip", "--strip-debug", "calls", "libfar.so"], cwd=tmp_path, check=True)
    every, _ = looked_up(tmp_path, program)
    names = [name for name, _, _ in own_lines(every)]
    assert names == ["act"] * 4 + ["on_signal", "far"]


HIDDEN = """\
#include <sys/socket.h>
int before(void) { return 1; }
static __attribute__((noinline)) int hidden(int fd)
{
    return (int)send(fd, "far", 3, 0) + before();
}
int far(int fd) { return hidden(fd) + 1; }
"""


def test_a_function_without_a_symbol_is_not_called_by_the_one_before_it(tmp_path):
    program = build(tmp_path)
    (tmp_path / "far.c").write_text(HIDDEN)
    run(["cc", *FLAGS, "-shared", "-fPIC", "-o", "libfar.so", "far.c"], cwd=tmp_path, check=True)
    run(["strip", "libfar.so"], cwd=tmp_path, check=True)
    every, _ = looked_up(tmp_path, program)
    assert own_lines(every)[-1] == (None, "", None)


def test_without_addr2line_that_is_said_and_functions_are_named(tmp_path):
    empty = tmp_path / "bin"
    empty.mkdir()
    every, said = looked_up(tmp_path, build(tmp_path), PATH=str(empty))
    assert said.count("addr2line") == 1
    names = [name for name, _, _ in own_lines(every)]
    assert names == ["act"] * 4 + ["on_signal", "far"]


@pytest.mark.parametrize("tool", ["llvm-addr2line", "eu-addr2line"])
def test_other_tools_than_binutils_do(tmp_path, tool):
    found = shutil.which(tool)
    if not found:
        pytest.skip(f"no {tool}")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / tool).symlink_to(found)
    every, _ = looked_up(tmp_path, build(tmp_path), PATH=str(folder))
    lines = own_lines(every)
    assert lines[1:] == EXPECTED[1:]
    assert lines[0] == EXPECTED[0] or tool == "eu-addr2line"  # it is not asked for inlined ones
