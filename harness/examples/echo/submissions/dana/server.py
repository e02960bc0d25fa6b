#!/usr/bin/python3
"""Echo server, one thread per client. Usage: server PORT"""

import socket
import sys
import threading
import time


def serve(conn):
    with conn:
        try:
            while data := conn.recv(4096):
                conn.sendall(data)
        except OSError as e:
            print("client lost:", e, file=sys.stderr)


def main():
    listener = socket.create_server(("", int(sys.argv[1])))
    while True:
        try:
            conn, _ = listener.accept()
        except OSError as e:
            print("accept:", e, file=sys.stderr)
            time.sleep(0.01)
            continue
        threading.Thread(target=serve, args=(conn,), daemon=True).start()


main()
