"""Turn data into payloads and back, by the format that a topic names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from fleetsync.errors import UsageError

MAX_PAYLOAD = 131_072
"""Bytes that the platform takes; it ends the connection over more (platform page 9.2)."""


class Codec(Protocol):
    """Knows one format. ``decode`` raises ValueError for a payload that is not of it."""

    def encode(self, data: Any) -> bytes:  # noqa: ANN401 - what a codec takes is its own affair
        """Give the payload for some data; TypeError or ValueError if it has none."""
        ...

    def decode(self, payload: bytes) -> Any:  # noqa: ANN401 - see above
        """Give the data of a payload."""
        ...


class JsonCodec:
    """JSON in UTF-8, the value as such."""

    def encode(self, data: Any) -> bytes:  # noqa: ANN401 - any JSON value
        """Write JSON; NaN and infinities are none."""
        return json.dumps(data, allow_nan=False, separators=(",", ":")).encode("ascii")

    def decode(self, payload: bytes) -> Any:  # noqa: ANN401 - any JSON value
        """Read JSON; what is nested too deeply is refused as well."""
        try:
            return json.loads(payload.decode("utf-8"), parse_constant=_no_json)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def _no_json(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


class TextCodec:
    """Text in UTF-8."""

    def encode(self, data: Any) -> bytes:  # noqa: ANN401 - what is no text is refused
        """Write text."""
        if not isinstance(data, str):
            raise TypeError("text expected")
        return data.encode("utf-8")

    def decode(self, payload: bytes) -> str:
        """Read text."""
        return payload.decode("utf-8")


class RawCodec:
    """Bytes as they are."""

    def encode(self, data: Any) -> bytes:  # noqa: ANN401 - what is no bytes is refused
        """Take bytes."""
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError("bytes expected")
        return bytes(data)

    def decode(self, payload: bytes) -> bytes:
        """Give bytes."""
        return payload


CODECS: Mapping[str, Codec] = {
    "json": JsonCodec(),
    "text": TextCodec(),
    "bin": RawCodec(),
    "raw": RawCodec(),
}
"""The formats that need no codec of one's own; the names are those of platform page 9.5."""
_RAW = RawCodec()


def codec_for(codecs: Mapping[str, Codec], format_: str) -> Codec:
    """Give the codec of a format; of one that nobody registered the bytes are given as they are."""
    return codecs.get(format_, _RAW)


def encoded(codecs: Mapping[str, Codec], format_: str, data: Any) -> bytes:  # noqa: ANN401
    """Give a payload that the platform takes; UsageError says what is wrong with the data."""
    try:
        payload = codec_for(codecs, format_).encode(data)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"the data cannot be written as {format_}: {error}") from None
    if len(payload) > MAX_PAYLOAD:
        raise UsageError(
            f"the payload has {len(payload):,} bytes; the platform takes {MAX_PAYLOAD:,} at most:"
            " send less, or in parts"
        )
    return payload
