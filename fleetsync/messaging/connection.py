"""Keep one MQTT connection up; the only user of paho-mqtt.

It connects again after a loss, with growing delay, and subscribes again to what was subscribed to.
What must not be lost (QoS 1) is acknowledged when the reader is done with it, not before.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from fleetsync.api.trust import trust_context
from fleetsync.errors import (
    CredentialsError,
    ExtraMissingError,
    FleetsyncError,
    OutcomeUnknownError,
    UnreachableError,
)
from fleetsync.escape import shown
from fleetsync.messaging.answers import Answers
from fleetsync.messaging.inbox import Inbox, Raw

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessage
    from paho.mqtt.reasoncodes import ReasonCode

    from fleetsync.messaging.endpoint import Endpoint, Login

MISSING = "messages need a package that is not installed; run: pip install 'fleetsync[mqtt]'"
PATIENCE = 30.0
"""Seconds for the broker to answer; the clients of the platform wait 10 to 60 (page 9.1)."""
_PATH = "/mqtt"
"""Where brokers take WebSockets, as the platform's own clients have it."""
_LONGEST_DELAY = 60
_REFUSED = {"Bad user name or password", "Not authorized"}
_FINAL = {*_REFUSED, "Client identifier not valid", "Unsupported protocol version"}
_FAILURE = 0x80
"""What an answer to SUBSCRIBE says of a topic that is refused (MQTT 3.1.1, 3.9.3)."""


