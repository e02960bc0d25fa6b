# SPDX-License-Identifier: MIT
"""Each libc call, in each place from which a program can make it, gives what it gives without us.

Each test runs one snippet in one frame natively, then with the library preloaded, then under
`sockfault run` with rules that meet the calls and never fire. The three transcripts are equal.
"""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SOCKFAULT_BUILD", ROOT / "build"))
OUT = BUILD / "tests" / "snippets"
NEVER = ["any nth=1000000..: delay 1s", "send,recv,connect,accept peer=192.0.2.1: fail ETIMEDOUT"]

# name: program and its first argument
FRAMES = {
    "main": ("frames", "main"),
    "constructor": ("frames-constructor", "-"),
    "static": ("frames-static", "-"),
    "thread": ("frames", "thread"),
    "fork": ("frames", "fork"),
    "exec": ("frames", "exec"),
    "empty": ("frames", "empty"),
    "handler": ("frames", "handler"),
    "closefrom": ("frames", "closefrom"),
    "fortified": ("frames-fortified", "main"),
}
# The same frames of a program that is linked with musl (`make musl`), under the same library.
MUSL = BUILD / "musl" / "tests" / "snippets"
FRAMES.update(
    {f"musl-{frame}": (MUSL / program, word) for frame, (program, word) in FRAMES.items()}
)
for frame in ("musl-static", "musl-fortified"):
    del FRAMES[frame]
# syscall() itself goes through all of them.
RAW_FRAMES = {"main", "constructor", "fork", "handler"}
RAW_FRAMES |= {f"musl-{frame}" for frame in RAW_FRAMES}


def aliases():
    rows = (ROOT / "shim/core/calls.def").read_text()
    return dict(re.findall(r"^SF_ALIAS\((\w+), (\w+)\)", rows, re.M))


def raws():
    """Wrappers that syscall() reaches too: raw_NAME is the snippet NAME, through syscall()."""
    return re.findall(r"^SF_RAW\(\w+, (\w+),", (ROOT / "shim/wrap/raw.def").read_text(), re.M)


def snippets():
    """(name, file) of each; an alias has the file of its row."""
    files = {path.stem: path for path in (ROOT / "tests/snippets").glob("*.c")}
    files.update({name: files[row] for name, row in aliases().items() if row in files})
    files.update({f"raw_{name}": files[name] for name in raws()})
    return sorted(files.items())


def of_musl():
    """The snippets whose function musl has; none where `make musl` was not done."""
    listed = MUSL / "snippets.def"
    return set(re.findall(r"\((\w+)\)", listed.read_text() if listed.exists() else ""))


def fits(frame, name, path):
    if frame.startswith("musl-") and name not in of_musl():
        return False
    if name.startswith("raw_") and frame not in RAW_FRAMES:
        return False
    if frame.endswith("handler"):
        head = re.sub(r"\n \* ", " ", path.read_text().split("*/")[0])
        return "Async-signal-safe" in head
    return frame != "fortified" or name not in aliases()


CASES = [(name, frame) for name, path in snippets() for frame in FRAMES if fits(frame, name, path)]


def transcript(argv, **environment):
    done = subprocess.run(
        [str(word) for word in argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C", **environment},
        timeout=30,
    )
    return done.stdout.decode(errors="replace").splitlines() + [f"status {done.returncode}"]


@pytest.mark.parametrize("name,frame", CASES, ids=[f"{name}-{frame}" for name, frame in CASES])
def test_transcript_is_the_native_one(name, frame, tmp_path):
    program, word = FRAMES[frame]
    argv = [OUT / program, word, name]
    native = transcript(argv)
    assert native[-1] == "status 0" and len(native) > 1, native

    assert transcript(argv, LD_PRELOAD=str(BUILD / "libsockfault.so")) == native, "preloaded"

    under = [BUILD / "sockfault", "run", "--quiet", "--trace", tmp_path / "trace.sft"]
    for rule in NEVER:
        under += ["-e", rule]
    assert transcript(under + ["--"] + argv) == native, "under sockfault run, with rules"
