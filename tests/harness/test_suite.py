# SPDX-License-Identifier: MIT
"""Suites: what they run, how they judge, how wrong ones are told, and what they leave."""

import json
import os
import re

import jsonschema
import pytest

from conftest import PYTHON, ROOT, TARGETS, cases
from sarif_schema import SCHEMA
from sockfault import sarif, toml
from sockfault.events import Finding
from sockfault.suite import read

NAIVE = f"""
[target]
command = ["{TARGETS}/naive-line-client", "127.0.0.1", "{{port}}", "hello"]
peer = "{TARGETS}/robust-echo-server 127.0.0.1 {{port}}"
[expect]
within = "3s"
"""

ROBUST_SERVER = f"""
[target]
command = ["{TARGETS}/robust-echo-server", "127.0.0.1", "{{port}}"]
role = "server"
client = "{TARGETS}/robust-line-client 127.0.0.1 {{port}} hello"
[expect]
within = "8s"
"""

# At the first error it ends with the status that is its second word, or stays and serves no more.
FRAGILE = """
import signal, socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen()
while True:
    try:
        c, _ = s.accept()
        c.sendall(c.recv(100))
        c.close()
    except OSError:
        s.close()
        signal.pause() if sys.argv[2] == "stay" else sys.exit(int(sys.argv[2]))
"""


ABORTS = """
import socket, os
a, b = socket.socketpair()
a.send(b'ab')
if len(b.recv(2)) < 2:
    os.abort()
"""

ASKS = """
import socket, sys
s = socket.socket(type=socket.SOCK_DGRAM)
s.sendto(b'a', ('127.0.0.1', int(sys.argv[1])))
print(s.recv(9))
"""

CLOCK = """
import socket, time
a, b = socket.socketpair()
a.send(b'x')
b.recv(1)
print(time.time_ns())
"""


def python(script, *words):
    more = "".join(f", {word}" for word in words)
    return f"[target]\ncommand = ['{PYTHON}', '-c', '''{script}'''{more}]\n"


def scenario(name, rule, *lines):
    return f'[[scenario]]\nname = "{name}"\nrules = "{rule}"\n' + "\n".join(lines) + "\n"


@pytest.fixture
def suite(installed, tmp_path):
    """suite(text, *words): what `sockfault suite` says of it, and {name: outcome}."""

    def start(text, *words, name="suite.toml", **env):
        (tmp_path / name).write_text(text)
        report = ["--report", "report"]
        more = [] if "--" in words else ["--"]
        argv = [installed.command, "suite", *report, *words, *more, f"--basetemp={tmp_path}/base"]
        argv[2:2] = [name]
        done = installed.run(argv, tmp_path, **env)
        junit = tmp_path / "report" / "junit.xml"
        return done, cases(junit) if junit.exists() else {}

    return start


def section(text, name):
    """What is said of one failed item."""
    found = re.search(rf"^_+ {re.escape(name)} _+$(.*?)(?=^_{{4,}} |^====|\Z)", text, re.M | re.S)
    assert found, text
    return found[1]


# ---- what is run, and judged ----


