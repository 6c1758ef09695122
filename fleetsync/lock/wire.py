"""Carry the steps of a lock out: one request each, and no more believed than was answered."""

from __future__ import annotations

import time
from typing import TypeVar

from fleetsync.api.transport import Transport
from fleetsync.api.writer import RegistryWriter
from fleetsync.batch import encode_item
from fleetsync.errors import ApiError, FleetsyncError, OutcomeUnknownError
from fleetsync.lock.record import Record, create_lock_body, parse_lock, update_lock_body
from fleetsync.lock.steps import Clock, Delete, Get, Pause, Post, Put, Step, Steps, Terms
from fleetsync.model.reserved import LOCK_TYPE

T = TypeVar("T")

_TYPES = ("device", "types")


class Wire:
    """The way of the steps to the org; for one thread at a time."""

    def __init__(self, transport: Transport, clock: Clock, terms: Terms) -> None:
        self._transport = transport
        self._writer = RegistryWriter(transport, settle_seconds=0.2)
        self._clock = clock
        self._terms = terms
        self._settled_at = clock.steady()
        self.tried = False  # whether the lock may have been created

    @property
    def settled(self) -> bool:
        """Whether no PUT of ours can be on its way any more: it would hit another's lock."""
        return self._clock.steady() >= self._settled_at

    def carry_out(self, steps: Steps[T]) -> T:
        """Take all steps; an error goes to them first, and comes out if they do not know it."""
        try:
            step = next(steps)
            while True:
                try:
                    answer = self._take(step)
                except FleetsyncError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as end:
            value: T = end.value
            return value

    def _take(self, step: Step) -> Record | None:
        match step:
            case Get(type_id):
                return self._get(type_id)
            case Put(type_id, record):
                return self._put(type_id, record)
            case Post(type_id, record):
                self._post(type_id, record)
            case Delete(type_id):
                self._writer.delete_device_type(type_id)
            case Pause(seconds):
                time.sleep(seconds)
        return None

    def _get(self, type_id: str) -> Record | None:
        try:
            return parse_lock(self._transport.get((*_TYPES, type_id)).body)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def _post(self, type_id: str, record: Record) -> None:
        self.tried |= type_id == LOCK_TYPE
        try:
            self._transport.post(_TYPES, encode_item(dict(create_lock_body(type_id, record))))
        except OutcomeUnknownError:
            return  # looking tells
        except ApiError as error:
            if error.status != 409:
                raise

    def _put(self, type_id: str, record: Record) -> Record | None:
        self.tried = True
        body = encode_item(dict(update_lock_body(record)))
        try:
            return parse_lock(self._transport.put((*_TYPES, type_id), body).body)
        except OutcomeUnknownError:
            self._settled_at = self._clock.steady() + self._terms.last_call
            return None
        except ApiError as error:
            if error.status in (404, 409):
                return None
            raise
