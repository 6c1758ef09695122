"""Say on a page what the policies say to a plan: a list for each that is not kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fleetsync.plan.policy import PolicyOutcome, PolicyStatus, Severity
from fleetsync.report.policies import finding_text, title
from fleetsync.report.words import counted

_FINDINGS = 100
"""So many findings of a policy are told at most; the plan itself has more."""

Messages = tuple[str, str, Sequence[str]]
"""A list of messages as (class, title, words)."""


def policy_lists(outcomes: Sequence[PolicyOutcome]) -> Iterator[Messages]:
    """Give a list for each policy that is violated or could not be judged, with its findings."""
    for outcome in outcomes:
        if outcome.status is not PolicyStatus.PASSED:
            css = "refused" if outcome.severity is Severity.ERROR else "warning"
            yield css, f"Policy {title(outcome)}", _words(outcome)


def _words(outcome: PolicyOutcome) -> list[str]:
    findings = [each for each in outcome.findings if each.name or each.words]
    if not findings:
        return ["this is about the plan as a whole"]
    more = outcome.total - len(findings[:_FINDINGS])
    rest = [f"... and {counted(more, 'more finding', 'more findings')}"] if more else []
    return [*map(finding_text, findings[:_FINDINGS]), *rest]
