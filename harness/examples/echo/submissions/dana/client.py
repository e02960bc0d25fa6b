#!/usr/bin/python3
"""Echo client. Usage: client HOST PORT < lines"""

import socket
import sys


def read_line(sock):
    """sock.recv may give less than a line, so collect until the newline is there."""
    data = b""
    while not data.endswith(b"\n"):
        more = sock.recv(1)
        if not more:
            sys.exit("the server hung up")
        data += more
    return data


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    with socket.create_connection((host, port)) as sock:
        for line in sys.stdin.buffer:
            sock.sendall(line)
            sys.stdout.buffer.write(read_line(sock))
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(4096):
            pass


try:
    main()
except OSError as e:
    sys.exit(f"error: {e}")
