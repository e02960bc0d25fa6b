# SPDX-License-Identifier: MIT
"""Programs that were blamed wrongly by unfaithful injection, each by its own false finding: under
our fault they do what they do under the real one, made by the kernel or by a real peer beside it.
"""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import threading

import pytest

from conftest import SOCKFAULT, end_group, faults, free_port, run, under, wait_until
from real import Setting, nginx, url

SOON = 20  # seconds: no end by then is a hang; each of these takes less than one


@contextlib.contextmanager
def peer(serve, kind=socket.SOCK_STREAM):
    """A real peer in a thread: serve(socket) has each connection, or the one datagram socket."""
    listener = socket.socket(socket.AF_INET, kind)
    listener.bind(("127.0.0.1", 0))
    if kind == socket.SOCK_STREAM:
        listener.listen()

    def go():
        with contextlib.suppress(OSError):  # ours is closed when the test is over
            while kind == socket.SOCK_STREAM:
                serve(listener.accept()[0])
            serve(listener)

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(SOON)


def asked_of(one):
    """The next datagram and its sender. Nothing at all: the test is over."""
    text, client = one.recvfrom(4096)
    if not text:
        raise OSError("shut down")
    return text, client


def resets(one):
    """Closes so that the kernel sends a RST, and not a FIN."""
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    one.close()


def outcome(done):
    return done.returncode, done.stdout, done.stderr


# ---- nginx: an edge-triggered server waits for ever for an edge that nobody makes ----


def test_nginx_goes_on_after_eagain(tmp_path, serve):
    trace = tmp_path / "trace.sft"
    again = [f"{call} chance=50%: fail EAGAIN" for call in ("accept", "recv", "send")]
    setting = Setting(tmp_path, 1 << 20)
    started = nginx(setting, serve, under(*again, trace=trace))
    for _ in range(5):
        argv = ["curl", "-sS", "--fail", "--max-time", SOON, "-H", "Expect:"]
        done = run([*argv, "-T", setting.data, url(setting, "moved")])
        assert setting.done(done, started).identical, done.stderr
        done = run([*argv, "-o", setting.moved, url(setting)])
        assert setting.done(done, started).identical, done.stderr
    started.stop()
    assert {event["op"] for event in faults(trace)} == {"accept", "recv", "send"}


# ---- redis-cli --pipe: goes on for ever after a send error that left the connection alive ----


def mass_insertion(path, count):
    """Commands in redis' own protocol, as `redis-cli --pipe` reads them."""
    command = b"*3\r\n$3\r\nSET\r\n$5\r\nk%04d\r\n$1000\r\n" + b"x" * 1000 + b"\r\n"
    path.write_bytes(b"".join(command.replace(b"%04d", b"%04d" % i) for i in range(count)))
    return path


def pipe(words, port, commands):
    with open(commands, "rb") as stdin:
        return run([*words, "redis-cli", "-p", port, "--pipe"], stdin=stdin, timeout=SOON)


def test_redis_cli_ends_on_a_reset_as_on_a_real_one(tmp_path, serve):
    def reads_some(one):
        one.recv(1 << 16)
        resets(one)

    commands = mass_insertion(tmp_path / "commands", 10000)
    with peer(reads_some) as port:
        real = pipe([], port, commands)
    port = free_port()
    argv = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", tmp_path]
    serve(argv, port)
    trace = tmp_path / "trace.sft"
    ours = pipe(under("send nth=1: reset", trace=trace), port, commands)
    assert outcome(ours) == outcome(real)
    assert real.returncode == 1
    assert [event["fault"] for event in faults(trace)] == ["reset"]


# ---- nc.openbsd: waits for ever after an EPIPE that left the connection alive ----


