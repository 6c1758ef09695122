from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.diff.change import Action, Field
from fleetsync.model import JSON, Kind, Source
from fleetsync.plan import Refusal, RefusalCode
from fleetsync.plan.plan import STAGES
from fleetsync.plan.view import ReadChange, field_text, view_of
from fleetsync.report.markdown.plan import plan_markdown
from tests.golden import agreed
from tests.report import sample
from tests.report.markdown_plans import HOSTILE, VIEWS, update, view_with
from tests.report.markdown_reading import digest_of, read_changes

GOLDEN = Path(__file__).parent.parent / "cases" / "markdown"
WHOLE = "fleetsync show plan.json -v"
LARGE = 10_000_000
LIMIT = 65_000


@pytest.mark.parametrize("name", VIEWS)
def test_a_plan_reads_as_it_was_agreed(name: str) -> None:
    text = plan_markdown(VIEWS[name](), whole=WHOLE, max_bytes=LIMIT)
    assert text == agreed(GOLDEN / f"{name}.md", text)


@pytest.mark.parametrize("plan", sample.PLANS)
def test_what_is_not_folded_is_the_whole_plan(plan: str) -> None:
    view = view_of(sample.PLANS[plan]())
    text = plan_markdown(view, whole=WHOLE, max_bytes=LIMIT)
    assert "Folded" not in text
    assert digest_of(read_changes(text)) == view.digest


def test_ten_thousand_devices_that_change_alike_are_few_lines_and_exact() -> None:
    view = VIEWS["rename"]()
    text = plan_markdown(view, whole=WHOLE, max_bytes=LIMIT)
    assert len(text.splitlines()) < 80
    assert digest_of(read_changes(text)) == view.digest


IDS = st.one_of(
    st.integers(0, 40).map(lambda n: f"p-{n:02}"),
    st.text("ab01-_.", min_size=1, max_size=5),
    st.text(max_size=8),
)
TEXTS = st.one_of(st.sampled_from(["a", "b"]), st.text(max_size=30))
VALUES: st.SearchStrategy[JSON] = st.one_of(
    st.sampled_from([1, 1.0, True, "1", -0.0, 0.0, [], {}]),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=4,
    ),
)
PATHS = st.one_of(
    st.sampled_from(["metadata.a", "metadata.b", "deviceInfo.model"]),
    st.just('metadata["a: \\"b\\" -> 1"].c'),
)


@st.composite
def changes(draw: st.DrawFn) -> ReadChange:
    kind, action = draw(st.sampled_from(STAGES))
    paths = draw(st.lists(PATHS, unique=True, max_size=3))
    fields = tuple(sided(Field(path, draw(VALUES), draw(VALUES)), action) for path in paths)
    of_device = kind is Kind.DEVICE
    type_id = draw(st.sampled_from(["pump", "hub", "<a> & b"]) if of_device else IDS)
    device_id = draw(IDS) if of_device else None
    source = draw(st.none() | st.builds(Source, TEXTS, st.integers(1, 9)))
    return ReadChange(
        action, kind, type_id, device_id, draw(TEXTS), source, list(map(field_text, fields))
    )


def sided(field: Field, action: Action) -> Field:
    """Give a created field no value before, a deleted one none after."""
    value = 1 if field.after is None else field.after
    if action is Action.CREATE:
        return Field(field.path, None, value)
    return Field(field.path, value, None) if action is Action.DELETE else field


PLANS = st.lists(changes(), max_size=12, unique_by=lambda each: (each.type_id, each.device_id))


@given(PLANS)
def test_whatever_is_planned_can_be_read_back(planned: list[ReadChange]) -> None:
    view = view_with(planned)
    text = plan_markdown(view, whole=WHOLE, max_bytes=LARGE)
    assert digest_of(read_changes(text)) == view.digest


SIZES = (4_000, 8_000, 20_000, LIMIT)


def mass(action: Action, count: int, *, alike: bool) -> list[ReadChange]:
    """Give changes of 40 types, with ids and values that no range and no cluster can fold."""
    made = []
    for number in range(count):
        name = f"{number * 2654435761 % 2**32:08x}{number:04x}"
        value: JSON = "same" if alike else f"{name}\u00fc{'x' * (number % 300)}"
        field = sided(Field("metadata.note", value, f"{value}!"), action)
        change = update(name, (field,), type_id=f"type-{number % 40:02}", line=number + 1)
        made.append(change._replace(action=action))
    return made


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("alike", [True, False])
def test_a_document_is_never_longer_than_asked_for(action: Action, alike: bool, size: int) -> None:
    refusals = tuple(
        Refusal(RefusalCode.WHOLE_TYPE, f"every device of type-{n} \u00fc{'y' * n}")
        for n in range(300)
    )
    warnings = tuple(f"\u20ac{'z' * n}" for n in range(300))
    view = view_with(mass(action, 2_000, alike=alike), refusals=refusals, warnings=warnings)
    text = plan_markdown(view, whole=f"fleetsync {'-v' * 300}", max_bytes=size)
    assert size // 3 < len(text.encode("utf-8")) <= size
    assert f"### {action.value.capitalize()} 2,000 devices" in text
    assert f"| all devices | {'**2,000** | 0 | 0' if action is Action.DELETE else '0 |'}" in text
    assert f"> Folded to fit into {size:,} bytes: " in text
    told = len(re.findall(r"^> - `every device of type", text, re.M))
    rest = re.search(
        r"> - (\d+) refusals whose words have no room here: (\d+) by `wholeType`", text
    )
    assert rest is not None
    assert told + int(rest[1]) == 300


