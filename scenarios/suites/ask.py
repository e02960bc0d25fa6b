# SPDX-License-Identifier: MIT
"""ask.py HOST PORT QUESTION...: a client that copes: asks by UDP, up to five times each.

An answer belongs to a question if it begins with its number, so that late and doubled ones do no
harm.
"""

import socket
import sys


def ask(s, number, question):
    for _ in range(5):
        try:
            s.send(f"{number} {question}".encode())
            while True:
                answer = s.recv(2000).decode(errors="replace")
                if answer == f"{number} {question}".upper():
                    return answer
        except (TimeoutError, ConnectionRefusedError):
            continue
    sys.exit(f"no answer to {question}")


def main(host, port, *questions):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((host, int(port)))
    s.settimeout(0.2)
    for number, question in enumerate(questions, 1):
        print(ask(s, number, question))


main(*sys.argv[1:])
