"""Hold the policies of a fleet, ready to be asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from fnmatch import translate
from typing import NamedTuple, Protocol

from fleetsync.model import JSON, Source
from fleetsync.plan.policy import Severity

Asked = dict[str, JSON]
"""What a policy is asked of, as a JSON object."""


class CannotJudgeError(Exception):
    """A policy has no answer; its text says why. Never leaves the room."""


class Over(StrEnum):
    """What a policy is asked of."""

    DEVICE = "device"
    DEVICE_TYPE = "deviceType"
    CHANGE = "change"
    SUMMARY = "summary"


class Rule(Protocol):
    """A schema or an expression, compiled."""

    def holds(self, asked: Asked, context: Mapping[str, object]) -> bool:
        """Tell whether ``asked`` is as it must be; CannotJudgeError where nobody can tell."""

    def explain(self, asked: Asked) -> str:
        """Say what is wrong with something that the rule does not hold for, if it can."""

    def require(self) -> None:
        """Raise ExtraMissingError where a package is missing that the rule needs."""


class When(NamedTuple):
    """Of what alone a policy is asked: empty means any; ids are patterns such as ``pump*``."""

    actions: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    type_id: re.Pattern[str] | None = None
    device_id: re.Pattern[str] | None = None

    def fits(self, asked: Asked) -> bool:
        """Tell whether a policy is asked of this; only a change has an action and a kind."""
        if self.actions and asked.get("action") not in self.actions:
            return False
        if self.kinds and asked.get("kind") not in self.kinds:
            return False
        return _fits(self.type_id, asked.get("typeId")) and _fits(
            self.device_id, asked.get("deviceId")
        )


def _fits(pattern: re.Pattern[str] | None, name: JSON) -> bool:
    return pattern is None or (isinstance(name, str) and pattern.match(name) is not None)


def id_pattern(globs: list[str]) -> re.Pattern[str] | None:
    """Make one pattern of globs; None of none."""
    return re.compile("|".join(map(translate, globs))) if globs else None


class Ask(NamedTuple):
    """A rule, and what it is asked of."""

    over: Over
    rule: Rule
    when: When


class Command(NamedTuple):
    """A program that reads the plan; ``environment`` names the variables that it may see."""

    words: tuple[str, ...]
    timeout: float
    environment: tuple[str, ...] = ()


class Policy(NamedTuple):
    """One policy of fleet.yaml; ``source`` is where it stands there.

    ``file`` is the schema or program that it names, relative to the folder of fleet.yaml.
    """

    name: str
    message: str
    severity: Severity
    source: Source
    test: Ask | Command
    file: str | None = None
