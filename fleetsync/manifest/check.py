"""Compile a JSON Schema into a fast yes-or-no check.

It accepts exactly what jsonschema accepts of values that YAML can hold, at a thirtieth of the
cost; it cannot say why it refuses. A keyword it does not know is an error at compile time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleetsync.manifest.schema_file import Schema
    from fleetsync.model import JSON

    Check: TypeAlias = Callable[[JSON], bool]

_ANNOTATIONS = frozenset(
    {"$schema", "$id", "$defs", "$comment", "title", "description", "default", "examples"}
    | {"format", "deprecated", "readOnly", "patternErrorMessage", "errorMessage"}
    | {"required", "additionalProperties"}
)
"""Keywords that check nothing by themselves; the last two count where ``properties`` does."""

_CLASSES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "object": (dict,),
    "array": (list,),
    "number": (int, float),
    "integer": (int,),
}


def compile_schema(schema: Schema | bool, root: Schema) -> Check:
    """Give the check for ``schema``, whose ``$ref`` point into ``root``."""
    if isinstance(schema, bool):
        return lambda value: schema
    checks = [_KEYWORDS[keyword](schema, root) for keyword in schema if keyword not in _ANNOTATIONS]
    if ("required" in schema or "additionalProperties" in schema) and "properties" not in schema:
        checks.append(_properties(schema, root))
    return _all(checks)


def _all(checks: list[Check]) -> Check:
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:
        first, second = checks
        return lambda value: first(value) and second(value)
    if len(checks) == 3:
        one, two, three = checks
        return lambda value: one(value) and two(value) and three(value)
    return lambda value: all(check(value) for check in checks)


def _type(schema: Schema, _: Schema) -> Check:
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    classes = frozenset(cls for name in names for cls in _CLASSES[name])
    if "integer" in names and "number" not in names:
        return lambda value: (
            value.__class__ in classes or (isinstance(value, float) and value.is_integer())
        )
    if len(classes) == 1:
        (only,) = classes
        return lambda value: value.__class__ is only
    return lambda value: value.__class__ in classes


def _enum(schema: Schema, _: Schema) -> Check:
    return _one_of_values(schema["enum"])


def _const(schema: Schema, _: Schema) -> Check:
    return _one_of_values([schema["const"]])


def _one_of_values(values: list[JSON]) -> Check:
    # 1 and 1.0 are the same to JSON Schema, 1 and true are not.
    allowed = [(isinstance(value, bool), value) for value in values]
    return lambda value: (isinstance(value, bool), value) in allowed


def _pattern(schema: Schema, _: Schema) -> Check:
    search = re.compile(schema["pattern"]).search
    return lambda value: value.__class__ is not str or search(value) is not None


def _number_check(keyword: str, holds: Callable[[float, float], bool]) -> Callable[..., Check]:
    def compile_bound(schema: Schema, _: Schema) -> Check:
        bound = schema[keyword]
        return lambda value: (
            isinstance(value, bool) or not isinstance(value, (int, float)) or holds(value, bound)
        )

    return compile_bound


def _size_check(
    keyword: str, kind: type[str | list[Any] | dict[str, Any]], holds: Callable[[int, int], bool]
) -> Callable[..., Check]:
    def compile_size(schema: Schema, _: Schema) -> Check:
        bound = schema[keyword]
        return lambda value: not isinstance(value, kind) or holds(len(value), bound)

    return compile_size


def _items(schema: Schema, root: Schema) -> Check:
    check = compile_schema(schema["items"], root)
    return lambda value: not isinstance(value, list) or all(map(check, value))


def _properties(schema: Schema, root: Schema) -> Check:
    known = {
        name: compile_schema(below, root) for name, below in schema.get("properties", {}).items()
    }
    required = frozenset(schema.get("required", ()))
    other = compile_schema(schema.get("additionalProperties", True), root)

    def check(value: JSON) -> bool:
        if value.__class__ is not dict:
            return True
        for name, below in value.items():
            if not known.get(name, other)(below):
                return False
        return required <= value.keys()

    return check


def _property_names(schema: Schema, root: Schema) -> Check:
    check = compile_schema(schema["propertyNames"], root)
    return lambda value: not isinstance(value, dict) or all(map(check, value))


def _choices(keyword: str, schema: Schema, root: Schema) -> list[Check]:
    return [compile_schema(below, root) for below in schema[keyword]]


def _any_of(schema: Schema, root: Schema) -> Check:
    checks = _choices("anyOf", schema, root)
    return lambda value: any(check(value) for check in checks)


def _all_of(schema: Schema, root: Schema) -> Check:
    return _all(_choices("allOf", schema, root))


def _one_of(schema: Schema, root: Schema) -> Check:
    checks = _choices("oneOf", schema, root)
    return lambda value: sum(check(value) for check in checks) == 1


def _not(schema: Schema, root: Schema) -> Check:
    check = compile_schema(schema["not"], root)
    return lambda value: not check(value)


def _ref(schema: Schema, root: Schema) -> Check:
    target: Any = root  # Any: a schema, or one of its mappings of schemas
    for step in schema["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return compile_schema(target, root)


_KEYWORDS: dict[str, Callable[[Schema, Schema], Check]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    "minimum": _number_check("minimum", lambda value, bound: value >= bound),
    "maximum": _number_check("maximum", lambda value, bound: value <= bound),
    "exclusiveMinimum": _number_check("exclusiveMinimum", lambda value, bound: value > bound),
    "exclusiveMaximum": _number_check("exclusiveMaximum", lambda value, bound: value < bound),
    "minLength": _size_check("minLength", str, lambda size, bound: size >= bound),
    "maxLength": _size_check("maxLength", str, lambda size, bound: size <= bound),
    "minItems": _size_check("minItems", list, lambda size, bound: size >= bound),
    "maxItems": _size_check("maxItems", list, lambda size, bound: size <= bound),
    "minProperties": _size_check("minProperties", dict, lambda size, bound: size >= bound),
    "maxProperties": _size_check("maxProperties", dict, lambda size, bound: size <= bound),
    "items": _items,
    "properties": _properties,
    "propertyNames": _property_names,
    "anyOf": _any_of,
    "allOf": _all_of,
    "oneOf": _one_of,
    "not": _not,
    "$ref": _ref,
}
