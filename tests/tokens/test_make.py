from __future__ import annotations

import itertools
import math
import re
import string
from collections import Counter

from fleetsync.tokens.make import _keeps_the_rules, make_token

CLASSES = {"lower": 26, "upper": 26, "digit": 10, "other": 2}
ALPHABET = string.ascii_letters + string.digits + "-_"


def count_allowed(length: int) -> int:
    """Count the texts that the rules allow, by what was seen and how long the last run is."""
    states: Counter[tuple[frozenset[str], str, int]] = Counter()
    for first in ("lower", "upper"):
        states[frozenset({first}), first, 1] = CLASSES[first]
    for _ in range(length - 1):
        following: Counter[tuple[frozenset[str], str, int]] = Counter()
        for (seen, last, run), ways in states.items():
            for name, size in CLASSES.items():
                others = size - (name == last)
                following[seen | {name}, name, 1] += ways * others
            if run < 2:
                following[seen, last, run + 1] += ways
        states = following
    return sum(ways for (seen, _, _), ways in states.items() if seen >= {"lower", "upper", "digit"})


def test_more_than_2_to_the_128_tokens_are_possible_and_each_is_as_likely() -> None:
    assert math.log2(count_allowed(24)) > 143.6


def test_the_count_agrees_with_trying_all_texts_of_three_characters() -> None:
    texts = map("".join, itertools.product(ALPHABET, repeat=3))
    assert count_allowed(3) == sum(map(_keeps_the_rules, texts))


def test_every_token_keeps_the_rules_of_the_platform_old_and_new() -> None:
    for _ in range(2000):
        text = make_token().reveal()
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{23}", text)
        assert re.search("[a-z]", text)
        assert re.search("[A-Z]", text)
        assert re.search("[0-9]", text)
        assert not re.search(r"(.)\1\1", text)


def test_texts_against_the_rules_are_turned_down() -> None:
    texts = ["1aB", "-a1B", "ab1", "AB1", "abAB", "aaaB1", "aB1__", "B1zzz", "aB1"]
    assert [_keeps_the_rules(text) for text in texts] == [False] * 6 + [True, False, True]


def test_two_tokens_are_never_the_same() -> None:
    assert len({make_token().reveal() for _ in range(2000)}) == 2000
