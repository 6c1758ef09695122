"""Decide whether an undeclared device may be deleted."""

from __future__ import annotations

from enum import StrEnum

from fleetsync.model import LiveDevice

_PEOPLE_AND_APPS = frozenset({"person", "user", "apikey", "app", "application"})
"""Who registers devices on purpose (platform page 4.1: ``person``, ``apikey``; seen: ``app``)."""


class Spared(StrEnum):
    """Why an undeclared device is left alone."""

    PRUNE_OFF = "prune is off for them"
    GATEWAY = "a gateway registered them"
    UNKNOWN = "the org does not say that a person or an application registered them"


def may_prune(device: LiveDevice, *, pruned: bool) -> Spared | None:
    """Say why an undeclared device must stay, or None when it may go.

    Gateways register devices by themselves (platform page 5.8): such a device is nobody's mistake.
    How the platform says so is not documented, so one that hangs on a gateway counts as such too.
    A registration that we cannot read proves nothing, so it protects as well.
    """
    if not pruned:
        return Spared.PRUNE_OFF
    if is_from_gateway(device):
        return Spared.GATEWAY
    if (device.registration.auth_type or "").lower() not in _PEOPLE_AND_APPS:
        return Spared.UNKNOWN
    return None


def is_from_gateway(device: LiveDevice) -> bool:
    """Tell whether a gateway registered a device, or it hangs on one."""
    if device.via_gateway:
        return True
    auth_type, auth_id, _ = device.registration
    by_gateway = (auth_type or "").lower() in {"gateway", "device"}
    return by_gateway or (auth_id or "").startswith(("g:", "g/", "g-", "d:"))
