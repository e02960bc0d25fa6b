# SPDX-License-Identifier: MIT
"""waiting.py WHAT ...: programs that wait for readiness; each prints what it saw, as JSON.

None sleeps to wait; each ends by itself within LIMIT seconds.
"""

import asyncio
import json
import os
import queue
import resource
import select
import socket
import sys
import threading
import time

LIMIT = 5.0
EPOLL_WAITS = {"232", "281", "441", "22"}  # epoll_wait, epoll_pwait, epoll_pwait2; of arm64


def pair():
    """A client and the server's non-blocking end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server = listener.accept()[0]
    server.setblocking(False)
    return client, server


def receive(server):
    """What is there; None: nothing yet."""
    try:
        return server.recv(100)
    except BlockingIOError:
        return None


def begin():
    return time.monotonic()


def since(start):
    return time.monotonic() - start


def until_inside_epoll(thread):
    """The thread sleeps in the kernel, in epoll_wait or one of its kind."""
    start = begin()
    while since(start) < LIMIT:
        with open(f"/proc/self/task/{thread.native_id}/syscall") as file:
            if file.read().split()[0] in EPOLL_WAITS:
                return


def many(how, count):
    """All connections have something; each is held back on its own."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    pairs = [pair() for _ in range(int(count))]
    waiting = {server.fileno(): server for _, server in pairs}
    poller = select.epoll() if how == "epoll" else select.poll()
    for server in waiting.values():
        poller.register(server, select.EPOLLIN)
    for client, _ in pairs:
        client.send(b"hi")
    start, waits, unit = begin(), 0, 1 if how == "epoll" else 1000
    while waiting and since(start) < LIMIT:
        waits += 1
        for fd, _ in poller.poll(1 * unit):
            if fd in waiting and receive(waiting[fd]):
                poller.unregister(fd)
                del waiting[fd]
    return {"left": len(waiting), "waits": waits}


class Office:
    """One thread waits and hands out, two work: each reads until there is nothing."""

    def __init__(self, flags, server):
        self.flags, self.server = flags, server
        self.epoll = select.epoll()
        self.epoll.register(server, flags)
        self.todo, self.done = queue.Queue(), threading.Event()
        self.events = self.inside = self.together = 0
        self.pause = threading.Event()
        self.waiter = threading.Thread(target=self.wait, daemon=True)
        self.waiter.start()
        for _ in range(2):
            threading.Thread(target=self.work, daemon=True).start()

    def wait(self):
        while True:
            for _ in self.epoll.poll():
                self.events += 1
                self.todo.put(1)

    def work(self):
        while True:
            self.todo.get()
            until_inside_epoll(self.waiter)
            self.inside += 1
            self.together += self.inside > 1
            while receive(self.server):
                self.done.set()
            if self.flags & select.EPOLLONESHOT:
                self.pause.wait(0.3)  # at work with this connection: nobody else may get it
            self.inside -= 1
            if self.flags & select.EPOLLONESHOT:
                self.epoll.modify(self.server, self.flags)


def office(kind):
    flag = {"edge": select.EPOLLET, "oneshot": select.EPOLLONESHOT}[kind]
    client, server = pair()
    here = Office(select.EPOLLIN | flag, server)
    start = begin()
    client.send(b"hi")
    arrived = here.done.wait(LIMIT)
    return {
        "arrived": arrived,
        "after": since(start),
        "events": here.events,
        "together": here.together,
    }


def newcomer():
    """A connection is registered while it is silent, and another thread waits already."""
    client, server = pair()
    epoll, seen, inside = select.epoll(), [], threading.Event()

    def wait():
        inside.set()
        start = begin()
        while since(start) < LIMIT and not seen:
            if epoll.poll(LIMIT):
                seen.append((receive(server) or b"").decode())

    thread = threading.Thread(target=wait)
    thread.start()
    inside.wait()
    until_inside_epoll(thread)
    client.send(b"hi")
    start = begin()
    first = receive(server)
    epoll.register(server, select.EPOLLIN)
    thread.join()
    return {"first": first, "seen": seen, "after": since(start)}


