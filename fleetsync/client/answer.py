"""Read the bodies of answers: objects and lists of objects, and nothing is taken on trust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.api.wire import as_list, as_object
from fleetsync.batch import encode_item
from fleetsync.errors import ApiError, OutcomeUnknownError, UsageError
from fleetsync.model.key import DeviceKey

if TYPE_CHECKING:
    from fleetsync.api.answer import Answer
    from fleetsync.client.records import Object, Parameters
    from fleetsync.model.value import JSON


def read_object(answer: Answer, what: str) -> dict[str, JSON]:
    """Give the object that a read answered; ApiError if it is none."""
    return as_object(answer.body, what)


def read_objects(answer: Answer, what: str) -> list[dict[str, JSON]]:
    """Give the list of objects that a read answered; ApiError if it is none."""
    return [as_object(each, what) for each in as_list(answer.body, what)]


def read_back(answer: Answer, what: str) -> dict[str, JSON]:
    """Give the object that a write answered; if it is none, nobody knows what was done."""
    try:
        return read_object(answer, what)
    except ApiError as error:
        reason = str(error)
    raise OutcomeUnknownError(
        f"{reason}; the change may have been carried out or not", http_code=answer.status
    )


def known(values: Object) -> dict[str, JSON]:
    """Leave out what nobody gave: for the platform, null and absent are one (page 11.17)."""
    return {name: value for name, value in values.items() if value is not None}


def query(parameters: Parameters | None) -> dict[str, str]:
    """Write query parameters as the platform reads them."""
    return {name: _written(value) for name, value in (parameters or {}).items()}


def device_key(type_id: str, device_id: str) -> DeviceKey:
    """Give the key of a device; UsageError for an id that is no text."""
    for name, value in (("type id", type_id), ("device id", device_id)):
        if not isinstance(value, str):
            raise UsageError(f"the {name} must be a text, such as 'pump', not {_kind(value)}")
    return DeviceKey(type_id, device_id)


def encoded(value: Object) -> bytes:
    """Write a body; UsageError for what JSON cannot say."""
    try:
        return encode_item(value)
    except (TypeError, ValueError) as error:
        reason = str(error)
    raise UsageError(f"this cannot be sent as JSON: {reason}")


def _written(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _kind(value: object) -> str:
    return type(value).__name__
