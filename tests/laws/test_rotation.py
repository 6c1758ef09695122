"""Whatever a fleet is like: after a rotation, only tokens and registrations are others."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from fleetsync.api.registry import Registry
from fleetsync.api.transport import Transport
from fleetsync.apply.again import Fate, Renewal
from fleetsync.apply.renew import Renewer
from fleetsync.emulator.switches import parse_switches
from fleetsync.journal.entry import ROTATE, Head
from fleetsync.journal.folder import open_journal, read_stored_run
from fleetsync.journal.run_id import new_run_id
from fleetsync.live import Reading, read_fleet
from fleetsync.manifest.load import load_fleet
from fleetsync.model.key import DeviceKey
from fleetsync.plan.rotatable import Sides, Wanted, inherited
from fleetsync.plan.rotation import Ground, Pace, Rotation, make_rotation
from fleetsync.tokens.file import TokenFile
from tests.laws.answers import ANSWERS
from tests.laws.drawn import ONE, OTHER, fleets
from tests.laws.test_undo import assert_same, assert_same_places, lets_go, stand_of
from tests.world import World, make_hands, now, open_world

FLEETS = int(os.environ.get("FLEETSYNC_ROTATED_FLEETS", "15"))
"""How many fleets are drawn; 1,000 by hand."""

LAW = settings(
    max_examples=FLEETS,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)


def rotate(world: World) -> tuple[Rotation, list[Renewal]]:
    """Rotate all that may be, protected or not."""
    desired = load_fleet(world.folder, ["manifest.yaml"], fleet_file=world.folder / "fleet.yaml")
    with Transport(world.connection()) as transport:
        live = read_fleet(Registry(transport), desired, Reading())
        named = {DeviceKey(t, d) for t, devices in desired.devices.items() for d in devices}
        ground = Ground(Sides(desired, live), frozenset(), world.rules, now())
        made = make_rotation(Wanted(devices=frozenset(named)), ground, Pace())
        head = Head(
            new_run_id(), ROTATE, made.plan.fleet, made.plan.org, made.plan.digest, "client", {}
        )
        with (
            TokenFile.open(world.secrets, org=made.plan.org) as tokens,
            open_journal(world.folder, head, now=now) as journal,
        ):
            hands = make_hands(transport, tokens, journal, made.plan)
            hands.platform_tokens = world.platform_tokens
            types = {type_id: inherited(type_id, live) for type_id in live.types}
            renewer = Renewer(hands, types, ())
            ends = list(renewer.renew([pick.change for pick in made.picks]))
            tokens.settle()
            assert hands.fatal is None
        run = read_stored_run(world.folder, head.run).run
    assert run is not None
    assert run.unregistered == []
    assert run.renewed == {end.change.key for end in ends if end.fate is Fate.RENEWED}
    return made, ends


@given(fleet=fleets(), answers=st.sampled_from(list(ANSWERS)), platform_tokens=st.booleans())
@example(fleet=ONE, answers="defaults", platform_tokens=False)
@example(fleet=OTHER, answers="keywise", platform_tokens=True)
@LAW
@pytest.mark.timeout(120 + 5 * FLEETS)
def test_a_rotation_changes_tokens_and_registrations_alone(
    fleet: dict[str, Any], answers: str, platform_tokens: bool
) -> None:
    switches = parse_switches(ANSWERS[answers])
    with TemporaryDirectory() as folder, open_world(Path(folder), switches) as world:
        world.platform_tokens = platform_tokens
        world.write({"deviceTypes": [{"id": "stranger", "metadata": {"k": 1}}]})
        world.apply()
        world.org.state.register_as_person("stranger", "s-1", body={"metadata": {"m": 1}})
        world.write(fleet)
        world.apply()
        due = world.plan().changes
        began = stand_of(world)
        made, ends = rotate(world)
        ended = stand_of(world)

        keys = {pick.change.name for pick in made.picks}
        assert keys == ended.tokens.keys()
        assert {end.change.name for end in ends if end.fate is Fate.RENEWED} == keys
        failed = {end.change.name for end in ends if end.reason}
        assert failed == set() or not lets_go(switches)
        same = ended._replace(tokens=began.tokens)
        assert_same(began, same, failed, may_stay=not lets_go(switches))
        assert_same_places(began, ended, began)
        for name, token in ended.tokens.items():
            type_id, device_id = name.split("/")
            assert token != began.tokens[name]
            assert world.org.state.check_token(type_id, device_id, token), name
            assert not world.org.state.check_token(type_id, device_id, began.tokens[name]), name
        assert lets_go(switches) is False or world.plan().changes == due