def talk(words, port, speak):
    """nc with a line now, and another one as soon as speak() is true; its stdin never ends."""
    process = subprocess.Popen(
        [*words, "nc.openbsd", "127.0.0.1", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        os.write(process.stdin.fileno(), b"first\n")
        wait_until(speak, "the peer")
        with contextlib.suppress(BrokenPipeError):
            os.write(process.stdin.fileno(), b"second\n")
        status = process.wait(SOON)
        return status, process.stdout.read(), process.stderr.read()
    finally:
        end_group(process)
        process.communicate()


def test_nc_ends_on_epipe_as_on_a_real_one(tmp_path):
    heard = threading.Event()

    def hears_and_closes(one):
        one.recv(100)
        one.close()
        heard.set()

    def hears(one):
        one.recv(100)
        heard.set()
        with contextlib.suppress(ConnectionResetError):
            while one.recv(100):
                pass

    with peer(hears_and_closes) as port:
        real = talk([], port, heard.is_set)
    heard.clear()
    trace = tmp_path / "trace.sft"
    with peer(hears) as port:
        ours = talk(under("send nth=2: fail EPIPE", trace=trace), port, heard.is_set)
    assert ours == real
    assert [event["errno"] for event in faults(trace)] == ["EPIPE"]


# ---- dig: aborts on a recvmsg that says 0 and does not say from whom; its buffers hold 64 KiB ----


def answers(change):
    """A name server; change(text, nth) is the list of datagrams that stand for the nth answer."""

    def go(one):
        nth = 0
        while True:
            asked, client = asked_of(one)
            end = asked.index(b"\0", 12) + 5
            head = asked[:2] + bytes.fromhex("8180 0001 0001 0000 0000")
            address = bytes.fromhex("c00c 0001 0001 0000003c 0004 01020304")
            nth += 1
            for text in change(head + asked[12:end] + address, nth):
                one.sendto(text, client)

    return go


def dig(words, change=lambda text, nth: [text]):
    with peer(answers(change), socket.SOCK_DGRAM) as port:
        argv = ["dig", "+time=1", "+tries=3", "+short", "@127.0.0.1", "-p", str(port), "some.name"]
        done = run([*words, *argv], timeout=SOON)
        return done.returncode, done.stdout.replace(b"#%d" % port, b"#"), done.stderr


def test_dig_reads_a_strange_datagram_as_a_real_one(tmp_path):
    trace = tmp_path / "trace.sft"
    ours = dig(under("recv type=dgram nth=1: duplicate", trace=trace))
    assert ours == dig([], lambda text, nth: [text, text])
    assert [event["fault"] for event in faults(trace)] == ["duplicate"]


@pytest.mark.parametrize("length", [0, 20])
def test_dig_has_room_for_any_datagram_and_none_is_cut(length, tmp_path):
    trace = tmp_path / "trace.sft"
    assert dig(under(f"recv type=dgram: truncate {length}", trace=trace)) == dig([])
    assert not faults(trace)


def test_no_datagram_socket_meets_the_end_of_a_stream():
    for fault in ("eof", "closed", "reset", "short 1"):
        done = run([SOCKFAULT, "check", "-e", f"recv type=dgram: {fault}"])
        assert done.returncode != 0 and b"stream" in done.stderr, done.stderr
    assert dig(under("recv: eof")) == dig([])


# ---- tinyproxy: peeks, and takes what it then reads for all that it has seen ----


@pytest.fixture
def proxy(tmp_path, serve):
    """proxy(words): a tinyproxy under these words, in front of a web server; gives both ports."""

    def answer(one):
        lines = one.makefile("rb")
        while lines.readline() not in (b"\r\n", b""):
            pass
        lines.close()
        one.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        one.close()

    with peer(answer) as behind:

        def start(words):
            port = free_port()
            conf = tmp_path / f"tinyproxy-{port}.conf"
            conf.write_text(f"Port {port}\nListen 127.0.0.1\nTimeout 20\nMaxClients 10\n")
            serve([*words, "tinyproxy", "-d", "-c", conf], port)
            return port, behind

        yield start


def through(proxy_port, port, in_pieces_of):
    """The status that the proxy answers to a request which arrives in pieces."""
    text = f"GET http://127.0.0.1:{port}/ HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", proxy_port), timeout=SOON) as one:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(text), in_pieces_of):
            one.sendall(text[at : at + in_pieces_of])
        return one.makefile("rb").readline().split()[1]


def test_tinyproxy_gets_what_it_was_shown(proxy, tmp_path):
    trace = tmp_path / "trace.sft"
    native, port = proxy([])
    assert through(native, port, in_pieces_of=3) == b"200"
    mine, port = proxy(under("recv: short 1..16", trace=trace))
    for _ in range(10):
        assert through(mine, port, in_pieces_of=1000) == b"200"


# ---- memcached: drops clients on an EINTR that its non-blocking calls can't give ----


@contextlib.contextmanager
def storm(pid, number):
    """The process is sent this signal all the time."""
    over = threading.Event()

    def go():
        with contextlib.suppress(ProcessLookupError):
            while not over.is_set():
                os.kill(pid, number)

    thread = threading.Thread(target=go)
    thread.start()
    yield
    over.set()
    thread.join()


