from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from fleetsync.errors import FleetsyncError, UsageError
from fleetsync.revision import opened_revision


def git(folder: Path, *words: str, given: bytes = b"") -> str:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    command = ["git", "-C", str(folder), *who, *words]
    return subprocess.run(command, check=True, capture_output=True, input=given).stdout.decode()


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A fleet in a folder of a repository, committed and changed since."""
    folder = tmp_path / "repo" / "a fleet"
    folder.mkdir(parents=True)
    git(folder.parent, "init", "-q")
    (folder / "fleet.yaml").write_text("fleet: then\n", "utf-8")
    (folder / "rows.csv").write_bytes(b"a,b\r\n$Id$\n")
    (folder.parent / ".gitattributes").write_text("*.csv export-ignore export-subst\n", "utf-8")
    (folder / "link.yaml").symlink_to("/etc/passwd")
    git(folder.parent, "add", "-A")
    git(folder.parent, "commit", "-qm", "then")
    (folder / "fleet.yaml").write_text("fleet: now\n", "utf-8")
    return folder / "fleet.yaml"


def test_files_are_as_they_were_and_the_work_tree_stays(fleet: Path) -> None:
    before = git(fleet.parent, "status", "--porcelain")
    with opened_revision(fleet, "HEAD") as opened:
        place = opened.fleet_file
        assert place.read_text("utf-8") == "fleet: then\n"
        assert (place.parent / "rows.csv").read_bytes() == b"a,b\r\n$Id$\n"
        assert not (place.parent / "link.yaml").is_symlink()
        assert opened.commit == git(fleet.parent, "rev-parse", "HEAD").strip()
    assert not place.exists()
    assert git(fleet.parent, "status", "--porcelain") == before
    assert fleet.read_text("utf-8") == "fleet: now\n"


def test_a_revision_without_the_fleet_is_refused(fleet: Path) -> None:
    git(fleet.parent, "rm", "-q", "--cached", "fleet.yaml")
    git(fleet.parent, "commit", "-qm", "gone")
    with pytest.raises(UsageError, match=r"there is no a fleet/fleet\.yaml in that revision"):
        opened_revision(fleet, "HEAD").__enter__()


def test_a_crafted_tree_writes_nothing_outside(fleet: Path, tmp_path: Path) -> None:
    blob = git(fleet.parent, "hash-object", "-w", "--stdin", given=b"hostile\n").strip()
    inner = f"100644 blob {blob}\tescaped.yaml\0".encode()
    tree = git(fleet.parent, "mktree", "-z", given=inner).strip()
    outer = f"040000 tree {tree}\t..\0".encode()
    fleet_tree = git(fleet.parent, "rev-parse", "HEAD:a fleet").strip()
    outer += f"040000 tree {fleet_tree}\ta fleet\0".encode()
    top = git(fleet.parent, "mktree", "-z", given=outer).strip()
    commit = git(fleet.parent, "commit-tree", top, "-m", "hostile").strip()
    with pytest.raises(FleetsyncError, match="which leads elsewhere"):
        opened_revision(fleet, commit).__enter__()
    assert list(tmp_path.rglob("escaped.yaml")) == []
