"""Be an application: see events, commands and status of devices, and send to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetsync.messaging.client import Client
from fleetsync.messaging.codec import encoded
from fleetsync.messaging.topic import (
    ANY,
    app_status_topic,
    check_part,
    command_topic,
    device_status_topic,
    event_topic,
)


class ApplicationMessaging(Client):
    """An application; every part of what it subscribes to may be ``+``, for every one.

    All that it subscribes to stays subscribed to after a loss. UsageError for parts that no topic
    may hold, FleetsyncError if the broker refuses.
    """

    def subscribe_to_device_events(
        self,
        device_type: str = ANY,
        device_id: str = ANY,
        event: str = ANY,
        msg_format: str = ANY,
        qos: int = 0,
    ) -> None:
        """See what devices publish (platform page 9.2)."""
        self._connection.subscribe(
            event_topic(*_parts(device_type, device_id, ("the event", event), msg_format)), qos
        )

    def subscribe_to_device_commands(
        self,
        device_type: str = ANY,
        device_id: str = ANY,
        command: str = ANY,
        msg_format: str = ANY,
        qos: int = 0,
    ) -> None:
        """See what applications send to devices (platform page 9.2)."""
        self._connection.subscribe(
            command_topic(*_parts(device_type, device_id, ("the command", command), msg_format)),
            qos,
        )

    def subscribe_to_device_status(self, device_type: str = ANY, device_id: str = ANY) -> None:
        """See which devices connect and go, those of before first (platform page 9.3)."""
        check_part("the device type", device_type, or_any=True)
        check_part("the device", device_id, or_any=True)
        self._connection.subscribe(device_status_topic(device_type, device_id), 0)

    def subscribe_to_application_status(self, app_id: str = ANY) -> None:
        """See which applications connect and go."""
        check_part("the application", app_id, or_any=True)
        self._connection.subscribe(app_status_topic(app_id), 0)

    def publish_event(  # noqa: PLR0913, PLR0917 - the parameters of the guide (page 10)
        self,
        device_type: str,
        device_id: str,
        event: str,
        msg_format: str,
        data: Any,  # noqa: ANN401 - whatever the codec takes
        qos: int = 0,
        on_publish: Callable[[], None] | None = None,
    ) -> None:
        """Publish an event as if a device had; see ``Connection.publish`` for what it waits for."""
        topic = event_topic(
            *_parts(device_type, device_id, ("the event", event), msg_format, or_any=False)
        )
        payload = encoded(self.codecs, msg_format, data)
        self._connection.publish(topic, payload, qos, on_publish)

    def publish_command(  # noqa: PLR0913, PLR0917 - as above
        self,
        device_type: str,
        device_id: str,
        command: str,
        msg_format: str,
        data: Any,  # noqa: ANN401 - whatever the codec takes
        qos: int = 0,
        on_publish: Callable[[], None] | None = None,
    ) -> None:
        """Send a command to a device; that the broker has it proves not that the device got it."""
        topic = command_topic(
            *_parts(device_type, device_id, ("the command", command), msg_format, or_any=False)
        )
        payload = encoded(self.codecs, msg_format, data)
        self._connection.publish(topic, payload, qos, on_publish)


def _parts(
    device_type: str,
    device_id: str,
    named: tuple[str, str],
    msg_format: str,
    *,
    or_any: bool = True,
) -> tuple[str, str, str, str]:
    return (
        check_part("the device type", device_type, or_any=or_any),
        check_part("the device", device_id, or_any=or_any),
        check_part(*named, or_any=or_any),
        check_part("the format", msg_format, or_any=or_any),
    )