class Connection:
    """A connection to a broker, from ``open`` to ``close``; what comes in goes to its inbox."""

    def __init__(
        self,
        endpoint: Endpoint,
        login: Login,
        *,
        inbox: Inbox,
        notify: Callable[[str], None],
        patience: float,
    ) -> None:
        """Make it, still closed; ``notify`` hears of losses, from another thread.

        Raises ExtraMissingError without paho-mqtt, FileError for a bad ``caFile``.
        """
        self.endpoint, self.login = endpoint, login
        self.inbox = inbox
        self._notify, self._patience = notify, patience
        self._lock = threading.RLock()
        self._generation = 0
        self._is_up = False
        self._was_up = False
        self._topics: dict[str, int] = {}
        self._answers = Answers()
        self._first: SimpleQueue[FleetsyncError | None] = SimpleQueue()
        self._client = _make_client(endpoint, login)
        # paho tells more than anybody needs: client, userdata, and what only MQTT 5 has.
        self._client.on_connect = lambda *told: self._connected(told[3])
        self._client.on_disconnect = lambda *told: self._disconnected(told[3])
        self._client.on_message = lambda *told: self._came_in(told[2])
        self._client.on_subscribe = lambda *told: self._answers.give("subscribe", *told[2:4])
        self._client.on_publish = lambda *told: self._answers.give("publish", *told[2:4])

    def open(self) -> None:
        """Connect; raises UnreachableError, or CredentialsError if the login was refused."""
        try:
            self._client.connect(
                self.endpoint.host, self.endpoint.port, keepalive=self.endpoint.keep_alive
            )
        except (OSError, ValueError) as error:
            raise UnreachableError(f"{self.endpoint}: {_reason(error)}") from None
        self._client.loop_start()
        try:
            refused = self._first.get(timeout=self._patience)
        except Empty:
            refused = UnreachableError(
                f"{self.endpoint}: no answer within {self._patience:.0f} s; is it an MQTT port?"
            )
        if refused is not None:
            self.close()
            raise refused

    def close(self) -> None:
        """Say goodbye, and take nothing more in; harmless if closed."""
        self.inbox.close()
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def is_up(self) -> bool:
        """Tell whether the connection stands right now."""
        return self._is_up

    def subscribe(self, topic: str, qos: int) -> None:
        """Subscribe, now and after each loss; FleetsyncError if the broker will not have it."""
        with self._lock:
            self._topics[topic] = qos
        codes = self._ask("subscribe", lambda: self._client.subscribe(topic, qos)[1], topic)
        if any(code.value >= _FAILURE for code in codes):
            with self._lock:
                self._topics.pop(topic, None)
            raise FleetsyncError(
                f"{self.endpoint}: may not subscribe to {topic}; does the API key's role allow it?"
            )

    def unsubscribe(self, topic: str) -> None:
        """Subscribe no longer."""
        with self._lock:
            self._topics.pop(topic, None)
        self._client.unsubscribe(topic)

    def publish(
        self, topic: str, payload: bytes, qos: int, done: Callable[[], None] | None = None
    ) -> None:
        """Publish, and wait at QoS 1 until the broker has it, unless ``done`` is to hear of that.

        Raises UnreachableError if it was not sent, OutcomeUnknownError if nobody knows: at QoS 1
        the message is sent once more after a loss, as MQTT has it.
        """
        if not self._is_up:
            raise UnreachableError(f"{self.endpoint}: the connection is lost; nothing was sent")
        send = partial(self._send, topic, payload, qos)
        if done is None:
            self._ask("publish", send, topic)
        else:
            self._answers.expect("publish", send, partial(self._tell_done, done))

    def acknowledge(self, raw: Raw) -> None:
        """Tell the broker that a message need not come again.

        Only on the connection that it came by: numbers begin anew on the next, where the broker
        delivers it again.
        """
        if raw.receipt is None:
            return
        generation, number = raw.receipt
        with self._lock:
            if generation == self._generation and self._is_up:
                self._client.ack(number, 1)

    def _send(self, topic: str, payload: bytes, qos: int) -> int:
        return self._client.publish(topic, payload, qos).mid

    def _tell_done(self, done: Callable[[], None], answer: object) -> None:
        """Call back; what that raises must not end the thread that all messages come by."""
        try:
            if answer is not None:
                done()
        except Exception as error:  # noqa: BLE001 - see above
            self._notify(f"a callback failed: {type(error).__name__}: {shown(str(error))}")

    def _ask(self, what: str, send: Callable[[], int | None], topic: str) -> Any:  # noqa: ANN401
        """Send something and wait for its answer, which no loss of the connection brings."""
        answer: SimpleQueue[Any] = SimpleQueue()
        self._answers.expect(what, send, answer.put)
        try:
            found = answer.get(timeout=self._patience)
        except Empty:
            found = None
        if found is None:
            raise OutcomeUnknownError(
                f"{self.endpoint}: no answer to {what} {topic}; the platform ends a connection over"
                " what it does not allow: see the topic, and whether the device is registered"
            )
        return found

    def _connected(self, code: ReasonCode) -> None:
        if code.is_failure:
            self._refused(str(code))
            return
        with self._lock:
            self._generation += 1
            self._is_up = True
            topics = list(self._topics.items())
        if topics:
            self._client.subscribe(topics)
        if self._was_up:
            self._notify(f"{self.endpoint}: connected again")
        self._was_up = True
        self._first.put(None)

    def _refused(self, words: str) -> None:
        error: FleetsyncError = UnreachableError(f"{self.endpoint}: refused: {words}")
        if words in _REFUSED:
            error = CredentialsError(
                f"{self.endpoint}: the login of {self.login.client_id} was refused: {words}; is the"
                " token right, and the device or key registered?"
            )
        if not self._was_up:
            self._first.put(error)
        elif words in _FINAL:
            self.inbox.fail(error)
        else:
            return
        self._client.disconnect()

    def _disconnected(self, code: ReasonCode) -> None:
        with self._lock:
            was_up, self._is_up = self._is_up, False
        self._answers.lose_all()
        if not self._was_up:
            self._first.put(
                UnreachableError(f"{self.endpoint}: closed the connection before it answered")
            )
        elif was_up and not self.inbox.closed:
            self._notify(f"{self.endpoint}: the connection is lost ({code}); connecting again")

    def _came_in(self, message: MQTTMessage) -> None:
        receipt = (self._generation, message.mid) if message.qos else None
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self.inbox.put(Raw(topic, bytes(message.payload), message.retain, receipt))


class _Socket(ssl.SSLSocket):
    """Closes where TLS fails, which paho leaves to chance."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def _make_client(endpoint: Endpoint, login: Login) -> Client:
    try:
        from paho.mqtt.client import Client, MQTTv311  # noqa: PLC0415 - an extra, and slow
        from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415 - as above
    except ImportError:
        raise ExtraMissingError(MISSING) from None
    client = Client(
        CallbackAPIVersion.VERSION2,
        login.client_id,
        clean_session=login.clean,
        protocol=MQTTv311,
        manual_ack=True,
        transport="websockets" if endpoint.websocket else "tcp",
    )
    if endpoint.websocket:
        client.ws_set_options(_PATH)
    client.username_pw_set(login.user, login.password)
    client.reconnect_delay_set(1, _LONGEST_DELAY)
    client.connect_timeout = 10.0
    if endpoint.tls:
        context = trust_context(endpoint.ca_file)
        context.sslsocket_class = _Socket
        client.tls_set_context(context)
    return client


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted: {error.verify_message}; if it is of a CA of your own,"
            " name that with org.caFile"
        )
    if isinstance(error, ssl.SSLError):
        return "it does not speak TLS as it should; is it an MQTT port?"
    if isinstance(error, TimeoutError):
        return "it does not answer"
    words = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return f"{words}; is the address right, and may this machine reach it?"
