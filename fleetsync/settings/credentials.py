"""Find the API key and its token: in a file that was named, else in the environment.

No error says what a key or token is, only where it came from and what is wrong with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fleetsync.errors import CredentialsError
from fleetsync.escape import shown
from fleetsync.model.credentials import Credentials
from fleetsync.settings.credentials_file import read_credentials_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleetsync.settings.credentials_file import Content

_PAIRS = (("WIOTP_AUTH_KEY", "WIOTP_AUTH_TOKEN"), ("WIOTP_API_KEY", "WIOTP_API_TOKEN"))
"""Environment variables, the newer names first (platform page 1.3)."""


class Found(NamedTuple):
    """The credentials, and what the user should be told about the place they came from."""

    credentials: Credentials
    warnings: tuple[str, ...] = ()


class Part(NamedTuple):
    """The key or the token: where it was looked for, and what was there."""

    place: str
    text: str | None

    def __repr__(self) -> str:
        return f"Part(place={self.place!r}, text=***)"


def find_credentials(env: Mapping[str, str], file: Path | None) -> Found:
    """Give the API key and token; ``file`` (``--credentials FILE``) wins over ``env``.

    Raises CredentialsError if there are none, if one of the two is missing, or if one of them
    could not be sent.
    """
    if file is not None:
        return _from_file(file)
    for key_name, token_name in _PAIRS:
        if key_name in env or token_name in env:
            key, token = (Part(name, env.get(name)) for name in (key_name, token_name))
            return Found(check_pair(key, token, f"set both {key_name} and {token_name}"))
    raise CredentialsError(
        "there are no credentials: set WIOTP_AUTH_KEY and WIOTP_AUTH_TOKEN in the environment, "
        "or name a file with --credentials FILE"
    )


def _from_file(file: Path) -> Found:
    return found_in(read_credentials_file(file), file)


def found_in(content: Content, file: Path) -> Found:
    """Give the credentials of a file that was read; CredentialsError as above."""
    name = shown(str(file))
    key = Part(f"{name}: {content.key_name}", content.key)
    token = Part(f"{name}: {content.token_name}", content.token)
    both = f"the file must give both {content.key_name} and {content.token_name}"
    return Found(check_pair(key, token, both), content.warnings)


def check_pair(key: Part, token: Part, both: str) -> Credentials:
    """Make the pair of two texts; ``both`` says what to do where one of them is missing."""
    user, password = _sound(key, both), _sound(token, both)
    if ":" in user:
        # In Basic authentication the first colon ends the user name (platform page 1.2).
        raise CredentialsError(f"{key.place} holds a colon, which no API key does; copy it anew")
    return Credentials(user, password)


def _sound(part: Part, both: str) -> str:
    if part.text is None:
        raise CredentialsError(f"{part.place} is missing; {both}")
    fault = _fault(part.text)
    if fault:
        raise CredentialsError(f"{part.place} {fault}")
    return part.text


def _fault(text: str) -> str | None:
    if not text:
        return "is empty; give it its value (in a pipeline: is the secret there for this branch?)"
    if any(character.isspace() for character in text):
        return "holds a space or a line break, which no key or token does; copy it anew"
    if not text.isprintable():
        return "holds a control character, which no key or token does; copy it anew"
    if not all(ord(character) < 256 for character in text):
        return "holds a character that cannot be sent (not Latin-1); copy it anew"
    return None
