"""Read the body of a request off its connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.emulator.refusal import RefusalError

if TYPE_CHECKING:
    from wsgiref.types import InputStream, WSGIEnvironment

MAX_BODY_BYTES = 16 * 1024 * 1024
"""The platform names a limit for bulk requests only; this one protects the emulator."""

_CHUNK = 64 * 1024


def read_body(environ: WSGIEnvironment, limit: int) -> bytes:
    """Return the body; one over the limit is read off the connection and refused with 413."""
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH") or ""
    is_chunked = environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked"
    if not length.isdecimal():
        raw = stream.read(limit + 1) if is_chunked else b""
        size = len(raw)
    else:
        size = int(length)
        raw = stream.read(size) if size <= limit else b""
    if size > limit:
        _drain(stream, size if length else limit)
        raise RefusalError(413, "EMU0413E", f"The request is larger than {limit} bytes.")
    return raw


def _drain(stream: InputStream, size: int) -> None:
    """Read a body away, so that the next request on the connection begins where it should."""
    while size > 0:
        chunk = stream.read(min(size, _CHUNK))
        if not chunk:
            return
        size -= len(chunk)
