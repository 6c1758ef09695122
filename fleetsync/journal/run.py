"""Read what one run has set out to do, has done, and has left open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fleetsync.journal.entry import (
    Answer,
    Before,
    Deed,
    End,
    Ending,
    Entry,
    Head,
    Name,
    Request,
    Seen,
    Sight,
    parse_entry,
)
from fleetsync.journal.line import DamagedJournalError, read_lines

_UNDONE = {
    Deed.CREATE_DEVICES: (Sight.GONE, Sight.ANOTHERS),
    Deed.DELETE_DEVICES: (Sight.OURS, Sight.ANOTHERS),
}
"""What was seen of an item that a request of unknown outcome was not carried out on."""


class Run(NamedTuple):
    """One run as its journal tells it; ``end`` is None if it was cut off.

    ``length`` is how many bytes are whole lines, ``check`` that of the last of them.
    """

    head: Head
    started_at: str
    requests: tuple[Request, ...]
    answers: Mapping[int, Answer]
    befores: Mapping[Name, Before]
    seen: Mapping[Name, Sight]
    end: End | None
    ended_at: str | None
    length: int
    check: str

    def unsettled(self, deed: Deed) -> list[Name]:
        """Name the items of this deed of which nobody knows what became of them."""
        names: dict[Name, None] = {}
        for request in self.requests:
            if request.deed is deed:
                names.update(dict.fromkeys(self._open(request)))
        return [name for name in names if name not in self.seen]

    def changed(self, deed: Deed) -> list[Name]:
        """Name the items that this deed was done to, or maybe was."""
        names: dict[Name, None] = {}
        for request in self.requests:
            if request.deed is deed:
                names.update(dict.fromkeys(self._done(request)))
        undone = _UNDONE.get(deed, ())
        return [name for name in names if self.seen.get(name) not in undone]

    @property
    def is_settled(self) -> bool:
        """Tell whether nothing of this run is left for the next one to look at."""
        left = self.unsettled(Deed.CREATE_DEVICES) or self.unsettled(Deed.DELETE_DEVICES)
        return self.end is not None and not left

    def _open(self, request: Request) -> Iterator[Name]:
        answer = self.answers.get(request.number)
        if answer is None or answer.ending is Ending.UNKNOWN:
            yield from request.names
        else:
            yield from answer.untold

    def _done(self, request: Request) -> Iterator[Name]:
        answer = self.answers.get(request.number)
        if answer is not None and answer.ending in (Ending.REFUSED, Ending.UNSENT):
            return
        failed = frozenset(() if answer is None else answer.failed)
        yield from (name for name in request.names if name not in failed)


def read_run(data: bytes) -> Run | None:
    """Read a journal; None if not even its first line was written whole.

    Raises DamagedJournalError if it is not as it was written.
    """
    written = read_lines(data)
    if not written.lines:
        return None
    entries = list(_entries(written.lines))
    head = entries[0]
    if not isinstance(head, Head) or any(isinstance(entry, Head) for entry in entries[1:]):
        raise DamagedJournalError("it does not begin with what the run set out to do")
    ends = [
        (entry, line)
        for entry, line in zip(entries, written.lines, strict=True)
        if isinstance(entry, End)
    ]
    return Run(
        head=head,
        started_at=str(written.lines[0].get("at", "")),
        requests=tuple(entry for entry in entries if isinstance(entry, Request)),
        answers={entry.number: entry for entry in entries if isinstance(entry, Answer)},
        befores=_first_befores(entries),
        seen={
            name: entry.sight
            for entry in entries
            if isinstance(entry, Seen)
            for name in entry.names
        },
        end=ends[-1][0] if ends else None,
        ended_at=str(ends[-1][1].get("at", "")) if ends else None,
        length=written.end,
        check=written.check,
    )


def _entries(lines: tuple[Mapping[str, Any], ...]) -> Iterator[Entry]:
    for number, line in enumerate(lines, 1):
        try:
            yield parse_entry(line)
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedJournalError(
                f"line {number} is of a kind that this version does not know"
            ) from error


def _first_befores(entries: list[Entry]) -> dict[Name, Before]:
    """Keep the first of several: what was live before the run changed anything."""
    befores: dict[Name, Before] = {}
    for entry in entries:
        if isinstance(entry, Before):
            befores.setdefault(entry.name, entry)
    return befores
