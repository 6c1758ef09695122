"""Read and describe settings: frozen dataclasses whose fields say themselves what they mean."""

from __future__ import annotations

import difflib
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, get_args, get_type_hints

from fleetsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Value = str | int | float | bool

Changes: TypeAlias = "dict[type, dict[str, Any]]"
"""New values of fields, by the class that has them."""

_MOST_DIGITS = 15
_LONGEST_SECONDS = 1e9


class Form(NamedTuple):
    """How a value is written: in words, and what a text stands for (None: it is not taken)."""

    words: str
    parse: Callable[[str], Value | None]


class Means(NamedTuple):
    """What a setting decides, the least value of a whole number, and a form of its own if any."""

    text: str
    least: int = 0
    form: Form | None = None


class SettingText(NamedTuple):
    """What help and README say of one setting."""

    name: str
    values: str
    default: str
    meaning: str


class Setting(NamedTuple):
    """A field of a class: who has it, its Python name, its form, and what it decides."""

    owner: type
    field: str
    form: Form
    meaning: str


def public_name(field: str) -> str:
    """Return the name of a field as users write it: ``page_cap`` is ``pageCap``."""
    first, *rest = field.split("_")
    return first + "".join(part.title() for part in rest)


@cache
def settings_of(owner: type) -> dict[str, Setting]:
    """Return the fields of a class under their public names."""
    hints = get_type_hints(owner, include_extras=True)
    found = {}
    for field, hint in hints.items():
        kind, means = get_args(hint)
        form = means.form or _form_of(kind, means.least)
        found[public_name(field)] = Setting(owner, field, form, means.text)
    return found


def read_changes(assignments: Iterable[str], owners: Iterable[type]) -> Changes:
    """Read assignments like ``pageCap=25`` to fields of these classes.

    Raises UsageError for a name that no class has and for a value that the field does not take.
    """
    known = {name: each for owner in owners for name, each in settings_of(owner).items()}
    changes: Changes = defaultdict(dict)
    for assignment in assignments:
        name, equals, text = (part.strip() for part in assignment.partition("="))
        if not equals:
            raise UsageError(f"switch {assignment!r}: write NAME=VALUE, for example pageCap=25")
        setting = _find(name, known)
        value = setting.form.parse(text)
        if value is None:
            raise UsageError(f"switch {name}: {text!r} is not one of: {setting.form.words}")
        changes[setting.owner][setting.field] = value
    return changes


def describe(owner: type) -> list[SettingText]:
    """Return name, values, default and meaning of every field of a class, in their order."""
    defaults = owner()
    return [
        SettingText(
            name=name,
            values=setting.form.words,
            default=show_value(getattr(defaults, setting.field)),
            meaning=setting.meaning,
        )
        for name, setting in settings_of(owner).items()
    ]


def values_of(settings: object) -> dict[str, Value]:
    """Return the value of every field under its public name."""
    owner: type = type(settings)
    known = settings_of(owner)
    return {name: getattr(settings, setting.field) for name, setting in known.items()}


def show_value(value: object) -> str:
    """Return a value as ``read_changes`` reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _find(name: str, known: dict[str, Setting]) -> Setting:
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "`fleetsync emulator --list-switches` lists them"
    raise UsageError(f"switch {name!r} does not exist; {hint}")


def _form_of(kind: Any, least: int) -> Form:  # noqa: ANN401 - a type, or what typing has for one
    """Return how values of a plain type are written."""
    if kind is bool:
        return Form("yes|no", _parse_bool)
    if kind is int:
        return Form(f"whole number, {least} or more", lambda text: _parse_whole(text, least))
    if kind is float:
        return Form("number, 0 or more", _parse_duration)
    words = get_args(kind)
    return Form("|".join(words), lambda text: text if text in words else None)


def _parse_bool(text: str) -> bool | None:
    return {"yes": True, "true": True, "no": False, "false": False}.get(text.lower())


def _parse_whole(text: str, least: int) -> int | None:
    is_whole = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if is_whole and int(text) >= least else None


def _parse_duration(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < _LONGEST_SECONDS else None
