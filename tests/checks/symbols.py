# SPDX-License-Identifier: MIT
"""symbols.py LIBRARY OBJECTS: exports the rows of calls.def, imports what imports.txt allows.

imports.txt names each import once; where files follow a name, no other file may use it: that is how
allocation, stdio and the environment are kept off the call paths.
"""

import pathlib
import subprocess
import sys

from rows import ROOT, aliases, rows

ALLOWED = ROOT / "tests/checks/imports.txt"


def names(path, *which):
    done = subprocess.run(["nm", *which, path], check=True, capture_output=True, text=True)
    return {line.split()[-1].split("@")[0] for line in done.stdout.splitlines() if line}


def allowed():
    """{name: files that may use it, none for all}."""
    lines = (line.split("#")[0].replace(":", " ").split() for line in ALLOWED.open())
    return {words[0]: set(words[1:]) for words in lines if words}


def exports(library):
    wanted, exported = set(rows() + aliases()), names(library, "-D", "--defined-only")
    for name in sorted(wanted - exported):
        yield f"shim/core/calls.def: {name} has a row and is not exported"
    for name in sorted(exported - wanted):
        yield f"{library}: exports {name}, which is no row of shim/core/calls.def"


# Calls to these come and go with what the compiler writes in line.
COMPILERS = {"memcmp", "memcpy", "memmove", "memset", "stpcpy", "strcpy", "strlen"}


def imports(library):
    imported, may = names(library, "-D", "--undefined-only"), allowed()
    for name in sorted(imported - set(may)):
        yield f"{library}: imports {name}, which tests/checks/imports.txt does not allow"
    for name in sorted(set(may) - imported - COMPILERS):
        yield f"tests/checks/imports.txt: {name} is allowed and not imported"


def uses(objects):
    restricted = {name: files for name, files in allowed().items() if files}
    for path in sorted(pathlib.Path(objects).rglob("*.o")):
        for name in sorted(names(path, "-u") & set(restricted)):
            if path.stem not in restricted[name]:
                yield f"{path}: uses {name}, which is for {sorted(restricted[name])} alone"


def main():
    library, objects = sys.argv[1:]
    found = [*exports(library), *imports(library), *uses(objects)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
