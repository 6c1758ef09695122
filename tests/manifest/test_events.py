from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fleetsync.manifest import events
from fleetsync.manifest.document import parse_yaml

CASES = sorted((Path(__file__).parent.parent / "cases" / "manifest").glob("*.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_without_libyaml_the_same_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = yaml.safe_load(path.read_text("utf-8"))["files"]
    fast = [parse_yaml(text.encode(), file="f", places=True) for text in files.values()]
    monkeypatch.setattr(events, "_parser_class", None)
    slow = [parse_yaml(text.encode(), file="f", places=True) for text in files.values()]
    if not path.stem.startswith(
        ("syntax-", "broken-file-")
    ):  # the two put syntax errors in other words
        assert [parsed.problems for parsed in slow] == [parsed.problems for parsed in fast]
    assert [[d[:3] for d in parsed.documents] for parsed in slow] == [
        [d[:3] for d in parsed.documents] for parsed in fast
    ]
