"""Read the hidden line that a document of ours begins with."""

from __future__ import annotations

import re

_PLAN = re.compile(r"<!-- fleetsync: fleet=\S+ digest=(sha256:[0-9a-f]{64}) format=1 -->")
_LINE = re.compile(r"<!-- (fleetsync[a-z-]*:) fleet=(\S+) ")


def same_fleet(one: str, other: str) -> bool:
    """Tell whether two documents are of the same kind and fleet."""
    mine, theirs = _LINE.match(one), _LINE.match(other)
    return mine is not None and theirs is not None and mine.groups() == theirs.groups()


def planned_digest(body: str) -> str | None:
    """Give the digest of the plan that a comment shows; None if it shows none."""
    found = _PLAN.match(body)
    return None if found is None else found[1]
