"""Read what one run has set out to do, has done, and has left open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from fleetsync.journal.entry import (
    CUT_OFF,
    ROTATE,
    Aim,
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
from fleetsync.journal.line import DamagedJournalError, Line, read_lines

_UNDONE = {
    Deed.CREATE_DEVICES: (Sight.GONE, Sight.ANOTHERS),
    Deed.DELETE_DEVICES: (Sight.OURS, Sight.ANOTHERS, Sight.THERE),
}
"""What was seen of an item that a request of unknown outcome was not carried out on."""


class Run(NamedTuple):
    """One run as its journal tells it; ``end`` is None if it was cut off.

    ``length`` is how many bytes are whole lines, ``check`` that of the last of them. ``settled_at``
    is when a later run last noted what became of this one.
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
    settled_at: str | None = None
    aim: Aim | None = None

    def unsettled(self, deed: Deed) -> list[Name]:
        """Name the items of this deed of which nobody knows what became of them."""
        names: dict[Name, None] = {}
        for request in self.requests:
            if request.deed is deed:
                names.update(dict.fromkeys(self._open(request)))
        unseen = [name for name in names if name not in self.seen]
        return unseen + self._tokenless() if deed is Deed.CREATE_DEVICES else unseen

    def asked(self, deed: Deed) -> list[Name]:
        """Name all items that this deed was, or was to be, done to."""
        requests = (request for request in self.requests if request.deed is deed)
        return list(dict.fromkeys(name for request in requests for name in request.names))

    @property
    def known(self) -> frozenset[Name]:
        """The new devices whose token stood in the secrets file before this run."""
        return frozenset(name for request in self.requests for name in request.known)

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
        return self.end is not None and not self.leaves_open

    @property
    def leaves_open(self) -> bool:
        """Tell whether nobody knows what became of some item."""
        return bool(
            self.unsettled(Deed.CREATE_DEVICES)
            or self.unsettled(Deed.DELETE_DEVICES)
            or self.unregistered
        )

    @property
    def unregistered(self) -> list[Name]:
        """Name what a rotation deleted, or maybe did, and nobody knows to be registered again."""
        if self.head.command != ROTATE:
            return []
        told = dict.fromkeys(self.asked(Deed.DELETE_DEVICES), False)
        for request in self.requests:
            answer = self.answers.get(request.number)
            if request.deed is Deed.DELETE_DEVICES:
                if answer is None or answer.ending is not Ending.UNSENT:
                    told.update(dict.fromkeys(request.names, True))
            elif answer is not None and answer.ending is Ending.ANSWERED:
                left = {*answer.failed, *answer.untold}
                told.update((name, False) for name in request.names if name not in left)
        return [
            name
            for name, open_ in told.items()
            if self.seen.get(name) is Sight.GONE or (open_ and name not in self.seen)
        ]

    @property
    def renewed(self) -> frozenset[Name]:
        """The devices that a rotation gave a new token, for sure."""
        return frozenset(name for name, sight in self.seen.items() if sight is Sight.RENEWED)

    def _tokenless(self) -> list[Name]:
        return [name for name, sight in self.seen.items() if sight is Sight.TOKENLESS]

    def _open(self, request: Request) -> Iterator[Name]:
        answer = self.answers.get(request.number)
        if answer is None or answer.ending is Ending.UNKNOWN:
            yield from request.names
        elif request.deed is Deed.DELETE_DEVICES and answer.ending is not Ending.UNSENT:
            yield from request.names  # no answer proves anything of a device: it has to be seen
        else:
            yield from answer.untold

    def _done(self, request: Request) -> Iterator[Name]:
        answer = self.answers.get(request.number)
        if answer is not None and answer.ending in (Ending.REFUSED, Ending.UNSENT):
            return
        failed = frozenset(() if answer is None else answer.failed)
        yield from (name for name in request.names if name not in failed)


class Noted(NamedTuple):
    """One entry with the UTC time at which it was noted, and the line that holds it."""

    at: str
    entry: Entry
    line: Line


def read_entries(file: Iterable[bytes]) -> Iterator[Noted]:
    """Give the entries of a journal in their order.

    Raises DamagedJournalError, at the end at the latest, if it is not as it was written.
    """
    for number, line in enumerate(read_lines(file), 1):
        try:
            noted = Noted(_time(line.content), parse_entry(line.content), line)
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedJournalError(
                f"line {number} is of a kind that this version does not know"
            ) from error
        if isinstance(noted.entry, Head) is not (number == 1):
            raise DamagedJournalError("it does not begin with what the run set out to do")
        yield noted


def read_run(file: Iterable[bytes], *, befores: bool = True) -> Run | None:
    """Read a journal; None if not even its first line was written whole.

    Without ``befores`` it takes little memory, and does not tell what was live before. Raises
    DamagedJournalError if it is not as it was written.
    """
    entries = read_entries(file)
    first = next(entries, None)
    if first is None or not isinstance(first.entry, Head):
        return None
    told = _Told(first)
    for noted in entries:
        told.take(noted)
        if not befores:
            told.befores.clear()
    return Run(
        head=first.entry,
        started_at=first.at,
        requests=tuple(told.requests),
        answers=told.answers,
        befores=told.befores,
        seen=told.seen,
        end=told.end,
        ended_at=told.ended_at,
        length=told.last.line.end,
        check=told.last.line.check,
        settled_at=told.settled_at,
        aim=told.aim,
    )


class _Told:
    """What the lines tell that were read so far."""

    def __init__(self, first: Noted) -> None:
        self.last = first
        self.requests: list[Request] = []
        self.answers: dict[int, Answer] = {}
        self.befores: dict[Name, Before] = {}
        self.seen: dict[Name, Sight] = {}
        self.end: End | None = None
        self.ended_at: str | None = None
        self.settled_at: str | None = None
        self.aim: Aim | None = None

    def take(self, noted: Noted) -> None:
        """Take one more line into account."""
        self.last = noted
        match noted.entry:
            case Aim() as aim:
                self.aim = aim
            case Request() as request:
                self._begin(request)
            case Answer() as answer:
                self.answers[answer.number] = answer
            case Before() as before:  # the first one counts: what was live before any change
                self.befores.setdefault(before.name, before)
            case Seen() as seen:
                self.seen.update(dict.fromkeys(seen.names, seen.sight))
                self.settled_at = noted.at if self.end else None
            case End() as end:
                self.end, self.ended_at = end, noted.at
                self.settled_at = noted.at if end.ended == CUT_OFF else None

    def _begin(self, request: Request) -> None:
        self.requests.append(request)
        if request.deed in _UNDONE:  # what was seen before tells nothing of this request
            for name in request.names:
                self.seen.pop(name, None)


def _time(line: Mapping[str, Any]) -> str:
    at = line["at"]
    if not isinstance(at, str):
        raise TypeError(at)
    return at
