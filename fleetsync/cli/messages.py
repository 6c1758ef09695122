"""Open the messages of the fleet's org, for commands that see or send some."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import click

from fleetsync.address import messaging_fault
from fleetsync.api.registry import Registry
from fleetsync.api.transport import Reader
from fleetsync.cli.options import Decorated, Options
from fleetsync.cli.progress import notice, warn
from fleetsync.cli.session import open_connection
from fleetsync.errors import ApiError, FleetsyncError, UsageError
from fleetsync.messaging.application import ApplicationMessaging
from fleetsync.messaging.endpoint import (
    Endpoint,
    application_login,
    endpoint_beside,
    endpoint_of_org,
    endpoint_of_url,
)
from fleetsync.settings import EmbeddedOrg, OrgId, Settings, find_credentials

if TYPE_CHECKING:
    from fleetsync.model import DeviceKey

_EMBEDDED = (
    "an embedded org has no messages of its own: serve its file with fleetsync emulator --mqtt 1883"
    " --db FILE, and name what that prints with --org-url and --messaging-url"
)


def messaging_option(command: Decorated) -> Decorated:
    """Add the option that says where the messages are."""
    return click.option(
        "--messaging-url",
        metavar="URL",
        help="Where the org's messages are, instead of fleet.yaml's org.messagingUrl.",
    )(command)


class Place(NamedTuple):
    """Where the messages of an org are, and its id."""

    endpoint: Endpoint
    org: str


def find_place(options: Options, settings: Settings, messaging_url: str | None) -> Place:
    """Say where the messages are, UsageError if nothing tells; asks the org for its id."""
    endpoint = _endpoint(settings, messaging_url)
    if isinstance(settings.org, OrgId):
        return Place(endpoint, settings.org.org_id)
    with (
        open_connection(options, settings) as connection,
        Reader(connection, notify=notice) as reader,
    ):
        return Place(endpoint, Registry(reader).organization().org_id)


def _endpoint(settings: Settings, messaging_url: str | None) -> Endpoint:
    org, ca_file = settings.org, settings.ca_file
    if messaging_url is not None:
        fault = messaging_fault(messaging_url)
        if fault:
            raise UsageError(f"--messaging-url: the URL {fault}")
    url = messaging_url or settings.messaging_url
    if isinstance(org, EmbeddedOrg):
        raise UsageError(_EMBEDDED)
    if url is not None:
        return endpoint_of_url(url, ca_file)
    if isinstance(org, OrgId):
        return endpoint_of_org(org.org_id, org.domain, ca_file)
    found = endpoint_beside(org.url, ca_file)
    if found is None:
        raise UsageError(
            "the address of the org does not tell where its messages are: say so with"
            " --messaging-url mqtts://HOST:PORT, or org.messagingUrl in fleet.yaml"
        )
    return found


@contextmanager
def application(
    options: Options, place: Place, notify: Callable[[str], None]
) -> Iterator[ApplicationMessaging]:
    """Connect as an application; ``notify`` hears, from another thread, of losses."""
    found = find_credentials(os.environ, options.credentials)
    for warning in found.warnings:
        warn(warning)
    key = found.credentials
    login = application_login(place.org, key.key, key.token)
    with ApplicationMessaging(place.endpoint, login, notify=notify) as messaging:
        yield messaging


def check_device(options: Options, settings: Settings, device: DeviceKey) -> bool:
    """Make sure that a device is registered; tell whether it is a gateway.

    The platform drops what is sent for a device that it does not know, or ends the connection
    (platform page 9.2): nothing would say so. ApiError if there is none.
    """
    with (
        open_connection(options, settings) as connection,
        Reader(connection, notify=notice) as reader,
    ):
        registry = Registry(reader)
        if registry.device(device) is None:
            raise ApiError(
                f"{device} is not registered in the org, or hidden from this API key; nothing was"
                " sent",
                status=404,
            )
        found = registry.device_type(device.type_id)
        if found is None:
            raise FleetsyncError(f"the type of {device} cannot be read; nothing was sent")
        return found.class_id == "Gateway"
