# SPDX-License-Identifier: MIT
"""shared.py N processes|threads: two of them send N times two bytes on one connection."""

import os
import socket
import sys
import threading

times, kind = int(sys.argv[1]), sys.argv[2]
with socket.create_server(("127.0.0.1", 0)) as listener:
    sender = socket.create_connection(listener.getsockname())
    receiver, _ = listener.accept()


def send():
    for _ in range(times):
        sender.send(b"xx")


def in_child(work):
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return child


def drain():
    sender.close()
    while receiver.recv(65536):
        pass


drains = in_child(drain)
receiver.close()
sender.send(b"xx")  # what is known of it now is known before there are two
if kind == "processes":
    senders = [in_child(send) for _ in range(2)]
    for child in senders:
        os.waitpid(child, 0)
else:
    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
sender.close()
os.waitpid(drains, 0)
