from __future__ import annotations

import copy
import pickle

import pytest

from fleetsync.model.credentials import Credentials

KEY, SECRET = "a-abc123-k0dl0vqqrk", "mJ7)eQ2wF&5tYh!Z1u"


def test_the_pair_shows_whose_key_it_is_and_nothing_secret() -> None:
    pair = Credentials(KEY, SECRET)
    shown = [repr(pair), str(pair), f"{pair}", str([pair])]
    assert shown == ["Credentials(a-abc123-***)"] * 3 + ["[Credentials(a-abc123-***)]"]
    assert (pair.key, pair.token) == (KEY, SECRET)


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("a-main-0123456789", "Credentials(a-main-***)"),
        ("a-my-work-space-0123456789", "Credentials(a-my-work-space-***)"),
        ("g/abc123/type/gateway", "Credentials(***)"),
        ("password-typed-into-the-wrong-line", "Credentials(***)"),
        ("a-abc123-0123456789\n", "Credentials(***)"),
    ],
)
def test_a_key_of_another_shape_is_not_shown_at_all(key: str, shown: str) -> None:
    assert repr(Credentials(key, SECRET)) == shown


def test_pairs_are_equal_when_both_parts_are() -> None:
    assert Credentials("ab", "c") == Credentials("ab", "c")
    assert hash(Credentials("ab", "c")) == hash(Credentials("ab", "c"))
    assert Credentials("ab", "c") != Credentials("a", "bc")
    assert Credentials("ab", "c") != ("ab", "c")


def test_a_pair_cannot_be_changed_pickled_or_copied() -> None:
    pair = Credentials(KEY, SECRET)
    with pytest.raises(AttributeError, match="Credentials cannot be changed"):
        pair._token = "other"
    with pytest.raises(AttributeError, match="Credentials cannot be changed"):
        del pair._key
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        pickle.dumps(pair)
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        copy.copy(pair)
