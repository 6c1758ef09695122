"""Make text from the org fit to be shown: no secrets, no control characters, no novels."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, final
from urllib.parse import quote, quote_plus

from fleetsync.escape import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleetsync.model.credentials import Credentials
    from fleetsync.model.value import JSON

MAX_SHOWN = 500
"""How many characters of a foreign text are shown."""

_STARS = "***"
_SHORTEST_SECRET = 4  # shorter ones would star out ordinary words


@final
class Mask:
    """Knows the secrets of one connection and keeps them out of every text."""

    __slots__ = ("_secrets",)

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        # The longest first: a secret may be a part of another one.
        self._secrets = sorted(
            (form for form in forms if len(form) >= _SHORTEST_SECRET), key=len, reverse=True
        )

    def adding(self, secrets: Iterable[str]) -> Mask:
        """Give a mask that knows these secrets as well."""
        more = list(secrets)
        return Mask([*self._secrets, *more]) if more else self

    def hide(self, text: str) -> str:
        """Put stars in the place of each secret."""
        for secret in self._secrets:
            text = text.replace(secret, _STARS)
        return text

    def hide_in(self, value: JSON) -> JSON:
        """Put stars in the place of each secret, wherever it stands in a JSON value."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, dict):
            return {self.hide(name): self.hide_in(inner) for name, inner in value.items()}
        return [self.hide_in(inner) for inner in value] if isinstance(value, list) else value

    def show(self, text: str, *, limit: int = MAX_SHOWN) -> str:
        """Give a text without secrets, in one line of printable characters, of bounded length."""
        # Twice, for an escape may spell a secret.
        clean = self.hide(shown(self.hide(text)))
        return clean if len(clean) <= limit else clean[: limit - 3] + "..."

    def __repr__(self) -> str:
        return f"Mask({len(self._secrets)} texts)"


def mask_of(credentials: Credentials | None) -> Mask:
    """Give the mask for all that could betray these credentials."""
    if credentials is None:
        return Mask()
    pair = f"{credentials.key}:{credentials.token}".encode("utf-8", "surrogatepass")
    return Mask((credentials.key, credentials.token, b64encode(pair).decode()))


def _forms(secret: str) -> Iterable[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    return (secret, quote(raw, safe=""), quote_plus(raw), shown(secret))
