# SPDX-License-Identifier: MIT
"""The command to try at home makes the run again, pasted into a shell in the folder of a
submission."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest
from conftest import BUILD, PYTHON, ROOT

from sockfault import assignment, gradehome

CLIENT = """
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
sent = s.send(sys.stdin.buffer.readline())
print(sent, s.recv(100))
"""
SERVER = """
import socket, sys
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    c, _ = s.accept()
    c.send(c.recv(100).upper())
    c.close()
"""
PEERS = """
def echo(c):
    c.send_all(c.recv_until(b"\\n"))

def ask(client):
    c = client.connect()
    c.send_all(b"hello\\n")
    return b"got " + c.recv_all()

def answer(c):
    c.send(c.recv()[::-1])

def wrong(c):
    raise ValueError("what a script does wrong")
"""
UDP = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"abc", (sys.argv[1], int(sys.argv[2])))
print(s.recv(100))
"""
HEAD = """
[assignment]
name = "one"
[target]
command = ["{python}", {program}]
role = "{role}"
{more}
[[test]]
name = "a test"
points = 1
{test}
"""


def shell(command, folder):
    """The command as a student's shell runs it, with `sockfault` on the PATH."""
    env = os.environ | {"PATH": f"{BUILD}:{os.environ['PATH']}", "TMPDIR": str(folder)}
    return subprocess.run(
        ["/bin/bash", "-c", command],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def repeat(folder, role="client", more="", test="", program='"client.py", "{host}", "{port}"'):
    files = {"client.py": CLIENT, "server.py": SERVER, "peer.py": PEERS, "udp.py": UDP}
    for name, text in files.items():
        (folder / name).write_text(text)
    head = HEAD.replace("{python}", PYTHON).replace("{program}", program)
    head = head.replace("{role}", role).replace("{more}", more).replace("{test}", test)
    (folder / "assignment.toml").write_text(head)
    made = assignment.read(folder / "assignment.toml")
    (one,) = made.tests
    return gradehome.repeat(one.target, one, 1, None)


SHORT = 'rules = ["send nth=1: short 2"]'
STDIN = 'stdin = "he\\\\llo 100%\\n"'


def test_a_client_with_a_scripted_peer_and_input(tmp_path):
    command = repeat(
        tmp_path, more=f'peer = "peer.py:echo"\n{STDIN}', test='rules = ["recv: short 3"]'
    )
    assert command.startswith("printf 'he\\\\llo 100%%\\n' | sockfault run --peer 'sockfault peer ")
    done = shell(command, tmp_path)
    assert (done.returncode, done.stdout) == (0, "12 b'he\\\\'\n"), done.stderr


def test_a_client_with_a_peer_that_is_a_command(tmp_path):
    peer = f'peer = "{PYTHON} server.py {{port}}"\nenv = {{ NAME = "a b" }}\n{STDIN}'
    command = repeat(tmp_path, more=peer, test=SHORT)
    assert "NAME='a b' sockfault run" in command
    done = shell(command, tmp_path)
    assert (done.returncode, done.stdout) == (0, "2 b'HE'\n"), done.stderr


@pytest.mark.parametrize("client", ["peer.py:ask", f"{PYTHON} client.py 127.0.0.1 {{port}} <in"])
def test_a_server(tmp_path, client):
    (tmp_path / "in").write_text("hello\n")
    command = repeat(tmp_path, "server", f'client = "{client}"', SHORT, '"server.py", "{port}"')
    done = shell(command, tmp_path)
    assert done.returncode == 0 and "client: ended with status 0" in done.stderr, done.stderr
    assert "send() took 2 of 6 bytes; the other 4 were never sent" in done.stderr


def test_datagrams(tmp_path):
    more = 'peer = "peer.py:answer"\nkind = "dgram"'
    command = repeat(tmp_path, more=more, program='"udp.py", "{host}", "{port}"')
    assert "sockfault peer --kind dgram peer.py:answer {port}" in command
    done = shell(command, tmp_path)
    assert (done.returncode, done.stdout) == (0, "b'cba'\n"), done.stderr


def test_scenarios_of_the_assignment_become_rules(tmp_path):
    (tmp_path / "mine.fault").write_text("# two\nsend nth=1: short 2\n\nrecv nth=1: short 1\n")
    test = 'use = ["mine.fault side=client", "every-send-is-one-byte"]'
    command = repeat(tmp_path, more=f'peer = "peer.py:echo"\n{STDIN}', test=test)
    assert "-e 'send nth=1 side=client: short 2' -e 'recv nth=1 side=client: short 1'" in command
    assert "-s every-send-is-one-byte" in command and str(tmp_path) not in command


@pytest.mark.long
def test_a_sweep(tmp_path):
    more = f'peer = "peer.py:echo"\n{STDIN}'
    command = repeat(tmp_path, more=more, test='sweep = { lose = 1, at_most = 1, only = "recv" }')
    assert "sockfault sweep" in command and "--only recv" in command
    done = shell(command, tmp_path)
    assert done.returncode in (0, 1) and "runs" in done.stdout + done.stderr, done.stderr


def test_of_the_reference_solution_nothing_is_at_hand(tmp_path):
    (tmp_path / "right").mkdir()
    more = 'peer = "{reference}/server {port}"\n[reference]\nfolder = "right"'
    assert repeat(tmp_path, more=more, test=SHORT) is None


def test_a_late_run_is_ended_at_home_too(tmp_path):
    repeat(tmp_path, more='peer = "peer.py:echo"')
    (one,) = assignment.read(tmp_path / "assignment.toml").tests
    assert "--timeout 2.5s --seed 7" in gradehome.repeat(one.target, one, 7, 2.5)


# ---- sockfault peer ----


@pytest.mark.parametrize(
    "words, says",
    [
        (["peer.py:nothing", "1"], "there is no function nothing in peer.py"),
        (["none.py:echo", "1"], "can't load none.py"),
        (["peer.py:echo", "x"], "invalid int"),
        (["peer.py:echo", "70000"], "port"),
    ],
)
def test_a_peer_that_can_not_be_says_why(tmp_path, words, says):
    (tmp_path / "peer.py").write_text(PEERS)
    done = shell(f"sockfault peer {' '.join(words)}", tmp_path)
    assert done.returncode == 125 and says in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) == 1 and "Traceback" not in done.stderr


def test_a_script_that_fails_is_told(tmp_path):
    command = repeat(tmp_path, more='peer = "peer.py:wrong"\nstdin = "x"')
    done = shell(command, tmp_path)
    assert "what a script does wrong" in done.stderr


def test_the_command_is_there_in_the_sources_and_installed():
    assert os.access(ROOT / "harness/bin/sockfault-peer", os.X_OK)
    scripts = pathlib.Path(ROOT / "harness/pyproject.toml").read_text()
    assert re.search(r'^sockfault-peer = "sockfault.peercommand:main"$', scripts, re.MULTILINE)
    assert shutil.which("sockfault", path=str(BUILD))
