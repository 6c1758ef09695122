"""Show one run as its journal tells it: each request, when, about what, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from fleetsync.escape import shown
from fleetsync.journal.entry import Answer, Before, Ending, Head, Name, Request, Seen
from fleetsync.journal.run import Noted
from fleetsync.model import Kind, LiveDevice, Location
from fleetsync.model.location import LOCATION_KEYS
from fleetsync.report.journal import (
    FORMAT_VERSION,
    ShownRun,
    headline,
    moment,
    run_document,
    story,
    things,
)
from fleetsync.report.words import counted, counted_kind, listed

_NAMES = 10
"""So many items are named before the rest is only counted."""
_GROUPS = 30
"""So many kinds of requests are shown before the rest is only counted."""
_NO_ANSWER = "no answer noted"


class _Sent(NamedTuple):
    """A request with the times at which it was noted and answered."""

    at: str
    request: Request
    answer: Answer | None
    answered_at: str | None

    @property
    def ending(self) -> str:
        """How it ended, in words; two of the same words are shown as one."""
        return self.answer.ending.value if self.answer else _NO_ANSWER


class _Told(NamedTuple):
    """All that a journal tells, sorted by kind."""

    head: Head | None
    sent: tuple[_Sent, ...]
    befores: tuple[tuple[str, Before], ...]
    seen: tuple[tuple[str, Seen], ...]


def run_text(each: ShownRun, entries: Iterable[Noted], *, full: bool = False) -> Iterator[str]:
    """Write a run as text; ``full`` names every item and shows every request."""
    told = _sorted(entries)
    yield f"{each.name}  {shown(headline(each))}\n"
    yield f"  file: {shown(each.file)}\n"
    if told.head is not None:
        head = told.head
        words = f"fleet {head.fleet}, org {head.org}, plan {head.plan}, tokens: {head.tokens}"
        yield f"  {shown(words)}\n"
    yield from (f"  {shown(line)}\n" for line in story(each))
    yield from _sections(told, full=full)


def _sections(told: _Told, *, full: bool) -> Iterator[str]:
    if told.befores:
        yield "\nRecorded before it was changed:\n"
        yield from _recorded(told.befores, full=full)
    if told.sent:
        yield "\nRequests:\n"
        groups = [[each] for each in told.sent] if full else _grouped(told.sent)
        for group in groups if full else groups[:_GROUPS]:
            yield from _request_lines(group, full=full)
        rest = [] if full else [each for group in groups[_GROUPS:] for each in group]
        if rest:
            yield f"  ... and {counted(len(rest), 'more request', 'more requests')}\n"
    if told.seen:
        yield "\nSeen when somebody looked:\n"
        for at, seen in told.seen:
            yield f"  {shown(moment(at))}  {seen.sight}: {_count(seen.names)}\n"
            yield from _names(seen.names, full=full)


def _recorded(befores: Sequence[tuple[str, Before]], *, full: bool) -> Iterator[str]:
    names = [before.name for _, before in befores]
    places = sum(before.located for _, before in befores)
    located = f", {places:,} with what is known of the location" if places else ""
    yield f"  {shown(moment(befores[0][0]))}  {_count(names)}{located}\n"
    yield from _names(names, full=full)


def _grouped(sent: Sequence[_Sent]) -> list[list[_Sent]]:
    """Put together what was asked and answered alike, in the order of the first of each."""
    groups: dict[object, list[_Sent]] = {}
    for each in sent:
        answer = each.answer
        words = (answer.words, bool(answer.failed), bool(answer.untold)) if answer else ()
        groups.setdefault((each.request.deed, each.ending, words), []).append(each)
    return list(groups.values())


def _request_lines(group: Sequence[_Sent], *, full: bool) -> Iterator[str]:
    first = group[0]
    names = [name for each in group for name in each.request.names]
    requests = "" if len(group) == 1 else f" in {len(group):,} requests"
    times = list(dict.fromkeys(moment(each.at) for each in (first, group[-1])))
    deed = first.request.deed
    asked = f"{deed.value.split()[0]} {things(deed, len(names))}{requests}"
    yield f"  {shown(' to '.join(times))}  {asked}: {shown(_how(first))}\n"
    yield from _names(names, full=full)
    answers = [each.answer for each in group if each.answer is not None]
    yield from _names([n for a in answers for n in a.failed], "failed: ", full=full)
    yield from _names([n for a in answers for n in a.untold], "not told of: ", full=full)


def _how(sent: _Sent) -> str:
    words = f": {sent.answer.words}" if sent.answer and sent.answer.words else ""
    return f"{sent.ending}{words}"


def _count(names: Sequence[Name]) -> str:
    types = sum(device is None for _, device in names)
    parts = [(types, Kind.DEVICE_TYPE), (len(names) - types, Kind.DEVICE)]
    return listed([counted_kind(count, kind) for count, kind in parts if count])


def _names(names: Sequence[Name], title: str = "", *, full: bool) -> Iterator[str]:
    if not names:
        return
    fold = len(names) if full else _NAMES
    texts = [
        shown(type_id if device is None else f"{type_id}/{device}")
        for type_id, device in names[:fold]
    ]
    more = f" and {len(names) - fold:,} more" if fold < len(names) else ""
    yield f"      {title}{', '.join(texts)}{more}\n"


def _sorted(entries: Iterable[Noted]) -> _Told:
    head: Head | None = None
    asked: list[tuple[str, Request]] = []
    answers: dict[int, tuple[str, Answer]] = {}
    befores: list[tuple[str, Before]] = []
    seen: list[tuple[str, Seen]] = []
    for at, entry, _ in entries:
        match entry:
            case Head():
                head = entry
            case Request():
                asked.append((at, entry))
            case Answer():
                answers[entry.number] = (at, entry)
            case Before():
                befores.append((at, entry))
            case Seen():
                seen.append((at, entry))
    sent = tuple(_sent(at, request, answers.get(request.number)) for at, request in asked)
    return _Told(head, sent, tuple(befores), tuple(seen))


def _sent(at: str, request: Request, answered: tuple[str, Answer] | None) -> _Sent:
    return (
        _Sent(at, request, answered[1], answered[0]) if answered else _Sent(at, request, None, None)
    )


def run_json(each: ShownRun, entries: Iterable[Noted]) -> Iterator[str]:
    """Write a run as a JSON document, one request or record a line, in ASCII."""
    told = _sorted(entries)
    head = json.dumps({"formatVersion": FORMAT_VERSION, **run_document(each)}, indent=2)
    yield head.removesuffix("\n}")
    yield from _listed("requests", (_request_document(sent) for sent in told.sent))
    yield from _listed("before", (_before_document(at, before) for at, before in told.befores))
    yield from _listed("seen", (_seen_document(at, seen) for at, seen in told.seen))
    yield "\n}\n"


def _listed(name: str, documents: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield f',\n  "{name}": ['
    number = 0
    for number, document in enumerate(documents, 1):
        yield ("," if number > 1 else "") + "\n    " + json.dumps(document)
    yield "\n  ]" if number else "]"


def _request_document(sent: _Sent) -> dict[str, Any]:
    answer = sent.answer or Answer(0, Ending.UNKNOWN)
    return {
        "number": sent.request.number,
        "does": sent.request.deed.value,
        "askedAt": sent.at,
        "items": _name_documents(sent.request.names),
        "answeredAt": sent.answered_at,
        "ending": sent.answer.ending.value if sent.answer else None,
        "words": answer.words,
        "failed": _name_documents(answer.failed),
        "untold": _name_documents(answer.untold),
    }


def _name_documents(names: Iterable[Name]) -> list[dict[str, str]]:
    return [_name_document(name) for name in names]


def _name_document(name: Name) -> dict[str, str]:
    type_id, device = name
    return {"typeId": type_id} if device is None else {"typeId": type_id, "deviceId": device}


def _before_document(at: str, before: Before) -> dict[str, Any]:
    live = before.live
    document: dict[str, Any] = {
        "at": at,
        **_name_document(before.name),
        "deviceInfo": dict(live.device_info),
        "metadata": dict(live.metadata),
    }
    if isinstance(live, LiveDevice):
        document["alertEnabled"] = live.alert_enabled
        document["locationRead"] = before.located
        document["location"] = _location_document(before.location)
    else:
        document |= {"classId": live.class_id, "description": live.description}
    fields = [dict(zip(("path", "before", "after"), field, strict=True)) for field in before.fields]
    return document | {"fields": fields}


def _location_document(location: Location | None) -> dict[str, Any] | None:
    if location is None:
        return None
    values = location._asdict().items()
    return {LOCATION_KEYS[name]: value for name, value in values if value is not None}


def _seen_document(at: str, seen: Seen) -> dict[str, Any]:
    return {"at": at, "sight": seen.sight.value, "items": _name_documents(seen.names)}
