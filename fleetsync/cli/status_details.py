"""Read what only a call for each device tells: its error codes, and whether it was ever seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from fleetsync.api.parallel import run_beside
from fleetsync.api.registry import Registry
from fleetsync.cli.progress import Progress, notice
from fleetsync.cli.signals import stop_on_signals
from fleetsync.errors import ApiError, CredentialsError, UnreachableError
from fleetsync.model import DesiredFleet, DeviceKey, Kind
from fleetsync.report.words import counted_kind, duration
from fleetsync.status import TypeStatus, maybe_seen

T = TypeVar("T")

MOST_LOGS = 50
"""Of so many devices the connection logs are read, where the org does not tell who was seen."""

_IN_FLIGHT = 8
_CHUNK = 64
_WORTH_SAYING = 5.0
"""Seconds of reading that are said before."""


def seen_by_logs(
    types: tuple[TypeStatus, ...], desired: DesiredFleet, registry: Registry
) -> tuple[TypeStatus, ...]:
    """Say who was ever seen by the connection logs, if the devices are few; else nobody knows."""
    keys = [key for each in types for key in maybe_seen(each, desired.devices[each.type_id])]
    if len(keys) > MOST_LOGS:
        return types
    seen = _ask_each(keys, registry.has_connected, "reading connection logs")
    if len(seen) < len(keys):
        return types
    return tuple(
        each._replace(
            unseen=tuple(
                key.device_id
                for key in maybe_seen(each, desired.devices[each.type_id])
                if not seen[key]
            )
        )
        for each in types
    )


def errors_of(
    types: tuple[TypeStatus, ...], desired: DesiredFleet, registry: Registry, calls_per_second: int
) -> tuple[TypeStatus, ...]:
    """Read the error codes of all devices that may have been seen; a signal ends the reading."""
    by_type = {
        each.type_id: list(maybe_seen(each, desired.devices[each.type_id])) for each in types
    }
    keys = [key for members in by_type.values() for key in members]
    seconds = len(keys) / calls_per_second
    if seconds > _WORTH_SAYING:
        notice(
            f"reading the error codes of {counted_kind(len(keys), Kind.DEVICE)}, about"
            f" {duration(seconds)}; Ctrl-C ends it and shows what was read"
        )
    told = _ask_each(keys, registry.newest_error, "reading error codes")
    return tuple(_with_errors(each, by_type[each.type_id], told) for each in types)


def _with_errors(
    status: TypeStatus, keys: Sequence[DeviceKey], told: dict[DeviceKey, int | None]
) -> TypeStatus:
    errors = {key.device_id: code for key in keys if (code := told.get(key)) is not None}
    return status._replace(errors=errors, unread=sum(key not in told for key in keys))


def _ask_each(
    keys: Sequence[DeviceKey], ask: Callable[[DeviceKey], T], label: str
) -> dict[DeviceKey, T]:
    """Ask about each device; what the org does not tell, or is cut short, is left out."""
    told: dict[DeviceKey, T] = {}
    with Progress(label) as progress, stop_on_signals(quiet=True) as stop:
        for chunk in _chunks(keys):
            if stop.is_set():
                break
            try:
                answers = run_beside(
                    [partial(_told, ask, key) for key in chunk], threads=_IN_FLIGHT
                )
            except UnreachableError as error:
                notice(f"{label} ends here: {error}")
                break
            told.update(
                (key, answer[0]) for key, answer in zip(chunk, answers, strict=True) if answer
            )
            progress.update(len(told), len(keys))
    return told


def _chunks(keys: Sequence[DeviceKey]) -> Iterator[Sequence[DeviceKey]]:
    return (keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK))


def _told(ask: Callable[[DeviceKey], T], key: DeviceKey) -> tuple[T] | None:
    try:
        return (ask(key),)
    except ApiError:
        return None
    except CredentialsError as error:
        if error.http_code != 403:  # the key was taken before: its role may not ask this
            raise
        return None
