# SPDX-License-Identifier: MIT
"""The table of the differential test: each row is a fault, how the kernel makes it, and a rule.

A row's script is written in the words of probe.h. In it stand, for each case of the row:

    {pair}    connects c, the end that meets the fault, and p, its peer
    {mode}    makes c blocking, non-blocking, or gives it a timeout
    {watch}   registers c where readiness is asked of epoll
    {ready}   asks for readiness
    {wait}    waits for it
    {first}   the first call after the fault; {second} one that follows
    {how}     how SIGUSR1 is handled
    {lure}    where that one receives: something to receive, or a non-blocking call does not count

The step that is marked with "!" is the one in which the rule acts. Steps marked N make the fault
natively.

To add a case: add a word to a row's kinds, modes, ready or first, or a row. To see what one gives:
`pytest tests/differential -k NAME`; a case that fails shows both transcripts.
"""

import itertools
import re
from dataclasses import dataclass, field

# What the script is played with: kind of socket, how c and p come about, the side of c.
KINDS = {
    "tcp4": ("tcp4", "pair c p", "client"),
    "tcp6": ("tcp6", "pair c p", "client"),
    "accepted": ("tcp4", "pair p c", "server"),
    "udp4": ("udp4", "pair c p", "client"),
    "udp6": ("udp6", "pair c p", "client"),
    "unix": ("unix", "pair c p", "client"),
    "unix-accepted": ("unix", "pair p c", "server"),
    "unixdgram": ("unixdgram", "pair c p", "client"),
    "seqpacket": ("seqpacket", "pair c p", "client"),
}
TCP = ["tcp4", "tcp6", "accepted"]

MODES = {"blocking": "", "nonblocking": "~ nonblock {c}", "timeout": "~ timeout {c}"}

# By each way to ask: what is done beforehand, and what asks.
READY = {
    "none": ("", ""),
    "poll": ("", "poll {c}"),
    "ppoll": ("", "ppoll {c}"),
    "select": ("", "select {c}"),
    "pselect": ("", "pselect {c}"),
    "level": ("~ register {c} level", "epoll; epoll"),
    "edge": ("~ register {c} edge; epoll", "epoll; epoll"),
    "oneshot": ("~ register {c} oneshot; epoll", "epoll; again {c} oneshot; epoll; epoll"),
    "exclusive": ("~ register {c} exclusive", "epoll; epoll"),
}
ALL_READY = [how for how in READY if how != "none"]

REGISTERS = re.compile(r"((?:register|again) \{c\} \w+)")

# The rule's calls, by the verb of the step that is marked "!".
CALLS = {
    "recv": "recv read readv recvmsg recvmmsg",
    "send": "send sendto write writev sendmsg sendmmsg sendfile",
    "sockopt func=getsockopt": "error touch",
    "sockopt func=setsockopt": "setsockopt",
    "sockopt func=getpeername": "getpeername",
    "sockopt func=getsockname": "getsockname",
    "shutdown": "shutdown",
    "connect": "connect",
    "accept": "accept",
    "close": "close",
    "socket": "socket",
    "poll": "poll ppoll select pselect epoll",
}
CALL_OF = {verb: call for call, verbs in CALLS.items() for verb in verbs.split()}

MARKS = ("!", "@", "~", "R", "start")
LURE = "R send p 5; R await c in"
QUICK = 24  # cases of a row that `make test` plays


@dataclass
class Row:
    name: str
    action: str  # of the rule
    script: str
    kinds: list = field(default_factory=lambda: ["tcp4"])
    modes: list = field(default_factory=lambda: ["blocking"])
    ready: list = field(default_factory=lambda: ["poll"])
    first: list = field(default_factory=lambda: [""])
    second: list = field(default_factory=lambda: [""])
    signals: list = field(default_factory=lambda: [""])  # how SIGUSR1 is handled
    on: str = "side={side}"  # conditions
    subject: str = "c"  # whose mode and readiness it is
    # Where Linux does not let us: {line of the kernel's: line of the rule's}, and the sentence of
    # sockfault-scenario(5) that says why.
    differs: dict = field(default_factory=dict)
    because: str = ""


@dataclass
class Case:
    name: str
    kind: str
    script: str
    rule: str
    row: Row
    is_quick: bool  # else it is left to `make test-all`


RESET = """~ {pair}; {mode}; {watch}; N reset p; N await c hup; {lure}; ! {first}; {ready};
    recv c; {ready}; send c; send c 1 nosignal; error c; shutdown c wr; getpeername c;
    getsockname c; connect c l; poll c; close c"""

# As RESET, with five bytes that came before it.
RESET_BEHIND_DATA = """~ {pair}; {mode}; {watch}; ~ send p 5; ~ await c in; N reset p;
    N await c hup; ! {first}; {ready}; fionread c; recv c 2 peek; recv c 2; {ready}; recv c;
    recv c; {ready}; recv c; send c; error c; close c"""

