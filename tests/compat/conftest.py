"""An org with everything that the samples of the guide speak of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleetsync.client import ApplicationClient, options_of
from fleetsync.compat import ibmiotf
from fleetsync.emulator.running import Place
from tests.compat.guide import sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleetsync.emulator.running import Emulator
    from tests.conftest import StartEmulator

DEVICE_TOKEN = "t0ken-of-the-device"
KEY, TOKEN = "a-abc123-k0dl0vqqrk", "t0ken-of-the-key!"
OPTIONS = {"auth-method": "apikey", "auth-key": KEY, "auth-token": TOKEN}
TYPES = ("iotsample-arduino", "myDeviceType", "MyDeviceType", "pi-model-a", "pi-model-b")
DEVICES = (
    ("iotsample-arduino", "00aabbccde03"),
    ("iotsample-arduino", "arduino01"),
    ("MyDeviceType", "200020002000"),
)
ARDUINO = DEVICES[1]


@pytest.fixture
def org(start_emulator: StartEmulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The org of the samples; its address comes out of the environment."""
    running = start_emulator(org="abc123", accounts={KEY: TOKEN}, place=Place(mqtt_port=0))
    monkeypatch.setenv("FLEETSYNC_ORG_URL", running.url)
    monkeypatch.setenv("FLEETSYNC_MESSAGING_URL", f"mqtt://127.0.0.1:{running.mqtt_port}")
    with ApplicationClient(options_of({**OPTIONS, "callsPerSecond": 1000})) as client:
        for each in TYPES:
            client.types.add_device_type(each)
        for device in DEVICES:
            client.devices.register_device(*device, DEVICE_TOKEN)
        client.location.update_device_location(*ARDUINO, {"longitude": 1, "latitude": 2})
        client.diagnostics.add_diagnostic_log(*ARDUINO, {"message": "first"})
        client.diagnostics.add_error_code(*ARDUINO, {"errorCode": 7})
    running.state.note_connection(*ARDUINO)
    return running


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    """The configuration file of the guide."""
    file = tmp_path / "application.cfg"
    file.touch(0o600)
    # It is asked a little faster than a real org would like.
    file.write_text(sample("03-using-a-configuration-file") + "callsPerSecond=1000\n", "utf-8")
    return file


@pytest.fixture
def api(org: Emulator) -> Iterator[ibmiotf.api.ApiClient]:
    """The API client of the guide, speaking to the org of the samples."""
    del org
    client = ibmiotf.api.ApiClient({**OPTIONS, "callsPerSecond": 1000})
    yield client
    client.close()


@pytest.fixture
def given(api: ibmiotf.api.ApiClient, config_file: Path) -> dict[str, Any]:
    """The names that samples use and do not define."""
    return {
        "configFilePath": str(config_file),
        "organization": "abc123",
        "appId": "myApplication",
        "authMethod": "apikey",
        "authKey": KEY,
        "authToken": TOKEN,
        "IoTFCReSTException": ibmiotf.IoTFCReSTException,
        "apiCli": api,
        "apiClient": api,
        "deviceTypeId": ARDUINO[0],
        "deviceId": ARDUINO[1],
        "parameters": {"_limit": 1, "_sort": "deviceId"},
        "metadata2": {"customField1": "new"},
        "deviceInfo": {"fwVersion": "2.0"},
        "logId": api.getAllDiagnosticLogs(*ARDUINO)[0]["id"],
    }
