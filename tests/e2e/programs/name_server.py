# SPDX-License-Identifier: MIT
"""name_server.py RCODE COMMAND...: runs COMMAND beside a name server that says nothing but RCODE.

It is started in namespaces of its own (unshare -rmn): it brings up the loopback there, puts its own
resolv.conf over the system's and listens on port 53.
"""

import fcntl
import socket
import struct
import subprocess
import sys
import tempfile
import threading

SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def question(packet):
    end = 12
    while packet[end]:
        end += packet[end] + 1
    return packet[12 : end + 5]


def serve(server, rcode):
    while True:
        packet, client = server.recvfrom(4096)
        head = packet[:2] + bytes([0x81, 0x80 | rcode]) + packet[4:6] + bytes(6)
        server.sendto(head + question(packet), client)


def main():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fcntl.ioctl(server, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    server.bind(("127.0.0.1", 53))
    with tempfile.NamedTemporaryFile() as conf:
        conf.write(b"nameserver 127.0.0.1\noptions timeout:5 attempts:1\n")
        conf.flush()
        subprocess.run(["mount", "--bind", conf.name, "/etc/resolv.conf"], check=True)
        threading.Thread(target=serve, args=(server, int(sys.argv[1])), daemon=True).start()
        return subprocess.run(sys.argv[2:]).returncode


sys.exit(main())
