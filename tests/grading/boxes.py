# SPDX-License-Identifier: MIT
"""What the tests of boxes share: levels of isolation with the users who can have them, submissions
put together from hostile/, and what is left behind."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import uuid

import pytest
from conftest import BUILD, PYTHON, ROOT

from sockfault import sandbox
from sockfault.grade import _prefix

HOSTILE = pathlib.Path(__file__).resolve().parent / "hostile"
ASSIGNMENT = HOSTILE / "assignment" / "hostile.toml"
MAKEFILE = "client: client.c\n\tcc -std=gnu11 -D_GNU_SOURCE -g -O1 {0} client.c -o client\n"
TWIN = "\tcc -std=gnu11 -D_GNU_SOURCE -DTWIN -static -g -I. client.c -o twin\n"
NOBODY = 65534
PLACES = "/ /tmp /var/tmp /dev/shm /etc /usr /usr/local /run /run/lock /root /home /opt".split()
WAS_HERE = ("sockfault-was-here", "sockfault-folder", "core", "full-0")


def users():
    """Whom a test can be run as: ourselves, and nobody where we are root."""
    return [None, NOBODY] if os.geteuid() == 0 else [None]


def as_user(user):
    if user is None:
        return []
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--"]


def needs(level):
    why = sandbox.refusal(sandbox.Level(level))
    if why:
        pytest.skip(f"no {level} here: {why}")


def put_together(name, folder):
    """The submission of this name: C and a Makefile, or what hostile/ has as a folder."""
    made = folder / name
    source = HOSTILE / name
    if source.is_dir():
        shutil.copytree(source, made)
        names = ["good.c", "prints-expected.c", "talk.h"]
    else:
        made.mkdir()
        shutil.copy(HOSTILE / f"{name}.c", made / "client.c")
        names = ["talk.h", "raw.h"]
        options = "-I."
        if name == "forges-trace":  # a student would copy what it needs of it
            shutil.copytree(ROOT / "shim" / "core", made / "core")
            shutil.copytree(BUILD / "gen", made / "gen")
            options = "-I. -Igen"
        text = MAKEFILE.format(options) + (TWIN if name == "static-twin" else "")
        (made / "Makefile").write_text(text)
    for one in names:
        shutil.copy(HOSTILE / one, made)
    return made


def names():
    """Of all hostile submissions."""
    files = {path.stem for path in HOSTILE.glob("*.c")} - {"good"}
    folders = {path.name for path in HOSTILE.iterdir() if path.is_dir()} - {"assignment"}
    return sorted(files | folders)


@contextlib.contextmanager
def open_folder():
    """A folder that each user can reach and write to; it goes afterwards."""
    folder = pathlib.Path("/tmp") / f"sockfault-boxes-{uuid.uuid4().hex[:12]}"
    folder.mkdir()
    folder.chmod(0o777)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def grade(submissions, report, level="auto", user=None, more=(), file=ASSIGNMENT):
    """`sockfault grade` as that user; (status, what it said)."""
    words = [PYTHON, ROOT / "harness" / "bin" / "sockfault-grade", "--isolation", level]
    words += ["--report", report, *more, file, *submissions]
    own = {"SOCKFAULT_COMMAND": str(BUILD / "sockfault"), "SOCKFAULT_DIR": f"{report}-runs"}
    done = subprocess.run(
        [*as_user(user), *map(str, words)],
        env=os.environ | own | {"TMPDIR": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=280,
        check=False,
    )
    return done.returncode, done.stdout.decode(errors="replace")


def running(report):
    """Processes of who was graded into this folder that still run: pid and program."""
    prefix, found = _prefix(report), {}
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError):
            program = os.readlink(f"/proc/{int(entry)}/exe")
            if prefix in program or prefix in os.readlink(f"/proc/{entry}/cwd"):
                found[int(entry)] = program
    return found


def work_folders(report):
    """Where programs ran that were graded into this folder, and which should be gone."""
    return [
        str(path)
        for base in ("/tmp", "/var/tmp")
        for path in pathlib.Path(base).glob(f"{_prefix(report)}*")
    ]


def left_files():
    """What hostile submissions would like to leave, where it could lie."""
    return [
        str(path)
        for place in PLACES
        for name in WAS_HERE
        if (path := pathlib.Path(place, name)).exists()
    ]
