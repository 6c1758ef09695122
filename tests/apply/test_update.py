"""Hold what the org says after an update against what was asked, and never ask for ever."""

from __future__ import annotations

from typing import Any

import pytest

from fleetsync.emulator.switches import parse_switches
from fleetsync.emulator.value import JSON
from fleetsync.errors import CredentialsError, UnreachableError
from tests.api.hostile import Hangup, reply
from tests.apply.front import Front, after, altered, ends, on, refusal

P1 = "/device/types/pump/devices/p-1"
PUT, PUT_PLACE = f"PUT {P1}", f"PUT {P1}/location"


def pump(**parts: Any) -> dict[str, Any]:
    return {
        "deviceTypes": [{"id": "pump"}],
        "devices": [{"typeId": "pump", "deviceId": "p-1", **parts}],
    }


def begin(front: Front, before: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Bring the org to one fleet and write down another."""
    front.write(before)
    assert {outcome.status for outcome in front.run()} == {"done"}
    front.write(wanted)
    front.asked.clear()


def assert_settled(front: Front, *warnings: str) -> None:
    """The next plan has nothing to do, and says what it leaves alone."""
    plan = front.plan()
    assert [(change.name, change.fields) for change in plan.changes] == []
    assert plan.records == ()
    assert list(plan.warnings) == list(warnings)


def left(path: str, name: str = "pump/p-1") -> str:
    return f"{name}: the platform did not honour the change of {path} when it was applied; left so"


@pytest.mark.parametrize("switches", [parse_switches(["emptyInfo=dropped"])], indirect=True)
def test_a_field_that_stays_is_failed_by_name_noted_and_tried_anew_only_for_a_new_value(
    front: Front,
) -> None:
    begin(
        front,
        pump(deviceInfo={"model": "P2", "fwVersion": "1"}),
        pump(deviceInfo={"model": None, "fwVersion": "2"}),
    )
    assert ends(front.run()) == {
        "pump/p-1": 'failed: the platform did not honour: deviceInfo.model is "P2", not null'
    }
    assert front.writes() == [PUT, PUT]
    assert_settled(front, left("deviceInfo.model"))
    front.write(pump(deviceInfo={"model": "P3", "fwVersion": "2"}))
    assert ends(front.run()) == {"pump/p-1": "done"}
    assert_settled(front)


@pytest.mark.parametrize("switches", [parse_switches(["metadataPut=merge"])], indirect=True)
def test_a_metadata_key_that_a_merge_keeps_is_noted(front: Front) -> None:
    begin(front, pump(metadata={"a": 1.5, "b": {"c": 2}}), pump(metadata={"b": {"d": 1}}))
    assert ends(front.run()) == {
        "pump/p-1": "failed: the platform did not honour: metadata.a is 1.5, not null"
    }
    assert_settled(front, left("metadata.a"))


def round_place(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "latitude": round(answer["latitude"], 1)}


def test_a_location_that_the_platform_rounds_is_tried_once(front: Front) -> None:
    begin(
        front,
        pump(location={"latitude": 1, "longitude": 2}),
        pump(location={"latitude": 1.23, "longitude": 3}),
    )
    front.twists = [altered(PUT_PLACE, round_place), altered(f"GET {P1}/location", round_place)]
    assert ends(front.run()) == {
        "pump/p-1": "failed: the platform did not honour: location.latitude is 1.2, not 1.23"
    }
    assert_settled(front, left("location.latitude"))
    front.asked.clear()
    front.write(pump(location={"latitude": 1.23, "longitude": 4}))
    assert ends(front.run()) == {"pump/p-1": "done"}
    assert front.writes() == [PUT_PLACE, PUT]
    assert_settled(front, left("location.latitude"))


def test_a_location_that_the_platform_keeps_is_tried_once(front: Front) -> None:
    begin(
        front,
        pump(location={"latitude": 1, "longitude": 2}),
        pump(location={"latitude": 1, "longitude": 2, "elevation": 5}),
    )
    stays = reply(200, {"latitude": 1, "longitude": 2, "measuredDateTime": "x, y #z"})
    front.twists = [on(PUT_PLACE, stays)]
    assert ends(front.run()) == {
        "pump/p-1": "failed: the platform did not honour: location.elevation is null, not 5"
    }
    assert_settled(front, left("location.elevation"))


def test_what_only_the_answer_got_wrong_is_seen_by_looking(front: Front) -> None:
    begin(front, pump(), pump(deviceInfo={"model": "P2"}))
    front.twists = [altered(PUT, lambda answer: {**answer, "deviceInfo": {}})]
    assert ends(front.run()) == {"pump/p-1": "done"}
    assert_settled(front)


@pytest.mark.parametrize("answer", [Hangup(), refusal(502), reply(200, b"<html>"), reply(200, [])])
def test_an_update_whose_answer_is_lost_is_looked_at(front: Front, answer: bytes | Hangup) -> None:
    begin(front, pump(), pump(metadata={"a": 1}, location={"latitude": 1, "longitude": 2}))
    front.twists = [after(PUT, answer), after(PUT_PLACE, answer)]
    assert ends(front.run()) == {"pump/p-1": "done"}
    front.twists = []
    assert_settled(front)


@pytest.mark.parametrize("call", [PUT, PUT_PLACE])
def test_an_update_that_was_lost_on_the_way_is_not_taken_for_a_refusal(
    front: Front, call: str
) -> None:
    begin(
        front,
        pump(metadata={"a": 0}, location={"latitude": 0, "longitude": 2}),
        pump(metadata={"a": 1}, location={"latitude": 1, "longitude": 2}),
    )
    front.twists = [on(call, refusal(502))]
    reason = ends(front.run())["pump/p-1"]
    assert reason.startswith(f"failed: {call}: the org answered 502")
    assert reason.endswith("it may have been carried out or not: run again to find out")
    front.twists = []
    assert ends(front.run()) == {"pump/p-1": "done"}
    assert_settled(front)


@pytest.mark.parametrize("call", [PUT, PUT_PLACE])
def test_an_update_that_was_lost_on_the_way_is_sent_once_more(front: Front, call: str) -> None:
    begin(
        front,
        pump(metadata={"a": 0}, location={"latitude": 0, "longitude": 2}),
        pump(metadata={"a": 1}, location={"latitude": 1, "longitude": 2}),
    )
    plan = front.plan()
    front.asked.clear()
    front.twists = [on(call, refusal(502), times=1)]
    assert ends(front.run(plan)) == {"pump/p-1": "done"}
    assert front.writes().count(call) == 2
    assert_settled(front)


def test_a_device_that_vanished_is_not_reported_as_done(front: Front) -> None:
    begin(front, pump(), pump(metadata={"a": 1}))
    plan = front.plan()
    gone = "failed: the org does not know it any more; run again to register it anew"
    for twists in (
        [on(PUT, refusal(404))],
        [altered(PUT, lambda a: {**a, "metadata": {}}), on(f"GET {P1}", refusal(404))],
        [on(PUT, refusal(409)), on(f"GET {P1}", refusal(404))],
    ):
        front.twists = list(twists)
        assert ends(front.run(plan)) == {"pump/p-1": gone}
    front.twists = [on(PUT, Hangup()), on(f"GET {P1}", refusal(404))]
    assert "it may have been carried out or not" in ends(front.run(plan))["pump/p-1"]


@pytest.mark.parametrize("call", [PUT, PUT_PLACE])
def test_a_conflict_is_tried_once_more_against_the_new_state(front: Front, call: str) -> None:
    begin(front, pump(), pump(metadata={"a": 1}, location={"latitude": 1, "longitude": 2}))
    front.twists = [on(call, refusal(409), times=1)]
    assert ends(front.run()) == {"pump/p-1": "done"}
    assert_settled(front)


def test_a_second_conflict_is_a_failure(front: Front) -> None:
    begin(front, pump(), pump(metadata={"a": 1}))
    front.twists = [on(PUT, refusal(409, "busy"))]
    assert ends(front.run()) == {
        "pump/p-1": f"failed: {PUT}: the org answered 409: EMU9999E: busy (somebody else has made "
        "or changed the same thing; run again)"
    }
    assert front.writes() == [PUT, PUT]


def test_after_a_conflict_the_other_writer_s_metadata_go_along(front: Front) -> None:
    begin(front, pump(), pump(location={"latitude": 1, "longitude": 2}))
    plan = front.plan()
    state = front.org.state
    front.twists = [on(PUT, refusal(409), times=1)]

    def write_meanwhile(answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "metadata": {"theirs": 1}}

    front.twists.append(altered(f"GET {P1}", write_meanwhile))
    assert ends(front.run(plan)) == {"pump/p-1": "done"}
    metadata = state.snapshot()["devices"]["pump/p-1"]["metadata"]
    assert {key: value for key, value in metadata.items() if key != "fleetsync"} == {"theirs": 1}


@pytest.mark.parametrize("fault", [refusal(400), refusal(409), Hangup(), refusal(404)])
def test_a_failure_to_note_hides_nothing(front: Front, fault: bytes | Hangup) -> None:
    begin(front, pump(deviceInfo={"model": "P2"}), pump(deviceInfo={"model": None}))
    first = [True]

    def keep(answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "deviceInfo": {"model": "P2"}}

    front.twists = [
        lambda asked, forward: on(PUT, fault)(asked, forward) if not first else None,
        lambda asked, forward: first.clear() if f"{asked.method} {asked.path}" == PUT else None,
        altered(PUT, keep),
        altered(f"GET {P1}", keep),
    ]
    outcome = ends(front.run())["pump/p-1"]
    assert outcome.startswith(
        'failed: the platform did not honour: deviceInfo.model is "P2", not null; this could not'
        " be noted, so the next plan may try it again: PUT "
    )


def test_an_org_that_drops_the_mark_is_told_apart_from_success(front: Front) -> None:
    front.write(pump())
    front.run()
    front.write(pump(location={"latitude": 1, "longitude": 2}))

    def bare(answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "metadata": {}}

    front.twists = [altered(PUT, bare), altered(f"GET {P1}", bare)]
    no_mark = (
        "failed: the platform did not keep what fleetsync notes under metadata.fleetsync, so the"
        " next plan will find it as before"
    )
    assert ends(front.run()) == {"pump/p-1": no_mark}


def test_a_located_device_without_a_mark_is_recorded_with_one_put(front: Front) -> None:
    place: dict[str, JSON] = {"latitude": 1, "longitude": 2}
    front.write({"deviceTypes": [{"id": "pump"}]})
    front.run()
    front.org.state.register_as_person(
        "pump", "p-1", body={"location": place, "metadata": {"a": 1}}
    )
    front.write(pump(location=place))
    front.asked.clear()
    assert ends(front.run()) == {"pump/p-1": "done"}
    assert front.writes() == [PUT]
    assert_settled(front)
    assert front.snapshot["devices"]["pump/p-1"]["metadata"]["a"] == 1
    assert front.snapshot["devices"]["pump/p-1"]["location"] == place


def fleet(model: str) -> dict[str, Any]:
    ids = [f"p-{number:02}" for number in range(30)]
    return {
        "deviceTypes": [{"id": "pump"}],
        "devices": [
            {"typeId": "pump", "deviceId": each, "deviceInfo": {"model": model}} for each in ids
        ],
    }


@pytest.mark.parametrize(
    ("fault", "error"), [(reply(401, b""), CredentialsError), (Hangup(), UnreachableError)]
)
def test_an_error_that_ends_the_run_leaves_every_update_with_its_true_end(
    front: Front, fault: bytes | Hangup, error: type[Exception]
) -> None:
    begin(front, fleet("A"), fleet("B"))
    plan = front.plan()
    front.twists = [on(PUT.replace("p-1", "p-10"), fault)]
    front.twists.append(on(f"GET {P1}".replace("p-1", "p-10"), fault))
    told = ends(front.run(plan))
    assert isinstance(front.fatal, error)
    held = front.snapshot["devices"]
    models = {name: held[name]["deviceInfo"]["model"] for name in told}
    assert {told[name] for name, model in models.items() if model == "B"} == {"done"}
    assert told.pop("pump/p-10").startswith("failed: ")
    others = {told[name] for name, model in models.items() if model == "A" and name in told}
    assert others <= {"notTried: the run ended before it was begun"}


def test_ignored_metadata_are_written_with_their_live_value(front: Front) -> None:
    leave = {"ignoreChanges": ["metadata.seen"]}
    begin(
        front,
        pump(metadata={"seen": 0, "n": 1}, lifecycle=leave),
        pump(metadata={"seen": 0, "n": 2}, lifecycle=leave),
    )
    front.twists = [
        altered(
            "GET /bulk/devices",
            lambda page: {
                **page,
                "results": [
                    {**d, "metadata": {**d["metadata"], "seen": 7}} for d in page["results"]
                ],
            },
        )
    ]
    plan = front.plan()
    front.twists = []
    assert ends(front.run(plan)) == {"pump/p-1": "done"}
    metadata = front.snapshot["devices"]["pump/p-1"]["metadata"]
    del metadata["fleetsync"]
    assert metadata == {"seen": 7, "n": 2}
