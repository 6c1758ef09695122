from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from fleetsync.manifest.search import find_files
from tests.manifest.folder import write

if TYPE_CHECKING:
    from pathlib import Path

FILES = (
    "manifests/a.yaml",
    "manifests/b.yml",
    "manifests/readme.md",
    "manifests/deep/er/c.yaml",
    "manifests/.hidden/d.yaml",
    "manifests/.e.yaml",
    ".fleetsync/f.yaml",
    "sites/north/g.yaml",
    "sites/south/h.yaml",
    "sites/south/i.json",
    "sites/[odd].yaml",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, dict.fromkeys(FILES, ""))
    return tmp_path


def found(folder: Path, *patterns: str) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in find_files(folder, patterns).files]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("manifests", ["manifests/a.yaml", "manifests/b.yml", "manifests/deep/er/c.yaml"]),
        ("manifests/", ["manifests/a.yaml", "manifests/b.yml", "manifests/deep/er/c.yaml"]),
        ("./manifests/a.yaml", ["manifests/a.yaml"]),
        ("manifests/readme.md", ["manifests/readme.md"]),
        ("manifests/*.yaml", ["manifests/a.yaml"]),
        ("manifests/**/*.yaml", ["manifests/a.yaml", "manifests/deep/er/c.yaml"]),
        ("manifests/**", ["manifests/a.yaml", "manifests/b.yml", "manifests/deep/er/c.yaml"]),
        ("manifests/?.y*", ["manifests/a.yaml", "manifests/b.yml"]),
        ("sites/*/[gh].yaml", ["sites/north/g.yaml", "sites/south/h.yaml"]),
        ("sites/*", ["sites/[odd].yaml", "sites/north/g.yaml", "sites/south/h.yaml"]),
        ("sites/south/*", ["sites/south/h.yaml", "sites/south/i.json"]),
        ("sites/[[]odd].yaml", ["sites/[odd].yaml"]),
        (".fleetsync/f.yaml", [".fleetsync/f.yaml"]),
        ("**/g.yaml", ["sites/north/g.yaml"]),
    ],
)
def test_patterns_name_files_folders_and_globs(
    folder: Path, pattern: str, names: list[str]
) -> None:
    expected = [*names, *(["manifests/readme.md"] if pattern == "manifests/**" else [])]
    assert found(folder, pattern) == sorted(expected)


@pytest.mark.parametrize(
    "pattern", ["nothing", "nothing/*.yaml", "manifests/*.toml", "*\0", "a\0", "a" * 5000]
)
def test_a_pattern_that_names_nothing_is_told(folder: Path, pattern: str) -> None:
    assert find_files(folder, ["manifests", pattern]).unmatched == [1]


def test_an_empty_folder_names_nothing(tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    assert find_files(tmp_path, ["manifests"]).unmatched == [0]


def test_a_file_is_found_once_whatever_names_it(folder: Path) -> None:
    (folder / "manifests" / "same.yaml").symlink_to("a.yaml")
    names = found(folder, "manifests/*.yaml", "manifests/a.yaml", "manifests")
    assert names == ["manifests/a.yaml", "manifests/b.yml", "manifests/deep/er/c.yaml"]


def test_folders_that_link_to_each_other_end(folder: Path) -> None:
    (folder / "sites" / "north" / "up").symlink_to("..")
    (folder / "sites" / "south" / "over").symlink_to("../north")
    names = found(folder, "sites")
    assert names == ["sites/[odd].yaml", "sites/north/g.yaml", "sites/south/h.yaml"]


def test_a_linked_folder_is_followed(folder: Path) -> None:
    (folder / "manifests" / "link").symlink_to("../sites/north")
    assert "manifests/link/g.yaml" in found(folder, "manifests")


def test_files_above_the_folder_can_be_named(folder: Path) -> None:
    files = find_files(folder / "sites", ["../manifests/*.yaml"]).files
    assert [os.path.relpath(path, folder) for path in files] == ["manifests/a.yaml"]
