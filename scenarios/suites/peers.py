# SPDX-License-Identifier: MIT
"""Peers of the example suites: plain functions that are given a connection."""

BODY = b"".join(b"line %d\n" % number for number in range(100))


def http(c):
    """Answers one request with a hundred lines, and waits for the client to close."""
    c.recv_until(b"\r\n\r\n")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
    c.send_all(head % len(BODY) + BODY)
    c.recv_all()


def upper(c):
    """Answers each datagram with itself in capitals."""
    c.send(c.recv().upper())
