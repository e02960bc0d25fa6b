# SPDX-License-Identifier: MIT
"""waiting.py WHAT ...: programs that wait for readiness; each prints what it saw, as JSON.

None sleeps to wait; each ends by itself within LIMIT seconds.
"""

import asyncio
import fcntl
import json
import os
import queue
import resource
import select
import socket
import subprocess
import sys
import termios
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


FLAGS = {"edge": select.EPOLLET, "oneshot": select.EPOLLONESHOT, "exclusive": 1 << 28}


def ready_within(how, sockets, seconds):
    """Which of the sockets are ready to be read, by this way of waiting."""
    if how == "select":
        return select.select(sockets, [], [], seconds)[0]
    poller, unit = (select.poll(), 1000) if how == "poll" else (select.epoll(), 1)
    numbers = {one.fileno(): one for one in sockets}
    for fd in numbers:
        poller.register(fd, select.POLLIN | FLAGS.get(how, 0))
    return [numbers[fd] for fd, _ in poller.poll(seconds * unit)]


def blocking(how):
    """A blocking socket is not ready before a call on it would find something; then it does."""
    client, server = pair()
    server.setblocking(True)
    client.send(b"hi")
    start, early = begin(), bool(ready_within(how, [server], 0))
    ready = bool(ready_within(how, [server], LIMIT))
    after = since(start)
    server.settimeout(0)  # what is ready does not block
    return {
        "early": early,
        "ready": ready,
        "after": after,
        "got": (receive(server) or b"").decode(),
    }


def queue_of_accepts(how):
    """The same for a listener."""
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    start, early = begin(), bool(ready_within(how, [listener], 0))
    ready = bool(ready_within(how, [listener], LIMIT))
    after = since(start)
    listener.settimeout(0)
    listener.accept()[0].close()
    client.close()
    return {"early": early, "ready": ready, "after": after}


def several(how):
    """Each connection in its own time, in one loop that also counts how often it waits."""
    pairs = [pair() for _ in range(3)]
    waiting = {server.fileno(): server for _, server in pairs}
    number = {server.fileno(): i for i, (_, server) in enumerate(pairs)}
    after, waits, poller = {}, 0, None
    if how != "select":
        poller = select.poll() if how == "poll" else select.epoll()
        for fd in waiting:
            poller.register(fd, select.POLLIN | FLAGS.get(how, 0))
    for client, _ in pairs:
        client.send(b"hi")
    start = begin()
    while waiting and since(start) < LIMIT:
        waits += 1
        if poller:
            ready = [fd for fd, _ in poller.poll(1000 * LIMIT if how == "poll" else LIMIT)]
        else:
            ready = select.select(list(waiting), [], [], LIMIT)[0]
        for fd in ready:
            if fd in waiting and receive(waiting[fd]):
                after[number[fd]] = since(start)
                if poller:
                    poller.unregister(fd)
                del waiting[fd]
    return {"after": [after.get(i) for i in range(3)], "waits": waits}


def loop_of_three():
    """The same with asyncio, which tells each what came for it."""

    async def one(i, start, after):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hi")
        await asyncio.wait_for(reader.readexactly(2), LIMIT)
        after[i] = since(start)
        writer.close()

    async def serve(reader, writer):
        writer.write(await reader.readexactly(2))
        await writer.drain()
        writer.close()

    async def all_three():
        nonlocal port
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        after = [None] * 3
        start = begin()
        await asyncio.gather(*(one(i, start, after) for i in range(3)))
        server.close()
        return after

    port = 0
    return {"after": asyncio.run(all_three())}


def unread(server):
    """FIONREAD."""
    return int.from_bytes(fcntl.ioctl(server, termios.FIONREAD, b"\0" * 4), sys.byteorder)


