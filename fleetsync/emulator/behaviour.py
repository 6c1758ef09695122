"""Join the switches and the faults: all that can be set of an emulated org, in two groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.emulator.faults import Faults
from fleetsync.emulator.setting import SettingText, Value, describe, read_changes, values_of
from fleetsync.emulator.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Iterable


class Behaviour(NamedTuple):
    """How an emulated org answers, and what goes wrong with it."""

    switches: Switches = Switches()
    faults: Faults = Faults()


class Group(NamedTuple):
    """What help says of the settings of one group."""

    name: str
    title: str
    settings: list[SettingText]


def parse_behaviour(assignments: Iterable[str], base: Behaviour | None = None) -> Behaviour:
    """Return ``base`` (or the defaults) with assignments to switches and faults applied.

    Raises UsageError for a name that is neither and for a value that is not taken.
    """
    switches, faults = base or Behaviour()
    changes = read_changes(assignments, [Switches, Faults])
    return Behaviour(replace(switches, **changes[Switches]), replace(faults, **changes[Faults]))


def describe_behaviour() -> list[Group]:
    """Return both groups, with every setting in its order."""
    return [
        Group("switches", "Where nobody knows how the platform answers", describe(Switches)),
        Group("faults", "What goes wrong; all of it is off unless set", describe(Faults)),
    ]


def behaviour_values(behaviour: Behaviour) -> dict[str, Value]:
    """Return the value of every switch and every fault under its public name."""
    return {**values_of(behaviour.switches), **values_of(behaviour.faults)}
