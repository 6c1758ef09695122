"""The command ``send``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from fleetsync.cli.device_name import device_argument
from fleetsync.cli.messages import application, check_device, find_place, messaging_option
from fleetsync.cli.options import common_options, current_options
from fleetsync.cli.output import check_outputs, emit
from fleetsync.cli.payload import payload_options, read_payload
from fleetsync.cli.precious import precious_files
from fleetsync.cli.progress import warn
from fleetsync.messaging.codec import CODECS, encoded
from fleetsync.messaging.topic import check_part
from fleetsync.model import DeviceKey
from fleetsync.settings import load_settings


@click.command()
@common_options
@device_argument
@click.argument("command")
@click.argument("data", required=False)
@payload_options
@messaging_option
def send(
    device: DeviceKey,
    command: str,
    data: str | None,
    data_format: str,
    file: Path | None,
    qos: int,
    messaging_url: str | None,
) -> None:
    """Send a command to a device.

    The platform keeps a command for a device that is away only if the device asked for that: that
    it was sent does not prove that it arrives. Without DATA an empty JSON object is sent.

    \b
    Examples:
      fleetsync send thermostat/lobby-01 reboot '{"delay": 50}'
      fleetsync send thermostat/lobby-01 firmware --data-format bin --file image.bin
    """  # noqa: D301  # \b is click's sign to keep line breaks
    options = current_options()
    check_part("the command", command)
    payload = read_payload(data, file, data_format)
    size = len(encoded(CODECS, data_format, payload))
    settings = load_settings(options.fleet_path, org_url=options.org_url)
    check_outputs([path for _, path in options.outputs], precious=precious_files(options))
    place = find_place(options, settings, messaging_url)
    check_device(options, settings, device)
    with application(options, place, warn) as messaging:
        messaging.publish_command(*device, command, data_format, payload, qos)
    emit(options, lambda form: _sent(device, command, size, qos, form))


def _sent(device: DeviceKey, command: str, size: int, qos: int, form: str) -> Iterator[str]:
    if form == "json":
        told = {"typeId": device.type_id, "deviceId": device.device_id, "command": command}
        yield json.dumps({**told, "bytes": size, "qos": qos, "acknowledged": qos == 1}) + "\n"
        return
    taken = "the platform has it" if qos else "nobody acknowledges it"
    yield f"Sent {command} to {device}: {size:,} bytes; {taken}. That it arrives is not proven.\n"
