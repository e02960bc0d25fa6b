# SPDX-License-Identifier: MIT
"""Holds the directions of #include: who may know of whom. HACKING.md has the same picture.

Each file of shim/ belongs to the layer of its folder; files right below shim/ are of their own
kind (gate, real, fdtab, ...). What no arrow allows is printed, and the status is 1.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHIM = ROOT / "shim"

# layer: folders of shim/ that it may include from; "." are the headers right below shim/.
ARROWS = {
    "core": {"core"},
    "fault": {"core", "fault"},
    "finding": {"core", "finding"},
    "cli": {"core", "fault", "finding", "cli"},
    "confine": {"confine"},
    "wrap": {".", "core", "wrap"},
    ".": {".", "core", "fault"},
}
# Of these the wrappers know the doorway, the real calls, the books on descriptors and processes.
WRAP_KNOWS = {
    "gate.h",
    "real.h",
    "track.h",
    "readiness.h",
    "seen.h",
    "heir.h",
    "brief.h",
    "evlog.h",
    "record.h",
    "start.h",
    "stream.h",
}
# Lists of names that the build makes from the folders: part of the core.
GENERATED = {"faults.def", "findings.def", "finding-words.def"}


def layer(path):
    return path.parts[0] if len(path.parts) > 1 else "."


def target_of(source, name):
    """The included file relative to shim/, or None where it is not ours."""
    if name in GENERATED:
        return pathlib.Path("core") / name
    for base in (SHIM, (SHIM / source).parent):
        if (base / name).is_file():
            return (base / name).resolve().relative_to(SHIM)
    return None


def complaint(source, target):
    here, there = layer(source), layer(target)
    if there not in ARROWS[here]:
        return f"{here} may not include from {there}"
    if here == "wrap" and there == "." and target.name not in WRAP_KNOWS:
        return f"wrappers know {sorted(WRAP_KNOWS)} alone"
    return None


def violations():
    for path in sorted(SHIM.rglob("*.[chS]")):
        source = path.relative_to(SHIM)
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not match:
                continue
            target = target_of(source, match[1])
            why = "no such header" if target is None else complaint(source, target)
            if why:
                yield f"shim/{source}:{number}: includes {match[1]}: {why}"


def main():
    found = list(violations())
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
