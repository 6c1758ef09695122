"""A plan of which a byte was changed, lost or added is refused, and nothing else happens."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleetsync.errors import FileError, StalePlanError
from fleetsync.plan.saved import parse_saved_plan
from fleetsync.plan.seal import is_sealed, seal
from tests.plan.plans import make_plan_of, mixed_plan, saved_bytes, sealed_anew

CHANGED = "was changed or cut short since it was saved"
FUZZ = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return saved_bytes(mixed_plan(tmp_path_factory.mktemp("small")))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    devices = [
        {"typeId": "pump", "deviceId": f"p-{n}", "metadata": {"n": n, "text": "ü" * n}}
        for n in range(100)
    ]
    folder = tmp_path_factory.mktemp("large")
    return saved_bytes(make_plan_of(folder, deviceTypes=[{"id": "pump"}], devices=devices))


def refusal(data: bytes) -> str:
    with pytest.raises(StalePlanError) as caught:
        parse_saved_plan(data, name="p.json")
    return str(caught.value)


def test_the_seal_is_over_all_bytes_before_its_line() -> None:
    document = "".join(seal(['{\n  "a": 1,\n', '  "b": 2,\n']))
    assert document == (
        '{\n  "a": 1,\n  "b": 2,\n  "seal": "sha256:'
        'a4692cd87182f8efa4a059f75f7028bf0e2afa4524f12ec094975e42b1f612b4"\n}\n'
    )
    assert is_sealed(document.encode())


def test_a_byte_that_was_flipped_anywhere_is_noticed(small: bytes) -> None:
    for at in range(len(small)):
        for bit in (0, 1, 5, 7):
            data = small[:at] + bytes([small[at] ^ 1 << bit]) + small[at + 1 :]
            words = refusal(data)
            assert CHANGED in words or "its format version is" in words, at


def test_a_byte_that_was_lost_or_added_anywhere_is_noticed(small: bytes) -> None:
    for at in range(len(small) + 1):
        edits = [small[:at] + extra + small[at:] for extra in (b" ", b"\n", b"\0", b"\xff", b"0")]
        if at < len(small):
            edits.append(small[:at] + small[at + 1 :])
        for data in edits:
            words = refusal(data)
            assert CHANGED in words or "its format version is" in words, at


def test_a_plan_that_was_cut_short_is_noticed_as_long_as_it_can_be_told(small: bytes) -> None:
    told = small.index(b'"manifestDigest"') + len(b'"manifestDigest"')
    for length in range(len(small)):
        kind = FileError if length < told else StalePlanError
        with pytest.raises(kind):
            parse_saved_plan(small[:length], name="p.json")


@given(data=st.data())
@FUZZ
def test_edits_of_a_large_plan_are_noticed(large: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(large)))
    until = data.draw(st.integers(at, min(len(large), at + 50)))
    new = data.draw(st.binary(max_size=50).filter(lambda new: new != large[at:until]))
    edited = large[:at] + new + large[until:]
    if edited == large:
        return
    with pytest.raises((StalePlanError, FileError)):
        parse_saved_plan(edited, name="p.json")


@pytest.mark.parametrize("indent", [None, 2])
def test_a_plan_that_another_tool_wrote_anew_is_refused(small: bytes, indent: int | None) -> None:
    assert CHANGED in refusal(json.dumps(json.loads(small), indent=indent).encode())


@pytest.mark.parametrize("swap", [(b"\n", b"\r\n"), (b"  ", b"\t"), (b'"p-1"', b'"p-9"')])
def test_a_plan_in_another_form_is_refused(small: bytes, swap: tuple[bytes, bytes]) -> None:
    assert CHANGED in refusal(small.replace(*swap))


@given(junk=st.binary(max_size=200), times=st.integers(1, 3))
@FUZZ
def test_junk_is_no_plan(junk: bytes, times: int) -> None:
    with pytest.raises((FileError, StalePlanError)):
        parse_saved_plan(junk * times, name="p.json")


@given(junk=st.binary(max_size=60), at=st.floats(0, 1), length=st.integers(0, 60))
@FUZZ
def test_junk_under_a_true_seal_is_an_error_and_no_accident(
    small: bytes, junk: bytes, at: float, length: int
) -> None:
    end = small.rindex(b'  "seal"')
    begin = int(at * end)
    data = sealed_anew(small[:begin] + junk + small[min(end, begin + length) :])
    assert is_sealed(data)
    try:
        parse_saved_plan(data, name="p.json")
    except (FileError, StalePlanError):
        return
    json.loads(data)  # what is let through is a document at least
