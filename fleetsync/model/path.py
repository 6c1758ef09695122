"""Name a field inside a type or device, such as ``metadata.floor`` or ``metadata["a.b"]``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from fleetsync.model.value import JSON, JSONObject

Path = tuple[str, ...]

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STEP = re.compile(r'\.?([A-Za-z0-9_-]+)|\[("(?:[^"\\]|\\.)*")\]')


def path_text(path: Path) -> str:
    """Write a path as text: plain keys joined by dots, any other key quoted in brackets."""
    text = ""
    for key in path:
        if (key.isalnum() and key.isascii()) or _PLAIN_KEY.fullmatch(key):
            text += f".{key}" if text else key
        else:
            text += f"[{json.dumps(key)}]"
    return text


def parse_path(text: str) -> Path:
    """Read what ``path_text`` wrote; raises ValueError for anything else."""
    path: list[str] = []
    at = 0
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None or (step[0][0] == "." if at == 0 else step[0][0] not in ".["):
            raise ValueError(f"{text!r} is not a path")
        path.append(step[1] if step[1] is not None else str(json.loads(step[2])))
        at = step.end()
    if not path:
        raise ValueError("an empty text is not a path")
    return tuple(path)


def covers(outer: Path, inner: Path) -> bool:
    """Tell whether ``inner`` is ``outer`` or lies inside it."""
    return inner[: len(outer)] == outer


def leaves(value: JSON, path: Path = ()) -> Iterator[tuple[Path, JSON]]:
    """Give every value with its path; lists and empty mappings count as one value."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


def value_at(value: JSONObject | JSON, path: Path) -> JSON:
    """Give the value at a path, or null where there is none."""
    found: object = value
    for key in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(key)
    return found  # type: ignore[return-value]  # a value inside JSON is JSON


def with_value(value: JSONObject, path: Path, new: JSON) -> dict[str, JSON]:
    """Copy a mapping with the value at ``path`` replaced, or taken away where ``new`` is null."""
    copy = dict(value)
    key, rest = path[0], path[1:]
    if rest:
        inner = copy.get(key)
        if new is None and not isinstance(inner, dict):
            return copy
        copy[key] = with_value(inner if isinstance(inner, dict) else {}, rest, new)
    elif new is None:
        copy.pop(key, None)
    else:
        copy[key] = new
    return copy
