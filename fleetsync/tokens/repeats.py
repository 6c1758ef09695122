"""Find the broken lines that are but the beginning of another line."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from fleetsync.tokens.remains import essence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence


def find_repeats(broken: Collection[bytes], lines: Iterable[bytes]) -> set[bytes]:
    """Give those broken lines (without line ends) whose text begins a longer one.

    A torn retired line repeats the line that it was made from. Time grows with the number of lines
    and hardly with that of broken ones, for a file of something else may be all broken.
    """
    texts = sorted({essence(raw) for raw in broken})
    enclosing = _enclosing(texts)
    found = [False] * len(texts)
    for raw in lines:
        line = raw.removesuffix(b"\n").lstrip(b"\0")
        # A whole line keeps its end, so that it is longer than a torn repeat of all but its end.
        text = essence(line if line in broken else raw)
        at = bisect_left(texts, text) - 1
        while at >= 0 and not text.startswith(texts[at]):
            at = enclosing[at]
        while at >= 0 and not found[at]:
            found[at] = True
            at = enclosing[at]
    repeats = {text for text, is_repeat in zip(texts, found, strict=True) if is_repeat}
    return {raw for raw in broken if essence(raw) in repeats}


def _enclosing(texts: Sequence[bytes]) -> list[int]:
    """Give for each sorted text the place of the longest other one that begins it, or -1."""
    places: list[int] = []
    open_ones: list[int] = []
    for at, text in enumerate(texts):
        while open_ones and not text.startswith(texts[open_ones[-1]]):
            open_ones.pop()
        places.append(open_ones[-1] if open_ones else -1)
        open_ones.append(at)
    return places
