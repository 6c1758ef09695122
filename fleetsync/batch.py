"""Pack encoded JSON items into request bodies, by bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAX_REQUEST_BYTES = 512_000
"""A bulk request holds at most 512 KB (platform page 4.2); this is less whatever a KB means."""

_BRACKETS = len(b"[]")
_COMMA = len(b",")


def encode_item(value: object) -> bytes:
    """Give the short JSON text of one value in UTF-8; NaN and infinities raise ValueError."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair, as JSON from elsewhere may hold: only its escape is valid UTF-8.
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def join_batch(items: Iterable[bytes]) -> bytes:
    """Give the JSON array of encoded items."""
    return b"[" + b",".join(items) + b"]"


def split_batches(
    items: Iterable[bytes], *, max_bytes: int = MAX_REQUEST_BYTES
) -> Iterator[list[bytes]]:
    """Cut encoded items into lists whose JSON arrays stay within ``max_bytes``.

    Order is kept, and each list is as full as can be. An item that does not fit alone raises
    ValueError when its turn comes.
    """
    batch: list[bytes] = []
    room = max_bytes - _BRACKETS
    for item in items:
        needed = _weigh(len(item), max_bytes=max_bytes)
        if batch and needed > room:
            yield batch
            batch, room = [], max_bytes - _BRACKETS
        batch.append(item)
        room -= needed + _COMMA
    if batch:
        yield batch


def count_batches(sizes: Sequence[int], *, max_bytes: int = MAX_REQUEST_BYTES) -> int:
    """Tell how many requests :func:`split_batches` makes of items of these sizes in bytes."""
    count, room = 0, -1
    for size in sizes:
        needed = _weigh(size, max_bytes=max_bytes)
        if needed > room:
            count, room = count + 1, max_bytes - _BRACKETS
        room -= needed + _COMMA
    return count


def _weigh(size: int, *, max_bytes: int) -> int:
    if size + _BRACKETS > max_bytes:
        raise ValueError(f"an item of {size} bytes does not fit into a request of {max_bytes}")
    return size
