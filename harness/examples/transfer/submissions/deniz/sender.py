#!/usr/bin/python3
import socket
import struct
import sys
import time

BLOCK = 128
TRIES = 10


def packet(kind, number, data=b""):
    rest = struct.pack("!I", number) + data
    return kind + struct.pack("!H", (sum(kind) + sum(rest)) % 65536) + rest


def acked(sock, wanted):
    """True if exactly this packet comes within 0.1 s."""
    end = time.monotonic() + 0.1
    while (left := end - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            if sock.recv(1000) == wanted:
                return True
        except socket.timeout:
            return False
        except ConnectionRefusedError:
            pass  # not there yet
    return False


def deliver(sock, kind, number, data=b""):
    for _ in range(TRIES):
        try:
            sock.send(packet(kind, number, data))
        except OSError as e:
            print("send:", e, file=sys.stderr)
        if acked(sock, packet(b"A", number + 1)):
            return
    sys.exit("the receiver does not answer")


def main():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((sys.argv[1], int(sys.argv[2])))
    number = 0
    while data := sys.stdin.buffer.read(BLOCK):
        deliver(sock, b"D", number, data)
        number += 1
    deliver(sock, b"E", number)


main()
