"""Create and update types: an answer counts only when the org is seen to be as asked."""

from __future__ import annotations

from typing import Any

import pytest

from fleetsync.emulator.switches import parse_switches
from tests.api.hostile import Hangup, reply
from tests.apply.front import Front, after, altered, ends, on, refusal

POST, PUT, GET = "POST /device/types", "PUT /device/types/pump", "GET /device/types/pump"
UNTRIED = "notTried: its device type could not be created"


def pump(**parts: Any) -> dict[str, Any]:
    return {
        "deviceTypes": [{"id": "pump", **parts}],
        "devices": [{"typeId": "pump", "deviceId": "p-1"}],
    }


def assert_settled(front: Front, *warnings: str) -> None:
    front.twists = []
    plan = front.plan()
    assert [(change.name, change.fields) for change in plan.changes] == []
    assert list(plan.warnings) == list(warnings)


@pytest.mark.parametrize("answer", [Hangup(), refusal(502), reply(201, b"<html>"), reply(201, [])])
def test_a_type_whose_answer_is_lost_is_looked_for(front: Front, answer: bytes | Hangup) -> None:
    front.write(pump(description="x"))
    front.twists = [after(POST, answer)]
    assert ends(front.run()) == {"pump": "done", "pump/p-1": "done"}
    assert_settled(front)


def test_a_type_that_never_arrived_keeps_its_devices_back(front: Front) -> None:
    front.write(pump())
    front.twists = [on(POST, refusal(502))]
    told = ends(front.run())
    assert told["pump"].startswith(f"failed: {POST}: the org answered 502")
    assert told["pump/p-1"] == UNTRIED
    assert front.tokens() == {}


@pytest.mark.parametrize("answer", [Hangup(), refusal(502)])
def test_a_type_that_was_lost_on_the_way_is_sent_once_more(
    front: Front, answer: bytes | Hangup
) -> None:
    front.write(pump(description="x"))
    front.twists = [on(POST, answer, times=1)]
    assert ends(front.run()) == {"pump": "done", "pump/p-1": "done"}
    assert front.writes().count(POST) == 2
    front.write(pump(description="y"))
    front.twists = [on(PUT, answer, times=1)]
    assert ends(front.run()) == {"pump": "done"}
    assert front.writes().count(PUT) == 2
    assert_settled(front)


@pytest.mark.parametrize("fault", [refusal(500), reply(200, b"<html>")])
def test_a_type_that_nobody_can_look_for_is_failed(front: Front, fault: bytes) -> None:
    front.write(pump())
    front.twists = [on(POST, Hangup()), on(GET, fault)]
    told = ends(front.run())
    assert told["pump"].startswith(f"failed: {GET}: ")
    assert told["pump/p-1"] == UNTRIED


def test_a_type_that_exists_by_now_is_told_apart(front: Front) -> None:
    front.write(pump(description="x"))
    plan = front.plan()
    front.run(plan)
    assert ends(front.run(plan))["pump"] == "already"
    front.write(pump(description="y"))
    front.run()
    other = "failed: the type exists by now with other values; run again to see what is left to do"
    assert ends(front.run(plan))["pump"] == other


def test_devices_are_not_registered_under_a_type_of_another_class(front: Front) -> None:
    front.write(pump(classId="Gateway"))
    plan = front.plan()
    front.write({"deviceTypes": [{"id": "pump"}]})
    front.run()
    told = ends(front.run(plan))
    assert told["pump"].startswith("failed: the type exists by now with other values")
    assert told["pump/p-1"] == UNTRIED


def test_a_type_that_the_org_makes_of_another_class_keeps_its_devices_back(front: Front) -> None:
    front.write(pump(classId="Gateway"))
    front.twists = [
        altered(POST, lambda answer: {**answer, "classId": "Device"}),
        altered(GET, lambda answer: {**answer, "classId": "Device"}),
    ]
    assert ends(front.run()) == {
        "pump": "failed: its class in the org is Device; run again to see why",
        "pump/p-1": UNTRIED,
    }


