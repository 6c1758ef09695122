"""Work out the `${{ }}` expressions of a workflow, as far as ours use them; others are an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<name>[A-Za-z_][\w-]*(?:\.[\w-]+)*)"
    r"|(?P<sign>==|!=|&&|\|\||[!()]))"
)
_EMBEDDED = re.compile(r"\$\{\{(.*?)\}\}", re.S)
_STATUS = ("always", "success", "failure", "cancelled")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


class Status(NamedTuple):
    """How a job stands so far."""

    failed: bool = False
    cancelled: bool = False


class Scope(NamedTuple):
    """What an expression may name, and how the job stands."""

    contexts: Mapping[str, Any]
    status: Status = Status()

    def value(self, expression: str) -> Any:
        """Give the value of a bare expression."""
        return _Reader(expression, self).whole()

    def text(self, template: object) -> str:
        """Put the values into a text that has expressions in it."""
        return _EMBEDDED.sub(lambda found: as_text(self.value(found[1])), as_text(template))

    def holds(self, condition: object) -> bool:
        """Tell whether a step or a job goes ahead; without a word about it, only after success."""
        words = as_text(condition if condition is not None else True)
        bare = words.strip().removeprefix("${{").removesuffix("}}")
        asks = any(f"{name}()" in bare for name in _STATUS)
        stands = asks or not (self.status.failed or self.status.cancelled)
        return stands and truth(self.value(bare))


def as_text(value: object) -> str:
    """Give a value as it is put into a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def truth(value: object) -> bool:
    """Tell whether a value counts as true."""
    return value not in (None, False, 0, "")


class _Reader:
    """Reads one expression from left to right: or, and, comparison, not, value."""

    def __init__(self, expression: str, scope: Scope) -> None:
        self.scope = scope
        self.tokens = list(_tokens(expression))

    def whole(self) -> Any:
        value = self._either()
        assert not self.tokens, f"left over: {self.tokens}"
        return value

    def _next(self, *signs: str) -> str | None:
        if self.tokens and self.tokens[0] in [("sign", sign) for sign in signs]:
            return self.tokens.pop(0)[1]
        return None

    def _either(self) -> Any:
        value = self._both()
        while self._next("||"):
            other = self._both()
            value = value if truth(value) else other
        return value

    def _both(self) -> Any:
        value = self._compared()
        while self._next("&&"):
            other = self._compared()
            value = other if truth(value) else value
        return value

    def _compared(self) -> Any:
        value = self._single()
        while sign := self._next("==", "!="):
            same = as_text(value).lower() == as_text(self._single()).lower()
            value = same if sign == "==" else not same
        return value

    def _single(self) -> Any:
        if self._next("!"):
            return not truth(self._single())
        if self._next("("):
            value = self._either()
            assert self._next(")"), "a bracket is open"
            return value
        kind, word = self.tokens.pop(0)
        if kind == "text":
            return word[1:-1].replace("''", "'")
        if kind == "number":
            return int(word)
        assert kind == "name", f"no value: {word}"
        return self._named(word)

    def _named(self, word: str) -> Any:
        if word in _WORDS:
            return _WORDS[word]
        if self._next("("):
            assert self._next(")"), f"{word} takes no argument here"
            return _FUNCTIONS[word](self.scope.status)
        first, *path = word.split(".")
        value: Any = self.scope.contexts[first]  # a context that is not there is a mistake
        for part in path:
            value = value.get(part) if isinstance(value, Mapping) else None
        return value


_FUNCTIONS: Mapping[str, Callable[[Status], bool]] = {
    "always": lambda _: True,
    "success": lambda status: not (status.failed or status.cancelled),
    "failure": lambda status: status.failed,
    "cancelled": lambda status: status.cancelled,
}


def _tokens(expression: str) -> list[tuple[str, str]]:
    found, place, text = [], 0, expression.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        assert match is not None, f"cannot read: {text[place:]}"
        kind = str(match.lastgroup)
        found.append((kind, match[kind]))
        place = match.end()
    return found
