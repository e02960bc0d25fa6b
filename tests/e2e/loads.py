# SPDX-License-Identifier: MIT
"""Work for real programs: a load starts a server, drives it with clients, says what came of it.

A load is a function (bench) that uses bench.start() for the server and bench.run() for each client;
both put the words of the run before them. What it notes with bench.note() does not depend on the
run: statuses, hashes, and texts without times and ports. The same load, run natively, is the
measure.
"""

import functools
import hashlib
import os
import pathlib
import pwd
import random
import re
import shutil
import tempfile
from dataclasses import dataclass, field

from conftest import LIBRARY, SOCKFAULT, free_port, run, wait_until
from real import HERE, PYTHON, Ssh

BIN = pathlib.Path("/usr/lib/postgresql")
SUMMARY = re.compile(rb"^sockfault: .*(?:\n .*)*\n?", re.MULTILINE)
ROW = re.compile(rb"^ +([\d,]+) +[\d,]+  (.*)$", re.MULTILINE)


def digest(data):
    return hashlib.sha256(data).hexdigest()


def number(text):
    return int(text.replace(b",", b""))


class Shop:
    """What loads share, made when it is first asked for: a certificate, a fresh cluster."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sockfault-shop-"))
        self.folder.chmod(0o755)

    @functools.cached_property
    def certificate(self):
        key, pem = self.folder / "key.pem", self.folder / "certificate.pem"
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"]
        name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
        run(["openssl", "req", "-x509", *kind, *name, "-keyout", key, "-out", pem], check=True)
        return pem, key

    @functools.cached_property
    def as_postgres(self):
        """The words that run a command as a user that postgres lets itself be run by."""
        if os.getuid() != 0:
            return []
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]

    @functools.cached_property
    def cluster(self):
        folder, user = self.folder / "cluster", "postgres"
        folder.mkdir()
        if self.as_postgres:
            run(["chown", "postgres", folder], check=True)
        else:
            user = pwd.getpwuid(os.getuid()).pw_name
        initdb = [postgres_bin() / "initdb", "-D", folder / "data", "-A", "trust", "-U", user]
        run([*self.as_postgres, *initdb, "--no-sync"], check=True)
        return folder / "data"

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def postgres_bin():
    return sorted(BIN.glob("*/bin"))[-1]


@dataclass
class Bench:
    """Where a load works: a folder, how servers and clients are started, and what was noted."""

    folder: pathlib.Path
    serve: object
    shop: Shop
    client: list = field(default_factory=list)
    server: list = field(default_factory=list)
    notes: dict = field(default_factory=dict)
    summaries: list = field(default_factory=list)

    def __post_init__(self):
        self.folder = pathlib.Path(self.folder)
        self.folder.mkdir(exist_ok=True)
        self.port = free_port()
        self.servers = []

    def make(self, name, size):
        """A file whose bytes do not repeat."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(random.Random(name).randbytes(size))
        return path

    def start(self, argv, port=None, before=(), env=None):
        self.servers.append(
            self.serve(
                [*before, *self.server, *argv], port or self.port, env and {**os.environ, **env}
            )
        )
        return self.servers[-1]

    def run(self, name, argv, stdin=b"", words=None, say=True, env=None):
        """One client; its status is noted, and what it printed if it always prints the same."""
        with tempfile.TemporaryFile() as source:
            source.write(stdin)
            source.seek(0)
            done = run(
                [*(self.client if words is None else words), *argv],
                stdin=source,
                env=env and {**os.environ, **env},
            )
        self.summaries += SUMMARY.findall(done.stderr)
        errors = SUMMARY.sub(b"", done.stderr)
        self.note(f"{name}: status", done.returncode)
        if say:
            self.note(
                f"{name}: output", digest(done.stdout) if len(done.stdout) > 200 else done.stdout
            )
            self.note(f"{name}: errors", errors)
        return done.stdout

    def note(self, name, value):
        self.notes[name] = value

    def note_file(self, name, path):
        path = pathlib.Path(path)
        self.note(name, digest(path.read_bytes()) if path.exists() else "missing")

    def end(self):
        """Ends the servers; how they ended is noted too."""
        for server in self.servers:
            status = server.stop()
            self.note(
                f"server {server.port == self.port}: status",
                status if status >= 0 else 128 - status,
            )
            self.summaries += SUMMARY.findall(server.log.read_bytes())
        self.servers = []

    def said(self):
        """All that the summaries of sockfault say."""
        return b"".join(self.summaries).decode()

    def fired(self, calls=""):
        """How many faults the rules that begin so have injected, in all that ran under them."""
        rows = (row for text in self.summaries for row in ROW.findall(text))
        return sum(number(count) for count, rule in rows if rule.decode().startswith(calls))


