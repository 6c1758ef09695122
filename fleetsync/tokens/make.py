"""Make tokens that nobody can guess and that the platform takes."""

from __future__ import annotations

import secrets
from itertools import pairwise

from fleetsync.model.token import Token

TOKEN_BYTES = 18
"""Random bytes in a token: 144 bits, written as 24 characters of six bits each."""


def make_token() -> Token:
    """Make a token of 24 letters, digits, ``-`` and ``_``, more than 128 bits strong.

    It keeps all rules of platform page 7, the older ones too: lower case, upper case and a digit
    are in it, and no character stands three times in a row. It starts with a letter, so that no
    shell takes it for an option and no spreadsheet for a formula or a number.
    """
    while True:
        text = secrets.token_urlsafe(TOKEN_BYTES)
        if _keeps_the_rules(text):
            return Token(text)


def _keeps_the_rules(text: str) -> bool:
    return (
        text[0].isalpha()
        and any(character.islower() for character in text)
        and any(character.isupper() for character in text)
        and any(character.isdigit() for character in text)
        and not _has_triple(text)
    )


def _has_triple(text: str) -> bool:
    return any(
        one == two == three for (one, two), three in zip(pairwise(text), text[2:], strict=False)
    )