def test_a_client_suite(suite):
    text = NAIVE
    text += scenario("good", "recv: short 1")
    text += scenario("hangs", "send: short 2")
    text += scenario("half an answer", "recv offset=4..: reset")
    text += scenario("less, and no word", "recv offset=4..: eof")
    text += scenario("other status", "connect: fail ECONNREFUSED", "expect.status = 3")
    text += scenario("right status", "connect: fail ECONNREFUSED", "expect.status = [3, 1]")
    text += scenario("never", "connect nth=7: fail ECONNREFUSED")
    text += scenario("need not", "connect nth=7: fail ECONNREFUSED", "must-fire = false")
    done, results = suite(text)
    assert done.returncode == 1, done.stdout
    assert results == {
        "fault-free": "passed",
        "good": "passed",
        "hangs": "failure",
        "half an answer": "failure",
        "less, and no word": "failure",
        "other status": "failure",
        "right status": "passed",
        "never": "failure",
        "need not": "passed",
    }
    hangs = section(done.stdout, "hangs")
    assert re.search(r"hang \(error\): \S+/naive-line-client.c:31: \S+ did not end in time", hangs)
    assert re.search(r"recv\(3 #1, 254\) += never returned +at naive-line-client.c:31", hangs)
    half = section(done.stdout, "half an answer")
    assert re.search(r"^reset-taken-for-end \(error\): \S+/naive-line-client.c:31: ", half, re.M)
    less = section(done.stdout, "less, and no word")
    assert re.search(r"^dishonest-success \(error\): \S+/naive-line-client.c:31: ", less, re.M)
    assert "-hello\n+hell\n" in less
    assert re.search(r"^>>> .* ECONNRESET +<- reset \(rule 1, kernel\)", half, re.MULTILINE)
    assert "expected status 3, got status 1" in section(done.stdout, "other status")
    assert "proves nothing" in section(done.stdout, "never")


def test_what_repeats_a_failure_does(suite, installed, tmp_path):
    done, _ = suite(NAIVE + scenario("half", "recv offset=4..: reset"))
    (line,) = re.findall(r"^sockfault run .*", done.stdout, re.MULTILINE)
    again = installed.run(["sh", "-c", line], tmp_path)
    assert (again.returncode, again.stdout) == (0, "hell")
    assert "1 fault injected" in again.stderr


def test_transient_faults_may_change_nothing(suite):
    client = """
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"hello\\n")
print(s.recv(100))
"""
    text = f"""
[target]
command = ["{PYTHON}", "-c", '''{client}''', "{{port}}"]
peer = "{TARGETS}/robust-echo-server 127.0.0.1 {{port}}"
"""
    done, results = suite(
        text + scenario("cut", "recv: short 1") + scenario("slow", "recv: delay 1ms")
    )
    assert results == {"fault-free": "passed", "cut": "failure", "slow": "passed"}
    cut = section(done.stdout, "cut")
    assert "short-recv-taken-for-whole (error): python3" in cut
    assert "recv() brought 1 byte, of up to 100" in cut


def test_what_a_target_prints_does_nothing_to_a_terminal(suite):
    client = """
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"hello\\n")
print(chr(27) + "]0;title" + chr(7), s.recv(100))
sys.stderr.write(chr(27) + "[2J")
"""
    text = f"""
[target]
command = ["{PYTHON}", "-c", '''{client}''', "{{port}}"]
peer = "{TARGETS}/robust-echo-server 127.0.0.1 {{port}}"
"""
    done, results = suite(text + scenario("cut", "recv: eof"), "--", "--color=no")
    assert results["cut"] == "failure"
    assert "\\x1b]0;title\\x07 b''" in done.stdout and "\\x1b[2J" in done.stdout
    assert "\x1b" not in done.stdout


def test_what_the_command_has_no_name_for_is_told_as_a_difference(suite):
    client = """
import socket, sys, time
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"hello\\n")
began, got = time.monotonic(), b""
while not got.endswith(b"\\n"):
    got += s.recv(100)
print("late" if time.monotonic() - began > 2 else "soon")
"""
    text = f"""
[target]
command = ["{PYTHON}", "-c", '''{client}''', "{{port}}"]
peer = "{TARGETS}/robust-echo-server 127.0.0.1 {{port}}"
"""
    done, results = suite(text + scenario("slow", "recv nth=1: delay 2s"))
    assert results == {"fault-free": "passed", "slow": "failure"}
    slow = section(done.stdout, "slow")
    assert "not-transparent" in slow and "-soon\n+late\n" in slow


def test_a_crash_is_a_finding(suite):
    text = f"""
[target]
name = "crashes"
command = ["{PYTHON}", "-c", '''{ABORTS}''']
"""
    text += scenario("cut", "recv family=unix: short 1")
    text += scenario("wanted", "recv family=unix: short 1", 'expect.signal = "SIGABRT"')
    text += scenario("allowed", "recv family=unix: short 1", "expect.forbid = []")
    done, results = suite(text)
    assert results == {
        "fault-free": "passed",
        "cut": "failure",
        "wanted": "passed",
        "allowed": "passed",
    }
    assert "was killed by SIGABRT" in section(done.stdout, "cut")


