# SPDX-License-Identifier: MIT
"""Stdio on sockets: an injected fault reaches the program as the real one does.

tests/e2e/programs/streams.c does what its words say and tells each result: count, feof, ferror,
errno. Each test runs it against a peer that really does it, and against a healthy one with a rule.
"""

import pathlib
import signal
import socket
import struct
import subprocess

import pytest

from conftest import PROGRAMS, SOCKFAULT, TIMEOUT, events, faults, under, wait_until

STREAMS = PROGRAMS / "streams"
RESETS = object()


class Peer:
    """The other end of the program's connection, and the program."""

    def __init__(self, words, rules=(), trace=None):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(TIMEOUT)
            before = []
            if trace:
                before = [SOCKFAULT, "run", "--quiet", "--trace", trace]
                for rule in rules:
                    before += ["-e", rule]
                before.append("--")
            port = listener.getsockname()[1]
            self.program = subprocess.Popen(
                [str(word) for word in [*before, STREAMS, port, *words]],
                stdin=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            self.socket, _ = listener.accept()
        self.socket.settimeout(TIMEOUT)
        self.told = b""

    def send(self, data):
        self.socket.sendall(data)

    def read(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                break
            data += piece
        return data

    def open_gate(self):
        self.program.stdin.write(b"x")
        self.program.stdin.flush()

    def hear(self):
        """One line of what the program tells."""
        line = self.program.stderr.readline()
        self.told += line
        return line

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def end(self):
        self.socket.close()
        _, rest = self.program.communicate(timeout=TIMEOUT)
        assert self.program.returncode in (0, 1)
        return (self.told + rest).decode().splitlines()


def one_line_then(real, rule, words, tmp_path, more=b""):
    """What is told natively, where the peer does `real` after a line, and with the rule instead."""
    transcripts = []
    for rules, trace in ((None, None), ([rule], tmp_path / "trace.sft")):
        peer = Peer(words, rules or (), trace)
        peer.send(b"one\n")
        assert peer.hear() == b"  one\n" and peer.hear()
        if not rules:
            real(peer)
        elif more:
            peer.send(more)
        peer.open_gate()
        if rules and not more:
            peer.program.wait(TIMEOUT)
        transcripts.append(peer.end())
    assert len(transcripts[0]) > 3
    return transcripts


def test_a_reset_is_told_by_ferror(tmp_path):
    words = ["line", "wait", "line", "line", "byte", "say", "close"]
    native, injected = one_line_then(Peer.reset, "recv nth=2: reset", words, tmp_path)
    assert injected == native
    assert "line -1 eof 0 error 1 ECONNRESET" in native


def test_a_reset_meets_what_is_printed(tmp_path):
    words = ["line", "wait", "say", "say", "much", "line", "close"]
    native, injected = one_line_then(Peer.reset, "send nth=1: reset", words, tmp_path)
    assert injected == native
    assert "say -1 eof 0 error 1 ECONNRESET" in native and "say -1 eof 0 error 1 EPIPE" in native


def test_the_end_is_told_by_feof(tmp_path):
    def close(peer):
        peer.socket.shutdown(socket.SHUT_WR)

    words = ["line", "wait", "line", "byte", "say", "close"]
    native, injected = one_line_then(close, "recv nth=2: eof", words, tmp_path)
    assert injected == native
    assert "line -1 eof 1 error 0 -" in native


def test_dprintf_meets_a_reset(tmp_path):
    words = ["line", "wait", "dprintf", "dprintf", "close"]
    rule = "send func=dprintf nth=1: reset"
    native, injected = one_line_then(Peer.reset, rule, words, tmp_path)
    assert injected == native
    assert "dprintf -1 eof 0 error 0 ECONNRESET" in native


def test_a_signal_interrupts_fgets(tmp_path):
    def asleep(pid):
        status = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return status == "S"

    transcripts = []
    rule = "recv nth=2: signal SIGUSR1, fail EINTR"
    for rules, trace in (((), None), ([rule], tmp_path / "trace.sft")):
        peer = Peer(["line", "line", "clear", "line", "rest"], rules, trace)
        peer.send(b"one\n")
        assert peer.hear() and peer.hear()
        if not rules:
            wait_until(lambda: asleep(peer.program.pid), "fgets to wait")
            peer.program.send_signal(signal.SIGUSR1)
        assert peer.hear() == b"line -1 eof 0 error 1 EINTR\n"
        peer.send(b"two\nthree\n")
        transcripts.append(peer.end())
    assert transcripts[0] == transcripts[1]
    assert "  two" in transcripts[0] and "rest 6 eof 1 error 0 -" in transcripts[0]


@pytest.mark.parametrize("rule", ["send,recv : short 1", "send,recv chance=50% : short 1..7"])
def test_of_short_counts_nothing_is_seen(rule, tmp_path):
    trace = tmp_path / "trace.sft"
    peer = Peer(["line", "much", "say", "dprintf", "rest", "close"], [rule], trace)
    peer.send(b"one\n")
    expected = b"m" * 100000 + b"a line of 14\n" + b"past it\n"
    assert peer.read(len(expected)) == expected
    peer.send(b"two\nthree\n")
    told = peer.end()
    assert told[2:] == [
        "much 100000 eof 0 error 0 -",
        "say 13 eof 0 error 0 -",
        "dprintf 8 eof 0 error 0 -",
        "rest 10 eof 1 error 0 -",
        "close out 0 eof 0 error 0 -",
        "close in 0 eof 0 error 0 -",
    ]
    calls = {event["func"] for event in faults(trace)}
    assert "read" in calls and ("chance" in rule or {"write", "dprintf"} <= calls)


def test_close_fails_through_fclose_and_closes(tmp_path):
    trace = tmp_path / "trace.sft"
    peer = Peer(["say", "close"], ["close func=fclose : fail EIO"], trace)
    assert peer.read(13)
    assert peer.read(1) == b""  # both descriptors are gone
    told = peer.end()
    assert told[1:] == ["close out -1 eof 0 error 0 EIO", "close in -1 eof 0 error 0 EIO"]


def as_inetd(command, said=b"one\ntwo\nthree\n"):
    """What a program says whose standard streams are a connection, and what it is told."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname(), timeout=TIMEOUT)
        server, _ = listener.accept()
    program = subprocess.Popen(
        [str(word) for word in command], stdin=server, stdout=server, stderr=subprocess.PIPE
    )
    server.close()
    client.sendall(said)
    client.shutdown(socket.SHUT_WR)
    data = b""
    while True:
        piece = client.recv(65536)
        if not piece:
            break
        data += piece
    client.close()
    _, told = program.communicate(timeout=TIMEOUT)
    return data, told.decode().splitlines(), program.returncode


@pytest.mark.parametrize("rule", ["recv nth=1000: delay 1ms", "send,recv : short 1"])
def test_standard_streams_may_be_a_socket(rule, tmp_path):
    words = [STREAMS, "-", "line", "say", "much", "rest", "close"]
    trace = tmp_path / "trace.sft"
    native = as_inetd(words)
    assert native[0] == b"a line of 14\n" + b"m" * 100000 and native[2] == 0
    under = [SOCKFAULT, "run", "--quiet", "--trace", trace, "-e", rule, "--", *words]
    data, told, _ = as_inetd(under)
    assert (data, told) == native[:2]
    seen = {(event["func"], event["fd"]) for event in events(trace) if event.get("func")}
    assert {("read", 0), ("write", 1), ("fclose", 0), ("fclose", 1)} <= seen


CXX = """
#include <iostream>
#include <string>
int main() {
    std::string line;
    while (std::getline(std::cin, line))
        std::cout << "<" << line << ">" << std::endl;
    std::cerr << std::cin.eof() << std::cin.bad() << std::endl;
}
"""


def test_iostreams_may_be_a_socket(tmp_path):
    (tmp_path / "echo.cc").write_text(CXX)
    program, trace = tmp_path / "echo", tmp_path / "trace.sft"
    subprocess.run(["c++", tmp_path / "echo.cc", "-o", program], check=True)
    native = as_inetd([program])
    assert native[0] == b"<one>\n<two>\n<three>\n"
    rule = "send,recv : short 1"
    under = [SOCKFAULT, "run", "--quiet", "--trace", trace, "-e", rule, "--", program]
    assert as_inetd(under)[:2] == native[:2]
    assert len(faults(trace)) > 20


# ---- Debian's own: whois (fdopen, fgets), micro-httpd (started by inetd) ----


def whois(before, answer):
    """whois against a server that gives this answer; RESETS: that resets; None: that waits."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(TIMEOUT)
        words = [*before, "whois", "-h", "127.0.0.1", "-p", str(listener.getsockname()[1]), "name"]
        program = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        peer, _ = listener.accept()
    peer.settimeout(TIMEOUT)
    question = b""
    while not question.endswith(b"\n"):
        question += peer.recv(1)
    if answer is RESETS:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif answer:
        peer.sendall(answer)
    if answer is not None:
        peer.close()
    out, err = program.communicate(timeout=TIMEOUT)
    peer.close()
    return question, out, err, program.returncode


def test_whois_reads_every_byte(tmp_path):
    trace = tmp_path / "trace.sft"
    answer = b"".join(b"line %d of the answer\r\n" % n for n in range(200))
    native = whois([], answer)
    assert b"line 199" in native[1] and native[3] == 0
    # Of what it sends it looks at no count: a question that is cut is lost, by its own mistake.
    assert whois(under("recv : short 1", trace=trace), answer) == native
    assert len([event for event in faults(trace) if event["func"] == "read"]) >= len(answer)


def test_whois_says_what_it_says_of_a_real_reset(tmp_path):
    native = whois([], RESETS)
    assert native[3] != 0 and b"reset" in native[2]
    assert whois(under("recv nth=1: reset"), None) == native


def test_micro_httpd_serves_by_single_bytes(tmp_path):
    (tmp_path / "page").write_bytes(b"the page\n" * 500)
    trace = tmp_path / "trace.sft"
    words = ["/usr/sbin/micro-httpd", tmp_path]
    question = b"GET /page HTTP/1.0\r\n\r\n"

    def body(answer):
        return answer.split(b"\r\n\r\n", 1)[1]

    native = as_inetd(words, question)
    assert body(native[0]) == b"the page\n" * 500
    served = as_inetd(under("send,recv : short 1", trace=trace) + words, question)
    assert body(served[0]) == body(native[0]) and served[2] == native[2]
    assert {event["fd"] for event in faults(trace)} == {0, 1}
