"""Tell from a client id who wants to be connected (platform page 9.1)."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

DEVICE_USER = "use-token-auth"
"""The user name of every device and gateway."""

_ID = r"[A-Za-z0-9._-]{1,36}"
_ORG = r"[A-Za-z0-9._-]{1,64}"
_DEVICE = re.compile(rf"(?P<role>[dg]):(?P<org>{_ORG}):(?P<type>{_ID}):(?P<device>{_ID})")
_APP = re.compile(rf"(?P<role>[aA]):(?P<org>{_ORG}):(?P<app>{_ID})(?::(?P<instance>{_ID}))?")

Device = tuple[str, str]
"""Type id and device id."""


class Role(Enum):
    """What a client is."""

    DEVICE = "d"
    GATEWAY = "g"
    APPLICATION = "a"


class Identity(NamedTuple):
    """A client: ``device`` for devices and gateways, ``app`` for applications, else empty.

    ``share`` is the name under which the instances of a scalable application share what they
    subscribe to, empty for every other client; ``is_one`` tells that a client id is used by one
    connection at a time.
    """

    client_id: str
    role: Role
    org: str
    device: Device
    app: str
    share: str
    is_one: bool


def read_client_id(client_id: str) -> Identity | None:
    """Return who a client id names, None if it is no client id of the platform."""
    if match := _DEVICE.fullmatch(client_id):
        device = (match["type"], match["device"])
        return Identity(client_id, Role(match["role"]), match["org"], device, "", "", True)
    match = _APP.fullmatch(client_id)
    if match is None or (match["role"] == "a" and match["instance"]):
        return None
    share = f"A:{match['app']}" if match["role"] == "A" else ""
    is_one = not share or match["instance"] is not None
    return Identity(
        client_id, Role.APPLICATION, match["org"], ("", ""), match["app"], share, is_one
    )