def spin(kind):
    """How often does a loop look while one connection is silent?"""
    client, server = pair()
    epoll = select.epoll()
    if kind == "two":  # an instance that was closed without taking its registrations out
        before, epoll = epoll, select.epoll()
        before.register(server, select.EPOLLIN)
        before.close()
    if kind == "range":
        before, epoll = epoll, select.epoll()
        before.register(server, select.EPOLLIN)
        os.closerange(before.fileno(), before.fileno() + 1)
    if kind == "several":
        other = select.epoll()
        other.register(server, select.EPOLLIN)
    both = select.EPOLLIN | select.EPOLLOUT | select.EPOLLET
    epoll.register(server, both if kind == "edges" else select.EPOLLIN)
    client.send(b"hi")
    start, waits, got = begin(), 0, None
    while not got and since(start) < LIMIT:
        waits += 1
        for _, events in epoll.poll(1):
            if events & select.EPOLLIN:
                got = receive(server)
    return {"got": bool(got), "waits": waits, "after": since(start)}


def hang_up(how):
    """The peer has written and is gone: HUP can't be masked."""
    path = f"{os.environ['HOME']}/hang-up"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        client = socket.socket(socket.AF_UNIX)
        client.connect(path)
        server = listener.accept()[0]
    server.setblocking(False)
    client.send(b"hi")
    client.close()
    poller, unit = (select.epoll(), 1) if how == "epoll" else (select.poll(), 1000)
    poller.register(server, select.EPOLLIN)
    start, waits, got = begin(), 0, None
    while not got and since(start) < LIMIT:
        waits += 1
        poller.poll(1 * unit)
        got = receive(server)
    return {"got": bool(got), "waits": waits, "after": since(start)}


def share():
    """Two processes wait for one listener."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    client = socket.create_connection(listener.getsockname())
    out, into = os.pipe()
    children = []
    for how in ("poll", "epoll"):
        child = os.fork()
        if child == 0:
            poller, unit = (select.epoll(), 1) if how == "epoll" else (select.poll(), 1000)
            poller.register(listener, select.POLLIN)
            start, waits, mine = begin(), 0, False
            while since(start) < 1.5 and not mine:
                waits += 1
                if poller.poll(1.5 * unit):
                    try:
                        mine = bool(listener.accept())
                    except BlockingIOError:
                        pass
            os.write(into, f"{int(mine)} {waits}\n".encode())
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    lines = os.read(out, 100).decode().split("\n")[:-1]
    client.close()
    return {
        "accepted": sum(int(line.split()[0]) for line in lines),
        "waits": max(int(line.split()[1]) for line in lines),
    }


def loops():
    """Two event loops, one after the other, on the same numbers."""

    async def serve(reader, writer):
        writer.write(await reader.readexactly(2))
        writer.close()

    async def talk():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hi")
        answer = await asyncio.wait_for(reader.readexactly(2), LIMIT)
        writer.close()
        server.close()
        return answer.decode()

    return {"answers": [asyncio.run(talk()), asyncio.run(talk())]}


def edges(count):
    """A server of edges: what it is not told again is lost. Each connection sends three times."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    pairs = [pair() for _ in range(int(count))]
    servers = {server.fileno(): server for _, server in pairs}
    got = dict.fromkeys(servers, 0)
    epoll = select.epoll()
    for fd in servers:
        epoll.register(fd, select.EPOLLIN | select.EPOLLET)
    stalled = False
    for wanted in (2, 4, 6):
        for client, _ in pairs:
            client.send(b"hi")
        while min(got.values()) < wanted and not stalled:
            events = epoll.poll(1)
            stalled = not events
            for fd, _ in events:
                while data := receive(servers[fd]):
                    got[fd] += len(data)
    return {"stalled": stalled, "short": sum(n != 6 for n in got.values())}


print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
