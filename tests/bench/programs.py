# SPDX-License-Identifier: MIT
"""Real programs: servers by the CPU time of a request, memory, and what reads a trace."""

import contextlib
import os
import pathlib
import re
import resource
import shutil
import socket
import subprocess
import sys
import time

from counts import BENCH, COMMAND, CONFIGURATIONS, Configuration
from goals import Row
from times import LIBFIU, row

BARE = "bare"
AGAIN = "bare again"  # against itself: how far the method can tell
PRELOADED = {
    "forwarder": BENCH / "forwarder.so",
    "libfiu": LIBFIU,
}  # by the loader, and nothing else
PATIENCE_S = 20


def plain_environment():
    return {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}


def start_of(folder, name):
    if name in (BARE, AGAIN):
        return [], plain_environment()
    if name in PRELOADED:
        return [], {**plain_environment(), "LD_PRELOAD": preload_of(PRELOADED[name])}
    return CONFIGURATIONS[name].start(folder)


def preload_of(library):
    """libfiu knows no point without the library that its command loads as well."""
    return f"{library} {library.with_name('fiu_run_preload.so')}" if library == LIBFIU else library


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def find(program):
    return shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")


def pinned(cpu):
    """Servers and clients each keep to a CPU: what wanders between caches is noise."""
    cpus = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(cpus[cpu % len(cpus)])] if find("taskset") else []


# ---- servers ----


def descendant(pid, name):
    """The process of this name at or below pid."""
    if pathlib.Path(f"/proc/{pid}/comm").read_text().startswith(name):
        return pid
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = (descendant(int(child), name) for child in children)
    return next((pid for pid in found if pid), None)


def below(pid):
    """This process and all that descend from it."""
    yield pid
    with contextlib.suppress(OSError):
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from below(int(child))


def listens(pid, port):
    """Is it this process, or one below it, that listens there, and not somebody else's?"""
    listening = "0A"
    rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{r[9]}]" for r in rows if r[3] == listening and int(r[1][-4:], 16) == port}
    rows6 = [line.split() for line in pathlib.Path("/proc/net/tcp6").read_text().splitlines()[1:]]
    sockets |= {
        f"socket:[{r[9]}]" for r in rows6 if r[3] == listening and int(r[1][-4:], 16) == port
    }
    for process in below(pid):
        with contextlib.suppress(OSError):
            for fd in pathlib.Path(f"/proc/{process}/fd").iterdir():
                with contextlib.suppress(OSError):
                    if os.readlink(fd) in sockets:
                        return True
    return False


class PortTakenError(Exception):
    """Another program was quicker to take the port."""


