# SPDX-License-Identifier: MIT
"""docs.py COMMAND: what README, HACKING and doc/ name exists.

That is: paths, functions, options, scenarios, targets of make.

Paths may have a wildcard, or a part in capitals that stands for any name. Options are looked for on
lines that speak of sockfault, in what COMMAND says of itself.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = "shim|tests|scenarios|harness|doc"
COMMANDS = ["", "run", "check", "list", "trace", "findings", "replay", "explain", "doctor", "ctl"]


def documents():
    files = [ROOT / "README.md", ROOT / "HACKING.md", *(ROOT / "doc").iterdir()]
    return [path for path in files if path.is_file()]


def plain(text):
    """Man pages write a hyphen as \\-, and mark words with fonts."""
    return re.sub(r"\\f[BIRP]|\\&", "", text.replace("\\-", "-"))


def path_exists(name):
    pattern = re.sub(r"\b[A-Z]{2,}\b", "*", name.rstrip("/."))
    pattern = re.sub(r"<\w+>", "*", pattern)
    return any(ROOT.glob(pattern)) or any(ROOT.glob(pattern + ".*"))


def wrong_paths(line):
    for name in re.findall(rf"(?<![\w./-])((?:{FOLDERS})/[\w.*/<>-]+)", line):
        if not path_exists(name):
            yield f"{name}: no such file"
    for name in re.findall(r"build/targets/([\w-]+)", line):
        if not (ROOT / f"tests/targets/{name}.c").is_file():
            yield f"build/targets/{name}: there is no tests/targets/{name}.c"


def wrong_functions(line, sources):
    for path, name in re.findall(r"`(shim/[\w./*-]+)`,? `(\w+)\(\)`", line):
        text = "".join(p.read_text() for f in ROOT.glob(path) for p in files_of(f))
        if not re.search(rf"\b{name}\(", text):
            yield f"{name}(): not in {path}"
    for name in re.findall(r"\bsf_\w+", line):
        if name not in sources and not name.endswith("_"):
            yield f"{name}: no such name in shim/"


def files_of(path):
    return sorted(path.rglob("*.[ch]")) if path.is_dir() else [path]


def wrong_options(line, known):
    if "sockfault" not in line:
        return
    ours = line.split(" -- ")[0]
    for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", ours):
        if option not in known:
            yield f"{option}: sockfault has no such option"


def wrong_names(line, targets):
    for name in re.findall(r"(?<!\w)-s '?([a-z]+(?:-[a-z]+)+)", line):
        if not (ROOT / f"scenarios/{name}.fault").is_file():
            yield f"{name}: no such scenario"
    for name in re.findall(r"(?:^|`| {4})make ([a-z][a-z0-9-]+)", line):
        if name not in targets:
            yield f"make {name}: no such target"


def usage(command):
    words = []
    for name in COMMANDS:
        argv = [command] + ([name] if name else []) + ["--help"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30)
        words += re.findall(r"--[a-z][a-z-]+", done.stdout + done.stderr)
    for path in (ROOT / "harness" / "sockfault").glob("*.py"):
        words += re.findall(r'"(--[a-z][a-z-]+)', path.read_text())
    return set(words)


def make_targets():
    makefiles = [ROOT / "Makefile", *ROOT.rglob("*.mk")]
    text = "\n".join(path.read_text() for path in makefiles)
    return {word for line in re.findall(r"^([\w -]+):", text, re.M) for word in line.split()}


def complaints(command):
    sources = {w for p in files_of(ROOT / "shim") for w in re.findall(r"\bsf_\w+", p.read_text())}
    known, targets = usage(command), make_targets()
    for path in documents():
        for number, line in enumerate(plain(path.read_text()).splitlines(), 1):
            found = [*wrong_paths(line), *wrong_functions(line, sources)]
            found += [*wrong_options(line, known), *wrong_names(line, targets)]
            for what in found:
                yield f"{path.relative_to(ROOT)}:{number}: {what}"


def main():
    found = list(complaints(sys.argv[1]))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
