"""Ask git whether it would carry the secrets file away with the manifests."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

from fleetsync.errors import SecretsError
from fleetsync.escape import shown

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUT_SECONDS = 20
_OUTSIDE = "or keep the file outside of it (secrets.file in fleet.yaml)"


def check_git(path: Path) -> None:
    """Raise SecretsError if the file lies in a git work tree that does not ignore it.

    If git cannot tell, that is a refusal too.
    """
    place = path.absolute().parent.resolve() / path.name
    top = _work_tree_of(place)
    if top is None:
        return
    name = place.relative_to(top).as_posix()
    # Both commands would take a name such as ':(top)x' for more than a name.
    if _ask(path, top, "--literal-pathspecs", "ls-files", "--error-unmatch", "--", name):
        command = f"git -C {shlex.quote(str(top))} rm --cached {shlex.quote(name)}"
        raise SecretsError(
            f"{path}: git tracks the secrets file, so its tokens may be in the history already; "
            f"run: {command}; ignore the file, and replace the tokens that were committed"
        )
    if not _ask(path, top, "check-ignore", "--quiet", "--", f"./{name}"):
        raise SecretsError(
            f"{path}: git does not ignore the secrets file and would publish it; "
            f"add the line {_ignore_line(name)} to {top / '.gitignore'}, {_OUTSIDE}"
        )


def _work_tree_of(place: Path) -> Path | None:
    for folder in place.parents:
        if (folder / ".git").exists():
            return folder
    return None


def _ignore_line(name: str) -> str:
    folder, slash, _ = name.rpartition("/")
    return f"/{folder}/" if slash else f"/{name}"


def _ask(path: Path, top: Path, *words: str) -> bool:
    """Let git answer yes (0) or no (1); anything else is a refusal."""
    program = shutil.which("git")
    if program is None:
        raise SecretsError(
            f"{path}: this is in the git work tree {top}, and without git nobody can tell whether "
            f"git ignores it; install git, {_OUTSIDE}"
        )
    try:
        answer = _run([program, "-C", str(top), *words])
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SecretsError(
            f"{path}: git did not answer whether it ignores the file ({type(error).__name__}); "
            f"see what ails the work tree {top}, {_OUTSIDE}"
        ) from error
    if answer.returncode not in (0, 1):
        raise SecretsError(
            f"{path}: git cannot tell whether it ignores the file: {_reason(answer.stderr)}; "
            f"mend the work tree {top} as git says, {_OUTSIDE}"
        )
    return answer.returncode == 0


def _run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    # GIT_DIR and its like would make git look into another work tree than the one around the file.
    clean = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(  # noqa: S603 - a fixed program, no shell, names after a double dash
        command,
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=_TIMEOUT_SECONDS,
        env={**clean, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
    )


def _reason(stderr: bytes) -> str:
    """Give git's words on one line, short, without control characters."""
    words = " ".join(stderr.decode("utf-8", "replace").split())
    return shown(words)[:400] or "no reason given"
