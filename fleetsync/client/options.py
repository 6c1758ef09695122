"""Say which org an application speaks to and who it is, from a dictionary, a file or the env.

All names of the older client's ``[application]`` file and of the SDK's YAML file and variables are
understood (platform page 1.3). No error shows a credential.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleetsync.errors import UsageError
from fleetsync.escape import shown
from fleetsync.settings import find_credentials
from fleetsync.settings.credentials import Part, check_pair, found_in
from fleetsync.settings.credentials_file import read_credentials_file
from fleetsync.settings.settings import DEFAULT_DOMAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fleetsync.model.credentials import Credentials

URL_VARIABLE = "FLEETSYNC_ORG_URL"
"""The org's address where the options name neither url, host nor domain: an emulator's, say."""
MESSAGING_VARIABLE = "FLEETSYNC_MESSAGING_URL"
"""Where its messages are then."""

_NAMES = {
    "org": ("org", "orgId", "options.orgId"),
    "app_id": ("id", "appId", "identity.appId"),
    "method": ("auth-method", "auth.method"),
    "key": ("auth-key", "auth.key"),
    "token": ("auth-token", "auth.token"),
    "domain": ("domain", "options.domain"),
    "host": ("host",),
    "url": ("url",),
    "ca_file": ("caFile", "ca-file"),
    "verify": ("options.http.verify",),
    "messaging_url": ("messagingUrl",),
    "messaging_port": ("port", "options.mqtt.port"),
    "messaging_ca_file": ("options.mqtt.caFile",),
    "transport": ("transport", "options.mqtt.transport"),
    "keep_alive": ("keepAlive", "options.mqtt.keepAlive"),
    "clean_session": ("clean-session", "options.mqtt.cleanStart"),
    "type": ("type",),
    "instance": ("options.mqtt.instanceId",),
    "calls_per_second": ("callsPerSecond",),
}
_OF = {name.lower(): field for field, names in _NAMES.items() for name in names}
_ALL = [name for names in _NAMES.values() for name in names]
_IGNORED = re.compile(r"options\.(logLevel|mqtt\..*)", re.IGNORECASE)
"""Options of the SDK that steer its logs, and what only MQTT 5 has."""
_TRUST_OF_THE_SYSTEM = "_os_"
"""What the SDK calls the authorities that the system trusts (platform page 1.1)."""

_VARIABLES = {
    "WIOTP_IDENTITY_APPID": "identity.appId",
    "WIOTP_OPTIONS_DOMAIN": "options.domain",
    "WIOTP_OPTIONS_HTTP_VERIFY": "options.http.verify",
    "WIOTP_OPTIONS_MQTT_CAFILE": "options.mqtt.caFile",
    "WIOTP_OPTIONS_MQTT_CLEANSTART": "options.mqtt.cleanStart",
    "WIOTP_OPTIONS_MQTT_INSTANCEID": "options.mqtt.instanceId",
    "WIOTP_OPTIONS_MQTT_KEEPALIVE": "options.mqtt.keepAlive",
    "WIOTP_OPTIONS_MQTT_PORT": "options.mqtt.port",
    "WIOTP_OPTIONS_MQTT_TRANSPORT": "options.mqtt.transport",
}
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_KEY_OF_ORG = re.compile(r"a-(.+)-[^-]+")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class ApplicationOptions:
    """Which org, and who asks; made by the functions of this module.

    ``org`` is the org's id, ``''`` where only a url is known. ``url`` is where its API is,
    ``domain`` what that was made of, None if it was named. What follows ``messaging_url`` counts
    for messages alone, as do ``app_id`` and ``domain``.
    """

    org: str
    url: str
    credentials: Credentials
    app_id: str | None = None
    ca_file: Path | None = None
    calls_per_second: int = 8
    warnings: tuple[str, ...] = ()
    domain: str | None = None
    messaging_url: str | None = None
    clean_session: bool = True
    shared: bool = False
    instance: str | None = None
    messaging_port: int | None = None
    messaging_ca_file: Path | None = None
    websocket: bool = False
    keep_alive: int = 60


def options_of(
    values: Mapping[str, Any], env: Mapping[str, str] = os.environ
) -> ApplicationOptions:
    """Read a dictionary: flat as the older client's, or nested as the SDK's; UsageError.

    ``org`` (``orgId``), ``id`` (``appId``), ``auth-key``, ``auth-token``, ``auth-method`` (only
    ``apikey`` there is), ``domain``, ``host``, ``url``, ``messagingUrl``, ``caFile``,
    ``clean-session``, ``type`` (``shared`` or ``standalone``), ``port``, ``transport`` (``tcp`` or
    ``websockets``), ``keepAlive``, ``callsPerSecond``; or ``identity.appId``, ``auth.key``,
    ``auth.token``, ``options.domain`` and those of ``options.mqtt``. The org is found in the
    API key where it is not named (page 1.2). Of ``env`` only ``FLEETSYNC_ORG_URL`` and
    ``FLEETSYNC_MESSAGING_URL`` count here. Raises CredentialsError where key or token are missing.
    """
    found = _Found(dict(_flat(values)))
    key, token = found.text("key"), found.text("token")
    both = "the options must give both auth-key and auth-token"
    pair = check_pair(Part("auth-key", key), Part("auth-token", token), both)
    return _options(found, pair, env)


def options_from_file(file: Path | str, env: Mapping[str, str] = os.environ) -> ApplicationOptions:
    """Read the older client's ``[application]`` file, or the YAML file of the SDK.

    Raises CredentialsError if it cannot be read or holds no key and token, UsageError for options
    that make no sense.
    """
    path = Path(file)
    content = read_credentials_file(path)
    found = found_in(content, path)
    return _options(_Found(content.values), found.credentials, env, found.warnings)


def options_from_env(env: Mapping[str, str] = os.environ) -> ApplicationOptions:
    """Read ``WIOTP_AUTH_KEY``, ``WIOTP_AUTH_TOKEN`` and the SDK's other variables (page 1.3)."""
    values = {name: env[variable] for variable, name in _VARIABLES.items() if env.get(variable)}
    found = find_credentials(env, None)
    return _options(_Found(values), found.credentials, env, found.warnings)


