"""Hold the answers that no sane server gives, as bytes on the wire."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from itertools import chain, repeat

from tests.api.hostile import Asked, Hangup, Stream, reply

Lie = Callable[[Asked, bytes], "bytes | Hangup | Stream"]
"""Makes an answer out of the request and of the body that the org gave, or would give."""

_OK = b"HTTP/1.1 200 OK\r\n"
_JSON = b"Content-Type: application/json\r\n"


def _always(answer: bytes | Hangup) -> Lie:
    return lambda _asked, _body: answer


def _raw(head: bytes, body: bytes = b"{}") -> Lie:
    """Send these header lines and this body as they are, and hang up."""
    return _always(Hangup(_OK + head + b"\r\n" + body))


def _body(content: bytes, status: int = 200, **headers: str) -> Lie:
    return _always(reply(status, content, **headers))


def _changed(change: Callable[[bytes], bytes]) -> Lie:
    return lambda _asked, body: reply(200, change(body))


def _encoded(encoding: str, encode: Callable[[bytes], bytes]) -> Lie:
    return lambda _asked, body: reply(200, encode(body), Content_Encoding=encoding)


def _endless(head: bytes, piece: bytes, pause: float, times: int = 1_000_000) -> Lie:
    return lambda _asked, _body: Stream(chain([head], repeat(piece, times)), pause)


def _echo(asked: Asked, _body: bytes) -> bytes:
    """Send back everything that was sent, credentials and tokens included."""
    said = asked.headers.get("authorization", "") + asked.content.decode("utf-8", "replace")
    return reply(400, {"message": said, "violations": [{"message": said}], said[:50]: said})


STATUSES = (
    100, 101, 102, 103, 199, 200, 201, 202, 203, 204, 205, 206, 207, 226, 299, 300, 301, 302, 303,
    304, 305, 307, 308, 399, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413,
    414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 499, 500, 501, 502,
    503, 504, 505, 506, 507, 508, 510, 511, 520, 599, 600, 999,
)  # fmt: skip

RETRY_AFTER = (
    "", "0", "-1", "-999999", "1.5", "1e3", "soon", "0x10", "²", "1, 2", "9" * 400, "99999999",
    "Mon, 23 Nov 2026 10:00:30 GMT", "Thu, 01 Jan 1970 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 99 Foo 2026",
    "Sat, 01 Jan 0000 00:00:00 GMT", "Mon, 23 Nov 2026 10:00:30 +99999999999999", "\x01",
)  # fmt: skip

VALUES: dict[str, object] = {
    "null": None,
    "true": True,
    "zero": 0,
    "number": 1.5,
    "text": "text",
    "empty list": [],
    "empty object": {},
    "list of lists": [[[]]],
    "list of nulls": [None, None],
    "list of empty objects": [{}, {}],
    "ansi": {"message": "\x1b[2J\x1b]0;owned\x07", "results": "\x1b[31m"},
    "results null": {"results": None, "meta": None, "bookmark": None},
    "results object": {"results": {}, "meta": {"total_rows": 0}},
    "total negative": {"results": [], "meta": {"total_rows": -1}},
    "total text": {"results": [], "meta": {"total_rows": "many"}},
    "total huge": {"results": [], "meta": {"total_rows": 10**300}},
    "bookmark number": {"results": [], "bookmark": 7, "meta": {"total_rows": 3}},
    "bookmark endless": {"results": [], "bookmark": "same", "meta": {"total_rows": 3}},
    "bookmark long": {"results": [], "bookmark": "b" * 100_000, "meta": {"total_rows": 3}},
    "rows null": {"results": [None], "meta": {"total_rows": 1}},
    "ids odd": {"results": [{"id": "../..", "typeId": "..", "deviceId": "\u0000"}]},
    "success text": [{"typeId": "pump", "deviceId": "p-1", "success": "yes", "authToken": 1}],
}

BODIES: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \r\n\t ",
    "nothing but a bom": b"\xef\xbb\xbf",
    "html": b"<!doctype html><title>Login</title>",
    "utf-16": json.dumps({"results": []}).encode("utf-16"),
    "not utf-8": b'{"message": "\xff\xfe"}',
    "nul bytes": b"\0" * 1000,
    "nan": b'{"results": [], "meta": {"total_rows": NaN}}',
    "infinity": b'{"latitude": Infinity, "longitude": -Infinity}',
    "a number beyond all floats": b'{"latitude": 1e999, "longitude": -1e999}',
    "a number of a million digits": b'{"results": [], "meta": {"total_rows": ' + b"9" * 10**6,
    "an integer of 5000 digits": b'{"results": [], "meta": {"total_rows": %s}}' % (b"9" * 5000),
    "deep lists": b"[" * 200_000 + b"]" * 200_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "duplicate keys": b'{"results": [], "results": [{}], "meta": {"total_rows": 0}}',
    "a lone surrogate": b'{"message": "\\ud800", "results": [{"id": "\\udfff"}]}',
    "half a surrogate pair as a bookmark": b'{"results": [], "bookmark": "\\ud83d"}',
    "a huge text": b'{"message": "' + b"x" * 5_000_000 + b'"}',
    "two values": b"{}{}",
    "a comment": b"/* */ {}",
}

_BOMB = zlib.compressobj(9, zlib.DEFLATED, 31)
_BOMB_BYTES = b"".join(_BOMB.compress(bytes(1 << 20)) for _ in range(100)) + _BOMB.flush()

WIRE: dict[str, Lie] = {
    "hang up at once": _always(Hangup()),
    "hang up in the status": _always(Hangup(b"HTTP/1.1 2")),
    "hang up in the headers": _always(Hangup(_OK + b"Content-Le")),
    "hang up after the headers": _always(Hangup(_OK + b"Content-Length: 50\r\n\r\n")),
    "another protocol": _always(Hangup(b"SSH-2.0-OpenSSH_9.6\r\n")),
    "binary": _always(Hangup(bytes(range(256)) * 10)),
    "http 0.9": _always(Hangup(b"{}")),
    "http 9": _always(Hangup(b"HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\n{}")),
    "a status of letters": _always(Hangup(b"HTTP/1.1 abc OK\r\n\r\n")),
    "a status below zero": _always(Hangup(b"HTTP/1.1 -1 OK\r\n\r\n")),
    "a long status line": _always(Hangup(b"HTTP/1.1 200 " + b"x" * 100_000 + b"\r\n\r\n")),
    "a thousand headers": _raw(b"".join(b"X-%d: x\r\n" % n for n in range(1000))),
    "a long header": _raw(b"X: " + b"x" * 200_000 + b"\r\n"),
    "a header without a colon": _raw(b"nonsense\r\n" + _JSON),
    "a folded header": _raw(b"X: a\r\n b\r\n"),
    "nul in a header": _raw(b"X: \0\r\n"),
    "latin-1 in a header": _raw(b"Retry-After: \xe9\xff\r\nLocation: \xff\r\n"),
    "two lengths": _raw(b"Content-Length: 2\r\nContent-Length: 900\r\n"),
    "a length below zero": _raw(b"Content-Length: -5\r\n"),
    "a length of letters": _raw(b"Content-Length: many\r\n"),
    "a length too large": _raw(b"Content-Length: 99999999999999999999\r\n"),
    "a length too small": _raw(b"Content-Length: 1\r\n", b'{"results": []}'),
    "chunks of nonsense": _raw(b"Transfer-Encoding: chunked\r\n", b"zz\r\n{}\r\n0\r\n\r\n"),
    "a chunk below zero": _raw(b"Transfer-Encoding: chunked\r\n", b"-2\r\n{}\r\n0\r\n\r\n"),
    "chunks without an end": _raw(b"Transfer-Encoding: chunked\r\n", b"2\r\n{}\r\n"),
    "chunks cut off": _raw(b"Transfer-Encoding: chunked\r\n", b"ffffff\r\n{}"),
    "chunks and a length": _raw(
        b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", b"2\r\n{}\r\n0\r\n\r\n"
    ),
    "an unknown transfer": _raw(b"Transfer-Encoding: carrier-pigeon\r\n"),
    "gzip that is none": _body(b"{}", Content_Encoding="gzip"),
    "gzip cut off": _encoded("gzip", lambda body: gzip.compress(body)[:-9]),
    "gzip twice": _encoded("gzip, gzip", lambda body: gzip.compress(gzip.compress(body))),
    "a gzip bomb": _body(_BOMB_BYTES, Content_Encoding="gzip"),
    "an unknown encoding": _body(b"{}", Content_Encoding="snappy"),
    "deflate that is none": _body(b"\x78\x9c junk", Content_Encoding="deflate"),
    "the wrong content type": lambda _, body: reply(200, body, Content_Type="text/html"),
    "another charset": lambda _, body: reply(
        200, body, Content_Type="application/json; charset=utf-16"
    ),
    "truncated": _changed(lambda body: body[: len(body) // 2]),
    "a bit flipped": _changed(lambda body: body[:9] + bytes([body[9] ^ 1]) + body[10:]),
    "a comma too much": _changed(lambda body: body[:-1] + b"," + body[-1:]),
    "said twice": _changed(lambda body: body * 2),
    "with a bom": _changed(lambda body: b"\xef\xbb\xbf" + body),
    "with cookies and more": lambda _, body: reply(
        200, body, Set_Cookie="a=b", Refresh="0; url=x", Content_MD5="x", Trailer="x", Link="<x>"
    ),
    "100 for ever": _always(Hangup(b"HTTP/1.1 100 Continue\r\n\r\n" * 2000)),
    "two answers at once": lambda _, body: reply(200, body) + reply(500),
    "everything back": _echo,
    "a flood without an end": _endless(_OK + b"\r\n", b" " * (1 << 20), 0),
    "drips without an end": _endless(_OK + b"Content-Length: 99999\r\n\r\n", b" ", 0.1),
    "headers without an end": _endless(_OK, b"X: x\r\n", 0.1),
    "chunks that drip": _endless(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 0.1),
    "nothing, and then the end": _endless(b"", b"", 5.0, 1),
    "drips that end": lambda _, body: Stream([_OK, b"\r\n", body[:5], body[5:]], 0.05),
}

REDIRECTS = (
    "https://user:pass@evil.example.com/x?token=y", "javascript:alert(1)", "//[", "\x1b[2J",
    "http://[::1", "file:///etc/passwd", "/", "", "x" * 100_000,
)  # fmt: skip


def lies() -> dict[str, Lie]:
    """Give all of them by name."""
    found = dict(WIRE)
    for status in STATUSES:
        found[f"status {status}"] = _body(b'{"message": "EMU: no"}', status)
        found[f"status {status} without words"] = _body(b"", status)
    for number, text in enumerate(RETRY_AFTER):
        found[f"429, retry-after {number}"] = _body(b"", 429, Retry_After=text)
        found[f"503, retry-after {number}"] = _body(b"", 503, Retry_After=text)
    for number, text in enumerate(REDIRECTS):
        found[f"redirect {number}"] = _body(b"", 302, Location=text)
    for name, value in VALUES.items():
        for status in (200, 202, 400, 409):
            found[f"{status}, value {name}"] = _always(reply(status, value))
    for name, content in BODIES.items():
        for status in (200, 201, 403, 500):
            found[f"{status}, body {name}"] = _body(content, status)
    return found
