"""Whatever goes wrong, every change has one end, no token is lost and the next run goes on."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleetsync.apply import Outcome, Status
from fleetsync.emulator.switches import parse_switches
from fleetsync.errors import InterruptedRunError
from fleetsync.plan import Plan
from tests.api.hostile import Asked, Hangup, reply
from tests.apply.front import ANSWERS, Forward, Front, Twist, ends, open_front, refusal

TYPES: list[dict[str, Any]] = [{"id": "pump", "metadata": {"k": 1}}, {"id": "hub"}]
OLD: dict[str, Any] = {
    "deviceTypes": [*TYPES, {"id": "old"}],
    "devices": [
        *({"typeId": "pump", "deviceId": f"stays-{n}", "metadata": {"n": 1}} for n in range(3)),
        *({"typeId": "pump", "deviceId": f"goes-{n}"} for n in range(3)),
        {"typeId": "old", "deviceId": "o-1"},
    ],
}
NEW: dict[str, Any] = {
    "deviceTypes": [
        {"id": "pump", "metadata": {"k": 2}},
        {"id": "hub", "description": "x"},
        {"id": "new", "deviceInfo": {"model": "N"}},
    ],
    "devices": [
        *(
            {
                "typeId": "pump",
                "deviceId": f"stays-{n}",
                "metadata": {"n": 2},
                "location": {"latitude": n, "longitude": 1},
            }
            for n in range(3)
        ),
        *({"typeId": "new", "deviceId": f"n-{n}", "deviceInfo": {"model": ""}} for n in range(3)),
        {"typeId": "hub", "deviceId": "h-1", "status": {"alert": {"enabled": True}}},
    ],
    "removedDeviceTypes": ["old"],
}
FAULTS: list[ANSWERS | str] = [
    refusal(400),
    refusal(403),
    reply(403, b""),
    reply(401, b""),
    refusal(404),
    refusal(409),
    refusal(413),
    refusal(429),
    refusal(500),
    reply(503, b"<html>"),
    reply(200, b"<html>"),
    reply(200, {}),
    reply(202, []),
    reply(200, [{"success": True}]),
    Hangup(),
    "after",
    "after",
]


def mischief(seed: int, share: float) -> Twist:
    """Answer a share of the requests with one fault or another, some after the org has acted."""
    dice = random.Random(seed)  # noqa: S311  # nothing secret hangs on it

    def twist(asked: Asked, forward: Forward) -> ANSWERS | None:
        if dice.random() >= share:
            return None
        fault = dice.choice(FAULTS)
        if asked.method == "GET" and fault == refusal(404):
            return None  # an org that hides what it has can make anybody believe anything
        if asked.method == "DELETE" and isinstance(fault, bytes) and b" 20" in fault[:12]:
            return None  # and so can one that says 200 for what it did not do
        if isinstance(fault, bytes | Hangup):
            return fault
        forward()
        lost: list[ANSWERS] = [Hangup(), refusal(502), reply(200, b"<html>")]
        return dice.choice(lost)

    return twist


def names(plan: Plan) -> list[str]:
    return sorted(change.name for change in (*plan.changes, *plan.records))


def assert_each_ended_once(plan: Plan, outcomes: list[Outcome]) -> None:
    assert sorted(outcome.change.name for outcome in outcomes) == names(plan)
    for outcome in outcomes:
        silent = outcome.status is Status.DONE
        assert silent or outcome.reason or outcome.status is Status.ALREADY, outcome.change.name


def assert_no_token_is_lost(front: Front, platform: bool) -> None:
    kept = front.tokens()
    for name in front.snapshot["devices"]:
        type_id, device_id = name.split("/")
        good = name in kept and front.org.state.check_token(type_id, device_id, kept[name])
        assert good or platform, name


@given(
    seed=st.integers(0, 10_000),
    share=st.sampled_from([0.05, 0.2, 0.5]),
    stop_after=st.none() | st.integers(1, 12),
    platform=st.booleans(),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_change_ends_once_and_no_token_is_lost_whatever_the_org_does(
    seed: int, share: float, stop_after: int | None, platform: bool
) -> None:
    with TemporaryDirectory() as folder, open_front(Path(folder)) as front:
        front.platform_tokens = platform
        front.write(OLD)
        assert Counter(o.status for o in front.run()) == {Status.DONE: 10}
        front.write(NEW)
        plan = front.plan()
        front.twists = [mischief(seed, share)]
        outcomes = front.run(plan, stop_after)
        assert_each_ended_once(plan, outcomes)
        assert_no_token_is_lost(front, platform)
        left = {o.change.name for o in outcomes if o.status in (Status.FAILED, Status.NOT_TRIED)}
        front.twists = []
        again = front.plan()
        assert set(names(again)) <= left, "what is reported as done is done"
        assert Counter(ends(front.run(again)).values()) <= Counter(["done"] * 20)
        assert names(front.plan()) == []
        assert_no_token_is_lost(front, platform)
        stale = set(front.tokens()) - set(front.snapshot["devices"])
        assert stale <= {name for name in left if "goes" in name or name == "old/o-1"}


@given(st.sampled_from(["merge", "replace"]), st.sampled_from(["dropped", "stored"]))
@settings(max_examples=4, deadline=None)
def test_an_interrupt_between_any_two_changes_is_told_truthfully(put: str, empty: str) -> None:
    switches = parse_switches([f"metadataPut={put}", f"emptyInfo={empty}"])
    for stop_after in (1, 2, 3):
        with TemporaryDirectory() as folder, open_front(Path(folder), switches) as front:
            front.write(OLD)
            plan = front.plan()
            outcomes = front.run(plan, stop_after)
            assert_each_ended_once(plan, outcomes)
            assert isinstance(front.fatal, InterruptedRunError)
            assert ends(outcomes)["pump/goes-0"] == "notTried: interrupted before it was begun"
            assert sum(o.status is Status.DONE for o in outcomes) == stop_after
            assert front.tokens() == {}
            assert len(names(front.plan())) == 10 - stop_after
