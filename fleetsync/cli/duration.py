"""Read how long to wait: seconds, or a number with s, m or h behind it."""

from __future__ import annotations

import re

import click

_FORM = re.compile(r"([0-9]{1,7}(?:\.[0-9]{1,3})?)([smh]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


class DurationType(click.ParamType[float]):
    """A duration such as ``90``, ``90s``, ``10m`` or ``1h``, in seconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Give the seconds; click reports what is none."""
        if isinstance(value, int | float):
            return float(value)
        parts = _FORM.fullmatch(str(value))
        if parts is None:
            self.fail(f"{value!r:.40} is not a duration such as 90s, 10m or 1h", param, ctx)
        return float(parts[1]) * _SECONDS[parts[2]]
