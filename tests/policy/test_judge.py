"""Laws of judging: the order of what is asked does not count, and what is kept is bounded."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.model import DesiredFleet, LiveFleet, Source
from fleetsync.model.value import EMPTY
from fleetsync.plan.plan import with_policies
from fleetsync.plan.policy import (
    MAX_FINDINGS,
    Finding,
    PolicyOutcome,
    PolicyStatus,
    Severity,
    policy_document,
    policy_refusals,
    read_outcomes,
)
from fleetsync.policy.expression import compile_expression
from fleetsync.policy.judge import Matter, judge
from fleetsync.policy.policy import Ask, Over, Policy, When
from tests.policy.judging import THURSDAY
from tests.report.sample import device, device_type, plan_of

RULES = {
    Over.DEVICE: "device.metadata.n < 5 && device.metadata.known",
    Over.CHANGE: "change.kind == 'deviceType' || change.after.metadata.n < 5",
    Over.SUMMARY: "summary.devices.create < 3",
}
ASKED = [
    Policy(
        over.value,
        "m",
        Severity.ERROR,
        Source("fleet.yaml", 4),
        Ask(over, compile_expression(text, over), When()),
    )
    for over, text in RULES.items()
]
METADATA = st.fixed_dictionaries({"n": st.integers(0, 9)}, optional={"known": st.booleans()})


def matter(devices: dict[str, Any]) -> Matter:
    declared = [device("pump", name, metadata=metadata) for name, metadata in devices.items()]
    made = plan_of([device_type("pump")], declared, [], [])
    desired = made_from(declared)
    return Matter(made, desired, LiveFleet("abc123", {}, {"pump": {}}), THURSDAY)


def made_from(declared: list[Any]) -> DesiredFleet:
    return DesiredFleet(
        types={"pump": device_type("pump")},
        devices={"pump": {each.device_id: each for each in declared}},
        removed_types=EMPTY,
        digest="sha256:" + "0" * 64,
    )


@given(st.dictionaries(st.sampled_from([f"p-{n}" for n in range(9)]), METADATA), st.randoms())
def test_the_order_of_the_fleet_does_not_count(devices: dict[str, Any], shuffle: Any) -> None:
    names = list(devices)
    shuffle.shuffle(names)
    assert judge(ASKED, matter({name: devices[name] for name in names})) == judge(
        ASKED, matter(devices)
    )


def test_of_many_findings_the_first_by_name_are_kept_and_all_are_counted() -> None:
    count = 2 * MAX_FINDINGS + 500
    found = judge(ASKED[:1], matter({f"p-{n:05}": {"n": 9} for n in reversed(range(count))}))
    outcome = found["device"]
    assert (outcome.total, len(outcome.findings)) == (count, MAX_FINDINGS)
    assert outcome.findings[0].name == "pump/p-00000"
    assert outcome.findings[-1].name == f"pump/p-{MAX_FINDINGS - 1:05}"


def outcome(
    status: PolicyStatus, severity: Severity, *findings: Finding, total: int = 0
) -> PolicyOutcome:
    return PolicyOutcome(
        "owner",
        severity,
        status,
        "all have owners",
        Source("fleet.yaml", 7),
        total or len(findings),
        findings,
    )


SOME = Finding("pump/p-1", Source("a.yaml", 3), "metadata: 'owner' is a required property")


def test_a_violated_error_names_who_violates_it_and_the_way_out() -> None:
    many = outcome(PolicyStatus.VIOLATED, Severity.ERROR, SOME, SOME, SOME, SOME, total=1200)
    assert [refusal.message for refusal in policy_refusals([many])] == [
        "policy owner is violated: all have owners (pump/p-1 in a.yaml:3; pump/p-1 in a.yaml:3;"
        " pump/p-1 in a.yaml:3; 1,197 more). Mend that, or change the policy in fleet.yaml:7"
    ]
    failed = outcome(
        PolicyStatus.FAILED, Severity.ERROR, Finding(None, None, "cannot be judged: no")
    )
    assert [refusal.message for refusal in policy_refusals([failed])] == [
        "policy owner could not be judged: all have owners (cannot be judged: no)."
        " Mend that, or change the policy in fleet.yaml:7"
    ]


def test_no_grant_of_deletes_lifts_a_policy() -> None:
    (refusal,) = policy_refusals([outcome(PolicyStatus.VIOLATED, Severity.ERROR, SOME)])
    assert refusal.stands(1_000_000)


@pytest.mark.parametrize("severity", [Severity.WARNING, Severity.NOTE])
@pytest.mark.parametrize("status", [PolicyStatus.VIOLATED, PolicyStatus.FAILED])
def test_other_severities_refuse_nothing(severity: Severity, status: PolicyStatus) -> None:
    assert policy_refusals([outcome(status, severity, SOME)]) == ()


def test_policies_do_not_alter_the_digest_of_a_plan() -> None:
    made = matter({"p-1": {"n": 1}}).plan
    judged = with_policies(made, [outcome(PolicyStatus.VIOLATED, Severity.ERROR, SOME)])
    assert judged.digest == made.digest
    assert [refusal.code.value for refusal in judged.refusals] == ["policy"]


@pytest.mark.parametrize(
    "found",
    [
        outcome(PolicyStatus.PASSED, Severity.NOTE),
        outcome(PolicyStatus.VIOLATED, Severity.ERROR, SOME, total=5),
        outcome(PolicyStatus.FAILED, Severity.WARNING, Finding(None, None, "\x1b[2J")),
    ],
)
def test_an_outcome_is_read_back_as_it_was_written(found: PolicyOutcome) -> None:
    assert read_outcomes([policy_document(found)]) == (found,)


GOOD = policy_document(outcome(PolicyStatus.VIOLATED, Severity.ERROR, SOME))


@pytest.mark.parametrize(
    "bad",
    [
        {"severity": "fatal"},
        {"status": "passed"},
        {"count": 0},
        {"count": -1},
        {"count": True},
        {"count": "1"},
        {"message": None},
        {"source": None},
        {"findings": [{"key": 1, "source": None, "words": ""}]},
        {"findings": [{"key": None, "source": None}]},
        {"findings": GOOD["findings"] * 2},  # type: ignore[operator]  # it is a list
    ],
)
def test_an_outcome_of_another_form_is_not_read(bad: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        read_outcomes([{**GOOD, **bad}])
