"""Find, with jsonschema, each place where a value does not fit its schema, and say why.

Slow to load and to run: call it only for a value that the compiled check has refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from fleetsync.manifest.fault import Fault, fault_words, missing_words, unknown_words
from fleetsync.manifest.words import did_you_mean, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema.exceptions import ValidationError

    from fleetsync.errors import Problem
    from fleetsync.manifest.places import Subject
    from fleetsync.manifest.schema_file import Schema
    from fleetsync.model import JSON

    Steps: TypeAlias = tuple[str | int, ...]


def explain(value: JSON, schema: Schema, subject: Subject) -> list[Problem]:
    """Give the problems of ``value``, one for each value or key that is wrong."""
    found: dict[Steps, Problem] = {}
    # What is there and wrong comes before what is missing, and says more.
    errors = sorted(
        map(_deepest, Draft202012Validator(schema).iter_errors(value)),
        key=lambda error: error.validator == "required",
    )
    for error in errors:
        for path, problem in _problems(error, subject):
            # A missing key is told at the start of its mapping, where the first key stands.
            if error.validator == "required" or problem[:3] not in subject.spots:
                found.setdefault(path, problem)
    return list(found.values())


def _deepest(error: ValidationError) -> ValidationError:
    """Find, inside an anyOf or oneOf, the error that says most."""
    if not error.context or all(below.validator == "required" for below in error.context):
        return error
    best = best_match([error])
    return error if best is None else best


def _problems(error: ValidationError, subject: Subject) -> Iterator[tuple[Steps, Problem]]:
    """Give each problem of an error with the path of what is wrong."""
    path = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        yield from _unknown_keys(error, path, subject)
        return
    place = subject.places.value((*subject.path, *path))
    name = _name(error, path)
    if error.validator == "required":
        missing = _missing_keys(error)
        if missing:
            yield path, subject.problem(place, missing_words(name, missing))
        return
    fault = Fault(
        keyword=str(error.validator),
        name=name,
        limit=_limit(error),
        schema=error.schema if isinstance(error.schema, dict) else {},
        value=_instance(error),
        text=place.text,
    )
    yield path, subject.problem(place, fault_words(fault))


def _name(error: ValidationError, path: Steps) -> str:
    schema = error.schema
    title = schema.get("title", "document") if isinstance(schema, dict) else "document"
    return dotted(path) or f"this {title}"


def _known_keys(error: ValidationError) -> list[str]:
    return list(error.schema.get("properties", ())) if isinstance(error.schema, dict) else []


def _unknown_keys(
    error: ValidationError, path: Steps, subject: Subject
) -> Iterator[tuple[Steps, Problem]]:
    known = _known_keys(error)
    for key in _instance(error):
        if key not in known:
            place = subject.places.key((*subject.path, *path, key))
            words = unknown_words(key, known, _name(error, path))
            yield (*path, key), subject.problem(place, words)


def _missing_keys(error: ValidationError) -> list[str]:
    """List the missing keys, but for those that an unknown key was probably meant to be."""
    known = _known_keys(error)
    unknown = [key for key in _instance(error) if key not in known]
    meant = " ".join(did_you_mean(key, known) for key in unknown)
    required: list[str] = _limit(error)
    there = _instance(error)
    return [key for key in required if key not in there and f'"{key}"' not in meant]


def _instance(error: ValidationError) -> Any:  # noqa: ANN401 - a value, or a mapping of such
    return error.instance  # the stubs allow for an error that was never filled in


def _limit(error: ValidationError) -> Any:  # noqa: ANN401 - each keyword has its own form
    return error.validator_value  # as above
