"""The library: every call of the platform's HTTP API for applications, typed.

``ApplicationClient(options_of({...}))`` opens it; the README shows how.
"""

from __future__ import annotations

from fleetsync.api.items import ItemResult
from fleetsync.client.application import ApplicationClient
from fleetsync.client.listing import Listing, Page
from fleetsync.client.options import (
    ApplicationOptions,
    options_from_env,
    options_from_file,
    options_of,
)
from fleetsync.client.records import (
    ConnectionLogEntry,
    Device,
    DeviceInfo,
    DeviceLocation,
    DeviceType,
    DiagnosticLog,
    ErrorCode,
    Management,
    NewDevice,
    Organization,
    Registered,
)
from fleetsync.errors import (
    ApiError,
    CredentialsError,
    FleetsyncError,
    OrgError,
    OutcomeUnknownError,
    PartlyDoneError,
    UnreachableError,
    UsageError,
)
from fleetsync.model.token import Token

__all__ = [
    "ApiError",
    "ApplicationClient",
    "ApplicationOptions",
    "ConnectionLogEntry",
    "CredentialsError",
    "Device",
    "DeviceInfo",
    "DeviceLocation",
    "DeviceType",
    "DiagnosticLog",
    "ErrorCode",
    "FleetsyncError",
    "ItemResult",
    "Listing",
    "Management",
    "NewDevice",
    "OrgError",
    "Organization",
    "OutcomeUnknownError",
    "Page",
    "PartlyDoneError",
    "Registered",
    "Token",
    "UnreachableError",
    "UsageError",
    "options_from_env",
    "options_from_file",
    "options_of",
]
