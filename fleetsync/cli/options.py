"""The options common to all commands, given before or after the command's name."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from fleetsync.escape import shown

if TYPE_CHECKING:
    from fleetsync.api.retry import RetryPolicy

PLAIN_FORMATS = ("text", "json")
"""The forms of what is no plan."""
FORMATS = (*PLAIN_FORMATS, "markdown", "html")
JSONL = "jsonl"
"""Events as they happen: no form of a result, but a stream of its own (``cli.events``)."""
_KNOWN = (*FORMATS, JSONL)
MAX_BYTES = 65_000
"""A comment on a pull request may be about so long."""
FEWEST_BYTES = 4_000
"""A shorter document could not say what is deleted and refused."""

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Waits(NamedTuple):
    """How many seconds to wait for an org to take a connection and to answer, and how to go on.

    ``clock`` tells how old is what was read of the org. No option sets them: a test of what happens
    when nobody answers has less patience than a user.
    """

    connect: float = 10
    read: float = 60
    retry: RetryPolicy | None = None
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Options:
    """What the common options said."""

    folder: Path = Path()
    fleet_file: Path = Path("fleet.yaml")
    org_url: str | None = None
    credentials: Path | None = None
    format: str = "text"
    outputs: tuple[tuple[str, Path], ...] = ()
    color: bool = True
    pager: bool = True
    verbose: bool = False
    max_bytes: int = MAX_BYTES
    waits: Waits = field(default_factory=Waits)

    @property
    def fleet_path(self) -> Path:
        """Where fleet.yaml is looked for."""
        return self.folder / self.fleet_file

    def command(self, *words: str) -> str:
        """Give a command line to run next, on the same fleet and org, fit to be shown."""
        given = {
            "-C": None if self.folder == Path() else str(self.folder),
            "--fleet": None if self.fleet_file == Path("fleet.yaml") else str(self.fleet_file),
            "--org-url": self.org_url,
            "--credentials": None if self.credentials is None else str(self.credentials),
        }
        options = [word for name, value in given.items() if value for word in (name, value)]
        return shown(shlex.join(["fleetsync", *options, *words]))


def current_options(forms: Sequence[str] = PLAIN_FORMATS, *, streams: bool = False) -> Options:
    """Give the options of the running command; UsageError for a form that it does not know.

    ``streams`` says that it tells what it does as events, too.
    """
    forms = (*forms, JSONL) if streams else forms
    context = click.get_current_context()
    options = context.obj if isinstance(context.obj, Options) else Options()
    for form in (options.format, *(name for name, _ in options.outputs)):
        if form not in forms:
            known = " and ".join(forms)
            raise click.UsageError(f"{context.info_name} has no form {form}, only {known}", context)
    return options


def common_options(command: Decorated) -> Decorated:
    """Add the common options to a command or group."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _remember(ctx: click.Context, parameter: click.Parameter, value: object) -> None:
    """Note an option that was given; one given after the command's name wins."""
    if value in (None, (), False) or parameter.name is None:
        return
    options = ctx.obj if isinstance(ctx.obj, Options) else Options()
    if parameter.name == "no_color":
        ctx.obj = replace(options, color=False)
    elif parameter.name == "no_pager":
        ctx.obj = replace(options, pager=False)
    else:
        given: dict[str, Any] = {parameter.name: value}
        ctx.obj = replace(options, **given)


def _outputs(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> None:
    pairs: list[tuple[str, Path]] = []
    for value in values:
        name, equals, path = value.partition("=")
        if name not in _KNOWN or not equals or not path:
            raise click.BadParameter(
                f"{value!r} is not FORMAT=FILE; FORMAT is one of {', '.join(_KNOWN)}", ctx
            )
        pairs.append((name, Path(path)))
    before = ctx.obj.outputs if isinstance(ctx.obj, Options) else ()
    _remember(ctx, parameter, (*before, *pairs) if pairs else ())


def _option(*names: str, **words: Any) -> Callable[[Decorated], Decorated]:  # noqa: ANN401
    words.setdefault("callback", _remember)
    return click.option(*names, expose_value=False, **words)


_OPTIONS = (
    _option(
        "-C",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="Look for fleet.yaml in DIR; other paths stay relative to the current folder.",
    ),
    _option(
        "--fleet",
        "fleet_file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="The settings file.  [default: fleet.yaml]",
    ),
    _option("--org-url", "org_url", metavar="URL", help="Ask this org instead of fleet.yaml's."),
    _option(
        "--credentials",
        "credentials",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Read API key and token from FILE instead of WIOTP_AUTH_KEY and WIOTP_AUTH_TOKEN.",
    ),
    _option("--format", "format", type=click.Choice(_KNOWN), help="Form of the result on stdout."),
    _option(
        "--output",
        "outputs",
        multiple=True,
        callback=_outputs,
        metavar="FORMAT=FILE",
        help="Write the result in another form to FILE as well; may be repeated.",
    ),
    _option("--no-color", "no_color", is_flag=True, help="Write without colours."),
    _option("--no-pager", "no_pager", is_flag=True, help="Use no pager for long text."),
    _option("-v", "--verbose", "verbose", is_flag=True, help="Show every item, fold nothing."),
)

size_option = _option(
    "--max-bytes",
    "max_bytes",
    type=click.IntRange(FEWEST_BYTES),
    metavar="N",
    help=f"Fold Markdown until it is at most N bytes long.  [default: {MAX_BYTES}]",
)
"""Adds the option to a command that shows plans."""

watch_option = click.option(
    "--watch",
    is_flag=True,
    help="Show on the terminal how far each stage is, what failed, and what is waited for.",
)
"""Adds the option to a command that changes the org."""
