from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from fleetsync.errors import SecretsError
from fleetsync.tokens.git import check_git

OUTSIDE = "or keep the file outside of it (secrets.file in fleet.yaml)"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty work tree, with a home that has no git settings."""
    home, top = tmp_path / "home", tmp_path / "fleet"
    home.mkdir()
    for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    git(tmp_path, "init", "--quiet", "fleet")
    return top


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


def refusal(path: Path) -> str:
    with pytest.raises(SecretsError) as caught:
        check_git(path)
    return str(caught.value)


def not_ignored(path: Path, line: str, top: Path) -> str:
    return (
        f"{path}: git does not ignore the secrets file and would publish it; "
        f"add the line {line} to {top}/.gitignore, {OUTSIDE}"
    )


def test_a_file_outside_of_any_work_tree_is_safe(tmp_path: Path) -> None:
    check_git(tmp_path / "tokens.jsonl")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("secrets/tokens.jsonl", "/secrets/"),
        ("tokens.jsonl", "/tokens.jsonl"),
        ("a/b/tokens.jsonl", "/a/b/"),
        (":(top)x/*", "/:(top)x/"),
        ("-x", "/-x"),
    ],
)
def test_a_file_that_git_does_not_ignore_is_refused_until_it_does(
    tree: Path, name: str, line: str
) -> None:
    assert refusal(tree / name) == not_ignored(tree / name, line, tree)
    (tree / ".gitignore").write_text(f"{line}\n")
    check_git(tree / name)


def test_the_ignore_file_of_the_secrets_folder_itself_serves(tree: Path) -> None:
    (tree / "secrets").mkdir()
    (tree / "secrets" / ".gitignore").write_text("*\n")
    check_git(tree / "secrets" / "tokens.jsonl")


def test_a_negated_rule_is_understood(tree: Path) -> None:
    (tree / ".gitignore").write_text("*.jsonl\n!tokens.jsonl\n")
    assert "git does not ignore the secrets file" in refusal(tree / "tokens.jsonl")


def test_a_tracked_file_is_refused_though_it_is_ignored(tree: Path) -> None:
    (tree / "my secrets").mkdir()
    path = tree / "my secrets" / "tokens.jsonl"
    path.touch()
    git(tree, "add", ".")
    (tree / ".gitignore").write_text("my secrets\n")
    assert refusal(path) == (
        f"{path}: git tracks the secrets file, so its tokens may be in the history already; "
        f"run: git -C {tree} rm --cached 'my secrets/tokens.jsonl'; "
        "ignore the file, and replace the tokens that were committed"
    )


def test_a_link_into_a_work_tree_is_seen_through(tree: Path, tmp_path: Path) -> None:
    (tree / "kept").mkdir()
    (tmp_path / "link").symlink_to(tree / "kept")
    path = tmp_path / "link" / "tokens.jsonl"
    assert refusal(path) == not_ignored(path, "/kept/", tree)


def test_a_link_out_of_a_work_tree_is_seen_through(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    (tree / "secrets").symlink_to(tmp_path / "vault")
    check_git(tree / "secrets" / "tokens.jsonl")


def test_the_innermost_work_tree_decides(tree: Path) -> None:
    (tree / ".gitignore").write_text("/inner/\n")
    git(tree, "init", "--quiet", "inner")
    path = tree / "inner" / "secrets" / "tokens.jsonl"
    assert refusal(path) == not_ignored(path, "/secrets/", tree / "inner")


def test_the_environment_cannot_point_git_elsewhere(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "--quiet", "other")
    (tmp_path / "other" / ".gitignore").write_text("*\n")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "other"))
    assert "git does not ignore the secrets file" in refusal(tree / "tokens.jsonl")


def test_without_git_a_work_tree_is_refused(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "home"))
    path = tree / "tokens.jsonl"
    assert refusal(path) == (
        f"{path}: this is in the git work tree {tree}, and without git nobody can tell whether "
        f"git ignores it; install git, {OUTSIDE}"
    )
    check_git(tmp_path / "tokens.jsonl")


def test_a_work_tree_that_git_cannot_read_is_refused_with_its_words(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    path = tmp_path / "tokens.jsonl"
    assert refusal(path) == (
        f"{path}: git cannot tell whether it ignores the file: "
        f"fatal: not a git repository: {tmp_path}/nowhere; "
        f"mend the work tree {tmp_path} as git says, {OUTSIDE}"
    )


def test_a_work_tree_of_dubious_ownership_is_refused_with_the_way_out(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # git's own switch for this test; the guard strips it, so it comes in through a wrapper.
    script = '#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec "$REAL_GIT" "$@"\n'
    fake_git(tmp_path, monkeypatch, script)
    message = refusal(tree / "tokens.jsonl")
    assert "detected dubious ownership in repository" in message
    assert f"git config --global --add safe.directory {tree}" in message


def test_a_git_that_hangs_is_not_waited_for(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_git(tmp_path, monkeypatch, "#!/bin/sh\nexec /bin/sleep 60\n")
    monkeypatch.setattr("fleetsync.tokens.git._TIMEOUT_SECONDS", 0.1)
    path = tree / "tokens.jsonl"
    assert refusal(path) == (
        f"{path}: git did not answer whether it ignores the file (TimeoutExpired); "
        f"see what ails the work tree {tree}, {OUTSIDE}"
    )


def fake_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    real = subprocess.run(["which", "git"], check=True, capture_output=True, text=True).stdout
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(script)
    (folder / "git").chmod(0o700)
    monkeypatch.setenv("REAL_GIT", real.strip())
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
