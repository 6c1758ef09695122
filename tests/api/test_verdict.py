from __future__ import annotations

import pytest

from fleetsync.api.answer import Answer
from fleetsync.api.failure import Failure
from fleetsync.api.line import Ask, Reply
from fleetsync.api.masking import Mask
from fleetsync.api.verdict import judge, may_pass
from fleetsync.errors import ApiError, OutcomeUnknownError, UnreachableError

READ = Ask("GET", ("x",))
WRITE = Ask("POST", ("x",), content=b"[]", secrets=("new-t0ken",))
BROKEN, LASTING = Failure("it broke off"), Failure("no trust", lasting=True)


@pytest.mark.parametrize(
    ("ask", "result", "sent", "again"),
    [
        (READ, Reply(200, b""), True, False),
        (READ, Reply(404, b""), True, False),
        (READ, Reply(429, b""), True, True),
        (READ, Reply(500, b""), True, False),
        (READ, Reply(502, b""), True, True),
        (READ, Reply(503, b""), True, True),
        (READ, Reply(504, b""), True, True),
        (READ, BROKEN, True, True),
        (READ, LASTING, False, False),
        (WRITE, Reply(429, b""), True, True),
        (WRITE, Reply(409, b""), True, False),
        (WRITE, Reply(502, b""), True, False),
        (WRITE, Reply(503, b"", retry_after=1.0), True, False),
        (WRITE, BROKEN, True, False),
        (WRITE, BROKEN, False, True),
        (WRITE, LASTING, False, False),
    ],
)
def test_a_write_goes_again_only_when_the_org_cannot_have_taken_it(
    ask: Ask, result: Reply | Failure, sent: bool, again: bool
) -> None:
    assert may_pass(ask, result, sent=sent) is again


def test_a_good_reply_becomes_an_answer() -> None:
    reply = Reply(201, b'{"a": 1}', retry_after=2.0)
    assert judge(WRITE, reply, sent=True, mask=Mask()) == Answer(201, {"a": 1}, 2.0)


UNKNOWN = "it may have been carried out or not: run again to find out"


@pytest.mark.parametrize(
    ("ask", "result", "sent", "kind", "text"),
    [
        (READ, BROKEN, True, UnreachableError, "GET /x: it broke off"),
        (WRITE, BROKEN, False, UnreachableError, "POST /x: it broke off"),
        (WRITE, BROKEN, True, OutcomeUnknownError, f"POST /x: it broke off; {UNKNOWN}"),
        (
            WRITE,
            Reply(503, b'{"message": "new-t0ken"}'),
            True,
            OutcomeUnknownError,
            "POST /x: the org answered 503: *** (the org or something before it is in trouble; run "
            f"again later); {UNKNOWN}",
        ),
        (
            WRITE,
            Reply(429, b""),
            True,
            ApiError,
            "POST /x: the org answered 429: it says nothing more (the org takes no more calls now; "
            "lower callsPerSecond or run again later)",
        ),
        (
            READ,
            Reply(200, b"<html>"),
            True,
            ApiError,
            "GET /x: the org's answer cannot be read: it looks like a web page; check the org's "
            "url, and that no login page or proxy is in the way",
        ),
        (
            WRITE,
            Reply(200, b"[{"),
            True,
            OutcomeUnknownError,
            "POST /x: the org's answer cannot be read: it is not JSON, or it was cut off; "
            + UNKNOWN,
        ),
    ],
)
def test_each_ending_has_its_error(
    ask: Ask, result: Reply | Failure, sent: bool, kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind) as caught:
        judge(ask, result, sent=sent, mask=Mask())
    assert str(caught.value) == text
    assert type(caught.value) is kind
    assert caught.value.__context__ is None