def test_a_server_suite(suite):
    text = ROBUST_SERVER
    text += scenario("short", "recv side=server: short 1")
    text += scenario("emfile", "accept nth=1..2: fail EMFILE")
    text += scenario("reset", "recv side=server nth=1: reset")
    text += scenario("wrong", "recv side=server nth=1: reset", "expect.status = 7")
    done, results = suite(text)
    assert list(results.values()) == ["passed"] * 4 + ["failure"], done.stdout
    wrong = section(done.stdout, "wrong")
    assert "expected status 7, got status 0" in wrong and "its client" in wrong
    (line,) = re.findall(r"^sockfault run .*", wrong, re.MULTILINE)
    assert "--server --client" in line


def test_a_server_that_ends_with_its_client(suite, tmp_path):
    (tmp_path / "fragile.py").write_text(FRAGILE)
    text = ROBUST_SERVER.replace(f"{TARGETS}/robust-echo-server", PYTHON)
    for status in (0, 3, "stay"):
        fragile = text.replace('"127.0.0.1", "{port}"', f'"fragile.py", "{{port}}", "{status}"')
        done, results = suite(fragile + scenario("gone", "accept nth=1: fail ECONNABORTED"))
        assert results == {"fault-free": "passed", "gone": "failure"}, done.stdout
        assert "dies-with-client" in done.stdout
        says = {
            0: "the server ended by itself",
            3: "expected the server to end with status 0; it ended with status 3",
            "stay": "the next client, without faults, ended with status 1",
        }
        assert says[status] in done.stdout, done.stdout


def test_peers_in_python(suite, tmp_path):
    (tmp_path / "peers.py").write_text(
        "def echo(c):\n    c.send_all(c.recv_until(b'\\n'))\n"
        "def wants(c):\n    c.expect(b'hullo\\n')\n"
        "def capitals(c):\n    c.send(c.recv().upper())\n"
    )
    client = f'command = ["{TARGETS}/naive-line-client", "{{host}}", "{{port}}", "hello"]\n'
    for peer, good in (("peers.py:echo", True), ("peers.py:wants", False)):
        text = f'[target]\n{client}peer = "{peer}"\n' + scenario("cut", "recv: short 1")
        done, results = suite(text)
        assert (results["fault-free"] == "passed") == good, done.stdout
    assert "expected b'hullo" in done.stdout and "not run: the fault-free run fails" in done.stdout
    assert results["cut"] == "failure" and done.returncode == 1
    text = python(ASKS, '"{port}"')
    text += 'peer = { script = "peers.py:capitals", kind = "dgram" }\n'
    _, results = suite(text + scenario("slow", "recv type=dgram: delay 1ms"))
    assert results == {"fault-free": "passed", "slow": "passed"}


def test_a_fault_free_run_that_fails_stops_its_scenarios(suite, tmp_path):
    text = f"""
[target]
command = ["sh", "-c", "echo x >> count; exit 3"]
{scenario("one", "recv: short 1")}{scenario("two", "recv: short 1")}"""
    done, results = suite(text)
    assert done.returncode == 1 and set(results.values()) == {"failure"}
    assert "it ended with status 3" in section(done.stdout, "fault-free")
    assert "not run: the fault-free run fails" in section(done.stdout, "two")
    assert len((tmp_path / "count").read_text().split()) <= 2


def test_a_target_that_does_not_repeat_itself(suite):
    text = python(CLOCK)
    cut = scenario("slow", "recv family=unix: delay 1ms")
    done, results = suite(text + cut)
    assert "two fault-free runs differ" in done.stdout and results["slow"] == "failure"
    done, results = suite(text + 'normalize = "s/[0-9]+/TIME/"\n' + cut)
    assert results == {"fault-free": "passed", "slow": "passed"}, done.stdout
    done, results = suite(text + '[expect]\nstdout = "any"\n' + cut)
    assert results == {"fault-free": "passed", "slow": "passed"}, done.stdout


