# SPDX-License-Identifier: MIT
"""Real programs that move a file: how each client and server is started, natively or under ours.

A Setting is a private folder with a file of data and a port. Each entry of PROGRAMS is a function
move(setting, serve, client, server): it starts its server with the words `server` before it and its
client with the words `client`, moves setting.data, and gives what the client did as Moved.
"""

import os
import pathlib
import pwd
import re
import shutil
import sys
from dataclasses import dataclass

from conftest import TIMEOUT, free_port, run, sha256

HERE = pathlib.Path(__file__).parent / "programs"
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable


@dataclass
class Moved:
    status: int
    output: bytes
    identical: bool
    server: object


class Setting:
    def __init__(self, folder, size):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.data = self.folder / "data"
        self.data.write_bytes(bytes(range(256)) * (size // 256))
        self.moved = self.folder / "moved"

    def done(self, client, server, arrived=None):
        arrived = arrived or self.moved
        same = arrived.exists() and sha256(arrived) == sha256(self.data)
        return Moved(client.returncode, client.stdout + client.stderr, same, server)


def nginx(setting, serve, words):
    folder = setting.folder
    conf = folder / "nginx.conf"
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = f"user {pwd.getpwuid(os.getuid()).pw_name};\n" if os.getuid() == 0 else ""
    conf.write_text(
        f"{user}daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\n"
        f"error_log stderr;\nevents {{ }}\n"
        f"http {{\naccess_log off;\n{temporary}"
        f"server {{ listen 127.0.0.1:{setting.port}; root {folder}; client_max_body_size 0;\n"
        # Of a body that comes in single bytes nginx walks all of the buffer for each.
        f"client_body_buffer_size 2k;\n"
        f"location / {{ dav_methods PUT; }} }}\n}}\n"
    )
    argv = [shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-e", "stderr", "-c", conf]
    return serve(words + argv, setting.port)


def python_server(setting, serve, words):
    return serve(
        words + [PYTHON, "-u", HERE / "http_server.py", setting.port, setting.folder], setting.port
    )


def url(setting, name="data"):
    return f"http://127.0.0.1:{setting.port}/{name}"


def curl_download(setting, serve, client, server):
    started = nginx(setting, serve, server)
    done = run(client + ["curl", "-sS", "--fail", "-o", setting.moved, url(setting)])
    return setting.done(done, started)


def curl_upload(setting, serve, client, server):
    # nginx closes the connection when its 25 bytes of "100 Continue" go out short: not asked for.
    started = nginx(setting, serve, server)
    argv = ["curl", "-sS", "--fail", "-H", "Expect:", "-T", setting.data, url(setting, "moved")]
    done = run(client + argv)
    return setting.done(done, started)


def wget(setting, serve, client, server):
    started = nginx(setting, serve, server)
    done = run(client + ["wget", "-nv", "-O", setting.moved, url(setting)])
    return setting.done(done, started)


def python_http(setting, serve, client, server):
    started = python_server(setting, serve, server)
    argv = [PYTHON, HERE / "http_client.py", setting.port, setting.data, setting.moved]
    return setting.done(run(client + argv), started)


def node_http(setting, serve, client, server):
    argv = ["node", HERE / "http_server.js", setting.port, setting.folder]
    started = serve(server + argv, setting.port)
    argv = ["node", HERE / "http_client.js", setting.port, setting.data, setting.moved]
    return setting.done(run(client + argv), started)


def redis(setting, serve, client, server):
    argv = ["redis-server", "--port", setting.port, "--bind", "127.0.0.1", "--save", ""]
    started = serve(server + argv + ["--dir", setting.folder], setting.port)
    cli = ["redis-cli", "-p", str(setting.port)]
    with open(setting.data, "rb") as data:
        done = run(client + cli + ["-x", "set", "key"], stdin=data)
    if done.returncode == 0:
        got = run(client + cli + ["--raw", "get", "key"])
        setting.moved.write_bytes(got.stdout[:-1])
        done.returncode = got.returncode
    return setting.done(done, started)


def socat(setting, serve, client, server):
    listen = f"TCP-LISTEN:{setting.port},bind=127.0.0.1,reuseaddr"
    argv = ["socat", "-u", listen, f"CREATE:{setting.moved}"]
    started = serve(server + argv, setting.port)
    done = run(client + ["socat", "-u", f"FILE:{setting.data}", f"TCP:127.0.0.1:{setting.port}"])
    started.process.wait(timeout=TIMEOUT)
    return setting.done(done, started)


class Ssh:
    """A daemon of its own on a high port, with keys made for the test."""

    def __init__(self, setting):
        self.folder = setting.folder / "ssh"
        self.folder.mkdir(mode=0o700)
        self.port = setting.port
        for name in ("host", "user"):
            run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name],
                check=True,
            )
        shutil.copy(self.folder / "user.pub", self.folder / "authorized")
        if os.getuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)

    def serve(self, serve, words):
        options = [
            f"HostKey={self.folder}/host",
            f"AuthorizedKeysFile={self.folder}/authorized",
            f"PidFile={self.folder}/pid",
            f"ListenAddress=127.0.0.1:{self.port}",
            "StrictModes=no",
            "UsePAM=no",
            "PermitRootLogin=yes",
            "Subsystem=sftp /usr/lib/openssh/sftp-server",
        ]
        argv = ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null"]
        return serve(words + argv + [f"-o{option}" for option in options], self.port)

    def options(self):
        known = "-oStrictHostKeyChecking=no -oUserKnownHostsFile=/dev/null -oLogLevel=ERROR"
        return ["-F", "/dev/null", "-i", self.folder / "user", "-oBatchMode=yes", *known.split()]

    def destination(self):
        return f"{pwd.getpwuid(os.getuid()).pw_name}@127.0.0.1"


def sftp(setting, serve, client, server):
    ssh = Ssh(setting)
    started = ssh.serve(serve, server)
    batch = setting.folder / "batch"
    batch.write_text(
        f"put {setting.data} {setting.folder}/sent\nget {setting.folder}/sent {setting.moved}\n"
    )
    argv = ["sftp", "-q", "-b", batch, "-P", ssh.port, *ssh.options(), ssh.destination()]
    return setting.done(run(client + argv), started)


def ssh_command(setting, serve, client, server):
    ssh = Ssh(setting)
    started = ssh.serve(serve, server)
    argv = ["ssh", "-p", ssh.port, *ssh.options(), ssh.destination(), f"cat {setting.data}"]
    done = run(client + argv)
    setting.moved.write_bytes(done.stdout)
    done.stdout = b""
    return setting.done(done, started)


PROGRAMS = {
    "curl-download": curl_download,
    "curl-upload": curl_upload,
    "wget": wget,
    "redis": redis,
    "python-http": python_http,
    "node-http": node_http,
    "socat": socat,
    "sftp": sftp,
    "ssh": ssh_command,
}


def plain(text):
    """Without what differs from run to run: numbers, and fingerprints of keys."""
    text = re.sub(rb"SHA256:\S+", b"KEY", text)
    return re.sub(rb"[0-9]+", b"#", re.sub(rb"/\S*/", b"/", text))


def ended(server):
    """How the server ended and what it had printed."""
    status = server.stop()
    return status, sorted(plain(server.log.read_bytes()).splitlines())
