from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from fleetsync.manifest.check import compile_schema
from fleetsync.manifest.schema import checker
from fleetsync.manifest.schema_file import part_of, read_schema
from fleetsync.model import JSON

SCALARS = (
    st.none()
    | st.booleans()
    | st.sampled_from([0, 1, 1.0, -90, 90, 90.5, 180, 180.5, 2**53, 1e300, -0.0])
    | st.sampled_from(["", "a", "a\n", "é", "Device", "true", "2026-01-31T08:30:00Z", "metadata.a"])
    | st.sampled_from(["2026-01-31T08:30:00Z\n", "location\n", "deviceInfo.model", 'metadata["a"]'])
    | st.text(max_size=3)
)
ANY: st.SearchStrategy[JSON] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=4,
)


def values_of(schema: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Give values that fit a schema or nearly do."""
    if "$ref" in schema:
        return values_of(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    near = [st.sampled_from(schema["examples"])] if "examples" in schema else []
    if "properties" in schema:
        names = {name: values_of(below, root) for name, below in schema["properties"].items()}
        required = {name: names.pop(name) for name in schema.get("required", ())}
        near += [st.fixed_dictionaries(required, optional=names)]
        near += [st.fixed_dictionaries({}, optional={**required, **names, "other": SCALARS})]
    if "items" in schema:
        near.append(st.lists(values_of(schema["items"], root), max_size=2))
    return st.one_of(*near, *near, *near, ANY)


@pytest.mark.parametrize(
    ("name", "part"),
    [("fleet", ""), *(("manifest", part) for part in ("", "device", "deviceType", "id"))],
)
@settings(deadline=None)
@given(data=st.data())
def test_the_fast_check_accepts_what_jsonschema_accepts(
    name: str, part: str, data: st.DataObject
) -> None:
    root = read_schema(name)
    value = data.draw(values_of(root["$defs"][part] if part else root, root))
    schema = part_of(root, part) if part else root
    assert checker(name, part)(value) is Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer"},
        {"type": ["integer", "string"]},
        {"type": ["number", "null"]},
        {"enum": [1, True, "a", None]},
        {"const": 0},
        {"minimum": 1},
        {"exclusiveMinimum": 0, "exclusiveMaximum": 90.5},
        {"minLength": 1, "maxLength": 2},
        {"minItems": 1, "maxItems": 2, "items": {"type": "string"}},
        {"minProperties": 1, "maxProperties": 2, "propertyNames": {"maxLength": 1}},
        {"required": ["a"]},
        {"additionalProperties": {"type": "null"}},
        {"oneOf": [{"type": "number"}, {"type": "integer"}]},
        {"anyOf": [{"const": 1}, {"type": "string"}], "not": {"const": "a"}},
        {"allOf": [{"minimum": 0}, {"maximum": 90}, {"type": "number"}]},
        {},
        {"properties": {"a": True, "b": False}},
    ],
    ids=str,
)
@settings(deadline=None)
@given(value=ANY)
def test_each_keyword_means_what_jsonschema_means(schema: dict[str, Any], value: JSON) -> None:
    assert compile_schema(schema, schema)(value) is Draft202012Validator(schema).is_valid(value)


def test_a_keyword_that_is_not_known_is_an_error() -> None:
    with pytest.raises(KeyError, match="dependentSchemas"):
        compile_schema({"dependentSchemas": {}}, {})


@pytest.mark.parametrize(
    "text", ["a\n", "\na", "a\na", "", "a" * 37, "ä", "a b", "²", "a/b", "a\0"]
)
def test_an_id_is_the_whole_text(text: str) -> None:
    assert not checker("manifest", "id")(text)


@pytest.mark.parametrize("text", ["a", "A" * 36, "...", "-", "a_b.c-1"])
def test_an_id_may_be(text: str) -> None:
    assert checker("manifest", "id")(text)


@pytest.mark.parametrize(
    ("path", "right"),
    [
        ("deviceInfo", True),
        ("deviceInfo.fwVersion", True),
        ("deviceInfo.colour", False),
        ("metadata", True),
        ("metadata.lastSeen", True),
        ("metadata.a-b.c_1", True),
        ('metadata["a.b"].c["d\\"e"]', True),
        ('metadata["a', False),
        ("metadata.", False),
        ("metadata..a", False),
        ("metadata.a\n", False),
        ("metadata.ä", False),
        ('metadata["ä"]', True),
        ('metadata["\\x"]', False),
        ('metadata["\\u12"]', False),
        ("location", True),
        ("location.latitude", True),
        ("location.height", False),
        ("status.alert.enabled", True),
        ("status", False),
        ("typeId", False),
        ("", False),
    ],
)
def test_paths_to_ignore(path: str, right: bool) -> None:
    item = {"typeId": "t", "deviceId": "d", "lifecycle": {"ignoreChanges": [path]}}
    assert checker("manifest", "device")(item) is right  # type: ignore[arg-type]  # invariant dict