# ---- HTTP ----


def nginx_words(bench, tls_port):
    folder, (pem, key) = bench.folder, bench.shop.certificate
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = f"user {pwd.getpwuid(os.getuid()).pw_name};\n" if os.getuid() == 0 else ""
    conf = folder / "nginx.conf"
    conf.write_text(
        f"{user}daemon off;\nworker_processes 2;\npid {folder}/nginx.pid;\nerror_log stderr;\n"
        f"events {{ }}\nhttp {{\naccess_log off;\n{temporary}server {{\n"
        # In this order: who finds the last one listening finds both.
        f"listen 127.0.0.1:{tls_port} ssl http2; listen 127.0.0.1:{bench.port};\n"
        f"ssl_certificate {pem}; ssl_certificate_key {key};\n"
        f"root {folder}; client_max_body_size 0;\n"
        # Of a body that comes in single bytes nginx walks all of the buffer for each.
        f"client_body_buffer_size 2k;\n"
        f"location / {{ dav_methods PUT; }} }}\n}}\n"
    )
    return [shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-e", "stderr", "-c", conf]


def pages(bench):
    for i, size in enumerate((1, 300, 5_000, 40_000, 80_000)):
        bench.make(f"page{i}", size)


def curl(bench, port, tls_port):
    """One connection kept alive, five at once, an upload, TLS with HTTP/1.1 and HTTP/2."""
    base, secret, got = (
        f"http://127.0.0.1:{port}",
        f"https://127.0.0.1:{tls_port}",
        bench.folder / "got",
    )
    got.mkdir()
    common = ["curl", "-sS", "--fail", "--cacert", bench.shop.certificate[0]]

    def fetch(name, *options, url=base):
        targets = [word for i in range(5) for word in (f"{url}/page{i}", "-o", got / f"{name}{i}")]
        bench.run(name, [*common, *options, *targets])
        for i in range(5):
            bench.note_file(f"{name}{i}", got / f"{name}{i}")

    fetch("alive")
    fetch("parallel", "-Z", "--no-progress-meter")
    # Without "100 Continue": that is expectation().
    bench.run("put", [*common, "-H", "Expect:", "-T", bench.make("up", 60_000), f"{base}/uploaded"])
    bench.note_file("uploaded", bench.folder / "uploaded")
    if tls_port:
        fetch("secret", "--http1.1", url=secret)


def http2(bench):
    """One connection with five requests, one after the other and at once."""
    tls_port, got = free_port(), bench.folder / "got"
    pages(bench)
    got.mkdir()
    bench.start(nginx_words(bench, tls_port))
    words = ["curl", "-sS", "--fail", "--http2", "--cacert", bench.shop.certificate[0]]
    for name, options in (("alive", []), ("parallel", ["-Z", "--no-progress-meter"])):
        urls = (f"https://127.0.0.1:{tls_port}/page{i}" for i in range(5))
        targets = [word for i, url in enumerate(urls) for word in (url, "-o", got / f"{name}{i}")]
        bench.run(name, [*words, *options, *targets])
        for i in range(5):
            bench.note_file(f"{name}{i}", got / f"{name}{i}")


def curl_nginx(bench):
    tls_port = free_port()
    pages(bench)
    bench.start(nginx_words(bench, tls_port))
    curl(bench, bench.port, tls_port)


def expectation(bench):
    """Uploads that wait for "100 Continue" first."""
    bench.start(nginx_words(bench, free_port()))
    curl, words = ["curl", "-sS", "--fail", "-H", "Expect: 100-continue"], []
    for i in range(6):
        up, url = bench.make(f"up{i}", 5_000), f"http://127.0.0.1:{bench.port}/uploaded{i}"
        words += ["-T", up, url]
    bench.run("put", [*curl, *words])
    bench.run("one", [*curl, *words[:3]])
    for i in range(6):
        bench.note_file(f"uploaded{i}", bench.folder / f"uploaded{i}")


def wget_nginx(bench):
    tls_port = free_port()
    pages(bench)
    bench.start(nginx_words(bench, tls_port))
    for name, url in (
        ("plain", f"http://127.0.0.1:{bench.port}"),
        ("tls", f"https://127.0.0.1:{tls_port}"),
    ):
        urls = [f"{url}/page{i}" for i in range(5)]
        options = ["-q", f"--ca-certificate={bench.shop.certificate[0]}", "-O", bench.folder / name]
        bench.run(name, ["wget", *options, *urls])
        bench.note_file(f"{name} all", bench.folder / name)


def haproxy(bench):
    """haproxy between curl and nginx: HTTP over TLS and not, both to the same nginx."""
    pages(bench)
    origin, tls_port, words = free_port(), free_port(), bench.server
    bench.server, bench.port, port = [], origin, bench.port
    bench.start(nginx_words(bench, free_port()))
    both = bench.folder / "both.pem"
    both.write_bytes(b"".join(path.read_bytes() for path in bench.shop.certificate))
    conf = bench.folder / "haproxy.conf"
    conf.write_text(
        "global\n  maxconn 100\n"
        "defaults\n  mode http\n  timeout connect 30s\n  timeout client 30s\n  timeout server 30s\n"
        f"listen web\n  bind 127.0.0.1:{tls_port} ssl crt {both} alpn h2,http/1.1\n"
        f"  bind 127.0.0.1:{port}\n"
        f"  server nginx 127.0.0.1:{origin}\n"
    )
    bench.server = words
    bench.start(["/usr/sbin/haproxy", "-db", "-q", "-f", conf], port)
    curl(bench, port, tls_port)


def python_http(bench):
    pages(bench)
    bench.start([PYTHON, "-u", HERE / "http_server.py", bench.port, bench.folder])
    data, got = bench.make("data", 60_000), bench.folder / "got"
    bench.run("client", [PYTHON, HERE / "http_client.py", bench.port, data, got])
    bench.note_file("got", got)


def python_asyncio(bench):
    tls_port, (pem, key) = free_port(), bench.shop.certificate
    bench.start([PYTHON, HERE / "echo_server.py", bench.port, tls_port, pem, key])
    data = bench.make("data", 30_000)
    bench.run("client", [PYTHON, HERE / "echo_client.py", bench.port, tls_port, pem, data])


def node_http(bench):
    bench.start(["node", HERE / "http_server.js", bench.port, bench.folder])
    data, got = bench.make("data", 60_000), bench.folder / "got"
    bench.run("client", ["node", HERE / "http_client.js", bench.port, data, got])
    bench.note_file("got", got)


def node_net(bench):
    bench.start(["node", HERE / "echo_server.js", bench.port])
    bench.run("client", ["node", HERE / "echo_client.js", bench.port, bench.make("data", 30_000)])


# ---- stores ----


def redis(bench):
    """Single commands, a large value, 600 pipelined commands, ten connections at once."""
    bench.start(
        [
            "redis-server",
            "--port",
            bench.port,
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            bench.folder,
        ]
    )
    cli = ["redis-cli", "-p", bench.port]
    bench.run("set", [*cli, "-x", "set", "large"], stdin=bench.make("large", 60_000).read_bytes())
    bench.run("get", [*cli, "--raw", "get", "large"])
    bench.run("several", cli, stdin=b"set a 1\nincr a\nlpush l x y z\nlrange l 0 -1\n")
    many = b"".join(
        b"*3\r\n$3\r\nSET\r\n$6\r\nkey%03d\r\n$30\r\n%030d\r\n" % (i, i) for i in range(600)
    )
    bench.run("pipe", [*cli, "--pipe"], stdin=many)
    bench.run("keys", [*cli, "dbsize"])
    bench.run("values", [*cli, "mget", *(f"key{i:03}" for i in range(600))])
    load = [
        "redis-benchmark",
        "-p",
        bench.port,
        "-q",
        "-n",
        "300",
        "-c",
        "10",
        "-P",
        "5",
        "-t",
        "incr,lpush",
    ]
    bench.run("benchmark", load, say=False)
    bench.run("counted", [*cli, "get", "counter:__rand_int__"])


def memcached(bench):
    user = ["-u", "root"] if os.getuid() == 0 else []
    bench.start(["memcached", "-p", bench.port, "-U", "0", "-l", "127.0.0.1", *user])
    keep = b"".join(b"set k%d 0 0 3000\r\n%s\r\n" % (i, b"%d" % i * 3000) for i in range(10))
    asked = keep + b"".join(b"get k%d k0\r\n" % i for i in range(10)) + b"quit\r\n"
    bench.run("socat", ["socat", "-t", "60", "-", f"TCP:127.0.0.1:{bench.port}"], stdin=asked)


class Postgres:
    """A cluster of its own. The server does not run as root: then as the user of the package."""

    def __init__(self, bench):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sockfault-postgres-"))
        self.bench, self.bin, self.before = bench, postgres_bin(), bench.shop.as_postgres

    def own(self):
        if self.before:
            run(["chown", "-R", "postgres:postgres", self.folder], check=True)

    def serve(self):
        for path in (SOCKFAULT, LIBRARY, *self.bench.shop.certificate):
            shutil.copy(path, self.folder)
        (self.folder / "key.pem").chmod(0o600)
        self.own()
        data = self.folder / "data"
        run([*self.before, "cp", "-a", self.bench.shop.cluster, data], check=True)
        words = [
            str(word).replace(str(SOCKFAULT), str(self.folder / SOCKFAULT.name))
            for word in self.bench.server
        ]
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "fsync": "off",
            "ssl": "on",
            "ssl_cert_file": self.folder / "certificate.pem",
            "ssl_key_file": self.folder / "key.pem",
            "log_min_messages": "warning",
        }
        argv = [self.bin / "postgres", "-D", data, "-p", self.bench.port]
        argv += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self.bench.server = words
        home = {"SOCKFAULT_DIR": str(self.folder / "runs"), "HOME": str(self.folder)}
        self.bench.start(argv, before=self.before, env=home)
        asked = ["psql", "-X", "-q", "-c", "", self.address("127.0.0.1", False)]
        wait_until(lambda: run(asked).returncode == 0, "the cluster to start")

    def address(self, host, tls):
        user = "postgres" if self.before else pwd.getpwuid(os.getuid()).pw_name
        mode = "require" if tls else "disable"
        return f"host={host} port={self.bench.port} user={user} dbname=postgres sslmode={mode}"


