"""Read the bytes of a YAML file into documents: values, lines, and every problem on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from yaml.error import MarkedYAMLError, YAMLError

from fleetsync.manifest.events import event_source
from fleetsync.manifest.notes import Notes, TooMuchError, first_of_each_spot
from fleetsync.manifest.syntax import character_problems, encoding_problems, syntax_problem
from fleetsync.manifest.walk import Document, Walker

if TYPE_CHECKING:
    from collections.abc import Container

    from fleetsync.errors import Problem

__all__ = ["Document", "ParsedFile", "parse_yaml"]


class ParsedFile(NamedTuple):
    """What a YAML file holds.

    ``whole`` is false if a problem kept part of the file from being read; the documents before it
    are there all the same.
    """

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    whole: bool = True


def parse_yaml(
    data: bytes, *, file: str, places: bool = False, focus: Container[int] | None = None
) -> ParsedFile:
    """Read all YAML documents of a file whose name in problems is ``file``.

    ``places`` asks for the position of every key and value, which takes time and memory;
    ``focus`` narrows that to the items of top-level lists that start on these lines. Never raises:
    what is wrong with the file is in ``problems``. The caller may turn the garbage collector off.
    """
    problems = encoding_problems(data, file)
    if problems:
        return ParsedFile((), tuple(problems), whole=False)
    notes = Notes(file, noting=places, focus=focus)
    parsed = _walk(data, notes)
    if notes.lost and not places:  # only the slow mode can say where the first of two keys stands
        told = _walk(data, Notes(file, noting=True, focus=()))
        return parsed._replace(problems=told.problems)
    return parsed


def _walk(data: bytes, notes: Notes) -> ParsedFile:
    documents = []
    ended = False
    try:
        # A for loop, not list(): what was read before a failure counts.
        for document in Walker(event_source(data), notes).documents():
            documents.append(document)  # noqa: PERF402 - see above
        ended = True
    except TooMuchError:
        pass  # the notes say what was too much
    except MarkedYAMLError as error:
        notes.problems.append(syntax_problem(error, data, notes.file))
    except YAMLError:
        notes.problems.extend(character_problems(data, notes.file))
    problems = first_of_each_spot(notes.problems)
    return ParsedFile(tuple(documents), problems, whole=ended and not notes.lost)
