"""The API key and its token, as a pair that cannot show its secret."""

from __future__ import annotations

import hmac
import re
from typing import NoReturn, final

_KEY_SHAPE = re.compile(r"(a-[A-Za-z0-9-]{1,64})-[^-]{10}")
"""API keys look like ``a-<org>-<10 random characters>`` (platform page 1.2)."""


@final
class Credentials:
    """An application's API key and authentication token (platform page 1.2).

    They can be read as ``key`` and ``token`` by whoever signs a request; printing, formatting,
    pickling or copying the pair never shows more than ``a-<org>-***``.
    """

    __slots__ = ("_key", "_token")

    _key: str
    _token: str

    def __init__(self, key: str, token: str) -> None:
        object.__setattr__(self, "_key", key)
        object.__setattr__(self, "_token", token)

    @property
    def key(self) -> str:
        """The API key, the user name of each request."""
        return self._key

    @property
    def token(self) -> str:
        """The API key's authentication token, the password of each request."""
        return self._token

    def __repr__(self) -> str:
        shape = _KEY_SHAPE.fullmatch(self._key)
        return f"Credentials({shape[1]}-***)" if shape else "Credentials(***)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Credentials):
            return NotImplemented
        return hmac.compare_digest(_octets(self), _octets(other))

    def __hash__(self) -> int:
        return hash((Credentials, self._key, self._token))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("Credentials cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("Credentials cannot be changed")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("Credentials cannot be pickled or copied")

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)


def _octets(pair: Credentials) -> bytes:
    # The length of the key keeps ("ab", "c") and ("a", "bc") apart.
    text = f"{len(pair.key)}:{pair.key}{pair.token}"
    return text.encode("utf-8", "surrogatepass")
