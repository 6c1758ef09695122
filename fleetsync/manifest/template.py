"""Compile the texts of a device set, once, into functions that make a device's item from cells.

What no placeholder changes is one object in all items, and equal texts are one object too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from fleetsync.manifest.columns import unknown_column
from fleetsync.manifest.placeholder import PlaceholderError, Reference, read_text
from fleetsync.manifest.scalar import plain_value
from fleetsync.manifest.words import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fleetsync.manifest.places import Path
    from fleetsync.model import JSON

    Make: TypeAlias = Callable[[Sequence[str]], Any]
    """Makes a value from a row's cells, or LEFT_OUT. Any: JSON, or that."""

LEFT_OUT: Final[Any] = object()  # Any: it stands in for a value of any kind
"""What a value is whose only placeholder names an empty cell: not there."""

TEXT_BYTES, ENTRY_BYTES, CONTAINER_BYTES = 60, 16, 250
"""Memory that texts, entries and containers take at most, besides their characters."""

_MEMO_SIZE = 200_000


class Fault(NamedTuple):
    """Something wrong with the template itself, at ``path`` of the set."""

    path: Path
    words: str
    at_key: bool = False


class Part(NamedTuple):
    """A compiled value: ``value`` for all rows alike, or, where ``make`` is there, one for each."""

    value: JSON
    make: Make | None = None


class Compiler:
    """Compiles the values of one set.

    ``columns`` gives the place of each cell by its name, ``fixed`` the texts that are alike for all
    rows. ``faults`` collects what is wrong, ``uses`` the cells that each text is made of, and
    ``weight`` a number of bytes that a row's item takes besides the characters of those cells.
    """

    def __init__(self, columns: Mapping[str, int], fixed: Mapping[str, str]) -> None:
        self._columns = columns
        self._fixed = fixed
        self._texts: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.uses: dict[tuple[str | int, ...], tuple[int, ...]] = {}
        self.weight = 0

    @property
    def cells(self) -> list[int]:
        """The cells whose texts go into an item, each as often as it does."""
        return [index for uses in self.uses.values() for index in uses]

    def forget(self) -> None:
        """Let go of texts that were kept to share them, if they are many."""
        if len(self._texts) > _MEMO_SIZE:
            self._texts.clear()

    def value(self, value: JSON, path: tuple[str | int, ...]) -> Part:
        """Compile any value, texts at any depth."""
        if isinstance(value, str):
            return self.text(value, path)
        if isinstance(value, dict):
            return self._mapping(value, path)
        return self._list(value, path) if isinstance(value, list) else Part(value)

    def text(self, text: str, path: tuple[str | int, ...]) -> Part:
        """Compile a text."""
        pieces = self._pieces(text, path)
        cells = tuple(piece for piece in pieces if isinstance(piece, int))
        if not cells:
            return Part("".join(map(str, pieces)))
        self.uses[path] = cells
        self.weight += TEXT_BYTES + sum(len(piece) for piece in pieces if isinstance(piece, str))
        return Part(text, self._text_maker(pieces))

    def _pieces(self, text: str, path: Path) -> list[str | int]:
        """Cut a text into fixed texts and the places of cells."""
        if "${" not in text:
            return [text]
        try:
            return [self._piece(piece, path) for piece in read_text(text)]
        except PlaceholderError as error:
            self.faults.append(Fault(path, str(error)))
            return [text]

    def _piece(self, piece: str | Reference, path: Path) -> str | int:
        if isinstance(piece, str):
            return piece
        name = piece.name
        if name in self._columns:
            return self._columns[name]
        if name not in self._fixed:
            self.faults.append(Fault(path, unknown_column(name, [*self._columns, *self._fixed])))
        return self._fixed.get(name, "")

    def _text_maker(self, pieces: list[str | int]) -> Make:
        share = self._texts.setdefault
        if len(pieces) == 1 and isinstance(pieces[0], int):
            return _whole_maker(pieces[0], share)

        form = "".join("%s" if isinstance(p, int) else p.replace("%", "%%") for p in pieces)
        indexes = [piece for piece in pieces if isinstance(piece, int)]

        def make(cells: Sequence[str]) -> str:
            text = form % tuple([cells[index] for index in indexes])
            return share(text, text)

        return make

    def _mapping(self, mapping: dict[str, JSON], path: tuple[str | int, ...]) -> Part:
        parts = {key: self.value(below, (*path, key)) for key, below in mapping.items()}
        for key in mapping:
            if "${" in key:
                words = f"the key {quote(key)} has a placeholder, which only values may have"
                self.faults.append(Fault((*path, key), f"{words}: name the key", at_key=True))
        return self.mapping(parts)

    def mapping(self, parts: Mapping[str, Part]) -> Part:
        """Join the compiled values of a mapping."""
        constant = {key: part.value for key, part in parts.items()}
        makers = [(key, part.make) for key, part in parts.items() if part.make is not None]
        if not makers:
            return Part(constant)
        self.weight += CONTAINER_BYTES + ENTRY_BYTES * len(constant)

        def make(cells: Sequence[str]) -> dict[str, JSON]:
            result = constant.copy()
            for key, make_value in makers:
                value = make_value(cells)
                if value is LEFT_OUT:
                    del result[key]
                else:
                    result[key] = value
            return result

        return Part(constant, make)

    def _list(self, items: list[JSON], path: tuple[str | int, ...]) -> Part:
        parts = [self.value(below, (*path, index)) for index, below in enumerate(items)]
        constant = [part.value for part in parts]
        if not any(part.make for part in parts):
            return Part(constant)
        self.weight += CONTAINER_BYTES + ENTRY_BYTES * len(constant)

        def make(cells: Sequence[str]) -> list[JSON]:
            values = [part.value if part.make is None else part.make(cells) for part in parts]
            return [value for value in values if value is not LEFT_OUT]

        return Part(constant, make)


def _whole_maker(index: int, share: Callable[[str, str], str]) -> Make:
    def make(cells: Sequence[str]) -> Any:  # noqa: ANN401 - a text, or LEFT_OUT
        text = cells[index]
        return share(text, text) if text else LEFT_OUT

    return make


def converted(part: Part, convert: Callable[[str], JSON]) -> Part:
    """Let a text become something else; one that is left out stays so."""
    make = part.make
    if make is None:
        return part

    def make_value(cells: Sequence[str]) -> Any:  # noqa: ANN401 - as the other makers
        text = make(cells)
        return text if text is LEFT_OUT else convert(text)

    return Part(part.value, make_value)


def as_number(text: str) -> JSON:
    """Give the number that a text writes as JSON and YAML do, or the text itself."""
    value = plain_value(text)
    return value if value.__class__ in (int, float) else text


def as_truth(text: str) -> JSON:
    """Give the truth value that a text writes as YAML does, or the text itself."""
    value = plain_value(text)
    return value if isinstance(value, bool) else text
