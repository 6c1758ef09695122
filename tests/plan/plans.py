"""Plans to save, match and tamper with."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from fleetsync.plan import Plan
from fleetsync.plan.document import plan_text
from fleetsync.plan.saved import SavedPlan, parse_saved_plan
from tests.diff.test_cases import plan_of

TYPE = {"id": "pump", "metadata": {"big": 1e300, "n": 1.0, "none": None}}
ONE = {"typeId": "pump", "deviceId": "p-1", "metadata": {"ü": [1.0, {"b": -0.0}]}}
TWO = {"typeId": "pump", "deviceId": "p-2", "location": {"latitude": 1.0, "longitude": 0.1}}
LIVE = {
    "types": [{"id": "pump"}],
    "devices": [
        {"typeId": "pump", "deviceId": "p-1", "metadata": {"a\nb": 1}},
        {"typeId": "pump", "deviceId": "p-3", "deviceInfo": {"model": "M"}},
    ],
}


def make_plan_of(folder: Path, live: dict[str, Any] | None = None, **manifest: Any) -> Plan:
    """Plan for these manifests and this org."""
    folder.mkdir(exist_ok=True)
    return plan_of({"manifest": manifest, "live": json.loads(json.dumps(live or {}))}, folder)


def mixed_plan(folder: Path) -> Plan:
    """Create, update and delete something."""
    return make_plan_of(folder, LIVE, deviceTypes=[TYPE], devices=[ONE, TWO])


def saved_bytes(plan: Plan) -> bytes:
    return "".join(plan_text(plan)).encode("ascii")


def save(plan: Plan) -> SavedPlan:
    """Save a plan and read it back."""
    return parse_saved_plan(saved_bytes(plan), name="p.json")


def sealed_anew(data: bytes) -> bytes:
    """Seal a document that was changed, as somebody would who knows how."""
    before = data[: data.rindex(b'  "seal"')]
    return before + f'  "seal": "sha256:{sha256(before).hexdigest()}"\n}}\n'.encode()