class _Found:
    """The options that were given, under the names of this module."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._values: dict[str, Any] = {}
        for name, value in given.items():
            field = _OF.get(name.lower())  # INI files know no case
            if field is None:
                _check_known(name)
            elif value is not None:
                self._values[field] = value

    def text(self, field: str) -> str | None:
        value = self._values.get(field)
        if value is None or isinstance(value, (str, Path)):
            return None if value is None else str(value)
        raise UsageError(f"the option {_NAMES[field][0]} must be a text")

    def truth(self, field: str) -> bool | None:
        """Give a truth value; the older clients write it as text."""
        value = self._values.get(field)
        if value is None or isinstance(value, bool):
            return value
        return _TRUTHS.get(str(value).lower())

    def has(self, field: str) -> bool:
        return field in self._values

    def number(self, field: str, default: int) -> int:
        value = self._values.get(field, default)
        try:
            return int(value)
        except (TypeError, ValueError):
            raise UsageError(f"the option {_NAMES[field][0]} must be a whole number") from None


def _options(
    found: _Found,
    pair: Credentials,
    env: Mapping[str, str],
    warnings: tuple[str, ...] = (),
) -> ApplicationOptions:
    _check_method(found)
    org = _org(found, pair)
    session = found.truth("clean_session")
    if session is None and found.has("clean_session"):
        raise UsageError("the option clean-session must be true or false")
    url, domain = _address(found, org, env)
    return ApplicationOptions(
        org=org,
        url=url,
        credentials=pair,
        app_id=found.text("app_id"),
        ca_file=_ca_file(found),
        calls_per_second=found.number("calls_per_second", 8),
        warnings=warnings,
        domain=domain,
        messaging_url=_messaging_url(found, env),
        clean_session=True if session is None else session,
        shared=found.text("type") == "shared",
        instance=found.text("instance"),
        messaging_port=_number(found, "messaging_port", 1, 65_535),
        messaging_ca_file=_messaging_ca_file(found),
        websocket=_is_websocket(found),
        keep_alive=_number(found, "keep_alive", 1, 65_535) or 60,
    )


def _number(found: _Found, field: str, least: int, most: int) -> int | None:
    if not found.has(field):
        return None
    number = found.number(field, least)
    if not least <= number <= most:
        raise UsageError(f"the option {_NAMES[field][0]} must be from {least} to {most}")
    return number


def _messaging_ca_file(found: _Found) -> Path | None:
    """Give the authority for messages alone; without it the one for HTTP counts for them too."""
    named = found.text("messaging_ca_file")
    return None if named in (None, _TRUST_OF_THE_SYSTEM) else Path(str(named))


def _is_websocket(found: _Found) -> bool:
    transport = found.text("transport") or "tcp"
    if transport not in ("tcp", "websockets"):
        raise UsageError("the option transport must be tcp or websockets")
    return transport == "websockets"


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _check_known(name: str) -> None:
    if _IGNORED.fullmatch(name):
        return
    close = get_close_matches(name, _ALL, n=1)
    meant = f"did you mean {close[0]}?" if close else f"there are {', '.join(_ALL)}"
    raise UsageError(f"there is no option {shown(name)[:80]!r}; {meant}")


def _check_method(found: _Found) -> None:
    method = found.text("method")
    if method not in (None, "apikey"):
        raise UsageError("the only auth-method is apikey (with auth-key and auth-token)")


def _org(found: _Found, pair: Credentials) -> str:
    """Give the org's id; an API key holds it, between its first and its last hyphen (page 1.2)."""
    org = found.text("org")
    if org is None:
        held = _KEY_OF_ORG.fullmatch(pair.key)
        org = held[1] if held else ""
    if org and not _ID.fullmatch(org):
        raise UsageError("the org's id may hold letters, digits, '.', '_' and '-' only")
    return org


def _address(found: _Found, org: str, env: Mapping[str, str]) -> tuple[str, str | None]:
    """Give the org's address, and the domain that it was made of, if it was."""
    url, host, domain = found.text("url"), found.text("host"), found.text("domain")
    if url:
        return url, None
    if host:
        return f"https://{host}", None
    if not domain and env.get(URL_VARIABLE):
        return env[URL_VARIABLE], None
    if not org:
        raise UsageError("no org is named: give its id as org, or its address as url")
    domain = domain or DEFAULT_DOMAIN
    return f"https://{org}.{domain}", domain


def _messaging_url(found: _Found, env: Mapping[str, str]) -> str | None:
    named = any(found.has(field) for field in ("messaging_url", "url", "host", "domain"))
    return found.text("messaging_url") if named else env.get(MESSAGING_VARIABLE)


def _ca_file(found: _Found) -> Path | None:
    """Give the file of a private authority; certificates are verified, whatever is asked for."""
    verify = found.truth("verify")
    if verify is False:
        raise UsageError(
            "options.http.verify: certificates are always verified; for an authority of your own, "
            "name its PEM file"
        )
    named = found.text("ca_file")
    if named is None and verify is None and found.has("verify"):
        named = found.text("verify")
    return None if named is None else Path(named)
