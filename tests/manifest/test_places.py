from __future__ import annotations

from fleetsync.manifest.document import parse_yaml
from fleetsync.manifest.places import Place, Places

TEXT = """\
a: 1.10
bé:
  - {x: 'y', z: [p, q]}
  - &one
    k: &two
      l: v
  - *one
  - <<: *one
    m: n
"""


def places_of(text: str, focus: frozenset[int] | None = None) -> Places:
    (document,) = parse_yaml(text.encode(), file="f", places=True, focus=focus).documents
    assert document.places is not None
    return document.places


def test_each_key_and_value_has_its_place_and_raw_text() -> None:
    places = places_of(TEXT)
    assert places.value(()) == Place(1, 1)
    assert places.key(("a",)) == Place(1, 1, "a")
    assert places.value(("a",)) == Place(1, 4, "1.10")
    assert places.key(("bé",)) == Place(2, 1, "bé")
    assert places.value(("bé",)) == Place(3, 3)
    assert places.value(("bé", 0, "x")) == Place(3, 9, "y")
    assert places.value(("bé", 0, "z", 1)) == Place(3, 21, "q")


def test_an_alias_stands_where_it_is_used_and_its_content_where_it_is_written() -> None:
    places = places_of(TEXT)
    assert places.value(("bé", 2)) == Place(7, 5)
    assert places.value(("bé", 2, "k", "l")) == Place(6, 10, "v")


def test_a_merged_entry_stands_where_it_is_written() -> None:
    places = places_of(TEXT)
    assert places.key(("bé", 3, "k")) == Place(5, 5, "k")
    assert places.value(("bé", 3, "k", "l")) == Place(6, 10, "v")
    assert places.value(("bé", 3, "m")) == Place(9, 8, "n")


def test_what_is_not_there_has_the_place_of_what_is_around_it() -> None:
    places = places_of(TEXT)
    assert places.value(("nothing", "here")) == Place(1, 1)
    assert places.value(("bé", 9)) == Place(3, 3)
    assert places.value(("bé", 0, "z", 9)) == Place(3, 17)
    assert places.key(("bé", 0, "none")) == Place(3, 5)
    assert places.value(("a", "deeper")) == Place(1, 4, "1.10")


def test_out_of_focus_an_item_has_one_place_for_all_of_it() -> None:
    places = places_of(TEXT, focus=frozenset({8}))
    assert places.value(("bé", 0, "x")) == Place(3, 5)
    assert places.value(("bé", 3, "m")) == Place(9, 8, "n")
    assert places.value(("bé", 3, "k", "l")) == Place(6, 10, "v")
