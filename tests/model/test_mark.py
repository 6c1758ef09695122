from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleetsync.model import Location
from fleetsync.model.mark import NO_MARK, Mark, kept_fingerprint, mark_text, parse_mark

METRES = st.none() | st.floats(-1e6, 1e6)
LOCATIONS = st.builds(
    Location,
    st.floats(-90, 90),
    st.floats(-180, 180),
    METRES,
    METRES,
    st.none() | st.just("2026-01-02T03:04:05.678Z"),
)
MARKS = st.builds(
    Mark,
    st.none() | LOCATIONS,
    st.booleans(),
    st.frozensets(st.text("0123456789abcdef", min_size=8, max_size=8), max_size=3),
    st.lists(st.sampled_from(["past=7", "future=x,y"]), max_size=2, unique=True).map(tuple),
    st.none() | st.text("0123456789abcdef", min_size=10, max_size=10),
)


@given(MARKS)
def test_a_mark_reads_back_as_it_was_written(mark: Mark) -> None:
    assert parse_mark("pump/p-1", mark_text("pump/p-1", mark)) == mark


@given(MARKS)
def test_a_mark_says_nothing_about_another_device(mark: Mark) -> None:
    assert parse_mark("pump/p-2", mark_text("pump/p-1", mark)) == NO_MARK
    assert parse_mark("pump/p-1", mark_text("pump", mark)) == NO_MARK


@given(st.text() | st.integers() | st.none() | st.dictionaries(st.text(), st.text()))
def test_anything_else_is_no_mark(value: str | int | dict[str, str] | None) -> None:
    assert parse_mark("pump/p-1", value) == NO_MARK  # type: ignore[arg-type]  # any JSON


def test_a_mark_is_short_text_that_a_person_can_read() -> None:
    mark = Mark(Location(51.5007, -0.1246, 12), protect=True)
    text = mark_text("thermostat/lobby-01", mark)
    assert text == "location=51.5007,-0.1246,12 protect=yes #45833ed0f4e57fb2"


def test_an_altered_mark_is_no_mark() -> None:
    text = mark_text("pump/p-1", Mark(protect=True))
    assert parse_mark("pump/p-1", text.replace("yes", "no")) == NO_MARK


def test_only_the_same_change_has_the_same_fingerprint() -> None:
    one = kept_fingerprint("metadata.a", before=1, after=None)
    assert one == kept_fingerprint("metadata.a", before=1, after=None)
    assert one != kept_fingerprint("metadata.b", before=1, after=None)
    assert one != kept_fingerprint("metadata.a", before=2, after=None)
    assert one != kept_fingerprint("metadata.a", before=1, after=3)
