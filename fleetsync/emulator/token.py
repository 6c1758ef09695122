"""Make device tokens and keep them salted and hashed (platform pages 1.2 and 7)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

GENERATED_LENGTH = 18

# 64 characters, so that each random byte gives one without bias; the specials are the documented
# ones, and characters that people confuse are left out.
_ALPHABET = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789-_!@*+."
_BYTE_TO_CHARACTER = bytes(_ALPHABET[byte % 64] for byte in range(256))

_STRICT = re.compile(r"[A-Za-z0-9_!&@?*+.()-]{8,36}")


def make_token() -> str:
    """Return a new token of 18 characters."""
    return secrets.token_bytes(GENERATED_LENGTH).translate(_BYTE_TO_CHARACTER).decode("ascii")


def is_token(text: str, *, strict: bool) -> bool:
    """Tell whether a device may have this token; not strict means: any text but none."""
    return bool(_STRICT.fullmatch(text) if strict else text)


def hash_token(token: str) -> bytes:
    """Return a fresh salt (16 bytes) and the hash of the token under it."""
    salt = secrets.token_bytes(16)
    return salt + _digest(token, salt)


def token_matches(token: str, kept: bytes) -> bool:
    """Tell whether ``hash_token`` made ``kept`` from this token."""
    return hmac.compare_digest(_digest(token, kept[:16]), kept[16:])


def _digest(token: str, salt: bytes) -> bytes:
    return hashlib.blake2b(token.encode("utf-8"), salt=salt, digest_size=32).digest()
