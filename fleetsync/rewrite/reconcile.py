"""Make a value of a YAML text another one, touching no more of the text than has to change."""

from __future__ import annotations

from collections.abc import Iterator

from fleetsync.model import JSON
from fleetsync.rewrite.entry import add_entries, add_items, remove_entry, remove_item, replace_value
from fleetsync.rewrite.scalar import flow, scalar
from fleetsync.rewrite.splice import CannotEditError, Splice
from fleetsync.rewrite.tree import Mapping, Node, Scalar, Sequence

_SHARED = "an alias stands for it elsewhere as well, which must not change"


def reconcile(text: str, node: Node, new: JSON) -> Iterator[Splice]:
    """Give the splices that make ``node`` stand for ``new``; raises CannotEditError."""
    if exactly(node.value, new):
        return
    if node.shared:
        raise CannotEditError(_SHARED)
    if isinstance(node, Mapping) and node.entries and isinstance(new, dict) and new:
        yield from _mapping(text, node, new)
    elif isinstance(node, Sequence) and node.items and isinstance(new, list) and new:
        yield from _sequence(text, node, new)
    else:
        yield replace_value(text, node, written(node, new))


def written(node: Node, new: JSON) -> str:
    """Write what stands in the place of a node, in its quotes where that is possible."""
    refuse_shared_inside(node)
    if isinstance(node, Scalar) and not isinstance(new, dict | list):
        return scalar(new, node.style if isinstance(node.value, str) else None)
    return flow(new)


def exactly(one: JSON, other: JSON) -> bool:
    """Tell whether two values are written the same way: ``true`` is not ``1``, null not absent."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(exactly(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(exactly, one, other))
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def refuse_shared_inside(node: Node) -> None:
    """Refuse to throw away what an alias needs."""
    inner: list[Node] = []
    if isinstance(node, Mapping):
        inner = [value for _, value in node.entries]
    elif isinstance(node, Sequence):
        inner = node.items
    if node.shared:
        raise CannotEditError(_SHARED)
    for each in inner:
        refuse_shared_inside(each)


def _mapping(text: str, node: Mapping, new: dict[str, JSON]) -> Iterator[Splice]:
    old = node.value if isinstance(node.value, dict) else {}
    added: dict[str, JSON] = {}
    for key, value in new.items():
        own = node.own(key)
        if own is not None:
            yield from reconcile(text, own[1], value)
        elif key not in old or not exactly(old[key], value):
            added[key] = value  # its own keys win over those that a merge brings
    gone = [node.own(key) for key in old if key not in new]
    if None in gone:
        raise CannotEditError("the value comes from a merge (<<), which brings it to others too")
    removed = [entry for entry in gone if entry is not None]
    for entry in removed:
        refuse_shared_inside(entry[1])
    for entry in removed:
        yield from remove_entry(text, node, entry, removed)
    yield from add_entries(text, node, added, removed)


def _sequence(text: str, node: Sequence, new: list[JSON]) -> Iterator[Splice]:
    kept = _kept(node, new)
    if kept is not None:
        removed = [item for item in node.items if item not in kept]
        for item in removed:
            refuse_shared_inside(item)
            yield from remove_item(text, node, item, removed)
        return
    for item, value in zip(node.items, new, strict=False):
        yield from reconcile(text, item, value)
    if len(new) < len(node.items):
        removed = node.items[len(new) :]
        for item in removed:
            refuse_shared_inside(item)
            yield from remove_item(text, node, item, removed)
    else:
        yield from add_items(text, node, new[len(node.items) :])


def _kept(node: Sequence, new: list[JSON]) -> list[Node] | None:
    """Give the items that stay, if the list only loses some."""
    if len(new) >= len(node.items):
        return None
    kept: list[Node] = []
    for item in node.items:
        if len(kept) < len(new) and exactly(item.value, new[len(kept)]):
            kept.append(item)
    return kept if len(kept) == len(new) else None
