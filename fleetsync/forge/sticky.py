"""Keep one comment of a fleet where a change is reviewed, found by its hidden line."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from fleetsync.forge.marker import same_fleet
from fleetsync.forge.part import number_part, text_part
from fleetsync.forge.rest import PassingError, StatusError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleetsync.forge.rest import Rest

_TOO_LONG = frozenset({400, 413, 422})
"""How a forge refuses a text for its length, among other things."""
_GONE = frozenset({404, 410})


class Thread(NamedTuple):
    """Where the comments of a review are: their list, one of them, and how one is changed.

    Only those of ``author`` are ever changed, whose name each comment tells under ``signed``:
    others may write what looks like ours.
    """

    comments: str
    one: str
    update: str
    signed: tuple[str, str]
    author: str

    def is_ours(self, comment: Any) -> bool:  # noqa: ANN401 - whatever JSON the forge answers
        """Tell whether a comment is of our author; that of a deleted account has none."""
        return text_part(comment, *self.signed) == self.author


def keep_comment(rest: Rest, thread: Thread, bodies: Iterable[str]) -> str:
    """Make the comment say the first of ``bodies`` that the forge takes; tell what was done.

    Each is shorter than the one before, and all have the same hidden line. A try whose answer is
    lost may have been carried out: each try looks first what is there.
    """
    refused: StatusError | None = None
    for body in bodies:
        try:
            return rest.patiently(partial(_keep, rest, thread, body))
        except StatusError as error:
            if error.status not in _TOO_LONG:
                raise
            refused = error
    raise refused or ValueError("there is nothing to say")


def _keep(rest: Rest, thread: Thread, body: str) -> str:
    found = _ours(rest, thread, body)
    done = "as it was"
    if not found:
        rest.send("POST", thread.comments, {"body": body})
        done = "made"
        # Another job may have looked at the same time, and found none either.
        found = _ours(rest, thread, body)
    if found and text_part(found[0], "body") != body:
        _change(rest, thread, found[0], body)
        done = "updated"
    for other in found[1:]:
        _remove(rest, thread, other)
    return done


def _ours(rest: Rest, thread: Thread, body: str) -> list[Any]:
    """Give our comments of the fleet, the oldest first."""
    found = [
        each
        for each in rest.items(thread.comments)
        if thread.is_ours(each) and same_fleet(text_part(each, "body"), body)
    ]
    return sorted(found, key=lambda each: number_part(each, "id"))


def _change(rest: Rest, thread: Thread, comment: Any, body: str) -> None:  # noqa: ANN401 - whatever JSON the forge answers
    try:
        rest.send(thread.update, thread.one.format(id=number_part(comment, "id")), {"body": body})
    except StatusError as error:
        if error.status in _GONE:  # somebody deleted it since it was listed
            raise PassingError(str(error)) from error
        raise


def _remove(rest: Rest, thread: Thread, comment: Any) -> None:  # noqa: ANN401 - whatever JSON the forge answers
    try:
        rest.send("DELETE", thread.one.format(id=number_part(comment, "id")))
    except StatusError as error:
        if error.status not in _GONE:
            raise
