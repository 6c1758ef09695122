"""Write a rotation and what became of it as JSON, which schemas/rotation.schema.json describes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fleetsync.apply.again import Fate, Renewal
from fleetsync.plan.document import plan_summary
from fleetsync.plan.policy import policy_document
from fleetsync.plan.rotation import Pick, Rotation
from fleetsync.report.rotation import RotationReport, Wave

FORMAT_VERSION = 1
_NOT_TOLD = ("formatVersion", "kind", "createdAt")


def rotation_json(rotation: Rotation) -> Iterator[str]:
    """Write the plan of a rotation, one device a line, in ASCII."""
    devices = (
        _pick(number, pick) for number, wave in enumerate(rotation.waves, 1) for pick in wave
    )
    yield from _document({**rotation_head(rotation), **_tail(rotation)}, devices)


def rotation_head(rotation: Rotation) -> dict[str, Any]:
    """Give all of the plan that is not a list."""
    plan = rotation.plan
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "plan",
        "fleet": plan.fleet,
        "org": plan.org,
        "createdAt": plan.created_at,
        "digest": plan.digest,
        "takesBack": rotation.takes_back,
        "summary": {
            "devices": sum(map(len, rotation.waves)),
            "connected": None
            if rotation.unknown_states
            else sum(bool(pick.connected) for pick in rotation.picks),
            "waves": [len(wave) for wave in rotation.waves],
            "apiCalls": plan_summary(plan)["apiCalls"],
        },
    }


def _tail(rotation: Rotation) -> dict[str, Any]:
    plan = rotation.plan
    return {
        "stays": [
            {
                "typeId": stay.key.type_id,
                "deviceId": stay.key.device_id,
                "source": stay.source._asdict() if stay.source else None,
                "reason": stay.reason,
            }
            for stay in rotation.stays
        ],
        "refusals": [refusal._asdict() for refusal in plan.refusals],
        "warnings": list(plan.warnings),
        "policies": [policy_document(each) for each in plan.policies],
    }


def rotation_report_json(report: RotationReport) -> Iterator[str]:
    """Write what became of a rotation, one device a line, in ASCII."""
    devices = (
        renewal_document(number, wave, end)
        for number, wave in enumerate(report.waves, 1)
        for end in wave.ends
    )
    yield from _document(report_document(report), devices)


def report_document(report: RotationReport) -> dict[str, Any]:
    """Give all of the report but its devices."""
    plan, counts = report.rotation.plan, report.counts
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "report",
        "run": report.run or None,
        "fleet": plan.fleet,
        "org": plan.org,
        "digest": plan.digest,
        "takesBack": report.rotation.takes_back,
        "summary": {**{fate.value: counts[fate] for fate in Fate}, "toCome": report.to_come},
        "waves": [wave_document(number, wave) for number, wave in enumerate(report.waves, 1)],
        "stopped": report.stopped or None,
        "incomplete": report.incomplete,
        "apiCalls": report.calls,
        "error": str(report.fatal) if report.fatal else None,
    }


def wave_document(number: int, wave: Wave) -> dict[str, Any]:
    """Give what became of a wave, in numbers."""
    fates = {fate.value: len(wave.with_fate(fate)) for fate in Fate}
    return {
        "wave": number,
        **fates,
        "connectedBefore": len(wave.expected),
        "connectedAgain": len(wave.back),
    }


def renewal_document(number: int, wave: Wave, end: Renewal) -> dict[str, Any]:
    """Give what became of a device; ``connectedAgain`` is null where it was not connected before.

    Of a wave that is still at work, nobody knows yet.
    """
    key = end.change.key
    again = key in wave.back if key in wave.expected else None
    return {
        "wave": number,
        "typeId": key.type_id,
        "deviceId": key.device_id,
        "source": end.change.source._asdict() if end.change.source else None,
        "status": end.fate.value,
        "reason": end.reason,
        "connectedAgain": again,
    }


def _pick(number: int, pick: Pick) -> dict[str, Any]:
    change = pick.change
    return {
        "wave": number,
        "typeId": change.type_id,
        "deviceId": change.device_id,
        "source": change.source._asdict() if change.source else None,
        "connected": pick.connected,
    }


def _document(head: dict[str, Any], devices: Iterator[dict[str, Any]]) -> Iterator[str]:
    yield json.dumps(head, indent=2)[:-2] + ',\n  "devices": ['
    number = -1
    for number, device in enumerate(devices):
        yield ("," if number else "") + "\n    " + json.dumps(device)
    yield "]\n}\n" if number < 0 else "\n  ]\n}\n"


def rotation_facts(rotation: Rotation) -> dict[str, Any]:
    """Tell of the plan of a rotation all but its devices, as an event."""
    whole = {**rotation_head(rotation), **_tail(rotation)}
    return {name: value for name, value in whole.items() if name not in (*_NOT_TOLD, "stays")}


def report_facts(report: RotationReport) -> dict[str, Any]:
    """Tell what became of a rotation in numbers, as an event."""
    whole = report_document(report)
    return {name: value for name, value in whole.items() if name not in (*_NOT_TOLD, "waves")}


def renewal_facts(number: int, end: Renewal) -> dict[str, Any]:
    """Tell what became of a device, as an event: whether it comes back is not known yet."""
    document = renewal_document(number, Wave((end,)), end)
    return {name: value for name, value in document.items() if name != "connectedAgain"}
