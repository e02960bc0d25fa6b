# SPDX-License-Identifier: MIT
"""The peer of hostile submissions: a line, and the answer."""

import pathlib

ANSWER = pathlib.Path(__file__).with_name("answer.txt").read_bytes()


def answer(c):
    if c.recv_until(b"\n") != b"hello\n":
        raise ValueError("the question was another one")
    c.send_all(ANSWER)
    c.recv_all()
