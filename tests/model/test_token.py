from __future__ import annotations

import copy
import json
import pickle

import pytest

from fleetsync.model.token import Token

SECRET = "PtBV-1RqIg4uh)_K"


@pytest.fixture
def token() -> Token:
    return Token(SECRET)


def test_only_reveal_shows_the_text(token: Token) -> None:
    shown = [repr(token), str(token), f"{token}", f"{token!r:>12}", f"{token:>12}"]
    assert shown == ["Token(***)"] * 3 + ["  Token(***)"] * 2
    assert token.reveal() == SECRET


def test_containers_do_not_show_it_either(token: Token) -> None:
    assert str({"authToken": [token]}) == "{'authToken': [Token(***)]}"


def test_tokens_are_equal_when_their_texts_are(token: Token) -> None:
    assert token == Token(SECRET)
    assert hash(token) == hash(Token(SECRET))
    assert token != Token(SECRET.lower())
    assert token != SECRET


def test_a_text_with_a_lone_surrogate_can_be_compared() -> None:
    assert Token("\ud800") == Token("\ud800")


def test_a_token_cannot_be_changed(token: Token) -> None:
    with pytest.raises(AttributeError, match="a Token cannot be changed"):
        token._text = "other"
    with pytest.raises(AttributeError, match="a Token cannot be changed"):
        del token._text
    assert token.reveal() == SECRET


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_token_cannot_be_pickled(token: Token, protocol: int) -> None:
    with pytest.raises(TypeError, match="a Token cannot be pickled or copied"):
        pickle.dumps(token, protocol)


def test_a_token_cannot_be_copied_or_written_as_json(token: Token) -> None:
    with pytest.raises(TypeError, match="a Token cannot be pickled or copied"):
        copy.deepcopy(token)
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps({"authToken": token})
