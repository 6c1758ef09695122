"""Tell whether the keys of a list come in order, whichever way the org may sort text."""

from __future__ import annotations

import string
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby, islice
from operator import itemgetter, le
from typing import Any

Key = tuple[str, ...]
"""What a list is sorted by: two columns, type id and device id, or a type id alone."""

_Rule = Callable[[Sequence[Key]], bool]

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation + " ")
_SEPARATOR = "\n"  # no rule changes it, and no id holds it
# As dictionaries of the Unicode Consortium sort (CLDR root): punctuation, digits, letters.
_DICTIONARY = {ord(c): n for n, c in enumerate("_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$")}


def _rises(values: Sequence[Any]) -> bool:
    return all(map(le, values, islice(values, 1, None)))


def _rises_by(fold: Callable[[str], str], keys: Sequence[Key]) -> bool:
    """Compare column by column; texts that become equal may stand either way round."""
    heads = []
    for head, group in groupby(keys, key=itemgetter(0)):
        heads.append(head)
        last = [key[-1] for key in group]
        if len(last) > 1 and not _rises(_fold_all(fold, last)):
            return False
    return _rises(_fold_all(fold, heads))


def _fold_all(fold: Callable[[str], str], texts: Sequence[str]) -> list[str]:
    """Fold all at once, which takes a tenth of the time, unless a text holds the separator."""
    folded = fold(_SEPARATOR.join(texts)).split(_SEPARATOR)
    return folded if len(folded) == len(texts) else list(map(fold, texts))


def _without_punctuation(text: str) -> str:
    return text.translate(_NO_PUNCTUATION)


def _as_in_dictionaries(text: str) -> str:
    return text.casefold().translate(_DICTIONARY)


_RULES: tuple[_Rule, ...] = (
    _rises,  # by code points
    partial(_rises_by, str.casefold),
    partial(_rises_by, str.upper),  # unlike casefold, it puts "_" after the letters
    partial(_rises_by, _without_punctuation),
    partial(_rises_by, lambda text: _without_punctuation(text).casefold()),
    partial(_rises_by, _as_in_dictionaries),
)


class Order:
    """Follows the keys of one list, page by page.

    How the platform collates is not documented, so a rule is tried until a page breaks it, and then
    the next one, from that page on. That costs one rule a page, and no key is kept.
    """

    def __init__(self) -> None:
        self._rules = deque(_RULES)
        self._last: list[Key] = []

    @property
    def broken(self) -> bool:
        """Whether the keys have come in no order that anybody would sort by."""
        return not self._rules

    def take(self, keys: list[Key]) -> None:
        """Hear the keys of the next page."""
        chain = self._last + keys
        while self._rules and not self._rules[0](chain):
            self._rules.popleft()
        self._last = chain[-1:]
