"""Say no as the platform does: a status, and the error body of platform page 1.4."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

# The ids that evidence yields (platform page 1.4). Every other id starts with EMU, so that nobody
# writes code against an invented one.
INVALID = "CUDRS0007E"
ABOVE_MAXIMUM = "CUDRS0012E"
DEVICE_EXISTS = "CUDRS0020E"
INVALID_LOCATION = "CUDHT0300I"


class Violation(NamedTuple):
    """One broken constraint of a request."""

    id: str
    text: str
    properties: tuple[str, ...] = ()

    def body(self) -> dict[str, object]:
        """Return the entry of ``violations`` in an error body."""
        return {
            "message": f"{self.id}: {self.text}",
            "exception": {"id": self.id, "properties": list(self.properties)},
        }


class RefusalError(Exception):
    """A request that the org refuses.

    ``explained`` refusals carry the full error body whatever their status; the others show it
    only where the platform does.
    """

    def __init__(
        self,
        status: int,
        id: str,  # noqa: A002 - the platform's own word for it
        text: str,
        *,
        violations: Sequence[Violation] = (),
        explained: bool = True,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.id = id
        self.text = text
        self.violations = tuple(violations)
        self.explained = explained

    def body(self) -> dict[str, object]:
        """Return the full error body; ``violations`` is there for validation failures only."""
        body: dict[str, object] = {
            "message": f"{self.id}: {self.text}",
            "exception": {"id": self.id, "properties": []},
        }
        if self.violations:
            body["violations"] = [violation.body() for violation in self.violations]
        return body


def invalid(violations: Sequence[Violation], id: str = INVALID) -> RefusalError:  # noqa: A002 - as above
    """Return the refusal of a request that is not valid (400)."""
    text = "The request is not valid. Check the violations."
    return RefusalError(400, id, text, violations=violations)


def not_found() -> RefusalError:
    """Return the refusal for something that does not exist (404, platform page 1.2)."""
    return RefusalError(404, "EMU0404E", "There is no such resource.", explained=False)
