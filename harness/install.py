#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""install.py [--remove] DESTDIR PREFIX: the Python package for the python that runs this.

pip is not asked: Debian marks its python as externally managed. The package goes where that python
looks for local packages below PREFIX, with the metadata by which pytest finds its plugin, and its
commands into PREFIX/lib/sockfault/bin, where `sockfault NAME` looks. Example assignments go into
PREFIX/share/sockfault/examples.
"""

import pathlib
import re
import shutil
import sys
import sysconfig
import tomllib

BUILT = ["client", "server", "sender", "receiver"]  # by whoever tried an example where it lies
HERE = pathlib.Path(__file__).resolve().parent


def version():
    text = (HERE / "sockfault" / "__init__.py").read_text()
    return re.search(r'^__version__ = "(.+)"', text, re.MULTILINE)[1]


def site(prefix):
    """Debian's python looks into /usr/lib/python3/dist-packages and, below /usr/local, into
    lib/python3.X/dist-packages; others into PREFIX/lib/python3.X/site-packages."""
    if "deb_system" not in sysconfig.get_scheme_names():
        name = f"python{sysconfig.get_python_version()}/site-packages"
    elif prefix == "/usr":
        name = "python3/dist-packages"
    else:
        name = f"python{sysconfig.get_python_version()}/dist-packages"
    return pathlib.Path(prefix) / "lib" / name


def metadata(project):
    lines = ["Metadata-Version: 2.1", "Name: sockfault", f"Version: {version()}"]
    lines += [f"Summary: {project['description']}", "License: MIT"]
    lines += [f"Requires-Python: {project['requires-python']}"]
    lines += [f"Requires-Dist: {name}" for name in project["dependencies"]]
    return "\n".join(lines) + "\n"


def entry_points(project):
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items()), ""]
    return "\n".join(lines)


def remove(folder, commands, examples):
    shutil.rmtree(folder / "sockfault", ignore_errors=True)
    for info in folder.glob("sockfault-*.dist-info"):
        shutil.rmtree(info)
    shutil.rmtree(commands, ignore_errors=True)
    shutil.rmtree(examples, ignore_errors=True)


def install(folder, commands, examples, project):
    leave = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(HERE / "sockfault", folder / "sockfault", ignore=leave)
    info = folder / f"sockfault-{version()}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(metadata(project))
    (info / "entry_points.txt").write_text(entry_points(project))
    (info / "INSTALLER").write_text("make\n")
    commands.mkdir(parents=True)
    for command in sorted((HERE / "bin").iterdir()):
        if command.is_file():
            shutil.copy(command, commands / command.name)
    leave = shutil.ignore_patterns("__pycache__", "*.o", *BUILT)
    shutil.copytree(HERE / "examples", examples, ignore=leave)


def main(words):
    removing = words[:1] == ["--remove"]
    destdir, prefix = words[removing:]
    prefix = prefix.rstrip("/") or "/"
    root = pathlib.Path(destdir + prefix)
    below = site(prefix).relative_to(prefix)
    folder, commands = root / below, root / "lib" / "sockfault" / "bin"
    examples = root / "share" / "sockfault" / "examples"
    remove(folder, commands, examples)
    if removing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    install(
        folder, commands, examples, tomllib.loads((HERE / "pyproject.toml").read_text())["project"]
    )
    if not destdir and str(folder) not in sys.path:
        print(f"python3 does not look into {folder}: there say PYTHONPATH={folder}")


if __name__ == "__main__":
    main(sys.argv[1:])