def test_output_of_a_file(suite, tmp_path):
    (tmp_path / "right").write_text("hello\n")
    (tmp_path / "wrong").write_text("hullo\n")
    text = NAIVE
    for name in ("right", "wrong"):
        text += scenario(name, "recv: short 1", f'expect.stdout = "{name}"')
    done, results = suite(text)
    assert (results["right"], results["wrong"]) == ("passed", "failure")
    assert "-hullo\n+hello\n" in section(done.stdout, "wrong")


def test_known_findings_are_shown_and_not_counted(suite, tmp_path):
    text = NAIVE + scenario("half", "recv offset=4..: reset")
    done, results = suite(text)
    assert results["half"] == "failure"
    os.rename(tmp_path / "report/results.json", tmp_path / "known.json")
    old = text.replace("[expect]", 'known = "known.json"\n[expect]')
    done, results = suite(old, "--", "-rP")
    assert results["half"] == "passed" and done.returncode == 0
    assert "known findings" in done.stdout and "reset-taken-for-end" in done.stdout


def test_several_targets(suite):
    two = NAIVE.replace("[target]", "[[target]]").partition("[expect]")[0]
    text = (
        two
        + two.replace("[[target]]", '[[target]]\nname = "other"')
        + NAIVE[NAIVE.index("[expect]") :]
    )
    text += scenario("cut", "recv: short 1")
    text += scenario("one", "recv: short 2", 'targets = ["other"]')
    _, results = suite(text)
    assert sorted(results) == [
        "cut [naive-line-client]",
        "cut [other]",
        "fault-free [naive-line-client]",
        "fault-free [other]",
        "one [other]",
    ]


# ---- how it is started ----


def test_by_pytest_itself(installed, tmp_path):
    (tmp_path / "a.toml").write_text(NAIVE + scenario("cut", "recv: short 1"))
    for words in (["--sockfault-suite=a.toml"], ["a.toml"], ["a.toml::cut"]):
        done = installed.pytest(tmp_path, *words)
        assert done.returncode == 0 and "passed" in done.stdout, done.stdout
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")
    done = installed.pytest(tmp_path, "--sockfault-suite=a.toml", "test_it.py")
    assert "3 passed" in done.stdout
    assert "no tests ran" in installed.pytest(tmp_path, "--ignore=test_it.py").stdout


def test_shards_are_parts_of_the_whole(suite):
    text = NAIVE + "".join(scenario(f"cut {n}", f"recv: short {n}") for n in range(1, 5))
    _, whole = suite(text)
    parts = [suite(text, "--shard", f"{n}/2")[1] for n in (1, 2)]
    assert list(map(len, parts)) == [3, 2] and len(whole) == 5
    assert parts[0] | parts[1] == whole
    done, _ = suite(text, "--shard", "4/3")
    assert done.returncode == 125 and "2/3" in done.stderr


def test_side_by_side_gives_the_same(suite, tmp_path):
    text = NAIVE + "".join(scenario(f"cut {n}", f"recv: short {n}") for n in range(1, 6))
    text += scenario("half", "recv offset=4..: reset") + scenario("never", "accept: reset")
    made = {}
    for n in ("1", "2"):
        _, results = suite(text, "-n", n)
        report = json.loads((tmp_path / "report/results.json").read_text())
        made[n] = results, report
    assert made["1"] == made["2"]


def test_the_seed_reaches_the_runs(suite, tmp_path):
    suite(NAIVE + scenario("half", "recv offset=4..: reset"), "--seed", "77")
    assert json.loads((tmp_path / "report/results.json").read_text())["seed"] == 77


def test_status_125_where_it_could_not_work(suite, installed, tmp_path):
    done, _ = suite("[target]\n")
    assert done.returncode == 125
    for words in ([], ["none.toml"], ["--nonsense"]):
        done = installed.run([installed.command, "suite", *words], tmp_path)
        assert done.returncode == 125 and done.stderr.startswith("sockfault suite: ")
    done = installed.run([installed.command, "suite", "--help"], tmp_path)
    assert done.returncode == 0 and "--shard" in done.stdout


