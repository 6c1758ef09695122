"""Register devices: every item judged, every token on disk before its request."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from fleetsync.emulator.faults import NO_FAULTS, Faults
from fleetsync.emulator.switches import Switches, parse_switches
from fleetsync.errors import CredentialsError, SecretsError
from fleetsync.tokens.file import TokenFile
from tests.api.hostile import Asked, Hangup, reply
from tests.apply.front import ANSWERS, Forward, Front, after, altered, ends, on, refusal
from tests.world import open_world

ADD = "POST /bulk/devices/add"
REMOVE = "POST /bulk/devices/remove"
PUMPS = "GET /device/types/pump/devices"
ADVICE = "its token is kept; run again, and fleetsync will see what the org has"


def pumps(count: int, **parts: Any) -> dict[str, Any]:
    return {
        "deviceTypes": [{"id": "pump"}],
        "devices": [
            {"typeId": "pump", "deviceId": f"p-{number}", **parts} for number in range(count)
        ],
    }


def assert_tokens_are_exact(front: Front) -> None:
    tokens = front.tokens()
    assert tokens.keys() == front.snapshot["devices"].keys()
    for name, token in tokens.items():
        type_id, device_id = name.split("/")
        assert front.org.state.check_token(type_id, device_id, token), name


def assert_settled(front: Front) -> None:
    front.twists = []
    plan = front.plan()
    assert [change.name for change in (*plan.changes, *plan.records)] == []
    assert_tokens_are_exact(front)


def test_each_token_is_on_disk_before_its_request(front: Front) -> None:
    front.write(pumps(3))
    seen = []

    def look(asked: Asked, _forward: Forward) -> ANSWERS | None:
        if f"{asked.method} {asked.path}" == ADD:
            sent = {item["deviceId"]: item["authToken"] for item in json.loads(asked.content)}
            lines = [json.loads(line) for line in front.secrets.read_text("utf-8").splitlines()]
            seen.append({line["deviceId"]: line["authToken"] for line in lines} == sent)
        return None

    front.twists = [look]
    front.run()
    assert seen == [True]


@pytest.mark.parametrize("switches", [parse_switches(["textLimit=8"])], indirect=True)
def test_a_request_that_is_refused_is_halved_until_the_guilty_stands_alone(front: Front) -> None:
    manifest = pumps(8)
    manifest["devices"][5]["deviceInfo"] = {"model": "far too long"}
    front.write(manifest)
    told = ends(front.run())
    guilty = told.pop("pump/p-5")
    assert guilty == (
        f"failed: {ADD}: the org answered 400: CUDRS0007E: The request is not valid. Check the"
        " violations.; EMU1009E: deviceInfo.model is longer than 8. (the platform refuses this"
        " request; compare what it says with the manifest)"
    )
    assert set(told.values()) == {"done"}
    assert front.writes().count(ADD) == 7  # 8, 4, 4, 2, 2, 1, 1
    assert_tokens_are_exact(front)


@pytest.mark.parametrize(
    "switches", [parse_switches(["textLimit=8", "bulkBadItem=item"])], indirect=True
)
def test_an_item_that_fails_alone_fails_alone(front: Front) -> None:
    manifest = pumps(3)
    manifest["devices"][1]["deviceInfo"] = {"model": "far too long"}
    front.write(manifest)
    assert ends(front.run()) == {
        "pump": "done",
        "pump/p-0": "done",
        "pump/p-1": "failed: the org refused it: EMU1009E: deviceInfo.model is longer than 8.; if"
        " it exists, access groups hide it from this API key",
        "pump/p-2": "done",
    }
    assert front.writes().count(ADD) == 1
    assert_tokens_are_exact(front)


@pytest.mark.parametrize("switches", [parse_switches(["requestBytes=400"])], indirect=True)
def test_a_request_that_is_too_large_for_the_org_is_halved(front: Front) -> None:
    front.write(pumps(20))
    assert set(ends(front.run()).values()) == {"done"}
    assert_settled(front)


@pytest.mark.parametrize("switches", [Switches(max_devices=5)], indirect=True)
@pytest.mark.parametrize("count", [6, 70])
def test_over_the_quota_no_token_stays_of_a_device_that_does_not_exist(
    front: Front, count: int
) -> None:
    front.write(pumps(count))
    told = ends(front.run())
    assert told["pump/p-0"].startswith(f"failed: {ADD}: the org answered 403: EMU0403E: ")
    assert front.writes().count(ADD) == 1
    assert front.tokens() == {}
    front.write(pumps(5))
    front.run()
    assert_settled(front)


@pytest.mark.parametrize("status", [400, 403])
def test_tokens_stay_when_a_refused_request_had_registered_its_devices(
    front: Front, status: int
) -> None:
    front.write(pumps(4))
    front.twists = [after(ADD, refusal(status), times=1)]
    told = ends(front.run())
    if status == 400:
        assert told["pump/p-0"] == "done"
    else:
        assert told["pump/p-0"].startswith(f"failed: {ADD}: the org answered 403")
    assert_settled(front)


def test_an_item_that_the_answer_does_not_speak_of_is_looked_at(front: Front) -> None:
    front.write(pumps(3))
    front.twists = [altered(ADD, lambda items: [items[2], {**items[0], "success": "yes"}])]
    assert set(ends(front.run()).values()) == {"done"}
    assert front.writes().count(ADD) == 1
    assert_settled(front)


def test_an_item_that_nobody_can_tell_of_keeps_its_token(front: Front) -> None:
    front.write(pumps(2))
    front.twists = [altered(ADD, lambda items: items[1:]), on(f"{PUMPS}/p-0", refusal(500))]
    torn = f"failed: the org's answer does not tell what became of it; {ADVICE}"
    assert ends(front.run()) == {"pump": "done", "pump/p-0": torn, "pump/p-1": "done"}
    assert_settled(front)


@pytest.mark.parametrize("answer", [Hangup(), refusal(502), reply(202, b"<html>"), reply(202, {})])
def test_when_the_answer_is_lost_the_tokens_are_kept(front: Front, answer: bytes | Hangup) -> None:
    front.write(pumps(2))
    front.twists = [after(ADD, answer)]
    assert set(ends(front.run()).values()) == {"done"}
    assert front.writes().count(ADD) == 1
    assert_settled(front)


@pytest.mark.parametrize("count", [2, 60])
def test_a_lost_answer_is_found_out_one_by_one_or_from_a_list(front: Front, count: int) -> None:
    front.write(pumps(count, metadata={"a": 1}))
    front.twists = [after(ADD, Hangup())]
    assert set(ends(front.run()).values()) == {"done"}
    lists = [asked for asked in front.asked if asked.path == "/bulk/devices"]
    assert len(lists) == (1 if count == 2 else 2)  # that of the plan, and one to look
    assert_settled(front)


def test_a_request_that_never_arrived_is_sent_once_more_with_the_same_tokens(front: Front) -> None:
    front.write(pumps(2))
    sent = []

    def note(asked: Asked, _forward: Forward) -> ANSWERS | None:
        if f"{asked.method} {asked.path}" == ADD:
            sent.append(asked.content)
        return None

    front.twists = [note, on(ADD, Hangup(), times=1)]
    assert set(ends(front.run()).values()) == {"done"}
    assert len(sent) == 2
    assert sent[0] == sent[1]
    assert_settled(front)


def test_a_request_that_never_arrives_is_sent_twice_and_no_more(front: Front) -> None:
    front.write(pumps(2))
    front.twists = [on(ADD, Hangup())]
    told = ends(front.run())
    assert told["pump/p-1"].startswith("failed: ")
    assert told["pump/p-1"].endswith(ADVICE)
    assert front.writes().count(ADD) == 2
    promised = front.tokens()
    front.twists = []
    assert ends(front.run()) == {"pump/p-0": "done", "pump/p-1": "done"}
    assert front.tokens() == promised
    assert_settled(front)


def test_a_device_that_somebody_registers_meanwhile_is_told_from_ours(front: Front) -> None:
    front.write(pumps(2))

    def overtake(asked: Asked, forward: Forward) -> ANSWERS | None:
        if f"{asked.method} {asked.path}" != ADD:
            return None
        front.org.state.register_as_person("pump", "p-0")
        forward()
        return Hangup()

    front.twists = [overtake]
    assert ends(front.run()) == {
        "pump": "done",
        "pump/p-0": "already: it exists, though no listing showed it",
        "pump/p-1": "done",
    }
    assert front.tokens().keys() == {"pump/p-1"}


def test_a_device_of_another_run_of_the_same_key_is_told_from_ours(front: Front) -> None:
    front.write(pumps(1))
    front.run()
    theirs = front.secrets.read_bytes()
    front.secrets.unlink()  # another clone has no token of it, and the list lags
    page = {"results": [], "meta": {"total_rows": 0}}
    front.twists = [on("GET /bulk/devices", reply(200, page)), after(ADD, Hangup())]
    assert ends(front.run()) == {"pump/p-0": "already: it exists, though no listing showed it"}
    assert front.tokens() == {}
    front.secrets.write_bytes(theirs)
    assert_settled(front)


def test_a_token_that_the_platform_makes_instead_of_ours_is_the_one_that_is_kept(
    front: Front,
) -> None:
    front.write(pumps(2))

    def ignore_token(asked: Asked, _forward: Forward) -> ANSWERS | None:
        if f"{asked.method} {asked.path}" != ADD:
            return None
        items = [{**item, "authToken": None} for item in json.loads(asked.content)]
        results = []
        for item in items:
            body = {key: item[key] for key in item if key not in {"typeId", "deviceId"}}
            token = front.org.state.register_as_person("pump", item["deviceId"], body=body)
            results.append({**item, "success": True, "authToken": token})
        return reply(201, results)

    front.twists = [ignore_token]
    assert set(ends(front.run()).values()) == {"done"}
    assert_settled(front)


def test_stars_in_place_of_a_token_are_no_token(front: Front) -> None:
    front.write(pumps(1))
    front.twists = [altered(ADD, lambda items: [{**items[0], "authToken": "********"}])]
    assert ends(front.run())["pump/p-0"] == "done"
    assert_settled(front)


def test_a_device_that_no_listing_showed_is_told_from_a_new_one(front: Front) -> None:
    front.write(pumps(0))
    front.run()
    front.write(pumps(2, metadata={"a": 1}))
    plan = front.plan()
    front.org.state.register_as_person("pump", "p-0", body={"metadata": {"a": 1}})
    front.org.state.register_as_person("pump", "p-1", body={"metadata": {"a": 2}})
    other = "failed: it exists by now, though no listing showed it, with other values; run again"
    assert ends(front.run(plan)) == {
        "pump/p-0": "already: it exists, though no listing showed it",
        "pump/p-1": other,
    }
    assert front.tokens() == {}


def test_a_token_of_the_file_is_used_again_and_stays_whatever_the_org_says(front: Front) -> None:
    front.write(pumps(1))
    front.run()
    token = front.tokens()
    front.org.state.snapshot()
    front.twists = [on("GET /bulk/devices", reply(200, {"results": [], "meta": {"total_rows": 0}}))]
    assert ends(front.run()) == {"pump/p-0": "already: it exists, though no listing showed it"}
    assert front.tokens() == token
    assert_settled(front)


def test_without_looks_left_the_org_is_believed(front: Front) -> None:
    front.write(pumps(0))
    front.run()
    front.write(pumps(30))
    plan = front.plan()
    for number in range(30):
        front.org.state.register_as_person("pump", f"p-{number}")
    told = ends(front.run(plan))
    assert sum(end.startswith("already") for end in told.values()) == 20
    assert told["pump/p-9"] == "failed: the org refused it: EMU1012E: The device exists already."
    assert front.tokens() == {}


def test_platform_tokens_are_written_down_before_the_next_request(front: Front) -> None:
    front.platform_tokens = True
    front.write(pumps(3))
    assert set(ends(front.run()).values()) == {"done"}
    assert {len(token) for token in front.tokens().values()} == {18}
    assert_settled(front)


def test_what_is_lost_of_platform_tokens_is_said(front: Front) -> None:
    front.platform_tokens = True
    front.write(pumps(2))
    front.twists = [altered(ADD, lambda items: [{**items[0], "authToken": None}])]
    unknown = "registered, but its token is unknown: the org's answer with it never came"
    again = "this came twice; run again, and it is registered anew, or use tokens: client in"
    assert ends(front.run()) == {
        "pump": "done",
        "pump/p-0": f"failed: {unknown}; {again} fleet.yaml",
        "pump/p-1": f"failed: {unknown}; {again} fleet.yaml",
    }
    assert front.writes().count(ADD) == 2


@pytest.mark.parametrize("answer", [Hangup(), refusal(502), reply(202, b"<html>"), reply(202, {})])
@pytest.mark.parametrize("count", [2, 60])
def test_a_device_whose_platform_token_nobody_saw_is_registered_anew(
    front: Front, answer: bytes | Hangup, count: int
) -> None:
    front.platform_tokens = True
    front.write(pumps(count))
    front.twists = [after(ADD, answer, times=1)]
    assert set(ends(front.run()).values()) == {"done"}
    assert front.writes() == ["POST /device/types", ADD, REMOVE, ADD]
    assert_settled(front)


def test_the_logs_of_many_devices_are_asked_for_side_by_side(front: Front) -> None:
    front.platform_tokens = True
    front.write(pumps(8))
    together = Barrier(8)

    def wait_for_the_others(asked: Asked, _forward: Forward) -> ANSWERS | None:
        if asked.path == "/logs/connection":
            together.wait(10)
        return None

    front.twists = [wait_for_the_others, after(ADD, Hangup(), times=1)]
    assert set(ends(front.run()).values()) == {"done"}
    assert_settled(front)


def test_a_device_that_has_connected_is_never_registered_anew(front: Front) -> None:
    front.platform_tokens = True
    front.write(pumps(2))

    def connect(asked: Asked, forward: Forward) -> ANSWERS | None:
        if f"{asked.method} {asked.path}" != ADD:
            return None
        forward()
        front.org.state.note_connection("pump", "p-0")
        front.twists = []
        return Hangup()

    front.twists = [connect]
    assert ends(front.run()) == {
        "pump": "done",
        "pump/p-0": "failed: registered, but its token is unknown: the org's answer with it never"
        " came; it has connected since, so somebody knows its token and it was left as it is",
        "pump/p-1": "done",
    }
    assert front.tokens().keys() == {"pump/p-1"}


@pytest.mark.parametrize("log", [refusal(404), reply(200, {}), refusal(403)])
def test_where_no_log_tells_of_connections_nothing_is_registered_anew(
    front: Front, log: bytes
) -> None:
    front.platform_tokens = True
    front.write(pumps(1))
    front.twists = [after(ADD, Hangup(), times=1), on("GET /logs/connection", log)]
    told = ends(front.run())["pump/p-0"]
    assert "whether it has ever connected cannot be told, so it was left as it is" in told
    assert REMOVE not in front.writes()


def test_somebody_elses_device_is_never_registered_anew(front: Front) -> None:
    front.platform_tokens = True
    front.write(pumps(1))

    def overtake(asked: Asked, _forward: Forward) -> ANSWERS | None:
        if f"{asked.method} {asked.path}" != ADD:
            return None
        front.org.state.register_as_person("pump", "p-0")
        return Hangup()

    front.twists = [overtake]
    told = ends(front.run())
    assert told["pump/p-0"] == "already: it exists, though no listing showed it"
    assert REMOVE not in front.writes()


@pytest.mark.parametrize("platform", [False, True])
def test_a_full_disk_stops_the_run_and_is_told_truthfully(
    front: Front, monkeypatch: pytest.MonkeyPatch, platform: bool
) -> None:
    front.platform_tokens = platform
    front.write(pumps(2))

    def promise(_: object, entries: list[object]) -> None:
        if entries:
            raise SecretsError("no space left")

    monkeypatch.setattr(TokenFile, "promise", promise)
    told = ends(front.run())
    assert isinstance(front.fatal, SecretsError)
    if platform:
        assert told["pump/p-1"] == (
            "failed: registered, but its token could not be written down and is lost; run again,"
            " and it is registered anew (no space left)"
        )
    else:
        assert told["pump/p-1"] == "notTried: the run ended before it was begun"
        assert front.snapshot["devices"] == {}


def test_refused_credentials_in_the_middle_end_the_run_and_lose_nothing(front: Front) -> None:
    front.write(pumps(2))
    front.twists = [on(ADD, reply(401, b""))]
    told = ends(front.run())
    assert isinstance(front.fatal, CredentialsError)
    assert told["pump/p-0"].startswith(f"failed: {ADD}: the org does not accept the API key")
    front.twists = []
    front.run()
    assert_settled(front)


def test_a_type_that_cannot_be_created_keeps_its_devices_back_and_no_others(front: Front) -> None:
    manifest = pumps(1)
    manifest["deviceTypes"].append({"id": "bad", "description": "x"})
    manifest["devices"].append({"typeId": "bad", "deviceId": "b-1"})
    front.write(manifest)
    front.twists = [
        lambda asked, _forward: refusal(400, "no") if b'"bad"' in asked.content else None
    ]
    told = ends(front.run())
    assert told.pop("bad").startswith("failed: POST /device/types: the org answered 400")
    assert told == {
        "pump": "done",
        "pump/p-0": "done",
        "bad/b-1": "notTried: its device type could not be created",
    }
    assert_tokens_are_exact(front)


def test_a_device_that_its_type_makes_too_large_is_failed_and_stops_no_other(
    front: Front,
) -> None:
    place = {"latitude": 1, "longitude": 2}
    manifest = pumps(1)
    manifest["deviceTypes"].append({"id": "big", "metadata": {"text": "x" * 510_000}})
    info = {"serialNumber": "s" * 2_000}
    manifest["devices"].append(
        {"typeId": "big", "deviceId": "b-1", "location": place, "deviceInfo": info}
    )
    front.write(manifest)
    assert ends(front.run())["big/b-1"] == (
        "failed: with the metadata of its type it is larger than a request may be: declare its own "
        "metadata"
    )
    assert_tokens_are_exact(front)


INHERITED = {
    "deviceTypes": [{"id": "pump", "deviceInfo": {"model": "P2"}, "metadata": {"a": 1, "b": 2}}],
    "devices": [
        {"typeId": "pump", "deviceId": f"p-{n}", "deviceInfo": {"model": ""}, "metadata": {"a": 9}}
        for n in range(3)
    ],
}


@pytest.mark.parametrize(
    ("switches", "reads", "puts"),
    [
        (Switches(), 1, 0),
        (parse_switches(["metadataInheritance=keywise"]), 3, 3),
        (parse_switches(["emptyTextIsGiven=no"]), 3, 3),
        (parse_switches(["emptyTextIsGiven=no", "inheritedInAnswer=no"]), 3, 3),
    ],
    indirect=["switches"],
)
def test_what_a_type_passed_on_against_the_manifest_is_taken_away(
    front: Front, reads: int, puts: int
) -> None:
    front.write(INHERITED)
    assert set(ends(front.run()).values()) == {"done"}
    single = "/device/types/pump/devices/"
    assert sum(a.path.startswith(single) for a in front.asked if a.method == "GET") == reads
    assert len([call for call in front.writes() if call.startswith("PUT")]) == puts
    assert_settled(front)


@pytest.mark.parametrize(
    "switches",
    [parse_switches(["emptyTextIsGiven=no", "metadataInheritance=keywise"])],
    indirect=True,
)
def test_what_an_undeclared_template_passes_on_is_taken_away_too(front: Front) -> None:
    front.write({"deviceTypes": INHERITED["deviceTypes"]})
    front.run()
    front.write({"deviceTypes": [{"id": "pump"}], "devices": INHERITED["devices"]})
    assert set(ends(front.run()).values()) == {"done"}
    assert_settled(front)


def test_ignored_paths_are_set_at_creation_all_the_same(front: Front) -> None:
    ignored = {"ignoreChanges": ["status.alert.enabled", "metadata.seen", "deviceInfo.fwVersion"]}
    front.write(
        pumps(
            1,
            status={"alert": {"enabled": True}},
            metadata={"seen": 0},
            deviceInfo={"fwVersion": "1"},
            lifecycle=ignored,
        )
    )
    assert set(ends(front.run()).values()) == {"done"}
    device = front.snapshot["devices"]["pump/p-0"]
    del device["metadata"]["fleetsync"]
    assert device == {
        "deviceInfo": {"fwVersion": "1"},
        "metadata": {"seen": 0},
        "status": {"alert": {"enabled": True}},
    }


@pytest.mark.parametrize("fault", [refusal(500), reply(401, b""), Hangup()])
def test_a_registered_device_that_cannot_be_finished_says_so(
    front: Front, fault: bytes | Hangup
) -> None:
    front.write(pumps(2, status={"alert": {"enabled": True}}))
    front.twists = [on("PUT /device/types/pump/devices/p-0", fault)]
    front.twists += [on("GET /device/types/pump/devices/p-0", fault)]
    told = ends(front.run())
    assert told["pump/p-0"].startswith("failed: registered, its token is kept, but then: ")
    if front.fatal is None:
        assert told["pump/p-1"] == "done"
    else:
        assert told["pump/p-1"] == (
            "failed: registered, its token is kept, but the run ended before it was looked at; run"
            " again"
        )
    front.twists = []
    front.run()
    assert_settled(front)


def test_no_error_text_repeats_a_token(front: Front) -> None:
    front.write(pumps(2))

    def parrot(asked: Asked, _forward: Forward) -> ANSWERS | None:
        return (
            refusal(400, asked.content.decode()) if f"{asked.method} {asked.path}" == ADD else None
        )

    front.twists = [parrot]
    sent: set[str] = set()
    told = str(ends(front.run()))
    for asked in front.asked:
        if f"{asked.method} {asked.path}" == ADD:
            sent |= {item["authToken"] for item in json.loads(asked.content)}
    assert len(sent) == 2
    assert not [token for token in sent if token in told]


def test_a_refusal_that_is_not_true_costs_no_token(tmp_path: Path) -> None:
    """The org says no and registers the devices all the same: their tokens are ours."""
    with open_world(tmp_path) as world:
        devices = [{"typeId": "pump", "deviceId": f"p-{n:02}"} for n in range(30)]
        world.write({"deviceTypes": [{"id": "pump"}], "devices": devices})
        world.org.state.faults = Faults(item_seems_failed=1.0)
        world.apply()
        world.org.state.faults = NO_FAULTS
        world.apply()
        tokens = world.tokens()
        assert sorted(tokens) == [f"pump/p-{n:02}" for n in range(30)]
        for n in range(30):
            assert world.org.state.check_token("pump", f"p-{n:02}", tokens[f"pump/p-{n:02}"])


def test_a_device_that_somebody_else_registered_meanwhile_leaves_no_token_of_ours(
    tmp_path: Path,
) -> None:
    with open_world(tmp_path) as world:
        world.write({"deviceTypes": [{"id": "pump"}], "devices": []})
        world.apply()
        device = {"typeId": "pump", "deviceId": "p-1"}
        world.write({"deviceTypes": [{"id": "pump"}], "devices": [device]})
        plan = world.plan()
        world.org.state.register_as_person("pump", "p-1")
        assert [outcome.status.value for outcome in world.apply(plan)] == ["already"]
        assert world.tokens() == {}
