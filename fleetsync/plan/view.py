"""Hold what is shown of a plan, be it made just now or read back from its document."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from fleetsync.diff.change import Action, Change, Field, change_fields
from fleetsync.errors import FileError
from fleetsync.model import Kind, Source
from fleetsync.model.presence import Presence
from fleetsync.plan.cost import Cost
from fleetsync.plan.limits import Refusal
from fleetsync.plan.plan import Plan, Unmanaged
from fleetsync.plan.policy import PolicyOutcome

_FIELD = '{"path": '
_UNREADABLE = (
    "a change of the saved plan is not as fleetsync saves it; make a new plan with: fleetsync plan"
    " --out FILE"
)

Stage = tuple[Kind, Action]
"""What is done to what: the changes of a stage stand together in every plan."""


class ReadChange(NamedTuple):
    """A change as a document tells it; ``field_texts`` are those of every action."""

    action: Action
    kind: Kind
    type_id: str
    device_id: str | None
    reason: str
    source: Source | None
    field_texts: list[str]
    presence: Presence | None = None

    @property
    def fields(self) -> tuple[Field, ...]:
        """Give every value that the change sets, alters or takes away; FileError."""
        return tuple(map(parse_field, self.field_texts))

    @property
    def name(self) -> str:
        """The type id, or ``type/device``."""
        return self.type_id if self.device_id is None else f"{self.type_id}/{self.device_id}"


ShownChange = Change | ReadChange


class PlanView(NamedTuple):
    """All that is shown of a plan, whatever its size; nothing can be applied from it.

    ``walk`` goes through the changes of a stage in the order of work, as often as it is called;
    ``sizes`` counts them by type. ``records`` counts the devices on which apply will only note that
    their location is the declared one. ``doubts``, which are the first of the warnings, say why a
    document is not what was saved.
    """

    fleet: str
    org: str
    created_at: str
    digest: str
    sizes: Mapping[Stage, Mapping[str, int]]
    walk: Callable[[Stage], Iterable[ShownChange]]
    records: int
    refusals: tuple[Refusal, ...]
    warnings: tuple[str, ...]
    unmanaged: Unmanaged
    withheld: int
    cost: Cost
    calls_per_second: int
    undoes: str | None = None
    doubts: tuple[str, ...] = ()
    policies: tuple[PolicyOutcome, ...] = ()

    def number_of(self, kind: Kind, action: Action) -> int:
        """Count the changes of a stage."""
        return sum(self.sizes.get((kind, action), {}).values())

    @property
    def empty(self) -> bool:
        """Tell whether the org is as the manifests say."""
        return not (any(self.sizes.values()) or self.refusals or self.withheld)


def view_of(plan: Plan) -> PlanView:
    """Show a plan that was made just now."""
    sizes: dict[Stage, Counter[str]] = {}
    for change in plan.changes:
        sizes.setdefault((change.kind, change.action), Counter())[change.type_id] += 1
    return PlanView(
        fleet=plan.fleet,
        org=plan.org,
        created_at=plan.created_at,
        digest=plan.digest,
        sizes=sizes,
        walk=lambda stage: (c for c in plan.changes if (c.kind, c.action) == stage),
        records=len(plan.records),
        refusals=plan.refusals,
        warnings=plan.warnings,
        unmanaged=plan.unmanaged,
        withheld=plan.withheld,
        cost=plan.cost,
        calls_per_second=plan.calls_per_second,
        undoes=plan.undoes,
        policies=plan.policies,
    )


def field_text(field: Field) -> str:
    """Write a field as a document does, without its braces and the name of its path.

    Two fields are the same if their texts are, and the texts are in order if their paths are: so
    many can be told apart without reading them.
    """
    return json.dumps(field._asdict())[len(_FIELD) : -1]


def parse_field(text: str) -> Field:
    """Read what ``field_text`` wrote; FileError for anything else."""
    try:
        field = json.loads(f"{_FIELD}{text}}}")
        path, before, after = field["path"], field["before"], field["after"]
    except (KeyError, ValueError, RecursionError) as error:
        raise FileError(_UNREADABLE) from error
    if not isinstance(path, str):
        raise FileError(_UNREADABLE)
    return Field(path, before, after)


def field_texts(change: ShownChange) -> list[str]:
    """Give the texts of every value that a change sets, alters or takes away."""
    if isinstance(change, ReadChange):
        return change.field_texts
    return list(map(field_text, change_fields(change)))


def shown_fields(change: ShownChange) -> tuple[Field, ...]:
    """Give every value that a change sets, alters or takes away."""
    return change.fields if isinstance(change, ReadChange) else tuple(change_fields(change))
