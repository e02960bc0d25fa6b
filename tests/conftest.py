# SPDX-License-Identifier: MIT
"""What all tests share. What a passing one wrote goes with it: the traces of thousands would
fill a disk."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

import pytest

PYTHON = "/usr/bin/python3"

# A shell starts what it puts into the background with SIGINT ignored, and what starts from there
# inherits it: programs that a test interrupts would not hear of it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

FAILED = pytest.StashKey[bool]()


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes; part of `make test-all` only")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    if report.failed:
        item.stash[FAILED] = True


@pytest.fixture(autouse=True)
def only_failures_keep_files(request, tmp_path):
    yield
    if not request.node.stash.get(FAILED, False):
        shutil.rmtree(tmp_path, ignore_errors=True)


# ---- another host ----


@pytest.fixture
def host(tmp_path):
    """host(environment): this machine by ssh, with keys of the test's own, as a --tx for
    pytest-xdist; the environment is that of the python3 there. Its folder is tmp_path/there."""
    folder = tmp_path / "ssh"
    folder.mkdir(mode=0o700)
    for name in ("host", "user"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(words, check=True)
    shutil.copy(folder / "user.pub", folder / "authorized")
    if os.getuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    options = f"""HostKey={folder}/host AuthorizedKeysFile={folder}/authorized UsePAM=no
        PidFile=none ListenAddress=127.0.0.1:{port} StrictModes=no PermitRootLogin=yes
        MaxStartups=100"""
    argv = ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null"]
    argv += [word for option in options.split() for word in ("-o", option)]
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(argv, stdout=log, stderr=log)
    user = pwd.getpwuid(os.getuid()).pw_name
    (folder / "config").write_text(
        f"Host there\nHostName 127.0.0.1\nPort {port}\nUser {user}\nIdentityFile {folder}/user\n"
        "BatchMode yes\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n"
    )
    (tmp_path / "there").mkdir()

    def reach(environment):
        """What a host has installed: a python3 that finds the package."""
        exports = " ".join(f"{name}={value}" for name, value in environment.items())
        python = folder / "python3"
        python.write_text(f'#!/bin/sh\nexport {exports}\nexec {PYTHON} "$@"\n')
        python.chmod(0o755)
        return f"ssh=there//ssh_config={folder}/config//python={python}//chdir={tmp_path}/there"

    await_log(folder / "log", server)
    yield reach
    server.terminate()
    server.wait(timeout=30)


def await_log(log, server):
    end = time.monotonic() + 30
    while b"listening" not in log.read_bytes():
        assert server.poll() is None and time.monotonic() < end, log.read_text()
        time.sleep(0.02)
