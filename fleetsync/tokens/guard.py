"""Refuse a secrets file that others could read, replace or publish, before anything is done.

It looks and asks, and creates nothing.
"""

from __future__ import annotations

import os
import shlex
import stat
from typing import TYPE_CHECKING

from fleetsync.errors import SecretsError
from fleetsync.tokens.git import check_git

if TYPE_CHECKING:
    from pathlib import Path

_ELSEWHERE = "name another place under secrets.file in fleet.yaml"


def check_secrets_path(path: Path) -> None:
    """Raise SecretsError, with the way out, if the secrets file would not be safe there.

    Safe is: a regular file of this user with mode 0600 or less, or none yet; in a folder (or
    below one, for it is made) that not everybody may change; not carried away by git.
    """
    try:
        folder = _nearest_folder(path)
        _check_folder(folder)
        if _exists(path):
            _check_file(path)
        elif not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
            raise SecretsError(
                f"{path}: the secrets file cannot be made: you may not write in {folder}; "
                f"take the right to, or {_ELSEWHERE}"
            )
    except OSError as error:
        raise SecretsError(
            f"{path}: the secrets file cannot be looked at: {error.strerror}; {_ELSEWHERE}"
        ) from error
    check_git(path)


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


def _nearest_folder(path: Path) -> Path:
    """Give the folder of the file, or the nearest above it that is there already."""
    for folder in path.parents:
        if _exists(folder):
            return folder
    return path.parent


def _check_folder(folder: Path) -> None:
    if folder.is_symlink() and not folder.exists():
        raise SecretsError(
            f"{folder}: this folder for the secrets file is a link that leads nowhere; "
            f"mend the link, or {_ELSEWHERE}"
        )
    mode = folder.stat().st_mode
    if not stat.S_ISDIR(mode):
        raise SecretsError(
            f"{folder}: this is not a folder, so no secrets file can be in it; {_ELSEWHERE}"
        )
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise SecretsError(
            f"{folder}: everybody may replace the secrets file in this folder; "
            f"run: chmod o-w {shlex.quote(str(folder))}"
        )


def _check_file(path: Path) -> None:
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise SecretsError(
            f"{path}: the secrets file is a symbolic link, which others could turn elsewhere; "
            "name the file itself under secrets.file in fleet.yaml"
        )
    if not stat.S_ISREG(found.st_mode):
        raise SecretsError(f"{path}: the secrets file is not a regular file; {_ELSEWHERE}")
    if found.st_uid != os.geteuid():
        raise SecretsError(
            f"{path}: the secrets file belongs to another user; run as that user, or {_ELSEWHERE}"
        )
    _check_mode(path, found.st_mode)


def _check_mode(path: Path, mode: int) -> None:
    quoted = shlex.quote(str(path))
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SecretsError(
            f"{path}: other users may use the secrets file (mode {stat.S_IMODE(mode):04o}); "
            f"run: chmod 600 {quoted}"
        )
    if not os.access(path, os.R_OK | os.W_OK, effective_ids=True):
        raise SecretsError(
            f"{path}: you may not read and write the secrets file; run: chmod 600 {quoted}"
        )
