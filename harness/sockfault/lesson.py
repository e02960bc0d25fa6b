# SPDX-License-Identifier: MIT
"""What `sockfault explain` says of a finding, on a page: the paragraphs, and the two programs, one
that is wrong and one that is right. The texts are the command's.
"""

from __future__ import annotations

import functools
import html
from typing import Any, Iterator

from . import command


@functools.lru_cache(maxsize=None)
def _rows() -> dict[str, dict[str, Any]]:
    return {str(row["finding"]): row for row in command.listing("findings")}


def _code(kind: str, text: str) -> str:
    return f"<h4>{kind}</h4><pre class={kind}>{html.escape(text.rstrip())}</pre>"


def lesson(finding: str) -> Iterator[str]:
    """The HTML that opens where the reader wants it; nothing for a finding that the command does
    not know."""
    row = _rows().get(finding)
    if not row:
        return
    yield "<details class=lesson><summary>Why, and how it is done</summary>"
    yield from (f"<p>{html.escape(text)}</p>" for text in row["explain"].split("\n\n"))
    yield f"<p class=faint>{html.escape(row['source'])}</p>"
    yield _code("wrong", row["wrong"]) + _code("right", row["right"])
    if row["rule"]:
        yield f"<p class=faint>under <code>{html.escape(row['rule'])}</code></p>"
    yield "</details>"
