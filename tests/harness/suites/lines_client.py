# SPDX-License-Identifier: MIT
"""lines_client.py PORT LINE...: sends lines one after the other, and prints what comes back."""

import socket
import sys

try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=8) as s:
        stream = s.makefile("rwb")
        for line in sys.argv[2:]:
            stream.write(line.encode() + b"\n")
            stream.flush()
            answer = stream.readline()
            if not answer.endswith(b"\n"):
                sys.exit("the server ended too early")
            print(answer.decode().strip())
except OSError as error:
    sys.exit(f"{error}")
