# SPDX-License-Identifier: MIT
"""Programs of Debian 12 that nobody here wrote, each as a sweep of it is asked for. What the sweeps
find, and what to think of it, is in doc/found.md, which test_programs.py holds them to.

Each command makes what it needs in {tmp}, so that what a sweep prints can be typed anywhere.
"""

import dataclasses

LINES = 3000  # of the file that is moved: 13,893 bytes


@dataclasses.dataclass(frozen=True)
class Program:
    name: str
    command: tuple
    peer: str | None = None
    client: str | None = None
    options: tuple = ()

    def words(self):
        """What follows `sockfault sweep`."""
        roles = ["--peer", self.peer] if self.peer else []
        roles += ["--server", "--client", self.client] if self.client else []
        return [*roles, *self.options, "--", *self.command]


FILE = f"seq {LINES} > {{tmp}}/file"
HTTP = f"{FILE}; exec busybox httpd -f -p 127.0.0.1:{{port}} -h {{tmp}}"
URL = "http://127.0.0.1:{port}/file"
GET = f"curl -sS -m 3 {URL} | cksum"
REDIS = "redis-server --port {port} --bind 127.0.0.1 --save '' --dir {tmp} --logfile /dev/null"
RSYNC = (
    f"{FILE}; printf 'use chroot = no\\nuid = root\\ngid = root\\n[m]\\npath = {{tmp}}\\n' "
    "> {tmp}/conf; "
    "exec rsync --daemon --no-detach --port={port} --address=127.0.0.1 --config={tmp}/conf"
)
NAMES = (
    "dnsmasq -k -p {port} -a 127.0.0.1 -z --no-resolv --no-hosts --pid-file= --user=root "
    "--address=/example.test/192.0.2.7"
)
DIG = "dig @127.0.0.1 -p {port} +short +tries=2 +time=1 example.test"
NGINX = (
    f"{FILE}; printf 'daemon off; master_process off; error_log /dev/null; pid {{tmp}}/pid; "
    "events { } http { access_log off; client_body_temp_path {tmp}/b; proxy_temp_path {tmp}/p; "
    "fastcgi_temp_path {tmp}/f; uwsgi_temp_path {tmp}/u; scgi_temp_path {tmp}/s; "
    "server { listen 127.0.0.1:{port}; root {tmp}; } }' > {tmp}/conf; "
    "exec nginx -e /dev/null -c {tmp}/conf"
)
LIGHTTPD = (
    f'{FILE}; printf \'server.document-root = "{{tmp}}"\\nserver.bind = "127.0.0.1"\\n'
    "server.port = {port}\\n' > {tmp}/conf; exec lighttpd -D -f {tmp}/conf 2> /dev/null"
)
CACHE = "printf 'set a 0 0 3\\r\\nabc\\r\\nget a\\r\\nquit\\r\\n' | nc.openbsd -N 127.0.0.1 {port}"


def shell(text):
    return ("sh", "-c", text)


PROGRAMS = [
    Program("curl", ("curl", "-sS", URL), peer=HTTP),
    Program("wget", ("wget", "-q", "-O", "-", URL), peer=HTTP),
    Program("redis-cli", ("redis-cli", "-p", "{port}", "echo", "hi"), peer=REDIS),
    Program(
        "nc.openbsd",
        shell(f"seq {LINES} | nc.openbsd -N 127.0.0.1 {{port}}"),
        peer="socat TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr SYSTEM:cksum",
    ),
    Program(
        "socat",
        shell(f"seq {LINES} | socat -t5 - TCP:127.0.0.1:{{port}}"),
        peer="socat TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork 'SYSTEM:cksum; sleep 0.2'",
    ),
    Program(
        "rsync",
        shell("rsync --no-motd rsync://127.0.0.1:{port}/m/file {tmp}/got && cksum < {tmp}/got"),
        peer=RSYNC,
    ),
    # Its own limits are two seconds in all: who ends it earlier sees no end where there is one.
    Program("dig", tuple(DIG.split()), peer=NAMES, options=("--deadline", "6s")),
    Program(
        "redis-server",
        tuple(REDIS.replace("''", "").split(" ")),
        client="redis-cli -p {port} echo hi",
    ),
    Program("nginx", shell(NGINX), client=GET),
    Program("lighttpd", shell(LIGHTTPD), client=GET),
    Program(
        "memcached",
        ("memcached", "-l", "127.0.0.1", "-p", "{port}", "-U", "0", "-u", "root", "-t", "1"),
        client=CACHE,
    ),
    Program("dnsmasq", tuple(NAMES.split()), client=DIG),
]
