"""Take events and commands over HTTP, and hand commands out to devices (platform page 9.5)."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.emulator.account import check_account, read_basic, unauthorized
from fleetsync.emulator.body import read_body
from fleetsync.emulator.mqtt.ending import EndError
from fleetsync.emulator.mqtt.identity import DEVICE_USER, Device, Identity, Role, read_client_id
from fleetsync.emulator.mqtt.packet import MAX_PAYLOAD, Publish
from fleetsync.emulator.mqtt.topic import command_topic, event_topic, seen_topic
from fleetsync.emulator.refusal import RefusalError, Violation, invalid, not_found
from fleetsync.emulator.route import read_path
from fleetsync.emulator.value import read_json
from fleetsync.emulator.wire import Sent, wait

if TYPE_CHECKING:
    from collections.abc import Mapping
    from wsgiref.types import WSGIEnvironment

    from fleetsync.emulator.mqtt.broker import Broker
    from fleetsync.emulator.mqtt.server import MqttServer
    from fleetsync.emulator.mqtt.session import Message
    from fleetsync.emulator.state import OrgState

_ID = r"[A-Za-z0-9._-]{1,36}"
_PATH = re.compile(
    rf"/api/v0002/(?P<who>application|device)/types/(?P<type>{_ID})/devices/(?P<device>{_ID})"
    rf"/(?P<what>events|commands)/(?P<name>{_ID}|\+)(?P<request>/request)?"
)
_FORMATS = {
    "text/plain": "text",
    "application/json": "json",
    "application/xml": "xml",
    "application/octet-stream": "bin",
}
_KINDS = {name: kind for kind, name in _FORMATS.items()}
_GLANCE_SECONDS = 0.02
_LONGEST_WAIT = 3600


class _Asked(NamedTuple):
    """What a path asks for."""

    identity: Identity
    device: Device
    what: str
    name: str


def answer_messaging(
    state: OrgState,
    accounts: Mapping[str, str] | None,
    mqtt: MqttServer,
    environ: WSGIEnvironment,
) -> Sent | None:
    """Answer a call of HTTP messaging, None if it is none."""
    match = _PATH.fullmatch(read_path(environ.get("PATH_INFO", "")))
    if environ["REQUEST_METHOD"] != "POST" or match is None:
        return None
    header, device = environ.get("HTTP_AUTHORIZATION"), (match["type"], match["device"])
    if match["who"] == "application":
        key = check_account(header, accounts)
        identity = Identity(key, Role.APPLICATION, state.org, ("", ""), key, "", is_one=True)
    else:
        identity = _check_device(state, header, device)
    asked = _Asked(identity, device, match["what"], match["name"])
    if match["request"] and match["what"] == "commands" and match["who"] == "device":
        return _hand_out(mqtt, asked, environ)
    is_event = match["what"] == "events"
    if match["request"] or match["name"] == "+" or not (is_event or match["who"] == "application"):
        raise not_found()
    return _take(mqtt, asked, environ)


def _check_device(state: OrgState, header: str | None, device: Device) -> Identity:
    """Return the device, or the gateway for which it asks; refuse all others with 401."""
    user, token = read_basic(header)
    client_id = f"d:{state.org}:{device[0]}:{device[1]}"
    if user != DEVICE_USER:
        client_id = user.replace("/", ":") if user.startswith("g/") else _from_dashes(state, user)
    identity = read_client_id(client_id)
    if identity is None or identity.role is Role.APPLICATION or identity.org != state.org:
        raise unauthorized()
    if not state.check_token(*identity.device, token):
        raise unauthorized()
    return identity


def _from_dashes(state: OrgState, user: str) -> str:
    """Return the client id of a gateway that writes its name with dashes, its type without any."""
    type_id, _, device_id = user.removeprefix(f"g-{state.org}-").partition("-")
    return f"g:{state.org}:{type_id}:{device_id}"


def _take(mqtt: MqttServer, asked: _Asked, environ: WSGIEnvironment) -> Sent:
    """Send an event or a command on."""
    kind = environ.get("CONTENT_TYPE") or ""
    format_ = _FORMATS.get(kind.partition(";")[0].strip().lower())
    if format_ is None:
        words = f"The Content-Type is none of {', '.join(_FORMATS)}."
        raise invalid([Violation("EMU1013E", words)])
    payload = read_body(environ, MAX_PAYLOAD)
    to_topic = event_topic if asked.what == "events" else command_topic
    topic = seen_topic(asked.identity, to_topic(asked.device, asked.name, format_))
    mqtt.run(_publish(mqtt.broker, asked, Publish(topic, payload, 0, 0))).result()
    return Sent(200, (("Content-Length", "0"),), b"")


async def _publish(broker: Broker, asked: _Asked, packet: Publish) -> None:
    is_gateway = asked.identity.role is Role.GATEWAY
    if not is_gateway and await broker.publisher.find_device(asked.device) is None:
        raise not_found()
    try:
        waiting = broker.publisher.publish(asked.identity, packet)
        if waiting is not None:
            await waiting
    except EndError as error:
        text = "This device is not the gateway's."
        raise RefusalError(403, "EMU0403E", text, explained=False) from error


def _hand_out(mqtt: MqttServer, asked: _Asked, environ: WSGIEnvironment) -> Sent:
    """Wait for a command, as long as the device would; 204 if none comes."""
    seconds = _read_seconds(read_body(environ, MAX_PAYLOAD))
    future = mqtt.run(_await_command(mqtt.broker, asked, seconds))
    try:
        while not future.done():
            wait(environ, _GLANCE_SECONDS)
        message: Message | None = future.result()
    finally:
        future.cancel()
    if message is None:
        return Sent(204, (), b"")
    *_, command, _, format_ = message.topic.split("/")
    headers = [
        ("Content-Type", _KINDS.get(format_, "application/octet-stream")),
        ("Content-Length", str(len(message.payload))),
        ("X-commandId", command),
    ]
    if asked.identity.role is Role.GATEWAY:
        headers += [("X-deviceType", asked.device[0]), ("X-deviceId", asked.device[1])]
    return Sent(200, tuple(headers), message.payload)


def _read_seconds(raw: bytes) -> float:
    body = read_json(raw) if raw else {}
    seconds = body.get("waitTimeSecs", 0) if isinstance(body, dict) else None
    if type(seconds) is not int or not 0 <= seconds <= _LONGEST_WAIT:
        words = f"waitTimeSecs must be a whole number from 0 to {_LONGEST_WAIT}."
        raise invalid([Violation("EMU1014E", words, ("waitTimeSecs",))])
    return seconds


class _Listener:
    """Hears the first message."""

    is_ready = True

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.heard: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    def deliver(self, message: Message, qos: int, *, retained: bool = False) -> None:
        """Take a message."""
        del qos, retained
        if not self.heard.done():
            self.heard.set_result(message)


async def _await_command(broker: Broker, asked: _Asked, seconds: float) -> Message | None:
    listener = _Listener(asked.identity)
    topic = command_topic(asked.device, asked.name, "+")
    broker.exchange.listen(topic, listener)
    try:
        return await asyncio.wait_for(listener.heard, seconds)
    except TimeoutError:
        return None
    finally:
        broker.exchange.unlisten(topic, listener)
