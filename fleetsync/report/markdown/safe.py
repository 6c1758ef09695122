"""Put hostile text into Markdown so that it stays text: in code, where nothing is a sign.

Code is shown as it is: no links, images or HTML, no mention of a person, issue or commit. Line
breaks, control characters and text directions are written as escapes before (``escape.shown``), so
that no text begins a line or ends the code that it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from html import escape

from fleetsync.escape import shown

_TICKS = re.compile("`+")
_PLAIN = re.compile(r"[A-Za-z0-9._-]")
_HASH_DIGITS = 10
_NAME_BYTES = 200
"""A longer name in the hidden line is told by its digest."""


def code(text: str) -> str:
    """Write text as a code span; its fence is longer than any run of backticks in it."""
    inner = shown(text)
    if not inner:
        return "(empty)"
    fence = "`" * (_longest_ticks([inner]) + 1)
    # A reader takes away one space on both sides, if there are two and something between them.
    edges = inner[0] + inner[-1]
    pad = " " if "`" in edges or edges == "  " else ""
    return f"{fence}{pad}{inner}{pad}{fence}"


def cell(text: str) -> str:
    """Write text as code in a table, where a bar would end the cell even within code."""
    return code(shown(text).replace("|", "\\x7c"))


def html_code(text: str) -> str:
    """Write text as code within a line of HTML, where nothing but HTML has a meaning."""
    return f"<code>{escape(shown(text))}</code>"


def fenced(lines: list[str]) -> Iterator[str]:
    """Write lines, which are escaped already, as a block of code that no line can end."""
    fence = "`" * max(3, _longest_ticks(lines) + 1)
    yield f"{fence}diff"
    yield from lines
    yield fence


def marker(words: str, fleet: str, digest: str) -> str:
    """Write the hidden line by which a later run finds the comment that it shall update."""
    return f"<!-- {words} fleet={_quoted(fleet)} digest={_quoted(digest)} format=1 -->"


def short(text: str, limit: int) -> str:
    """Shorten text that is longer than ``limit`` characters; what is left out has its hash."""
    return text if len(text) <= limit else f"{text[:limit]}... {_hash_of(text)}"


def short_pair(one: str, other: str, limit: int) -> tuple[str, str]:
    """Shorten two texts, so that their difference is seen; each long one has its hash."""
    alike = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    start = 0 if alike < limit // 2 else alike - limit // 4
    return _short_from(one, start, limit), _short_from(other, start, limit)


def _short_from(text: str, start: int, limit: int) -> str:
    if len(text) <= limit:
        return text
    lead = "..." if start else ""
    return f"{lead}{text[start : start + limit]}... {_hash_of(text)}"


def _hash_of(text: str) -> str:
    """Tell texts apart that are shown in part; half a character is no reason to fail."""
    return f"({len(text):,} characters, SHA-256 {_digest(text)[:_HASH_DIGITS]})"


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _longest_ticks(texts: Iterable[str]) -> int:
    return max((len(run) for text in texts for run in _TICKS.findall(text)), default=0)


def _quoted(text: str) -> str:
    """Write text so that it has no spaces and cannot end a comment, like an address of the web."""
    algorithm, colon, rest = text.partition(":")
    if (algorithm, colon) == ("sha256", ":"):
        return f"sha256:{_quoted(rest)}"
    quoted = "".join(map(_quoted_character, text))
    return quoted if len(quoted) <= _NAME_BYTES else f"sha256:{_digest(text)}"


def _quoted_character(character: str) -> str:
    if _PLAIN.fullmatch(character):
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