class Server:
    """A server that listens, and the CPU time that it has used."""

    def __init__(self, start, command, port):
        prefix, environment = start
        said = BENCH / "server.txt"
        with said.open("w") as out:
            self.process = subprocess.Popen(
                [*pinned(1), *prefix, *command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        try:
            self._await(port)
        except PortTakenError:
            self.__exit__()
            raise
        self.pid = descendant(self.process.pid, pathlib.Path(command[0]).name)

    def _await(self, port):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if listens(self.process.pid, port):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        if "in use" in (BENCH / "server.txt").read_text():
            raise PortTakenError
        raise RuntimeError(f"{self.process.args} does not listen: see {BENCH}/server.txt")

    def cpu_s(self):
        """The clock of another process's CPU time has its number made of the pid."""
        return time.clock_gettime(~self.pid << 3 | 2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE_S)


def call(command):
    return subprocess.run(
        [*pinned(0), *command], env=plain_environment(), check=True, capture_output=True, text=True
    ).stdout


ROUNDS = 15
NAMES = (BARE, AGAIN, "forwarder", "idle", "off", "faults", "all")


def interleaved(folder, rounds, cost, names=NAMES):
    """{name: [cost by round]}; cost(start) starts a server and gives its CPU time a request."""
    names = [*names, "libfiu"] if LIBFIU.exists() else [*names]
    costs = {name: [] for name in names}
    for i in range(rounds):
        for name in names[i % len(names) :] + names[: i % len(names)]:
            costs[name].append(measured(folder, cost, name))
    return costs


def measured(folder, cost, name, tries=5):
    """Each try takes a port of its own, which was free a moment before."""
    for _ in range(tries - 1):
        with contextlib.suppress(PortTakenError):
            return cost(start_of(folder, name))
    return cost(start_of(folder, name))


def server_rows(program, costs):
    yield row("servers", f"{BARE}: {program}", costs[BARE], "us of CPU a request")
    goals = {"idle": "server-off", "off": "server-off", "all": "server-all"}
    for name in costs:
        if name != BARE:
            yield row(
                "servers",
                f"{name}: {program}",
                ratios(costs, name, BARE),
                "of bare",
                goals.get(name),
            )


def redis(folder, effort):
    if not find("redis-server") or not find("redis-benchmark"):
        return
    requests = 40000 * effort

    def cost(start):
        port = free_port()
        command = [find("redis-server"), "--port", str(port), "--save", "", "--dir", str(folder)]
        bench = [find("redis-benchmark"), "-p", str(port), "-P", "1", "-t", "get", "-q"]
        with Server(start, command, port) as server:
            call([*bench, "-n", "2000"])
            before = server.cpu_s()
            call([*bench, "-n", str(requests)])
            return (server.cpu_s() - before) / requests * 1e6

    yield from server_rows("redis", interleaved(folder, ROUNDS, cost))


NGINX = """\
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;
events {{ }}
http {{
  access_log off; keepalive_requests 1000000000; {temporary}
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""


def nginx_configuration(folder, port):
    (folder / "www").mkdir(exist_ok=True)
    (folder / "www" / "index.html").write_text("x" * 600)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    path = folder / "nginx.conf"
    path.write_text(NGINX.format(folder=folder, port=port, temporary=temporary))
    return path


def nginx(folder, effort):
    if not find("nginx") or not find("wrk"):
        return

    def cost(start):
        port = free_port()
        conf = nginx_configuration(folder, port)
        url = f"http://127.0.0.1:{port}/index.html"
        with Server(start, [find("nginx"), "-e", "stderr", "-c", str(conf)], port) as server:
            before = server.cpu_s()
            said = call([find("wrk"), "-t1", "-c8", f"-d{effort}s", url])
            requests = int(re.search(r"(\d+) requests in", said)[1])
            return (server.cpu_s() - before) / requests * 1e6

    yield from server_rows("nginx", interleaved(folder, ROUNDS, cost))


def iperf3(folder, effort):
    if not find("iperf3"):
        return

    def cost(start):
        port = free_port()
        with Server(start, [find("iperf3"), "-s", "-p", str(port)], port) as server:
            before = server.cpu_s()
            said = call([find("iperf3"), "-c", "127.0.0.1", "-p", str(port), "-n", "1G", "-J"])
            moved = int(re.search(r'"sum_received":\s*{[^}]*"bytes":\s*(\d+)', said)[1])
            return (server.cpu_s() - before) / moved * 2**30

    costs = interleaved(folder, 3 * effort, cost)
    yield row("servers", f"{BARE}: iperf3", costs[BARE], "s of CPU a GiB received")
    for name in costs:
        if name != BARE:
            yield row("servers", f"{name}: iperf3", ratios(costs, name, BARE), "of bare")


# ---- memory ----


def held_kib(start, connections):
    """Resident memory of a program that holds so many connections."""
    prefix, environment = start
    command = [*prefix, BENCH / "micro", "hold", str(connections)]
    target = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with target, contextlib.ExitStack() as held:
        port = int(target.stdout.readline().split()[1])
        for _ in range(connections):
            peer = held.enter_context(socket.create_connection(("127.0.0.1", port)))
            peer.recv(1)
        memory = int(target.stdout.readline().split()[1])
        target.communicate("\n", PATIENCE_S)
    return memory


def memory(folder, effort):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    rule = Configuration("one-rule", "off", ("recv peer=127.0.0.1:1: reset",))
    for connections, goal in ((0, "memory"), (10000, "memory-10000")):
        if connections + 100 > resource.getrlimit(resource.RLIMIT_NOFILE)[0]:
            continue
        bare = held_kib(start_of(folder, BARE), connections)
        for what in (CONFIGURATIONS["idle"], CONFIGURATIONS["off"], rule, CONFIGURATIONS["all"]):
            added = (held_kib(what.start(folder), connections) - bare) / 1024
            held_to = None if what.level == "all" and connections else goal
            name = f"{what.name}: {connections:,} connections"
            yield Row("memory", name, added, "MiB above bare", goal=held_to)


# ---- readers of a trace ----

READ_JSON = "import json, sys\nfor line in sys.stdin: json.loads(line)"


def cpu_s_of(command, **streams):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=plain_environment(), **streams)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode not in (0, 1):  # 1: findings found something
        raise RuntimeError(f"{command} ended with status {done.returncode}")
    return spent


def readers(folder, effort):
    trace, lines = folder / "million.sft", folder / "million.json"
    target = [BENCH / "micro", "loop", "500000", "tcp"]
    command = [COMMAND, "run", "--quiet", "--trace", trace, "--", *target]
    subprocess.run(command, env=plain_environment(), check=True, stdout=subprocess.DEVNULL)
    found = {"json": [], "python": [], "findings": []}
    for _ in range(5):
        with lines.open("wb") as out:
            found["json"].append(cpu_s_of([COMMAND, "trace", "--json", trace], stdout=out))
        with lines.open("rb") as source:
            found["python"].append(cpu_s_of([sys.executable, "-c", READ_JSON], stdin=source))
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        found["findings"].append(cpu_s_of([COMMAND, "findings", trace], **quiet))
    with lines.open("rb") as source:
        yield Row("readers", "events in the trace", sum(1 for _ in source), "events")
    yield from reader_rows(found)


def reader_rows(found):
    yield row("readers", "Python's json reads them", found["python"], "s")
    yield row("readers", "trace --json", found["json"], "s")
    yield row("readers", "findings", found["findings"], "s")
    yield row(
        "readers", "trace --json", ratios(found, "json", "python"), "of Python's json", "json"
    )
    yield row(
        "readers", "findings", ratios(found, "findings", "json"), "of trace --json", "findings"
    )


def ratios(found, ours, theirs):
    return [one / other for one, other in zip(found[ours], found[theirs])]
