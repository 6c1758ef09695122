"""A device that has connected since it was planned to be deleted is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from fleetsync.model import DeviceKey
from fleetsync.model.presence import CONNECTED, NEVER, UNKNOWN, Presence
from fleetsync.plan import Plan
from tests.api.hostile import Asked, Hangup, reply
from tests.apply.front import ANSWERS, Forward, Front, ends

PUMPS = [f"p-{number}" for number in range(3)]
TYPE: dict[str, Any] = {"deviceTypes": [{"id": "pump"}]}


@pytest.fixture
def org(front: Front) -> Front:
    """Three pumps that no manifest declares any more; a run looks who is connected."""
    front.write({**TYPE, "devices": [{"typeId": "pump", "deviceId": name} for name in PUMPS]})
    front.run()
    front.write(TYPE)
    front.named = frozenset()
    front.asked.clear()
    return front


def planned(org: Front, presence: Presence | None) -> Plan:
    """Plan the deletes as if that had been found of each device."""
    made = org.plan()
    changes = tuple(change._replace(presence=presence) for change in made.changes)
    return made._replace(changes=changes)


def at_states(answer: bytes | Hangup) -> Any:
    """Answer so whoever asks about connections."""

    def twist(asked: Asked, _forward: Forward) -> ANSWERS | None:
        return answer if asked.path.startswith("/clientconnectionstates") else None

    return twist


def left(org: Front) -> set[str]:
    return {name.split("/")[1] for name in org.snapshot["devices"]}


def test_whoever_connected_meanwhile_stays_and_keeps_its_token(org: Front) -> None:
    plan = planned(org, NEVER)
    org.org.state.note_connection("pump", "p-1")
    before = org.tokens()
    assert ends(org.run(plan)) == {
        "pump/p-0": "done",
        "pump/p-1": "notTried: left alone, for it is connected by now; if that is meant, name it"
        " with --allow-delete-connected pump/p-1",
        "pump/p-2": "done",
    }
    assert left(org) == {"p-1"}
    assert org.tokens() == {"pump/p-1": before["pump/p-1"]}


def test_whoever_is_named_goes(org: Front) -> None:
    org.org.state.note_connection("pump", "p-1")
    org.named = frozenset({DeviceKey("pump", "p-1")})
    assert set(ends(org.run(planned(org, CONNECTED))).values()) == {"done"}
    assert left(org) == set()


def test_its_type_stays_with_it(org: Front) -> None:
    org.write({"removedDeviceTypes": ["pump"]})
    org.org.state.note_connection("pump", "p-1")
    told = ends(org.run())
    assert told["pump"] == "notTried: some of its devices could not be deleted"
    assert left(org) == {"p-1"}


TROUBLES: list[bytes | Hangup] = [
    *(reply(status, {}) for status in (403, 404, 408, 429, 500, 503)),
    reply(200, b"<html>"),
    reply(200, {"state": "?"}),
    Hangup(),
]


@pytest.mark.parametrize("answer", TROUBLES, ids=range(len(TROUBLES)))
def test_what_the_org_told_before_it_must_tell_now(org: Front, answer: bytes | Hangup) -> None:
    org.twists = [at_states(answer)]
    told = ends(org.run(planned(org, NEVER)))
    assert left(org) == set(PUMPS)
    assert all(words.startswith("notTried: ") for words in told.values())
    org.twists = []
    assert set(ends(org.run(planned(org, NEVER))).values()) == {"done"}


@pytest.mark.parametrize("status", [403, 404, 503])
def test_an_org_that_never_tells_is_pruned_as_the_plan_has_warned(org: Front, status: int) -> None:
    org.twists = [at_states(reply(status, {}))]
    assert set(ends(org.run(planned(org, UNKNOWN))).values()) == {"done"}
    assert left(org) == set()


def test_one_that_comes_back_while_its_removal_is_lost_stays(org: Front) -> None:
    """The first request is lost; before it goes once more, the org is asked again."""

    def twist(asked: Asked, _forward: Forward) -> ANSWERS | None:
        if asked.path != "/bulk/devices/remove":
            return None
        org.org.state.note_connection("pump", "p-1")
        org.twists.clear()
        return Hangup()

    org.twists = [twist]
    told = ends(org.run(planned(org, NEVER)))
    assert left(org) == {"p-1"}
    assert told["pump/p-1"].startswith("failed: left alone, for it is connected by now")
