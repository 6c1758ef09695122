"""Name the ways in which a connection ends, by the platform's close codes (platform page 9.3)."""

from __future__ import annotations

from enum import IntEnum


class Ending(IntEnum):
    """A close code; programs judge by the code, the words vary."""

    NORMAL = 0
    BY_CLIENT = 91
    BY_SERVER = 92
    SHUTDOWN = 93
    BY_ADMINISTRATOR = 94
    BAD_DATA = 105
    TOO_MANY_SUBSCRIPTIONS = 154
    KEEP_ALIVE = 160
    BAD_CLIENT_ID = 166
    UNAVAILABLE = 167
    NOT_AUTHORIZED = 180
    BAD_TOPIC = 276
    TOO_LARGE = 287
    REUSED = 288

    @property
    def words(self) -> str:
        """Return what status messages and logs say of it."""
        return _WORDS[self]


_WORDS = {
    Ending.NORMAL: "The connection has completed normally.",
    Ending.BY_CLIENT: "The connection was closed by the client.",
    Ending.BY_SERVER: "The connection was closed by the server.",
    Ending.SHUTDOWN: "The connection was closed because the server was shut down.",
    Ending.BY_ADMINISTRATOR: "The connection was closed by an administrator.",
    Ending.BAD_DATA: "The connection was closed because a packet was not valid.",
    Ending.TOO_MANY_SUBSCRIPTIONS: "The client has too many subscriptions.",
    Ending.KEEP_ALIVE: "The connection was closed because nothing came within the keep-alive time.",
    Ending.BAD_CLIENT_ID: "The client ID is not valid.",
    Ending.UNAVAILABLE: "The server is not available.",
    Ending.NOT_AUTHORIZED: "The operation is not authorized.",
    Ending.BAD_TOPIC: "The topic is not valid.",
    Ending.TOO_LARGE: "The message is too large.",
    Ending.REUSED: "The client ID was reused.",
}


class EndError(Exception):
    """What a client did ends its connection."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.words)
        self.ending = ending
