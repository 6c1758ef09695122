"""Read the files of a fleet as they were at a git revision, without touching the work tree.

The blobs are taken from git as they are: no attribute of the repository (export-ignore,
export-subst, filters) has a say, no hook runs, and nothing outside of a fresh private folder is
written.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from fleetsync.errors import FileError, UsageError
from fleetsync.escape import shown

_TIMEOUT_SECONDS = 120
_LARGEST = 256 << 20
"""No manifest or CSV file is larger; what is, is left out."""
_FILES = frozenset({"100644", "100755", "100664"})
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Revision(NamedTuple):
    """A revision that lies in files: its commit, and where the fleet's own files are now."""

    commit: str
    fleet_file: Path


class _Blob(NamedTuple):
    oid: str
    path: str


@contextmanager
def opened_revision(fleet_file: Path, revision: str) -> Iterator[Revision]:
    """Lay out the folder of ``fleet_file`` as it was at ``revision``, for as long as it is needed.

    Raises UsageError if there is no such revision or no such file in it, FileError if git cannot
    tell.
    """
    folder = fleet_file.parent
    top = Path(_line(_ask(folder, "rev-parse", "--show-toplevel"), fleet_file))
    place = fleet_file.absolute().parent.resolve() / fleet_file.name
    name = place.relative_to(top.resolve()).as_posix()
    commit = _commit(folder, revision)
    blobs = list(_blobs(folder, commit))
    if name not in {blob.path for blob in blobs}:
        raise UsageError(
            f"--since {shown(revision)}: there is no {shown(name)} in that revision: name one in"
            " which the fleet was there"
        )
    with tempfile.TemporaryDirectory(prefix="fleetsync-") as made:
        target = Path(made)
        _lay_out(folder, blobs, target)
        yield Revision(commit, target / name)


def _commit(folder: Path, revision: str) -> str:
    done = _ask(
        folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
    )
    commit = done.stdout.decode("ascii", "replace").strip()
    if done.returncode != 0 or not commit.isalnum():
        raise UsageError(
            f"--since {shown(revision)}: git knows no such revision here: name a commit, a tag or a"
            " branch (a shallow clone may have to fetch it first)"
        )
    return commit


def _blobs(folder: Path, commit: str) -> Iterator[_Blob]:
    done = _ask(folder, "ls-tree", "-r", "-z", "-l", "--full-tree", commit)
    if done.returncode != 0:
        raise _failed(folder, done.stderr)
    for entry in done.stdout.split(b"\0"):
        about, tab, path = entry.partition(b"\t")
        words = about.decode("ascii", "replace").split()
        if not tab or len(words) != 4 or words[0] not in _FILES:
            continue  # links lead anywhere, and submodules are not here
        if int(words[3]) <= _LARGEST:
            yield _Blob(words[2], os.fsdecode(path))


def _lay_out(folder: Path, blobs: Sequence[_Blob], target: Path) -> None:
    """Write the blobs below ``target``; git hands them over one after the other."""
    process = subprocess.Popen(  # noqa: S603 - a fixed program, no shell
        _command(folder, "cat-file", "--batch"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )
    try:
        if process.stdin is None or process.stdout is None:
            raise _failed(folder, b"")
        for blob in blobs:
            process.stdin.write(blob.oid.encode("ascii") + b"\n")
            process.stdin.flush()
            _write(_inside(target, blob.path), _next_blob(folder, process.stdout))
    except OSError as error:
        raise _failed(folder, (error.strerror or "").encode()) from error
    finally:
        process.kill()
        process.communicate()


def _next_blob(folder: Path, answer: IO[bytes]) -> bytes:
    words = answer.readline().split()
    if len(words) != 3 or words[1] != b"blob":
        raise _failed(folder, b"a file of the revision is missing")
    data = answer.read(int(words[2]))
    answer.read(1)
    return data


def _inside(target: Path, path: str) -> Path:
    """Give the place of a file; a crafted tree may hold names that lead elsewhere."""
    parts = path.split("/")
    if any(part in ("", ".", "..") or "\\" in part for part in parts):
        raise FileError(
            f"the revision holds a file named {shown(path)!r}, which leads elsewhere: nothing of"
            " it is read; name another revision"
        )
    return target.joinpath(*parts)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, _CREATE, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _line(done: subprocess.CompletedProcess[bytes], fleet_file: Path) -> str:
    if done.returncode != 0:
        raise UsageError(
            f"{shown(str(fleet_file))}: --since needs a fleet that lies in a git work tree: leave"
            f" --since out, or run it in a clone; git says: {_said(done.stderr)}"
        )
    return os.fsdecode(done.stdout).removesuffix("\n")


def _ask(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - a fixed program, no shell
            _command(folder, *words),
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_TIMEOUT_SECONDS,
            env=_environment(),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(folder, type(error).__name__.encode()) from error


def _command(folder: Path, *words: str) -> list[str]:
    program = shutil.which("git")
    if program is None:
        raise FileError("--since needs git, which is not installed: install it, and run again")
    return [program, "-C", str(folder), "--no-replace-objects", *words]


def _environment() -> dict[str, str]:
    """Leave out GIT_DIR and its like, which would make git look into another repository."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    return {**clean, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}


def _failed(folder: Path, stderr: bytes) -> FileError:
    return FileError(
        f"{shown(str(folder))}: git cannot give the files of that revision: {_said(stderr)}; mend"
        " that, and run again"
    )


def _said(stderr: bytes) -> str:
    words = " ".join(stderr.decode("utf-8", "replace").split())[:400]
    return shown(words) or "no reason given"
