from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fleetsync.rewrite.reconcile import reconcile
from fleetsync.rewrite.splice import CannotEditError, spliced
from fleetsync.rewrite.tree import parse_tree

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent.parent / "cases" / "rewrite" / "values.yaml").read_text("utf-8")
)


def edited(text: str, new: Any) -> str:
    (root,) = parse_tree(text)
    return spliced(text, reconcile(text, root, new))


@pytest.mark.parametrize("case", [c for c in CASES if "after" in c], ids=lambda c: str(c["name"]))
def test_a_text_comes_to_say_something_else(case: dict[str, Any]) -> None:
    after = edited(case["before"], case["new"])
    assert after == case["after"]
    assert yaml.safe_load(after) == case["new"]
    assert edited(after, case["new"]) == after


@pytest.mark.parametrize("case", [c for c in CASES if "cannot" in c], ids=lambda c: str(c["name"]))
def test_what_cannot_be_said_is_refused(case: dict[str, Any]) -> None:
    new = {"a": "\ud800"} if case.get("half") else case["new"]
    with pytest.raises(CannotEditError) as caught:
        edited(case["before"], new)
    assert str(caught.value) == case["cannot"]
