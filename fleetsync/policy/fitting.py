"""Hold values against a JSON Schema that a fleet brings along; nothing is ever fetched for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from fleetsync.escape import shown
from fleetsync.manifest.check import compile_schema
from fleetsync.manifest.words import did_you_mean, dotted, quote
from fleetsync.policy.policy import Asked, CannotJudgeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from jsonschema.protocols import Validator

Schema: TypeAlias = "dict[str, Any] | bool"
"""A JSON Schema. Any: the values are as many-formed as the keywords are."""

Path: TypeAlias = tuple[str | int, ...]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_PLAIN_REFERENCE = re.compile(r"#/\$defs/[A-Za-z0-9_-]+")
_REFERENCES = ("$ref", "$dynamicRef")
_NOTES = frozenset(
    {"$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$vocabulary", "$comment", "$defs"}
    | {"definitions", "title", "description", "default", "examples", "deprecated", "format"}
    | {"readOnly", "writeOnly", "contentEncoding", "contentMediaType", "contentSchema"}
    | {"then", "else", "minContains", "maxContains", "exclusiveMinimum", "exclusiveMaximum"}
)
"""Keywords that check nothing by themselves."""
_STUCK = (re.error, ArithmeticError, ValueError, TypeError)
"""What jsonschema may stumble over: patterns that it did not check, numbers out of all bounds."""
_LONGEST = 200
_UNKNOWN: Any = object()


class Fault(NamedTuple):
    """What is wrong with a schema, at a path inside it."""

    path: Path
    words: str


class BadSchemaError(Exception):
    """A schema that is none. Never leaves the room."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults)
        self.faults = faults


class Fitting(NamedTuple):
    """A rule that is a JSON Schema; ``quick`` decides at a thirtieth of the cost, if it can."""

    validator: Validator
    quick: Callable[[Any], bool] | None

    def holds(self, asked: Asked, context: Mapping[str, object]) -> bool:
        """Tell whether it fits; CannotJudgeError where that has no end."""
        del context  # a schema knows of nothing else
        try:
            return self.validator.is_valid(asked) if self.quick is None else self.quick(asked)
        except RecursionError:
            raise CannotJudgeError("the schema goes round in circles on it") from None
        except _STUCK as error:
            raise CannotJudgeError(f"the schema cannot be asked: {shown(str(error))}") from error

    def explain(self, asked: Asked) -> str:
        """Say what does not fit, the most telling thing first."""
        from jsonschema.exceptions import best_match  # noqa: PLC0415 - a plan needs no jsonschema

        try:
            error = best_match(self.validator.iter_errors(asked))
        except (RecursionError, *_STUCK):
            return "it does not fit"
        if error is None:
            return ""
        path = dotted(tuple(error.absolute_path))
        words = "must not be there" if error.validator is None else _shortened(error.message)
        return f"{path}: {words}" if path else words

    def require(self) -> None:
        """Need nothing: jsonschema is always installed."""


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def compile_fitting(schema: Schema) -> Fitting:
    """Compile a schema of any draft that jsonschema knows; BadSchemaError if it is none."""
    # jsonschema takes 0.1 s to load: only fleets with such a policy pay for it.
    from jsonschema.exceptions import SchemaError  # noqa: PLC0415 - see above
    from jsonschema.validators import validator_for  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415

    named = schema.get("$schema", _DRAFT) if isinstance(schema, dict) else _DRAFT
    cls: Any = validator_for({"$schema": str(named)}, default=_UNKNOWN)  # the stubs know less of it
    if cls is _UNKNOWN:
        raise BadSchemaError([Fault(("$schema",), f"no known draft of JSON Schema: use {_DRAFT}")])
    try:
        cls.check_schema(schema, format_checker=cls.FORMAT_CHECKER)
    except SchemaError as error:
        words = f"no valid JSON Schema: {_schema_words(error.instance, error.message)}"
        raise BadSchemaError([Fault(tuple(error.absolute_path), words)]) from error
    # An empty registry: what is not in the schema itself is not there.
    validator = cls(schema, registry=Registry())
    faults = list(_faults(schema, str(named), frozenset(cls.VALIDATORS) | _NOTES))
    if faults:
        raise BadSchemaError(faults)
    return Fitting(validator, _quick(schema) if str(named).rstrip("#") == _DRAFT else None)


def _schema_words(value: object, words: str) -> str:
    """Repeat no mapping or list: somebody may have put a credential into it."""
    if isinstance(value, (dict, list)):
        return f"a {'mapping' if isinstance(value, dict) else 'list'} cannot stand here"
    return shown(_shortened(words))


def _faults(schema: Schema, draft: str, known: frozenset[str]) -> Iterator[Fault]:
    """Find what the draft allows and nobody means.

    A misspelt keyword would let everything pass; a reference to something that is not in the schema
    would have to be fetched.
    """
    from referencing import Registry  # noqa: PLC0415 - as above
    from referencing.jsonschema import specification_with  # noqa: PLC0415

    whole = specification_with(draft).create_resource(schema)
    resolver = Registry().with_resource("", whole).resolver_with_root(whole)
    paths = dict(_paths(schema, ()))
    for part, around in _parts(whole, resolver):
        found = part if isinstance(part, dict) else {}
        path = paths.get(id(part), ())
        for keyword, target in found.items():
            if keyword not in known and not keyword.startswith("x-"):
                near = did_you_mean(keyword, known) or "what is none begins with x-"
                yield Fault((*path, keyword), f"unknown keyword {quote(keyword)}; {near}")
            if keyword in _REFERENCES and not _leads_somewhere(target, around):
                words = f"{quote(target)} is not in this schema, and nothing is fetched: put it in"
                yield Fault((*path, keyword), words)


def _parts(resource: Any, resolver: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - of referencing, imported late
    yield resource.contents, resolver
    for below in resource.subresources():
        yield from _parts(below, resolver.in_subresource(below))


def _leads_somewhere(target: str, resolver: Any) -> bool:  # noqa: ANN401 - as above
    from referencing.exceptions import Unresolvable  # noqa: PLC0415 - as above

    try:
        resolver.lookup(target)
    except (Unresolvable, ValueError):
        return False
    return True


def _paths(value: Any, path: Path) -> Iterator[tuple[int, Path]]:  # noqa: ANN401 - any part of a schema
    entries: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(value, dict):
        yield id(value), path
        entries = iter(value.items())
    elif isinstance(value, list):
        entries = iter(enumerate(value))
    for step, below in entries:
        yield from _paths(below, (*path, step))


def _quick(schema: Schema) -> Callable[[Any], bool] | None:
    """Compile the check that manifests are read by, where it says the same as jsonschema."""
    if not _is_plain(schema):
        return None
    try:
        return compile_schema(schema, schema if isinstance(schema, dict) else {})
    except (KeyError, RecursionError):  # a keyword that it does not know, or a schema in circles
        return None


def _is_plain(value: Any) -> bool:  # noqa: ANN401 - any part of a schema
    """Tell whether nothing in a schema is read otherwise by the two.

    They differ in references by other ways than ``$defs``, and in lists and mappings as constants.
    """
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if not isinstance(value, dict):
        return True
    reference, constants = value.get("$ref"), [value.get("const"), *_list(value.get("enum"))]
    if "$id" in value or "$anchor" in value or "$dynamicAnchor" in value:
        return False
    if isinstance(reference, str) and not _PLAIN_REFERENCE.fullmatch(reference):
        return False
    if any(isinstance(each, (dict, list)) for each in constants):
        return False
    return all(map(_is_plain, value.values()))


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - any part of a schema
    return value if isinstance(value, list) else []
