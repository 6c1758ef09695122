"""Where the guide and the old code disagree, both are right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleetsync.client import UnreachableError, UsageError
from fleetsync.compat import ibmiotf
from fleetsync.compat.ibmiotf.errors import HttpCode, as_before
from tests.compat.conftest import ARDUINO, KEY, OPTIONS, TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from fleetsync.compat.ibmiotf.api import ApiClient
    from fleetsync.emulator.running import Emulator

TWINS = [
    ("getAllDevices", "getDevices"),
    ("addMultipleDevices", "registerDevices"),
    ("getAllDeviceTypes", "getDeviceTypes"),
    ("retrieveDevices", "getDevicesForType"),
    ("deleteDevice", "removeDevice"),
    ("deleteDiagnosticLog", "clearDiagnosticLog"),
]


@pytest.mark.parametrize(("guide", "later"), TWINS)
def test_the_names_of_later_versions_mean_the_same(guide: str, later: str) -> None:
    found = ibmiotf.api.ApiClient
    assert getattr(found, guide) is getattr(found, later)
    assert ibmiotf.APIException is ibmiotf.IoTFCReSTException


def test_later_arguments_mean_the_same(api: ApiClient) -> None:
    made = api.addDeviceType(typeId="gate", classId="Gateway", description="d")
    assert (made["id"], made["classId"], made["description"]) == ("gate", "Gateway", "d")
    with pytest.raises(TypeError, match="deviceType"):
        api.addDeviceType(description="d")
    params = {"typeId": ARDUINO[0], "deviceId": ARDUINO[1], "limit": 1}
    assert api.getConnectionLogs(params) == api.getDeviceConnectionLogs(*ARDUINO)
    assert len(api.getConnectionLogs(params)) == 1


def test_a_device_is_registered_with_arguments_in_either_order(
    api: ApiClient, org: Emulator
) -> None:
    place = {"latitude": "1.5", "longitude": 2, "measuredDateTime": "2015-10-28T08:45:11.662Z"}
    one = api.registerDevice(
        "pi-model-a", "p-1", "a-token-of-ours", {"model": "m"}, place, {"a": 1}
    )
    two = api.registerDevice("pi-model-a", "p-2", {"a": 1}, {"model": "m"}, place)
    assert one["authToken"] == "a-token-of-ours"
    assert org.state.check_token("pi-model-a", "p-2", two["authToken"])
    devices = org.state.snapshot()["devices"]
    assert devices["pi-model-a/p-1"] == devices["pi-model-a/p-2"]
    assert devices["pi-model-a/p-1"]["location"]["latitude"] == 1.5
    with pytest.raises(TypeError, match="twice"):
        api.registerDevice("pi-model-a", "p-3", {"a": 1}, metadata={"b": 2})


def test_numbers_in_texts_are_numbers_in_bulk_too(api: ApiClient, org: Emulator) -> None:
    place = {"latitude": "1.5", "longitude": "2"}
    api.addMultipleDevices([{"typeId": "pi-model-a", "deviceId": "p-1", "location": place}])
    assert org.state.snapshot()["devices"]["pi-model-a/p-1"]["location"]["longitude"] == 2
    with pytest.raises(ibmiotf.IoTFCReSTException) as caught:
        api.updateDeviceLocation(*ARDUINO, {"latitude": "north", "longitude": "2"})
    assert caught.value.httpCode == 400


def test_a_status_alone_is_told_from_a_device_info(api: ApiClient) -> None:
    raised = api.updateDevice(
        *ARDUINO, {"floor": "1"}, {"model": "x"}, {"alert": {"enabled": True}}
    )
    assert (raised["metadata"], raised["deviceInfo"]) == ({"floor": "1"}, {"model": "x"})
    lowered = api.updateDevice(*ARDUINO, {"model": "y"}, {"alert": {"enabled": False}})
    assert (lowered["metadata"], lowered["deviceInfo"]) == ({"floor": "1"}, {"model": "y"})
    assert lowered["status"]["alert"]["enabled"] is False


def test_a_bulk_add_that_was_done_in_part_keeps_its_tokens(api: ApiClient, org: Emulator) -> None:
    devices = [{"typeId": each, "deviceId": "p-1"} for each in ("pi-model-a", "nothing")]
    with pytest.raises(ibmiotf.IoTFCReSTException) as caught:
        api.addMultipleDevices(devices)
    error = caught.value
    assert error.httpCode == 202
    done, failed = error.response
    assert org.state.check_token("pi-model-a", "p-1", done["authToken"])
    assert (failed["typeId"], failed["success"]) == ("nothing", False)
    assert failed["message"] == "EMU1010E: There is no such device type."
    assert done["authToken"] not in f"{error}{error!r}{error.message}{error.response}"


def test_a_status_is_a_number_and_can_be_joined_to_texts() -> None:
    code = HttpCode(404)
    assert "[" + code + "]" == "[404]"
    assert code + " x" == "404 x"
    assert (code, code + 1, 1 + code, f"{code}", {404: "x"}[code]) == (404, 405, 405, "404", "x")


def test_an_error_without_an_answer_has_no_status() -> None:
    @as_before
    def fail() -> None:
        raise UnreachableError("nobody answers")

    with pytest.raises(ibmiotf.IoTFCReSTException) as caught:
        fail()
    error = caught.value
    assert (error.httpCode, error.response) == (None, None)
    assert "ERROR [" + error.httpcode + "] " + error.message == "ERROR [no answer] nobody answers"


BAD: list[tuple[dict[str, Any] | None, type[Exception], str]] = [
    (None, ibmiotf.ConfigurationException, "quickstart"),
    ({}, ibmiotf.ConfigurationException, "auth-key is missing"),
    ({"auth-key": KEY}, ibmiotf.ConfigurationException, "auth-token is missing"),
    ({**OPTIONS, "nonsense": 1}, ibmiotf.ConfigurationException, "no option"),
    ({**OPTIONS, "auth-method": "x"}, ibmiotf.UnsupportedAuthenticationMethod, "method: x"),
]


@pytest.mark.parametrize(("options", "kind", "words"), BAD)
def test_options_that_do_not_do_are_told_as_before(
    options: dict[str, Any] | None, kind: type[Exception], words: str
) -> None:
    with pytest.raises(ibmiotf.ConnectionException, match=words) as caught:
        ibmiotf.application.Client(options)
    assert type(caught.value) is kind
    assert TOKEN not in repr(caught.value)


def test_a_configuration_file_becomes_options(config_file: Path, tmp_path: Path) -> None:
    assert ibmiotf.application.ParseConfigFile(str(config_file)) == {
        "org": "abc123",
        "id": "myApplication",
        "auth-method": "apikey",
        "auth-key": KEY,
        "auth-token": TOKEN,
        "clean-session": "false",
        "callspersecond": "1000",
    }
    with pytest.raises(ibmiotf.ConfigurationException, match="cannot be read"):
        ibmiotf.application.ParseConfigFile(tmp_path / "nothing")


def test_an_id_that_cannot_be_sent_is_a_wrong_use(api: ApiClient) -> None:
    with pytest.raises(UsageError):
        api.getDevice("..", "p")
