"""Keep one comment of a fleet where a change is reviewed, found by its hidden line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fleetsync.forge.marker import same_fleet

if TYPE_CHECKING:
    from fleetsync.forge.rest import Rest


class Thread(NamedTuple):
    """Where the comments of a review are: their list, one of them, and how one is changed.

    Only those of ``author`` are ever changed, if one is named: others may write what looks like
    ours.
    """

    comments: str
    one: str
    update: str
    author: str | None = None


def keep_comment(rest: Rest, thread: Thread, body: str) -> str:
    """Make the comment say ``body``; tell whether it was made, updated, or said so already.

    A try whose answer is lost may have been carried out: each try looks first what is there.
    """
    return rest.patiently(lambda: _keep(rest, thread, body))


def _keep(rest: Rest, thread: Thread, body: str) -> str:
    ours = (each for each in rest.items(thread.comments) if _is_by(each, thread.author))
    found = next((each for each in ours if same_fleet(_body(each), body)), None)
    if found is None:
        rest.send("POST", thread.comments, {"body": body})
        return "made"
    if _body(found) == body:
        return "as it was"
    rest.send(thread.update, thread.one.format(id=int(found["id"])), {"body": body})
    return "updated"


def _is_by(comment: Any, author: str | None) -> bool:  # noqa: ANN401 - whatever JSON the forge answers
    return author is None or comment["user"]["login"] == author


def _body(comment: Any) -> str:  # noqa: ANN401 - whatever JSON the forge answers
    body = comment.get("body") if isinstance(comment, dict) else None
    return body if isinstance(body, str) else ""