# ---- what is wrong in a suite ----

HEAD = '[target]\ncommand = ["true"]\n[[scenario]]\nname = "a"\nrules = "recv: short 1"\n'


@pytest.mark.parametrize(
    "text,complaint",
    [
        (
            HEAD + "expect.statu = 5",
            "6: scenario[1].expect.statu: there is no such key; did you mean status?",
        ),
        (HEAD + 'expect.status = "ok"', "6: scenario[1].expect.status: is a number"),
        (
            HEAD + "expect.status = [0, 300]",
            "6: scenario[1].expect.status: is from 0 to 255, not 300",
        ),
        (HEAD + "expect.status = true", "6: scenario[1].expect.status: .* not true or false"),
        (HEAD + 'expect.within = "soon"', "6: scenario[1].expect.within: 'soon' is no duration"),
        (HEAD + "expect = 5", "6: scenario[1].expect: is a table, not a number"),
        (HEAD + 'expect.forbid = ["crsh"]', "6: scenario[1].expect.forbid: .*did you mean crash?"),
        (
            HEAD + 'expect.signal = "KILL"',
            "6: scenario[1].expect.signal: there is no signal 'KILL'",
        ),
        (HEAD + 'expect.stdout = "nofile"', "6: scenario[1].expect.stdout: .*No such file"),
        (HEAD + 'seed = "7"', "6: scenario[1].seed: is a number, not a text"),
        (HEAD + 'realism = "full"', "6: scenario[1].realism: is kernel or posix, not full"),
        (HEAD + 'targets = ["x"]', "6: scenario[1].targets: there is no target x; there are true"),
        (
            HEAD + '[[scenario]]\nname = "a"\nrules = "recv: eof"',
            "6: scenario[2]: there are two of the name",
        ),
        (
            HEAD + '[[scenario]]\nname = "b"\nrules = "recv: shrt"',
            "8: scenario[2].rules: .*did you mean short?",
        ),
        (
            HEAD + '[[scenario]]\nname = "b"\nuse = "dns-is-flak"',
            "8: scenario[2].use: .*did you mean dns-is-flaky?",
        ),
        (HEAD + '[[scenario]]\nname = "b"', "6: scenario[2]: wants use"),
        (HEAD + '[[scenario]]\nuse = "dns-is-flaky"', "6: scenario[2]: wants name"),
        (HEAD + "[[scenaro]]", "6: scenaro: there is no such key; did you mean scenario?"),
        (HEAD + "x = [", "6:1: "),
        (HEAD + "x = = 3", "6:5: "),
        (HEAD + "\n[scenario.expect]\nfoo = 1", "8: scenario[1].expect.foo: there is no such key"),
        ("[[scenario]]\nname='a'", "1: wants [target]"),
        ('[target]\ncommand = "true"', "1: wants a [[scenario]]"),
        (HEAD.replace('["true"]', "[]"), "1: target: wants command"),
        (
            HEAD.replace('["true"]', '["true"]\nrole = "peer"'),
            '3: target.role: is "client" or "server"',
        ),
        (HEAD.replace('["true"]', '["true"]\nrole = "server"'), "1: target: a server wants client"),
        (HEAD.replace('["true"]', '["true"]\nclient = "x"'), "3: target.client: is for a server"),
        (
            HEAD.replace('["true"]', '["true"]\npeer = "none.py:f"'),
            "3: target.peer: can't load none.py",
        ),
        (
            HEAD.replace('["true"]', '["true"]\npeer = "json:nothing"'),
            "3: target.peer: there is no function nothing",
        ),
        (
            HEAD.replace('["true"]', '["true"]\npeer = { script = "json:loads", kind = "tcp" }'),
            "3: target.peer.kind: is stream or dgram",
        ),
        (
            HEAD.replace('["true"]', '["true"]\n' 'known = "none.json"'),
            "3: target.known: none.json is no results.json",
        ),
        (
            HEAD.replace('["true"]', '["true"]\nnormalize = "s/x"'),
            "3: target.normalize: is as s/RE/TEXT/",
        ),
        (HEAD.replace('["true"]', '["true"]\ncwd = "none"'), "3: target.cwd: there is no folder"),
    ],
)
def test_a_wrong_suite_is_told_with_file_line_and_key(text, complaint, tmp_path):
    path = tmp_path / "suite.toml"
    path.write_text(text + "\n")
    with pytest.raises(toml.WrongFile) as caught:
        read(path)
    pattern = re.escape(f"{path}:") + re.escape(complaint).replace(r"\.\*", ".*")
    assert re.match(pattern, str(caught.value)), str(caught.value)


