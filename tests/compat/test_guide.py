"""Each sample of the REST part of the guide does in fleetsync what the guide says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from fleetsync.compat import ibmiotf
from fleetsync.emulator.management import keep_management
from tests.compat.conftest import ARDUINO
from tests.compat.guide import corrections, printed, sample, samples

if TYPE_CHECKING:
    from pathlib import Path

    from fleetsync.emulator.running import Emulator

Names = dict[str, Any]
Check = Callable[[Names, Any], object]
"""Looks at the names that a sample leaves behind, and at what the org then holds."""

MESSAGING = range(4, 16)
"""The numbers of the samples that speak MQTT: see test_guide_messages."""


def api_of(names: Names) -> ibmiotf.api.ApiClient:
    found = names["client"].api if "client" in names else names["apiCli"]
    assert isinstance(found, ibmiotf.api.ApiClient)
    return found


def details(names: Names, _: Any) -> None:
    assert api_of(names).getOrganizationDetails()["id"] == "abc123"


def organization(names: Names, _: Any) -> None:
    assert names["orgDetail"]["id"] == "abc123"


def all_devices(names: Names, _: Any) -> None:
    assert names["deviceList"]["meta"]["total_rows"] == len(names["deviceList"]["results"]) == 3


def added(names: Names, org: Any) -> None:
    assert [each["success"] for each in names["deviceList"]] == [True, True]
    assert all(each["authToken"] for each in names["deviceList"])
    assert {"pi-model-a/200020002004", "pi-model-b/200020002005"} < org["devices"].keys()


def deleted(names: Names, _: Any) -> None:
    assert [each["success"] for each in names["deviceList"]] == [True, True]


def two_types(names: Names, _: Any) -> None:
    assert len(names["deviceTypeList"]["results"]) == 2
    bookmark = names["deviceTypeList"]["bookmark"]
    following = api_of(names).getAllDeviceTypes({"_limit": 2, "_bookmark": bookmark})
    assert len(following["results"]) == 2


def type_deleted(names: Names, org: Any) -> None:
    assert names["success"] is True
    assert "myDeviceType" not in org["deviceTypes"]


def type_told(names: Names, _: Any) -> None:
    assert names["deviceTypeInfo"]["id"] == "myDeviceType"


def type_updated(names: Names, org: Any) -> None:
    assert names["updatedDeviceTypeInfo"]["description"] == "New description"
    changed = org["deviceTypes"]["myDeviceType"]
    assert (changed["deviceInfo"], changed["metadata"]) == (names["info"], names["meta"])


def first_page(names: Names, _: Any) -> None:
    assert [each["deviceId"] for each in names["response"]["results"]] == ["00aabbccde03"]
    assert names["response"]["bookmark"]


def registered(_: Names, org: Any) -> None:
    device = org["devices"]["iotsample-arduino/200020002000"]
    assert device["metadata"] == {"customField1": "customValue1", "customField2": "customValue2"}
    assert device["deviceInfo"]["manufacturer"] == "Blueberry"
    assert device["location"]["longitude"] == 12.78
    assert device["location"]["accuracy"] == 0


def gone(_: Names, org: Any) -> None:
    assert "iotsample-arduino/arduino01" not in org["devices"]


def updated(_: Names, org: Any) -> None:
    device = org["devices"]["iotsample-arduino/arduino01"]
    assert device["metadata"] == {"customField1": "new"}
    assert device["deviceInfo"] == {"fwVersion": "2.0"}
    assert device["status"]["alert"]["enabled"] is True


def updated_without_metadata(_: Names, org: Any) -> None:
    device = org["devices"]["MyDeviceType/200020002000"]
    assert device["deviceInfo"]["descriptiveLocation"] == "London"
    assert device["status"]["alert"]["enabled"] is True
    assert "metadata" not in device


def moved(_: Names, org: Any) -> None:
    location = org["devices"]["iotsample-arduino/arduino01"]["location"]
    assert (location["longitude"], location["measuredDateTime"]) == (0, "2015-10-28T08:45:11.673Z")


def no_logs(names: Names, _: Any) -> None:
    assert api_of(names).getAllDiagnosticLogs(*ARDUINO) == []


def two_logs(names: Names, _: Any) -> None:
    newest, first = api_of(names).getAllDiagnosticLogs(*ARDUINO)
    assert (newest["message"], newest["data"]) == ("MessageContent", "LogData")
    assert first["message"] == "first"


def no_codes(names: Names, _: Any) -> None:
    assert api_of(names).getAllDiagnosticErrorCodes(*ARDUINO) == []


def two_codes(names: Names, _: Any) -> None:
    codes = api_of(names).getAllDiagnosticErrorCodes(*ARDUINO)
    assert [each["errorCode"] for each in codes] == [1234, 7]


def runs(_: Names, __: Any) -> None:
    """A sample that reads and leaves nothing behind: that it runs is all that can be seen."""


CHECKS: dict[int, Check] = {
    1: details, 2: details, 16: organization, 17: all_devices, 18: added, 19: deleted,
    20: two_types, 21: runs, 22: type_deleted, 23: type_told, 24: type_updated, 25: runs,
    26: first_page, 27: registered, 28: gone, 29: runs, 30: runs, 31: updated,
    32: updated_without_metadata, 33: runs, 34: moved, 36: runs, 37: no_logs, 38: two_logs,
    39: runs, 40: no_logs, 41: runs, 42: no_codes, 43: two_codes, 44: runs,
}  # fmt: skip
PRINTS = {21: "ERROR [409] ", 25: "\nRetrieving All existing devices\nRetrieved Devices =  {"}
"""What samples print: that of the type exists already, in this org."""

REST = [name for name in samples() if int(name[:2]) not in MESSAGING]
CALLS = [name for name in REST if not name.startswith("03")]
ASKING = [name for name in REST if "IoTFCReSTException" in printed(name)]


def run(name: str, names: Names) -> Names:
    exec(compile(sample(name), name, "exec"), names)  # noqa: S102 - that is what samples are for
    return names


@pytest.mark.parametrize("name", [name for name in CALLS if not name.startswith("35")])
def test_a_sample_does_what_the_guide_says(
    name: str, org: Emulator, given: Names, capsys: pytest.CaptureFixture[str]
) -> None:
    names = run(name, given)
    CHECKS[int(name[:2])](names, org.state.snapshot())
    told = capsys.readouterr().out
    assert told.startswith(PRINTS[int(name[:2])]) if int(name[:2]) in PRINTS else told == ""


def test_a_device_type_is_added_where_there_is_none(org: Emulator, given: Names) -> None:
    given["apiCli"].deleteDeviceType("myDeviceType")
    names = run("21-adding-a-device-type", given)
    made = org.state.snapshot()["deviceTypes"]["myDeviceType"]
    assert (made["description"], made["deviceInfo"]) == ("My first device type", names["info"])
    assert (made["metadata"], made["classId"]) == (names["meta"], "Device")


def test_a_sample_reads_what_a_managed_device_tells(org: Emulator, given: Names) -> None:
    with org.state.turn(writing=True) as turn:
        keep_management(turn, "iotsample-arduino", "00aabbccde03", {"dormant": False})
    run("35-get-management-information", given)
    assert org.state.calls["GET /device/types/{typeId}/devices/{deviceId}/mgmt"] == 1


def test_management_information_of_an_unmanaged_device_is_not_found(given: Names) -> None:
    with pytest.raises(ibmiotf.IoTFCReSTException) as caught:
        run("35-get-management-information", given)
    assert caught.value.httpCode == 404


@pytest.mark.parametrize("name", ASKING)
def test_a_sample_tells_of_a_refusal_as_the_guide_says(
    name: str, given: Names, config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The samples join ``e.httpcode`` to texts, though a status is a number."""
    good = config_file.read_text("utf-8")
    config_file.write_text(good.replace("t0ken-of-the-key!", "wr0ng-token"), "utf-8")
    run(name, given)
    told = capsys.readouterr().out
    assert told.startswith("ERROR [401] ")
    assert "wr0ng" not in told


def test_every_sample_of_the_guide_is_tried_and_every_correction_needed() -> None:
    assert len(samples()) == 44
    assert {int(name[:2]) for name in CALLS} == {*CHECKS, 35}
    for number, found in corrections().items():
        texts = [printed(name) for name in samples() if number in ("everywhere", name[:2])]
        for each in found:
            assert any(each["find"] in text for text in texts), each
            assert each["why"]
