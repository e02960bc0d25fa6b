# SPDX-License-Identifier: MIT
"""When a fault is possible: a table of rules, and of calls to which Linux would not do that.

Each row is played under its rule. What the program sees must be what it sees without the library,
unless the rule fires as often as the row says; what was not applicable is counted. Scripts are in
the words of probe.h.
"""

from dataclasses import dataclass


@dataclass
class Condition:
    name: str
    rule: str
    kind: str
    script: str
    not_applicable: int = 1
    fired: int = 0
    realism: str = "posix"  # what is allowed: also what only POSIX does, or Linux's own alone


HEALTHY = "~ pair c p; ~ send p 5; ~ await c in; "
WAITS = "~ pair c p; {how}; start recv c; ~ sleeps; ~ send p 5; join; close c"

CONDITIONS = [
    # EAGAIN: where the call does not block, or has a timeout.
    Condition("eagain-blocking-recv", "recv: fail EAGAIN", "tcp4", HEALTHY + "recv c"),
    Condition("eagain-blocking-recv-unix", "recv: fail EAGAIN", "unix", HEALTHY + "recv c"),
    Condition("eagain-blocking-recv-udp", "recv: fail EAGAIN", "udp4", HEALTHY + "recv c"),
    Condition("eagain-blocking-send", "send side=client: fail EAGAIN", "tcp4", HEALTHY + "send c"),
    Condition(
        "eagain-blocking-accept",
        "accept: fail EAGAIN",
        "tcp4",
        "~ listen l; ~ socket c; ~ connect c l; accept p l",
    ),
    Condition("eagain-dontwait", "recv: fail EAGAIN", "tcp4", HEALTHY + "recv c 9 dontwait", 0, 1),
    Condition("eagain-timeout", "recv: fail EAGAIN", "tcp4", HEALTHY + "~ timeout c; recv c", 0, 1),
    Condition(
        "eagain-connect-tcp", "connect: fail EAGAIN", "tcp4", "~ listen l; ~ socket c; connect c l"
    ),
    Condition(
        "eagain-connect-unix-blocking",
        "connect: fail EAGAIN",
        "unix",
        "~ listen l; ~ socket c; connect c l",
    ),
    # EMFILE, ENFILE: not where a descriptor was given up for the accept after it.
    *(
        Condition(
            f"{name.lower()}-{'spare' if spare else 'again'}",
            f"accept: fail {name}",
            "tcp4",
            f"~ listen l; ~ socket c; ~ connect c l; ~ socket x; accept p l; {spare}accept p l",
            1 if spare else 0,
            1 if spare else 2,
        )
        for name in ("EMFILE", "ENFILE")
        for spare in ("close x; ", "")
    ),
    # EINTR: where the call waits, and a handler is there that does not restart it.
    Condition("eintr-no-handler", "recv: fail EINTR", "tcp4", WAITS.replace("{how}", "")),
    Condition(
        "eintr-restarted", "recv: fail EINTR", "tcp4", WAITS.replace("{how}", "~ handle restart")
    ),
    Condition(
        "eintr-waits", "recv: fail EINTR", "tcp4", "~ pair c p; ~ handle; recv c; close c", 0, 1
    ),
    Condition(
        "eintr-timeout",
        "recv: fail EINTR",
        "tcp4",
        "~ pair c p; ~ handle restart; ~ timeout c; recv c",
        0,
        1,
    ),
    Condition("eintr-has-data", "recv: fail EINTR", "tcp4", HEALTHY + "~ handle; recv c"),
    Condition("eintr-has-data-udp", "recv: fail EINTR", "udp4", HEALTHY + "~ handle; recv c"),
    Condition(
        "eintr-has-room", "send side=client: fail EINTR", "tcp4", HEALTHY + "~ handle; send c"
    ),
    Condition(
        "eintr-nonblocking-recv",
        "recv: fail EINTR",
        "tcp4",
        HEALTHY + "~ handle; ~ nonblock c; recv c",
    ),
    Condition(
        "eintr-nonblocking-send",
        "send side=client: fail EINTR",
        "unix",
        HEALTHY + "~ handle; ~ nonblock c; send c",
    ),
    # A connected stream says EISCONN.
    Condition(
        "stall-connected",
        "connect nth=2: stall",
        "tcp4",
        "~ listen l; ~ socket c; ~ connect c l; connect c l",
    ),
    Condition(
        "refused-connected",
        "connect nth=2: fail ECONNREFUSED",
        "tcp4",
        "~ listen l; ~ socket c; ~ connect c l; connect c l",
    ),
    Condition(
        "eintr-nonblocking-connect",
        "connect: fail EINTR",
        "tcp4",
        "~ listen l; ~ socket c; ~ handle; ~ nonblock c; connect c l",
    ),
    Condition("eintr-poll-no-handler", "poll: fail EINTR", "tcp4", "~ pair c p; poll c in 20"),
    Condition(
        "eintr-poll-ready",
        "poll: fail EINTR",
        "tcp4",
        "~ pair c p; ~ handle; poll c in 0; poll c",
        1,
        1,
    ),
    Condition(
        "eintr-epoll-at-once",
        "poll: fail EINTR",
        "tcp4",
        "~ pair c p; ~ handle; ~ register c level in; epoll",
    ),
    Condition(
        "eintr-socket",
        "any: signal SIGUSR1, fail EINTR",
        "tcp4",
        "~ handle; ~ socket c; touch c",
        0,
    ),
    Condition(
        "eintr-connect-restarted",
        "connect: fail EINTR",
        "tcp4",
        "~ listen l; ~ handle restart; ~ socket c; connect c l",
    ),
    # Short counts: on streams. A blocking send only where a signal may cut it.
    Condition("short-datagram", "send: short 1", "udp4", "~ pair c p; send c 5; recv p"),
    Condition("short-unix-datagram", "recv: short 1", "unixdgram", HEALTHY + "recv c"),
    Condition(
        "short-seqpacket", "send side=client: short 1", "seqpacket", HEALTHY + "send c 5; recv p"
    ),
    Condition(
        "short-blocking-send",
        "send side=client: short 1",
        "tcp4",
        HEALTHY + "send c 5; recv p",
        realism="kernel",
    ),
    Condition(
        "short-blocking-send-handler",
        "send side=client: short 1",
        "tcp4",
        HEALTHY + "~ handle; send c 5; recv p",
        realism="kernel",
    ),
    Condition(
        "short-blocking-send-posix",
        "send side=client: short 1",
        "tcp4",
        HEALTHY + "send c 5; recv p",
        0,
        1,
    ),
    # The end of a connection: once, and not after another one.
    Condition(
        "reset-after-eof",
        "recv side=client: reset",
        "tcp4",
        "~ pair c p; ~ shutdown p wr; ~ await c rdhup; recv c",
    ),
    Condition(
        "reset-after-eof-unix",
        "recv side=client: reset",
        "unix",
        "~ pair c p; ~ close p; recv c; send c",
        1,
    ),
    Condition(
        "reset-twice", "recv side=client: reset", "tcp4", HEALTHY + "recv c; recv c; recv c", 2, 1
    ),
    Condition(
        "reset-twice-unix",
        "recv side=client: reset",
        "unix",
        HEALTHY + "recv c; recv c; recv c",
        2,
        1,
    ),
    Condition("reset-unconnected", "recv: fail ECONNRESET", "tcp4", "~ socket c; recv c"),
    Condition("reset-datagram", "recv: fail ECONNRESET", "udp4", HEALTHY + "recv c"),
    Condition("timeout-unix", "recv: fail ETIMEDOUT", "unix", HEALTHY + "recv c"),
    Condition("timeout-udp", "recv: fail ETIMEDOUT", "udp4", HEALTHY + "recv c"),
    Condition(
        "pipe-first-send",
        "send side=client: fail EPIPE",
        "tcp4",
        HEALTHY + "send c",
        realism="kernel",
    ),
    Condition(
        "pipe-later-send",
        "send side=client nth=2: fail EPIPE",
        "tcp4",
        HEALTHY + "send c; send c",
        0,
        1,
        "kernel",
    ),
    Condition("eof-datagram", "recv: eof", "unixdgram", HEALTHY + "recv c"),
    Condition("eof-once", "recv side=client: eof", "tcp4", HEALTHY + "recv c; recv c", 1, 1),
    Condition(
        "closed-after-eof",
        "recv: eof\nsend side=client: closed",
        "tcp4",
        HEALTHY + "recv c; send c",
        1,
        1,
    ),
    # Datagrams.
    # TCP: refused is a connect, not what has moved something already.
    Condition(
        "refused-after-data",
        "recv: fail ECONNREFUSED",
        "tcp4",
        HEALTHY + "~ nonblock c; ~ send c 3; recv c 2; recv c",
        2,
    ),
    Condition(
        "refused-unconnected",
        "send: fail ECONNREFUSED",
        "udp4",
        "~ bound p; ~ socket c; sendto c 5 p; recv p",
    ),
    # Each datagram that was sent is refused once at most.
    Condition(
        "refused-nothing-sent", "recv: fail ECONNREFUSED", "udp4", "~ pair c p; ~ send p 5; recv c"
    ),
    Condition("refused-first-send", "send: fail ECONNREFUSED", "udp4", "~ pair c p; send c 5"),
    Condition(
        "refused-once",
        "recv: fail ECONNREFUSED",
        "udp4",
        "~ pair c p; ~ send c 5; ~ send p 5; recv c; recv c",
        1,
        1,
    ),
    Condition(
        "refused-each-sent",
        "send side=client: fail ECONNREFUSED",
        "udp4",
        "~ pair c p; send c 5; send c 5; send c 5; send c 5",
        2,
        2,
    ),
    Condition(
        "too-big-splits", "send side=client: fail EMSGSIZE", "udp4", "~ pair c p; send c 2000"
    ),
    Condition(
        "no-answer-unix", "connect: fail ETIMEDOUT", "unix", "~ listen l; ~ socket c; connect c l"
    ),
    Condition(
        "under-way-unix",
        "connect: fail EINPROGRESS",
        "unix",
        "~ listen l; ~ socket c; ~ nonblock c; connect c l",
    ),
    # What POSIX allows and Linux does not do.
    Condition(
        "aborted",
        "accept: fail ECONNABORTED",
        "tcp4",
        "~ listen l; ~ socket c; ~ connect c l; accept p l",
        realism="kernel",
    ),
    Condition(
        "close-interrupted",
        "close side=client: fail EINTR",
        "tcp4",
        HEALTHY + "close c",
        realism="kernel",
    ),
    Condition(
        "close-interrupted-posix",
        "close side=client: fail EINTR",
        "tcp4",
        HEALTHY + "close c",
        0,
        1,
    ),
]
