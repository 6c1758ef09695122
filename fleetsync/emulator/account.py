"""Check the credentials of a request: HTTP Basic, always (platform page 1.2)."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import TYPE_CHECKING

from fleetsync.emulator.refusal import RefusalError

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_account(header: str | None, accounts: Mapping[str, str] | None) -> str:
    """Return the API key that asks, or refuse: 401 without a valid token, 403 an unknown key.

    ``accounts`` maps keys to tokens; None takes any key and token that are not empty.
    """
    key, token = read_basic(header)
    if accounts is None:
        return key
    if key not in accounts:
        raise RefusalError(403, "EMU0403E", "The API key is unknown.", explained=False)
    if not hmac.compare_digest(accounts[key].encode("utf-8"), token.encode("utf-8")):
        raise unauthorized()
    return key


def read_basic(header: str | None) -> tuple[str, str]:
    """Return the user name and the password; without both it is refused with 401."""
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        raise unauthorized()
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise unauthorized() from error
    key, _, token = text.partition(":")
    if not key or not token:
        raise unauthorized()
    return key, token


def unauthorized() -> RefusalError:
    """Return the refusal of a request without valid credentials."""
    text = "The request has no valid credentials."
    return RefusalError(401, "EMU0401E", text, explained=False)
