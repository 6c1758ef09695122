"""Each fault does to a request what it says, in the process as over HTTP."""

from __future__ import annotations

import gc
import json
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from requests.exceptions import ChunkedEncodingError, ConnectionError, ReadTimeout  # noqa: A004 - requests' own name for it

from fleetsync.emulator.app import make_app
from fleetsync.emulator.faults import NO_FAULTS, Faults
from fleetsync.emulator.running import run_emulator
from fleetsync.emulator.server import Server
from fleetsync.emulator.switches import Switches
from tests.emulator.conftest import Caller

if TYPE_CHECKING:
    from pathlib import Path

    from fleetsync.emulator.state import OrgState

RESET = "Connection reset by peer"
CLOSED = "Remote end closed connection without response"

# A client that is still sending may see the reset there, and only the end where it reads.
EITHER = f"{RESET}|{CLOSED}"

BROKEN: list[tuple[str, type[Exception], str, bool]] = [
    ("reset_before_read", ConnectionError, EITHER, False),
    ("reset_before_write", ConnectionError, RESET, False),
    ("reset_after_write", ConnectionError, RESET, True),
    ("hang_before_write", ConnectionError, CLOSED, False),
    ("hang_after_write", ConnectionError, CLOSED, True),
    ("cut_body", ChunkedEncodingError, "more expected", True),
]

STATUSES = [500, 502, 503, 504, 401, 403, 409, 429]


def types(state: OrgState) -> list[str]:
    """Return the types that the org has."""
    return sorted(state.snapshot()["deviceTypes"])


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case[0])
def test_a_connection_breaks_before_or_after_the_write(
    door: Caller, org_state: OrgState, case: tuple[str, type[Exception], str, bool]
) -> None:
    fault, error, words, written = case
    org_state.faults = Faults(hang_seconds=0.1, **{fault: 1.0})  # type: ignore[arg-type] # field is data
    started = time.monotonic()
    with pytest.raises(error, match=words) as caught:
        door("POST", "/device/types", {"id": "fan"})
    assert type(caught.value) is error
    assert (time.monotonic() - started > 0.1) == fault.startswith("hang")
    assert types(org_state) == (["fan"] if written else [])
    name = "".join(part.title() for part in fault.split("_"))
    assert org_state.fault_log == [(1, "POST /device/types", name[0].lower() + name[1:])]
    assert org_state.calls == {"POST /device/types": 1}
    org_state.faults = NO_FAULTS
    assert door("GET", "/device/types").status == 200


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("written", [False, True])
def test_a_status_comes_before_or_after_the_write(
    door: Caller, org_state: OrgState, status: int, written: bool
) -> None:
    if written:
        org_state.faults = Faults(status_after=1.0, statuses=str(status))
    else:
        org_state.faults = Faults(status_before=1.0, statuses=str(status))
    reply = door("POST", "/device/types", {"id": "fan"})
    words = f"EMU0{status}E: The emulator was told to fail."
    full = {"message": words, "exception": {"id": f"EMU0{status}E", "properties": []}}
    assert reply == (status, {} if status in {401, 403} else full)
    assert types(org_state) == (["fan"] if written else [])
    fault = "statusAfter" if written else "statusBefore"
    assert org_state.fault_log == [(1, "POST /device/types", f"{fault} {status}")]