def postgres(bench):
    """COPY in and out over TCP, TLS and the Unix socket, several connections at once."""
    database = Postgres(bench)
    try:
        database.serve()
        rows = "".join(f"{i}\t{i * 7919 % 10007:0100}\n" for i in range(400))
        for name, host, tls in (
            ("tcp", "127.0.0.1", False),
            ("tls", "127.0.0.1", True),
            ("unix", str(database.folder), False),
        ):
            psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", database.address(host, tls)]
            script = f"create table {name} (i int, t text);\n\\copy {name} from pstdin\n{rows}\\.\n"
            bench.run(f"{name} in", psql, stdin=script.encode())
            bench.run(f"{name} out", [*psql, "-c", f"copy {name} to stdout"])
            bench.run(f"{name} wrong", [*psql, "-c", "select 1/0"])
        pgbench = [
            database.bin / "pgbench",
            "-h",
            "127.0.0.1",
            "-p",
            bench.port,
            "-n",
            "-c",
            "4",
            "-t",
            "10",
        ]
        script = bench.folder / "script"
        script.write_text("insert into tcp values (-1, :client_id);\nselect * from tcp limit 20;\n")
        user = ["-U", "postgres"] if database.before else []
        bench.run("pgbench", [*pgbench, *user, "-f", script, "postgres"], say=False)
        bench.run("counted", [*psql, "-A", "-t", "-c", "select count(*) from tcp where i = -1"])
        bench.end()
    finally:
        shutil.rmtree(database.folder, ignore_errors=True)


