"""Refuse a secrets file that others could read, replace or publish, before anything is done.

It looks and asks, and creates nothing.
"""

from __future__ import annotations

import grp
import os
import pwd
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
    below one, for it is made) that not everybody may change, nor a group in the folder of the file
    itself; not carried away by git.
    """
    try:
        folder = _nearest_folder(path)
        _check_folder(folder)
        if folder == path.parent:
            _check_group(folder)
        if _exists(path):
            check_file(path, path.lstat())
            _check_use(path)
        else:
            _check_making(path, folder)
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


def _check_group(folder: Path) -> None:
    found = folder.stat()
    if not found.st_mode & stat.S_IWGRP or found.st_mode & stat.S_ISVTX or _is_mine(found.st_gid):
        return
    raise SecretsError(
        f"{folder}: a group may delete or replace the secrets file in this folder; "
        f"run: chmod g-w {shlex.quote(str(folder))}"
    )


def _is_mine(group_id: int) -> bool:
    """Tell whether a group has nobody else in it, as where each user has one of the same name."""
    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(group_id)
    except KeyError:
        return False
    mine = user.pw_gid == group_id and group.gr_name == user.pw_name
    return mine and set(group.gr_mem) <= {user.pw_name}


def _check_making(path: Path, folder: Path) -> None:
    if os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        return
    why, way_out = f"you may not write in {folder}", "take the right to"
    if _is_read_only(folder):
        why, way_out = f"{folder} is mounted read-only", "mount it for writing"
    raise SecretsError(
        f"{path}: the secrets file cannot be made: {why}; {way_out}, or {_ELSEWHERE}"
    )


def check_file(path: Path, found: os.stat_result) -> None:
    """Raise SecretsError if what was found at the path is no private file of this user alone."""
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
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = f"{stat.S_IMODE(found.st_mode):04o}"
        raise SecretsError(
            f"{path}: other users may use the secrets file (mode {mode}); "
            f"run: chmod 600 {shlex.quote(str(path))}"
        )
    if found.st_nlink > 1:
        raise SecretsError(
            f"{path}: the secrets file has a second name (a hard link), under which git or a "
            f"backup could carry its tokens away; delete the other name, or {_ELSEWHERE}"
        )


def _check_use(path: Path) -> None:
    if os.access(path, os.R_OK | os.W_OK, effective_ids=True):
        return
    if _is_read_only(path):
        raise SecretsError(
            f"{path}: the secrets file lies on a file system that is mounted read-only; "
            f"mount it for writing, or {_ELSEWHERE}"
        )
    raise SecretsError(
        f"{path}: you may not read and write the secrets file; "
        f"run: chmod 600 {shlex.quote(str(path))}"
    )


def _is_read_only(path: Path) -> bool:
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
