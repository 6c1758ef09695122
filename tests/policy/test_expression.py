"""What CEL makes of hostile values, and what is told of expressions that are none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fleetsync.policy.expression import BadExpressionError, Fault, compile_expression
from fleetsync.policy.policy import CannotJudgeError, Over

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
CONTEXT = {"summary": {}, "types": {}, "fleet": "f", "org": "o", "undo": False, "now": NOW}
NAMES = "device, fleet, now, org, summary, types, undo"


def ask(text: str, device: dict[str, Any]) -> bool | str:
    try:
        return compile_expression(text, Over.DEVICE).holds(device, CONTEXT)
    except CannotJudgeError as error:
        return str(error)


@pytest.mark.parametrize(
    ("text", "device", "answer"),
    [
        ("device.x == 'a'", {"x": "\ud800"}, "a text in it is no valid Unicode"),
        ("device.x > 1.0", {"x": float("nan")}, False),
        ("device.x > 1.0", {"x": float("inf")}, True),
        ("device.x == 1", {"x": True}, False),
        ("device.x == 2", {"x": 2.0}, True),
        ("device.x == null", {"x": None}, True),
        ("device.x.size() == 3", {"x": "äöü"}, True),
        ("device.x.all(n, n > 0)", {"x": list(range(1, 20_001))}, "Iteration budget exceeded"),
        ("!'a'.matches('(a+)+$b')", {}, True),
        ("device.x.y.z", {"x": {"y": 1}}, "Applying SELECT to non-message type"),
    ],
)
def test_any_value_gets_an_answer_or_a_reason(
    text: str, device: dict[str, Any], answer: bool | str
) -> None:
    assert ask(text, device) == answer


def test_what_is_deeply_nested_can_be_asked_about() -> None:
    device: dict[str, Any] = {}
    inner = device
    for _ in range(5000):
        inner["a"] = {}
        inner = inner["a"]
    assert ask("has(device.a.a.a)", device) is True


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            "a.b && size(c)",
            [
                Fault(1, 2, f"undeclared reference to 'a.b'; there are {NAMES}"),
                Fault(1, 13, f"undeclared reference to 'c'; there are {NAMES}"),
            ],
        ),
        (
            "device.x ==\n  nothing(1)",
            [Fault(2, 10, f"undeclared reference to 'nothing'; there are {NAMES}")],
        ),
        (
            "1 == 'a'",
            [Fault(1, 3, "found no matching overload for '_==_' applied to '(int, string)'")],
        ),
        ("'a'", [Fault(0, 0, "it must be true or false, but it gives string")]),
        (
            "change.action == 'x'",
            [Fault(1, 7, f"undeclared reference to 'change.action'; there are {NAMES}")],
        ),
        (
            "[" * 99 + "]" * 99 + " == []",
            [Fault(0, 0, "Expression recursion limit exceeded. limit: 32")],
        ),
    ],
)
def test_a_bad_expression_is_told_with_its_places(text: str, faults: list[Fault]) -> None:
    with pytest.raises(BadExpressionError) as caught:
        compile_expression(text, Over.DEVICE)
    assert caught.value.faults == faults


def test_a_number_that_no_plan_has_is_found_before_there_is_a_plan() -> None:
    with pytest.raises(BadExpressionError) as caught:
        compile_expression("summary.device.delete <= 50", Over.SUMMARY)
    assert caught.value.faults == [Fault(0, 0, 'there is no "device"')]
    assert compile_expression("1 / summary.devices.delete > 0", Over.SUMMARY).program is not None
