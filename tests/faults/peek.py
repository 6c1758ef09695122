"""Read the secrets file while an apply holds it, as nobody but a test may."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from fleetsync.emulator.state import OrgState


def usable(names: Collection[str], secrets: Path, state: OrgState) -> frozenset[str]:
    """Name those of the devices (type/device) that somebody could connect as: their token is kept.

    The last whole line of a device counts; one that is being written does not.
    """
    kept: dict[str, str] = {}
    for line in secrets.read_bytes().splitlines() if secrets.exists() else ():
        with suppress(ValueError, KeyError, TypeError):
            entry = json.loads(line)
            kept[f"{entry['typeId']}/{entry['deviceId']}"] = entry["authToken"]
    return frozenset(name for name in names if name in kept and _fits(name, kept[name], state))


def _fits(name: str, token: str, state: OrgState) -> bool:
    type_id, device_id = name.split("/")
    return state.check_token(type_id, device_id, token)
