# SPDX-License-Identifier: MIT
"""offset= acts at exactly that byte, by whatever call the bytes move."""

import pytest
from conftest import run, under

MOVE = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server, _ = listener.accept()
move = {
    "send": lambda: client.send(b"abcdefgh"),
    "write": lambda: os.write(client.fileno(), b"abcdefgh"),
    "writev": lambda: os.writev(client.fileno(), [b"ab", b"cdefgh"]),
    "sendmsg": lambda: client.sendmsg([b"ab", b"cdefgh"]),
    "recv": lambda: len(client.recv(8)),
    "read": lambda: len(os.read(client.fileno(), 8)),
    "readv": lambda: os.readv(client.fileno(), [bytearray(2), bytearray(6)]),
    "recvmsg": lambda: client.recvmsg_into([bytearray(2), bytearray(6)])[0],
}[sys.argv[1]]
server.sendall(b"abcdefgh")
print(move())
try:
    print(move())
except ConnectionResetError:
    print("reset")
"""


@pytest.mark.parametrize(
    "operation,name",
    [("send", name) for name in ("send", "write", "writev", "sendmsg")]
    + [("recv", name) for name in ("recv", "read", "readv", "recvmsg")],
)
def test_transfer_ends_where_the_range_begins(operation, name):
    words = under(f"{operation} side=client offset=3..: reset")
    done = run([*words, "/usr/bin/python3", "-c", MOVE, name], check=True)
    assert done.stdout == b"3\nreset\n"