# ---- files and shells ----


def tree(bench, name):
    folder = bench.folder / name
    for i in range(12):
        bench.make(f"{name}/file{i}", i * i * 700)
    return folder


def note_tree(bench, name, folder):
    files = sorted(
        path
        for path in pathlib.Path(folder).rglob("*")
        if path.is_file() and ".git" not in path.parts
    )
    bench.note(name, {path.name: digest(path.read_bytes()) for path in files})


class Shell(Ssh):
    """The daemon of real.py, for a bench."""

    def start(self, bench):
        return self.serve(lambda argv, port: bench.start(argv, port), [])


def ssh(bench):
    """A command with data in both directions, sftp, scp, rsync over it."""
    daemon, data = Shell(bench), bench.make("data", 60_000)
    daemon.start(bench)
    options, there = daemon.options(), daemon.destination()
    bench.run("cat", ["ssh", "-p", daemon.port, *options, there, "cat"], stdin=data.read_bytes())
    bench.run("status", ["ssh", "-p", daemon.port, *options, there, "echo x >&2; exit 7"])
    batch = bench.folder / "batch"
    batch.write_text(
        f"put {data} {bench.folder}/put\nget {data} {bench.folder}/got\n"
        f"ls -1 {bench.folder}/batch\n"
    )
    bench.run("sftp", ["sftp", "-q", "-b", batch, "-P", daemon.port, *options, there], say=False)
    bench.run(
        "scp", ["scp", "-q", "-P", daemon.port, *options, data, f"{there}:{bench.folder}/copied"]
    )
    for name in ("put", "got", "copied"):
        bench.note_file(name, bench.folder / name)


