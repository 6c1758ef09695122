from __future__ import annotations

import paho.mqtt.client as paho
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.emulator.mqtt.filter_tree import FilterTree, fits

LEVELS = st.sampled_from(["a", "b", "c", ""])
TOPICS = st.lists(LEVELS, min_size=1, max_size=4).map("/".join)
WILD = st.lists(st.one_of(LEVELS, st.just("+")), min_size=1, max_size=4).map("/".join)
FILTERS = st.one_of(WILD, WILD.map(lambda text: f"{text}/#"))
MEMBERS = st.sampled_from(["ann", "bob"])
CHANGES = st.lists(st.tuples(st.booleans(), FILTERS, MEMBERS, st.integers(0, 1)), max_size=12)


@given(CHANGES, st.lists(TOPICS, min_size=1, max_size=3))
def test_it_finds_whom_an_mqtt_client_would_find(
    changes: list[tuple[bool, str, str, int]], topics: list[str]
) -> None:
    tree: FilterTree[str] = FilterTree()
    kept: dict[tuple[str, str], int] = {}
    for is_added, text, member, qos in changes:
        if is_added:
            tree.add(text, member, member, qos)
            kept[text, member] = qos
        else:
            tree.remove(text, member, member)
            kept.pop((text, member), None)
        for topic in topics:
            wanted: dict[str, int] = {}
            for (each, who), qos_there in kept.items():
                # Unlike MQTT, "a/#" is not for "a" here: no topic of the platform needs that.
                deep = each.count("/") <= topic.count("/") or "#" not in each
                if deep and paho.topic_matches_sub(each, topic):
                    wanted[who] = max(qos_there, wanted.get(who, 0))
            assert sorted(member for group in tree.find(topic) for member in group) == sorted(
                wanted.items()
            )


@given(WILD, TOPICS)
def test_one_filter_fits_as_an_mqtt_client_would_say(text: str, topic: str) -> None:
    assert fits(topic, text) == paho.topic_matches_sub(text, topic)


def test_who_is_in_one_group_is_found_as_one() -> None:
    tree: FilterTree[str] = FilterTree()
    tree.add("a/+", "group", "ann", 0)
    tree.add("a/b", "group", "bob", 1)
    tree.add("a/b", "other", "eve", 1)
    assert [sorted(group) for group in tree.find("a/b")] == [
        [("ann", 0), ("bob", 1)],
        [("eve", 1)],
    ]