def unread_bytes():
    """As many bytes are there as a call would find."""
    client, server = pair()
    client.send(b"hi")
    start, first = begin(), unread(server)
    ready_within("poll", [server], LIMIT)
    after, then = since(start), unread(server)
    return {"first": first, "then": then, "after": after, "got": len(receive(server) or b"")}


def peeked():
    """What was seen can be read."""
    client, server = pair()
    client.send(b"hi")
    seen, got = [], []
    for _ in range(2):
        ready_within("poll", [server], LIMIT)
        seen.append(len(server.recv(100, socket.MSG_PEEK)))
        got.append(len(receive(server) or b""))
        client.send(b"hi")
    return {"seen": seen, "got": got}


def again_and_again():
    """A silence before each of three messages, none lost."""
    client, server = pair()
    start, got, refused = begin(), 0, 0
    for _ in range(3):
        client.send(b"hi")
        ready_within("poll", [server], LIMIT)
        while not (data := receive(server)) and since(start) < LIMIT:
            refused += 1
            ready_within("poll", [server], LIMIT)
        got += len(data or b"")
    return {"got": got, "after": since(start), "refused": refused}


def asked_too_early():
    """A call, before anybody waits; then what came, twice."""
    client, server = pair()
    client.send(b"hi")
    first, got = receive(server), []
    for _ in range(2):
        ready_within("poll", [server], LIMIT)
        got.append(len(receive(server) or b""))
        client.send(b"hi")
    return {"first": first, "got": got}


def nested(how):
    """An epoll instance in a poll, or in an epoll, is as silent as what is in it."""
    client, server = pair()
    inner = select.epoll()
    inner.register(server, select.EPOLLIN)
    poller, unit = (select.poll(), 1000) if how == "poll" else (select.epoll(), 1)
    poller.register(inner.fileno(), select.EPOLLIN)
    client.send(b"hi")
    start, waits = begin(), 1
    early = bool(poller.poll(0))
    while not poller.poll(LIMIT * unit) and since(start) < LIMIT:
        waits += 1
    return {
        "early": early,
        "after": since(start),
        "waits": waits,
        "inner": len(inner.poll(0)),
        "got": len(receive(server) or b""),
    }


def wait_in(instance, server):
    """How often does an instance of edges or levels say that the server is ready, until it is?"""
    start, waits, got = begin(), 0, None
    while not got and since(start) < LIMIT:
        waits += 1
        if instance.poll(LIMIT):
            got = receive(server)
    return {"got": bool(got), "waits": waits, "after": since(start)}


def copied(flags):
    """The number under which something was registered is closed, a copy of it lives."""
    client, server = pair()
    first = select.epoll()
    first.register(server, select.EPOLLIN | (select.EPOLLET if flags == "edge" else 0))
    second = select.epoll.fromfd(os.dup(first.fileno()))
    third = select.epoll.fromfd(fcntl.fcntl(second.fileno(), fcntl.F_DUPFD_CLOEXEC, 100))
    first.close()
    second.close()
    client.send(b"hi")
    return wait_in(third, server)


def executed(flags, numbers=""):
    """An instance that was made before the program was executed."""
    if numbers:
        client, server, instance = (int(n) for n in numbers.split(","))
        server = socket.socket(fileno=server)
        os.write(client, b"hi")
        return wait_in(select.epoll.fromfd(instance), server)
    client, server = pair()
    instance = select.epoll()
    instance.register(server, select.EPOLLIN | (select.EPOLLET if flags == "edge" else 0))
    for one in (client, server, instance):
        os.set_inheritable(one.fileno(), True)
    numbers = f"{client.fileno()},{server.fileno()},{instance.fileno()}"
    os.execv(sys.executable, [sys.executable, __file__, "executed", flags, numbers])


