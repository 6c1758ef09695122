"""Recognise what looks like a credential, so that no message ever repeats it."""

from __future__ import annotations

import re

_NAMES = re.compile(
    r".*(?:token|password|passwd|passphrase|secret|credential|(?:api|auth|access|private)key)s?|pwd"
)
_API_KEY = re.compile(r"(?=.*[0-9])a-[A-Za-z0-9]{1,64}-[A-Za-z0-9]{10}")


def is_credential_name(name: str) -> bool:
    """Tell whether a key of this name would hold a credential: ``authToken``, ``api-key``, ..."""
    return _NAMES.fullmatch(re.sub(r"[\W_]", "", name).lower()) is not None


def is_auth_token_name(name: str) -> bool:
    """Tell whether a key is the platform's ``authToken`` (platform page 4.2), however written."""
    return re.sub(r"[\W_]", "", name).lower() == "authtoken"


def is_api_key(text: str) -> bool:
    """Tell whether a text is an API key: ``a-{org}-{10 characters}`` (platform page 1.2).

    A digit must be among them, or names such as ``a-left-thermostat`` would be hits.
    """
    return _API_KEY.fullmatch(text) is not None
