"""Events, commands and status messages with the fields that the guide gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleetsync.messaging.message import Command as CommandMessage
    from fleetsync.messaging.message import Event as EventMessage
    from fleetsync.messaging.message import Status as StatusMessage


class Event:
    """What a device published; ``timestamp`` is when it came in."""

    def __init__(self, message: EventMessage) -> None:
        self.device = message.device
        self.deviceType = message.device_type
        self.deviceId = message.device_id
        self.event = message.event
        self.format = message.format
        self.data = message.data
        self.payload = message.payload
        self.timestamp = message.timestamp


class Command:
    """What an application asked a device to do."""

    def __init__(self, message: CommandMessage) -> None:
        self.device = message.device
        self.deviceType = message.device_type
        self.deviceId = message.device_id
        self.command = message.command
        self.format = message.format
        self.data = message.data
        self.payload = message.payload
        self.timestamp = message.timestamp


class Status:
    """That a device connected or went; what the platform does not tell is None."""

    def __init__(self, message: StatusMessage) -> None:
        self.device = message.device
        self.deviceType = message.device_type
        self.deviceId = message.device_id
        self.clientAddr = message.client_addr
        self.protocol = message.protocol
        self.clientId = message.client_id
        self.user = message.user
        self.time = message.time
        self.action = message.action
        self.connectTime = message.connect_time
        self.port = message.port
        self.writeMsg = message.write_msg
        self.readMsg = message.read_msg
        self.reason = message.reason
        self.readBytes = message.read_bytes
        self.writeBytes = message.write_bytes
        self.closeCode = message.close_code
        self.retained = message.retained
