"""Compile and ask CEL expressions; the only user of cel-expr-python."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from fleetsync.errors import ExtraMissingError
from fleetsync.escape import shown
from fleetsync.model import JSON
from fleetsync.policy.policy import Asked, CannotJudgeError, Over

_MAP = "map<string,dyn>"
_CONTEXT = {"summary": _MAP, "types": _MAP, "fleet": "string", "org": "string", "undo": "bool"}
"""What every expression may ask for, besides ``now`` and what it is asked of."""
_PLACE = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): ([^\n]*)")
_TOO_LARGE = re.compile(r"Integer value '(-?\d{1,99})\d*' out of range")
_WORD = re.compile(r"[A-Za-z_]\w*")
_STATUS = re.compile(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$")
_ERROR = "ERROR"
_NO_KEY = "there is no "
_SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_MISSING = (
    "a policy asks a CEL expression, which needs a package that is not installed; "
    "run: pip install 'fleetsync[policies]'"
)


class Fault(NamedTuple):
    """Where an expression cannot be compiled (1-based, 0: unknown), and why."""

    line: int
    column: int
    words: str


class BadExpressionError(Exception):
    """An expression that cannot be compiled. Never leaves the room."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults)
        self.faults = faults


class _Type(Protocol):
    """The type of a value."""

    def name(self) -> str:
        """Give its name."""


class _Value(Protocol):
    """What came of an expression, as far as it is used here."""

    def value(self) -> object:
        """Give it as a Python value; of an error, its words."""

    def type(self) -> _Type:
        """Give its type; an error is one of its own."""


class _Program(Protocol):
    """A compiled expression, as far as it is used here."""

    def eval(self, *, data: Mapping[str, object]) -> _Value:
        """Ask it; RuntimeError where the values cannot even be read."""


class Expression(NamedTuple):
    """A rule that is a CEL expression over ``name``.

    ``program`` is None where the extra is missing. ``context`` are the other names in its text:
    what it does not ask for need not be handed over, which takes its time.
    """

    name: str
    program: _Program | None
    context: tuple[str, ...] = ()

    def holds(self, asked: Asked, context: Mapping[str, object]) -> bool:
        """Tell whether it is true; CannotJudgeError where it has no answer."""
        self.require()
        try:
            data = {name: context[name] for name in self.context}
            data[self.name] = asked
            found = self.program.eval(data=data)  # type: ignore[union-attr]  # see require
            answer = found.value()
        except RuntimeError as error:
            raise CannotJudgeError(_plain(str(error))) from error
        if answer is True or answer is False:
            return answer
        if found.type().name() == _ERROR:
            raise CannotJudgeError(_plain(str(answer)))
        raise CannotJudgeError("it gives neither true nor false")

    def explain(self, asked: Asked) -> str:
        """Say nothing: what is wrong is what the policy's message says."""
        return ""

    def require(self) -> None:
        """Raise ExtraMissingError where CEL is not installed."""
        if self.program is None:
            raise ExtraMissingError(_MISSING)


def compile_expression(text: str, over: Over) -> Expression:
    """Compile an expression over what a policy is asked of; BadExpressionError if it is none."""
    try:
        # Only fleets with such a policy need it, and few have it.
        from cel_expr_python import cel  # noqa: PLC0415 - see above
        from cel_expr_python.ext import ext_math, ext_optional, ext_strings  # noqa: PLC0415
    except ImportError:
        return Expression(over.value, None)
    names = {**_CONTEXT, over.value: _MAP}
    variables = {name: cel.Type(kind) for name, kind in names.items()}
    environment = cel.NewEnv(
        variables={**variables, "now": cel.Type.TIMESTAMP},
        extensions=[ext_strings.ExtStrings(), ext_optional.ExtOptional(), ext_math.ExtMath()],
    )
    try:
        program = environment.compile(text)
    except RuntimeError as error:
        raise BadExpressionError(_faults(str(error), [*names, "now"])) from error
    given = program.return_type()
    if given.name() not in {cel.Type.BOOL.name(), cel.Type.DYN.name()}:
        words = f"it must be true or false, but it gives {given.name().lower()}"
        raise BadExpressionError([Fault(0, 0, words)])
    asked_for = {*_CONTEXT, "now"}.intersection(_WORD.findall(text)) - {over.value}
    found = Expression(over.value, program, tuple(sorted(asked_for)))
    if over is Over.SUMMARY:
        _try_out(found)
    return found


def _try_out(expression: Expression) -> None:
    """Ask it about an empty plan: what has no such number has none in any plan."""
    numbers: dict[str, JSON] = dict.fromkeys(("create", "update", "delete"), 0)
    unmanaged: dict[str, JSON] = {"deviceTypes": 0, "devices": 0}
    calls: dict[str, JSON] = dict.fromkeys(
        ("read", "look", "write", "seconds", "callsPerSecond"), 1
    )
    summary: Asked = {
        "deviceTypes": numbers,
        "devices": numbers,
        "unmanaged": unmanaged,
        "apiCalls": calls,
    }
    context = {"summary": summary, "types": {}, "fleet": "", "org": "", "undo": False}
    try:
        expression.holds(summary, {**context, "now": _SOME_TIME})
    except CannotJudgeError as error:
        if str(error).startswith(_NO_KEY) and "types" not in expression.context:
            raise BadExpressionError([Fault(0, 0, f"{error}".partition(";")[0])]) from error


def _faults(text: str, names: list[str]) -> list[Fault]:
    found = [
        Fault(max(0, int(line)), max(0, int(column)), _compile_words(words, names))
        for line, column, words in _PLACE.findall(text)
        if "*error*" not in words  # what comes of another fault is none of its own
    ]
    return list(dict.fromkeys(found)) or [Fault(0, 0, _plain(text))]


def _compile_words(text: str, names: list[str]) -> str:
    words = shown(_STATUS.sub("", text.replace(" (in container '')", "")))
    return f"{words}; there are {', '.join(sorted(names))}" if "undeclared" in words else words


def _plain(text: str) -> str:
    """Give the words of an error on one line, without what they say of our own calls."""
    words = shown(_STATUS.sub("", _STATUS.sub("", text)).strip())
    if words.startswith("Key not found in map : "):
        return f"{_NO_KEY}{words.removeprefix('Key not found in map : ')}; ask for it with has()"
    large = _TOO_LARGE.match(words)
    if large:
        return f"{large[1]} is too large a number"
    if words.startswith("basic_string"):
        return "a text in it is no valid Unicode"
    return words[:300]
