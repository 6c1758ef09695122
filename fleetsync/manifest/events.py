"""Offer the events of a YAML file one by one, from libyaml or, without it, from pure Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

try:
    from yaml import cyaml

    _parser_class: Callable[[bytes], Any] | None = cyaml.CParser  # type: ignore[attr-defined]  # stubs
except ImportError:  # PyYAML was built without libyaml
    _parser_class = None

if TYPE_CHECKING:
    from collections.abc import Callable

Event: TypeAlias = Any
"""An event of either parser. Any: its class says which attributes it has, and the stubs call every
mark optional, which it never is here."""


class PureParser(Reader, Scanner, Parser):
    """PyYAML's own parser: the same events, ten times slower."""

    def __init__(self, data: bytes) -> None:
        Reader.__init__(self, data)
        Scanner.__init__(self)
        Parser.__init__(self)


def event_source(data: bytes) -> Callable[[], Event]:
    """Give the function that returns the next event of ``data``, or raises a YAMLError."""
    parser = (_parser_class or PureParser)(data)
    next_event: Callable[[], Event] = parser.get_event
    return next_event
