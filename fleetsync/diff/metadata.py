"""Compare two metadata objects key by key; the only user of deepdiff."""

from __future__ import annotations

from hashlib import blake2b
from typing import TypeAlias

from deepdiff import DeepDiff

from fleetsync.diff.change import Field
from fleetsync.model import JSON, JSONObject
from fleetsync.model.path import Path, path_text, value_at
from fleetsync.model.value import canonical, same_value

Stand: TypeAlias = "str | dict[str, Stand]"
"""A mapping of mappings, each other value as the one short text that stands for it."""


def metadata_fields(before: JSONObject, after: JSONObject) -> list[Field]:
    """List the values that differ, in the order of their paths; lists are compared as a whole."""
    old, new = _without_nulls(dict(before)), _without_nulls(dict(after))
    # Compared are stand-ins: deepdiff takes minutes for long lists and long texts of many lines.
    found = DeepDiff(
        _stand(old),
        _stand(new),
        view="tree",
        threshold_to_diff_deeper=0,
        ignore_private_variables=False,  # it would pass over keys such as __version
    )
    paths: set[Path] = {
        tuple(item.path(output_format="list")) for group in found.values() for item in group
    }
    fields = [
        Field(path_text(("metadata", *path)), value_at(old, path), value_at(new, path))
        for path in sorted(paths)
    ]
    return [field for field in fields if not same_value(field.before, field.after)]


def _stand(value: JSON) -> Stand:
    if isinstance(value, dict):
        return {key: _stand(inner) for key, inner in value.items()}
    return blake2b(canonical(value), digest_size=16).hexdigest()


def _without_nulls(value: JSON) -> JSON:
    """Take away keys with null: to the platform they are absent (platform page 11.17)."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return value
