"""Hold what an apply works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from fleetsync.api.registry import Registry
from fleetsync.api.writer import RegistryWriter
from fleetsync.errors import FleetsyncError
from fleetsync.model import DeviceKey
from fleetsync.tokens.file import TokenFile


@dataclass(slots=True)
class Hands:
    """The doors to the org and to the secrets file, handed down once.

    ``platform_tokens`` lets the platform make the tokens. ``stop`` is set by a signal: no further
    request is begun. ``fatal`` is the error that ended the work, if one did. ``looks`` counts down
    the single reads that may be spent on explaining failures. ``failed_types`` could not be created
    or still have devices, ``trusted`` are kinds of new devices that were found as declared.
    ``api_key`` is the key that the org writes beside the devices we register. ``doubtful`` are
    refused devices, by client id, whose new tokens go if they do not exist.
    """

    org: str
    registry: Registry
    writer: RegistryWriter
    tokens: TokenFile
    now: Callable[[], str]
    platform_tokens: bool = False
    api_key: str | None = None
    stop: Event = field(default_factory=Event)
    fatal: FleetsyncError | None = None
    looks: int = 20
    failed_types: set[str] = field(default_factory=set)
    trusted: set[object] = field(default_factory=set)
    doubtful: dict[str, DeviceKey] = field(default_factory=dict)
