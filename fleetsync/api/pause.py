"""Say that a request is waited with, in words that know for machines how long it is."""

from __future__ import annotations

from typing import Self


class Pause(str):
    """A sentence for people, which goes wherever words go.

    ``seconds`` is how long nothing is asked, ``status`` what the org answered; None: nothing.
    """

    __slots__ = ("seconds", "status")

    seconds: float
    status: int | None

    def __new__(cls, words: str, *, seconds: float, status: int | None = None) -> Self:
        """Give the words what they know."""
        pause = super().__new__(cls, words)
        pause.seconds = seconds
        pause.status = status
        return pause
