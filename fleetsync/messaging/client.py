"""Give what comes in, one by one or to callbacks, over one connection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Self

from fleetsync.escape import shown
from fleetsync.messaging.codec import CODECS, Codec
from fleetsync.messaging.connection import PATIENCE, Connection
from fleetsync.messaging.endpoint import Endpoint, Login
from fleetsync.messaging.inbox import CAPACITY, Inbox
from fleetsync.messaging.message import Command, Event, Message, Status, Unreadable, read_message


def _say_nothing(_: str) -> None:
    """Hear of a loss that nobody wants to hear of."""


class Bounds(NamedTuple):
    """How many seconds the broker has for an answer, and how many messages wait for a slow reader.

    Beyond ``capacity`` those of QoS 0 are dropped and counted, those of QoS 1 wait at the broker.
    """

    patience: float = PATIENCE
    capacity: int = CAPACITY


BOUNDS = Bounds()


class Client:
    """One client of the broker; a context manager, connected inside of it.

    ``codecs`` are formats of one's own, added to json, text, bin and raw. ``notify`` hears in words
    of losses and of callbacks that failed, from another thread.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        login: Login,
        *,
        codecs: Mapping[str, Codec] | None = None,
        notify: Callable[[str], None] = _say_nothing,
        bounds: Bounds = BOUNDS,
    ) -> None:
        """Make a client, not yet connected; ExtraMissingError, FileError."""
        self.codecs: dict[str, Codec] = {**CODECS, **(codecs or {})}
        self._notify = notify
        self._inbox = Inbox(bounds.capacity)
        self._connection = Connection(
            endpoint, login, notify=notify, patience=bounds.patience, inbox=self._inbox
        )
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Connect; UnreachableError, CredentialsError."""
        self.connect()
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        self.disconnect()

    def connect(self) -> None:
        """Connect; UnreachableError, or CredentialsError if the login was refused."""
        self._connection.open()

    def disconnect(self) -> None:
        """Say goodbye; whoever waits for messages waits no longer."""
        self._connection.close()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    @property
    def is_connected(self) -> bool:
        """Tell whether the connection stands right now."""
        return self._connection.is_up

    @property
    def client_id(self) -> str:
        """The name under which the broker knows this client."""
        return self._connection.login.client_id

    @property
    def dropped(self) -> int:
        """Count the messages of QoS 0 that a slow reader cost."""
        return self._inbox.dropped

    @property
    def waiting(self) -> int:
        """Count the messages that wait for the reader."""
        return len(self._inbox)

    def messages(self, timeout: float | None = None) -> Iterator[Message]:
        """Give what comes in until ``disconnect``, or until nothing comes for ``timeout`` seconds.

        A message of QoS 1 is acknowledged when the next one is asked for: one at which the reader
        fails comes again in a durable session. Raises CredentialsError or UnreachableError if the
        connection is lost for good.
        """
        while (raw := self._inbox.take(timeout)) is not None:
            yield read_message(raw.topic, raw.payload, self.codecs, retained=raw.retained)
            self._connection.acknowledge(raw)

    def call_back(
        self,
        *,
        event: Callable[[Event], Any] | None = None,
        command: Callable[[Command], Any] | None = None,
        status: Callable[[Status], Any] | None = None,
        unreadable: Callable[[Unreadable], Any] | None = None,
    ) -> None:
        """Give what comes in to these, from a thread of its own, instead of to ``messages``.

        One that raises is told of (``notify``), and the next message comes as usual. What nobody
        wants is passed over.
        """
        wanted: dict[type, Callable[[Any], Any] | None] = {
            Event: event,
            Command: command,
            Status: status,
            Unreadable: unreadable,
        }
        self._thread = threading.Thread(target=self._call, args=(wanted,), daemon=True)
        self._thread.start()

    def _call(self, wanted: Mapping[type, Callable[[Any], Any] | None]) -> None:
        try:
            for message in self.messages():
                self._hand_over(message, wanted.get(type(message)))
        except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to
            self._notify(shown(str(error)))

    def _hand_over(self, message: Message, callback: Callable[[Any], Any] | None) -> None:
        try:
            if callback is not None:
                callback(message)
        except Exception as error:  # noqa: BLE001 - one bad message must not end the stream
            self._notify(f"a callback failed: {type(error).__name__}: {shown(str(error))}")
