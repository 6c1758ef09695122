"""Tokens are made by the rules of platform page 7 and kept only as salted hashes."""

from __future__ import annotations

import pytest

from fleetsync.emulator.token import hash_token, is_token, make_token, token_matches


def test_made_tokens_have_eighteen_characters_and_pass_the_strict_check() -> None:
    tokens = {make_token() for _ in range(200)}
    assert len(tokens) == 200
    assert {len(token) for token in tokens} == {18}
    assert all(is_token(token, strict=True) for token in tokens)


STRICT = [
    ("password", True),
    ("A1-_!&@?*+.()", True),
    ("o" * 36, True),
    ("short12", False),
    ("o" * 37, False),
    ("has space", False),
    ("pass/word", False),
    ("passw\u00f6rd", False),
    ("password\n", False),
]


@pytest.mark.parametrize(("text", "is_good"), STRICT)
def test_the_strict_check_is_length_and_alphabet(text: str, is_good: bool) -> None:
    assert is_token(text, strict=True) is is_good


def test_the_lenient_check_takes_any_text_but_none() -> None:
    assert is_token("x", strict=False)
    assert not is_token("", strict=False)


def test_a_hash_knows_its_token_and_no_other() -> None:
    kept = hash_token("Secret-token-1")
    assert token_matches("Secret-token-1", kept)
    assert not token_matches("Secret-token-2", kept)


def test_the_same_token_is_never_kept_the_same_way() -> None:
    first, second = hash_token("Secret-token-1"), hash_token("Secret-token-1")
    assert first[:16] != second[:16]
    assert first[16:] != second[16:]
    assert b"Secret" not in first
