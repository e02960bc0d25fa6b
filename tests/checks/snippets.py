# SPDX-License-Identifier: MIT
"""Each row of calls.def has its tests/snippets/NAME.c, and each snippet its row."""

import sys

from rows import ROOT, rows


def main():
    files = {path.stem for path in (ROOT / "tests/snippets").glob("*.c")}
    names = set(rows())
    for name in sorted(names - files):
        print(f"shim/core/calls.def: {name} has no tests/snippets/{name}.c")
    for name in sorted(files - names):
        print(f"tests/snippets/{name}.c: no row of shim/core/calls.def has this name")
    return 1 if files != names else 0


if __name__ == "__main__":
    sys.exit(main())
