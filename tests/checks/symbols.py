# SPDX-License-Identifier: MIT
"""symbols.py LIBRARY: exports exactly the rows of calls.def, imports only what imports.txt allows.

An import that is new must be one that call paths may use (no allocation, no stdio, no locale, no
getenv there), or one that start-up alone uses; imports.txt says which and why.
"""

import subprocess
import sys

from rows import ROOT, aliases, rows

ALLOWED = ROOT / "tests/checks/imports.txt"


def names(library, which):
    done = subprocess.run(["nm", "-D", which, library], check=True, capture_output=True, text=True)
    return {line.split()[-1].split("@")[0] for line in done.stdout.splitlines()}


def allowed():
    lines = (line.split("#")[0].split() for line in ALLOWED.read_text().splitlines())
    return {word for words in lines for word in words}


def differences(library):
    wanted, exported = set(rows() + aliases()), names(library, "--defined-only")
    for name in sorted(wanted - exported):
        yield f"shim/core/calls.def: {name} has a row and is not exported"
    for name in sorted(exported - wanted):
        yield f"{library}: exports {name}, which is no row of shim/core/calls.def"
    imported = names(library, "--undefined-only")
    for name in sorted(imported - allowed()):
        yield f"{library}: imports {name}, which tests/checks/imports.txt does not allow"
    for name in sorted(allowed() - imported):
        yield f"tests/checks/imports.txt: {name} is allowed and not imported"


def main():
    found = list(differences(sys.argv[1]))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