def handed_over(flags):
    """An instance that came in a message, with the socket that is in it."""
    client, server = pair()
    here, there = socket.socketpair()
    if os.fork() == 0:
        instance = select.epoll()
        instance.register(server, select.EPOLLIN | (select.EPOLLET if flags == "edge" else 0))
        socket.send_fds(there, [b"x"], [instance.fileno()])
        os._exit(0)
    _, fds, _, _ = socket.recv_fds(here, 1, 1)
    os.wait()
    client.send(b"hi")
    return wait_in(select.epoll.fromfd(fds[0]), server)


def colleague(how):
    """One thread waits; another one reads as soon as something has come."""
    client, server = pair()
    found = []

    def wait():
        found.append(bool(ready_within(how, [server], LIMIT)))

    thread = threading.Thread(target=wait)
    thread.start()
    waits = {"poll": ("7", "271"), "select": ("23", "270")}.get(how, ())
    while how in ("poll", "select"):
        with open(f"/proc/self/task/{thread.native_id}/syscall") as file:
            if file.read().split()[0] in waits:
                break
    if how not in ("poll", "select"):
        until_inside_epoll(thread)
    client.send(b"hi")
    start, first = begin(), receive(server)
    thread.join()
    after = since(start)
    return {"first": first, "found": found, "after": after, "got": len(receive(server) or b"")}


def rates(way, bytes_at_ten):
    """Ten connections, each with its own bandwidth, in a loop: how long each took for its part."""
    pairs = [pair() for _ in range(10)]
    left = [int(bytes_at_ten) * (i + 1) for i in range(10)]
    slow = {server.fileno(): (i, server) for i, (_, server) in enumerate(pairs)}
    fast = {client.fileno(): (i, client) for i, (client, _) in enumerate(pairs)}
    epoll, after = select.epoll(), [None] * 10
    reading, flag = (slow, select.EPOLLIN) if way == "recv" else (fast, select.EPOLLIN)
    writing = fast if way == "recv" else slow
    to_send = list(left)
    for fd, (_, one) in (*reading.items(), *writing.items()):
        one.setblocking(False)
        epoll.register(fd, flag if fd in reading else select.EPOLLOUT)
    start = begin()
    while None in after and since(start) < 4 * LIMIT:
        for fd, _ in epoll.poll(LIMIT):
            i, one = reading.get(fd) or writing[fd]
            try:
                if fd in writing:
                    to_send[i] -= one.send(b"x" * min(to_send[i], 65536))
                    if not to_send[i]:
                        epoll.unregister(fd)
                    continue
                left[i] -= len(one.recv(65536))
            except BlockingIOError:
                continue
            if not left[i]:
                after[i] = since(start)
                epoll.unregister(fd)
    return {"after": after}


def refused(flags):
    """What an instance says of a connect that is refused, the socket having been in it before."""
    flag = {"level": 0, "edge": select.EPOLLET, "oneshot": select.EPOLLONESHOT}[flags]
    asked = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        if os.environ.get("REALLY"):
            listener.close()
        client = socket.socket()
        client.setblocking(False)
        epoll = select.epoll()
        epoll.register(client, asked | flag)
        told = [epoll.poll(0)[0][1]]
        if flag & select.EPOLLONESHOT:
            epoll.modify(client, asked | flag)
        told.append(client.connect_ex(address))
        told += [[event for _, event in epoll.poll(0.05)] for _ in range(2)]
        told += [client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) for _ in range(2)]
        told += [[event for _, event in epoll.poll(0.05)]]
    return {"told": told}


def loaded_meanwhile(command):
    """Rules come while a thread waits; the wait ends as it would have, the next ones know."""
    client, server = pair()
    instance = select.epoll()
    instance.register(server, select.EPOLLIN | select.EPOLLET)
    subject = threading.get_native_id()

    def load():
        while True:
            with open(f"/proc/self/task/{subject}/syscall") as file:
                if file.read().split()[0] in EPOLL_WAITS:
                    break
        subprocess.run([command, "ctl", "load", "recv side=server: latency 200ms"], check=True)
        client.send(b"hi")

    threading.Thread(target=load).start()
    return wait_in(instance, server)


print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
