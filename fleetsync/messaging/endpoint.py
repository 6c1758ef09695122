"""Say where an org's messages are, and who asks for them (platform page 1.1, 9.1)."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from fleetsync.address import is_loopback
from fleetsync.messaging.topic import check_part
from fleetsync.model import DeviceKey
from fleetsync.model.key import client_id

DEVICE_USER = "use-token-auth"
"""The user name of every device and gateway (platform page 9.1)."""
_PORTS = {"mqtts": 8883, "mqtt": 1883, "wss": 443, "ws": 80}
_MAXIMO = "iot."
"""How the domains of Maximo begin, which takes messages at the port of HTTPS alone (page 1.1)."""
KEEP_ALIVE_SECONDS = 60


class Endpoint(NamedTuple):
    """A host and port that speak MQTT, over TLS unless it is this machine.

    With ``websocket`` it does so inside of WebSockets (page 9.1: on the same ports). After
    ``keep_alive`` seconds without a message either side asks whether the other is there.
    """

    host: str
    port: int
    tls: bool = True
    ca_file: Path | None = None
    websocket: bool = False
    keep_alive: int = KEEP_ALIVE_SECONDS

    def __str__(self) -> str:
        """Give the address as messages name it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "ws" if self.websocket else "mqtt"
        return f"{scheme}{'s' if self.tls else ''}://{host}:{self.port}"


class Login(NamedTuple):
    """Who connects; a login never shows its password."""

    client_id: str
    user: str
    password: str
    clean: bool = True

    def __repr__(self) -> str:
        """Leave the password out."""
        return f"Login({self.client_id!r})"


def endpoint_of_url(url: str, ca_file: Path | None) -> Endpoint:
    """Read a messaging URL that ``messaging_fault`` finds nothing wrong with."""
    parts = urlsplit(url)
    port = parts.port or _PORTS[parts.scheme]
    tls, websocket = parts.scheme in ("mqtts", "wss"), parts.scheme in ("wss", "ws")
    return Endpoint(str(parts.hostname), port, tls, ca_file, websocket)


def endpoint_of_org(org_id: str, domain: str, ca_file: Path | None) -> Endpoint:
    """Give the messaging host of an org of the public cloud, or of Maximo (platform page 1.1)."""
    port = _PORTS["wss" if domain.startswith(_MAXIMO) else "mqtts"]
    return Endpoint(f"{org_id}.messaging.{domain}", port, ca_file=ca_file)


def endpoint_beside(url: str, ca_file: Path | None) -> Endpoint | None:
    """Give the messaging host that belongs to a Maximo host; None if its name does not tell.

    ``https://ORG.iot.DOMAIN`` has its messages at ``ORG.messaging.iot.DOMAIN``, port 443 (platform
    page 1.1).
    """
    host = urlsplit(url).hostname or ""
    first, _, rest = host.partition(".")
    if not rest.startswith(_MAXIMO) or is_loopback(host):
        return None
    return Endpoint(f"{first}.messaging.{rest}", 443, ca_file=ca_file)


class App(NamedTuple):
    """An application; without ``app_id`` one that nobody else can be.

    ``shared`` spreads what is subscribed to over all that connect under the same ``app_id``
    (``A:``); with an ``instance`` each of them may have a durable session (``clean`` false).
    """

    app_id: str | None = None
    clean: bool = True
    shared: bool = False
    instance: str | None = None


ANYBODY = App()


def application_login(org: str, key: str, token: str, app: App = ANYBODY) -> Login:
    """Log in as an application with an API key; UsageError for a bad id.

    Those that share without an instance must have no clean session (platform page 9.1).
    """
    name = check_part("the application's id", app.app_id or f"fleetsync-{secrets.token_hex(6)}")
    if not app.shared:
        return Login(f"a:{org}:{name}", key, token, app.clean)
    if app.instance is None:
        return Login(f"A:{org}:{name}", key, token, clean=False)
    instance = check_part("the instance's id", app.instance)
    return Login(f"A:{org}:{name}:{instance}", key, token, app.clean)


def device_login(
    org: str, device: DeviceKey, token: str, *, gateway: bool = False, clean: bool = True
) -> Login:
    """Log in as a device or gateway, which ends the connection that it has by now."""
    check_part("the device type", device.type_id)
    check_part("the device", device.device_id)
    return Login(client_id(org, device, gateway=gateway), DEVICE_USER, token, clean)
