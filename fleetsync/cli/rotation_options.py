"""Read how fast a rotation goes: the options about its waves, as one value."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

import click

from fleetsync.cli.duration import DurationType
from fleetsync.plan.waves import WaveSize

_SIZE = re.compile(r"([0-9]{1,7})|([0-9]{1,3}(?:\.[0-9]{1,2})?)%")
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,2})?)%?")
_ALL = 100


class Speed(NamedTuple):
    """What the options say: ``size`` of waves, how many, and when the next one begins."""

    size: WaveSize | None
    waves: int | None
    enough: float
    wait_online: float


def _size(ctx: click.Context, parameter: click.Parameter, value: str | None) -> WaveSize | None:
    del parameter
    if value is None:
        return None
    parts = _SIZE.fullmatch(value)
    number = float(parts[1] or parts[2]) if parts else 0.0
    if parts is None or number <= 0 or (parts[2] and number > _ALL):
        words = f"{value!r:.40} is no number such as 50, and no share such as 5%"
        raise click.BadParameter(words, ctx)
    return WaveSize(number, percent=parts[2] is not None)


def _share(ctx: click.Context, parameter: click.Parameter, value: str) -> float:
    del parameter
    parts = _SHARE.fullmatch(value)
    if parts is None or float(parts[1]) > _ALL:
        raise click.BadParameter(f"{value!r:.40} is no share such as 90%", ctx)
    return float(parts[1])


def speed_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options; the command is given them as ``speed``."""

    @wraps(command)
    def with_speed(
        *args: Any,  # noqa: ANN401 - what click gives
        size: WaveSize | None,
        waves: int | None,
        enough: float,
        wait_online: float,
        **others: Any,  # noqa: ANN401 - what click gives
    ) -> int:
        return command(*args, speed=Speed(size, waves, enough, wait_online), **others)

    decorated: Callable[..., int] = with_speed
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


_OPTIONS = (
    click.option(
        "--wave",
        "size",
        metavar="N|P%",
        callback=_size,
        help="Devices in each wave; without it, a few first, then more, within the limits on"
        " deletes.",
    ),
    click.option(
        "--waves",
        type=click.IntRange(1),
        metavar="N",
        help="Begin at most N waves; --resume goes on with the others.",
    ),
    click.option(
        "--enough",
        default="90%",
        metavar="P%",
        callback=_share,
        help="Begin the next wave when P% of the last are connected again; 0% does not wait."
        "  [default: 90%]",
    ),
    click.option(
        "--wait-online",
        type=DurationType(),
        default="10m",
        metavar="TIME",
        help="Wait so long for the devices of a wave: 90s, 10m, 1h.  [default: 10m]",
    ),
)
