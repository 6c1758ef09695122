"""Be the org: open its file, give each request its turn, and let tests look inside."""

from __future__ import annotations

import re
import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fleetsync.emulator.connection_log import note_connection
from fleetsync.emulator.device import add_device, get_device
from fleetsync.emulator.faults import NO_FAULTS, Faults
from fleetsync.emulator.mishap import FaultEntry, Mishaps
from fleetsync.emulator.refusal import RefusalError
from fleetsync.emulator.snapshot import take_snapshot
from fleetsync.emulator.stamp import now_stamp
from fleetsync.emulator.store import open_store
from fleetsync.emulator.switches import Switches
from fleetsync.emulator.token import token_matches
from fleetsync.emulator.turn import Author, Turn
from fleetsync.errors import UsageError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from fleetsync.emulator.value import JSON

DEFAULT_ORG = "embedded"

_ORG = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NOBODY = Author("app", "")


class OrgState:
    """An org and everything registered in it; safe to use from several threads.

    ``switches`` and ``faults`` may be exchanged at any time; an application in front of the org
    obeys the faults, and each other value begins with a new ``fault_log``. They and ``calls``
    belong to this process, all else to the file. ``removal_watchers`` are called, in whichever
    thread, with the devices that a turn in this process has removed; they must not wait.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        org: str,
        switches: Switches,
        faults: Faults = NO_FAULTS,
    ) -> None:
        self.org = org
        self.switches = switches
        self.faults = faults
        self.fault_log: list[FaultEntry] = []
        self.mishaps = Mishaps(self.fault_log)
        self.removal_watchers: list[Callable[[list[tuple[str, str]]], object]] = []
        self._connection = connection
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()

    @classmethod
    def open(
        cls,
        path: Path | None,
        *,
        org: str = DEFAULT_ORG,
        switches: Switches | None = None,
        faults: Faults = NO_FAULTS,
    ) -> OrgState:
        """Open the org in a SQLite file, made if it is not there; None keeps it in memory.

        Raises EmulatorError if the file is anything else, and leaves it untouched.
        """
        if not _ORG.fullmatch(org):
            raise UsageError(
                f"org id {org!r}: use 1 to 64 characters out of A-Z a-z 0-9 . _ - for it"
            )
        return cls(open_store(path), org, switches or Switches(), faults)

    def close(self) -> None:
        """Close the file; nothing is lost, for every answer was written before it was given."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> OrgState:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def turn(
        self, author: Author = _NOBODY, *, writing: bool, hidden: tuple[str, ...] = ()
    ) -> Iterator[Turn]:
        """Give one request the org for itself; what it wrote is kept when it ends well.

        A writer excludes other processes from the start, so that what it read stays true.
        ``hidden`` are patterns of devices that it cannot see.
        """
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
            try:
                turn = Turn(self._connection, self.org, self.switches, author, now_stamp(), hidden)
                yield turn
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            if turn.removed:
                for tell in list(self.removal_watchers):
                    tell(turn.removed)

    @property
    def calls(self) -> Mapping[str, int]:
        """Return how often each call came, like ``{"GET /device/types": 2}``, in this process."""
        with self._lock:
            return dict(self._calls)

    def count_call(self, call: str) -> None:
        """Count a call."""
        with self._lock:
            self._calls[call] += 1

    def reset_calls(self) -> None:
        """Forget all counts."""
        with self._lock:
            self._calls.clear()

    def check_token(self, type_id: str, device_id: str, token: str) -> bool:
        """Tell whether the device exists and has this token."""
        with self.turn(writing=False) as turn:
            try:
                return token_matches(token, get_device(turn, type_id, device_id).token)
            except RefusalError:
                return False

    def note_connection(self, type_id: str, device_id: str) -> None:
        """Write into the connection log that a device has connected (platform page 6.3)."""
        with self.turn(writing=True) as turn:
            note_connection(turn, type_id, device_id)

    def snapshot(self) -> dict[str, Any]:
        """Return all types and devices without what the server made; for tests."""
        with self.turn(writing=False) as turn:
            return take_snapshot(turn)

    def register_by_gateway(
        self,
        type_id: str,
        device_id: str,
        *,
        gateway: tuple[str, str],
        body: Mapping[str, JSON] | None = None,
    ) -> str:
        """Add a device as a gateway (type id, device id) does by itself (platform page 5.8)."""
        gateway_type_id, gateway_id = gateway
        author = Author("gateway", f"g:{self.org}:{gateway_type_id}:{gateway_id}")
        whole = {**(body or {}), "gatewayTypeId": gateway_type_id, "gatewayId": gateway_id}
        return _register(self, author, type_id, {**whole, "deviceId": device_id})

    def register_as_person(
        self,
        type_id: str,
        device_id: str,
        *,
        email: str = "person@example.com",
        body: Mapping[str, JSON] | None = None,
    ) -> str:
        """Add a device as a user of the dashboard does (platform page 4.1); return its token."""
        author = Author("person", email)
        return _register(self, author, type_id, {**(body or {}), "deviceId": device_id})


def _register(state: OrgState, author: Author, type_id: str, body: dict[str, JSON]) -> str:
    with state.turn(author, writing=True) as turn:
        return add_device(turn, type_id, body)[1]
