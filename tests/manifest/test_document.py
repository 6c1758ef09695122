from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetsync.errors import Problem
from fleetsync.manifest.document import ParsedFile, parse_yaml
from fleetsync.model import JSON

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn")), max_size=12)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
VALUES: st.SearchStrategy[JSON] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
SNIPPETS = (
    *("a", "b", "k: ", ": ", "\n", "\n  ", "\n    ", "- ", "  ", "[", "]", "{", "}", ", "),
    *("&x ", "*x", "<<: ", "<<: *x", "'", '"', "1", "0123", "1.5", "true", "~", "no"),
    *("!!str ", "!!int ", "!!map ", "!!seq ", "! ", "!t ", "|\n", ">\n  ", "# c", "---\n", "...\n"),
    *(
        "é",
        "? ",
        "\t",
        "\r\n",
        "\u2028",
        "1e3",
        "=",
        "%YAML 1.1\n",
        "\ufeff",
        "\0",
        "\\n",
        "@",
        "\x85",
    ),
)
SOUP = st.lists(st.sampled_from(SNIPPETS), max_size=14).map("".join)


def values(parsed: ParsedFile) -> list[JSON]:
    return [document.value for document in parsed.documents]


def strict(value: Any) -> Any:
    """Tell true from 1 and 1.0 from 1, which Python's == does not."""
    if isinstance(value, dict):
        return {key: strict(below) for key, below in value.items()}
    if isinstance(value, list):
        return [strict(below) for below in value]
    return type(value), value


@settings(deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=3), st.booleans())
def test_what_yaml_writes_in_quotes_is_read_back(documents: list[JSON], flow: bool) -> None:
    data = yaml.safe_dump_all(
        documents, default_style='"', default_flow_style=flow, allow_unicode=True, encoding="utf-8"
    )
    assert strict(values(parse_yaml(data, file="f"))) == strict(
        list(yaml.load_all(data, yaml.CSafeLoader))
    )


@settings(deadline=None)
@given(st.dictionaries(TEXTS, TEXTS | st.lists(TEXTS)))
def test_json_is_yaml(value: dict[str, JSON]) -> None:
    parsed = parse_yaml(json.dumps(value, ensure_ascii=False).encode(), file="f")
    assert (values(parsed), parsed.problems) == ([value], ())


@settings(deadline=None)
@given(SOUP)
def test_an_accepted_document_is_what_pyyaml_reads(text: str) -> None:
    parsed = parse_yaml(text.encode(), file="f")
    if not parsed.problems:
        assert strict(values(parsed)) == strict(
            list(yaml.load_all(text.encode(), yaml.CSafeLoader))
        )


@settings(deadline=None)
@given(SOUP.map(str.encode) | st.binary(max_size=40))
def test_the_fast_and_the_slow_mode_agree(data: bytes) -> None:
    fast, slow = parse_yaml(data, file="f"), parse_yaml(data, file="f", places=True)
    assert (values(fast), fast.problems, fast.whole) == (values(slow), slow.problems, slow.whole)
    assert [d.item_lines for d in fast.documents] == [d.item_lines for d in slow.documents]


@settings(deadline=None)
@given(SOUP.map(str.encode) | st.binary(max_size=40))
def test_a_file_is_whole_or_has_a_problem(data: bytes) -> None:
    parsed = parse_yaml(data, file="f")
    assert parsed.whole or parsed.problems


def test_equal_texts_are_one_object() -> None:
    (document,) = parse_yaml(b"- {zone: north}\n- {zone: 'north'}\n", file="f").documents
    items: Any = document.value
    assert items[0]["zone"] is items[1]["zone"]


def test_lines_of_items_count_on_through_documents() -> None:
    data = b"a:\n- x\n\n- y\n---\n# c\nb: [1,\n 2]\nc: {d: [3]}\n"
    first, second = parse_yaml(data, file="f").documents
    assert (first.line, first.item_lines) == (1, {"a": [2, 4]})
    assert (second.line, second.item_lines) == (7, {"b": [7, 8]})


def test_lines_of_a_merged_list_are_where_it_is_written() -> None:
    (document,) = parse_yaml(b"<<:\n  a:\n  - x\n  - y\n", file="f").documents
    assert (document.value, document.item_lines) == ({"a": ["x", "y"]}, {"a": [3, 4]})


def test_own_keys_win_over_merged_ones_and_earlier_sources_over_later() -> None:
    data = b"a: &a {x: 1, y: 1}\nb: &b {x: 2, y: 2, z: 2}\nc: {<<: [*a, *b], x: 3}\n"
    (document,) = parse_yaml(data, file="f").documents
    value: Any = document.value
    assert value["c"] == {"x": 3, "y": 1, "z": 2}


def test_documents_before_a_syntax_error_are_there() -> None:
    parsed = parse_yaml(b"a: 1\n---\nb: [\n", file="f")
    assert (values(parsed), parsed.whole) == ([{"a": 1}], False)


@pytest.mark.parametrize("data", [b"", b"# only a comment\n", b"\n\n", b"\xef\xbb\xbf"])
def test_a_file_of_nothing_has_no_documents(data: bytes) -> None:
    assert parse_yaml(data, file="f") == ParsedFile((), (), whole=True)


def test_a_byte_order_mark_moves_no_position() -> None:
    parsed = parse_yaml(b"\xef\xbb\xbfa: no\n", file="f")
    assert [problem[1:3] for problem in parsed.problems] == [(1, 4)]


def test_nesting_up_to_the_bound_is_read() -> None:
    assert parse_yaml(b"[" * 64 + b"]" * 64, file="f").problems == ()
    assert parse_yaml(b"[" * 65 + b"]" * 65, file="f").problems == (
        Problem(
            "f", 1, 65, "nested deeper than 64 levels: the rest of the file is not read; flatten it"
        ),
    )


@pytest.mark.timeout(20)
@pytest.mark.parametrize("sign", [b"[", b"{a: ", b"- ", b"? ", b"!!", b"&a ", b"a:\n ", b"'''x"])
def test_a_million_of_any_sign_takes_no_long_time(sign: bytes) -> None:
    assert parse_yaml(sign * 250_000, file="f").problems


def test_many_devices_may_share_an_anchor() -> None:
    data = b"a: &a {b: {c: [1, 2, 3]}}\nd:\n" + b"- {e: *a, f: *a}\n" * 5000
    assert parse_yaml(data, file="f").problems == ()


def test_a_bomb_is_stopped_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    parsed = parse_yaml("\n".join(lines).encode(), file="f")
    assert parsed.problems == (
        Problem(
            *("f", 6, 45),
            "the aliases of this document repeat more than 1,000,000 values:"
            " the rest of the file is not read; write the values out",
        ),
    )
