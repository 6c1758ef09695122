"""Say of one field which side moved: the org, git, or both."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from fleetsync.diff.change import Field, location_fields
from fleetsync.diff.device import wanted_info, wanted_metadata
from fleetsync.diff.location import same_part
from fleetsync.drift.base import Base
from fleetsync.journal.entry import Name
from fleetsync.model import JSON, Device, DeviceType
from fleetsync.model.path import parse_path, value_at
from fleetsync.model.value import EMPTY, same_value

PROTECT = "lifecycle.protect"


class Standing(StrEnum):
    """Which side moved since the base.

    ``UNKNOWN`` means: one of the two, but no base tells which. The worst comes first.
    """

    CONFLICT = "conflict"
    DRIFT = "drift"
    UNKNOWN = "unknown"
    PENDING = "pending"


class DriftField(NamedTuple):
    """One value that differs between manifest and org; null stands for absent.

    ``base`` counts only where ``based`` says that it is known.
    """

    path: str
    manifest: JSON
    live: JSON
    standing: Standing
    base: JSON = None
    based: bool = False


def judge_fields(
    fields: tuple[Field, ...], base: Base, name: Name, of_base: JSON
) -> tuple[DriftField, ...]:
    """Judge the differences of one type or device; ``of_base`` is its document in the base."""
    return tuple(_judge(field, base, name, of_base) for field in fields)


def _judge(field: Field, base: Base, name: Name, of_base: JSON) -> DriftField:
    path, live, manifest = field
    judged = DriftField(path, manifest, live, Standing.PENDING)
    if path == PROTECT:  # the org holds it in our own mark alone, and apply notes it again
        return judged
    if base.fleet is not None:
        if not _declares(of_base, path):
            return judged
        then = value_at(of_base, parse_path(path))
    elif path in base.written.fields.get(name, EMPTY):
        then = base.written.fields[name][path]
    else:
        return judged._replace(standing=Standing.UNKNOWN)
    return judged._replace(standing=_standing(path, then, field), base=then, based=True)


def _standing(path: str, then: JSON, field: Field) -> Standing:
    if _same(path, then, field.after):
        return Standing.DRIFT
    return Standing.PENDING if _same(path, then, field.before) else Standing.CONFLICT


def _same(path: str, one: JSON, other: JSON) -> bool:
    if path.startswith("location."):
        return same_part(one, other)
    if path.startswith(("deviceInfo.", "description")):
        return (one or None) == (other or None)
    return same_value(one, other)


def _declares(document: JSON, path: str) -> bool:
    """Tell whether a document manages a path: of metadata and location all of it, or nothing."""
    section, *rest = parse_path(path)
    if not isinstance(document, dict) or section not in document:
        return False
    inner = document[section]
    return section != "deviceInfo" or (isinstance(inner, dict) and rest[0] in inner)


def device_document(device: Device, template: DeviceType, live: JSON) -> dict[str, JSON]:
    """Write out what a device of the base declares, under the names of paths."""
    document: dict[str, JSON] = {"deviceInfo": dict(wanted_info(device, template))}
    whole = live if isinstance(live, dict) else {}
    metadata = wanted_metadata(device, template, whole, ())
    if metadata is not None:
        document["metadata"] = dict(metadata)
    if device.location is not None:
        document["location"] = location_fields(device.location)
    if device.alert_enabled is not None:
        document["status"] = {"alert": {"enabled": device.alert_enabled}}
    return document


def type_document(declared: DeviceType) -> dict[str, JSON]:
    """Write out what a type of the base declares, under the names of paths."""
    document: dict[str, JSON] = {"deviceInfo": dict(declared.device_info)}
    if declared.class_id is not None:
        document["classId"] = declared.class_id
    if declared.description is not None:
        document["description"] = declared.description
    if declared.metadata is not None:
        document["metadata"] = dict(declared.metadata)
    return document
