"""A fleet's folder and an org for it, so that a test can plan and apply in a line each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from fleetsync.api.connection import Connection
from fleetsync.api.registry import Registry
from fleetsync.api.transport import Reader, Transport
from fleetsync.apply import Hands, Outcome, Status, apply_plan
from fleetsync.apply.journaled import JournaledWriter
from fleetsync.emulator.running import Emulator, run_emulator
from fleetsync.emulator.state import OrgState
from fleetsync.emulator.switches import Switches
from fleetsync.journal.entry import Head
from fleetsync.journal.file import Journal
from fleetsync.journal.folder import open_journal
from fleetsync.journal.run_id import new_run_id
from fleetsync.live import Reading, read_fleet
from fleetsync.manifest.load import load_fleet
from fleetsync.model.credentials import Credentials
from fleetsync.plan import Limits, Plan, PlanRules, make_plan
from fleetsync.tokens.file import TokenFile, read_tokens

NO_LIMITS = Limits(delete_percent=100, delete_count=1_000_000)
KEY = Credentials("a-embedded-0123456789", "a test's token")


class QuotingDumper(yaml.SafeDumper):
    """Writes every text in quotes, so that no YAML reader takes it for anything else."""


QuotingDumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def as_yaml(value: Any) -> str:
    return str(yaml.dump(value, Dumper=QuotingDumper, allow_unicode=True, sort_keys=False))


class World:
    """One fleet and one org; ``calls`` counts the org's requests by kind."""

    def __init__(self, folder: Path, org: Emulator) -> None:
        self.folder = folder
        self.org = org
        self.rules = PlanRules(fleet="law", limits=NO_LIMITS, calls_per_second=1000)
        self.secrets = folder / "secrets" / "tokens.jsonl"
        self.platform_tokens = False
        (folder / "fleet.yaml").write_text("fleet: law\n", "utf-8")

    @property
    def calls(self) -> Mapping[str, int]:
        return self.org.state.calls

    @property
    def snapshot(self) -> dict[str, Any]:
        return self.org.state.snapshot()

    def write(self, manifest: Mapping[str, Any]) -> None:
        (self.folder / "manifest.yaml").write_text(as_yaml(manifest), "utf-8")

    def connection(self) -> Connection:
        return Connection(base_url=self.org.url, credentials=KEY, calls_per_second=1000)

    def plan(self, how: Reading | None = None) -> Plan:
        with Reader(self.connection()) as reader:
            return self._plan(Registry(reader), how or Reading())

    def _plan(self, registry: Registry, how: Reading) -> Plan:
        desired = load_fleet(self.folder, ["manifest.yaml"], fleet_file=self.folder / "fleet.yaml")
        live = read_fleet(registry, desired, how)
        return make_plan(
            desired=desired, live=live, rules=self.rules, created_at="2026-11-23T10:00:00Z"
        )

    def apply(self, plan: Plan | None = None) -> list[Outcome]:
        """Plan if need be, and carry out, refused or not: the limits are the command's affair."""
        plan = plan or self.plan()
        with (
            Transport(self.connection()) as transport,
            TokenFile.open(self.secrets, org=plan.org) as tokens,
            begin_journal(self.folder, plan, platform_tokens=self.platform_tokens) as journal,
        ):
            hands = make_hands(transport, tokens, journal, plan)
            hands.platform_tokens = self.platform_tokens
            outcomes = list(apply_plan(plan, hands))
            tokens.settle()
            if hands.fatal is not None:
                raise hands.fatal
        return outcomes

    def tokens(self) -> dict[str, str]:
        """The tokens in the secrets file by ``type/device``."""
        entries = read_tokens(self.secrets).values()
        return {f"{e.type_id}/{e.device_id}": e.token.reveal() for e in entries}


def now() -> str:
    return "2026-11-23T10:00:00Z"


def begin_journal(folder: Path, plan: Plan, *, platform_tokens: bool = False) -> Journal:
    """Begin the journal of a run, as the command does."""
    tokens = "platform" if platform_tokens else "client"
    command = "apply" if plan.undoes is None else "undo"
    head = Head(
        new_run_id(), command, plan.fleet, plan.org, plan.digest, tokens, {}, undoes=plan.undoes
    )
    return open_journal(folder, head, now=now)


def make_hands(transport: Transport, tokens: TokenFile, journal: Journal, plan: Plan) -> Hands:
    return Hands(
        org=plan.org,
        registry=Registry(transport),
        writer=JournaledWriter(transport, journal, settle_seconds=0.01),
        tokens=tokens,
        journal=journal,
        run=journal.path.stem,
        now=now,
        api_key=KEY.key,
        undoes=plan.undoes,
    )


def failures(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    bad = (Status.FAILED, Status.NOT_TRIED)
    return [(o.change.name, o.reason) for o in outcomes if o.status in bad]


@contextmanager
def open_world(folder: Path, switches: Switches | None = None) -> Iterator[World]:
    with ExitStack() as stack:
        state = stack.enter_context(OrgState.open(None, switches=switches))
        yield World(folder, stack.enter_context(run_emulator(state)))
