"""Give the secrets file a new content in place, without a moment at which a token could be lost.

No temporary file may hold a token, so the room is made in the file itself:

    old lines                                  the file as it was
    old lines | copy of what stays | mark      1. append, sync: from here on the copy counts
    what stays | rest | copy | mark            2. write the copy over the beginning, sync
    what stays                                 3. cut off the rest, sync

The copy is never longer than what stands before it, so step 2 cannot touch it: lines that grow get
blank room in front of the copy. Up to the sync of step 1 the old lines are whole; after it the mark
tells every reader to take the copy alone, and whoever opens the file next to write goes on with
step 2.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.tokens.mark import SIZE_MAX, Mark, parse_mark, render_mark
from fleetsync.tokens.storage import CHUNK_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fleetsync.tokens.storage import Storage


class Span(NamedTuple):
    """A stretch of the file, in bytes from its beginning."""

    start: int
    end: int


def replace_content(storage: Storage, lines: Iterable[bytes], *, growth: int = 0) -> None:
    """Make the lines the whole content; each ends with a line end.

    They are those of the old content, fewer, or altogether ``growth`` bytes longer. Raises OSError;
    then the file is as it was, or marked so that the next opening goes on.
    """
    old_size = storage.size()
    try:
        _append_copy(storage, lines, growth)
    except OSError:
        storage.truncate(old_size)
        storage.sync()
        raise
    finish_compaction(storage)


def finish_compaction(storage: Storage) -> None:
    """Do steps 2 and 3 if the file ends with a marked copy; otherwise nothing. Raises OSError."""
    copy = _find_copy(storage)
    if copy is None:
        return
    for offset, chunk in _chunks_of(storage, copy):
        storage.write(offset - copy.start, chunk)
    storage.sync()
    storage.truncate(copy.end - copy.start)
    storage.sync()


def content_span(storage: Storage) -> Span:
    """Tell which part of the file counts: the marked copy if there is one, else all of it."""
    return _find_copy(storage) or Span(0, storage.size())


def append_lines(storage: Storage, content: bytes) -> int:
    """Append whole lines and tell where they begin: after a line end, even if one was missing.

    Raises OSError; then nothing was appended.
    """
    size = storage.size()
    try:
        start = _end_last_line(storage)
        storage.write(start, content)
        storage.sync()
    except OSError:
        storage.truncate(size)
        storage.sync()
        raise
    return start


def probe_room(storage: Storage, size: int) -> None:
    """Find out whether so many bytes can be appended, and leave the file as it was.

    Raises OSError. Should the process be killed meanwhile, blank bytes stay, which no reader minds.
    """
    if size == 0:
        return
    old_size = storage.size()
    try:
        _write_blank(storage, old_size, size)
        storage.sync()
    except OSError:
        storage.truncate(old_size)
        storage.sync()
        raise
    storage.truncate(old_size)
    storage.sync()


def _end_last_line(storage: Storage) -> int:
    """Put a line end after the last line if it has none; tell where the next line begins."""
    size = storage.size()
    if size == 0 or storage.read(size - 1, 1) == b"\n":
        return size
    storage.write(size, b"\n")
    # A power cut could bring later bytes to the disk without this one, and spoil the last line.
    storage.sync()
    return size + 1


def _write_blank(storage: Storage, start: int, size: int) -> None:
    blank = bytes(min(size, CHUNK_BYTES))
    for offset in range(0, size, CHUNK_BYTES):
        storage.write(start + offset, blank[: size - offset])


def _append_copy(storage: Storage, lines: Iterable[bytes], growth: int) -> None:
    start = _end_last_line(storage)
    if growth > 0:
        _write_blank(storage, start, growth)
        storage.write(start + growth, b"\n")
        start += growth + 1
    end = start
    digest = hashlib.sha256()
    for chunk in _gathered(lines):
        storage.write(end, chunk)
        digest.update(chunk)
        end += len(chunk)
    storage.write(end, render_mark(Mark(end - start, digest.hexdigest())))
    storage.sync()


def _gathered(lines: Iterable[bytes]) -> Iterator[bytes]:
    chunk = bytearray()
    for line in lines:
        chunk += line
        if len(chunk) >= CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


def _find_copy(storage: Storage) -> Span | None:
    size = storage.size()
    tail = storage.read(max(0, size - SIZE_MAX), SIZE_MAX)
    last = tail[tail.rfind(b"\n", 0, -1) + 1 :]
    mark = parse_mark(last) if last.endswith(b"\n") else None
    if mark is None:
        return None
    end = size - len(last)
    copy = Span(end - mark.size, end)
    # A copy longer than what stands before it was not made here: overwriting would destroy it.
    sound = copy.start >= mark.size and _digest_of(storage, copy) == mark.digest
    return copy if sound else None


def _digest_of(storage: Storage, span: Span) -> str:
    digest = hashlib.sha256()
    for _, chunk in _chunks_of(storage, span):
        digest.update(chunk)
    return digest.hexdigest()


def _chunks_of(storage: Storage, span: Span) -> Iterator[tuple[int, bytes]]:
    for offset in range(span.start, span.end, CHUNK_BYTES):
        yield offset, storage.read(offset, min(CHUNK_BYTES, span.end - offset))
