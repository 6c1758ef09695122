"""Hold one device on its way into the org, with the token that goes along."""

from __future__ import annotations

from typing import NamedTuple

from fleetsync.apply.hands import Hands
from fleetsync.batch import encode_item
from fleetsync.diff.change import Change
from fleetsync.model import DeviceKey
from fleetsync.model.key import client_id
from fleetsync.model.token import Token
from fleetsync.plan.body import create_device_body
from fleetsync.tokens.file import TokenFile
from fleetsync.tokens.line import Entry
from fleetsync.tokens.make import make_token


class Item(NamedTuple):
    """One item of a bulk add: ``entry`` is None where the platform makes the token.

    ``fresh`` tells that no device is known to have the token, so that it may go if this one is
    refused.
    """

    change: Change
    body: bytes
    client_id: str
    entry: Entry | None
    fresh: bool

    @property
    def key(self) -> DeviceKey:
        """The identity of the device."""
        return self.change.key

    @property
    def advice(self) -> str:
        """What to tell of the token when nobody knows whether the device was registered."""
        if self.entry is None:
            return "if it was registered, the platform's token for it is lost; run again to see"
        return "its token is kept; run again, and fleetsync will see what the org has"

    def with_token(self, token: Token, hands: Hands) -> Entry:
        """Give the line of the secrets file."""
        return Entry(self.client_id, *self.key, token, hands.now())


def make_item(change: Change, hands: Hands) -> Item:
    """Prepare a device; a token that the secrets file has for it already is used again.

    If a run is taken back, so is the token that the device had before it, whoever makes new ones.
    """
    name = client_id(hands.org, change.key, gateway=change.gateway)
    body = create_device_body(change, hands.mark)
    known = hands.tokens.known(name)
    old = None if hands.undoes is None else _old_token(name, hands.undoes, hands.tokens)
    if hands.platform_tokens and old is None and (known is None or hands.undoes is None):
        return Item(change, encode_item(body), name, None, fresh=False)
    token = old or known or make_token()
    body["authToken"] = token.reveal()
    fresh = old is not None or known is None or name in hands.unproven
    item = Item(change, encode_item(body), name, None, fresh=fresh)
    return item._replace(entry=item.with_token(token, hands))


def _old_token(name: str, run: str, tokens: TokenFile) -> Token | None:
    """Give the token to go back to: the one before that run, or the last that the device had."""
    return tokens.retired(name, run) or tokens.last_retired(name)
