"""Whatever a server answers: an error in words, no hang, no token shown, and the next run heals."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.hostile import reply
from tests.faults.liar import Liar, Told, call_of, open_liar
from tests.faults.lies import Lie, lies
from tests.faults.rig import API_TOKEN

CASES = int(os.environ.get("FLEETSYNC_ANSWER_CASES", "25"))
"""How many pairs of a call and an answer are tried; 100000 tries all."""

_SECONDS = 30.0
"""A command ends within this, whatever comes; the waits of these tests are short."""

_CODES = {0, 1, 6, 8}
_NEVER_SHOWN = ("Traceback", "itself is at fault", "Exception", "\x1b", API_TOKEN)
_LIES = lies()
_IMPOSSIBLE = {("GET /", "a bit flipped")}
"""An org that gives itself another name is another org, and what is noted for it waits for it."""
_SEED = 20261123

pytestmark = pytest.mark.timeout(120 + CASES)


@pytest.fixture(scope="module")
def liar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Liar]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WIOTP_AUTH_KEY", "a-embedded-0123456789")
        patch.setenv("WIOTP_AUTH_TOKEN", API_TOKEN)
        with open_liar(tmp_path_factory.mktemp("liar")) as opened:
            yield opened


@pytest.fixture(scope="module")
def calls(liar: Liar) -> list[str]:
    """What a run of the plan asks for."""
    liar.reset()
    assert liar.call("apply", "--yes").code == 0
    return sorted({call_of(asked) for asked in liar.front.asked})


def test_the_plan_asks_for_everything_that_can_be_answered_falsely(calls: list[str]) -> None:
    assert {
        "GET /",
        "GET /device/types",
        "GET /device/types/*/devices/*",
        "POST /device/types",
        "PUT /device/types/*",
        "DELETE /device/types/*",
        "POST /bulk/devices/add",
        "POST /bulk/devices/remove",
        "PUT /device/types/*/devices/*",
        "PUT /device/types/*/devices/*/location",
    } <= set(calls)


def test_every_kind_of_answer_to_every_call_ends_in_words_and_is_healed(
    liar: Liar, calls: list[str]
) -> None:
    pairs = [(call, name) for call in calls for name in _LIES if (call, name) not in _IMPOSSIBLE]
    chance = random.Random(_SEED)  # noqa: S311  # nothing secret hangs on it
    chosen = chance.sample(pairs, min(CASES, len(pairs)))
    wrong = {
        f"{call}: {name}": problems
        for number, (call, name) in enumerate(chosen)
        if (problems := problems_with(liar, call, _LIES[name], acts=number % 2 == 0))
    }
    print(f"{len(chosen)} of {len(pairs)} pairs, {len(wrong)} wrong")  # noqa: T201
    assert not wrong, "\n".join(f"{pair}: {problems}"[:1500] for pair, problems in wrong.items())


def problems_with(liar: Liar, call: str, lie: Lie, *, acts: bool) -> list[str]:
    """Lie to a plan and to an apply, then be honest, and give what is not as it should be."""
    liar.reset()
    liar.lie_about(call, lie, acts=acts)
    told = [liar.call("plan"), liar.call("apply", "--yes")]
    found = [problem for each in told for problem in _problems_of(each)]
    liar.be_honest()
    healed = liar.call("apply", "--yes")
    if healed.code != 0:
        found.append(f"the next apply ends with {healed.code}: {healed.out[-500:]}{healed.err}")
    if liar.call("plan", "--exit-code").code != 0:
        found.append("a plan is not empty after it")
    kept = liar.front.tokens()
    shown = "".join(each.out + each.err for each in (*told, healed))
    found += [f"a token of {name} was shown" for name, token in kept.items() if token in shown]
    return found + _bad_tokens(liar, kept)


def _problems_of(told: Told) -> list[str]:
    found = []
    if told.code not in _CODES:
        found.append(f"it ends with {told.code}: {told.err[-500:]}")
    if told.code and not told.err.strip() and told.code != 6:
        found.append("it fails without a word")
    if told.seconds > _SECONDS:
        found.append(f"it took {told.seconds:.0f} s")
    said = told.out + told.err
    return found + [f"it shows {word!r}: {said[-500:]}" for word in _NEVER_SHOWN if word in said]


def _bad_tokens(liar: Liar, kept: dict[str, str]) -> list[str]:
    there = liar.front.snapshot["devices"]
    wrong = [f"{name} has no token" for name in there.keys() - kept.keys()]
    wrong += [f"{name} is gone, but has a token" for name in kept.keys() - there.keys()]
    for name in kept.keys() & there.keys():
        type_id, device_id = name.split("/")
        if not liar.front.org.state.check_token(type_id, device_id, kept[name]):
            wrong.append(f"the token of {name} is not valid")
    return wrong


@pytest.mark.parametrize("call", ["GET /device/types", "POST /bulk/devices/add"])
@pytest.mark.parametrize("name", ["drips without an end", "headers without an end"])
def test_an_answer_without_an_end_is_given_up(liar: Liar, call: str, name: str) -> None:
    assert problems_with(liar, call, _LIES[name], acts=True) == []


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=8)
    | st.sampled_from(["pump", "p-0", "1e9", "2026-01-01T00:00:00Z", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@st.composite
def spoiled(draw: st.DrawFn) -> Lie:
    """Draw a change of one value, key or row somewhere in a true answer."""
    path = draw(st.lists(st.integers(0, 9), min_size=1, max_size=5))
    value = draw(JSON)
    deed = draw(st.sampled_from(["replace", "remove", "repeat", "rename"]))

    def lie(_asked: object, body: bytes) -> bytes:
        try:
            whole = json.loads(body)
        except ValueError:
            return reply(200, body)
        return reply(200, _spoil(whole, path, deed, value))

    return lie


def _spoil(whole: object, path: list[int], deed: str, value: object) -> object:
    """Do the deed at a place that the path leads to, one step of it at each level."""
    if isinstance(whole, list) and whole:
        at = path[0] % len(whole)
        if len(path) > 1 and whole[at]:
            return [*whole[:at], _spoil(whole[at], path[1:], deed, value), *whole[at + 1 :]]
        new = {"replace": [value], "remove": [], "repeat": [whole[at]] * 2}.get(deed, [[whole[at]]])
        return [*whole[:at], *new, *whole[at + 1 :]]
    if isinstance(whole, dict) and whole:
        name = sorted(whole)[path[0] % len(whole)]
        if len(path) > 1 and whole[name]:
            return {**whole, name: _spoil(whole[name], path[1:], deed, value)}
        rest = {key: each for key, each in whole.items() if key != name}
        more = {"replace": {name: value}, "rename": {f"{name}x": whole[name]}}.get(deed, {})
        return {**rest, **more}
    return value


@settings(
    max_examples=max(1, CASES // 3),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), lie=spoiled(), acts=st.booleans())
def test_an_answer_with_one_thing_wrong_in_it_ends_in_words_and_loses_no_token(
    liar: Liar, calls: list[str], data: st.DataObject, lie: Lie, acts: bool
) -> None:
    call = data.draw(st.sampled_from(calls))
    found = problems_with(liar, call, lie, acts=acts)
    assert found == []
