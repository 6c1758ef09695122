"""A device's authentication token, as a type that cannot show itself."""

from __future__ import annotations

import hmac
from typing import NoReturn, final


@final
class Token:
    """A secret that only :meth:`reveal` hands out; every other way of showing it gives stars.

    Equal when the texts are equal (compared in constant time), not ordered, not iterable, and not
    to be pickled or copied into another form.
    """

    __slots__ = ("_text",)

    _text: str

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "_text", text)

    def reveal(self) -> str:
        """Give the text itself, for a request body or the secrets file and nothing else."""
        return self._text

    def __repr__(self) -> str:
        return "Token(***)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Token):
            return NotImplemented
        return hmac.compare_digest(_octets(self), _octets(other))

    def __hash__(self) -> int:
        return hash((Token, self._text))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Token cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a Token cannot be changed")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Token cannot be pickled or copied")

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)


def _octets(token: Token) -> bytes:
    return token.reveal().encode("utf-8", "surrogatepass")
