from __future__ import annotations

from pathlib import Path

import pytest

from fleetsync.cli.options import Options
from fleetsync.cli.output import colorize, emit, write_outputs
from fleetsync.errors import FileError


@pytest.mark.parametrize(
    ("line", "colored"),
    [
        ("  + pump/p-1\n", "\x1b[32m  + pump/p-1\x1b[0m\n"),
        ("  - pump/p-1\n", "\x1b[31m  - pump/p-1\x1b[0m\n"),
        ("  ~ pump/p-1", "\x1b[33m  ~ pump/p-1\x1b[0m"),
        ("DELETE 1 DEVICE\n", "\x1b[31mDELETE 1 DEVICE\x1b[0m\n"),
        ("Refused: too many.\n", "\x1b[31mRefused: too many.\x1b[0m\n"),
        ("      serial: 1 -> 2\n", "      serial: 1 -> 2\n"),
        ("\n", "\n"),
    ],
)
def test_a_line_is_coloured_by_how_it_begins_and_reset_before_it_ends(
    line: str, colored: str
) -> None:
    assert colorize(line) == colored


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
