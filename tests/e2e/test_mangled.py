# SPDX-License-Identifier: MIT
"""A trace lies where the program can write to it: whatever stands there, the commands that read it
end, and not by a signal; a run whose trace was spoiled ends in words."""

import random
import subprocess

import pytest

from conftest import SOCKFAULT, under

NUMBERS = (0, 1, 65536, 0x7FFFFFFF, 0x80000000, 0xA5A5A5A5, 0xFFFFFFFF, 1 << 40, (1 << 64) - 1)
WORDS = (["trace"], ["trace", "--json"], ["findings", "--json"], ["replay"])
TALK = """
import socket
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
other, _ = server.accept()
client.sendall(b"hello")
other.recv(100)
"""
SPOIL = """
import mmap, os, socket
socket.socket()
path = os.environ["SOCKFAULT_ARENA"]
with open(path, "r+b") as file:
    {}
"""


def mangled(data, seed):
    """The same in another state: numbers where none belong, parts moved, the end cut off."""
    dice, made = random.Random(seed), bytearray(data)
    used = [at for at in range(0, len(data), 64) if any(data[at : at + 64])]
    for _ in range(dice.choice((1, 2, 4, 16))):
        at = dice.choice(used) + 8 * dice.randrange(8)
        if dice.random() < 0.7:
            size = dice.choice((4, 8))
            made[at : at + size] = (dice.choice(NUMBERS) % (1 << 8 * size)).to_bytes(size, "little")
        else:
            source = dice.choice(used)
            made[at : at + 32] = made[source : source + 32]
    end = dice.randrange(len(made)) if dice.random() < 0.1 else len(data)
    return bytes(made[:end])


def test_what_reads_a_mangled_trace_ends_in_order(tmp_path):
    trace, copy = tmp_path / "trace.sft", tmp_path / "copy.sft"
    words = under("send nth=1: short 2", "recv: short 1", trace=trace)
    subprocess.run([*map(str, words), "/usr/bin/python3", "-c", TALK], timeout=60, check=True)
    data = trace.read_bytes()
    for seed in range(120):
        copy.write_bytes(mangled(data, seed))
        for command in (*WORDS, ["ctl", "status", "--json"], ["ctl", "status"]):
            at = [str(copy), *command[1:]] if command[0] == "ctl" else [*command[1:], str(copy)]
            done = subprocess.run(
                [SOCKFAULT, command[0], *at], capture_output=True, timeout=60, check=False
            )
            assert done.returncode >= 0, (seed, command, done.stderr)


NAMED = """
import socket
for path in ("at-unix-path-1", "at-unix-path-2"):
    server, client = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    client.connect(path)
    other, _ = server.accept()
    client.setblocking(False)
    client.send(b"hello")
"""


@pytest.mark.parametrize(
    "evil", [b"\x1b]0;HA\x07", b"\xc2\x9b31mHA", b"\x9b\r\b\x7fHA\xff"], ids=["esc", "c1", "others"]
)
def test_what_others_wrote_does_not_speak_to_the_terminal(evil, tmp_path):
    """A program may have any name, and its trace say anything."""
    trace, copy = tmp_path / "trace.sft", tmp_path / "copy.sft"
    words = under("send nth=1: short 2", "accept nth=2: fail ECONNABORTED", trace=trace)
    command = [*map(str, words), "/usr/bin/python3", "-c", NAMED]
    subprocess.run(command, timeout=60, check=False, cwd=tmp_path, stderr=subprocess.DEVNULL)
    data = trace.read_bytes()
    for word in (b"python3.11", b"bin/python", b"-unix-path"):
        assert word in data
        data = data.replace(word, (evil + b"x" * 8)[: len(word)])
    copy.write_bytes(data)
    shown = []
    for words in (["trace", copy], ["findings", copy], ["replay", copy], ["ctl", copy, "status"]):
        done = subprocess.run([SOCKFAULT, *words], capture_output=True, timeout=60, check=False)
        text = (done.stdout + done.stderr).decode()  # it is UTF-8
        assert all(c in "\n\t" or c.isprintable() for c in text), (words, text)
        shown.append("HA" in text)
    assert shown == [True, True, True, True]


def spoiled(work):
    text = SPOIL.format(work)
    words = under(options=("--timeout", "20s"))
    return subprocess.run(
        [*map(str, words), "/usr/bin/python3", "-c", text],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_trace_that_was_cut_off_is_told(tmp_path):
    done = spoiled("file.truncate(4096)")
    assert done.returncode == 125
    assert "python3 spoiled its trace: its file was cut off" in done.stderr


def test_a_header_that_was_written_over_is_told(tmp_path):
    done = spoiled("file.seek(8); file.write(b'x' * 24)")
    assert done.returncode == 125
    assert "python3 spoiled its trace: its header was written over" in done.stderr
