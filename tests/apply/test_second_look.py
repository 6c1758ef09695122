"""What was read a while ago is read once more before it is written back, and judged anew."""

from __future__ import annotations

from typing import Any

import pytest

from fleetsync.api.connection import Connection
from fleetsync.api.transport import Transport
from fleetsync.api.writer import RegistryWriter
from fleetsync.apply.second_look import STALE_SECONDS
from fleetsync.model import DeviceKey, Location
from fleetsync.model.mark import Mark, mark_text
from tests.apply.front import Front, altered, ends, on, refusal
from tests.world import KEY

P1 = "/device/types/pump/devices/p-1"
GET, PUT, PUT_PLACE = f"GET {P1}", f"PUT {P1}", f"PUT {P1}/location"
KEY_1 = DeviceKey("pump", "p-1")
HERE, THERE = {"latitude": 1, "longitude": 2}, {"latitude": 3, "longitude": 4}
LEFT = "notTried: left alone, for "
SINCE = f"{LEFT}it changed since the org was read: "


def pump(**parts: Any) -> dict[str, Any]:
    return {
        "deviceTypes": [{"id": "pump"}],
        "devices": [{"typeId": "pump", "deviceId": "p-1", **parts}],
    }


def begin(front: Front, before: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Bring the org to one fleet, write down another, and let time pass."""
    front.write(before)
    assert {outcome.status for outcome in front.run()} == {"done"}
    front.write(wanted)
    front.age = STALE_SECONDS + 1


def write_past(front: Front, body: dict[str, Any], at: str = KEY_1.device_id) -> None:
    """Write as somebody else, keeping what a device has under other keys of metadata."""
    held = front.snapshot["devices"][f"pump/{at}"].get("metadata", {})
    if "metadata" in body:
        body = {**body, "metadata": {**held, **body["metadata"]}}
    with Transport(Connection(base_url=front.org.url, credentials=KEY)) as transport:
        RegistryWriter(transport, settle_seconds=0).update_device(DeviceKey("pump", at), body)


def metadata(front: Front) -> dict[str, Any]:
    held = front.snapshot["devices"]["pump/p-1"]["metadata"]
    return {key: value for key, value in held.items() if key != "fleetsync"}


def calls(front: Front) -> list[str]:
    return [
        f"{asked.method} {asked.path}" for asked in front.asked if asked.path != P1 + "/location"
    ]


WHOLE = pump(metadata={"n": 1}), pump(metadata={"n": 2})
MOVE = pump(location=HERE), pump(location=THERE)
IGNORING = {"lifecycle": {"ignoreChanges": ["metadata.seen"]}}
SEEN = (
    pump(metadata={"n": 1, "seen": 0}, **IGNORING),
    pump(metadata={"n": 2, "seen": 0}, **IGNORING),
)
MODEL = pump(deviceInfo={"model": "A"}), pump(deviceInfo={"model": "B"})


@pytest.mark.parametrize("seconds", [0, STALE_SECONDS])
def test_what_was_read_just_now_is_not_read_again(front: Front, seconds: float) -> None:
    begin(front, *MOVE)
    plan = front.plan()
    front.age = seconds
    front.asked.clear()
    assert ends(front.run(plan)) == {"pump/p-1": "done"}
    assert calls(front) == [PUT]


def test_what_was_read_a_while_ago_is_read_with_one_call(front: Front) -> None:
    begin(front, *MOVE)
    plan = front.plan()
    front.asked.clear()
    assert ends(front.run(plan)) == {"pump/p-1": "done"}
    assert calls(front) == [GET, PUT]


def test_an_update_that_writes_nothing_back_is_sent_as_it_is(front: Front) -> None:
    begin(front, *MODEL)
    plan = front.plan()
    write_past(front, {"deviceInfo": {"fwVersion": "9"}, "metadata": {"k": 1}})
    front.asked.clear()
    assert ends(front.run(plan)) == {"pump/p-1": "done"}
    assert calls(front) == [PUT]


def test_ignored_values_go_along_as_they_are_by_now(front: Front) -> None:
    begin(front, *SEEN)
    plan = front.plan()
    write_past(front, {"metadata": {"seen": 7}})
    assert ends(front.run(plan)) == {"pump/p-1": "done"}
    assert metadata(front) == {"n": 2, "seen": 7}


def test_metadata_that_nobody_declares_go_along_as_they_are_by_now(front: Front) -> None:
    begin(front, *MOVE)
    plan = front.plan()
    write_past(front, {"metadata": {"theirs": 7}})
    assert ends(front.run(plan)) == {"pump/p-1": "done"}
    assert metadata(front) == {"theirs": 7}
    assert front.snapshot["devices"]["pump/p-1"]["location"].items() >= THERE.items()


@pytest.mark.parametrize(
    ("body", "end"),
    [
        ({"n": 2}, "already: the org has it as declared by now"),
        ({"n": 5}, f"{SINCE}metadata.n; run again"),
        ({"m": 5}, f"{SINCE}metadata.m; run again"),
    ],
)
def test_what_somebody_wrote_meanwhile_is_not_written_over(
    front: Front, body: dict[str, Any], end: str
) -> None:
    begin(front, *WHOLE)
    plan = front.plan()
    write_past(front, {"metadata": body})
    front.asked.clear()
    assert ends(front.run(plan)) == {"pump/p-1": end}
    assert front.writes() == []
    assert metadata(front) == {"n": 1, **body}


def test_a_location_that_another_fleetsync_set_meanwhile_is_left_alone(front: Front) -> None:
    begin(front, *MOVE)
    plan = front.plan()
    mark = mark_text("pump/p-1", Mark(Location(5, 6)))
    write_past(front, {"metadata": {"fleetsync": mark}})
    assert ends(front.run(plan)) == {"pump/p-1": f"{SINCE}location; run again"}


def test_an_update_that_was_made_but_for_the_location_is_not_made_already(front: Front) -> None:
    begin(front, pump(metadata={"n": 1}, location=HERE), pump(metadata={"n": 2}, location=THERE))
    plan = front.plan()
    write_past(front, {"metadata": {"n": 2}})
    assert ends(front.run(plan)) == {"pump/p-1": f"{SINCE}metadata.n; run again"}


def round_place(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "latitude": round(answer["latitude"], 1)}


def test_a_location_that_the_platform_would_not_set_stays_noted(front: Front) -> None:
    rounded = {"latitude": 1.23, "longitude": 3}
    begin(front, pump(location=HERE), pump(location=rounded))
    front.twists = [altered(PUT_PLACE, round_place), altered(f"{GET}/location", round_place)]
    assert ends(front.run())["pump/p-1"].startswith("failed: the platform did not honour: ")
    front.write(pump(location={**rounded, "longitude": 4}))
    assert ends(front.run()) == {"pump/p-1": "done"}
    left = front.plan()
    assert (left.changes, left.records) == ((), ())
    assert [warning.split(" ")[0] for warning in left.warnings] == ["pump/p-1:"]


@pytest.mark.parametrize(
    ("noted", "end"),
    [
        (Location(1, 2), "already: its location is noted by now"),
        (Location(5, 6), f"{SINCE}location; run again"),
    ],
)
def test_a_location_that_another_fleetsync_noted_meanwhile_needs_no_note(
    front: Front, noted: Location, end: str
) -> None:
    front.write({"deviceTypes": [{"id": "pump"}]})
    front.run()
    front.org.state.register_as_person("pump", "p-1", body={"location": dict(HERE)})
    front.write(pump(location=HERE))
    plan = front.plan()
    assert [record.name for record in plan.records] == ["pump/p-1"]
    write_past(front, {"metadata": {"fleetsync": mark_text("pump/p-1", Mark(noted))}})
    front.age = STALE_SECONDS + 1
    assert ends(front.run(plan)) == {"pump/p-1": end}


def test_a_device_that_went_meanwhile_is_left_alone(front: Front) -> None:
    begin(front, *WHOLE)
    plan = front.plan()
    front.twists = [on(GET, refusal(404))]
    front.asked.clear()
    assert ends(front.run(plan)) == {
        "pump/p-1": f"{LEFT}the org does not know it any more; run again to register it anew"
    }
    assert front.writes() == []


def test_if_the_org_does_not_tell_the_update_has_failed(front: Front) -> None:
    begin(front, *WHOLE)
    plan = front.plan()
    front.twists = [on(GET, refusal(403))]
    front.asked.clear()
    assert ends(front.run(plan))["pump/p-1"].startswith(f"failed: {GET}: the org answered 403")
    assert front.writes() == []


def test_a_type_is_looked_at_as_well(front: Front) -> None:
    protected = {"id": "pump", "lifecycle": {"protect": True}}
    begin(
        front,
        {"deviceTypes": [{"id": "pump"}]},
        {"deviceTypes": [{**protected, "description": "d"}]},
    )
    plan = front.plan()
    with Transport(Connection(base_url=front.org.url, credentials=KEY)) as transport:
        writer = RegistryWriter(transport, settle_seconds=0)
        writer.update_device_type("pump", {"metadata": {"k": 1}})
        assert ends(front.run(plan)) == {"pump": "done"}
        assert front.snapshot["deviceTypes"]["pump"]["metadata"]["k"] == 1
        front.write({"deviceTypes": [{"id": "pump", "description": "e"}]})
        plan = front.plan()
        writer.update_device_type("pump", {"description": "x"})
    assert ends(front.run(plan)) == {"pump": f"{SINCE}description; run again"}
