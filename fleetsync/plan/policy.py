"""Hold what the policies of a fleet say to a plan, as it is shown and saved with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from fleetsync.model import JSON, Source
from fleetsync.plan.limits import Refusal, RefusalCode

MAX_FINDINGS = 1000
"""So many findings of a policy are kept, the first by name; the rest is counted."""
_NAMED = 3
"""How many findings a refusal names before it only counts."""
_SAID = 200
"""Characters of what a finding says that a refusal repeats."""


class Severity(StrEnum):
    """What a violation means: the plan is refused, a reviewer is warned, or it is only shown."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class PolicyStatus(StrEnum):
    """What a policy said: all is well, something violates it, or it could not be judged."""

    PASSED = "passed"
    VIOLATED = "violated"
    FAILED = "failed"


class Finding(NamedTuple):
    """One thing that violates a policy, or that it could not judge.

    ``name`` is a type's id or ``type/device``, None where it is about the plan as a whole;
    ``source`` is where that is declared. ``words`` say more, if there is more to say.
    """

    name: str | None
    source: Source | None
    words: str


class PolicyOutcome(NamedTuple):
    """What came of one policy; ``source`` is its place in fleet.yaml.

    ``total`` counts the findings, of which ``findings`` holds the first. What could not be judged
    counts as violated, at the policy's severity: nothing passes silently.
    """

    name: str
    severity: Severity
    status: PolicyStatus
    message: str
    source: Source
    total: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def refuses(self) -> bool:
        """Tell whether the plan must not be applied."""
        return self.severity is Severity.ERROR and self.status is not PolicyStatus.PASSED


def policy_refusals(outcomes: Iterable[PolicyOutcome]) -> tuple[Refusal, ...]:
    """Give a refusal for each policy of severity error that is violated or could not be judged."""
    return tuple(
        Refusal(RefusalCode.POLICY, _refusal_words(outcome))
        for outcome in outcomes
        if outcome.refuses
    )


def _refusal_words(outcome: PolicyOutcome) -> str:
    failed = outcome.status is PolicyStatus.FAILED
    what = "could not be judged" if failed else "is violated"
    place = f"{outcome.source.file}:{outcome.source.line}"
    return (
        f"policy {outcome.name} {what}: {outcome.message}{_about(outcome)}."
        f" Mend that, or change the policy in {place}"
    )


def _about(outcome: PolicyOutcome) -> str:
    """Name the first findings and count the others."""
    told = list(filter(None, map(_told, outcome.findings[:_NAMED])))
    if not told:
        return ""
    more = outcome.total - len(told)
    words = "; ".join([*told, f"{more:,} more"] if more else told)
    return f" ({words})"


def _told(finding: Finding) -> str:
    """Name whom a finding is about; what it says stands with the outcome."""
    if finding.name is None:
        long = len(finding.words) > _SAID
        return f"{finding.words[:_SAID]}..." if long else finding.words
    place = finding.source
    return finding.name if place is None else f"{finding.name} in {place.file}:{place.line}"


def policy_document(outcome: PolicyOutcome) -> dict[str, JSON]:
    """Give an outcome as the document of a plan writes it."""
    return {
        "name": outcome.name,
        "severity": outcome.severity.value,
        "status": outcome.status.value,
        "message": outcome.message,
        "source": _place(outcome.source),
        "count": outcome.total,
        "findings": [
            {"key": each.name, "source": _place(each.source), "words": each.words}
            for each in outcome.findings
        ],
    }


def _place(source: Source | None) -> dict[str, JSON] | None:
    return None if source is None else {"file": source.file, "line": source.line}


def read_outcomes(documents: Iterable[Mapping[str, Any]]) -> tuple[PolicyOutcome, ...]:
    """Read what ``policy_document`` wrote; KeyError, TypeError or ValueError for anything else."""
    return tuple(map(_read_outcome, documents))


def _read_outcome(document: Mapping[str, Any]) -> PolicyOutcome:
    outcome = PolicyOutcome(
        _text(document["name"]),
        Severity(document["severity"]),
        PolicyStatus(document["status"]),
        _text(document["message"]),
        _source(document["source"]),
        _number(document["count"]),
        tuple(map(_read_finding, document["findings"])),
    )
    passed = outcome.status is PolicyStatus.PASSED
    if passed is not (outcome.total == 0) or len(outcome.findings) > outcome.total:
        raise ValueError("the findings of a policy are not those of its status")
    return outcome


def _read_finding(document: Mapping[str, Any]) -> Finding:
    key, source = document["key"], document["source"]
    return Finding(
        None if key is None else _text(key),
        None if source is None else _source(source),
        _text(document["words"]),
    )


def _source(document: Mapping[str, Any]) -> Source:
    return Source(_text(document["file"]), _number(document["line"]))


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(value)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
