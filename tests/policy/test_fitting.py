"""A schema of a policy says what jsonschema says, at a lower cost, and fetches nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from fleetsync.policy.fitting import BadSchemaError, Fault, compile_fitting
from fleetsync.policy.policy import CannotJudgeError

NAMES = st.sampled_from(["owner", "floor", "tags", "x"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.sampled_from([0.0, 1.0, 1.5]),
    st.text("ab\n", max_size=3),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
LEAVES = st.one_of(
    st.booleans(),
    st.fixed_dictionaries({"type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True)}),
    st.fixed_dictionaries({"const": VALUES}),
    st.fixed_dictionaries({"enum": st.lists(VALUES, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"pattern": st.sampled_from(["^a$", "b", "^[ab]*$", "\\d"])}),
    st.fixed_dictionaries({"minLength": st.integers(0, 3), "maxLength": st.integers(0, 3)}),
    st.fixed_dictionaries({"minimum": st.integers(-1, 1)}),
    st.fixed_dictionaries({"exclusiveMaximum": st.integers(-1, 2)}),
    st.fixed_dictionaries({"multipleOf": st.sampled_from([1, 2, 0.5])}),
    st.fixed_dictionaries({"required": st.lists(NAMES, max_size=2, unique=True)}),
    st.fixed_dictionaries({"minItems": st.integers(0, 2), "uniqueItems": st.booleans()}),
    st.fixed_dictionaries({"maxProperties": st.integers(0, 2)}),
    st.just({"$ref": "#/$defs/known"}),
)


def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(inner, min_size=1, max_size=2)
    return st.one_of(
        st.fixed_dictionaries({"properties": st.dictionaries(NAMES, inner, max_size=2)}),
        st.fixed_dictionaries(
            {"properties": st.dictionaries(NAMES, inner, max_size=2), "additionalProperties": inner}
        ),
        st.fixed_dictionaries({"additionalProperties": inner}),
        st.fixed_dictionaries({"patternProperties": st.dictionaries(st.just("^o"), inner)}),
        st.fixed_dictionaries({"propertyNames": inner}),
        st.fixed_dictionaries({"items": inner}),
        st.fixed_dictionaries({"prefixItems": some, "items": inner}),
        st.fixed_dictionaries({"contains": inner}),
        st.fixed_dictionaries({"anyOf": some}),
        st.fixed_dictionaries({"allOf": some}),
        st.fixed_dictionaries({"oneOf": some}),
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"if": inner, "then": inner, "else": inner}),
    )


SCHEMAS = st.recursive(LEAVES, grown, max_leaves=6)


@given(SCHEMAS, SCALARS, st.dictionaries(NAMES, VALUES, max_size=3))
def test_a_schema_policy_agrees_with_jsonschema(schema: Any, known: Any, value: Any) -> None:
    whole = {"allOf": [schema], "$defs": {"known": {"const": known}}}
    rule = compile_fitting(whole)
    expected = Draft202012Validator(whole).is_valid(value)
    assert rule.holds(value, {}) is expected
    assert bool(rule.explain(value)) is not expected


def test_most_schemas_are_decided_without_jsonschema() -> None:
    plain = {
        "type": "object",
        "properties": {"owner": {"pattern": "^[a-z]+$"}},
        "required": ["owner"],
    }
    assert compile_fitting(plain).quick is not None
    for other in (
        {"uniqueItems": True},
        {"$schema": "http://json-schema.org/draft-07/schema#"},
        {"$ref": "#"},
    ):
        assert compile_fitting(other).quick is None


@pytest.mark.parametrize(
    ("schema", "path", "words"),
    [
        (
            {"properties": {"a": {"$ref": "http://127.0.0.1:9/x.json"}}},
            ("properties", "a", "$ref"),
            '"http://127.0.0.1:9/x.json" is not in this schema, and nothing is fetched: put it in',
        ),
        (
            {"allOf": [{"$ref": "#/$defs/none"}]},
            ("allOf", 0, "$ref"),
            '"#/$defs/none" is not in this schema, and nothing is fetched: put it in',
        ),
        (
            {"$ref": "file:///etc/passwd"},
            ("$ref",),
            '"file:///etc/passwd" is not in this schema, and nothing is fetched: put it in',
        ),
        (
            {"properties": {"metadata": {"requried": ["owner"]}}},
            ("properties", "metadata", "requried"),
            'unknown keyword "requried"; did you mean "required"?',
        ),
        ({"fleet": "a"}, ("fleet",), 'unknown keyword "fleet"; what is none begins with x-'),
        (
            {"required": {"token": "geheim"}},
            ("required",),
            "no valid JSON Schema: a mapping cannot stand here",
        ),
        ({"pattern": "("}, ("pattern",), "no valid JSON Schema: '(' is not a 'regex'"),
        (
            {"type": "text"},
            ("type",),
            "no valid JSON Schema: 'text' is not valid under any of the given schemas",
        ),
        (
            {"$schema": "urn:own"},
            ("$schema",),
            "no known draft of JSON Schema: use https://json-schema.org/draft/2020-12/schema",
        ),
    ],
)
def test_a_bad_schema_is_told_with_its_path(schema: Any, path: tuple[Any, ...], words: str) -> None:
    with pytest.raises(BadSchemaError) as caught:
        compile_fitting(schema)
    assert caught.value.faults == [Fault(path, words)]


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        ({"$ref": "#"}, {}, "the schema goes round in circles on it"),
        (
            {"$schema": "http://json-schema.org/draft-04/schema#", "patternProperties": {"(": {}}},
            {"a": 1},
            "the schema cannot be asked: missing ), unterminated subpattern at position 0",
        ),
    ],
)
def test_a_schema_without_an_answer_is_not_passed(schema: Any, value: Any, words: str) -> None:
    with pytest.raises(CannotJudgeError) as caught:
        compile_fitting(schema).holds(value, {})
    assert str(caught.value) == words


def test_a_reference_to_an_id_inside_the_schema_is_followed() -> None:
    schema = {
        "x-owner": "us",
        "$id": "urn:fleet",
        "$ref": "urn:fleet:owner",
        "$defs": {"o": {"$id": "urn:fleet:owner", "type": "object"}},
    }
    assert compile_fitting(schema).holds({}, {})
