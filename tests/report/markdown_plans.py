"""Plans to write as Markdown, made from values."""

from __future__ import annotations

from collections import Counter
from functools import cache
from hashlib import sha256
from typing import Any

from fleetsync.diff.change import Action, Field
from fleetsync.model import Kind, LiveDeviceType, Source
from fleetsync.model.value import canonical
from fleetsync.plan import Plan, Refusal, RefusalCode
from fleetsync.plan.cost import Cost
from fleetsync.plan.plan import STAGES, Unmanaged
from fleetsync.plan.view import PlanView, ReadChange, Stage, field_text, view_of
from tests.report import sample

HOSTILE = (
    "`` ` @someone #123 GH-1 org/repo#1 0123456789abcdef0123456789abcdef01234567"
    " ![x](http://h/i.png) <img src=x onerror=y> </code></details> <!-- --> | --> "
    "\n# title\n```\n/close\r\u202e\u200b\x1b[2J\ud800 $x$ ~~~ \\| **b**"
)


def update(
    device_id: str, fields: tuple[Field, ...], *, type_id: str = "pump", line: int = 1
) -> ReadChange:
    source = Source("manifests/devices.yaml", line)
    reason, texts = "it differs", list(map(field_text, fields))
    return ReadChange(Action.UPDATE, Kind.DEVICE, type_id, device_id, reason, source, texts)


def view_with(changes: list[ReadChange], **more: Any) -> PlanView:
    """Show these changes as a plan would, in the order of work."""
    stages: dict[Stage, list[ReadChange]] = {stage: [] for stage in STAGES}
    for change in changes:
        stages[change.kind, change.action].append(change)
    digests = sorted(map(digest_of, changes))
    given: dict[str, Any] = {
        "refusals": (),
        "warnings": (),
        "unmanaged": Unmanaged(0, 0),
        "withheld": 0,
        **more,
    }
    return PlanView(
        fleet="emea-sensors",
        org="abc123",
        created_at="2026-11-23T10:00:00Z",
        digest=f"sha256:{sha256(b''.join(digests)).hexdigest()}",
        sizes={s: Counter(c.type_id for c in found) for s, found in stages.items() if found},
        walk=lambda stage: stages[stage],
        records=0,
        cost=Cost(3, len(changes)),
        calls_per_second=8,
        **given,
    )


def digest_of(change: ReadChange) -> bytes:
    fields = sorted(change.fields, key=lambda field: field.path)
    about = [change.action, change.kind, change.type_id, change.device_id, fields]
    return sha256(canonical(about)).digest()


def one() -> Plan:
    pump = sample.device_type("pump")
    declared = sample.device("pump", "p-1", 14, metadata={"floor": 2})
    live = sample.live_device("pump", "p-1", metadata={"floor": 1})
    return sample.plan_of([pump], [declared], [LiveDeviceType("pump")], [live])


@cache
def rename() -> Plan:
    """Bring one value under another name, on 10,000 devices of twelve floors."""
    pump = sample.device_type("pump")
    declared, live = [], []
    for number in range(10_000):
        name, floor = f"p-{number:05}", number % 12
        declared.append(sample.device("pump", name, 7, metadata={"storey": floor, "owner": "ops"}))
        live.append(sample.live_device("pump", name, metadata={"floor": floor, "owner": "fac"}))
    return sample.plan_of([pump], declared, [LiveDeviceType("pump")], live)


def hostile() -> PlanView:
    changes = [
        update("p-1", (Field("deviceInfo.model", HOSTILE, f"{HOSTILE}!"),)),
        update(HOSTILE, (Field(f'metadata["{HOSTILE}"]', [HOSTILE], {HOSTILE: None}),)),
        update("p-2", (Field("metadata.x", None, 1),), type_id=HOSTILE),
        ReadChange(Action.DELETE, Kind.DEVICE, HOSTILE, "p-3", HOSTILE, Source(HOSTILE, 1), []),
        ReadChange(Action.CREATE, Kind.DEVICE_TYPE, HOSTILE, None, HOSTILE, None, []),
    ]
    view = view_with(
        changes,
        refusals=(Refusal(RefusalCode.PROTECTED, HOSTILE),),
        warnings=(HOSTILE,),
    )
    return view._replace(fleet=HOSTILE, org=HOSTILE, created_at=HOSTILE, undoes=HOSTILE)


VIEWS = {
    "empty": lambda: view_of(sample.empty()),
    "one": lambda: view_of(one()),
    "first": lambda: view_of(sample.first()),
    "mixed": lambda: view_of(sample.changed()),
    "rename": lambda: view_of(rename()),
    "hostile": hostile,
}
