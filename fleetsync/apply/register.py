"""Send one bulk request that registers devices, and find out what became of each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fleetsync.api.items import ItemResult
from fleetsync.apply.attempt import is_over, note_error
from fleetsync.apply.finish import finish_device
from fleetsync.apply.hands import Hands
from fleetsync.apply.item import Item
from fleetsync.apply.look import see
from fleetsync.apply.outcome import Outcome, failed
from fleetsync.apply.refused import explain, judge_existing, refuse
from fleetsync.errors import (
    ApiError,
    FleetsyncError,
    JournalError,
    OutcomeUnknownError,
    SecretsError,
)
from fleetsync.journal.entry import Sight
from fleetsync.model import DeviceKey

Answers = dict[DeviceKey, ItemResult]

_TORN = "the org's answer does not tell what became of it"


def register(batch: Sequence[Item], hands: Hands, *, last: bool = False) -> Iterator[Outcome]:
    """Register devices; ``last`` says that they were asked for before, and nobody knew the end.

    A device of ours whose token nobody saw goes to ``hands.lost`` and gets no outcome yet.
    """
    entries = [item.entry for item in batch if item.entry is not None]
    try:
        results = hands.writer.add_devices(
            [item.body for item in batch],
            ready=lambda: hands.tokens.promise(entries),
            known=[item.key for item in batch if not item.fresh and item.entry is not None],
        )
    except (SecretsError, JournalError):
        raise  # nothing was sent
    except OutcomeUnknownError as error:
        yield from _find_out(batch, str(error), hands, last=last)
    except ApiError as error:
        yield from _refused(batch, error, hands, last=last)
    except FleetsyncError as error:
        note_error(error, hands)
        yield from (failed(item.change, f"{error}; {item.advice}") for item in batch)
    else:
        yield from _answered(batch, {result.key: result for result in results}, hands, last=last)


def _answered(
    batch: Sequence[Item], answers: Answers, hands: Hands, *, last: bool
) -> Iterator[Outcome]:
    unwritten = _keep_tokens(batch, answers, hands)
    told = [item for item in batch if _answer(item, answers) is not None]
    if last:  # then another request of the journal has them, too, and its end is known by now
        hands.journal.see(Sight.OURS, [item.key for item in told if answers[item.key].success])
    for item in told:
        outcome = _judge(item, answers[item.key], unwritten, hands)
        if outcome is not None:
            yield outcome
    untold = [item for item in batch if _answer(item, answers) is None]
    if untold:
        yield from _find_out(untold, _TORN, hands, last=last)


def _answer(item: Item, answers: Answers) -> ItemResult | None:
    answer = answers.get(item.key)
    return None if answer is None or answer.success is None else answer


def _refused(
    batch: Sequence[Item], error: ApiError, hands: Hands, *, last: bool
) -> Iterator[Outcome]:
    """Halve a request that was refused as a whole, until the guilty item stands alone."""
    if error.status not in (400, 413) or len(batch) == 1:
        yield from (refuse(item, str(error), hands) for item in batch)
        return
    middle = len(batch) // 2
    for half in (batch[:middle], batch[middle:]):
        if is_over(hands):
            yield from (refuse(item, str(error), hands) for item in half)
        else:
            yield from register(half, hands, last=last)


def _find_out(batch: Sequence[Item], reason: str, hands: Hands, *, last: bool) -> Iterator[Outcome]:
    """Read back what nobody knows the end of, and ask once more for what is not there.

    That harms nothing, even if the first request arrives after all: of two, the org refuses one,
    and both carry the same mark and token. A list may lag (platform page 12, Q16), so what it does
    not show proves nothing either: what is there then answers 'exists', and is looked at alone.
    """
    there = see([item.key for item in batch], hands)
    absent = []
    for item in batch:
        found = None if there is None else there.get(item.key)
        if found is None:
            absent.append(item)
        elif (outcome := judge_existing(item, found, hands)) is not None:
            yield outcome
    if last or there is None or is_over(hands):
        yield from (failed(item.change, f"{reason}; {item.advice}") for item in absent)
    elif absent:
        yield from register(absent, hands, last=True)


def _keep_tokens(batch: Sequence[Item], answers: Answers, hands: Hands) -> SecretsError | None:
    """Write down the tokens that the platform made; give the error if that failed."""
    new = [
        (item, answer.token)
        for item in batch
        if (answer := answers.get(item.key)) and answer.token and _is_its_own(item, answer)
    ]
    try:
        hands.tokens.promise([item.with_token(token, hands) for item, token in new])
    except SecretsError as error:
        note_error(error, hands)
        hands.journal.see(Sight.TOKENLESS, [item.key for item, _ in new if item.entry is None])
        return error
    return None


def _is_its_own(item: Item, answer: ItemResult) -> bool:
    """Tell whether the answer holds a token that is not known yet, rather than ours or stars."""
    if item.entry is None:
        return answer.success is not False
    token = answer.token
    return (
        answer.success is True
        and token is not None
        and token != item.entry.token
        and len(set(token.reveal())) > 1
    )


def _judge(
    item: Item, answer: ItemResult, unwritten: SecretsError | None, hands: Hands
) -> Outcome | None:
    """Decide on one item: a 202 says nothing about any of them (platform page 11.11)."""
    if not answer.success:
        return explain(item, answer, hands)
    if item.entry is None and answer.token is None:
        hands.lost.append(item.change)
        return None
    if unwritten is not None and _is_its_own(item, answer):
        words = "registered, but its token could not be written down and is lost; run again, and"
        return failed(item.change, f"{words} it is registered anew ({unwritten})")
    return finish_device(item.change, hands)
