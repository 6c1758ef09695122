"""What the library raises when the org refuses, answers nonsense, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleetsync.client import (
    ApiError,
    ApplicationClient,
    CredentialsError,
    FleetsyncError,
    OrgError,
    OutcomeUnknownError,
    PartlyDoneError,
    UnreachableError,
    UsageError,
)
from tests.api.hostile import Hangup, in_turn, reply
from tests.client.conftest import KEY, TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleetsync.emulator.state import OrgState
    from tests.client.conftest import Open, Serve

PUMP = ("pump", "p-1")
PLACE = {"longitude": 1, "latitude": 2}
READS: dict[str, Callable[[ApplicationClient], object]] = {
    "organization": lambda c: c.organization.get_organization_details(),
    "types": lambda c: c.types.get_all_device_types().page(),
    "type": lambda c: c.types.get_device_type("pump"),
    "devices": lambda c: c.devices.get_all_devices().page(),
    "devices of a type": lambda c: c.devices.retrieve_devices("pump").page(),
    "device": lambda c: c.devices.get_device(*PUMP),
    "location": lambda c: c.location.get_device_location(*PUMP),
    "management": lambda c: c.management.get_device_management_information(*PUMP),
    "logs": lambda c: c.diagnostics.get_all_diagnostic_logs(*PUMP),
    "log": lambda c: c.diagnostics.get_diagnostic_log(*PUMP, "x"),
    "codes": lambda c: c.diagnostics.get_all_diagnostic_error_codes(*PUMP),
    "connections": lambda c: c.connections.get_device_connection_logs(*PUMP),
    "states": lambda c: c.connections.get_client_connection_states(),
    "state": lambda c: c.connections.get_client_connection_state("d:abc123:pump:p-1"),
}
WRITES: dict[str, Callable[[ApplicationClient], object]] = {
    "add type": lambda c: c.types.add_device_type("pump"),
    "update type": lambda c: c.types.update_device_type("pump", "new"),
    "delete type": lambda c: c.types.delete_device_type("pump"),
    "register": lambda c: c.devices.register_device(*PUMP, "s3cret-of-pump"),
    "update": lambda c: c.devices.update_device(*PUMP, {"floor": 1}),
    "delete": lambda c: c.devices.delete_device(*PUMP),
    "bulk add": lambda c: c.bulk.add_multiple_devices(
        [{"typeId": "pump", "deviceId": "p-1", "authToken": "s3cret-of-pump"}]
    ),
    "bulk delete": lambda c: c.bulk.delete_multiple_devices(
        [{"typeId": "pump", "deviceId": "p-1"}]
    ),
    "location": lambda c: c.location.update_device_location(*PUMP, PLACE),
    "add log": lambda c: c.diagnostics.add_diagnostic_log(*PUMP, {"message": "m"}),
    "clear logs": lambda c: c.diagnostics.clear_all_diagnostic_logs(*PUMP),
    "delete log": lambda c: c.diagnostics.delete_diagnostic_log(*PUMP, "x"),
    "add code": lambda c: c.diagnostics.add_error_code(*PUMP, {"errorCode": 1}),
    "clear codes": lambda c: c.diagnostics.clear_all_error_codes(*PUMP),
}
SPEAKING = {"message": f"CUDRS0007E: {KEY} and {TOKEN} and s3cret-of-pump", "violations": []}
STATUSES: list[tuple[int, Any, type[OrgError], type[OrgError]]] = [
    (400, SPEAKING, ApiError, ApiError),
    (401, {}, CredentialsError, CredentialsError),
    (403, {}, CredentialsError, CredentialsError),
    (403, SPEAKING, ApiError, ApiError),
    (404, {}, ApiError, ApiError),
    (404, b"", ApiError, ApiError),
    (409, SPEAKING, ApiError, ApiError),
    (413, SPEAKING, ApiError, ApiError),
    (429, {}, ApiError, ApiError),
    (500, SPEAKING, ApiError, OutcomeUnknownError),
    (503, b"<html>", ApiError, OutcomeUnknownError),
]
EVERY = [
    pytest.param(call, status, body, kind, id=f"{name}-{status}-{number}")
    for calls, place in ((READS, 2), (WRITES, 3))
    for name, call in calls.items()
    for number, row in enumerate(STATUSES)
    for status, body, kind in [(row[0], row[1], row[place])]
]


@pytest.mark.parametrize(("call", "status", "body", "kind"), EVERY)
def test_a_refusal_is_told_with_its_status_and_body(  # noqa: PLR0917 - one for each column
    call: Any, status: int, body: Any, kind: type[OrgError], serve: Serve, open_client: Open
) -> None:
    server = serve(in_turn(reply(status, body)))
    with pytest.raises(FleetsyncError) as caught:
        call(open_client(server.url))
    error = caught.value
    assert type(error) is kind
    assert isinstance(error, OrgError)
    assert error.http_code == status
    assert error.message == str(error)
    assert error.response == (None if isinstance(body, bytes) else without_secrets(error, body))
    for secret in (KEY, TOKEN):
        assert secret not in f"{error!r} {error.message} {error.response}"


def without_secrets(error: OrgError, body: Any) -> Any:
    """The token of a device is a secret where the request holds it."""
    if body != SPEAKING:
        return body
    text = error.response["message"]
    assert text.startswith("CUDRS0007E: *** and *** and ")
    return SPEAKING | {"message": text}


@pytest.mark.parametrize("name", ["register", "bulk add"])
def test_a_token_that_is_sent_never_comes_back_in_an_error(
    name: str, serve: Serve, open_client: Open
) -> None:
    server = serve(in_turn(reply(400, SPEAKING)))
    with pytest.raises(ApiError) as caught:
        WRITES[name](open_client(server.url))
    assert "s3cret" not in f"{caught.value!r} {caught.value.response}"
    assert b"s3cret-of-pump" in server.asked[0].content


SENSELESS = ["organization", "types", "type", "device", "logs", "codes", "connections", "location"]
SENSELESS += ["states", "state"]


@pytest.mark.parametrize("name", SENSELESS)
@pytest.mark.parametrize("body", [5, "x", None, [3], b"<html>"])
def test_a_read_that_makes_no_sense_is_an_error(
    name: str, body: Any, serve: Serve, open_client: Open
) -> None:
    client = open_client(serve(in_turn(reply(200, body))).url)
    with pytest.raises(ApiError):
        READS[name](client)


@pytest.mark.parametrize("name", ["add type", "update type", "register", "update", "bulk add"])
def test_after_a_write_whose_answer_makes_no_sense_nobody_knows(
    name: str, serve: Serve, open_client: Open
) -> None:
    client = open_client(serve(in_turn(reply(201, 5))).url)
    with pytest.raises(OutcomeUnknownError):
        WRITES[name](client)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_whose_answer_is_lost_is_not_sent_again(
    name: str, serve: Serve, open_client: Open
) -> None:
    server = serve(in_turn(Hangup()))
    with pytest.raises(OutcomeUnknownError) as caught:
        WRITES[name](open_client(server.url))
    assert caught.value.http_code is None
    assert len(server.asked) == 1


@pytest.mark.parametrize("name", READS)
def test_where_nobody_answers_there_is_no_status(name: str, open_client: Open) -> None:
    with pytest.raises(UnreachableError) as caught:
        READS[name](open_client("http://127.0.0.1:9"))
    assert (caught.value.http_code, caught.value.response) == (None, None)


def test_a_device_without_a_token_is_nobodys(serve: Serve, open_client: Open) -> None:
    client = open_client(serve(in_turn(reply(201, {"deviceId": "p-1"}))).url)
    with pytest.raises(OutcomeUnknownError, match="told no token"):
        client.devices.register_device(*PUMP)


def test_a_bulk_add_that_was_done_in_part_tells_of_each_device(
    client: ApplicationClient, org_state: OrgState
) -> None:
    client.types.add_device_type("pump")
    names = [("pump", "p-1"), ("nothing", "p-2"), ("pump", "p-3")]
    with pytest.raises(PartlyDoneError) as caught:
        client.bulk.add_multiple_devices([{"typeId": t, "deviceId": d} for t, d in names])
    error = caught.value
    assert (error.http_code, [each.success for each in error.results]) == (202, [True, False, True])
    assert "1 of 3 devices were not added, or nobody knows: nothing/p-2" in error.message
    first, second, third = error.results
    for name, each in ("p-1", first), ("p-3", third):
        assert org_state.check_token("pump", name, each.token.reveal())
        assert each.token.reveal() not in f"{error!r}{error.message}{error.response}{error.results}"
    assert second.token is None
    assert [item["success"] for item in error.response] == [True, False, True]


def test_a_bulk_request_that_succeeds_with_202_is_no_error(serve: Serve, open_client: Open) -> None:
    items = [{"typeId": "pump", "deviceId": "p-1", "success": True, "authToken": "x1234567"}]
    client = open_client(serve(in_turn(reply(202, items))).url)
    [result] = client.bulk.add_multiple_devices([{"typeId": "pump", "deviceId": "p-1"}])
    assert result.success is True


BAD_BULK: list[tuple[Any, str]] = [
    ([{"typeId": "pump"}], "needs both"),
    ([{"typeId": "pump", "deviceId": 5}], "must be a text"),
    ([{"typeId": "pump", "deviceId": "p"}] * 2, "named twice"),
    ([{"typeId": "pump", "deviceId": "p", "metadata": {"x": "y" * 520_000}}], "split the devices"),
    ([{"typeId": "pump", "deviceId": "p", "metadata": {"x": float("nan")}}], "as JSON"),
    ([{"typeId": "pump", "deviceId": "p", "metadata": {"x": object()}}], "as JSON"),
]


@pytest.mark.parametrize(("devices", "words"), BAD_BULK)
def test_what_cannot_be_sent_in_bulk_is_refused_before(
    devices: Any, words: str, client: ApplicationClient, org_state: OrgState
) -> None:
    with pytest.raises(UsageError, match=words):
        client.bulk.add_multiple_devices(devices)
    assert not org_state.calls


@pytest.mark.parametrize("bad", ["", ".", ".."])
def test_an_id_that_would_lead_elsewhere_is_refused(bad: str, client: ApplicationClient) -> None:
    with pytest.raises(UsageError):
        client.devices.get_device("pump", bad)
    with pytest.raises(UsageError):
        client.types.delete_device_type(bad)


def test_an_id_that_is_no_text_is_refused(client: ApplicationClient) -> None:
    with pytest.raises(UsageError, match="must be a text"):
        client.devices.get_device("pump", 7)  # type: ignore[arg-type]  # that is what is tested


@pytest.mark.parametrize("name", ["_bookmark", "_sort"])
def test_a_list_that_shall_be_whole_has_its_own_order(name: str, client: ApplicationClient) -> None:
    with pytest.raises(UsageError, match="single pages"):
        list(client.devices.get_all_devices({name: "x"}))


def test_a_list_that_contradicts_itself_is_not_taken_for_whole(
    serve: Serve, open_client: Open
) -> None:
    row = {"typeId": "pump", "deviceId": "p-1"}
    page = reply(200, {"results": [row], "meta": {"total_rows": 2}})
    listing = open_client(serve(in_turn(page)).url).devices.get_all_devices()
    rows = iter(listing)
    assert next(rows) == row
    with pytest.raises(ApiError, match="counts 2 but lists 1"):
        next(rows)


def test_a_row_that_comes_twice_is_given_once(serve: Serve, open_client: Open) -> None:
    row = {"typeId": "pump", "deviceId": "p-1"}
    one = reply(200, {"results": [row], "bookmark": "x", "meta": {"total_rows": 2}})
    two = reply(200, {"results": [row, {**row, "deviceId": "p-2"}], "meta": {"total_rows": 2}})
    rows = iter(open_client(serve(in_turn(one, two)).url).devices.get_all_devices())
    found = [next(rows)["deviceId"], next(rows)["deviceId"]]
    with pytest.raises(ApiError, match="came twice"):
        next(rows)
    assert found == ["p-1", "p-2"]


def test_who_is_connected_is_read_as_the_org_says_it(serve: Serve, open_client: Open) -> None:
    state = {"id": "d:abc123:pump:p-1", "connectionStatus": "connected"}
    listed = {"results": [state], "bookmark": "x", "meta": {"total_rows": 2}}
    server = serve(in_turn(reply(200, listed), reply(200, state)))
    calls = open_client(server.url).connections
    page = calls.get_client_connection_states({"deviceType": "pump"})
    assert (page.results, page.bookmark, page.total) == ([state], "x", 2)
    assert calls.get_client_connection_state("d:abc123:pump:p-1") == state
    assert server.asked[0].params == {"deviceType": "pump"}
    assert server.paths[1].endswith("/clientconnectionstates/d:abc123:pump:p-1")
