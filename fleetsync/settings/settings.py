"""Hold what fleet.yaml says, checked, with its defaults filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    from fleetsync.policy.policy import Policy

DEFAULT_DOMAIN = "internetofthings.ibmcloud.com"
"""The domain of the public cloud (platform page 1.1)."""


@dataclass(frozen=True, slots=True)
class OrgId:
    """An org at ``https://<org_id>.<domain>`` (platform page 1.1)."""

    org_id: str
    domain: str = DEFAULT_DOMAIN


@dataclass(frozen=True, slots=True)
class OrgUrl:
    """An org at an address of its own; ``http://`` only on this machine."""

    url: str


@dataclass(frozen=True, slots=True)
class EmbeddedOrg:
    """An org that is emulated in this process and kept in an SQLite file."""

    path: Path


Org: TypeAlias = "OrgId | OrgUrl | EmbeddedOrg"


@dataclass(frozen=True, slots=True)
class DeleteLimits:
    """What one plan may delete: ``delete_percent`` of the managed devices, or ``delete_count``."""

    delete_percent: float = 10
    delete_count: int = 3


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where the tokens of new devices are kept, and who makes them."""

    file: Path
    tokens: Literal["client", "platform"] = "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one fleet; every path is joined to ``folder``, that of fleet.yaml.

    ``manifests`` are files, folders or globs as they were written, relative to ``folder``.
    ``messaging_url`` is where the org's messages are, if its address does not tell.
    ``lock`` says where an apply locks others out: in the folder alone, or in the org as well.
    """

    fleet: str
    folder: Path
    file: Path
    org: Org
    ca_file: Path | None
    calls_per_second: int
    manifests: tuple[str, ...]
    prune: bool
    limits: DeleteLimits
    secrets: Secrets
    lock: Literal["folder", "org"] = "folder"
    policies: tuple[Policy, ...] = ()
    messaging_url: str | None = None
