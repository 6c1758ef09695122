"""Read a credentials file: the ``[application]`` form of ibmiotf, or the YAML of wiotp-sdk.

Parsers like to quote the line they stumble over, so none of their words is passed on.
"""

from __future__ import annotations

import configparser
import shlex
import stat
from typing import TYPE_CHECKING, NamedTuple

import yaml

from fleetsync.errors import CredentialsError
from fleetsync.escape import shown
from fleetsync.model.value import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_MAX_BYTES = 64 * 1024
_FORMS = "it must hold [application] with auth-key and auth-token, or YAML: auth: {key:, token:}"


class Content(NamedTuple):
    """What the file holds, and what its two keys are called in its form.

    ``values`` are all of its texts, the credentials among them; those of YAML under names such as
    ``options.mqtt.port``.
    """

    key_name: str
    token_name: str
    key: str | None
    token: str | None
    warnings: tuple[str, ...] = ()
    values: Mapping[str, str] = EMPTY

    def __repr__(self) -> str:
        return f"Content(key_name={self.key_name!r}, token_name={self.token_name!r}, ...)"


def read_credentials_file(file: Path) -> Content:
    """Read what the file says; raises CredentialsError that names lines and never shows one."""
    name = shown(str(file))
    text, warnings = _read(file, name)
    content = _parse_ini(text, name) if _looks_like_ini(text) else _parse_yaml(text, name)
    return content._replace(warnings=warnings)


def _read(file: Path, name: str) -> tuple[str, tuple[str, ...]]:
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_BYTES + 1)
        mode = file.stat().st_mode
    except OSError as error:
        words = f"{name}: the credentials file cannot be read: {error.strerror}"
        raise CredentialsError(f"{words}; give another one with --credentials FILE") from error
    if len(content) > _MAX_BYTES:
        raise CredentialsError(f"{name}: this is too large for a credentials file; {_FORMS}")
    try:
        return content.decode("utf-8-sig"), _warnings(mode, file)
    except UnicodeDecodeError:
        raise CredentialsError(f"{name}: this is not text; save it as UTF-8") from None


def _warnings(mode: int, file: Path) -> tuple[str, ...]:
    # A pipe, as from a password store, has a mode that says nothing.
    if not stat.S_ISREG(mode) or not mode & (stat.S_IRWXG | stat.S_IRWXO):
        return ()
    command = f"chmod 600 {shlex.quote(str(file))}"
    return (shown(f"{file}: other users may read these credentials; run: {command}"),)


def _looks_like_ini(text: str) -> bool:
    for line in text.splitlines():
        words = line.strip()
        if words and words[0] not in "#;":
            return words.startswith("[")
    return False


def _parse_ini(text: str, name: str) -> Content:
    # Interpolation would give a percent sign in a token a meaning.
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise CredentialsError(
            f"{name}{_ini_line(error)}: this line cannot be read; {_FORMS}"
        ) from None
    if not parser.has_section("application"):
        raise CredentialsError(f"{name}: there is no section [application]; {_FORMS}")
    found = parser["application"]
    key, token = found.get("auth-key"), found.get("auth-token")
    return Content("auth-key", "auth-token", key, token, values=dict(found))


def _ini_line(error: configparser.Error) -> str:
    errors = getattr(error, "errors", None)  # of a ParsingError: line numbers with the lines
    line = errors[0][0] if errors else getattr(error, "lineno", None)
    return f":{line}" if line else ""


def _parse_yaml(text: str, name: str) -> Content:
    whole = _mapping(_load_yaml(text, name))
    auth = whole.get("auth")
    if not isinstance(auth, dict):
        raise CredentialsError(f"{name}: this is not a credentials file; {_FORMS}")
    key, token = _text(auth.get("key")), _text(auth.get("token"))
    return Content("auth.key", "auth.token", key, token, values=dict(_texts(whole)))


def _texts(whole: Mapping[object, object], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in whole.items():
        if isinstance(value, dict):
            yield from _texts(value, f"{above}{name}.")
        elif isinstance(value, str):
            yield f"{above}{name}", value


def _load_yaml(text: str, name: str) -> object:
    try:
        # The base loader makes every scalar a text: a token of digits stays what it is.
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - it builds only plain values
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise CredentialsError(f"{name}{line}: this is no valid YAML; {_FORMS}") from None
    except (RecursionError, ValueError, TypeError):
        raise CredentialsError(f"{name}: this is no valid YAML; {_FORMS}") from None


def _mapping(value: object) -> dict[object, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
