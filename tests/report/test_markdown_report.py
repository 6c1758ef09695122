from __future__ import annotations

from pathlib import Path

import pytest

from fleetsync.apply.outcome import Outcome, Status
from fleetsync.errors import SecretsError
from fleetsync.plan import Plan
from fleetsync.report.markdown.report import report_markdown
from fleetsync.report.outcome import Report, make_report
from tests.golden import agreed
from tests.report import sample
from tests.report.markdown_plans import HOSTILE

GOLDEN = Path(__file__).parent.parent / "cases" / "markdown"
WAYS = {"again": "fleetsync plan, then fleetsync apply", "whole": "fleetsync journal -v"}


def report_of(plan: Plan, statuses: list[Status], reason: str) -> Report:
    outcomes = [
        Outcome(change, statuses[number % len(statuses)], reason)
        for number, change in enumerate(plan.changes)
    ]
    return make_report(plan, outcomes, fatal=None, calls=7, secrets_file="secrets/tokens.jsonl")


def partly() -> Report:
    ends = [Status.DONE, Status.FAILED, Status.NOT_TRIED, Status.ALREADY]
    return report_of(sample.changed(), ends, "the org refused it (400 CUDIM0007E)")


def hostile() -> Report:
    report = report_of(sample.first(), [Status.FAILED], HOSTILE)
    plan = report.plan._replace(org=HOSTILE, undoes=HOSTILE)
    return report._replace(plan=plan, fatal=SecretsError(HOSTILE))


def done() -> Report:
    return report_of(sample.first(), [Status.DONE], "")


REPORTS = {"done": done, "partly": partly, "hostile": hostile}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_reads_as_it_was_agreed(name: str) -> None:
    text = report_markdown(REPORTS[name](), **WAYS, max_bytes=65_000)
    assert text == agreed(GOLDEN / f"report-{name}.md", text)


@pytest.mark.parametrize("size", [4_000, 65_000])
def test_a_report_is_never_longer_than_asked_for(size: int) -> None:
    report = report_of(sample.large(), [Status.FAILED], "refused")
    outcomes = [
        each._replace(reason=f"refused {n * 7919}") for n, each in enumerate(report.outcomes)
    ]
    long = report._replace(outcomes=tuple(outcomes))
    text = report_markdown(long, **WAYS, max_bytes=size)
    assert len(text.encode("utf-8")) <= size
    assert "1,062 changes: 0 done, 0 already so, 1,062 failed, 0 not tried.\n" in text
    assert ("All of it shows `fleetsync journal -v`." in text) is (size == 4_000)


def test_those_that_failed_for_the_same_reason_are_named_as_ranges() -> None:
    report = report_of(sample.large(), [Status.FAILED], "refused")
    text = report_markdown(report, **WAYS, max_bytes=65_000)
    assert "\n+ d-{000..039} (40 devices)\n# refused\n" in text


def test_nothing_done_is_said() -> None:
    report = make_report(sample.empty(), [], fatal=None, calls=0, secrets_file="")
    text = report_markdown(report, **WAYS, max_bytes=65_000)
    assert text.splitlines()[3:] == ["Nothing changed.", "", "API calls: 0."]
