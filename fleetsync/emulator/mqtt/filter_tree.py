"""Find those who subscribed to a topic, without looking at all who subscribed to anything."""

from __future__ import annotations

from typing import Generic, TypeVar

Member = TypeVar("Member")

Group = list[tuple[Member, int]]
"""Those of whom one is sent a message, each with its QoS."""

_MOST_REMEMBERED = 50_000


class _Node(Generic[Member]):
    """One level of filters: what may come next, and who subscribed to what ends here."""

    __slots__ = ("below", "groups")

    def __init__(self) -> None:
        self.below: dict[str, _Node[Member]] = {}
        self.groups: dict[str, dict[Member, int]] = {}


class FilterTree(Generic[Member]):
    """Filters and who has them: members of a group share its messages, each has one group."""

    def __init__(self) -> None:
        self._root: _Node[Member] = _Node()
        self._remembered: dict[str, list[Group[Member]]] = {}

    def add(self, text: str, group: str, member: Member, qos: int) -> None:
        """Let a member subscribe; again with another QoS if it had subscribed."""
        node = self._root
        for level in text.split("/"):
            node = node.below.setdefault(level, _Node())
        node.groups.setdefault(group, {})[member] = qos
        self._remembered.clear()

    def remove(self, text: str, group: str, member: Member) -> None:
        """End the subscription of a member, if it has that one."""
        path = [(self._root, "")]
        for level in text.split("/"):
            node = path[-1][0].below.get(level)
            if node is None:
                return
            path.append((node, level))
        members = path[-1][0].groups.get(group, {})
        members.pop(member, None)
        if not members:
            path[-1][0].groups.pop(group, None)
        for (above, _), (node, level) in zip(path[-2::-1], path[:0:-1], strict=True):
            if not node.below and not node.groups:
                del above.below[level]
        self._remembered.clear()

    def find(self, topic: str) -> list[Group[Member]]:
        """Return the groups that a topic concerns; a member has the best QoS of its filters."""
        found = self._remembered.get(topic)
        if found is None:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            found = self._remembered[topic] = self._search(topic)
        return found

    def _search(self, topic: str) -> list[Group[Member]]:
        nodes, ends = [self._root], []
        for level in topic.split("/"):
            ends += [node.below["#"] for node in nodes if "#" in node.below]
            nodes = [
                node.below[each] for node in nodes for each in (level, "+") if each in node.below
            ]
        merged: dict[str, dict[Member, int]] = {}
        for node in ends + nodes:
            for group, members in node.groups.items():
                best = merged.setdefault(group, {})
                for member, qos in members.items():
                    best[member] = max(qos, best.get(member, 0))
        return [list(members.items()) for members in merged.values()]


def fits(topic: str, text: str) -> bool:
    """Tell whether a topic fits a filter with ``+`` in it."""
    levels, wanted = topic.split("/"), text.split("/")
    return len(levels) == len(wanted) and all(
        want in {"+", level} for level, want in zip(levels, wanted, strict=True)
    )