def rsync_ssh(bench):
    daemon, files = Shell(bench), tree(bench, "files")
    daemon.start(bench)
    shell = " ".join(str(word) for word in ["ssh", "-p", daemon.port, *daemon.options()])
    there = daemon.destination()
    bench.run("push", ["rsync", "-a", "-e", shell, f"{files}/", f"{there}:{bench.folder}/pushed/"])
    bench.run("pull", ["rsync", "-a", "-e", shell, f"{there}:{files}/", f"{bench.folder}/pulled/"])
    for name in ("pushed", "pulled"):
        note_tree(bench, name, bench.folder / name)


def rsync(bench):
    """A daemon over TCP: push, pull, and a second push of files that have changed in the middle."""
    files, conf = tree(bench, "files"), bench.folder / "rsyncd.conf"
    (bench.folder / "module").mkdir()
    owner = "uid = root\ngid = root\n" if os.getuid() == 0 else ""
    conf.write_text(
        f"use chroot = no\n{owner}pid file = {bench.folder}/rsyncd.pid\nlog file = /dev/stderr\n"
        f"[module]\npath = {bench.folder}/module\nread only = no\n"
    )
    argv = [
        "rsync",
        "--daemon",
        "--no-detach",
        f"--config={conf}",
        f"--port={bench.port}",
        "--address=127.0.0.1",
    ]
    bench.start(argv)
    url = f"rsync://127.0.0.1:{bench.port}/module/"
    bench.run("push", ["rsync", "-a", f"{files}/", url])
    bench.run("pull", ["rsync", "-a", url, bench.folder / "pulled"])
    note_tree(bench, "pulled", bench.folder / "pulled")
    data = bytearray((files / "file11").read_bytes())
    data[20_000:20_010] = b"changed"
    (files / "file11").write_bytes(data)
    bench.run("again", ["rsync", "-a", "--checksum", f"{files}/", url])
    note_tree(bench, "pushed", bench.folder / "module")


