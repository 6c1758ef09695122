"""Judge what came back: a good answer, or the error that says what is known and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.api.answer import Answer, GarbledError, parse_body, platform_words
from fleetsync.api.failure import Failure
from fleetsync.api.refusal import Refusal, refusal_error
from fleetsync.errors import ApiError, FleetsyncError, OutcomeUnknownError, UnreachableError

if TYPE_CHECKING:
    from fleetsync.api.line import Ask, Reply
    from fleetsync.api.masking import Mask

UNKNOWN = "it may have been carried out or not: run again to find out"


def may_pass(ask: Ask, result: Reply | Failure, *, sent: bool) -> bool:
    """Tell whether the trouble may pass, and sending the request again can do no harm.

    A write may go again only when the org has surely not taken it: 429, or nothing had left.
    """
    if isinstance(result, Failure):
        return not result.lasting and (ask.reads or not sent)
    return result.status == 429 or (ask.reads and result.status in {502, 503, 504})


def may_be_a_mistake(ask: Ask, result: Reply | Failure, *, known: bool) -> bool:
    """Tell whether an org may answer so once, by mistake; ``known``: it took the key before.

    The request may go again then: it changes nothing, or it was refused before anybody read it.
    """
    if isinstance(result, Failure):
        return False
    if result.status in {401, 403}:
        return known and (result.status == 401 or not _says_anything(result))
    return ask.reads and result.status in {409, 500}


def _says_anything(reply: Reply) -> bool:
    try:
        return bool(platform_words(parse_body(reply.content)))
    except GarbledError:
        return False


def judge(ask: Ask, result: Reply | Failure, *, sent: bool, mask: Mask) -> Answer:
    """Give the answer, or raise the error that fits; ``sent`` says whether anything had left."""
    if isinstance(result, Failure):
        raise _failure_error(ask, result, sent=sent, mask=mask.adding(ask.secrets))
    if not result.good:
        raise _status_error(ask, result, mask.adding(ask.secrets))
    try:
        return Answer(result.status, parse_body(result.content), result.retry_after)
    except GarbledError as error:
        reason = str(error)
    raise _garbled_error(ask, result.status, reason=reason, mask=mask)


def _failure_error(ask: Ask, failure: Failure, *, sent: bool, mask: Mask) -> FleetsyncError:
    text = f"{mask.show(ask.what)}: {mask.hide(failure.message)}"
    if ask.reads or not sent:
        return UnreachableError(text)
    return OutcomeUnknownError(f"{text}; {UNKNOWN}")


def _status_error(ask: Ask, reply: Reply, mask: Mask) -> FleetsyncError:
    error = refusal_error(Refusal(ask.what, reply.status, reply.content, reply.redirect), mask)
    if ask.reads or reply.status < 500:
        return error
    return OutcomeUnknownError(
        f"{error}; {UNKNOWN}", http_code=reply.status, response=error.response
    )


def _garbled_error(ask: Ask, status: int, *, reason: str, mask: Mask) -> FleetsyncError:
    text = f"{mask.show(ask.what)}: the org's answer cannot be read: {reason}"
    if ask.reads:
        advice = "check the org's url, and that no login page or proxy is in the way"
        return ApiError(f"{text}; {advice}", status=status)
    return OutcomeUnknownError(f"{text}; {UNKNOWN}", http_code=status)
