"""The application client of the guide: its calls over HTTP, and its messages over MQTT."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from fleetsync.client.messaging import messaging_of
from fleetsync.compat.ibmiotf.api import ApiClient
from fleetsync.compat.ibmiotf.errors import ConnectionException, connecting
from fleetsync.compat.ibmiotf.message import Command, Event, Status
from fleetsync.compat.ibmiotf.options import checked_options, parse_config_file
from fleetsync.messaging.application import ApplicationMessaging
from fleetsync.messaging.message import Unreadable

ParseConfigFile = parse_config_file

_LOGGER = logging.getLogger(__name__)

EventCallback: TypeAlias = "Callable[[Event], Any] | None"
CommandCallback: TypeAlias = "Callable[[Command], Any] | None"
StatusCallback: TypeAlias = "Callable[[Status], Any] | None"


class Client:
    """An application. ``api`` has its HTTP calls; messages need ``connect()``.

    The callbacks may be set and changed at any time, and are called from another thread; one that
    fails is logged, as are messages that cannot be read, and a connection that is lost and comes
    back by itself.
    """

    def __init__(
        self,
        options: Mapping[str, Any] | None = None,
        logHandlers: Sequence[logging.Handler] | logging.Handler | None = None,
    ) -> None:
        self.api = ApiClient(options)
        self.deviceEventCallback: EventCallback = None
        self.deviceCommandCallback: CommandCallback = None
        self.deviceStatusCallback: StatusCallback = None
        self._options = checked_options(options)
        self._messaging: ApplicationMessaging | None = None
        _add_handlers(logHandlers or ())

    @connecting
    def connect(self) -> None:
        """Connect for messages, once; ConnectionException if that fails."""
        if self._messaging is not None:
            return
        messaging = messaging_of(self._options, notify=_LOGGER.warning)
        messaging.connect()
        self._messaging = messaging
        messaging.call_back(
            event=lambda message: _call(self.deviceEventCallback, Event(message)),
            command=lambda message: _call(self.deviceCommandCallback, Command(message)),
            status=lambda message: _call(self.deviceStatusCallback, Status(message)),
            unreadable=_tell_unreadable,
        )

    def disconnect(self) -> None:
        """Close the connection for messages, and those of ``api``."""
        messaging, self._messaging = self._messaging, None
        if messaging is not None:
            messaging.disconnect()
        self.api.close()

    @connecting
    def subscribeToDeviceEvents(
        self,
        deviceType: str = "+",
        deviceId: str = "+",
        event: str = "+",
        msgFormat: str = "+",
        qos: int = 0,
    ) -> bool:
        """Subscribe to what devices publish; each part may be ``+``, for every one."""
        self._connected.subscribe_to_device_events(deviceType, deviceId, event, msgFormat, qos)
        return True

    @connecting
    def subscribeToDeviceStatus(self, deviceType: str = "+", deviceId: str = "+") -> bool:
        """Subscribe to which devices connect and go."""
        self._connected.subscribe_to_device_status(deviceType, deviceId)
        return True

    subscribeToDeviceStstus = subscribeToDeviceStatus
    """What the guide once writes."""

    @connecting
    def subscribeToDeviceCommands(
        self,
        deviceType: str = "+",
        deviceId: str = "+",
        command: str = "+",
        msgFormat: str = "+",
    ) -> bool:
        """Subscribe to what applications ask of devices, at QoS 1 as before."""
        self._connected.subscribe_to_device_commands(deviceType, deviceId, command, msgFormat, 1)
        return True

    @connecting
    def publishEvent(
        self,
        deviceType: str,
        deviceId: str,
        event: str,
        msgFormat: str,
        data: Any,
        qos: int = 0,
        on_publish: Callable[[], None] | None = None,
    ) -> bool:
        """Publish an event as if a device had."""
        part = (deviceType, deviceId, event, msgFormat)
        self._connected.publish_event(*part, data, qos, on_publish)
        return True

    @connecting
    def publishCommand(
        self,
        deviceType: str,
        deviceId: str,
        command: str,
        msgFormat: str,
        data: Any = None,
        qos: int = 0,
        on_publish: Callable[[], None] | None = None,
    ) -> bool:
        """Send a command to a device."""
        part = (deviceType, deviceId, command, msgFormat)
        self._connected.publish_command(*part, data, qos, on_publish)
        return True

    @property
    def _connected(self) -> ApplicationMessaging:
        if self._messaging is None:
            raise ConnectionException("not connected: call connect() first")
        return self._messaging


def _add_handlers(handlers: Sequence[logging.Handler] | logging.Handler) -> None:
    for each in [handlers] if isinstance(handlers, logging.Handler) else handlers:
        _LOGGER.addHandler(each)


def _call(callback: Callable[[Any], Any] | None, message: object) -> None:
    if callback is not None:
        callback(message)


def _tell_unreadable(message: Unreadable) -> None:
    _LOGGER.warning("a message on %r cannot be read: %s", message.topic, message.why)
