"""Say who registered a device, and when: a person, an API key, a gateway, or a run of ours."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from fleetsync.diff.prune import is_from_gateway
from fleetsync.model import LiveDevice
from fleetsync.model.mark import parse_mark

_API_KEY = re.compile(r"(a-[A-Za-z0-9-]{1,64}-)([^-]{4})[^-]{6}")
"""API keys look like ``a-<org>-<10 random characters>`` (platform page 1.2)."""
_PEOPLE = frozenset({"person", "user"})
_KEYS = frozenset({"apikey", "app", "application"})


class Registrant(StrEnum):
    """What kind of somebody registered a device."""

    RUN = "run"
    PERSON = "person"
    API_KEY = "apiKey"
    GATEWAY = "gateway"
    UNKNOWN = "unknown"


class Origin(NamedTuple):
    """Who registered a device and when, as far as the org tells; ``name`` is text from the org.

    Of an API key only the beginning is told: enough to tell keys apart, too little to use one.
    ``run`` is the part behind the hyphen of the id of the run that registered the device.
    """

    kind: Registrant = Registrant.UNKNOWN
    name: str | None = None
    date: str | None = None
    run: str | None = None


def origin_of(device: LiveDevice) -> Origin:
    """Read it from the registration, and from the mark if the device has one of its own."""
    _, auth_id, date = device.registration
    run = parse_mark(f"{device.type_id}/{device.device_id}", device.mark).run
    return Origin(_kind(device, run), _masked(auth_id), date, run)


def _kind(device: LiveDevice, run: str | None) -> Registrant:
    auth_type = (device.registration.auth_type or "").lower()
    if run is not None:
        return Registrant.RUN
    if is_from_gateway(device):
        return Registrant.GATEWAY
    if auth_type in _PEOPLE:
        return Registrant.PERSON
    return Registrant.API_KEY if auth_type in _KEYS else Registrant.UNKNOWN


def _masked(auth_id: str | None) -> str | None:
    match = _API_KEY.fullmatch(auth_id or "")
    return f"{match[1]}{match[2]}***" if match else auth_id