# The peer lives on, and learns of nothing until it sends.
GONE_SILENT = """{net}; ~ {pair}; {mode}; {watch}; N swallow c; N patience c 200; send c 5;
    recv p; {unroute}; N await c err; {lure}; ! {first}; {ready}; recv c; {ready}; send c;
    error c; shutdown c wr; getpeername c; getsockname c; connect c l; {reroute}; poll p; send p;
    ~ await p err; recv p; close c"""

LOCAL = "ip route {} local 10.77.0.1 dev lo table local"
UNREACHABLE = "ip route {} unreachable 10.77.0.1"

ROWS = [
    # ---- a connection is reset ----
    Row(
        "reset",
        "reset",
        RESET,
        modes=["blocking", "nonblocking", "timeout"],
        first=[
            "recv c",
            "recv c 10 peek",
            "recv c 0",
            "read c",
            "read c 0",
            "readv c",
            "recvmsg c",
            "recvmmsg c",
            "send c",
            "send c 0",
            "send c 1 nosignal",
            "write c",
            "write c 0",
            "writev c",
            "sendmsg c",
            "sendmmsg c",
            "sendfile c",
            "error c",
            "touch c",
            "setsockopt c",
            "getpeername c",
            "getsockname c",
            "shutdown c rd",
            "shutdown c wr",
            "shutdown c rdwr",
        ],
    ),
    Row(
        "reset-seen",
        "reset",
        RESET,
        kinds=TCP,
        modes=["blocking", "nonblocking"],
        ready=ALL_READY,
        first=["recv c", "send c", "error c", "touch c"],
    ),
    Row(
        "reset-connect",
        "reset",
        RESET.replace("! {first}", "! touch c; connect c l"),
        kinds=["tcp4", "tcp6"],
        ready=ALL_READY,
    ),
    Row(
        "fail-reset",
        "fail ECONNRESET",
        RESET,
        kinds=TCP,
        modes=["blocking", "nonblocking", "timeout"],
        first=["recv c", "send c"],
    ),
    Row(
        "reset-behind-data",
        "reset",
        RESET_BEHIND_DATA,
        kinds=TCP,
        modes=["blocking", "nonblocking"],
        ready=["poll", "select", "edge"],
        first=["send c", "error c", "touch c", "getpeername c", "shutdown c wr", "sendfile c"],
    ),
    Row(
        "reset-behind-data-read",
        "reset",
        """~ {pair}; ~ send p 5; ~ await c in; N reset p; N await c hup; ! touch c; {first};
        recv c; recv c; error c; close c""",
        kinds=["tcp4", "tcp6"],
        first=[
            "recv c 100 waitall",
            "read c",
            "read c 0",
            "readv c 3",
            "recvmsg c 9",
            "recvmsg c 4",
            "recvmmsg c",
            "recv c 0",
            "recv c 3 peek",
            "send c",
        ],
    ),
    Row(
        "reset-promised",
        "reset",
        """~ {pair}; {mode}; {watch}; ~ send c 5; ~ send p 5; ~ await c in; {second}; N close p;
        N await c hup; ! {first}; {ready}; recv c; recv c; recv c; send c; error c; close c""",
        kinds=TCP + ["unix"],
        modes=["blocking", "nonblocking"],
        first=["recv c 3", "recvmsg c 9", "read c"],
        second=["recv c 9 peek", "fionread c"],
    ),
    Row(
        "reset-by-unread",
        "reset",
        """~ {pair}; {mode}; {watch}; ~ send c 5; N await p in; N close p; N await c hup; {lure};
        ! {first}; {ready}; recv c; send c; error c; close c""",
        kinds=TCP,
        ready=["poll", "edge"],
        first=["recv c", "touch c"],
    ),
    Row(
        "reset-dup",
        "reset",
        """~ {pair}; {mode}; ~ dup d c; N reset p; N await c hup; {lure}; ! {first}; {ready};
        recv c; recv d; send d; close d; error c; poll c; close c""",
        kinds=TCP,
        first=["recv d", "send d", "error d", "touch d"],
    ),
    Row(
        "reset-half-closed",
        "reset",
        """~ {pair}; {mode}; {watch}; ~ shutdown c wr; ~ await p rdhup; N reset p; N await c hup;
        {lure}; ! {first}; {ready}; recv c; send c; error c; close c""",
        kinds=TCP,
        modes=["blocking", "nonblocking"],
        first=["recv c", "touch c"],
    ),
    Row(
        "reset-blocked",
        "reset",
        """~ {pair}; {mode}; start {first}; ~ sleeps; N reset p; ! touch c; join; recv c; send c;
        error c; poll c; close c""",
        kinds=TCP,
        first=[
            "recv c",
            "read c",
            "readv c",
            "recvmsg c",
            "recv c 100 waitall",
            "poll c in 9000",
            "ppoll c in 9000",
            "select c in 9000",
            "pselect c in 9000",
        ],
    ),
    Row(
        "reset-blocked-epoll",
        "reset",
        """~ {pair}; {watch}; start epoll 9000; ~ sleeps; N reset p; ! touch c; ~ await c hup;
        join; recv c; recv c; close c""",
        kinds=TCP,
        ready=["level-in", "edge-in", "oneshot-in", "exclusive-in"],
    ),
    Row(
        "reset-blocked-send",
        "reset",
        """~ {pair}; {mode}; start {first}; ~ sleeps; N reset p; ! touch c; join; send c; send c;
        recv c; error c; close c""",
        kinds=TCP,
        modes=["blocking"],
        first=["send c 16000000", "write c 16000000", "writev c 16000000", "sendmsg c 16000000"],
    ),
    Row(
        "reset-peer",
        "reset",
        """~ {pair}; ~ send c 5; N reset c; R ! touch c; ~ await p hup; poll p; recv p; recv p;
        recv p; send p; error p; close p""",
        kinds=TCP,
    ),
    Row(
        "reset-unix",
        "reset",
        """~ {pair}; {mode}; {watch}; ~ send c 5; N close p; N await c hup; {lure}; ! {first};
        {ready}; recv c; {ready}; recv c; send c; send c 1 nosignal; error c; error c;
        shutdown c wr; getpeername c; getsockname c; poll c; close c""",
        kinds=["unix", "unix-accepted"],
        modes=["blocking", "nonblocking", "timeout"],
        ready=ALL_READY,
        first=["recv c", "error c", "touch c", "setsockopt c", "getpeername c", "shutdown c wr"],
    ),
    Row(
        "reset-unix-send",
        "reset",
        """~ {pair}; {mode}; {watch}; ~ send c 5; N close p; N await c hup; ! {first}; {ready};
        recv c; {ready}; recv c; send c; error c; poll c; close c""",
        kinds=["unix", "unix-accepted"],
        modes=["blocking", "nonblocking"],
        first=["send c", "send c 1 nosignal", "write c", "writev c", "sendmsg c"],
    ),
    Row(
        "reset-unix-behind-data",
        "reset",
        """~ {pair}; {mode}; {watch}; ~ send c 5; ~ send p 5; N close p; N await c hup;
        ! {first}; {ready}; fionread c; recv c 2; {ready}; recv c; recv c; {ready}; recv c;
        send c; error c; close c""",
        kinds=["unix", "unix-accepted"],
        modes=["blocking", "nonblocking"],
        ready=["poll", "select", "edge"],
        first=["error c", "touch c", "getpeername c", "shutdown c wr"],
    ),
    Row(
        "reset-unix-blocked",
        "reset",
        """~ {pair}; ~ send c 5; start {first}; ~ sleeps; N close p; ! touch c; join; recv c;
        send c; error c; poll c; close c""",
        kinds=["unix", "unix-accepted"],
        first=["recv c", "read c", "poll c in 9000", "select c in 9000"],
    ),
    Row(
        "fail-reset-unix",
        "fail ECONNRESET",
        """~ {pair}; {mode}; {watch}; ~ send c 5; N close p; N await c hup; {lure}; ! {first};
        {ready}; recv c; {ready}; recv c; send c; error c; poll c; close c""",
        kinds=["unix", "unix-accepted", "seqpacket"],
        modes=["blocking", "nonblocking", "timeout"],
        first=["recv c", "recv c 3 peek", "recvmsg c", "recvmmsg c"],
    ),
    # ---- a connection ends for want of an answer ----
    Row(
        "timed-out",
        "fail ETIMEDOUT",
        GONE_SILENT.replace("{net}", "").replace("{unroute}", "").replace("{reroute}", ""),
        kinds=TCP,
        modes=["blocking", "nonblocking", "timeout"],
        first=["recv c", "send c"],
    ),
    Row(
        "timed-out-seen",
        "fail ETIMEDOUT",
        GONE_SILENT.replace("{net}", "").replace("{unroute}", "").replace("{reroute}", ""),
        ready=ALL_READY[1:],
        first=["recv c", "send c", "read c", "writev c"],
    ),
    Row(
        "unreachable-established",
        "fail EHOSTUNREACH",
        GONE_SILENT.replace(
            "{net}", "N alone; N shell ip addr add 10.77.0.1/32 dev lo; N address 10.77.0.1"
        )
        .replace("{unroute}", f"N shell {LOCAL.format('del')}; N shell {UNREACHABLE.format('add')}")
        .replace(
            "{reroute}", f"N shell {UNREACHABLE.format('del')}; N shell {LOCAL.format('add')}"
        ),
        modes=["blocking", "nonblocking"],
        first=["recv c", "send c"],
    ),
    Row(
        "timed-out-behind-data",
        "fail ETIMEDOUT",
        """~ {pair}; {mode}; {watch}; ~ send p 5; ~ await c in; N swallow c; N patience c 200;
        send c 5; N await c err; ! send c; {ready}; recv c 2; recv c; {ready}; recv c; send c;
        error c; close c""",
        kinds=["tcp4", "tcp6"],
        modes=["blocking", "nonblocking"],
    ),
    # ---- the peer ends ----
    Row(
        "eof",
        "eof",
        """~ {pair}; {mode}; {watch}; N shutdown p wr; N await c rdhup; {lure}; ! {first};
        {ready}; recv c; {ready}; send c 5; recv p 10; error c; getpeername c; getsockname c;
        recv c 3 peek; shutdown c wr; poll c; recv p; close c""",
        kinds=TCP + ["unix", "unix-accepted"],
        modes=["blocking", "nonblocking", "timeout"],
        ready=ALL_READY,
        first=["recv c", "read c"],
    ),
    Row(
        "eof-first",
        "eof",
        """~ {pair}; {mode}; {watch}; N shutdown p wr; N await c rdhup; {lure}; ! {first};
        {ready}; recv c; recv c 0; fionread c; send c 5; recv p 10; shutdown c rd; error c;
        close c; recv p""",
        kinds=["tcp4", "unix"],
        modes=["blocking", "nonblocking"],
        first=[
            "readv c",
            "recvmsg c",
            "recvmmsg c",
            "recv c 3 peek",
            "recv c 9 waitall",
            "recv c 0",
        ],
    ),
    Row(
        "closed",
        "closed",
        """~ {pair}; {mode}; {watch}; N close p; N await c rdhup; {lure}; ! {first}; {ready};
        send c 5; ~ await c hup; {ready}; {second}; {ready}; recv c; send c; error c; error c;
        shutdown c wr; getpeername c; getsockname c; poll c; close c""",
        kinds=TCP,
        modes=["blocking", "nonblocking"],
        ready=["poll", "select", "level", "edge"],
        first=["recv c"],
        second=[
            "recv c",
            "send c",
            "error c",
            "send c 1 nosignal",
            "recv c 3 peek",
            "getpeername c",
        ],
    ),
    Row(
        "closed-send",
        "closed",
        """~ {pair}; {mode}; {watch}; N close p; N await c rdhup; ! {first}; ~ await c hup;
        {ready}; {second}; {ready}; recv c; send c; error c; poll c; close c""",
        kinds=TCP,
        modes=["blocking", "nonblocking"],
        first=["send c", "write c 5", "writev c 5", "sendmsg c 5", "sendfile c"],
        second=["recv c", "send c", "error c"],
    ),
    Row(
        "closed-unix",
        "closed",
        """~ {pair}; {mode}; {watch}; N close p; N await c hup; {lure}; ! {first}; {ready};
        send c 5; {ready}; recv c; send c 1 nosignal; error c; shutdown c wr; getpeername c;
        getsockname c; poll c; close c""",
        kinds=["unix", "unix-accepted"],
        modes=["blocking", "nonblocking"],
        ready=["poll", "select", "level", "edge"],
        first=["recv c", "send c"],
    ),
    # ---- connecting ----
    Row(
        "refused",
        "fail ECONNREFUSED",
        """~ bound l; R listening l; ~ socket c; {watch}; ! connect c l; {ready}; error c;
        recv c; send c; getpeername c; shutdown c; N listening l; connect c l; send c; poll c;
        getsockname c; close c""",
        kinds=["tcp4", "tcp6"],
        modes=["blocking", "timeout"],
        ready=ALL_READY,
        on="",
    ),
    Row(
        "refused-later",
        "fail ECONNREFUSED",
        """~ bound l; R listening l; ~ socket c; ~ nonblock c; {watch}; ! connect c l;
        ~ await c hup; {ready}; {first}; {ready}; error c; recv c; send c; getpeername c;
        shutdown c wr; poll c; N listening l; connect c l; connect c l; ~ await c out; poll c;
        close c""",
        kinds=["tcp4", "tcp6"],
        ready=ALL_READY,
        first=[
            "error c",
            "recv c",
            "send c",
            "recv c 3 peek",
            "send c 0",
            "writev c",
            "connect c l",
        ],
        on="",
    ),
    Row(
        "timed-out-connect",
        "delay 1100ms, fail ETIMEDOUT",
        """N listen l 0; N crowd l 2; R listen l; ~ socket c; N patience c 400; @ ! connect c l;
        {ready}; error c; recv c; send c; getpeername c; N room l; N room l; connect c l; send c;
        close c""",
        kinds=["tcp4", "tcp6"],
        on="",
    ),
    Row(
        "timed-out-connect-later",
        "delay 1100ms, fail ETIMEDOUT",
        """N listen l 0; N crowd l 2; R listen l; ~ socket c; ~ nonblock c; {watch};
        N patience c 400; ! connect c l; connect c l; poll c; error c; recv c; send c;
        getpeername c; {wait}; {ready}; {first}; {ready}; error c; recv c; send c; poll c;
        close c""",
        kinds=["tcp4", "tcp6"],
        ready=["poll", "select", "level", "edge"],
        first=["error c", "recv c", "send c", "connect c l"],
        on="",
    ),
    Row(
        "timed-out-connect-behind",
        "delay 1100ms, fail ETIMEDOUT",
        """N listen l 0; N crowd l 2; R listen l; ~ socket c; ~ timeout c; {watch};
        N patience c 900; @ ! connect c l; poll c; error c; recv c 1 dontwait; getpeername c;
        {wait}; {ready}; error c; error c; recv c; send c; poll c; close c""",
        kinds=["tcp4", "tcp6"],
        ready=["poll", "select"],
        on="",
    ),
    Row(
        "stalled-connect",
        "stall",
        """N listen l 0; N crowd l 2; R listen l; ~ socket c; {mode}; @ ! connect c l; poll c;
        error c; recv c 1 dontwait; send c 1 dontwait; @ connect c l; poll c; close c""",
        kinds=["tcp4", "tcp6"],
        modes=["nonblocking", "timeout"],
        on="",
    ),
    Row(
        "stalled-connect-again",
        "stall 1s",
        """~ handle; N listen l 0; N crowd l 1; R listen l; ~ socket c; {mode};
        ! start connect c l; ~ sleeps; ~ interrupt; join; poll c in; start connect c l; ~ sleeps;
        ~ interrupt; join; N room l; connect c l; connect c l; poll c; send c; close c""",
        kinds=["tcp4", "tcp6"],
        on="",
    ),
    Row(
        "interrupted-connect",
        "signal SIGUSR1, fail EINTR",
        """~ handle {how}; N listen l 0; N crowd l 1; R listen l; ~ socket c; {mode};
        ! start connect c l; N sleeps; N interrupt; join; poll c in; N room l; connect c l;
        connect c l; poll c; send c; close c""",
        kinds=["tcp4", "tcp6"],
        on="",
    ),
    Row(
        "interrupted-connect-restart",
        "signal SIGUSR1, fail EINTR",
        """~ handle restart; N listen l 0; N crowd l 1; R listen l; ~ socket c; ~ timeout c 5000;
        ! start connect c l; N sleeps; N interrupt; join; poll c in; N room l; connect c l;
        connect c l; poll c; send c; close c""",
        kinds=["tcp4", "tcp6"],
        on="",
    ),
    Row(
        "interrupted-connect-unix",
        "signal SIGUSR1, fail EINTR",
        """~ handle; N listen l 0; N crowd l 1; R listen l; ~ socket c; ! start connect c l;
        N sleeps; N interrupt; join; poll c; N room l; connect c l; poll c; close c""",
        kinds=["unix", "seqpacket"],
        on="",
    ),
    Row(
        "no-route",
        "fail ENETUNREACH",
        """N alone; N far l 198.51.100.1; R listen l; ~ socket c; {mode}; {watch}; ! connect c l;
        {ready}; error c; recv c; send c; getpeername c; N listen l; connect c l; ~ await c out;
        poll c; close c""",
        modes=["blocking", "nonblocking", "timeout"],
        ready=["poll", "select", "level", "edge"],
        on="",
    ),
    Row(
        "no-host",
        "fail EHOSTUNREACH",
        """N alone; N shell ip route add unreachable 198.51.100.1; N far l 198.51.100.1;
        R listen l; ~ socket c; {mode}; {watch}; ! connect c l; {ready}; error c; recv c; send c;
        N listen l; connect c l; ~ await c out; poll c; close c""",
        modes=["blocking", "nonblocking", "timeout"],
        ready=["poll", "edge"],
        on="",
    ),
    Row(
        "prohibited",
        "fail EACCES",
        """N alone; N shell ip route add prohibit 198.51.100.1; N far l 198.51.100.1; R listen l;
        ~ socket c; {mode}; {watch}; ! connect c l; {ready}; error c; recv c; send c; N listen l;
        connect c l; ~ await c out; poll c; close c""",
        modes=["blocking", "nonblocking", "timeout"],
        ready=["poll", "edge"],
        on="",
    ),
    Row(
        "no-ports",
        "fail EADDRNOTAVAIL",
        """N alone; ~ listen l; N shell sysctl -qw net.ipv4.ip_local_port_range=40000\\ 40001;
        N crowd l 2; ~ socket c; {mode}; {watch}; ! connect c l; {ready}; error c; recv c;
        send c; poll c; N shell sysctl -qw net.ipv4.ip_local_port_range=40000\\ 40009;
        connect c l; ~ await c out; poll c; close c""",
        modes=["blocking", "nonblocking"],
        on="",
    ),
    Row(
        "unreachable-udp",
        "fail EHOSTUNREACH",
        """N alone; N shell ip route add unreachable 198.51.100.1; N far l 198.51.100.1;
        R bound l; ~ socket c; {mode}; ! connect c l; poll c; error c; send c; N bound l;
        connect c l; send c; recv l; close c""",
        kinds=["udp4"],
        modes=["blocking", "nonblocking"],
        on="type=dgram",
    ),
    Row(
        "full-queue-unix",
        "fail EAGAIN",
        """N listen l 0; N crowd l 1; R listen l; ~ socket c; {mode}; {watch}; @ ! connect c l;
        {ready}; recv c; send c; error c; getpeername c; N room l; connect c l; poll c; close c""",
        kinds=["unix", "seqpacket"],
        modes=["nonblocking", "timeout"],
        ready=["poll", "select", "level", "edge"],
        on="",
    ),
    Row(
        "nobody-there-unix",
        "fail ECONNREFUSED",
        """N bound l; R listen l; ~ socket c; {mode}; ! connect c l; poll c; recv c; send c;
        error c; N listening l; connect c l; poll c; close c""",
        kinds=["unix", "seqpacket"],
        modes=["blocking", "nonblocking"],
        on="",
    ),
    # ---- accepting ----
    Row(
        "no-descriptors",
        "fail EMFILE",
        """~ listen l; ~ socket p; {mode}; {watch}; ~ connect p l; ~ await l in;
        N descriptors gone; ! accept c l; {ready}; N descriptors back; poll p; accept c l;
        {ready}; send p 5; recv c; poll l""",
        kinds=["tcp4", "tcp6", "unix", "seqpacket"],
        modes=["blocking", "nonblocking", "timeout"],
        ready=["poll", "select", "level-in", "edge-in", "oneshot-in", "exclusive-in"],
        on="side=listener",
        subject="l",
    ),
    Row(
        "no-descriptors-socket",
        "fail EMFILE",
        """N descriptors gone; ! socket c; N descriptors back; socket c; ~ listen l; connect c l;
        close c""",
        kinds=["tcp4", "tcp6", "unix"],
        on="",
    ),
    Row(
        "interrupted-accept",
        "signal SIGUSR1, fail EINTR",
        """~ listen l; ~ handle; ~ socket p; {mode}; ! start accept c l; N sleeps; N interrupt;
        join; poll l; connect p l; ~ await l in; accept c l; send p 5; recv c""",
        kinds=["tcp4", "tcp6", "unix", "seqpacket"],
        modes=["blocking", "timeout"],
        on="side=listener",
        subject="l",
    ),
    Row(
        "accept-times-out",
        "fail EAGAIN",
        """~ listen l; ~ socket p; {mode}; R connect p l; @ ! accept c l; N connect p l;
        ~ await l in; accept c l; send p 5; recv c""",
        kinds=["tcp4", "unix"],
        modes=["timeout", "nonblocking"],
        on="side=listener",
        subject="l",
    ),
    Row(
        "aborted",
        "fail ECONNABORTED",
        """~ listen l; ~ socket p; {mode}; ~ connect p l; ~ await l in; ! accept c l; N close c;
        poll l; ~ socket q; connect q l; ~ await l in; accept c l; send q 5; recv c""",
        kinds=["tcp4", "tcp6"],
        modes=["blocking", "nonblocking"],
        on="side=listener",
        subject="l",
        differs={"accept c l = a socket": "accept c l = -1 ECONNABORTED"},
        because="Linux gives a connection that was reset before accept",
    ),
    # ---- nothing to be had, or interrupted ----
    Row(
        "nothing-yet",
        "fail EAGAIN",
        """~ {pair}; {mode}; R send p 5; R await c in; @ ! {first}; N send p 5; ~ await c in;
        poll c; recv c; error c; send c; poll c; close c""",
        kinds=TCP + ["unix", "udp4", "udp6", "unixdgram", "seqpacket"],
        modes=["nonblocking", "timeout"],
        first=["recv c", "read c", "recvmsg c", "readv c", "recvmmsg c"],
    ),
    Row(
        "nothing-yet-edge",
        "fail EAGAIN",
        """~ {pair}; {mode}; {watch}; R send p 5; R await c in; ! recv c; N send p 5;
        ~ await c in; epoll; epoll; recv c; epoll; close c""",
        kinds=TCP + ["unix", "udp4", "unixdgram", "seqpacket"],
        modes=["nonblocking"],
        ready=["edge-in", "level-in"],
    ),
    Row(
        "interrupted-recv",
        "signal SIGUSR1, fail EINTR",
        """~ {pair}; ~ handle; {mode}; ! start {first}; N sleeps; N interrupt; join; poll c;
        send p 5; ~ await c in; recv c; close c""",
        kinds=TCP + ["unix", "udp4", "unixdgram", "seqpacket"],
        modes=["blocking", "timeout"],
        first=["recv c", "read c", "recvmsg c"],
    ),
    Row(
        "interrupted-recv-restart",
        "signal SIGUSR1, fail EINTR",
        """~ {pair}; ~ handle restart; {mode}; ! start recv c; N sleeps; N interrupt; join;
        send p 5; ~ await c in; recv c; close c""",
        kinds=["tcp4", "unix", "udp4", "seqpacket"],
        modes=["timeout"],
    ),
    Row(
        "interrupted-send",
        "signal SIGUSR1, fail EINTR",
        """~ {pair}; ~ handle; {mode}; ~ fill c; ! start {first}; N sleeps; N interrupt; join;
        poll c; ~ drain p; ~ await c out; send c; close c""",
        kinds=["tcp4", "unix"],
        modes=["blocking", "timeout"],
        first=["send c", "write c", "sendmsg c"],
    ),
    Row(
        "interrupted-wait",
        "signal SIGUSR1, fail EINTR",
        """~ {pair}; ~ handle {how}; {watch}; ! start {first}; N sleeps; N interrupt; join;
        send p 5; {ready}; recv c; close c""",
        kinds=["tcp4", "udp4", "unix"],
        first=["poll c in 5000", "ppoll c in 5000", "select c in 5000", "pselect c in 5000"],
        signals=["", "restart"],
        on="",
    ),
    Row(
        "interrupted-epoll",
        "signal SIGUSR1, fail EINTR",
        """~ {pair}; ~ handle {how}; {watch}; ! start epoll 5000; N sleeps; N interrupt; join;
        send p 5; ~ await c in; epoll; epoll; recv c; close c""",
        kinds=["tcp4", "udp4", "unix"],
        ready=["level-in", "edge-in", "oneshot-in", "exclusive-in"],
        signals=["", "restart"],
        on="",
    ),
    Row(
        "signalled",
        "signal SIGUSR1",
        """~ {pair}; ~ handle; {mode}; ~ send p 5; ~ await c in; N raise; ! {first};
        recv c 9 dontwait; send c; close c""",
        kinds=["tcp4", "udp4", "unix"],
        modes=["blocking", "nonblocking"],
        first=["recv c 3", "send c 5", "error c", "getpeername c"],
    ),
    # ---- datagrams ----
    Row(
        "refused-udp",
        "fail ECONNREFUSED",
        """~ {pair}; {mode}; N close p; send c; N await c err; {lure}; ! {first}; R drain c;
        {ready}; error c; recv c 9 dontwait; N rebind p; R drain p; send c 5; recv p; poll c;
        close c""",
        kinds=["udp4", "udp6"],
        modes=["blocking", "nonblocking", "timeout"],
        ready=["poll", "select", "level", "edge"],
        first=["recv c", "send c", "write c", "recvmsg c", "sendmsg c", "recv c 3 peek", "read c"],
    ),
    Row(
        "refused-udp-before-data",
        "fail ECONNREFUSED",
        """~ {pair}; {mode}; ~ send p 5; ~ await c in; N close p; send c; N await c err;
        ! {first}; poll c; recv c; recv c 9 dontwait; error c; close c""",
        kinds=["udp4", "udp6"],
        modes=["blocking", "nonblocking"],
        first=["recv c", "send c", "recvmsg c"],
    ),
    Row(
        "firewall-udp",
        "fail EPERM",
        """N alone; ~ {pair}; {mode}; N shell iptables -A OUTPUT -p udp -j DROP; ! {first};
        poll c; error c; N shell iptables -F; send c 5; recv p; close c""",
        kinds=["udp4"],
        modes=["blocking", "nonblocking"],
        first=["send c", "sendmsg c", "write c", "sendmmsg c"],
    ),
    Row(
        "no-buffers-udp",
        "fail ENOBUFS",
        """N alone; ~ {pair}; {mode}; ~ ip_option c 11 1;
        N shell tc qdisc add dev lo root tbf rate 8kbit burst 1600 limit 1600; ~ send c 1400;
        ~ send c 1400; ~ send c 1400; ! {first}; poll c; error c;
        N shell tc qdisc del dev lo root; ~ drain p; send c 5; ~ await p in; recv p; close c""",
        kinds=["udp4"],
        modes=["blocking", "nonblocking"],
        first=["send c 1400", "write c 1400"],
    ),
    Row(
        "too-big-udp",
        "fail EMSGSIZE",
        """N alone; N shell ip link set lo mtu 1500; ~ {pair}; {mode}; ~ ip_option c 10 2;
        ! {first}; poll c; error c; send c 5; recv p; close c""",
        kinds=["udp4"],
        modes=["blocking", "nonblocking"],
        first=["send c 2000", "sendmsg c 2000", "write c 2000"],
    ),
    Row(
        "receiver-gone",
        "fail ECONNREFUSED",
        """~ {pair}; {mode}; {watch}; N close p; ! {first}; {ready}; send c; error c;
        recv c 9 dontwait; poll c; close c""",
        kinds=["unixdgram"],
        modes=["blocking", "nonblocking", "timeout"],
        ready=["poll", "select", "level", "edge"],
        first=["send c", "write c", "sendmsg c"],
    ),
    Row(
        "full-receiver",
        "fail EAGAIN",
        """~ {pair}; {mode}; N fill c 1; @ ! send c; N drain p; ~ await c out; send c 5; recv p;
        poll c; close c""",
        kinds=["unixdgram", "unix", "seqpacket", "tcp4"],
        modes=["nonblocking", "timeout"],
    ),
    # ---- broken pipes ----
    Row(
        "broken-pipe",
        "fail EPIPE",
        """~ {pair}; {mode}; {watch}; N close p; send c 5; N await c hup; ! {first}; {ready};
        recv c; send c; error c; shutdown c wr; getpeername c; getsockname c; connect c l;
        poll c; close c""",
        kinds=TCP,
        modes=["blocking", "nonblocking"],
        ready=["poll", "select", "edge"],
        first=["send c", "send c 1 nosignal", "write c", "writev c", "sendmsg c"],
    ),
    Row(
        "broken-pipe-behind-end",
        "fail EPIPE",
        """~ {pair}; {mode}; {watch}; ~ shutdown p wr; ~ await c in; recv c; send c 5; N close p;
        N await c hup; ! {first}; {ready}; recv c; send c; error c; shutdown c wr; getpeername c;
        getsockname c; connect c l; poll c; close c""",
        kinds=TCP,
        modes=["blocking", "nonblocking"],
        ready=["poll", "select", "edge"],
        first=["send c", "write c"],
    ),
    Row(
        "broken-pipe-unix",
        "fail EPIPE",
        """~ {pair}; {mode}; {watch}; N close p; N await c hup; ! {first}; {ready}; recv c;
        send c; error c; shutdown c wr; getpeername c; poll c; close c""",
        kinds=["unix", "unix-accepted", "seqpacket"],
        modes=["blocking", "nonblocking"],
        ready=["poll", "select", "edge"],
        first=["send c", "send c 1 nosignal", "write c", "sendmsg c"],
    ),
    # ---- silence ----
    Row(
        "silence",
        "stall 400ms",
        """~ {pair}; ~ nonblock c; {watch}; R send p 5; ! {first}; {ready}; N send p 5;
        ~ await c in; {ready}; recv c; close c""",
        kinds=TCP + ["unix", "udp4", "seqpacket"],
        ready=["poll", "select", "level-in", "edge-in"],
        first=["recv c", "read c"],
    ),
    Row(
        "silence-blocking",
        "stall",
        """~ {pair}; {mode}; R send p 5; @ ! {first}; @ recv c; send c 5; recv p; close c""",
        kinds=["tcp4", "unix", "udp4", "seqpacket"],
        modes=["timeout"],
        first=["recv c", "readv c"],
    ),
    Row(
        "late",
        "latency 400ms",
        """~ {pair}; {mode}; R send p 5; N start later p; @ ! recv c; close c""",
        kinds=["tcp4", "unix", "udp4"],
        modes=["blocking"],
    ),
    # ---- closing ----
    Row(
        "close-fails",
        "fail EINTR",
        """~ {pair}; {mode}; ! close c; close c; ~ await p in; poll p; recv p; send p""",
        kinds=["tcp4", "tcp6", "unix"],
        modes=["blocking", "nonblocking"],
        differs={"close c = 0": "close c = -1 EINTR"},
        because="close on Linux never fails once it has begun",
    ),
]


