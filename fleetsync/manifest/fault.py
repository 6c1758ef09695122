"""Say what is wrong with one value, and what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fleetsync.escape import shown
from fleetsync.manifest.credential import is_api_key
from fleetsync.manifest.scalar import Doubt, plain_value
from fleetsync.manifest.words import MAX_SHOWN, did_you_mean, listing, quote

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleetsync.manifest.schema_file import Schema
    from fleetsync.model import JSON


class Fault(NamedTuple):
    """A value that breaks one keyword of its schema.

    ``name`` is the value's path as people read it, ``limit`` what the keyword says, ``text`` the
    scalar as the file has it.
    """

    keyword: str
    name: str
    limit: Any  # Any: each keyword has its own form
    schema: Schema
    value: JSON
    text: str


_TYPE_NAMES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
}
_WAYS_OUT_OF_NULL = {
    "metadata": "write {} to clear all of it, or leave it out",
    "deviceInfo": "write null for each field to clear, or leave it out",
    "description": 'write "" to clear it, or leave it out',
}


def fault_words(fault: Fault) -> str:
    """Give the words for a fault; they never repeat a value that may be a credential."""
    return _WORDS.get(fault.keyword, _other)(fault)


def missing_words(name: str, missing: list[str]) -> str:
    """Give the words for keys that a mapping lacks."""
    return (
        f"{name} needs {listing(map(quote, missing))}: add {'it' if len(missing) == 1 else 'them'}"
    )


def unknown_words(key: str, known: list[str], where: str) -> str:
    """Give the words for a key that its mapping must not have."""
    near = did_you_mean(key, known)
    return f"unknown key {quote(key)} in {where}; {near or f'known are {listing(known)}'}"


def _type(fault: Fault) -> str:
    names = fault.limit if isinstance(fault.limit, list) else [fault.limit]
    wanted = listing([_TYPE_NAMES[name] for name in names if name != "null"], last="or")
    return f"{fault.name} must be {wanted}{_instead(fault, names)}"


def _instead(fault: Fault, names: list[str]) -> str:
    value = fault.value
    if value is None:
        way_out = _WAYS_OUT_OF_NULL.get(
            fault.name.rpartition(".")[2], "give it a value, or leave it out"
        )
        return f", not null: {way_out}"
    if isinstance(value, dict):
        return ", not a mapping"
    if isinstance(value, list):
        return ", not a list"
    if isinstance(value, str):
        return f", not text{_unquoted(value, names)}"
    if "string" not in names:
        return f", not {shown(fault.text[:MAX_SHOWN])}"
    return _quoted(fault)


def _unquoted(text: str, names: list[str]) -> str:
    value = plain_value(text)
    fits = {
        "number": isinstance(value, (int, float)) and not isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "boolean": isinstance(value, bool),
    }
    fitting = not isinstance(value, Doubt) and any(fits.get(name, False) for name in names)
    return ": remove the quotes" if fitting else ""


def _quoted(fault: Fault) -> str:
    text = fault.text if len(fault.text) <= MAX_SHOWN else ""
    kind = "a truth value" if isinstance(fault.value, bool) else "a number"
    if not text or is_api_key(text):
        return f"; YAML reads this as {kind}: quote it"
    return f"; YAML reads {shown(text)} as {kind}: quote it: {quote(text)}"


def _pattern(fault: Fault) -> str:
    value = "" if is_api_key(str(fault.value)) else f" {quote(str(fault.value))}"
    wanted = fault.schema.get("patternErrorMessage", f"must fit the pattern {fault.limit}")
    return f"{fault.name}{value} {wanted}"


def _enum(fault: Fault) -> str:
    allowed = [str(value) for value in fault.limit]
    value = near = ""
    if isinstance(fault.value, str):
        value, near = f" {quote(fault.value)}", did_you_mean(fault.value, allowed)
    words = f"{fault.name}{value} must be {listing(map(quote, allowed), last='or')}"
    return f"{words}; {near}" if near else words


def _range(fault: Fault) -> str:
    low, high = fault.schema.get("minimum"), fault.schema.get("maximum")
    text = shown(fault.text[:MAX_SHOWN])
    if low is not None and high is not None:
        return f"{fault.name} {text} is out of range: it must be {low} to {high}"
    bound = f"at least {low}" if low is not None else f"at most {high}"
    return f"{fault.name} {text} is out of range: it must be {bound}"


def _too_small(fault: Fault) -> str:
    if fault.limit == 1:
        return f"{fault.name} must not be empty"
    return f"{fault.name} is too short: it must have at least {fault.limit}"


def _too_big(fault: Fault) -> str:
    return f"{fault.name} is too long: it must have at most {fault.limit}"


def _choice(fault: Fault) -> str:
    keys = [key for choice in fault.limit for key in choice.get("required", ())]
    value = fault.value
    if not isinstance(value, dict) or not keys:
        return _other(fault)
    found = [key for key in keys if key in value]
    has = f"it has {listing(map(quote, found))}" if found else "it has none of them"
    return f"{fault.name} needs exactly one of {listing(map(quote, keys))}; {has}"


def _other(fault: Fault) -> str:
    return f"{fault.name} does not fit its schema ({fault.keyword})"


_WORDS: dict[str, Callable[[Fault], str]] = {
    "type": _type,
    "pattern": _pattern,
    "enum": _enum,
    "const": _other,
    "minimum": _range,
    "maximum": _range,
    "minLength": _too_small,
    "minItems": _too_small,
    "minProperties": _too_small,
    "maxLength": _too_big,
    "maxItems": _too_big,
    "maxProperties": _too_big,
    "oneOf": _choice,
    "anyOf": _choice,
}
