"""Write a plan as its JSON document: the same for ``--format json`` and for a saved plan."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fleetsync.diff.change import Change, change_fields
from fleetsync.model import JSON, Kind
from fleetsync.model.presence import Presence
from fleetsync.plan.plan import Plan
from fleetsync.plan.policy import policy_document
from fleetsync.plan.precondition import precondition
from fleetsync.plan.seal import seal

FORMAT_VERSION = 1


def plan_text(plan: Plan) -> Iterator[str]:
    """Write the document in pieces, one change a line, so that a large plan needs little memory.

    Only ASCII is written: whatever text an org holds, a terminal shows it as what it is. The last
    line but one is the seal over all before it.
    """
    return seal(_pieces(plan))


def _pieces(plan: Plan) -> Iterator[str]:
    document = plan_head(plan)
    tail: dict[str, Any] = {
        "withheld": plan.withheld,
        "records": [_about(change) for change in plan.records],
        "refusals": [refusal._asdict() for refusal in plan.refusals],
        "warnings": list(plan.warnings),
    }
    if plan.policies:
        tail["policies"] = [policy_document(outcome) for outcome in plan.policies]
    yield json.dumps(document, indent=2)[:-2] + ',\n  "changes": ['
    for number, change in enumerate(plan.changes):
        yield ("," if number else "") + "\n    " + json.dumps(change_document(change))
    yield "\n  ]" if plan.changes else "]"
    yield ",\n" + json.dumps(tail, indent=2)[2:-2] + ",\n"


def plan_head(plan: Plan) -> dict[str, JSON]:
    """Give all of the document that is not a list."""
    head: dict[str, JSON] = {
        "formatVersion": FORMAT_VERSION,
        "fleet": plan.fleet,
        "org": plan.org,
        "createdAt": plan.created_at,
        "manifestDigest": plan.manifest_digest,
        "digest": plan.digest,
        "summary": plan_summary(plan),
    }
    return head if plan.undoes is None else {**head, "undoes": plan.undoes}


def change_document(change: Change) -> dict[str, Any]:
    """Give one change as the document writes it."""
    document = {
        **_about(change),
        "fields": [field._asdict() for field in change_fields(change)],
        "precondition": precondition(change),
        "reason": change.reason,
    }
    if change.presence is not None:
        document["presence"] = presence_document(change.presence)
    return document


def presence_document(presence: Presence) -> dict[str, JSON]:
    """Write what was found of a device's connection."""
    return {"state": presence.state.value, "seenAt": presence.seen_at}


def _about(change: Change) -> dict[str, Any]:
    about: dict[str, Any] = {"action": change.action.value, "kind": change.kind.value}
    about["typeId"] = change.type_id
    if change.device_id is not None:
        about["deviceId"] = change.device_id
    about["source"] = change.source._asdict() if change.source else None
    return about


def plan_summary(plan: Plan) -> dict[str, JSON]:
    """Give the plan in numbers."""
    counts = plan.counts
    return {
        "deviceTypes": _actions(counts, Kind.DEVICE_TYPE),
        "devices": _actions(counts, Kind.DEVICE),
        "unmanaged": {"deviceTypes": plan.unmanaged.types, "devices": plan.unmanaged.devices},
        "apiCalls": {
            "read": plan.cost.read,
            "look": plan.cost.look,
            "write": plan.cost.write,
            "seconds": plan.cost.seconds(plan.calls_per_second),
            "callsPerSecond": plan.calls_per_second,
        },
    }


def _actions(counts: Mapping[tuple[str, str], int], kind: Kind) -> dict[str, JSON]:
    return {
        action: counts.get((kind.value, action), 0) for action in ("create", "update", "delete")
    }
