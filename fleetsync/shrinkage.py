"""Judge whether a list is so much smaller than it was that it is rather cut short."""

from __future__ import annotations

from collections.abc import Iterator

from fleetsync.model import LiveFleet, Sizes

KEPT_SHARE = 0.5
"""A list is much smaller if it has less than this share of what it had,"""

LEAST_LOST = 10
"""and at least so many rows fewer."""

_NAMED = 5
_ADVICE = "if the org really shrank, delete .fleetsync/listing.json and run again"


def find_shrinkage(before: Sizes, now: LiveFleet) -> tuple[str, ...]:
    """Say, in words, which lists are much smaller than they were ``before``.

    ``now`` may list a type that it does not have: that list is empty.
    """
    found = list(_shrunken(before, now))
    if len(found) > _NAMED:
        found[_NAMED:] = [f"the lists of {len(found) - _NAMED} more types have shrunk as well"]
    return tuple(f"{each}: {_ADVICE}" for each in found)


def _shrunken(before: Sizes, now: LiveFleet) -> Iterator[str]:
    when = f"at the last apply ({before.at[:10]})"
    types = len(now.types) + now.unmanaged_types
    if _is_much_less(types, before.types):
        all_types = _counted(types, "device type")
        yield f"the org lists {all_types}, but there were {before.types} {when}"
    for type_id in sorted(now.devices):
        count, old = len(now.devices[type_id]), before.devices.get(type_id, 0)
        if _is_much_less(count, old):
            yield (
                f"the org lists {_counted(count, 'device')} of type {type_id},"
                f" but there were {old} {when}"
            )


def _is_much_less(now: int, before: int) -> bool:
    return now < before * KEPT_SHARE and before - now >= LEAST_LOST


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
