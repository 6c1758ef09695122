"""Send requests and wait out what passes; reading and writing are two classes."""

from __future__ import annotations

import copy
import time
from dataclasses import replace
from random import SystemRandom
from typing import TYPE_CHECKING, Self

from fleetsync.api.failure import Failure
from fleetsync.api.line import Ask, Line, Reply
from fleetsync.api.masking import mask_of
from fleetsync.api.pause import Pause
from fleetsync.api.verdict import judge, may_be_a_mistake, may_pass
from fleetsync.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fleetsync.api.answer import Answer
    from fleetsync.api.connection import Connection

_RANDOM = SystemRandom()

_SECOND_LOOKS = 2
"""How often a request goes again after an answer that may be a mistake."""


def ignore_notice(message: str) -> None:
    """Say nothing; stands for the hook that tells the user what is being waited for."""


class Reader:
    """Asks the org and cannot change anything in it: this class has no writing method.

    Safe to use from many threads at once. ``notify`` hears of each retry, in words fit to be shown.
    ``made_sense`` tells whether the org has given a good answer yet, and so taken the credentials.
    """

    def __init__(
        self, connection: Connection, *, notify: Callable[[str], None] = ignore_notice
    ) -> None:
        self.connection = connection
        self.notify = notify
        self.mask = mask_of(connection.credentials)
        self.made_sense = False
        self._line = Line(connection)

    @property
    def requests(self) -> int:
        """How many requests have been sent, each retry counted."""
        return self._line.gate.count

    @property
    def quickest(self) -> float:
        """How many seconds the quickest answer took: what the way to the org costs at least."""
        return self._line.quickest

    def get(self, segments: tuple[str, ...], params: Mapping[str, str] | None = None) -> Answer:
        """Read one resource, named by its path segments below the API's root.

        Raises ApiError, CredentialsError or UnreachableError, once the retry budget is spent.
        """
        return self._ask(Ask("GET", segments, params))

    def hasty(self, budget: float) -> Self:
        """Give a reader on the same line that goes on trying for so many seconds at most."""
        twin = copy.copy(self)
        retry = self.connection.retry
        retry = retry._replace(budget=min(retry.budget, budget))
        twin.connection = replace(self.connection, retry=retry)
        return twin

    def heard_by(self, notify: Callable[[str], None]) -> Self:
        """Give a reader on the same line that tells another of its retries.

        What ``notify`` raises ends the request.
        """
        twin = copy.copy(self)
        twin.notify = notify
        return twin

    def close(self) -> None:
        """Close all connections."""
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, ask: Ask) -> Answer:
        patience = _Patience(self, self._line)
        while True:
            result = self._line.carry(ask)
            sent = self._line.gate.left
            if may_pass(ask, result, sent=sent) and patience.waits_out(result):
                continue
            known = self.made_sense
            if may_be_a_mistake(ask, result, known=known) and patience.looks_again(result):
                continue
            try:
                answer = judge(ask, result, sent=sent, mask=self.mask)
            except ApiError as error:
                garbled = ask.reads and 200 <= error.status < 300
                if not (garbled and patience.looks_again(result)):
                    raise
            else:
                self.made_sense = True
                return answer


class Transport(Reader):
    """Asks the org and changes it.

    When a write may have been carried out or not, it raises OutcomeUnknownError: read to know.
    """

    _guard: Callable[[], None] | None = None

    def guarded(self, guard: Callable[[], None]) -> Transport:
        """Give a transport on the same line that calls ``guard`` before each write.

        What ``guard`` raises comes out, and nothing is sent.
        """
        twin = copy.copy(self)
        twin._guard = guard  # noqa: SLF001 - of our own class
        return twin

    def post(
        self, segments: tuple[str, ...], content: bytes, *, secrets: Iterable[str] = ()
    ) -> Answer:
        """Send a new thing as JSON; ``secrets`` (looked at only on failure) stay out of errors."""
        return self._write(Ask("POST", segments, content=content, secrets=secrets))

    def put(self, segments: tuple[str, ...], content: bytes) -> Answer:
        """Send a changed thing as JSON."""
        return self._write(Ask("PUT", segments, content=content))

    def delete(self, segments: tuple[str, ...]) -> Answer:
        """Delete a thing."""
        return self._write(Ask("DELETE", segments))

    def _write(self, ask: Ask) -> Answer:
        if self._guard is not None:
            self._guard()
        return self._ask(ask)


class _Patience:
    """Waits between the attempts of one request, for as long as the policy allows."""

    def __init__(self, reader: Reader, line: Line) -> None:
        self._policy = reader.connection.retry
        self._reader = reader
        self._line = line
        self._attempt = 0
        self._looks = _SECOND_LOOKS
        self._ends_at = 0.0

    def looks_again(self, result: Reply | Failure) -> bool:
        """Wait a little, then give True; or False, for what comes again and again is no mistake."""
        self._looks -= 1
        return self._looks >= 0 and self.waits_out(result)

    def waits_out(self, result: Reply | Failure) -> bool:
        """Wait, then give True; or give False at once, because the budget would not last."""
        now = time.monotonic()
        if self._attempt == 0:
            self._ends_at = now + self._budget()
        asked = result.retry_after if isinstance(result, Reply) else None
        delay = self._policy.delay(self._attempt, asked=asked, jitter=_RANDOM.random())
        if now + delay > self._ends_at:
            return False
        self._attempt += 1
        words = f"{_name_trouble(result)}; trying again in {delay:.1f} s"
        status = result.status if isinstance(result, Reply) else None
        self._reader.notify(Pause(words, seconds=round(delay, 3), status=status))
        self._pass_time(delay, result)
        return True

    def _budget(self) -> float:
        policy = self._policy
        return policy.budget if self._line.heard else min(policy.budget, policy.first_contact)

    def _pass_time(self, delay: float, result: Reply | Failure) -> None:
        if isinstance(result, Reply):
            self._line.gate.limiter.pause(delay)  # the org is busy: let nobody else ask either
        else:
            time.sleep(delay)


def _name_trouble(result: Reply | Failure) -> str:
    if isinstance(result, Failure):
        return result.message
    if result.good:
        return "the org's answer cannot be read"
    if result.status in {401, 403}:
        return f"the org refuses the API key that it took before ({result.status})"
    if result.status in {409, 500}:
        return f"the org is in trouble ({result.status})"
    return f"the org is busy ({result.status})"
