"""See and send messages on an emulated org, as a user does."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fleetsync.emulator.running import Emulator, Place, run_emulator
from fleetsync.emulator.state import OrgState
from fleetsync.messaging.application import ApplicationMessaging
from fleetsync.messaging.device import DeviceMessaging
from fleetsync.messaging.endpoint import Endpoint, application_login, device_login
from fleetsync.messaging.message import Command
from fleetsync.model import DeviceKey
from tests.scenarios.conftest import KEY, TOKEN, TOP, Fleetsync, Folder, Start

SCHEMA = json.loads((TOP / "schemas" / "events.schema.json").read_text("utf-8"))
FLEET = {
    "deviceTypes": [{"id": "pump"}, {"id": "hub", "classId": "Gateway"}],
    "devices": [
        {"typeId": "pump", "deviceId": "p-1"},
        {"typeId": "pump", "deviceId": "p-2"},
        {"typeId": "hub", "deviceId": "h-1"},
    ],
}
SECONDS = 30.0
HOSTILE = "\x1b[2J\u202e::error::x\n@everyone <b>"


@pytest.fixture
def org(
    folder: Folder, fleetsync: Fleetsync, credentials: Callable[[str, str], None]
) -> Iterator[Emulator]:
    """An org with two pumps and a hub, over HTTP and MQTT."""
    credentials(KEY, TOKEN)
    with (
        OrgState.open(None) as state,
        run_emulator(state, Place(mqtt_port=0), accounts={KEY: TOKEN}) as running,
    ):
        messages = f"mqtt://127.0.0.1:{running.mqtt_port}"
        folder.settings(
            {"org": {"url": running.url, "messagingUrl": messages, "callsPerSecond": 1000}}
        )
        folder.manifest(FLEET)
        assert fleetsync("apply", "--yes").code == 0
        yield running


def endpoint(org: Emulator) -> Endpoint:
    return Endpoint("127.0.0.1", org.mqtt_port, tls=False)


def token_of(folder: Folder, device_id: str) -> str:
    return next(each["authToken"] for each in folder.tokens() if each["deviceId"] == device_id)


class Watching:
    """A watch in a process of its own, which is sure to hear what comes from now on."""

    def __init__(self, start: Start, *words: str) -> None:
        self.process = start("watch", *words)
        assert self.process.stderr is not None
        first = self.process.stderr.readline()
        assert first.startswith("watching mqtt://127.0.0.1:"), first

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, out, err


def test_a_watch_shows_events_and_who_connects(
    org: Emulator, folder: Folder, fleetsync: Fleetsync, start: Start
) -> None:
    watching = Watching(start, "pump/p-1", "--count", "4")
    assert fleetsync("publish", "pump/p-2", "other", "1").code == 0
    assert fleetsync("publish", "pump/p-1", "warm", json.dumps({"t": HOSTILE})).code == 0
    assert fleetsync("publish", "pump/p-1", "hello", "--as-device").code == 0
    code, out, err = watching.end()
    assert (code, err) == (0, "")
    lines = [line[10:].split(maxsplit=2) for line in out.splitlines()]
    assert [(kind, name) for kind, name, _ in lines] == [
        ("event", "pump/p-1"),
        ("status", "pump/p-1"),
        ("event", "pump/p-1"),
        ("status", "pump/p-1"),
    ]
    assert out.count("Connect ") == 1
    assert not {"\x1b", "\u202e"} & set(out)
    assert token_of(folder, "p-1") not in out


def test_a_watch_for_machines_fits_the_schema_of_events(
    org: Emulator, fleetsync: Fleetsync, start: Start, folder: Folder
) -> None:
    (folder.path / "data.bin").write_bytes(b"\x00\xff")
    kinds = ("--kind", "event", "--kind", "command")
    watching = Watching(start, "--format", "jsonl", "--count", "4", *kinds)
    data = str(folder.path / "data.bin")
    assert fleetsync("publish", "pump/p-1", "raw", "--data-format", "bin", "--file", data).code == 0
    assert fleetsync("publish", "pump/p-1", "said", HOSTILE, "--data-format", "text").code == 0
    with ApplicationMessaging(endpoint(org), application_login("embedded", KEY, TOKEN)) as app:
        app.codecs["json"] = app.codecs["bin"]
        app.publish_event("pump", "p-2", "bad", "json", b'{"a": NaN}', qos=1)
    assert fleetsync("send", "pump/p-1", "reboot", '{"delay": 5}').code == 0
    code, out, _ = watching.end()
    assert code == 0
    events = [json.loads(line) for line in out.splitlines()]
    for event in events:
        Draft202012Validator(SCHEMA).validate(event)
    told = [
        (each["kind"], each.get("name"), each.get("data"), each.get("base64"))
        for each in events
        if each["event"] == "message"
    ]
    assert told == [
        ("event", "raw", None, "AP8="),
        ("event", "said", HOSTILE, None),
        ("unreadable", None, None, "eyJhIjogTmFOfQ=="),
        ("command", "reboot", {"delay": 5}, None),
    ]


def test_a_watch_ends_at_ctrl_c(org: Emulator, start: Start) -> None:
    watching = Watching(start)
    watching.process.send_signal(signal.SIGINT)
    code, out, err = watching.end()
    assert (code, out) == (130, "")
    assert "Traceback" not in err


def test_a_watch_whose_reader_goes_away_ends(
    org: Emulator, fleetsync: Fleetsync, start: Start
) -> None:
    watching = Watching(start, "--format", "jsonl")
    assert watching.process.stdout is not None
    watching.process.stdout.close()
    assert fleetsync("publish", "pump/p-1", "e").code == 0
    assert watching.process.wait(SECONDS) == 1
    watching.process.stderr.close()  # type: ignore[union-attr] # it was asked for


def test_a_watch_ends_after_a_time_and_writes_its_files(
    org: Emulator, fleetsync: Fleetsync, tmp_path: Path
) -> None:
    file = tmp_path / "seen.txt"
    assert fleetsync("publish", "pump/p-1", "hello", "--as-device").code == 0
    result = fleetsync("watch", "--for", "0.5", "--output", f"text={file}")
    assert result.code == 0
    assert "(as it was before)" in result.out  # the platform keeps the last status of each device
    assert file.read_text("utf-8") == result.out


def test_a_command_reaches_the_device_that_logs_in_with_its_token(
    org: Emulator, folder: Folder, fleetsync: Fleetsync
) -> None:
    login = device_login("embedded", DeviceKey("pump", "p-1"), token_of(folder, "p-1"))
    with DeviceMessaging(endpoint(org), login) as device:
        device.subscribe_to_commands()
        result = fleetsync("send", "pump/p-1", "reboot", '{"delay": 5}', "--format", "json")
        assert result.json == {
            "typeId": "pump",
            "deviceId": "p-1",
            "command": "reboot",
            "bytes": 11,
            "qos": 1,
            "acknowledged": True,
        }
        command = next(device.messages(SECONDS))
    assert isinstance(command, Command)
    assert (command.command, command.data) == ("reboot", {"delay": 5})


def test_a_gateway_publishes_as_itself(org: Emulator, fleetsync: Fleetsync) -> None:
    assert fleetsync("publish", "hub/h-1", "hello", "--as-device").code == 0


WRONG: list[tuple[list[str], int, str]] = [
    (["send", "pump/p-9", "reboot"], 1, "is not registered"),
    (["send", "pump", "reboot"], 2, "does not name a device"),
    (["send", "pump/p-1", "re/boot"], 2, "cannot be part of a topic"),
    (["send", "pump/p-1", "reboot", "{x"], 2, "is no JSON"),
    (["send", "pump/p-1", "reboot", "[" * 100_000], 2, "is no JSON"),
    (["send", "pump/p-1", "reboot", "1", "--file", "x"], 2, "not both"),
    (["send", "pump/p-1", "reboot", "--data-format", "bin"], 2, "--file FILE"),
    (["send", "pump/p-1", "reboot", "--file", "none.json"], 1, "No such file"),
    (["send", "pump/p-1", "reboot", json.dumps("x" * 131_072)], 2, "131,072 at most"),
    (["publish", "pump/p-1", "e#"], 2, "cannot be part of a topic"),
    (["publish", "pump/p-1", "e", "--messaging-url", "mqtt://iot.example.com"], 2, "mqtts://"),
    (["publish", "pump/p-1", "e", "--messaging-url", "http://127.0.0.1"], 2, "must look like"),
    (["publish", "pump/p-1", "e", "--messaging-url", "mqtts://u:p4ss@x"], 2, "take it out"),
    (["publish", "pump/p-1", "e", "--messaging-url", "mqtt://127.0.0.1:1"], 1, "refused"),
    (["watch", "pump/p-1/x"], 2, "cannot be part of a topic"),
    (["watch", "--event", "+"], 2, "cannot be part of a topic"),
    (["watch", "--format", "html"], 2, "no form html"),
]


@pytest.mark.parametrize(("words", "code", "expected"), WRONG)
def test_what_is_wrong_is_told(
    org: Emulator, fleetsync: Fleetsync, words: list[str], code: int, expected: str
) -> None:
    result = fleetsync(*words)
    assert result.code == code, result.err
    assert expected in result.err
    assert "p4ss" not in result.err


def test_a_device_whose_token_is_not_here_cannot_be_spoken_for(
    org: Emulator, folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.secrets.unlink()
    result = fleetsync("publish", "pump/p-1", "e", "--as-device")
    assert result.code == 1
    assert "holds no token of pump/p-1" in result.err


def test_a_token_that_is_no_longer_valid_is_refused_and_not_told(
    org: Emulator, folder: Folder, fleetsync: Fleetsync
) -> None:
    text = folder.secrets.read_text("utf-8")
    token = token_of(folder, "p-1")
    folder.secrets.write_text(text.replace(token, "x" + token[1:]), "utf-8")
    result = fleetsync("publish", "pump/p-1", "e", "--as-device")
    assert result.code == 8
    assert token[1:] not in result.err


def test_an_embedded_org_says_how_it_comes_by_messages(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(FLEET)
    result = fleetsync("watch")
    assert result.code == 2
    assert "fleetsync emulator --mqtt" in result.err


SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"id": "abc123", "messagingUrl": "mqtt://x.example.com"}, "org.messagingUrl would show"),
    ({"id": "abc123", "messagingUrl": "x"}, "org.messagingUrl must look like"),
    ({"id": "abc123", "messagingUrl": "mqtts://x/y"}, "org.messagingUrl must end"),
    ({"url": "https://proxy.example.com"}, "does not tell where its messages are"),
]


@pytest.mark.parametrize(("settings", "expected"), SETTINGS)
def test_settings_that_lead_nowhere_are_told(
    folder: Folder, fleetsync: Fleetsync, settings: dict[str, Any], expected: str
) -> None:
    folder.settings({"org": settings})
    result = fleetsync("watch")
    assert result.code in {2, 7}
    assert expected in result.err


def test_without_the_extra_the_one_command_that_installs_it_is_told(folder: Folder) -> None:
    code = (
        "import sys; sys.modules['paho'] = None; sys.modules['paho.mqtt'] = None\n"
        "sys.modules['paho.mqtt.client'] = None\n"
        "from fleetsync.messaging.application import ApplicationMessaging\n"
        "from fleetsync.messaging.endpoint import Endpoint, application_login\n"
        "from fleetsync.errors import ExtraMissingError\n"
        "try: ApplicationMessaging(Endpoint('h', 1), application_login('o', 'k', 't'))\n"
        "except ExtraMissingError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=TOP,
    )
    assert "pip install 'fleetsync[mqtt]'" in done.stdout
