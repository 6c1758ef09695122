"""HTTP around the org: credentials, paths, methods, bodies, and the door for tests."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
import requests

from fleetsync.emulator import call as calls
from fleetsync.emulator.app import make_app
from fleetsync.emulator.route import ROUTES
from fleetsync.emulator.switches import Switches

if TYPE_CHECKING:
    from fleetsync.emulator.running import Emulator
    from fleetsync.emulator.state import OrgState
    from tests.conftest import StartEmulator
    from tests.emulator.conftest import Caller

ACCOUNTS = {"a-embedded-key": "api-token", "a-embedded-other": "other-t\u00f6ken"}


def basic(key: str, token: str) -> str:
    """Return the header of HTTP Basic."""
    return "Basic " + base64.b64encode(f"{key}:{token}".encode()).decode("ascii")


CREDENTIALS = [
    (None, 401),
    ("", 401),
    ("Bearer abc", 401),
    ("Basic", 401),
    ("Basic !!!", 401),
    ("Basic " + base64.b64encode(b"\xff\xfe").decode(), 401),
    ("Basic " + base64.b64encode(b"no colon").decode(), 401),
    (basic("", "api-token"), 401),
    (basic("a-embedded-key", ""), 401),
    (basic("a-embedded-key", "wrong"), 401),
    (basic("a-embedded-key", "other-t\u00f6ken"), 401),
    (basic("a-embedded-nobody", "api-token"), 403),
    (basic("a-embedded-key", "api-token"), 200),
    (basic("a-embedded-other", "other-t\u00f6ken"), 200),
    (basic("a-embedded-key", "api-token").replace("Basic", "basic"), 200),
]


@pytest.mark.parametrize("path", ["/api/v0002/", "/emulator/switches"])
def test_credentials_are_looked_at_first(start_emulator: StartEmulator, path: str) -> None:
    running = start_emulator(accounts=ACCOUNTS)
    with requests.Session() as session:
        session.trust_env = False
        for header, status in CREDENTIALS:
            headers = {} if header is None else {"Authorization": header}
            answer = session.get(f"{running.url}{path}", headers=headers)
            assert answer.status_code == status, header
            if status != 200:
                assert answer.json() == {}


def test_without_accounts_any_key_and_token_are_taken(emulator: Emulator) -> None:
    url = f"{emulator.url}/api/v0002/"
    assert requests.get(url, auth=("any", "thing"), timeout=9).status_code == 200
    assert requests.get(url, timeout=9).status_code == 401


def test_an_unknown_path_without_credentials_is_a_401(emulator: Emulator) -> None:
    assert requests.get(f"{emulator.url}/nowhere", timeout=9).status_code == 401


BODIES: list[tuple[Switches, Any, Any]] = [
    (Switches(), {}, {}),
    (Switches(error_body="empty"), None, None),
    (
        Switches(error_body="full"),
        {
            "message": "EMU0401E: The request has no valid credentials.",
            "exception": {"id": "EMU0401E", "properties": []},
        },
        {
            "message": "EMU0404E: There is no such resource.",
            "exception": {"id": "EMU0404E", "properties": []},
        },
    ),
]


@pytest.mark.parametrize(("switches", "denied", "missing"), BODIES, indirect=["switches"])
def test_the_body_of_401_and_404_is_a_switch(call: Caller, denied: Any, missing: Any) -> None:
    assert call("GET", "/device/types/x") == (404, missing)
    assert call("GET", "/", auth=("", "")) == (401, denied)


def test_the_org_describes_itself(call: Caller) -> None:
    status, body = call("GET", "/")
    assert status == 200
    assert body.pop("created") == body.pop("updated")
    assert body == {
        "id": "embedded",
        "name": "Emulated org embedded",
        "enabled": True,
        "type": "Standard",
        "config": {"historian": {"enabled": False, "retention": 0}},
    }
    assert call("GET", "").body["id"] == "embedded"


UNKNOWN = [
    ("GET", "/nowhere"),
    ("PUT", "/bulk/devices/update"),
    ("GET", "/bulk/devices/gw_def_res_grp:abc:gw:g1"),
    ("PUT", "/bulk/devices/group/add"),
    ("GET", "/device/types/pump/devices/p-1/diag"),
    ("GET", "/device/types//devices"),
    ("GET", "/device/types/a%2Fb/devices"),
    ("GET", "/device//types"),
]


@pytest.mark.parametrize(("method", "path"), UNKNOWN)
def test_a_path_that_is_not_served_is_not_found(call: Caller, method: str, path: str) -> None:
    assert call(method, path) == (404, {})


@pytest.mark.parametrize("path", ["/", "/api", "/api/v0001/", "/api/v0002x/", "/emulator/x"])
def test_outside_of_the_api_there_is_nothing(emulator: Emulator, path: str) -> None:
    answer = requests.get(emulator.url + path, auth=("key", "token"), timeout=9)
    assert (answer.status_code, answer.json()) == (404, {})


METHODS = [
    ("POST", "/", "GET"),
    ("DELETE", "/bulk/devices", "GET"),
    ("GET", "/bulk/devices/add", "POST"),
    ("DELETE", "/device/types", "GET, POST"),
    ("PATCH", "/device/types/pump", "GET, PUT, DELETE"),
    ("HEAD", "/device/types/pump/devices/p-1/location", "GET, PUT"),
]


@pytest.mark.parametrize(("method", "path", "allowed"), METHODS)
def test_a_wrong_method_is_a_405(call: Caller, method: str, path: str, allowed: str) -> None:
    status, body = call(method, path)
    assert status == 405
    assert method == "HEAD" or body["message"] == f"EMU0405E: Allowed here: {allowed}."


def test_ids_with_escapes_in_the_path_are_understood(call: Caller) -> None:
    call.add_type("a.b_c-d")
    assert call("GET", "/device/types/a%2Eb_c%2Dd").body["id"] == "a.b_c-d"


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff", b'{"id": NaN}', b'{"id": "\\ud800"}', b"[" * 9999]
)
def test_a_body_that_is_not_json_is_a_400(call: Caller, raw: bytes) -> None:
    status, body = call("POST", "/device/types", data=raw)
    assert (status, body["exception"]["id"]) == (400, "CUDRS0007E")


def test_a_body_beyond_all_reason_is_a_413(call: Caller) -> None:
    raw = b'{"id": "pump", "description": "' + b"x" * 17_000_000 + b'"}'
    assert call("POST", "/device/types", data=raw).status == 413


def test_a_failure_of_the_emulator_is_bland(
    call: Caller, org_state: OrgState, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(turn: object, request: object) -> None:
        raise ZeroDivisionError("secret words")

    route = next(route for route in ROUTES if route.answer is calls.get_type)
    monkeypatch.setitem(route.__dict__, "answer", fail)
    status, body = call("GET", "/device/types/pump")
    assert (status, body["message"]) == (500, "EMU0500E: The emulator failed.")
    monkeypatch.undo()
    call.add_type("pump")
    assert list(org_state.snapshot()["deviceTypes"]) == ["pump"]


def test_calls_are_counted_by_their_route(call: Caller, org_state: OrgState) -> None:
    call.add_type("pump")
    call.add_device("pump", "p-1")
    call("GET", "/device/types?_limit=3")
    call("GET", "/device/types/")
    call("GET", "/")
    call("PUT", "/device/types/pump/devices/p-1", {})
    call("PUT", "/device/types/pump/devices/p-2", {})
    call("GET", "/nowhere")
    call("GET", "/device/types", auth=("", ""))
    assert org_state.calls == {
        "POST /device/types": 1,
        "POST /device/types/{typeId}/devices": 1,
        "GET /device/types": 3,
        "GET /": 1,
        "PUT /device/types/{typeId}/devices/{deviceId}": 2,
        "GET (unknown)": 1,
    }
    org_state.reset_calls()
    assert org_state.calls == {}


def test_counts_can_be_read_and_reset_over_http(emulator: Emulator) -> None:
    url, auth = emulator.url, ("key", "token")
    requests.get(f"{url}/api/v0002/", auth=auth, timeout=9)
    assert requests.get(f"{url}/emulator/calls", auth=auth, timeout=9).json() == {"GET /": 1}
    assert requests.delete(f"{url}/emulator/calls", auth=auth, timeout=9).status_code == 204
    assert requests.get(f"{url}/emulator/calls", auth=auth, timeout=9).json() == {}


def test_switches_can_be_read_and_set_over_http(emulator: Emulator) -> None:
    url, auth = f"{emulator.url}/emulator/switches", ("key", "token")
    assert requests.get(url, auth=auth, timeout=9).json()["pageCap"] == 200
    sent = {"pageCap": 7, "nullIsGiven": True, "metadataPut": "merge", "listLagSeconds": 0.5}
    answer = requests.put(url, auth=auth, json=sent, timeout=9)
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in sent} == sent
    assert emulator.state.switches == Switches(
        page_cap=7, null_is_given=True, metadata_put="merge", list_lag_seconds=0.5
    )


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ([], "EMU0400E: Send an object of switches."),
        (
            {"pagecap": 1},
            "EMU0400E: switch 'pagecap' does not exist; did you mean pageCap?",
        ),
        (
            {"maxTypes": 1, "pageCap": None},
            "EMU0400E: switch pageCap: 'None' is not one of: whole number, 1 or more",
        ),
    ],
)
def test_a_wrong_switch_over_http_sets_none(emulator: Emulator, sent: object, message: str) -> None:
    url = f"{emulator.url}/emulator/switches"
    answer = requests.put(url, auth=("key", "token"), json=sent, timeout=9)
    assert (answer.status_code, answer.json()["message"]) == (400, message)
    assert emulator.state.switches == Switches()


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/v0002/"), ("DELETE", "/emulator/calls")]
)
def test_the_application_keeps_the_rules_of_wsgi(
    org_state: OrgState, method: str, path: str
) -> None:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "HTTP_AUTHORIZATION": basic("key", "token"),
        "wsgi.input": io.BytesIO(),
    }
    setup_testing_defaults(environ)
    seen: list[str] = []

    def start_response(status: str, headers: object, error: object = None) -> Any:
        seen.append(status)
        return lambda data: None

    body = validator(make_app(org_state))(environ, start_response)
    try:
        assert b"".join(body) or method == "DELETE"
    finally:
        body.close()  # type: ignore[attr-defined] # the validator adds it
    assert seen in (["200 OK"], ["204 No Content"])
