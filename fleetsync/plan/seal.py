"""Seal a document, so that a byte that was changed, lost or added anywhere shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256

SEAL_BEGIN = b'  "seal": '
"""How the line begins that is not under the seal itself."""

_LINE = '  "seal": "sha256:{}"\n}}\n'
_LENGTH = len(_LINE.format("0" * 64))
_HEAD_BYTES = 4096
_VERSION = re.compile(rb'\s{0,99}\{\s{0,99}"formatVersion"\s{0,99}:\s{0,99}([^\s,}]{1,20})')
_SIGNS = (b'"manifestDigest"', b'"seal": "sha256:')
"""What stands near the begin and near the end of a plan and of nothing else."""


def seal(pieces: Iterable[str]) -> Iterator[str]:
    """Give the pieces, which end behind the last but one field, and then the seal as the last."""
    whole = sha256()
    for piece in pieces:
        whole.update(piece.encode("ascii"))
        yield piece
    yield _LINE.format(whole.hexdigest())


def is_sealed(data: bytes) -> bool:
    """Tell whether a document is, byte for byte, as it was sealed."""
    within = memoryview(data)
    line = _LINE.format(sha256(within[:-_LENGTH]).hexdigest())
    return data[-_LENGTH:] == line.encode("ascii")


def is_seal(tail: bytes, digest: str) -> bool:
    """Tell whether ``tail`` is the seal of a document; ``digest`` is the SHA-256 of all before."""
    return tail == _LINE.format(digest).encode("ascii")


def format_version(data: bytes) -> str | None:
    """Give the format version as it stands in front of a document, sealed or not."""
    found = _VERSION.match(data)
    return None if found is None else found[1].decode("utf-8", "backslashreplace")


def looks_like_plan(data: bytes) -> bool:
    """Tell whether a document was once a plan, though bytes of it may have been changed."""
    head, tail = data[:_HEAD_BYTES], data[-_HEAD_BYTES:]
    return _SIGNS[0] in head or _SIGNS[1] in tail