def kept(port, rounds=200):
    """How many of these were served on one connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=SOON) as one:
        lines = one.makefile("rwb")
        for n in range(rounds):
            lines.write(b"set key 0 0 5\r\n%05d\r\nget key\r\n" % n)
            lines.flush()
            said = [lines.readline() for _ in range(4)]
            if said != [b"STORED\r\n", b"VALUE key 0 5\r\n", b"%05d\r\n" % n, b"END\r\n"]:
                return n
    return rounds


def memcached(serve, words):
    port = free_port()
    user = ["-u", "root"] if os.getuid() == 0 else []
    return serve([*words, "memcached", "-l", "127.0.0.1", "-p", port, "-t", "1", *user], port)


def test_memcached_keeps_its_clients(tmp_path, serve):
    native = memcached(serve, [])
    with storm(native.process.pid, signal.SIGHUP):
        assert kept(native.port) == 200
    trace = tmp_path / "trace.sft"
    mine = memcached(serve, under("send,recv,accept: fail EINTR", trace=trace))
    assert kept(mine.port) == 200
    mine.stop()
    assert faults(trace) == []


# ---- tftp: a datagram is never short; a socket without a peer hears of no refusal ----

FILE = bytes(range(256)) * 40


def blocks(one):
    """A TFTP server that knows one file."""
    while True:
        asked, client = asked_of(one)
        code, number = struct.unpack("!HH", asked[:4])
        last = 0 if code == 1 else number  # a request, or an acknowledgement
        if last * 512 <= len(FILE):
            text = FILE[last * 512 : last * 512 + 512]
            one.sendto(struct.pack("!HH", 3, last + 1) + text, client)


@pytest.mark.parametrize("client", ["tftp", "curl"])
@pytest.mark.parametrize(
    "rule",
    [
        "send,recv: short 100",
        "any: reset",
        "recv: fail ECONNREFUSED",
        "recv nth=3: duplicate",
    ],
)
def test_tftp_moves_its_file(client, rule, tmp_path):
    trace, moved = tmp_path / "trace.sft", tmp_path / "moved"
    with peer(blocks, socket.SOCK_DGRAM) as port:
        argv = {
            "tftp": ["tftp", "-m", "binary", "127.0.0.1", str(port), "-c", "get", "data", moved],
            "curl": ["curl", "-sS", "-o", moved, f"tftp://127.0.0.1:{port}/data"],
        }[client]
        done = run([*under(rule, trace=trace), *argv], timeout=SOON)
    assert done.returncode == 0, done.stderr
    assert moved.read_bytes() == FILE
    assert {event["fault"] for event in faults(trace)} <= {"duplicate"}


# ---- lftp: `short` for each call is a stress, and no measure of speed ----


@pytest.mark.parametrize("rule", ["recv: short 1..16", "recv nth=1../4: short 1..16"])
def test_lftp_moves_its_file_in_pieces(rule, tmp_path, serve):
    trace = tmp_path / "trace.sft"
    setting = Setting(tmp_path, 2 << 10)
    started = nginx(setting, serve, [])
    settings = "set net:max-retries 2; set net:timeout 20"
    get = f"{settings}; get {url(setting)} -o {setting.moved}"
    done = run([*under(rule, trace=trace), "lftp", "-c", get], timeout=60)
    assert setting.done(done, started).identical, done.stderr
    assert done.returncode == 0
    assert {event["fault"].split()[0] for event in faults(trace)} == {"short"}


# ---- HTTP/1.0 without a length: the end of the stream is the end of the file, whoever ends it ----

HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n"


def sends(length):
    def go(one):
        one.recv(4096)
        with contextlib.suppress(OSError):
            one.sendall(HEAD + b"y" * length)
        one.close()

    return go


def test_curl_can_not_tell_an_end_from_the_end(tmp_path):
    trace = tmp_path / "trace.sft"
    with peer(sends(5000)) as port:
        real = run(["curl", "-sS", f"http://127.0.0.1:{port}/"])
    with peer(sends(100000)) as port:
        words = under(f"recv offset={len(HEAD) + 5000}..: eof", trace=trace)
        ours = run([*words, "curl", "-sS", f"http://127.0.0.1:{port}/"])
    assert outcome(ours) == outcome(real) == (0, b"y" * 5000, b"")
    assert {event["fault"] for event in faults(trace)} == {"eof"}
