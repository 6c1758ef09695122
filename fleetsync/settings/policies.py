"""Read the policies of fleet.yaml, compiled and ready; each problem at its place."""

from __future__ import annotations

import json
import os
from functools import partial
from shutil import which
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from fleetsync.errors import Problem
from fleetsync.manifest.document import parse_yaml
from fleetsync.manifest.file import OutsideError, inner_path, read_file
from fleetsync.manifest.schema import checker
from fleetsync.manifest.words import quote
from fleetsync.model import Source
from fleetsync.plan.policy import Severity
from fleetsync.policy.expression import BadExpressionError, compile_expression
from fleetsync.policy.fitting import BadSchemaError, compile_fitting
from fleetsync.policy.policy import Ask, Command, Over, Policy, When, id_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleetsync.manifest.places import Subject
    from fleetsync.model import JSON
    from fleetsync.policy.policy import Rule

    Item: TypeAlias = dict[str, Any]  # Any: the schema has seen to the types

_SECONDS = 60
_YAML = (".yaml", ".yml")


class Read(NamedTuple):
    """The policies that could be read, and what is wrong with the others."""

    policies: tuple[Policy, ...]
    problems: tuple[Problem, ...]


class _NotReadError(Exception):
    """A policy with problems. Never leaves this module."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems)
        self.problems = problems


def read_policies(value: JSON, subject: Subject, folder: Path) -> Read:
    """Read the policies of a settings file; what does not fit its schema is passed over.

    Files that they name are inside ``folder``.
    """
    items = value.get("policies") if isinstance(value, dict) else None
    policies: list[Policy] = []
    problems: list[Problem] = []
    names: dict[str, int] = {}
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if not isinstance(item, dict) or not checker("fleet", "policy")(item):
            continue
        own = subject._replace(path=("policies", index))
        try:
            problems += _repeated(item, own, names)
            policies.append(_policy(item, own, folder))
        except _NotReadError as error:
            problems += error.problems
    return Read(tuple(policies), tuple(problems))


def _repeated(item: Item, subject: Subject, names: dict[str, int]) -> Iterator[Problem]:
    name = item["name"]
    if name in names:
        line = names[name]
        words = f"a policy named {quote(name)} stands in line {line} already: name it otherwise"
        yield _problem(subject, words, "name")
    names.setdefault(name, subject.places.value(subject.path).line)


def _policy(item: Item, subject: Subject, folder: Path) -> Policy:
    test = _command(item, subject, folder) if "command" in item else _ask(item, subject, folder)
    return Policy(
        item["name"],
        item["message"],
        Severity(item.get("severity", "error")),
        Source(subject.file, subject.places.value(subject.path).line),
        test,
        _file(item),
    )


def _file(item: Item) -> str | None:
    """Give the path that a policy names; a program without a slash is looked for in PATH."""
    named = item["command"][0] if "command" in item else item.get("schema")
    if not isinstance(named, str) or ("command" in item and "/" not in named):
        return None
    return named


def _command(item: Item, subject: Subject, folder: Path) -> Command:
    problems = _misplaced(item, subject, "a command reads the whole plan", "over", "when")
    words, seconds = item["command"], item.get("timeoutSeconds", _SECONDS)
    fault = _program_fault(words[0], folder)
    if fault:
        problems.append(_problem(subject, f"command {fault}", "command", 0))
    if problems:
        raise _NotReadError(*problems)
    return Command(tuple(words), float(seconds), tuple(item.get("environment", ())))


def _program_fault(word: str, folder: Path) -> str:
    """Say why a program cannot be started; one that PATH shall find is looked for when it is."""
    if not word:
        return "must begin with the name of a program"
    path = folder / word
    if "/" not in word and path.is_file() and which(word) is None:
        return f"{quote(word)} is looked for in PATH: write {quote(f'./{word}')}"
    if "/" not in word or (os.access(path, os.X_OK) and path.is_file()):
        return ""
    if path.is_file():
        return f"{quote(word)} may not be run: chmod +x it"
    return f"{quote(word)} names no file in the folder of fleet.yaml: correct the path"


def _ask(item: Item, subject: Subject, folder: Path) -> Ask:
    problems = _misplaced(item, subject, "it belongs to a command", "timeoutSeconds", "environment")
    if "over" not in item:
        words = 'this policy needs "over": add device, deviceType, change or summary'
        raise _NotReadError(*problems, _problem(subject, words))
    over = Over(item["over"])
    problems += _when_problems(item, subject, over)
    try:
        rule = _rule(item, over, subject, folder)
    except _NotReadError as error:
        raise _NotReadError(*problems, *error.problems) from error
    if problems:
        raise _NotReadError(*problems)
    return Ask(over, rule, _when(item.get("when", {})))


def _rule(item: Item, over: Over, subject: Subject, folder: Path) -> Rule:
    if "cel" in item:
        return _expression(item["cel"], over, subject)
    return _fitting(item["schema"], subject, folder)


def _when(when: Item) -> When:
    return When(
        frozenset(_several(when, "action")),
        frozenset(_several(when, "kind")),
        id_pattern(_several(when, "typeId")),
        id_pattern(_several(when, "deviceId")),
    )


def _when_problems(item: Item, subject: Subject, over: Over) -> list[Problem]:
    when: Item = item.get("when", {})
    inner = subject._replace(path=(*subject.path, "when"))
    if over is Over.SUMMARY:
        return _misplaced(item, subject, "there is only one summary", "when")
    if over is Over.CHANGE:
        return []
    problems = _misplaced(when, inner, "only a change has it", "action", "kind")
    if over is Over.DEVICE_TYPE:
        problems += _misplaced(when, inner, "a device type has none", "deviceId")
    return problems


def _several(when: Item, key: str) -> list[str]:
    found = when.get(key, [])
    return [found] if isinstance(found, str) else list(found)


def _misplaced(item: Item, subject: Subject, why: str, *keys: str) -> list[Problem]:
    """Find keys that say nothing where they stand, so that nobody believes that they do."""
    return [
        subject.problem(
            subject.places.key((*subject.path, key)), f"take {quote(key)} out here: {why}"
        )
        for key in keys
        if key in item
    ]


def _expression(text: str, over: Over, subject: Subject) -> Rule:
    try:
        return compile_expression(text, over)
    except BadExpressionError as error:
        problems = [
            _problem(subject, f"cel{_where(fault.line, fault.column)}: {fault.words}", "cel")
            for fault in error.faults
        ]
        raise _NotReadError(*problems) from error


def _where(line: int, column: int) -> str:
    if not line:
        return ""
    return f" at character {column}" if line == 1 else f" in its line {line}, character {column}"


def _fitting(schema: JSON, subject: Subject, folder: Path) -> Rule:
    """Compile a schema that stands here, or in a file."""
    problem = partial(_problem, subject)
    at: tuple[str | int, ...] = ("schema",)
    told = "schema"
    if isinstance(schema, str):
        told = f"schema file {quote(schema)}"
        schema = _schema_file(schema, subject, folder)
    if not isinstance(schema, (dict, bool)):
        raise _NotReadError(problem(f"{told} must hold a mapping", *at))
    try:
        return compile_fitting(schema)
    except RecursionError as error:
        raise _NotReadError(problem(f"{told} is nested too deeply", *at)) from error
    except BadSchemaError as error:
        inline = told == "schema"
        raise _NotReadError(
            *(
                problem(f"{told}: {fault.words}", *at, *fault.path)
                if inline
                else problem(f"{told}: {_pointer(fault.path)}{fault.words}", *at)
                for fault in error.faults
            )
        ) from error


def _pointer(path: tuple[str | int, ...]) -> str:
    return f"#/{'/'.join(map(str, path))}: " if path else ""


def _schema_file(text: str, subject: Subject, folder: Path) -> JSON:
    problem = partial(_problem, subject)
    try:
        data = read_file(inner_path(folder, text))
    except OutsideError as error:
        raise _NotReadError(problem(f"schema {error}", "schema")) from None
    except OSError as error:
        reason = error.strerror or "unknown reason"
        words = f"schema file {quote(text)} cannot be read: {reason}: correct the path"
        raise _NotReadError(problem(words, "schema")) from error
    if text.endswith(_YAML):
        parsed = parse_yaml(data, file=text)
        if parsed.problems:
            raise _NotReadError(*parsed.problems)
        return parsed.documents[0].value if len(parsed.documents) == 1 else None
    try:
        found: JSON = json.loads(data)
    except json.JSONDecodeError as error:
        raise _NotReadError(
            Problem(text, error.lineno, error.colno, f"no JSON: {error.msg}")
        ) from error
    except (ValueError, RecursionError) as error:
        raise _NotReadError(Problem(text, 1, 1, "this is no JSON in UTF-8")) from error
    return found


def _problem(subject: Subject, words: str, *path: str | int) -> Problem:
    return subject.problem(subject.places.value((*subject.path, *path)), words)
