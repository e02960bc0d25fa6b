# SPDX-License-Identifier: MIT
"""The snippets of aarch64 under qemu-user: natively first, then with the library and rules.

`make aarch64-programs` builds them. What they execute runs natively, on this machine, where the
loader passes the library over with a line that is left out here; `sockfault run` can start nothing
there, for the same reason. The units of aarch64 are run by `make aarch64-unit`.
"""

import os
import re
import subprocess

import pytest

from test_snippets import BUILD, NEVER, snippets

ARM = BUILD / "aarch64"
OUT = ARM / "tests" / "snippets"
QEMU = os.environ.get("SOCKFAULT_QEMU", "qemu-aarch64 -L /usr/aarch64-linux-gnu").split()
FRAMES = {
    "main": "frames",
    "handler": "frames",
    "thread": "frames",
    "constructor": "frames-constructor",
}
# qemu 7 does not know these: libc does without some, syscall() and what comes early can't.
NOT_IN_QEMU = re.compile(
    r"(raw_)?epoll_pwait2/|raw_p(read|write)v2/|p(read|write)v(64)?v?2/constructor"
)
# What is executed is not emulated: the loader of this machine passes the library over.
COMPLAINT = re.compile(r"ERROR: ld\.so: object '.*' from LD_PRELOAD cannot be preloaded")


def cases():
    listed = OUT / "snippets.def"
    there = set(re.findall(r"\((\w+)\)", listed.read_text() if listed.exists() else ""))
    for name, path in snippets():
        safe = "Async-signal-safe" in re.sub(r"\n \* ", " ", path.read_text().split("*/")[0])
        for frame in FRAMES:
            if (
                NOT_IN_QEMU.match(f"{name}/{frame}")
                or name not in there
                or (frame == "handler" and not safe)
            ):
                continue
            if frame == "main" or not name.startswith("raw_"):
                yield name, frame


CASES = list(cases())


def transcript(argv, rules=()):
    # Not all by -E, where a comma ends a value.
    words = QEMU + (["-E", f"LD_PRELOAD={ARM}/libsockfault.so"] if rules else []) + argv
    done = subprocess.run(
        [str(word) for word in words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C", "SOCKFAULT_RULES": "\n".join(rules)},
        timeout=60,
    )
    lines = done.stdout.decode(errors="replace").splitlines()
    return [line for line in lines if not COMPLAINT.match(line)] + [f"status {done.returncode}"]


@pytest.mark.parametrize("name,frame", CASES, ids=[f"{name}-{frame}" for name, frame in CASES])
def test_transcript_is_the_native_one(name, frame):
    argv = [OUT / FRAMES[frame], frame, name]
    native = transcript(argv)
    assert native[-1] == "status 0" and len(native) > 1, native
    assert transcript(argv, NEVER) == native


@pytest.mark.skipif(not CASES, reason="`make aarch64-programs` was not done")
@pytest.mark.parametrize("name", ["recv", "raw_recvfrom"])
def test_rules_fire(name):
    argv = [OUT / "frames", "main", name]
    lines = transcript(argv, ["recv family=unix,inet,inet6: short 2"])
    asked_for_four = [line for line in lines if line.startswith("take(fd, buffer, length) = ")]
    assert any(line.endswith(" = 2") for line in asked_for_four)
    assert not any(line.endswith(" = 4") for line in asked_for_four)