def fill(text, subject="c", **values):
    for key, value in values.items():
        text = text.replace("{" + key + "}", value)
    return text.replace("{c}", subject)


def ready_of(how):
    """What registers, what asks and what waits. 'edge-in': as 'edge', asked for IN alone."""
    before, after = READY[how.removesuffix("-in")]
    wait = "@ epoll 5000" if "epoll" in after else f"@ {after} all 5000"
    if how.endswith("-in"):
        before, after = (REGISTERS.sub(r"\1 in", text) for text in (before, after))
        wait = wait.replace(" all ", " in ")
    return {"watch": before, "ready": after, "wait": wait}


def met_by_the_rule(script):
    """The steps up to the one in which the rule acts, as the rule's process sees them."""
    steps = [step.split() for step in script.split(";") if step.split()]
    marked = next(i for i, step in enumerate(steps) if "!" in step)
    seen = [step for step in steps[: marked + 1] if step[0] != "N"]
    return [[word for word in step if word not in MARKS] for step in seen]


def rule_of(row, script, side):
    """The rule meets the call of the step that is marked, by its number."""
    seen = met_by_the_rule(script)
    verb, subject = seen[-1][0], seen[-1][1:2]
    call = CALL_OF[verb]
    nth = sum(CALL_OF.get(words[0]) == call and words[1:2] == subject for words in seen)
    if call == "sockopt func=setsockopt":
        nth += 2 * (["timeout", *subject] in seen)
    return f"{call} {fill(row.on, side=side)} nth={nth} : {row.action}"


def is_quick(number, count):
    """Of a row with many cases some are enough for each day, from all over the product."""
    return number * 7919 % count < QUICK


def cases():
    """All of them, in the order of the table."""
    for row in ROWS:
        product = list(
            itertools.product(row.kinds, row.modes, row.ready, row.first, row.second, row.signals)
        )
        for number, (kind, mode, how, first, second, signals) in enumerate(product):
            probe_kind, pair, side = KINDS[kind]
            values = {"pair": pair, "mode": MODES[mode], "first": first, "second": second}
            values["lure"] = LURE if CALL_OF.get(first.split(" ")[0]) == "recv" else ""
            script = fill(row.script, row.subject, how=signals, **ready_of(how), **values)
            script = " ".join(script.split())
            words = [row.name, kind, mode, how, first, second, signals]
            yield Case(
                "-".join(word.replace(" ", "_") for word in words if word),
                probe_kind,
                script,
                rule_of(row, script, side),
                row,
                is_quick(number, len(product)),
            )