@pytest.mark.parametrize(
    ("switches", "before", "after_", "fault", "path"),
    [
        (
            parse_switches(["emptyDescription=dropped"]),
            {"description": "x"},
            {"description": ""},
            'description is "x", not null',
            "description",
        ),
        (
            parse_switches(["emptyInfo=dropped"]),
            {"deviceInfo": {"model": "P2"}},
            {"deviceInfo": {"model": None}},
            'deviceInfo.model is "P2", not null',
            "deviceInfo.model",
        ),
        (
            parse_switches(["typeMetadataPut=merge"]),
            {"metadata": {"a": 1, "b": {"c": 1}}},
            {"metadata": {"b": {"c": 1}}},
            "metadata.a is 1, not null",
            "metadata.a",
        ),
    ],
    indirect=["switches"],
)
def test_what_the_platform_keeps_of_a_type_is_failed_by_name_and_noted(
    front: Front, before: Any, after_: Any, fault: str, path: str
) -> None:
    front.write(pump(**before))
    front.run()
    front.write(pump(**after_))
    assert ends(front.run()) == {"pump": f"failed: the platform did not honour: {fault}"}
    words = f"pump: the platform did not honour the change of {path} when it was applied; left so"
    assert_settled(front, words)


@pytest.mark.parametrize(
    "switches",
    [parse_switches(["typeMetadataPut=merge", "metadataInheritance=keywise"])],
    indirect=True,
)
def test_what_a_type_kept_is_taken_away_from_its_new_devices(front: Front) -> None:
    front.write(pump(metadata={"a": 1, "b": 2}))
    front.run()
    wanted = pump(metadata={"b": 2})
    front.write(wanted)
    front.run()
    wanted["devices"].append({"typeId": "pump", "deviceId": "p-2", "metadata": {"b": 2}})
    front.write(wanted)
    assert ends(front.run()) == {"pump/p-2": "done"}
    assert front.snapshot["devices"]["pump/p-2"]["metadata"]["b"] == 2
    assert [change.name for change in front.plan().changes] == []


@pytest.mark.parametrize("answer", [Hangup(), refusal(502), reply(200, b"<html>")])
def test_an_update_whose_answer_is_lost_is_looked_at(front: Front, answer: bytes | Hangup) -> None:
    front.write(pump(description="x"))
    front.run()
    front.write(pump(description="y"))
    front.twists = [after(PUT, answer)]
    assert ends(front.run()) == {"pump": "done"}
    assert_settled(front)


def test_an_update_that_was_lost_on_the_way_is_not_taken_for_a_refusal(front: Front) -> None:
    front.write(pump(description="x"))
    front.run()
    front.write(pump(description="y"))
    front.twists = [on(PUT, Hangup())]
    assert "it may have been carried out or not" in ends(front.run())["pump"]
    front.twists = []
    assert ends(front.run()) == {"pump": "done"}
    assert_settled(front)


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        (refusal(404), "failed: the org does not know it any more; run again to register it anew"),
        (refusal(400), "failed: PUT /device/types/pump: the org answered 400"),
        (refusal(409), "failed: PUT /device/types/pump: the org answered 409"),
        (reply(200, b"[]"), "failed: the org's answer makes no sense"),
    ],
)
def test_a_refused_update_is_failed_and_devices_go_on(front: Front, fault: bytes, end: str) -> None:
    front.write(pump(description="x"))
    front.run()
    wanted = pump(description="y")
    wanted["devices"][0]["metadata"] = {"a": 1}
    front.write(wanted)
    front.twists = [on(PUT, fault)]
    told = ends(front.run())
    assert told["pump"].startswith(end)
    assert told["pump/p-1"] == "done"


def test_a_conflict_is_tried_once_more(front: Front) -> None:
    front.write(pump(description="x"))
    front.run()
    front.write(pump(description="y", metadata={"a": 1}))
    front.twists = [on(PUT, refusal(409), times=1)]
    assert ends(front.run()) == {"pump": "done"}
    assert_settled(front)
