# SPDX-License-Identifier: MIT
"""Graded submissions, made by hand: an ordinary one, a hostile one, a class."""

import random

from sockfault.graded import Graded, Loss, Verdict
from sockfault.report import Row

STARTED = 1_790_000_000.25
SOURCE = [
    (15, "\tconnect(fd, (struct sockaddr *)&a, sizeof a);"),
    (16, '\tif (fgets(line, sizeof line, stdin) == NULL && "a<b>" > 0)'),
    (17, "\t\treturn 1;"),
    (18, "\tsend(fd, line, strlen(line), 0);"),
    (19, "\tssize_t k = recv(fd, line, sizeof line, 0);"),
]
REPEAT = (
    "sockfault run --peer './peer {port}' -e 'send nth=1: short 2' -- ./client 127.0.0.1 {port}"
)


def rows(count=6):
    made = [
        Row(0.001, ["life"], "exec"),
        Row(0.002, ["life"], "started prlimit"),
        Row(0.003, ["life"], "started client"),
        Row(0.004, ["out"], "connect(3 #1, 127.0.0.1:34839) = 0", "connect", "127.0.0.1:34839"),
        Row(
            0.0045,
            ["out", "fault"],
            "send(3 #1, 6) = 2",
            "2 bytes",
            "short 2 (rule 1, posix)",
            ["at client.c:18, main()"],
            7,
        ),
        Row(
            0.005,
            ["in", "stuck", "found"],
            "recv(3 #1, 512) = never returned",
            "never returned",
            "",
            ["short-send-dropped: send() took 2 of 6 bytes; the other 4 were never sent"],
            8,
        ),
        Row(0.006, ["peer"], peer="accepted"),
        Row(0.007, ["peer"], peer="gets b'he'"),
    ]
    more = [Row(0.01 + at / 1000, ["in"], "recv(3 #1, 512) = 1", "1 byte") for at in range(count)]
    return made + more


def loss(points=3.0, **other):
    values = {
        "says": "send() took 2 of 6 bytes; the other 4 were never sent",
        "finding": "short-send-dropped",
        "severity": "error",
        "file": "client.c",
        "line": 18,
        "function": "main",
        "hint": "Go on with the rest until all was sent: in a loop on a blocking socket.",
        "excerpt": list(SOURCE),
    }
    return Loss(points, **(values | other))


def broken(points=4.0):
    """A loss without a finding: of what was expected and got."""
    says = "the program printed something else\n--- expected\n+++ got\n@@ -1 +1 @@\n-hello\n+h"
    return Loss(points, says)


def verdict(name, points=4.0, of=4.0, state="passed", **other):
    values = {"visibility": "visible", "losses": [], "notes": [], "duration": 0.25}
    return Verdict(name, points=points, of=of, state=state, **(values | other))


def submission(name="ada", verdicts=None, **other):
    if verdicts is None:
        verdicts = [
            verdict("echoes a line"),
            verdict("copes with short sends", 1.0, 4.0, "partly", losses=[loss()], repeat=REPEAT),
            verdict(
                "copes with short receives",
                0.0,
                4.0,
                "failed",
                losses=[broken(), loss(0.0, before="copes with short sends")],
                repeat=REPEAT,
                chart=rows(),
                feedback="Have a look at chapter 3 again:\n  read() is allowed to give less.",
            ),
            verdict(
                "survives a reset",
                0.0,
                4.0,
                "not reached",
                notes=["never happened: recv nth=9: reset: there were 2 calls"],
            ),
            verdict("copes with EINTR", 2.5, 4.0, "partly", losses=[loss(1.5)], chart=rows(40)),
        ]
    of = sum(one.of for one in verdicts)
    values = {"is_done": True, "warnings": [], "started": STARTED}
    return Graded(name, "Echo client", of, "bubblewrap", verdicts=verdicts, **(values | other))


def with_hidden():
    """Tests that a student may not see; one of them has charged a mistake of a visible one."""
    secret = loss(hint="SECRET hint", excerpt=[(18, "SECRET source")])
    more = {"losses": [secret], "repeat": "sockfault run -e SECRET", "notes": ["SECRET note"]}
    more |= {
        "feedback": "SECRET feedback",
        "chart": [Row(0.1, ["out"], "SECRET()")],
        "look": "SECRET",
    }
    return submission(
        verdicts=[
            verdict("SECRET test", 1.0, 4.0, "partly", visibility="hidden", **more),
            verdict("a line", 4.0, 4.0, "failed", losses=[loss(0.0, before="SECRET test")]),
            verdict("SECRET until due", 0.5, 2.0, "failed", visibility="after_due_date", **more),
            verdict("SECRET until published", visibility="after_published"),
        ]
    )


NASTY = (
    "</script><script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>"
    "\x1b[31mred\x00\x07\u202egnp.\u2066 & ]]> ``` **bold** | @everyone [x](http://evil.example)"
    "\udcff\ud800\ufffe"
)


def hostile():
    """All that a submission has a say in is as bad as it can be."""
    bad = loss(
        says=f"{NASTY}\n```\n# head\n{NASTY}",
        finding="crash",
        file=f"{NASTY}.c",
        function=NASTY,
        excerpt=[(1, NASTY), (2, "</pre>"), (18, "x" * 100_000), (19, "=cmd|' /C calc'!A0")],
    )
    chart = [Row(0.1, ["out", "fault"], NASTY, NASTY, NASTY, [NASTY], 1)]
    verdicts = [
        verdict(
            f"={NASTY}",
            0.0,
            4.0,
            "failed",
            losses=[bad, broken()],
            notes=[NASTY, "y" * 1_000_000],
            feedback="read <b>this</b>",
            repeat=f"sockfault run -- ./{NASTY}",
            chart=chart,
        )
    ]
    name = f"=HYPERLINK({NASTY})".replace("/", "").replace("\ud800", "")  # as a folder's may be
    return submission(name, verdicts, warnings=[NASTY])


def unbuilt(name="bob"):
    says = "the build (make) ended with status 2:\nclient.c:3:1: error: expected ';' <before> '}'"
    failed = [
        verdict(one, 0.0, 4.0, "failed", losses=[Loss(4.0, says.splitlines()[0])])
        for one in ("echoes a line", "copes with short sends")
    ]
    return submission(name, failed, build=says)


FINDINGS = "short-send-dropped end-ignored killed-by-sigpipe again-spin crash".split()
TESTS = [
    "echoes a line",
    "copes with short receives",
    "copes with short sends",
    "survives a reset",
    "ends when its peer does",
]


def a_class(count=60, seed=3):
    """Submissions as a class hands them in: some right, most with some mistakes."""
    dice = random.Random(seed)
    made = []
    for at in range(count):
        verdicts = []
        for number, name in enumerate(TESTS):
            state = dice.choices(
                ("passed", "partly", "failed", "not reached", "error"),
                (8 - number, 2, 3, 0.3, 0.1),
            )[0]
            points = {"passed": 4.0, "partly": float(dice.choice((1, 2, 2.5)))}.get(state, 0.0)
            found = dice.choices(FINDINGS, (9, 5, 4, 2, 1))[0]
            losses = [loss(4.0 - points, finding=found)] if state in ("partly", "failed") else []
            verdicts.append(verdict(name, points, 4.0, state, losses=losses))
        made.append(submission(f"student-{at:03}", verdicts))
    return made
