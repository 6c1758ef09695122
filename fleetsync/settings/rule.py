"""Find in fleet.yaml what its schema cannot: credentials, unsafe addresses, odd pairs of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from fleetsync.address import messaging_fault, url_fault
from fleetsync.manifest.credential import is_api_key, is_credential_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleetsync.errors import Problem
    from fleetsync.manifest.places import Subject
    from fleetsync.model import JSON

    Path: TypeAlias = tuple[str | int, ...]

_TOKEN_MAKER: Path = ("secrets", "tokens")
_MAKERS = ("client", "platform")
_OWN_KEYS: tuple[Path, ...] = (("secrets",), _TOKEN_MAKER)
"""Keys of the contract that sound like credentials and are none."""

_WAY_OUT = (
    "take it out (if it was committed, replace it), and give it in WIOTP_AUTH_KEY and "
    "WIOTP_AUTH_TOKEN, or in a file with --credentials FILE"
)


def settings_problems(value: JSON, subject: Subject) -> list[Problem]:
    """Give the problems; what may be a credential is never repeated."""
    return [
        *_credentials(value, subject),
        *_token_maker(value, subject),
        *_handed_on(value, subject),
        *_address(value, subject),
    ]


def secret_spots(value: JSON, subject: Subject) -> frozenset[tuple[str, int, int]]:
    """Give the places of all values that may be credentials: no other problem may show them."""
    found = [*_named(value, ()), *_api_keys(value), *_token_makers(value), *_values(value)]
    places = (
        subject.places.value(below) for path in found for below in _paths(_at(value, path), path)
    )
    return frozenset((subject.file, place.line, place.column) for place in places)


def _credentials(value: JSON, subject: Subject) -> Iterator[Problem]:
    named = list(_named(value, ()))
    for path in named:
        words = f"this would hold a credential, and those do not belong here: {_WAY_OUT}"
        yield subject.problem(subject.places.key(path), words)
    for path in _api_keys(value):
        if not any(path[: len(above)] == above for above in named):
            words = f"this looks like an API key, and credentials do not belong here: {_WAY_OUT}"
            yield subject.problem(subject.places.value(path), words)


def _named(value: JSON, path: Path) -> Iterator[Path]:
    """Give the entries that sound like credentials, or are named by one; not what is in them."""
    for step, below in _children(value):
        if isinstance(step, str) and _sounds_secret((*path, step), step, below):
            yield (*path, step)
        else:
            yield from _named(below, (*path, step))


def _sounds_secret(path: Path, key: str, value: JSON) -> bool:
    if path[::2][:2] == ("policies", "schema") and isinstance(value, (dict, list, bool)):
        return is_api_key(key)  # a property that a schema speaks of, maybe to forbid it
    return is_api_key(key) or (is_credential_name(key) and path not in _OWN_KEYS)


def _api_keys(value: JSON) -> Iterator[Path]:
    for path in _paths(value, ()):
        text = _at(value, path)
        if isinstance(text, str) and is_api_key(text):
            yield path


def _paths(value: JSON, path: Path) -> Iterator[Path]:
    """Give the path of a value and of all values in it."""
    yield path
    for step, below in _children(value):
        yield from _paths(below, (*path, step))


def _children(value: JSON) -> list[tuple[str | int, JSON]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def _at(value: JSON, path: Path) -> JSON:
    for step in path:
        value = dict(_children(value)).get(step)
    return value


def _token_maker(value: JSON, subject: Subject) -> Iterator[Problem]:
    """Stand in for the schema, whose words would repeat what may be a token."""
    for path in _token_makers(value):
        words = 'secrets.tokens must be "client" or "platform": it says who makes the tokens'
        yield subject.problem(subject.places.value(path), words)


def _token_makers(value: JSON) -> list[Path]:
    """Give the path of secrets.tokens, if it is there and wrong."""
    secrets = _at(value, _TOKEN_MAKER[:1])
    known = not isinstance(secrets, dict) or secrets.get("tokens", "client") in _MAKERS
    return [] if known else [_TOKEN_MAKER]


def _handed_on(value: JSON, subject: Subject) -> Iterator[Problem]:
    for path in _values(value):
        words = (
            "environment names variables that a command may see, and holds no values: write NAME"
        )
        yield subject.problem(subject.places.value(path), words)


def _values(value: JSON) -> Iterator[Path]:
    """Give the path of each NAME=VALUE where only names belong: the value may be a credential."""
    for index, policy in _children(_at(value, ("policies",))):
        for number, text in _children(_at(policy, ("environment",))):
            if isinstance(text, str) and "=" in text:
                yield ("policies", index, "environment", number)


def _address(value: JSON, subject: Subject) -> Iterator[Problem]:
    org = _at(value, ("org",))
    if not isinstance(org, dict):
        return
    url = org.get("url")
    fault = url_fault(url) if isinstance(url, str) and url and not is_api_key(url) else None
    if fault:
        yield subject.problem(subject.places.value(("org", "url")), f"org.url {fault}")
    messages = org.get("messagingUrl")
    is_text = isinstance(messages, str) and messages
    fault = messaging_fault(str(messages)) if is_text else None
    if fault:
        place = subject.places.value(("org", "messagingUrl"))
        yield subject.problem(place, f"org.messagingUrl {fault}")
    if "domain" in org and "id" not in org and ("url" in org or "emulator" in org):
        words = "org.domain goes with org.id only: take it out, or write id instead"
        yield subject.problem(subject.places.key(("org", "domain")), words)
