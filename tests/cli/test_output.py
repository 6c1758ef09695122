from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleetsync.cli.options import Options
from fleetsync.cli.output import emit, write_file, write_outputs
from fleetsync.errors import FileError


def test_one_result_goes_to_stdout_and_into_each_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = (("json", tmp_path / "a"), ("text", tmp_path / "b"))
    emit(Options(outputs=outputs), lambda form: iter([form, "!\n"]))
    assert capsys.readouterr() == ("text!\n", "")
    assert [(tmp_path / name).read_text("utf-8") for name in "ab"] == ["json!\n", "text!\n"]


def test_a_file_that_cannot_be_written_does_not_keep_the_others_from_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = (("json", tmp_path / "no" / "a"), ("text", tmp_path / "b"))
    with pytest.raises(FileError) as caught:
        emit(Options(outputs=outputs), lambda form: [form], lost="two changes stand")
    assert str(caught.value) == (
        f"{tmp_path}/no/a: cannot be written: No such file or directory; two changes stand"
    )
    assert capsys.readouterr().out == "text"
    assert (tmp_path / "b").read_text("utf-8") == "text"


def test_without_outputs_nothing_is_rendered(capsys: pytest.CaptureFixture[str]) -> None:
    write_outputs(Options(), lambda form: [form])
    assert capsys.readouterr() == ("", "")


def test_a_file_stays_as_it_was_if_the_new_one_cannot_be_made(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text("before", "utf-8")

    def failing() -> Iterator[str]:
        yield "half"
        raise OSError(28, "No space left on device")

    with pytest.raises(FileError) as caught:
        write_file(path, failing())
    assert str(caught.value).startswith(f"{path}: cannot be written: No space left on device; ")
    assert path.read_text("utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link_and_a_file_keeps_its_mode(tmp_path: Path) -> None:
    path, link = tmp_path / "plan.json", tmp_path / "link"
    path.write_text("before", "utf-8")
    path.chmod(0o640)
    link.symlink_to(path)
    write_file(link, ["after"])
    assert link.is_symlink()
    assert path.read_text("utf-8") == "after"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_new_file_has_the_mode_that_the_umask_gives(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "plan.json", ["new"])
    finally:
        os.umask(before)
    assert (tmp_path / "plan.json").stat().st_mode & 0o777 == 0o640


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    write_file(path, ["text"])
    assert os.read(reader, 100) == b"text"
    os.close(reader)
    assert path.is_fifo()
