"""Find and read the JSON Schemas that describe fleet.yaml and the manifests."""

from __future__ import annotations

import functools
import json
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Schema: TypeAlias = dict[str, Any]
"""A JSON Schema object. Any: the values are as many-formed as the keywords are."""


@functools.cache
def read_schema(name: str) -> Schema:
    r"""Read ``schemas/<name>.schema.json`` with its patterns made Python's.

    A pattern of JSON Schema is one of ECMAScript: ``$`` there is the end of the text, where
    Python's also stands before a last line break, and ``\d`` and its kind are ASCII.
    """
    schema: Schema = json.loads(_schema_file(name).read_text("utf-8"))
    return _with_python_patterns(schema)


def part_of(schema: Schema, part: str) -> Schema:
    """Give the schema of one of ``$defs``, able to stand alone."""
    return {"$ref": f"#/$defs/{part}", "$defs": schema["$defs"]}


def _schema_file(name: str) -> Traversable | Path:
    # The wheel holds the schemas inside the package, a checkout beside it.
    package = resources.files("fleetsync")
    installed = package / "schemas" / f"{name}.schema.json"
    if installed.is_file():
        return installed
    return Path(str(package)).parent / "schemas" / f"{name}.schema.json"


def _with_python_patterns(schema: Schema) -> Schema:
    translated: Schema = {}
    for key, value in schema.items():
        if key == "pattern" and isinstance(value, str):
            translated[key] = python_pattern(value)
        else:
            translated[key] = _translate(value)
    return translated


def _translate(value: Any) -> Any:  # noqa: ANN401 - any part of a schema
    if isinstance(value, dict):
        return _with_python_patterns(value)
    return [_translate(item) for item in value] if isinstance(value, list) else value


def python_pattern(pattern: str) -> str:
    """Translate an ECMAScript pattern; only a last ``$`` is met in our schemas."""
    end = pattern.endswith("$") and not pattern.endswith("\\$")
    return f"(?a){pattern[:-1]}\\Z" if end else f"(?a){pattern}"
