# SPDX-License-Identifier: MIT
"""What a program under test has printed is a stranger's text: what is shown of it, on a terminal or
in a file, does nothing to its reader.
"""

from __future__ import annotations

import re

# Controls, what turns the direction of text round, lone surrogates, and no characters at all.
_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff"
    "\ufffe\uffff]"
)


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, as names of files have it
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def plain(text: str) -> str:
    """The text, with each character that would do something to its reader shown instead."""
    return _ODD.sub(_shown, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    return " ".join(plain(text).split())


def printed(data: bytes) -> str:
    """What was printed, to be shown."""
    return plain(data.decode(errors="replace"))