def test_statuses_are_drawn_from_those_that_are_set(door: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(status_before=1.0, statuses="502,504")
    statuses = {door("GET", "/device/types").status for _ in range(20)}
    assert statuses == {502, 504}


def test_retry_after_comes_in_seconds_as_a_date_or_not_at_all(
    door: Caller, org_state: OrgState
) -> None:
    shown = {}
    for form in ("seconds", "date", "absent"):
        org_state.faults = Faults(throttled=1.0, retry_after=form, retry_after_seconds=7)
        answer = door.send("GET", "/device/types")
        assert answer.status_code == 429
        shown[form] = answer.headers.get("Retry-After")
    assert (shown["seconds"], shown["absent"]) == ("7", None)
    left = parsedate_to_datetime(shown["date"] or "") - datetime.now(UTC)
    assert timedelta(seconds=5) < left <= timedelta(seconds=8)


def test_mixed_forms_of_retry_after_are_all_of_them(call: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(
        status_before=1.0, statuses="503", retry_after="mixed", retry_after_seconds=0
    )
    values = [call.send("GET", "/device/types").headers.get("Retry-After") for _ in range(40)]
    assert {"0" if value == "0" else value and value[-3:] for value in values} == {"0", "GMT", None}


def test_only_429_and_503_say_when_to_come_back(call: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(status_before=1.0, statuses="500,502,504,401,403,409")
    assert all("Retry-After" not in call.send("GET", "/").headers for _ in range(20))


def test_a_throttled_call_is_not_carried_out(door: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(throttled=1.0, faults_first=1)
    assert door("POST", "/device/types", {"id": "fan"}).status == 429
    assert door("POST", "/device/types", {"id": "fan"}).status == 201
    assert org_state.fault_log == [(1, "POST /device/types", "throttled")]


def test_more_calls_a_second_than_allowed_are_refused_until_time_has_passed(
    door: Caller, org_state: OrgState
) -> None:
    org_state.faults = Faults(throttle_calls_per_second=20.0, faults_on="GET")
    started = time.monotonic()
    answers = [door.send("GET", "/device/types") for _ in range(30)]
    assert time.monotonic() - started < 0.9
    assert [answer.status_code for answer in answers] == [200] * 20 + [429] * 10
    assert answers[-1].headers["Retry-After"] == "1"
    assert door("POST", "/device/types", {"id": "fan"}).status == 201
    assert len(org_state.fault_log) == 10
    assert org_state.fault_log[0] == (21, "GET /device/types", "throttleCallsPerSecond")
    time.sleep(max(0.0, started + 1.1 - time.monotonic()))
    assert door("GET", "/device/types").status == 200


@pytest.mark.parametrize("fault", ["slow_answer", "dripping_answer"])
def test_a_slow_answer_is_late_but_whole(door: Caller, org_state: OrgState, fault: str) -> None:
    org_state.faults = Faults(slow_seconds=0.2, drip_seconds=0.2, **{fault: 1.0})  # type: ignore[arg-type] # field is data
    started = time.monotonic()
    status, body = door("POST", "/device/types", {"id": "fan"})
    assert time.monotonic() - started > 0.2
    assert (status, body["id"]) == (201, "fan")
    assert [entry.fault for entry in org_state.fault_log] == [
        {"slow_answer": "slowAnswer", "dripping_answer": "drippingAnswer"}[fault]
    ]


@pytest.mark.parametrize("fault", ["slow_answer", "hang_after_write", "hang_before_write"])
def test_a_client_that_waits_no_longer_gets_a_timeout(
    door: Caller, org_state: OrgState, fault: str
) -> None:
    org_state.faults = Faults(slow_seconds=30.0, hang_seconds=30.0, **{fault: 1.0})  # type: ignore[arg-type] # field is data
    with pytest.raises(ReadTimeout, match=r"Read timed out\. \(read timeout=0\.2\)"):
        door("POST", "/device/types", {"id": "fan"}, timeout=(3, 0.2))
    assert types(org_state) == ([] if fault == "hang_before_write" else ["fan"])


GARBLED: dict[str, Any] = {
    "html": ("text/html; charset=utf-8", 200),
    "invalid": ("application/json; charset=utf-8", 201),
    "truncated": ("application/json; charset=utf-8", 201),
    "wrongType": ("application/json; charset=utf-8", 201),
}


@pytest.mark.parametrize("kind", GARBLED)
def test_a_garbled_body_has_its_right_length_and_no_sense(
    door: Caller, org_state: OrgState, kind: str
) -> None:
    org_state.faults = Faults(garbled_body=1.0, garbled_as=kind)  # type: ignore[arg-type] # kind is data
    for number in range(8):
        answer = door.send("POST", "/device/types", {"id": f"t-{number}"})
        assert (answer.headers["Content-Type"], answer.status_code) == GARBLED[kind]
        assert answer.headers["Content-Length"] == str(len(answer.content))
        if kind == "wrongType":
            assert not isinstance(answer.json(), dict)
        else:
            with pytest.raises(ValueError, match=r"Expecting|Invalid|Unterminated|Extra data"):
                json.loads(answer.content)
        assert org_state.fault_log[-1].fault == f"garbledBody {kind}"
    assert len(types(org_state)) == 8


@pytest.mark.parametrize("kind", GARBLED)
def test_an_answer_without_a_body_can_be_garbled_too(
    door: Caller, org_state: OrgState, kind: str
) -> None:
    door.add_type("fan")
    org_state.faults = Faults(garbled_body=1.0, garbled_as=kind)  # type: ignore[arg-type] # kind is data
    answer = door.send("DELETE", "/device/types/fan")
    assert (answer.status_code, types(org_state)) == (200, [])
    assert answer.headers["Content-Length"] == str(len(answer.content))


def test_mixed_garbling_is_of_all_kinds(call: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(garbled_body=1.0)
    for _ in range(40):
        call.send("GET", "/device/types")
    kinds = {entry.fault.split()[1] for entry in org_state.fault_log}
    assert kinds == set(GARBLED)


def test_an_answer_without_a_body_is_cut_to_nothing_at_all(
    door: Caller, org_state: OrgState
) -> None:
    door.add_type("fan")
    org_state.faults = Faults(cut_body=1.0)
    with pytest.raises(ConnectionError, match=CLOSED):
        door("DELETE", "/device/types/fan")
    assert types(org_state) == []


def test_a_large_request_is_reset_before_it_is_read(door: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(reset_before_read=1.0)
    body = {"id": "fan", "metadata": {"text": "x" * 8_000_000}}
    with pytest.raises(ConnectionError):
        door("POST", "/device/types", body)
    assert types(org_state) == []


def test_faults_are_combined_and_aimed_at_one_call(door: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(
        status_after=1.0,
        statuses="503",
        slow_answer=1.0,
        slow_seconds=0.01,
        faults_on="POST /device/types",
        faults_after=1,
        faults_first=1,
    )
    replies = [door("POST", "/device/types", {"id": f"t-{number}"}).status for number in range(3)]
    assert (replies, door("GET", "/device/types").status) == ([201, 503, 201], 200)
    assert org_state.fault_log == [
        (2, "POST /device/types", "statusAfter 503"),
        (2, "POST /device/types", "slowAnswer"),
    ]


def play(door: Caller, state: OrgState, seed: int) -> list[object]:
    """Send the same requests and return what came of them, and the log."""
    state.faults = Faults(
        fault_seed=seed, any_fault=0.6, hang_seconds=0.0, slow_seconds=0.0, drip_seconds=0.0
    )
    told: list[object] = []
    for number in range(40):
        method, body = ("POST", {"id": f"t-{number % 7}"}) if number % 3 else ("GET", None)
        try:
            told.append(door.send(method, "/device/types", body).status_code)
        except (ConnectionError, ChunkedEncodingError) as error:
            told.append(type(error).__name__)
    told += state.fault_log
    state.faults = NO_FAULTS
    for type_id in types(state):
        for entry in door("GET", f"/device/types/{type_id}/devices").body["results"]:
            door("DELETE", f"/device/types/{type_id}/devices/{entry['deviceId']}")
        door("DELETE", f"/device/types/{type_id}")
    return told


def test_the_same_seed_plays_the_same_run(door: Caller, org_state: OrgState) -> None:
    first = play(door, org_state, 1)
    assert play(door, org_state, 1) == first
    assert play(door, org_state, 2) != first


def test_both_doors_play_the_same_run(call: Caller, org_state: OrgState) -> None:
    inside = play(call, org_state, 5)
    with run_emulator(org_state) as running:
        assert play(call.over_http(running.url), org_state, 5) == inside


@pytest.mark.parametrize("switches", [Switches(error_body="full")], indirect=True)
def test_a_refusal_looks_like_the_orgs_own(door: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(status_before=1.0, statuses="403")
    assert door("GET", "/").body["exception"] == {"id": "EMU0403E", "properties": []}


def test_control_calls_and_foreign_paths_meet_no_fault(door: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(reset_before_read=1.0)
    outside = Caller(door.session, door.root.removesuffix("/api/v0002"))
    assert outside("GET", "/emulator/faults") == (200, [])
    assert outside("GET", "/elsewhere").status == 404
    assert outside("PUT", "/emulator/switches", {"resetBeforeRead": "0%", "cutBody": 0.5}).status
    assert org_state.faults == Faults(cut_body=0.5)
    values = outside("GET", "/emulator/switches").body
    assert (values["cutBody"], values["pageCap"]) == (0.5, 200)


def test_an_unknown_call_can_be_hit_too(door: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(throttled=1.0)
    assert door("GET", "/nowhere").status == 429
    assert org_state.fault_log == [(1, "GET (unknown)", "throttled")]


def test_a_server_stops_at_once_while_requests_hang(org_state: OrgState, call: Caller) -> None:
    org_state.faults = Faults(hang_after_write=1.0, hang_seconds=60.0)
    before = threading.active_count()
    errors: list[str] = []

    def ask(over: Caller, number: int) -> None:
        try:
            over.send("POST", "/device/types", {"id": f"t-{number}"}, timeout=30)
        except ConnectionError as error:
            errors.append(str(error))

    with run_emulator(org_state) as running:
        over = call.over_http(running.url)
        asking = [threading.Thread(target=ask, args=(over, number)) for number in range(3)]
        for thread in asking:
            thread.start()
        while len(types(org_state)) < 3:
            time.sleep(0.01)
        started = time.monotonic()
    assert time.monotonic() - started < 3
    for thread in asking:
        thread.join()
    assert [CLOSED in error for error in errors] == [True] * 3
    assert threading.active_count() == before


def test_a_hanging_request_lets_go_when_its_client_is_gone(
    call: Caller, org_state: OrgState
) -> None:
    """There are eight threads: were they held, the ninth request would find none."""
    org_state.faults = Faults(hang_before_write=1.0, hang_seconds=60.0, faults_on="POST")
    with run_emulator(org_state) as running:
        over = call.over_http(running.url)
        for number in range(9):
            with pytest.raises(ReadTimeout):
                over.send("POST", "/device/types", {"id": f"t-{number}"}, timeout=0.1)
        assert over("GET", "/device/types").status == 200


def test_tls_connections_are_reset_and_held_too(
    call: Caller, org_state: OrgState, tmp_path: Path
) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    chain, key, ca = tmp_path / "chain.pem", tmp_path / "key.pem", tmp_path / "ca.pem"
    chain.write_bytes(b"".join(part.bytes() for part in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(ca)
    with Server(make_app(org_state), certificate=chain, private_key=key) as server:
        over = call.over_http(server.url)
        for fault in ("reset_after_write", "hang_after_write"):
            org_state.faults = Faults(hang_seconds=0.1, **{fault: 1.0})  # type: ignore[arg-type] # field is data
            # Python's TLS shows a reset as an end.
            with pytest.raises(ConnectionError, match=EITHER):
                over("POST", "/device/types", {"id": fault}, verify=str(ca))
        org_state.faults = NO_FAULTS
        assert over("GET", "/", verify=str(ca)).status == 200
    assert types(org_state) == ["hang_after_write", "reset_after_write"]


def open_files() -> int:
    """Return how many files and sockets this process has open."""
    gc.collect()
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count is all that is wanted


def test_no_socket_or_thread_is_left_behind(call: Caller, org_state: OrgState) -> None:
    before = open_files(), threading.active_count()
    with run_emulator(org_state) as running:
        play(call.over_http(running.url), org_state, 3)
    call.session.close()
    assert (open_files(), threading.active_count()) == before


def test_without_faults_nothing_is_counted_or_logged(call: Caller, org_state: OrgState) -> None:
    call.add_type("fan")
    assert org_state.fault_log == []
    assert org_state.faults is NO_FAULTS
