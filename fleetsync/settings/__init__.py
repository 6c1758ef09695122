"""Read fleet.yaml, the environment and credentials into frozen values."""

from __future__ import annotations

from fleetsync.settings.credentials import Found, find_credentials
from fleetsync.settings.fleet_file import load_settings
from fleetsync.settings.settings import (
    DeleteLimits,
    EmbeddedOrg,
    OrgId,
    OrgUrl,
    Secrets,
    Settings,
)

__all__ = [
    "DeleteLimits",
    "EmbeddedOrg",
    "Found",
    "OrgId",
    "OrgUrl",
    "Secrets",
    "Settings",
    "find_credentials",
    "load_settings",
]