def test_a_wrong_suite_stops_before_anything_runs(suite, tmp_path):
    done, _ = suite('[target]\ncommand = ["touch", "ran"]\n' + scenario("a", "recv: shrt"))
    assert done.returncode == 125 and not (tmp_path / "ran").exists()
    assert f"{tmp_path}/suite.toml:5: scenario[1].rules: " in done.stdout


def test_a_finding_that_is_not_looked_for_is_said(suite, installed, tmp_path):
    """As long as this sockfault makes no findings of calls; later such a name is refused."""
    made = installed.run([installed.command, "list", "findings"], tmp_path).stdout
    text = NAIVE + scenario("cut", "recv: short 1", 'expect.forbid = ["crash", "not-a-finding"]')
    done, _ = suite(text)
    if made:
        assert done.returncode == 125 and "makes no finding" in done.stdout
    else:
        assert done.returncode == 0 and "does not look for 'not-a-finding'" in done.stdout


# A sockfault that makes one finding, and says what it was asked.
FINDS = """#!/bin/sh
case "$*" in
findings*)
    echo "$*" >>"$ASKED"
    echo '{"finding":"reset-taken-for-end","severity":"error","file":"client.c","cause":5,'\
'"line":42,"evidence":[5],"says":"took a reset for the end","hint":"look at errno"}'
    exit 1 ;;
*) exec "$REAL" "$@" ;;
esac
"""


def test_findings_of_the_command_count_and_say_more(suite, installed, tmp_path):
    fake = tmp_path / "sockfault"
    fake.write_text(FINDS)
    fake.chmod(0o755)
    (tmp_path / "suite.toml").write_text(NAIVE + scenario("half", "recv offset=4..: reset"))
    names = {"SOCKFAULT_COMMAND": str(fake), "REAL": str(installed.command)}
    names["ASKED"] = str(tmp_path / "asked")
    done = installed.pytest(tmp_path, "suite.toml", "--sockfault-report=report", **names)
    half = section(done.stdout, "half")
    assert "reset-taken-for-end (error): client.c:42: took a reset for the end" in half
    assert "look at errno" in half and "dishonest-success" not in half
    assert re.search(
        r"^findings \S+ --json --baseline \S+ --differs output$",
        (tmp_path / "asked").read_text(),
        re.M,
    )
    page = (tmp_path / "report/half-naive-line-client.html").read_text()
    assert re.search('<li id=e5 class="[a-z ]*found"', page) and 'href="#e5"' in page
    (failure,) = json.loads((tmp_path / "report/results.json").read_text())["failures"]
    assert (failure["finding"], failure["file"], failure["line"]) == (
        "reset-taken-for-end",
        "client.c",
        42,
    )


# ---- what it leaves ----


