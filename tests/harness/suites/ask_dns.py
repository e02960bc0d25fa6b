# SPDX-License-Identifier: MIT
"""ask_dns.py PORT NAME...: asks 127.0.0.1 for the address of each name, up to eight times."""

import socket
import struct
import sys


def query(number, name):
    words = b"".join(bytes([len(word)]) + word.encode() for word in name.split("."))
    return struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + words + b"\0" + struct.pack(">2H", 1, 1)


def answer(s, number, name):
    for _ in range(8):
        try:
            s.send(query(number, name))
            while True:
                data = s.recv(2000)
                if len(data) > 16 and data[:2] == struct.pack(">H", number) and data[7]:
                    return socket.inet_ntoa(data[-4:])
        except (TimeoutError, ConnectionRefusedError):
            continue
    sys.exit(f"no answer for {name}")


s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("127.0.0.1", int(sys.argv[1])))
s.settimeout(0.5)
for number, name in enumerate(sys.argv[2:], 1):
    print(name, answer(s, number, name))
