from __future__ import annotations

import pytest

from fleetsync.report.markdown.safe import cell, code, fenced, html_code, marker, short, short_pair


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("plain", "`plain`"),
        ("a`b", "``a`b``"),
        ("a``b`c", "```a``b`c```"),
        ("`edge", "`` `edge ``"),
        (" both ", "`  both  `"),
        (" one", "` one`"),
        ("", "(empty)"),
        ("a\nb\x1b[2J\u202e", "`a\\x0ab\\x1b[2J\\u202e`"),
        (
            "@someone #1 GH-1 a/b#1 <img src=x> --> | *",
            "`@someone #1 GH-1 a/b#1 <img src=x> --> | *`",
        ),
    ],
)
def test_text_is_put_into_code_that_it_cannot_end(text: str, span: str) -> None:
    assert code(text) == span


def test_a_bar_does_not_end_the_cell_of_a_table() -> None:
    assert cell("a|b") == "`a\\x7cb`"


def test_html_in_a_line_of_html_is_text() -> None:
    assert html_code('</summary><img src="x">&') == (
        "<code>&lt;/summary&gt;&lt;img src=&quot;x&quot;&gt;&amp;</code>"
    )


def test_a_block_has_a_longer_fence_than_any_in_it() -> None:
    assert list(fenced(["~ a", "    x: ````"])) == ["`````diff", "~ a", "    x: ````", "`````"]


def test_the_marker_cannot_be_ended_by_a_name() -> None:
    assert marker("fleetsync:", "a --> <b>", "sha256:00ff") == (
        "<!-- fleetsync: fleet=a%20--%3E%20%3Cb%3E digest=sha256:00ff format=1 -->"
    )


def test_what_is_shortened_has_its_length_and_a_hash() -> None:
    assert short("x" * 10, 10) == "x" * 10
    assert short("x" * 1234, 5) == "xxxxx... (1,234 characters, SHA-256 0be279b041)"


def test_two_long_texts_are_shown_from_near_their_difference() -> None:
    one, other = short_pair("x" * 300 + "new", "x" * 300 + "old", 40)
    assert one.startswith("..." + "x" * 10 + "new... (303 characters, SHA-256 ")
    assert other.startswith("..." + "x" * 10 + "old... (303 characters, SHA-256 ")
    assert short_pair("a", "b", 40) == ("a", "b")


def test_two_texts_of_which_one_begins_the_other_are_not_shown_alike() -> None:
    one, other = short_pair("x" * 300, "x" * 301, 40)
    assert one != other
