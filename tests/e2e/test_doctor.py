# SPDX-License-Identifier: MIT
"""`sockfault doctor`: will the library load, what will it see; `run` asks the doctor first."""

import os
import shutil
import subprocess

import pytest

from conftest import SOCKFAULT, run

PROGRAM = """
#include <sys/socket.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>
int main(void) {
    char c;
    FILE *f = fdopen(dup(1), "w");
    syslog(LOG_INFO, "started");
    return socket(AF_INET, SOCK_STREAM, 0) < 0 || send(9, &c, 1, 0) > 0 || !f;
}
"""


def built(tmp_path, name, *options, source=PROGRAM, compiler="cc"):
    if not shutil.which(compiler):
        pytest.skip(f"there is no {compiler} here")
    code, path = tmp_path / f"{name}.c", tmp_path / name
    code.write_text(source)
    done = subprocess.run([compiler, code, "-o", path, *options], capture_output=True)
    if done.returncode:
        pytest.skip(f"{compiler} {options} does not work here")
    return path


def doctor(command):
    return run([SOCKFAULT, "doctor", command])


def refused(command, *words):
    """The doctor refuses it with these words, and so does run, with the same."""
    examined, started = doctor(command), run([SOCKFAULT, "run", "--quiet", "--", command])
    assert examined.returncode == started.returncode == 125
    for word in words:
        assert word in examined.stderr.decode() and word in started.stderr.decode()
    assert examined.stderr.count(b"\n") == 1


def test_it_lists_what_is_intercepted_and_what_is_not(tmp_path):
    done = doctor(built(tmp_path, "plain"))
    text = done.stdout.decode()
    assert done.returncode == 0 and "the library will load" in text
    covered = text.split("intercepted", 1)[1].split("not intercepted")[0].split()
    assert {"dup", "fdopen", "send", "socket"} <= set(covered)
    assert "syslog" in text.split("not intercepted")[1] and "plain" in text.split("syslog")[1]


def test_libraries_are_looked_into_too(tmp_path):
    library = built(
        tmp_path,
        "libtalk.so",
        "-shared",
        "-fPIC",
        source="#include <sys/socket.h>\nint talk(void) { return listen(3, 1); }",
    )
    program = built(
        tmp_path,
        "caller",
        library,
        f"-Wl,-rpath,{tmp_path}",
        source="int talk(void); int main(void) { return talk(); }",
    )
    assert "listen" in doctor(program).stdout.decode()
    library.unlink()
    assert "libtalk.so" in doctor(program).stdout.decode().split("not found")[1]


@pytest.mark.parametrize("option", ["-static", "-static-pie"])
def test_static_programs_are_refused(tmp_path, option):
    refused(built(tmp_path, "static", option), "statically linked")


def test_programs_of_another_word_size_are_refused(tmp_path):
    path = built(tmp_path, "other")
    data = bytearray(path.read_bytes())
    data[4] = 1  # ELFCLASS32
    path.write_bytes(data)
    assert "32-bit program" in doctor(path).stderr.decode()
    assert doctor(path).returncode == 125


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_set_id_programs_are_refused(tmp_path):
    path = built(tmp_path, "set-id")
    os.chown(path, 65534, 65534)
    path.chmod(0o4755)
    refused(path, "set-user-ID")
    path.chmod(0o2755)
    refused(path, "set-group-ID")


def test_the_interpreter_of_a_script_decides(tmp_path):
    static = built(tmp_path, "interpreter", "-static")
    script = tmp_path / "script"
    script.write_text(f"#!{static}\n")
    script.chmod(0o755)
    refused(script, "its interpreter", "statically linked")
    script.write_text("#!/usr/bin/env sh\nexit 0\n")
    done = doctor(script)
    assert (
        done.returncode == 0
        and "through" in done.stdout.decode()
        and "/env" in done.stdout.decode()
    )


def test_what_can_not_be_run_is_named(tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("hello")
    for command, words in (("no-such-command", "No such file"), (plain, "Permission denied")):
        done = doctor(command)
        assert done.returncode == 125 and words in done.stderr.decode()


def test_a_missing_loader_is_named(tmp_path):
    path = built(tmp_path, "lost", "-Wl,--dynamic-linker=/lib/ld-none.so.1")
    done = doctor(path)
    assert done.returncode == 125 and "/lib/ld-none.so.1 is not installed" in done.stderr.decode()


@pytest.mark.parametrize("sanitizer, runtime", [("address", "libasan"), ("thread", "libtsan")])
def test_a_shared_sanitizer_comes_first(tmp_path, sanitizer, runtime):
    path = built(tmp_path, "sane", f"-fsanitize={sanitizer}", compiler="gcc")
    done = doctor(path)
    assert done.returncode == 0 and runtime in done.stdout.decode().split("\nsanitizer ")[1]


def test_a_sanitizer_inside_needs_nothing(tmp_path):
    path = built(tmp_path, "inside", "-fsanitize=address", compiler="clang")
    assert "comes first" not in doctor(path).stdout.decode()


def test_use_of_io_uring_is_seen(tmp_path):
    code = "#include <unistd.h>\nint main(void) { return syscall(425, 1, 0) < 0; }"
    assert "\nio_uring: " in doctor(built(tmp_path, "ring", "-O2", source=code)).stdout.decode()
    assert "\nio_uring: " not in doctor(built(tmp_path, "plain")).stdout.decode()


def test_calls_through_syscall_are_intercepted(tmp_path):
    code = "#include <unistd.h>\nint main(void) { return syscall(41, 1, 1, 0) < 0; }"
    said = doctor(built(tmp_path, "raw", source=code)).stdout.decode()
    assert "intercepted (1 of its imports):\n  syscall\n" in said


def test_it_never_runs_the_command(tmp_path):
    mark = tmp_path / "ran"
    code = f'#include <stdio.h>\nint main(void) {{ return !fopen("{mark}", "w"); }}'
    doctor(built(tmp_path, "marker", source=code))
    assert not mark.exists()
