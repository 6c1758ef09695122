"""Write drift as a JSON document, which schemas/drift.schema.json describes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from fleetsync.drift.field import DriftField, Standing
from fleetsync.drift.finding import Accepted, Drift, Finding, Stray, What
from fleetsync.drift.origin import Origin
from fleetsync.model import Kind

FORMAT_VERSION = 1


def drift_json(drift: Drift, written: Accepted | None = None) -> Iterator[str]:
    """Write the document in pieces, one finding a line, in ASCII."""
    head = _head(drift) | {"written": None if written is None else _written(written)}
    yield json.dumps(head, indent=2)[:-2] + ',\n  "findings": ['
    for number, finding in enumerate(drift.findings):
        yield ("," if number else "") + "\n    " + json.dumps(_finding(finding))
    yield ("\n  ]" if drift.findings else "]") + ',\n  "strays": ['
    for number, stray in enumerate(drift.strays):
        yield ("," if number else "") + "\n    " + json.dumps(_stray(stray))
    yield "\n  ]\n}\n" if drift.strays else "]\n}\n"


def _head(drift: Drift) -> dict[str, Any]:
    counts = Counter((each.kind, each.standing, each.what) for each in drift.findings)
    return {
        "formatVersion": FORMAT_VERSION,
        "fleet": drift.fleet,
        "org": drift.org,
        "createdAt": drift.made_at,
        "base": {"kind": drift.base.kind.value, "name": drift.base.name or None},
        "drifted": drift.moved,
        "summary": {
            "deviceTypes": _counts(counts, Kind.DEVICE_TYPE),
            "devices": _counts(counts, Kind.DEVICE),
            "unmanaged": {
                "deviceTypes": drift.unmanaged_types,
                "devices": drift.unmanaged_devices,
            },
            "kept": drift.kept,
            "apiCalls": drift.reads,
        },
        "warnings": list(drift.doubts),
    }


def _written(written: Accepted) -> dict[str, Any]:
    return {
        "files": [
            {"file": file, **{what.value: counts.get(what, 0) for what in What}}
            for file, counts in written.files.items()
        ],
        "left": [
            {
                "kind": finding.kind.value,
                "typeId": finding.type_id,
                **({} if finding.device_id is None else {"deviceId": finding.device_id}),
                "reason": reason,
            }
            for finding, reason in written.left
        ],
    }


def _counts(counts: Counter[tuple[Kind, Standing, What]], kind: Kind) -> dict[str, Any]:
    return {
        standing.value: {what.value: counts[kind, standing, what] for what in What}
        for standing in Standing
    }


def _finding(finding: Finding) -> dict[str, Any]:
    about: dict[str, Any] = {
        "standing": finding.standing.value,
        "what": finding.what.value,
        "kind": finding.kind.value,
        "typeId": finding.type_id,
    }
    if finding.device_id is not None:
        about["deviceId"] = finding.device_id
    return about | {
        "source": finding.source._asdict() if finding.source else None,
        "registered": None if finding.origin is None else _origin(finding.origin),
        "fields": [_field(each) for each in finding.fields],
        "reason": finding.reason,
    }


def _field(field: DriftField) -> dict[str, Any]:
    sides = {"path": field.path, "standing": field.standing.value}
    based = {"base": field.base} if field.based else {}
    return {**sides, **based, "manifest": field.manifest, "live": field.live}


def _stray(stray: Stray) -> dict[str, Any]:
    return {
        "typeId": stray.key.type_id,
        "deviceId": stray.key.device_id,
        "registered": _origin(stray.origin),
        "reason": stray.why.value,
    }


def _origin(origin: Origin) -> dict[str, Any]:
    return {
        "by": origin.kind.value,
        "name": origin.name,
        "date": origin.date,
        "run": origin.run,
    }
