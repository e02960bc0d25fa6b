# SPDX-License-Identifier: MIT
"""findings.py COMMAND [--write]: the list in doc/findings.md is that of the folder shim/finding/.

With --write the list is made anew; all around it stays.
"""

import json
import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parents[2] / "doc" / "findings.md"
LIST = re.compile(r"(?<=\| --- \| --- \| --- \|\n)(?:\|.*\n)*")


def rows(command):
    done = subprocess.run(
        [command, "list", "findings", "--json"], capture_output=True, text=True, check=True
    )
    for row in map(json.loads, done.stdout.splitlines()):
        yield f"| `{row['finding']}` | {row['severity']} | {row['help']} |\n"


def main():
    text = PAGE.read_text()
    right = LIST.sub("".join(rows(sys.argv[1])).replace("\\", r"\\"), text, count=1)
    if "--write" in sys.argv:
        PAGE.write_text(right)
    elif right != text:
        sys.exit("doc/findings.md: the list is not that of shim/finding/: make doc-findings")


main()
