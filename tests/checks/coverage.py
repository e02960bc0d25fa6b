# SPDX-License-Identifier: MIT
"""Of how many packages does calls.def cover every socket call that they import?

package_symbols.csv has, for each of 132 packages of Debian 12, the names of libc with a bearing on
sockets that its programs and libraries import. The groups are those of doc and design: A create,
connect and accept; B bytes out and in; C readiness and lifecycle; D options; E names and stdio on
sockets; F the process tree. All of them must be
covered, for a library that lacks one name is blind to part of each package that imports it.
"""

import csv
import sys

from rows import ROOT, aliases, rows

GROUPS = {
    "A": "socket socketpair connect bind listen accept accept4",
    "B": """write send sendmsg sendto writev sendfile sendfile64 splice pwritev64v2 sendmmsg
        vmsplice read recv recvfrom recvmsg readv recvmmsg __read_chk __recv_chk __recvfrom_chk
        preadv64v2""",
    "C": """poll select epoll_ctl epoll_wait epoll_create epoll_create1 ppoll __poll_chk pselect
        epoll_pwait close shutdown dup2 dup close_range dup3 closefrom""",
    "D": """setsockopt getsockopt getsockname fcntl getpeername ioctl fcntl64 sockatmark""",
    "E": """getaddrinfo getaddrinfo_a getnameinfo gethostbyname gethostbyname2 gethostbyaddr
        gethostbyname_r gethostbyname2_r gethostbyaddr_r fdopen __dprintf_chk""",
    "F": """fork vfork _Fork clone execve execv execvp execvpe execl execle execlp posix_spawn
        posix_spawnp system popen prctl syscall""",
}
PACKAGES = 132


def packages():
    """{package: the names of these groups that it imports}"""
    known = {name for names in GROUPS.values() for name in names.split()}
    with open(ROOT / "tests/checks/package_symbols.csv") as table:
        return {
            row["package"]: known & set(row["symbols"].split()) for row in csv.DictReader(table)
        }


def main():
    covered = set(rows() + aliases())
    wanted = packages()
    for name in sorted({name for names in GROUPS.values() for name in names.split()} - covered):
        print(f"shim/core/calls.def: {name} has no row")
    lacking = {package: names - covered for package, names in wanted.items() if names - covered}
    for package, names in sorted(lacking.items()):
        print(f"{package} imports {' '.join(sorted(names))}, and calls.def has no row for it")
    if len(wanted) != PACKAGES:
        print(f"tests/checks/package_symbols.csv: {len(wanted)} packages, expected {PACKAGES}")
    if not lacking:
        print(f"coverage: {len(wanted)} of {len(wanted)} packages")
    return 1 if lacking or len(wanted) != PACKAGES else 0


if __name__ == "__main__":
    sys.exit(main())
