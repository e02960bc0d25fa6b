# SPDX-License-Identifier: MIT
"""The server that echo clients are tested with."""


def echo(c):
    """Sends back whole lines, until the client ends its direction: what a client receives does not
    depend on the pieces in which it sends."""
    rest = b""
    while data := c.recv():
        rest += data
        lines, newline, rest = rest.rpartition(b"\n")
        c.send_all(lines + newline)
    c.send_all(rest)
    c.half_close()
