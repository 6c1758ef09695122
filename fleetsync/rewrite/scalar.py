"""Write values as YAML that every reader takes for the same, hostile text included."""

from __future__ import annotations

import re

from fleetsync.escape import shown
from fleetsync.manifest.scalar import plain_value
from fleetsync.model import JSON
from fleetsync.rewrite.splice import CannotEditError

_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_./+%-]| (?! ))*(?<! )", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")


def flow(value: JSON) -> str:
    """Write any value on one line."""
    if isinstance(value, dict):
        inner = ", ".join(f"{key_text(key)}: {flow(below)}" for key, below in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    return scalar(value)


def scalar(value: JSON, style: str | None = None) -> str:
    """Write a text, number, truth value or null; in the quotes ``style`` where they can hold it."""
    if isinstance(value, str):
        return _text(value, style)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = _number(value)
    if plain_value(text) != value:
        raise CannotEditError(f"the number {text} cannot be kept exactly in a manifest")
    return text


def key_text(key: str) -> str:
    """Write a key."""
    return _text(key, None)


def _number(value: object) -> str:
    text = repr(value)
    mantissa, exponent, power = text.partition("e")
    return f"{mantissa}.0e{power}" if exponent and "." not in mantissa else text


def _text(text: str, style: str | None) -> str:
    if _SURROGATE.search(text):
        raise CannotEditError("it holds half a character, which no YAML file can")
    is_clean = shown(text) == text
    if style == "'" and is_clean:
        quoted = text.replace("'", "''")
        return f"'{quoted}'"
    if style != '"' and _PLAIN.fullmatch(text) and plain_value(text) == text:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{shown(escaped)}"'
