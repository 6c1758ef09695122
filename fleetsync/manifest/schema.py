"""Hold values against the schemas: a fast check first, and words only for what it refuses."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from fleetsync.manifest.check import compile_schema
from fleetsync.manifest.places import Subject
from fleetsync.manifest.schema_file import part_of, read_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from fleetsync.errors import Problem
    from fleetsync.manifest.check import Check
    from fleetsync.manifest.places import Places
    from fleetsync.model import JSON


@functools.cache
def checker(schema: str, part: str = "") -> Check:
    """Give the fast check for ``schema``, or for ``part`` of it: one of its ``$defs``."""
    root = read_schema(schema)
    return compile_schema(part_of(root, part) if part else root, root)


def check_value(
    value: JSON,
    *,
    schema: str,
    file: str,
    places: Callable[[], Places],
    known: Collection[Problem] = (),
) -> list[Problem]:
    """Give the problems of a whole document; ``schema`` is ``manifest`` or ``fleet``.

    ``places`` is called only if there are any. ``known`` are the file's problems so far: a key or
    scalar that has one gets no second.
    """
    if checker(schema)(value):
        return []
    spots = frozenset(problem[:3] for problem in known)
    return explain_value(value, Subject(file, places(), (), spots), schema=schema)


def explain_value(value: JSON, subject: Subject, *, schema: str, part: str = "") -> list[Problem]:
    """Give the problems of a value that the check for ``part`` of ``schema`` has refused."""
    # jsonschema takes 0.1 s to load, for nothing while all is well.
    from fleetsync.manifest.explain import explain  # noqa: PLC0415 - see above

    root = read_schema(schema)
    return explain(value, part_of(root, part) if part else root, subject)
