"""Put hostile text and suggestions into messages, safely and always in the same form."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from fleetsync.escape import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_SHOWN = 60
"""Characters of a foreign text that a message repeats at most."""

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def quote(text: str) -> str:
    """Quote a text from a file on one line, escaped and cut, as YAML would take it back."""
    cut = shown(text[:MAX_SHOWN].translate(_ESCAPES))
    return f'"{cut}{"..." if len(text) > MAX_SHOWN else ""}"'


def listing(texts: Iterable[str], *, last: str = "and") -> str:
    """Join texts as people do: ``a, b and c``."""
    parts = list(texts)
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """Give ``did you mean "x"?`` for the known text that is most alike, or nothing."""
    by_fold = {name.casefold(): name for name in reversed(list(known))}
    near = difflib.get_close_matches(text[:MAX_SHOWN].casefold(), by_fold, n=1, cutoff=0.6)
    return f"did you mean {quote(by_fold[near[0]])}?" if near else ""


def dotted(path: Sequence[str | int]) -> str:
    """Write a path inside a manifest as ``deviceInfo.model`` or ``ignoreChanges[0]``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(r"[A-Za-z0-9_-]+", step):
            text += f".{step}"
        else:
            text += f"[{quote(step)}]"
    return text.removeprefix(".")
