# SPDX-License-Identifier: MIT
"""What Python's own modules can't say to the kernel about processes."""

from __future__ import annotations

import ctypes
import signal

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4


def end_with_parent() -> None:
    """This process is killed when the thread ends that made it: prctl(2), PR_SET_PDEATHSIG."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def no_heirs() -> None:
    """Programs that this process starts have none of its capabilities, unless root starts them:
    capabilities(7), the ambient set."""
    ctypes.CDLL(None).prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)


def adopt_orphans() -> None:
    """What is left below this process becomes its child, whatever was in between."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
