"""Write the status messages of clients (platform page 9.3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.emulator.mqtt.ending import Ending

if TYPE_CHECKING:
    from fleetsync.emulator.mqtt.identity import Identity

CONNECT, FAILED, DISCONNECT = "Connect", "FailedConnect", "Disconnect"


class Traffic(NamedTuple):
    """What went over a connection, as the org counts it: read from the client, written to it."""

    read_bytes: int = 0
    read_messages: int = 0
    written_bytes: int = 0
    written_messages: int = 0


class Link(NamedTuple):
    """A connection, as status messages and logs tell of it.

    ``level`` is that of the protocol, ``since`` the time stamp of the login.
    """

    identity: Identity
    address: str
    port: int
    is_secure: bool
    level: int
    user: str
    since: str


def status_message(
    action: str, link: Link, *, now: str, traffic: Traffic, ending: Ending = Ending.NORMAL
) -> bytes:
    """Return a status message; code and reason are there unless all went well."""
    body: dict[str, object] = {
        "Action": action,
        "Time": now,
        "ClientAddr": link.address,
        "ClientID": link.identity.client_id,
        "Port": link.port,
        "Secure": link.is_secure,
        "Protocol": f"mqtt{link.level}",
        "User": link.user,
    }
    if action != FAILED:
        body["ConnectTime"] = link.since
    if ending is not Ending.NORMAL:
        body |= {"CloseCode": int(ending), "Reason": ending.words}
    body |= {
        "ReadBytes": traffic.read_bytes,
        "ReadMsg": traffic.read_messages,
        "WriteBytes": traffic.written_bytes,
        "WriteMsg": traffic.written_messages,
    }
    return json.dumps(body).encode("utf-8")
