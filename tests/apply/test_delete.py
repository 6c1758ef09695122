"""Delete, look before believing, and give up a token only when its device is seen to be gone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fleetsync.emulator.switches import Switches, parse_switches
from fleetsync.journal.run import read_run
from tests.api.hostile import Asked, Hangup, reply
from tests.apply.front import ANSWERS, Forward, Front, after, altered, ends, on, refusal

REMOVE = "POST /bulk/devices/remove"
D1 = "/device/types/pump/devices/p-1"
OLD: dict[str, Any] = {
    "deviceTypes": [{"id": "pump"}, {"id": "fan"}],
    "devices": [
        *({"typeId": "pump", "deviceId": f"p-{number}"} for number in range(3)),
        {"typeId": "fan", "deviceId": "f-1"},
    ],
}
NEW: dict[str, Any] = {
    "deviceTypes": [{"id": "fan"}],
    "devices": OLD["devices"][3:],
    "removedDeviceTypes": ["pump"],
}
ALL_GONE = dict.fromkeys(["pump/p-0", "pump/p-1", "pump/p-2", "pump"], "done")


@pytest.fixture
def org(front: Front) -> Front:
    front.write(OLD)
    front.run()
    front.write(NEW)
    front.asked.clear()
    return front


def test_devices_go_in_one_request_and_their_type_after_them(org: Front) -> None:
    assert ends(org.run()) == ALL_GONE
    assert org.writes() == [REMOVE, "DELETE /device/types/pump"]
    assert org.tokens().keys() == {"fan/f-1"}
    assert org.plan().changes == ()


def keep_all(asked: Asked, forward: Forward) -> ANSWERS | None:
    """Say that all is removed, and remove nothing."""
    if f"{asked.method} {asked.path}" != REMOVE:
        return None
    items = json.loads(asked.content)
    return reply(202, [{**item, "success": True} for item in items])


def test_a_device_that_is_there_in_spite_of_success_keeps_its_token_and_its_type(
    org: Front,
) -> None:
    before = org.tokens()
    org.twists = [keep_all]
    lie = "failed: the org said it removed it, but still shows it; run again"
    kept = "notTried: some of its devices could not be deleted"
    told = dict.fromkeys(["pump/p-0", "pump/p-1", "pump/p-2"], lie)
    assert ends(org.run()) == {**told, "pump": kept}
    assert org.tokens() == before
    org.twists = []
    assert ends(org.run()) == ALL_GONE


def test_what_the_org_says_against_one_removal_is_told(org: Front) -> None:
    org.twists = [
        altered(
            REMOVE,
            lambda items: [{**i, "success": i["deviceId"] != "p-1", "why": "busy"} for i in items],
        ),
        on(f"GET {D1}", reply(200, {"typeId": "pump", "deviceId": "p-1"})),
    ]
    told = ends(org.run())
    assert told["pump/p-1"] == 'failed: {"why": "busy"}'
    assert told["pump/p-0"] == "done"
    assert org.tokens().keys() == {"pump/p-1", "fan/f-1"}


@pytest.mark.parametrize("answer", [Hangup(), refusal(502), reply(202, b"<html>"), reply(202, {})])
def test_a_removal_whose_answer_is_lost_is_looked_at(org: Front, answer: bytes | Hangup) -> None:
    org.twists = [after(REMOVE, answer)]
    assert ends(org.run()) == ALL_GONE
    assert org.tokens().keys() == {"fan/f-1"}


@pytest.mark.parametrize("answer", [Hangup(), refusal(502), refusal(409)])
def test_a_removal_that_was_lost_on_the_way_is_sent_once_more(
    org: Front, answer: bytes | Hangup
) -> None:
    org.twists = [on(REMOVE, answer, times=1)]
    assert set(ends(org.run()).values()) == {"done"}
    assert org.writes().count(REMOVE) == 2
    assert org.tokens().keys() == {"fan/f-1"}


def test_what_somebody_registered_anew_meanwhile_is_not_removed_again(org: Front) -> None:
    plan = org.plan()
    state = org.org.state

    def replaced(asked: Asked, forward: Forward) -> ANSWERS | None:
        if f"{asked.method} {asked.path}" != REMOVE or state.calls.get("marked"):
            return None
        state.count_call("marked")
        forward()
        state.register_as_person("pump", "p-1")
        return Hangup()

    org.twists = [replaced]
    end = ends(org.run(plan))["pump/p-1"]
    assert end.startswith("failed: ")
    assert "pump/p-1" in org.snapshot["devices"]


def test_a_removal_that_never_arrived_keeps_all_tokens(org: Front) -> None:
    before = org.tokens()
    org.twists = [on(REMOVE, refusal(502))]
    told = ends(org.run())
    assert told["pump/p-0"].startswith(f"failed: {REMOVE}: the org answered 502")
    assert told["pump"] == "notTried: some of its devices could not be deleted"
    assert org.tokens() == before


@pytest.mark.parametrize("fault", [refusal(500), reply(200, b"<html>"), Hangup()])
def test_when_nobody_can_look_the_tokens_are_kept(org: Front, fault: bytes | Hangup) -> None:
    before = org.tokens()
    org.twists = [on(f"GET {D1}", fault)]
    told = ends(org.run())
    unseen = "failed: nobody could look whether it is gone, so its token is kept; run again"
    assert [told[f"pump/p-{number}"] for number in range(3)] == [unseen] * 3
    assert org.tokens() == before


MANY = {
    "deviceTypes": [{"id": "pump"}],
    "devices": [{"typeId": "pump", "deviceId": f"p-{number}"} for number in range(60)],
}


def begin_many(front: Front) -> None:
    front.write(MANY)
    front.run()
    front.write({"deviceTypes": [{"id": "pump"}], "devices": MANY["devices"][:5]})


def test_many_deleted_devices_are_looked_up_in_one_listing(front: Front) -> None:
    begin_many(front)
    plan = front.plan()
    front.asked.clear()
    assert set(ends(front.run(plan)).values()) == {"done"}
    places, rest = front.asked[:55], front.asked[55:]
    assert all(a.method == "GET" and a.path.endswith("/location") for a in places)
    assert [f"{a.method} {a.path}" for a in rest] == [REMOVE, "GET /bulk/devices"]
    assert len(front.tokens()) == 5


@pytest.mark.parametrize("switches", [Switches(list_lag_calls=3)], indirect=True)
def test_a_listing_that_lags_is_not_believed(front: Front) -> None:
    begin_many(front)
    for _ in range(4):
        plan = front.plan()
    assert set(ends(front.run(plan)).values()) == {"done"}
    assert len(front.tokens()) == 5


def test_a_listing_that_is_not_whole_proves_nothing(front: Front) -> None:
    begin_many(front)
    plan = front.plan()
    front.twists = [
        on(REMOVE, reply(202, [])),
        altered("GET /bulk/devices", lambda page: {**page, "results": page["results"][:3]}),
    ]
    assert {end.split(":")[0] for end in ends(front.run(plan)).values()} == {"failed"}
    assert len(front.tokens()) == 60


@pytest.mark.parametrize("switches", [parse_switches(["requestBytes=200"])], indirect=True)
def test_a_removal_that_is_too_large_for_the_org_is_halved(front: Front) -> None:
    begin_many(front)
    assert set(ends(front.run()).values()) == {"done"}
    assert len(front.snapshot["devices"]) == 5


def test_an_interrupted_removal_is_told_truthfully(front: Front) -> None:
    begin_many(front)
    plan = front.plan()

    def stop(asked: Asked, _forward: Forward) -> ANSWERS | None:
        if f"{asked.method} {asked.path}" == REMOVE and front.hands:
            front.hands.stop.set()
        return None

    front.twists = [stop]
    assert set(ends(front.run(plan)).values()) == {"done"}
    assert len(front.tokens()) == 5


@pytest.mark.parametrize("switches", [parse_switches(["requestBytes=200"])], indirect=True)
def test_after_an_interrupt_no_smaller_removals_follow_one_that_is_too_large(front: Front) -> None:
    begin_many(front)
    plan = front.plan()

    def stop(asked: Asked, _forward: Forward) -> ANSWERS | None:
        if f"{asked.method} {asked.path}" == REMOVE and front.hands:
            front.hands.stop.set()
        return None

    front.twists = [stop]
    assert {end.split(":")[0] for end in ends(front.run(plan)).values()} == {"failed"}
    assert front.writes().count(REMOVE) == 1
    assert len(front.tokens()) == len(front.snapshot["devices"]) == 60


def test_an_interrupt_while_locations_are_read_stops_at_once_and_notes_none(front: Front) -> None:
    begin_many(front)
    plan, before = front.plan(), len(front.asked)

    def stop(asked: Asked, _forward: Forward) -> ANSWERS | None:
        if asked.path.endswith("/location") and front.hands:
            front.hands.stop.set()
        return None

    front.twists = [stop]
    assert set(ends(front.run(plan)).values()) == {"notTried: interrupted before it was begun"}
    assert len(front.asked) - before <= 8
    assert len(front.tokens()) == len(front.snapshot["devices"]) == 60
    for path in front.folder.glob(".fleetsync/runs/*.jsonl"):
        with path.open("rb") as file:
            run = read_run(file)
        assert run is not None
        assert not run.befores


TYPE = "DELETE /device/types/pump"


@pytest.mark.parametrize(
    ("twist", "end"),
    [
        (after(TYPE, Hangup()), "done"),
        (on(TYPE, Hangup(), times=1), "done"),
        (on(TYPE, refusal(502), times=1), "done"),
        (
            on(TYPE, refusal(404)),
            "failed: the org said that it does not know it, but still shows it",
        ),
        (after(TYPE, refusal(404)), "already"),
    ],
)
def test_a_type_is_looked_for_when_its_deletion_is_doubtful(
    org: Front, twist: Any, end: str
) -> None:
    org.twists = [twist]
    assert ends(org.run())["pump"] == end


@pytest.mark.parametrize("status", [400, 409, 403, 502])
def test_a_type_that_cannot_be_deleted_is_failed(org: Front, status: int) -> None:
    org.twists = [on(TYPE, refusal(status))]
    assert ends(org.run())["pump"].startswith(f"failed: {TYPE}: the org answered {status}")
    org.twists = []
    assert ends(org.run()) == {"pump": "done"}


@pytest.mark.parametrize("status", ["400", "409"])
def test_a_type_with_a_device_that_came_meanwhile_is_told_apart(front: Front, status: str) -> None:
    front.org.state.switches = parse_switches([f"typeDeleteInUse={status}"])
    front.write(OLD)
    front.run()
    front.write(NEW)
    plan = front.plan()
    front.org.state.register_as_person("pump", "late")
    assert ends(front.run(plan))["pump"] == (
        "failed: it still has devices; run again to delete them"
    )
    assert front.snapshot["devices"].keys() == {"pump/late", "fan/f-1"}