def test_the_smallest_document_holds_the_worst_plan() -> None:
    long = "\u20ac" * 500
    planned = [
        ReadChange(
            action,
            kind,
            f"{long}{number}",
            f"{long}{number}" if kind is Kind.DEVICE else None,
            long,
            Source(long, 1),
            [field_text(Field(long, long, f"{long}{number}"))],
        )
        for kind, action in STAGES
        for number in range(40)
    ]
    view = view_with(
        planned,
        refusals=tuple(Refusal(code, long) for code in RefusalCode),
        warnings=(long,) * 9,
    )._replace(fleet=long, org=long, created_at=long, undoes=long)
    text = plan_markdown(view, whole=long, max_bytes=4_000)
    assert len(text.encode("utf-8")) <= 4_000
    for kind, action in STAGES:
        noun = "device types" if kind is Kind.DEVICE_TYPE else "devices"
        assert f"### {action.value.capitalize()} 40 {noun}\n" in text


def test_ids_that_have_no_room_are_a_number_and_a_digest_that_anybody_can_make() -> None:
    view = view_with(mass(Action.DELETE, 20_000, alike=True))
    text = plan_markdown(view, whole=WHOLE, max_bytes=LIMIT)
    ids = sorted(c.device_id or "" for c in view.walk(STAGES[4]) if c.type_id == "type-07")
    digest = sha256("".join(f"{each}\n" for each in ids).encode()).hexdigest()[:16]
    assert re.search(rf"^- 500 devices: .+, .+, .+, \.\.\. \(SHA-256 {digest}\)$", text, re.M)
    assert "ids of 20,000 changes. All of it shows `fleetsync show plan.json -v`." in text


def test_samples_are_given_up_before_ids_and_deletes_last() -> None:
    created = mass(Action.CREATE, 1_000, alike=False)
    deleted = [
        update(f"gone-{n:03}", (Field("metadata.n", n, None),))._replace(action=Action.DELETE)
        for n in range(300)
    ]
    text = plan_markdown(view_with([*created, *deleted]), whole=WHOLE, max_bytes=LIMIT)
    before, after = text.split("### Create")
    assert all(f"- gone-{n:03}\n    metadata.n: {n}\n" in before for n in range(300))
    assert all(f"{change.device_id}" in after for change in created)
    assert "values of" in text
    assert "ids of" not in text


@pytest.mark.parametrize("size", [LIMIT, LARGE])
def test_outside_of_code_there_is_no_word_of_others(size: int) -> None:
    text = plan_markdown(VIEWS["hostile"](), whole=HOSTILE, max_bytes=size)
    rest = without_code(text)
    assert re.fullmatch(r"[A-Za-z0-9 .,:;|>*#!%=\[\]()<>/\n&-]*", rest), rest
    assert not re.search(r"@|someone|GH-1|img|http|title\n|close|\*\*b", rest)
    tags = set(re.findall(r"<[^>]*>", rest.partition("-->")[2]))
    assert tags == {"<details open>", "<summary>", "</summary>", "</details>"}


def without_code(text: str) -> str:
    """Take out the blocks of code, the code spans, code in HTML, and the hidden line's values."""
    text = re.sub(r"^(`{3,})diff\n.*?\n\1\n", "", text, flags=re.M | re.S)
    text = re.sub(r"<code>[^<>]*</code>", "", text)
    text = re.sub(r"(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)", "", text)
    return re.sub(r"(fleet|digest)=[A-Za-z0-9%.:_-]*", "", text)


def test_no_line_of_a_block_begins_with_a_word_of_others() -> None:
    text = plan_markdown(VIEWS["hostile"](), whole=WHOLE, max_bytes=LIMIT)
    for block in re.findall(r"^(`{3,})diff\n(.*?)\n\1\n", text, re.M | re.S):
        assert all(re.match(r"[-+~#] |    ", line) for line in block[1].split("\n"))


def test_no_character_hides_or_moves_anything() -> None:
    text = plan_markdown(VIEWS["hostile"](), whole=WHOLE, max_bytes=LIMIT)
    assert all(line.isprintable() for line in text.split("\n"))
