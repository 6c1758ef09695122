"""Throw dice whose falls depend on a seed and on what they are thrown for, and on nothing else.

Each purpose has a stream of its own: turning one fault on does not move where another strikes.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple


class Dice(NamedTuple):
    """The dice of one request: ``target`` is what it asks for, ``nth`` how often that came."""

    seed: int
    target: str
    nth: int

    def throw(self, *purpose: object) -> Random:
        """Return the chance for a purpose, always the same for the same purpose."""
        text = "\n".join(map(str, (self.seed, self.target, self.nth, *purpose)))
        return Random(text)  # noqa: S311 - a rehearsal, no secret
