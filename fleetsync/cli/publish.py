"""The command ``publish``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import click

from fleetsync.cli.device_name import device_argument
from fleetsync.cli.messages import (
    application,
    check_device,
    find_place,
    messaging_option,
)
from fleetsync.cli.options import common_options, current_options
from fleetsync.cli.output import check_outputs, emit
from fleetsync.cli.payload import payload_options, read_payload
from fleetsync.cli.precious import precious_files
from fleetsync.cli.progress import warn
from fleetsync.errors import SecretsError
from fleetsync.escape import shown
from fleetsync.messaging.codec import CODECS, encoded
from fleetsync.messaging.device import DeviceMessaging, GatewayMessaging
from fleetsync.messaging.endpoint import Login, device_login
from fleetsync.messaging.topic import check_part
from fleetsync.model import DeviceKey
from fleetsync.model.key import client_id
from fleetsync.settings import Settings, load_settings
from fleetsync.tokens.file import read_tokens


@click.command()
@common_options
@device_argument
@click.argument("event")
@click.argument("data", required=False)
@payload_options
@click.option(
    "--as-device",
    is_flag=True,
    help="Log in as the device, with its token from the secrets file; ends its own connection.",
)
@messaging_option
def publish(
    device: DeviceKey,
    event: str,
    data: str | None,
    data_format: str,
    file: Path | None,
    qos: int,
    as_device: bool,
    messaging_url: str | None,
) -> None:
    """Publish an event for a device.

    As an application, on the device's behalf; the device's own connection stays. With --as-device
    as the device itself, which proves that its token works. Without DATA an empty JSON object is
    sent.

    \b
    Examples:
      fleetsync publish thermostat/lobby-01 status '{"temperature": 21.5}'
      fleetsync publish thermostat/lobby-01 hello --as-device
    """  # noqa: D301  # \b is click's sign to keep line breaks
    options = current_options()
    check_part("the event", event)
    payload = read_payload(data, file, data_format)
    size = len(encoded(CODECS, data_format, payload))
    settings = load_settings(options.fleet_path, org_url=options.org_url)
    check_outputs([path for _, path in options.outputs], precious=precious_files(options))
    place = find_place(options, settings, messaging_url)
    gateway = check_device(options, settings, device)
    with ExitStack() as stack:
        if not as_device:
            app = stack.enter_context(application(options, place, warn))
            app.publish_event(*device, event, data_format, payload, qos)
        else:
            login = _login(settings, place.org, device, gateway=gateway)
            itself: DeviceMessaging | GatewayMessaging
            speaks = GatewayMessaging if gateway else DeviceMessaging
            itself = speaks(place.endpoint, login, notify=warn)
            stack.enter_context(itself)
            itself.publish_own_event(event, data_format, payload, qos)
    emit(options, lambda form: _published(device, event, size, qos, form))


def _login(settings: Settings, org: str, device: DeviceKey, *, gateway: bool) -> Login:
    path = settings.secrets.file
    entry = read_tokens(path).get(client_id(org, device, gateway=gateway))
    if entry is None:
        raise SecretsError(
            f"{shown(str(path))}: holds no token of {device}; leave out --as-device, or run where"
            " the secrets file is"
        )
    return device_login(org, device, entry.token.reveal(), gateway=gateway)


def _published(device: DeviceKey, event: str, size: int, qos: int, form: str) -> Iterator[str]:
    if form == "json":
        told = {"typeId": device.type_id, "deviceId": device.device_id, "event": event}
        yield json.dumps({**told, "bytes": size, "qos": qos, "acknowledged": qos == 1}) + "\n"
        return
    taken = "the platform has it" if qos else "nobody acknowledges it"
    yield f"Published {event} for {device}: {size:,} bytes; {taken}.\n"
