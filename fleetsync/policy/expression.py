"""Compile and ask CEL expressions; the only user of cel-expr-python."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from fleetsync.errors import ExtraMissingError
from fleetsync.escape import shown
from fleetsync.policy.policy import Asked, CannotJudgeError, Over

_MAP = "map<string,dyn>"
_CONTEXT = {"summary": _MAP, "fleet": "string", "org": "string", "undo": "bool"}
"""What every expression may ask for, besides ``now`` and what it is asked of."""
_PLACE = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): ([^\n]*)")
_STATUS = re.compile(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$")
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


class _Value(Protocol):
    """What came of an expression, as far as it is used here."""

    def value(self) -> object:
        """Give it as a Python value; of an error, its words."""


class _Program(Protocol):
    """A compiled expression, as far as it is used here."""

    def eval(self, *, data: Mapping[str, object]) -> _Value:
        """Ask it; RuntimeError where the values cannot even be read."""


class Expression(NamedTuple):
    """A rule that is a CEL expression; ``program`` is None where the extra is missing."""

    name: str
    program: _Program | None

    def holds(self, asked: Asked, context: Mapping[str, object]) -> bool:
        """Tell whether it is true; CannotJudgeError where it has no answer."""
        self.require()
        try:
            answer = self.program.eval(data={**context, self.name: asked}).value()  # type: ignore[union-attr]  # see require
        except RuntimeError as error:
            raise CannotJudgeError(_plain(str(error))) from error
        if answer is True or answer is False:
            return answer
        if isinstance(answer, str):
            raise CannotJudgeError(_plain(answer))
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
    return Expression(over.value, program)


def _faults(text: str, names: list[str]) -> list[Fault]:
    found = [
        Fault(max(0, int(line)), max(0, int(column)), _compile_words(words, names))
        for line, column, words in _PLACE.findall(text)
    ]
    return list(dict.fromkeys(found)) or [Fault(0, 0, _plain(text))]


def _compile_words(text: str, names: list[str]) -> str:
    words = shown(_STATUS.sub("", text.replace(" (in container '')", "")))
    return f"{words}; there are {', '.join(sorted(names))}" if "undeclared" in words else words


def _plain(text: str) -> str:
    """Give the words of an error on one line, without what they say of our own calls."""
    words = shown(_STATUS.sub("", _STATUS.sub("", text)).strip())
    if words.startswith("Key not found in map : "):
        return f"there is no {words.removeprefix('Key not found in map : ')}; ask for it with has()"
    if words.startswith("basic_string"):
        return "a text in it is no valid Unicode"
    return words[:300]