GIT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2020-01-01T00:00:00Z",
    **{f"GIT_{who}_{what}": "x@x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def repository(bench):
    files, bare = tree(bench, "files"), bench.folder / "repositories" / "r.git"
    for argv in (
        ["init", "-q", "-b", "main", files],
        ["-C", files, "add", "."],
        ["-C", files, "commit", "-q", "-m", "first"],
        ["clone", "-q", "--bare", files, bare],
        ["-C", bare, "config", "http.receivepack", "true"],
        ["-C", bare, "config", "daemon.receivepack", "true"],
    ):
        run(["git", *argv], env={**os.environ, **GIT}, check=True)
    return bare


def git_work(bench, url, bare):
    clone = bench.folder / "clone"
    git = ["git", "-C", clone]
    bench.run("clone", ["git", "clone", "-q", url, clone], env=GIT)
    note_tree(bench, "cloned", clone)
    bench.make("clone/more", 30_000)
    for argv in (["add", "."], ["commit", "-q", "-m", "second"]):
        bench.run(argv[0], [*git, *argv], words=[], env=GIT)
    bench.run("push", [*git, "push", "-q", "origin", "main"], env=GIT)
    bench.run("ls-remote", [*git, "ls-remote", "origin"], env=GIT)
    bench.run("whole", ["git", "-C", bare, "fsck", "--strict"], words=[], env=GIT)
    bench.run("second", ["git", "-C", bare, "log", "--format=%H %s", "main"], words=[], env=GIT)


def git_http(bench):
    """Smart HTTP: git http-backend as a CGI program of lighttpd."""
    bare, conf = repository(bench), bench.folder / "lighttpd.conf"
    conf.write_text(
        'server.modules = ("mod_alias", "mod_cgi", "mod_setenv")\n'
        f'server.document-root = "{bench.folder}"\nserver.bind = "127.0.0.1"\n'
        f"server.port = {bench.port}\n"
        f'server.upload-dirs = ("{bench.folder}")\n'
        'alias.url = ("/git" => "/usr/lib/git-core/git-http-backend")\n'
        '$HTTP["url"] =~ "^/git" {\n  cgi.assign = ("" => "")\n'
        f'  setenv.set-environment = ("GIT_PROJECT_ROOT" => "{bare.parent}",\n'
        '    "GIT_HTTP_EXPORT_ALL" => "1",\n'
        '    "REMOTE_USER" => "x")\n}\n'
    )
    bench.start(["lighttpd", "-D", "-f", conf], env=GIT)
    git_work(bench, f"http://127.0.0.1:{bench.port}/git/r.git", bare)


def git_daemon(bench):
    bare = repository(bench)
    options = ["--export-all", "--reuseaddr", f"--base-path={bare.parent}", "--enable=receive-pack"]
    argv = ["git", "daemon", *options, "--listen=127.0.0.1", f"--port={bench.port}"]
    bench.start(argv, env=GIT)
    git_work(bench, f"git://127.0.0.1:{bench.port}/r.git", bare)


# ---- small ones ----


def openssl(bench):
    """The server turns each line round; TLS 1.3 and 1.2."""
    pem, key = bench.shop.certificate
    server = [
        "openssl",
        "s_server",
        "-accept",
        f"127.0.0.1:{bench.port}",
        "-cert",
        pem,
        "-key",
        key,
    ]
    bench.start([*server, "-quiet", "-rev"])
    lines = b"".join(b"%0120d\n" % i for i in range(200)) + b"CLOSE\n"
    client = [
        "openssl",
        "s_client",
        "-connect",
        f"127.0.0.1:{bench.port}",
        "-CAfile",
        pem,
        "-quiet",
    ]
    for version in ("-tls1_3", "-tls1_2"):
        bench.run(version, [*client, version], stdin=lines)


def socat(bench):
    data = bench.make("data", 60_000)
    bench.start(["socat", f"TCP-LISTEN:{bench.port},bind=127.0.0.1,reuseaddr,fork", "EXEC:cat"])
    for i in range(2):
        bench.run(
            f"echo{i}",
            ["socat", "-t", "60", "-", f"TCP:127.0.0.1:{bench.port}"],
            stdin=data.read_bytes(),
        )


LOADS = {
    "curl-nginx": curl_nginx,
    "curl-http2": http2,
    "curl-expect": expectation,
    "wget-nginx": wget_nginx,
    "haproxy": haproxy,
    "python-http": python_http,
    "python-asyncio": python_asyncio,
    "node-http": node_http,
    "node-net": node_net,
    "redis": redis,
    "memcached": memcached,
    "postgres": postgres,
    "ssh": ssh,
    "rsync-ssh": rsync_ssh,
    "rsync": rsync,
    "git-http": git_http,
    "git-daemon": git_daemon,
    "openssl": openssl,
    "socat": socat,
}


def work(load, folder, serve, shop, client=(), server=()):
    """Does the work and ends its servers; gives the bench with its notes."""
    bench = Bench(folder, serve, shop, list(client), list(server))
    try:
        LOADS[load](bench)
    finally:
        bench.end()
    return bench
