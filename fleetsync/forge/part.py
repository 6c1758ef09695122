"""Take parts out of what a forge answered, which may be anything."""

from __future__ import annotations

from typing import Any

from fleetsync.errors import ForgeError


def part(answer: Any, *names: str) -> Any:  # noqa: ANN401 - whatever JSON the forge answers
    """Give what stands under the names, one within the other; None if nothing does."""
    for name in names:
        if not isinstance(answer, dict):
            return None
        answer = answer.get(name)
    return answer


def text_part(answer: Any, *names: str) -> str:  # noqa: ANN401 - whatever JSON the forge answers
    """Give the text that stands there; an empty one if it is none."""
    found = part(answer, *names)
    return found if isinstance(found, str) else ""


def number_part(answer: Any, *names: str) -> int:  # noqa: ANN401 - whatever JSON the forge answers
    """Give the number that stands there; ForgeError if it is none."""
    found = part(answer, *names)
    if not isinstance(found, int):
        raise ForgeError(f"the answer of the forge lacks {'.'.join(names)}: is its address right?")
    return found
