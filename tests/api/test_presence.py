"""Who is connected, whatever an org's beta call answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleetsync.api.presence import Client, last_logged, look_for
from fleetsync.errors import ApiError
from fleetsync.model.key import DeviceKey
from fleetsync.model.presence import utc_stamp
from tests.api.hostile import Asked, reply

if TYPE_CHECKING:
    from tests.api.conftest import Connect, StartServer

STATES = "/clientconnectionstates"
FEW = [Client(DeviceKey("pump", f"p-{number}"), gateway=False) for number in range(3)]
MANY = [Client(DeviceKey("pump", f"p-{number:02}"), gateway=False) for number in range(25)]
WENT = "2026-11-20T10:00:00Z"


class Org:
    """Answers about clients: ``rows`` by client id, and how it lists them."""

    def __init__(self, rows: dict[str, dict[str, Any]]) -> None:
        self.rows = rows
        self.listed = list(rows)
        self.total: int | None = len(rows)
        self.list_status = 200
        self.filters_refused = False
        self.filters_ignored = False
        self.asked: list[str] = []

    def __call__(self, asked: Asked) -> bytes:
        self.asked.append(asked.path)
        if asked.path != STATES:
            row = self.rows.get(asked.path.removeprefix(f"{STATES}/"))
            return reply(404, {}) if row is None else reply(200, row)
        if self.list_status != 200:
            return reply(self.list_status, {})
        of_type = asked.params.get("deviceType")
        if of_type and self.filters_refused:
            return reply(400, {"message": "unknown parameter"})
        shown = [
            self.rows[client]
            for client in self.listed
            if self.filters_ignored or of_type in (None, client.split(":")[2])
        ]
        meta = {} if self.total is None else {"total_rows": max(self.total, len(shown))}
        return reply(200, {"results": shown, "meta": meta})


def row(client: str, status: str = "disconnected", **more: str) -> dict[str, Any]:
    return {"id": client, "connectionStatus": status, **more}


def org_of(*names: str, status: str = "disconnected", **more: str) -> Org:
    clients = [f"d:abc123:{name.replace('/', ':')}" for name in names]
    return Org({client: row(client, status, **more) for client in clients})


def found(
    org: Org, clients: list[Client], start_server: StartServer, connect: Connect
) -> dict[str, tuple[str, str | None]]:
    reader = connect(start_server(org).url)
    presences = look_for(reader, "abc123", clients)
    return {str(key): (each.state.value, each.seen_at) for key, each in presences.items()}


def test_few_are_asked_for_one_by_one(start_server: StartServer, connect: Connect) -> None:
    org = org_of("pump/p-0", disconnectTime=WENT)
    org.rows["d:abc123:pump:p-1"] = row("d:abc123:pump:p-1", "connected", connectTime=WENT)
    assert found(org, FEW, start_server, connect) == {
        "pump/p-0": ("disconnected", WENT),
        "pump/p-1": ("connected", None),
        "pump/p-2": ("neverSeen", None),
    }
    assert STATES not in org.asked


@pytest.mark.parametrize("status", [403, 404, 503])
def test_an_org_that_knows_none_may_have_no_such_call(
    status: int, start_server: StartServer, connect: Connect
) -> None:
    org = Org({})
    assert set(found(org, FEW, start_server, connect).values()) == {("neverSeen", None)}
    org.list_status = status
    with pytest.raises(ApiError):
        found(org, FEW, start_server, connect)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"connectionStatus": "asleep"}, "unknown"),
        ({"state": "connected"}, "unknown"),
        (["connected"], "unknown"),
        ({"id": "d:abc123:pump:other", "connectionStatus": "disconnected"}, "unknown"),
        ({"id": "d:abc123:pump:p-0", "connectionStatus": "Connected"}, "connected"),
        ({"clientId": "d:abc123:pump:p-0", "connectionStatus": "disconnected"}, "disconnected"),
    ],
)
def test_a_state_that_is_not_understood_is_never_offline(
    answer: Any, expected: str, start_server: StartServer, connect: Connect
) -> None:
    if isinstance(answer, dict) and "id" not in answer and "clientId" not in answer:
        answer = {"id": "d:abc123:pump:p-0", **answer}
    org = Org({"d:abc123:pump:p-0": answer})
    assert found(org, FEW[:1], start_server, connect)["pump/p-0"][0] == expected


def test_a_gateway_is_looked_for_under_both_names(
    start_server: StartServer, connect: Connect
) -> None:
    hub = [Client(DeviceKey("hub", "h-1"), gateway=True)]
    for form in "dg":
        org = Org({f"{form}:abc123:hub:h-1": row(f"{form}:abc123:hub:h-1", "connected")})
        assert found(org, hub, start_server, connect) == {"hub/h-1": ("connected", None)}


LISTS = {
    "whole": {},
    "short": {"listed": [], "total": 3},
    "empty, though the org knows some": {"listed": [], "total": 0},
    "without a count": {"total": None},
    "of more clients than it is worth": {"total": 100_000},
    "that takes no filter": {"filters_refused": True},
    "that ignores its filter": {"filters_ignored": True},
}


@pytest.mark.parametrize("how", LISTS.values(), ids=LISTS)
def test_of_many_a_list_is_read_and_not_believed_blindly(
    how: dict[str, Any], start_server: StartServer, connect: Connect
) -> None:
    org = org_of("pump/p-00", "pump/p-07", "fan/p-08", status="connected")
    vars(org).update(how)
    states = found(org, MANY, start_server, connect)
    on = {name for name, (state, _) in states.items() if state == "connected"}
    assert on == {"pump/p-00", "pump/p-07"}
    assert len(states) == len(MANY)


def test_whom_neither_list_nor_single_call_can_tell_is_unknown(
    start_server: StartServer, connect: Connect
) -> None:
    crowd = [Client(DeviceKey("pump", f"q-{number}"), gateway=False) for number in range(600)]
    org = org_of("pump/q-0", status="connected")
    org.total = 2
    states = found(org, crowd, start_server, connect)
    assert states["pump/q-0"] == ("connected", None)
    assert [state for state, _ in states.values()].count("unknown") == 600 - 1 - 20 - 500


def test_a_list_of_rows_that_nobody_can_read_tells_nothing(
    start_server: StartServer, connect: Connect
) -> None:
    org = Org({"d:abc123:pump:p-00": {"client": "d:abc123:pump:p-00", "on": True}})
    for clients in (FEW, MANY):
        with pytest.raises(ApiError, match="cannot be read"):
            found(org, clients, start_server, connect)


def test_a_log_tells_when_a_device_was_last_heard_of(
    start_server: StartServer, connect: Connect
) -> None:
    def script(asked: Asked) -> bytes:
        if asked.params["deviceId"] == "p-2":
            return reply(403, {})
        times = ["2026-11-01T00:00:00Z", "2026-11-20T12:00:00+02:00", "soon", None]
        seen = times if asked.params["deviceId"] == "p-0" else []
        return reply(200, [{"message": "Closed", "timestamp": each} for each in seen])

    reader = connect(start_server(script).url)
    keys = [client.key for client in FEW]
    assert last_logged(reader, keys) == {keys[0]: WENT}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T10:00:00.123Z", WENT),
        ("2026-11-20T12:00:00+02:00", WENT),
        ("2026-11-20T10:00:00", WENT),
        ("yesterday", None),
        ("0001-01-01T00:00:00+23:00", None),
        (1_700_000_000, None),
        (None, None),
    ],
)
def test_times_are_told_in_one_form(text: object, expected: str | None) -> None:
    assert utc_stamp(text) == expected
