from __future__ import annotations

import pytest

from fleetsync.manifest.words import did_you_mean, dotted, listing, quote


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("plain", '"plain"'),
        ("", '""'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("line\nend\t", '"line\\nend\\t"'),
        ("\x1b[31m", '"\\x1b[31m"'),
        ("\u202eevil", '"\\u202eevil"'),
        ("größe", '"größe"'),
        ("k" * 61, f'"{"k" * 60}..."'),
    ],
)
def test_foreign_text_is_quoted_on_one_line(text: str, quoted: str) -> None:
    assert quote(text) == quoted


@pytest.mark.parametrize(
    ("texts", "joined"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_texts_are_joined_as_people_do(texts: list[str], joined: str) -> None:
    assert listing(texts) == joined


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("metdata", 'did you mean "metadata"?'),
        ("METADATA", 'did you mean "metadata"?'),
        ("deviceID", 'did you mean "deviceId"?'),
        ("xyz", ""),
        ("", ""),
    ],
)
def test_the_nearest_known_text_is_suggested(text: str, answer: str) -> None:
    assert did_you_mean(text, ["typeId", "deviceId", "metadata"]) == answer


def test_of_two_alike_the_first_is_suggested() -> None:
    assert did_you_mean("PUMP", ["pump", "Pump"]) == 'did you mean "pump"?'


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("location", "latitude"), "location.latitude"),
        (("lifecycle", "ignoreChanges", 0), "lifecycle.ignoreChanges[0]"),
        (("metadata", "a.b", "c"), 'metadata["a.b"].c'),
    ],
)
def test_paths_are_written_with_dots(path: tuple[str | int, ...], text: str) -> None:
    assert dotted(path) == text