def test_junit_results_sarif_and_annotations(suite, tmp_path):
    text = NAIVE + scenario("half", "recv offset=4..: reset") + scenario("good", "recv: short 1")
    text += scenario("status", "recv: short 1", "expect.status = 9")
    done, _ = suite(text, "--annotations", GITHUB_STEP_SUMMARY=f"{tmp_path}/summary.md")
    report = tmp_path / "report"
    assert "ECONNRESET" in (report / "junit.xml").read_text()
    results = json.loads((report / "results.json").read_text())
    (failure,) = results["failures"]
    assert failure["finding"] == "reset-taken-for-end" and failure["times"] == 1
    assert failure["rule"] == "recv nth=2: reset" and "sockfault run" in failure["repeat"]
    assert results["runs"] == 3 and 0 < results["sites"]["faulted"] <= results["sites"]["reached"]
    log = json.loads((report / "results.sarif").read_text())
    jsonschema.validate(log, SCHEMA)
    assert log["runs"][0]["results"][0]["ruleId"] == "reset-taken-for-end"
    (status,) = re.findall(r"^::error file=suite.*expected status.*", done.stdout, re.MULTILINE)
    assert status.startswith(
        "::error file=suite.toml,line=15,title=suite.toml%3A%3Astatus::expected"
    )
    summary = (tmp_path / "summary.md").read_text()
    assert "1 of 3 passed" in summary and "| **reset-taken-for-end**" in summary
    assert len(list(report.glob("*.html"))) == 3


def test_sarif_of_all_that_a_finding_can_have(tmp_path):
    findings = [
        Finding("short-send-dropped", "error", "says", file=f"{tmp_path}/a b/c.c", line=42),
        Finding("again-spin", "warning", "says", file="/else/where.c", function="main"),
        Finding("byte-order", "advice", "", site="client+0x1a2f", program="client", repeat="x"),
    ]
    log = sarif.log(findings, tmp_path)
    jsonschema.validate(log, SCHEMA)
    (run,) = log["runs"]
    places = [r["locations"][0]["physicalLocation"] for r in run["results"]]
    assert places[0] == {
        "artifactLocation": {"uri": "a%20b/c.c"},
        "region": {"startLine": 42},
    }
    assert places[1]["artifactLocation"]["uri"] == "file:///else/where.c"
    assert places[2]["artifactLocation"]["uri"] == "client"
    assert [r["level"] for r in run["results"]] == ["error", "warning", "note"]
    assert len({r["partialFingerprints"]["sockfaultPlace/v1"] for r in run["results"]}) == 3
    names = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [names[r["ruleIndex"]] for r in run["results"]] == [r["ruleId"] for r in run["results"]]
    moved = sarif.log(
        [Finding("short-send-dropped", "error", "", file=f"{tmp_path}/a b/c.c", line=50)], tmp_path
    )
    same = [one["runs"][0]["results"][0]["partialFingerprints"] for one in (log, moved)]
    assert same[0] == same[1]


def test_the_schema_refuses_what_the_standard_refuses(tmp_path):
    log = sarif.log([Finding("crash", "error", "says", file="a.c", line=0)], tmp_path)
    log["runs"][0]["results"][0]["colour"] = "red"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(log, SCHEMA)


def test_annotations_are_escaped_and_few():
    from sockfault import github

    assert github.annotation("error", "a:b,c", "x%\ny", "f.c", 3) == (
        "::error file=f.c,line=3,title=a%3Ab%2Cc::x%25%0Ay"
    )
    trial = {
        "name": "n",
        "suite": "s.toml",
        "line": 3,
        "findings": [],
        "known": [],
        "passed": False,
    }
    lines = list(github.lines([trial | {"problems": [f"p{n}"]} for n in range(25)]))
    assert len(lines) == github.SHOWN and "and 16 more" in lines[-1]


# ---- the examples ----


@pytest.mark.parametrize("name", ["client", "server", "udp"])
def test_example_suites(installed, tmp_path, name):
    place = installed.prefix / "share/sockfault/suites" / f"{name}.toml"
    argv = [
        installed.command,
        "suite",
        place,
        "--report",
        "report",
        "--",
        f"--basetemp={tmp_path}/b",
    ]
    done = installed.run(argv, tmp_path)
    assert done.returncode == 0, done.stdout
    assert len(cases(tmp_path / "report/junit.xml")) >= 9
    assert len(read(ROOT / f"scenarios/suites/{name}.toml").scenarios) >= 8
