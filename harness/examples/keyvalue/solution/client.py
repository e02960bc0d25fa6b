#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""client.py HOST PORT TALK: talks to a key-value server and prints each request with its answer.

TALK is one of

    one     one client, a request at a time
    many    eight clients at once, with several requests under way on each
    halves  frames that come in two parts, while other clients want to be served
    aside   a client that does not wait for its answer, and another that does
    limits  the longest frame, and frames that are too long

Ends with 0 if all was answered, with 1 if a connection was lost. What is printed does not depend on
which client is served first: each has keys of its own.
"""

import socket
import struct
import sys

PATIENCE = 10.0  # seconds for an answer
MOST = 1024  # bytes of a frame


class Lost(Exception):
    """The server has ended the connection, or does not answer."""


def frame(text):
    data = text.encode()
    return struct.pack("!I", len(data)) + data


def shown(text):
    return text if len(text) <= 40 else f"{text[:40]}... ({len(text)} bytes)"


class Client:
    def __init__(self, name, address):
        self.name = name
        self.sock = socket.create_connection(address, PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Lost(f"{self.name}: send: {error.strerror or error}") from None

    def _exactly(self, length):
        data = b""
        while len(data) < length:
            try:
                more = self.sock.recv(length - len(data))
            except TimeoutError:
                raise Lost(f"{self.name}: no answer within {PATIENCE:g} s") from None
            except OSError as error:
                raise Lost(f"{self.name}: recv: {error.strerror or error}") from None
            if not more:
                raise Lost(f"{self.name}: the server has ended the connection")
            data += more
        return data

    def answer(self):
        (length,) = struct.unpack("!I", self._exactly(4))
        if length > MOST + 3:
            raise Lost(f"{self.name}: an answer of {length} bytes")
        return self._exactly(length).decode(errors="replace")

    def ask(self, text):
        self.send(frame(text))
        self.tell(text)

    def tell(self, text):
        """Prints the next answer, which is that to this request."""
        print(f"{self.name}: {shown(text)} -> {shown(self.answer())}", flush=True)

    def end(self):
        """Our end; nothing may come after the last answer but the server's end."""
        self.sock.shutdown(socket.SHUT_WR)
        try:
            more = self.sock.recv(100)
        except TimeoutError:
            raise Lost(f"{self.name}: the server does not end the connection") from None
        except OSError as error:
            raise Lost(f"{self.name}: end: {error.strerror or error}") from None
        if more:
            raise Lost(f"{self.name}: more than was asked for")
        self.sock.close()


def one(address):
    client = Client("one", address)
    for text in ("PUT a apple", "GET a", "PUT a two words", "GET a", "PUT b ", "GET b"):
        client.ask(text)
    for text in ("DEL a", "GET a", "DEL a", "DEL b", "HELLO", "GET"):
        client.ask(text)
    client.end()


def many(address):
    clients = [Client(f"client {n}", address) for n in range(1, 9)]
    texts = [f"PUT key{{n}} {'value' * 5}{{n}}", "GET key{n}", "DEL key{n}", "GET key{n}"]
    for n, client in enumerate(clients):
        client.send(b"".join(frame(text.format(n=n)) for text in texts))
    for n, client in reversed([*enumerate(clients)]):
        for text in texts:
            client.tell(text.format(n=n))
    for client in clients:
        client.end()


def halves(address):
    slow, other = Client("slow", address), Client("other", address)
    for cut in (2, 4, 7):  # in the length, behind it, in the text
        data = frame("PUT half way")
        slow.send(data[:cut])
        other.ask("PUT whole frame")  # perhaps served before that half was seen
        other.ask("GET whole")
        slow.send(data[cut:])
        slow.tell("PUT half way")
    for client in (slow, other):
        client.end()


def aside(address):
    """The first one's answer may never come: it is not waited for."""
    first, second = Client("first", address), Client("second", address)
    first.send(frame("GET nothing"))
    for text in ("PUT me too", "GET me", "DEL me"):
        second.ask(text)
    second.end()


def limits(address):
    client = Client("limits", address)
    value = "x" * (MOST - len("PUT long "))
    for text in (f"PUT long {value}", "GET long", "DEL long"):
        client.ask(text)
    client.end()
    for length in (0, MOST + 1, 0xFFFFFFFF):
        client = Client(f"length {length}", address)
        client.send(struct.pack("!I", length))
        client.tell("a frame of this length")
        client.end()


def main():
    host, port, name = sys.argv[1:]
    talks = {talk.__name__: talk for talk in (one, many, halves, aside, limits)}
    try:
        talks[name]((host, int(port)))
    except (Lost, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(1)


main()
