"""Be a device or a gateway: publish events, get commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetsync.messaging.application import ApplicationMessaging
from fleetsync.messaging.client import Client
from fleetsync.messaging.codec import encoded
from fleetsync.messaging.topic import ANY, check_part, own_command_topic, own_event_topic


class DeviceMessaging(Client):
    """A device under its own login; connecting ends the connection it had before."""

    def subscribe_to_commands(
        self, command: str = ANY, msg_format: str = ANY, qos: int = 1
    ) -> None:
        """Get the commands that applications send to this device (platform page 9.2)."""
        check_part("the command", command, or_any=True)
        check_part("the format", msg_format, or_any=True)
        self._connection.subscribe(own_command_topic(command, msg_format), qos)

    def publish_own_event(
        self,
        event: str,
        msg_format: str,
        data: Any,  # noqa: ANN401 - whatever the codec takes
        qos: int = 0,
        on_publish: Callable[[], None] | None = None,
    ) -> None:
        """Publish an event; see ``Connection.publish`` for what it waits for."""
        topic = own_event_topic(
            check_part("the event", event), check_part("the format", msg_format)
        )
        self._connection.publish(topic, encoded(self.codecs, msg_format, data), qos, on_publish)


class GatewayMessaging(ApplicationMessaging):
    """A gateway under its own login, for itself and for the devices behind it.

    It speaks on the topics of applications, as far as they are of its devices (platform page 9.2).
    """

    def publish_own_event(
        self,
        event: str,
        msg_format: str,
        data: Any,  # noqa: ANN401 - whatever the codec takes
        qos: int = 0,
        on_publish: Callable[[], None] | None = None,
    ) -> None:
        """Publish an event of the gateway itself."""
        _, _, type_id, device_id = self.client_id.split(":")
        self.publish_event(type_id, device_id, event, msg_format, data, qos, on_publish)
