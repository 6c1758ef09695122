"""Any content at all: no error but ours, no token shown, none lost."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetsync.errors import SecretsError
from fleetsync.tokens import TokenFile, read_tokens
from fleetsync.tokens.line import Retired, parse
from tests.tokens.sample import DATE, OLD_RUN, RUN, entry, line, retired, secrets_file

EXAMPLES = int(os.environ.get("FLEETSYNC_FUZZ_EXAMPLES", "100"))
NEW, LEAVES = entry("new", "SECRET-new"), entry("leaves", "SECRET-leaves")
GOOD = b"".join(
    [
        *(line(f"p-{number}", f"SECRET-{number}-of-p") for number in range(4)),
        retired("r-1", "SECRET-of-r-1", run=OLD_RUN),
        line("foreign", "SECRET-of-foreign", org="other"),
        line("note", "SECRET-of-note").replace(b"}", b', "note": "\xc3\xa9\xe2\x82\xac"}'),
        retired("r-2", "SECRET-of-r-2"),
        line("last", "SECRET-of-last"),
    ]
)
ODD = [b"\0", b"\n", b"\r\n", b"\r", b"\xef\xbb\xbf", b"{", b"}", b'"', b"\\", b"\xff", b"\xc3"]


def one_run(path: Path) -> str:
    """Open, promise, retire, drop and settle; give everything that was said."""
    said: list[str] = []
    try:
        with TokenFile.open(path, org="abc123") as tokens:
            said += tokens.damage
            tokens.promise([NEW, LEAVES])
            tokens.retire([LEAVES.client_id], run=RUN, at=DATE)
            tokens.drop(["d:abc123:pump:never-there"])
            tokens.settle()
            said += tokens.damage
            assert tokens.known(NEW.client_id) == NEW.token
            assert tokens.retired(LEAVES.client_id, RUN) == LEAVES.token
    except SecretsError as error:
        said.append(str(error))
    return "\n".join(said)


def whole_tokens(content: bytes) -> set[bytes]:
    """Give every token whose text is whole, but for those in lines that another line replaces."""
    lines: dict[str, list[tuple[bytes, bytes]]] = {}
    for raw in content.split(b"\n"):
        found = parse(raw)
        if found is not None:
            one = found.entry if isinstance(found, Retired) else found
            token = one.token.reveal().encode("utf-8", "surrogatepass")
            lines.setdefault(one.device_id, []).append((token, raw))
    several = [each for each in lines.values() if len(each) > 1]
    replaced = {text for each in several for _, raw in each for text in texts_of(raw)}
    alike = {each[0][0] for each in several if len({token for token, _ in each}) == 1}
    return texts_of(content) - (replaced - alike)


def texts_of(content: bytes) -> set[bytes]:
    return set(re.findall(rb'"(SECRET-[a-z0-9-]+)"', content))


def assert_nothing_is_lost_or_shown(content: bytes) -> None:
    with secrets_file(content) as path:
        before = dict(read_tokens(path))
        said = one_run(path)
        after = path.read_bytes()
        assert "SECRET" not in said.replace(str(path), "")
        assert {name: read_tokens(path).get(name) for name in before} == before
        assert {text for text in whole_tokens(content) if text not in after} == set()
        if "not a secrets file" in said:
            assert after == content
        else:
            assert read_tokens(path)[NEW.client_id] == NEW
        assert "SECRET" not in one_run(path).replace(str(path), "")
        assert sorted(path.read_bytes().split(b"\n")) == sorted(after.split(b"\n"))


def test_the_good_file_is_good() -> None:
    with secrets_file(GOOD) as path:
        assert one_run(path) == ""
        assert path.read_bytes().startswith(GOOD)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes(content: bytes) -> None:
    assert_nothing_is_lost_or_shown(content)


pieces = st.sampled_from([*ODD, *GOOD.splitlines(keepends=True), GOOD[:40], b'"authToken": "'])


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(pieces, max_size=12).map(b"".join))
def test_pieces_of_lines_in_any_order(content: bytes) -> None:
    assert_nothing_is_lost_or_shown(content)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    content = GOOD
    for _ in range(draw(st.integers(1, 4))):
        start, size = draw(st.integers(0, len(content))), draw(st.integers(0, 250))
        to = draw(st.integers(0, len(content)))
        piece = content[start : start + size]
        change = draw(st.sampled_from(["delete", "insert", "copy", "move", "blank", "end"]))
        if change in {"delete", "move"}:
            content = content[:start] + content[start + size :]
        if change in {"copy", "move"}:
            content = content[:to] + piece + content[to:]
        if change == "insert":
            content = content[:to] + draw(st.sampled_from(ODD) | st.binary()) + content[to:]
        if change == "blank":
            content = content[:start] + bytes(len(piece)) + content[start + size :]
        if change == "end":
            content = content[:start]
    return content


@settings(max_examples=2 * EXAMPLES, deadline=None)
@given(mutated())
def test_a_good_file_after_any_mishap(content: bytes) -> None:
    assert_nothing_is_lost_or_shown(content)


def cut_out_of_every_line(size: int) -> Iterator[bytes]:
    for start in range(0, len(GOOD), 13):
        yield GOOD[:start] + GOOD[start + size :]


@pytest.mark.parametrize("size", [1, 17, 80, 160])
def test_a_piece_that_is_missing_anywhere(size: int) -> None:
    for content in cut_out_of_every_line(size):
        assert_nothing_is_lost_or_shown(content)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda content: content.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(lambda content: b"\xef\xbb\xbf" + content, id="a byte order mark"),
        pytest.param(lambda content: content + bytes(4096), id="NUL bytes at the end"),
        pytest.param(lambda content: bytes(4096) + content, id="NUL bytes in front"),
        pytest.param(lambda content: content.removesuffix(b"\n"), id="no line end"),
        pytest.param(lambda content: content.replace(b"\n", b"\n\n"), id="empty lines"),
        pytest.param(lambda content: content.replace(b"{", b" \t{"), id="blanks"),
        pytest.param(lambda content: content.replace(b" ", b""), id="compact"),
    ],
)
def test_what_editors_and_disks_do_to_a_file_harms_no_line(
    change: Callable[[bytes], bytes],
) -> None:
    with secrets_file(GOOD) as good, secrets_file(change(GOOD)) as path:
        expected = dict(read_tokens(good))
        assert read_tokens(path) == expected
        assert one_run(path) == ""
        assert read_tokens(path) == {**expected, NEW.client_id: NEW}
        with TokenFile.open(path, org="abc123") as tokens:
            assert tokens.retired("d:abc123:pump:r-1", OLD_RUN) is not None


def test_a_huge_line_is_kept_and_takes_no_age() -> None:
    huge = b'{"clientId": "' + b"x" * 2_000_000
    with secrets_file(GOOD + huge + b"\n" + line("after", "SECRET-after")) as path:
        said = one_run(path)
        assert (said.count("not whole"), len(said) < 1000) == (0, True)
        assert read_tokens(path)["d:abc123:pump:after"].token.reveal() == "SECRET-after"
        path.write_bytes(b"y" * 2_000_000 + b"\n" + GOOD)
        assert one_run(path).count("not whole") == 2
        assert b"y" * 2_000_000 + b"\n" in path.read_bytes()


def test_many_broken_lines_are_told_in_few_words() -> None:
    content = GOOD + b"".join(b'oken": "SECRET-%d"}\n' % number for number in range(2000))
    with secrets_file(content) as path:
        with TokenFile.open(path, org="abc123") as tokens:
            assert len(tokens.damage) == 21
            assert tokens.damage[-1] == (
                f"{path}: 1980 more lines like these are not whole and are kept"
            )
        assert_nothing_is_lost_or_shown(content)
