"""The lock in the org, over real HTTP: who gets it, how it is kept, how it is lost."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest

from fleetsync.api.transport import Transport
from fleetsync.emulator.state import OrgState
from fleetsync.emulator.switches import Switches
from fleetsync.errors import ApiError, CredentialsError, LockedError, LockLostError
from fleetsync.lock.org import Want, lock_org
from fleetsync.lock.record import Record, create_lock_body
from fleetsync.lock.steps import Terms
from tests.api.hostile import Hangup, reply
from tests.apply.front import Front, after, on, open_front, refusal

LOCK = "fleetsync-lock"
PATH = f"/device/types/{LOCK}"
BRISK = Terms(
    lease=1.2, renew=0.2, last_call=0.3, skew=0.1, first_pause=0.01, longest_pause=0.05, retry=0.05
)
Locked = Callable[..., AbstractContextManager[Transport]]


@pytest.fixture
def front(tmp_path_factory: pytest.TempPathFactory, switches: Switches) -> Iterator[Front]:
    with open_front(tmp_path_factory.mktemp("fleet"), switches) as opened:
        yield opened


@pytest.fixture
def notices() -> list[str]:
    return []


@pytest.fixture
def locked(front: Front, notices: list[str]) -> Iterator[Locked]:
    with ExitStack() as stack:
        transport = stack.enter_context(Transport(front.connection()))

        def lock(
            run: str = "run-1",
            *,
            wait: float = 0,
            own_runs: Collection[str] = (),
            terms: Terms = BRISK,
        ) -> AbstractContextManager[Transport]:
            want = Want("emea", run, wait, notices.append, own_runs)
            return lock_org(transport, want, terms=terms)

        yield lock


def asked(front: Front) -> list[str]:
    return [f"{each.method} {each.path}" for each in front.asked]


def leave_lock(state: OrgState, record: Record, *, age: float = 0, type_id: str = LOCK) -> None:
    """Put a lock into the org that somebody left there so many seconds ago."""
    body = create_lock_body(type_id, record)
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - age))
    with state.turn(writing=True) as turn:
        turn.connection.execute(
            "INSERT INTO device_type (id, class_id, device_info, metadata, created, updated)"
            " VALUES (?, 'Device', '{}', ?, ?, ?)",
            (type_id, json.dumps(body["metadata"]), moment, moment),
        )


def types(front: Front) -> list[str]:
    return list(front.snapshot["deviceTypes"])


def left(nonce: str = "00000000000000aa", **fields: Any) -> Record:
    whole = {"fleet": "emea", "owner": "ci-1, process 7", "run": "run-0", **fields}
    return Record(nonce=nonce, **whole)


def test_taking_it_and_giving_it_back_are_four_calls(front: Front, locked: Locked) -> None:
    with locked(terms=Terms()):
        assert types(front) == [LOCK]
    assert asked(front) == ["POST /device/types", f"GET {PATH}", f"GET {PATH}", f"DELETE {PATH}"]
    assert types(front) == []


def test_a_second_apply_is_told_who_holds_it_in_two_calls(front: Front, locked: Locked) -> None:
    with locked("run-1", terms=Terms()):
        before = len(front.asked)
        with pytest.raises(LockedError) as caught, locked("run-2", terms=Terms()):
            pass
        assert asked(front)[before:] == ["POST /device/types", f"GET {PATH}"]
    words = str(caught.value)
    assert words.startswith("another apply holds the lock in the org (fleet emea, ")
    assert ", run run-1, expires 20" in words
    assert words.endswith(
        "Z); try again when it has ended, or wait for it with --wait SECONDS;"
        " if it was killed: 60 s after that, the next apply takes it over"
    )
    assert types(front) == []


def test_who_waits_gets_it_and_is_told_once_for_whom(
    front: Front, locked: Locked, notices: list[str]
) -> None:
    inside: list[str] = []

    def wait_for_it() -> None:
        with locked("run-2", wait=20):
            inside.append("second")

    with locked("run-1"):
        waiter = threading.Thread(target=wait_for_it)
        waiter.start()
        while not notices:
            time.sleep(0.01)
        time.sleep(0.1)
        inside.append("first")
    waiter.join(20)
    assert inside == ["first", "second"]
    (notice,) = notices
    assert notice.startswith(
        "waiting up to 20 s for another apply to end: the lock in the org is held (fleet emea, "
    )
    assert types(front) == []


def test_many_at_once_come_in_one_after_the_other(front: Front, locked: Locked) -> None:
    inside, most, turns = 0, 0, 0

    def work(number: int) -> None:
        nonlocal inside, most, turns
        with locked(f"run-{number}", wait=60):
            inside += 1
            most = max(most, inside)
            time.sleep(0.01)
            turns += 1
            inside -= 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (most, turns, types(front)) == (1, 8, [])


@pytest.mark.parametrize("claimed", [False, True])
def test_of_many_takers_of_a_lock_that_ran_out_one_comes_in_at_a_time(
    front: Front, locked: Locked, claimed: bool
) -> None:
    out = left(expires=time.time() - 900)
    leave_lock(front.org.state, out, age=1500)
    if claimed:
        dead = left("00000000000000bb", expires=time.time() - 800)
        leave_lock(front.org.state, dead, age=1400, type_id=out.claim)
    test_many_at_once_come_in_one_after_the_other(front, locked)


@pytest.mark.parametrize(
    "switches",
    [Switches(type_metadata_put="merge"), Switches(type_metadata_put="replace")],
    indirect=True,
)
def test_it_is_renewed_as_long_as_it_is_held(front: Front, locked: Locked) -> None:
    with locked() as transport:
        time.sleep(BRISK.lease * 1.5)
        transport.post(("device", "types"), b'{"id": "pump"}')
    assert asked(front).count(f"PUT {PATH}") >= 4
    assert types(front) == ["pump"]


@pytest.mark.parametrize("who", ["nobody", "another"])
def test_who_has_lost_it_writes_nothing_more(front: Front, locked: Locked, who: str) -> None:
    with locked() as transport:
        state = front.org.state
        with state.turn(writing=True) as turn:
            turn.connection.execute("DELETE FROM device_type")
        if who == "another":
            leave_lock(state, left(expires=time.time() + 600))
        words = (
            "somebody deleted it" if who == "nobody" else r"it is another's now \(fleet emea, ci"
        )
        until(lambda: is_lost(transport))
        before = len(front.asked)
        for write in (transport.post, transport.put):
            with pytest.raises(LockLostError, match=f"the lock in the org was lost: {words}"):
                write(("device", "types"), b"{}")
        with pytest.raises(LockLostError):
            transport.delete(("device", "types", "pump"))
        assert len(front.asked) == before
    assert types(front) == ([] if who == "nobody" else [LOCK])
    assert f"DELETE {PATH}" not in asked(front)


def test_who_cannot_renew_it_stops_while_there_is_time(
    front: Front, locked: Locked, notices: list[str]
) -> None:
    began = time.monotonic()
    with locked() as transport:
        front.twists.append(on(f"GET {PATH}", refusal(500)))
        until(lambda: is_lost(transport))
        waited = time.monotonic() - began
        with pytest.raises(LockLostError, match="it could not be renewed in time; nothing more"):
            transport.delete(("device", "types", "pump"))
    assert BRISK.lease - BRISK.last_call - 0.1 < waited < BRISK.lease + 1
    assert notices
    assert notices[0].startswith("Warning: the lock in the org could not be renewed yet: GET /devi")
    assert types(front) == [LOCK]


def test_a_renewal_that_fails_for_a_moment_does_no_harm(front: Front, locked: Locked) -> None:
    with locked() as transport:
        front.twists.append(after(f"PUT {PATH}", Hangup(), times=2))
        front.twists.append(on(f"GET {PATH}", refusal(500), times=2))
        time.sleep(BRISK.lease * 1.2)
        transport.post(("device", "types"), b'{"id": "pump"}')
    assert "pump" in types(front)


def is_lost(transport: Transport) -> bool:
    try:
        guard = transport._guard
        assert guard is not None
        guard()
    except LockLostError:
        return True
    return False


def until(happens: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 20
    while not happens():
        assert time.monotonic() < ends_at
        time.sleep(0.01)


def test_one_that_ran_out_is_taken_over_and_cleared_away_in_eleven_calls(
    front: Front, locked: Locked
) -> None:
    out = left(expires=time.time() - 61)
    leave_lock(front.org.state, out, age=661)
    claim = f"/device/types/{out.claim}"
    with locked(terms=Terms()):
        assert types(front) == [LOCK]
    assert asked(front) == [
        "POST /device/types",
        f"GET {PATH}",
        "POST /device/types",
        f"GET {claim}",
        f"GET {PATH}",
        f"PUT {PATH}",
        f"GET {PATH}",
        f"DELETE {claim}",
        f"GET {PATH}",
        f"DELETE {claim}",  # once more: the first may have failed
        f"DELETE {PATH}",
    ]
    assert types(front) == []


def test_one_that_ran_out_just_now_is_not(front: Front, locked: Locked) -> None:
    leave_lock(front.org.state, left(expires=time.time() - 50), age=650)
    with pytest.raises(LockedError, match="run run-0"), locked(terms=Terms()):
        pass
    assert types(front) == [LOCK]


def test_one_that_ran_out_by_a_wrong_clock_is_not(front: Front, locked: Locked) -> None:
    leave_lock(front.org.state, left(expires=time.time() - 3000), age=100)
    words = "by the org's own clock it was renewed lately, so the clock of this machine or of the"
    with pytest.raises(LockedError, match=words), locked(terms=Terms()):
        pass
    assert types(front) == [LOCK]


def test_one_of_a_dead_run_of_the_same_folder_is_taken_over_at_once(
    front: Front, locked: Locked
) -> None:
    leave_lock(front.org.state, left(expires=time.time() + 500))
    with locked(own_runs=["run-0"], terms=Terms()):
        pass
    assert types(front) == []


@pytest.mark.parametrize("switches", [Switches(max_types=0)], indirect=True)
def test_no_room_for_a_type_is_told_with_what_is_needed(front: Front, locked: Locked) -> None:
    with pytest.raises(ApiError) as caught, locked():
        pass
    assert str(caught.value) == (
        "the lock in the org cannot be taken: POST /device/types: the org answered 403: EMU0403E: "
        "The maximum number of device types is reached. (check the API key's role and the org's"
        " quota); lock: org needs an API key that may create, change and delete device types, and"
        " room for one more type; lock: folder in fleet.yaml does without"
    )


def test_a_role_that_may_not_is_told_so(front: Front, locked: Locked) -> None:
    front.twists.append(on("POST /device/types", reply(403, b"")))
    with pytest.raises(CredentialsError, match="needs an API key that may create, cha"), locked():
        pass


def test_a_lock_that_is_hidden_is_told_so(front: Front, locked: Locked) -> None:
    leave_lock(front.org.state, left(expires=time.time() + 500))
    front.twists.append(on(f"GET {PATH}", refusal(404)))
    with pytest.raises(
        LockedError, match=r"has a device type fleetsync-lock \(409\), but does not"
    ):
        locked().__enter__()
    assert len(front.asked) < 15


ODD = [Hangup(), reply(201, b"{cut"), reply(500, b""), reply(201, b"[]"), refusal(409)]


@pytest.mark.parametrize("odd", ODD)
def test_an_answer_that_tells_nothing_is_looked_into(
    front: Front, locked: Locked, notices: list[str], odd: bytes | Hangup
) -> None:
    front.twists.append(after("POST /device/types", odd, times=1))
    front.twists.append(after(f"DELETE {PATH}", odd, times=1))
    with locked(terms=Terms()) as transport:
        transport.post(("device", "types"), b'{"id": "pump"}')
    assert (types(front), notices) == (["pump"], [])


@pytest.mark.parametrize("odd", [Hangup(), reply(500, b"")])
def test_a_create_that_did_not_arrive_is_sent_again(
    front: Front, locked: Locked, odd: bytes | Hangup
) -> None:
    front.twists.append(on("POST /device/types", odd, times=2))
    with locked(terms=Terms()):
        assert types(front) == [LOCK]
    assert types(front) == []


def test_a_lock_that_cannot_be_given_back_is_told_and_no_reason_to_fail(
    front: Front, locked: Locked, notices: list[str]
) -> None:
    front.twists.append(on(f"DELETE {PATH}", refusal(403)))
    with locked(terms=Terms()):
        pass
    (notice,) = notices
    assert notice.startswith("Warning: the lock in the org is not given back, it ends at ")
    assert "Z: DELETE /device/types/fleetsync-lock: the org answered 403" in notice


def test_a_renewal_that_may_be_on_its_way_keeps_the_lock_from_being_given_back(
    front: Front, locked: Locked, notices: list[str]
) -> None:
    slow = BRISK._replace(lease=60.0, last_call=30.0)
    with locked(terms=slow._replace(renew=0.01)):
        front.twists.append(on(f"PUT {PATH}", Hangup()))
        until(lambda: f"PUT {PATH}" in asked(front))
    assert notices[-1].endswith("Z: a request to renew it may still be on its way")
    assert types(front) == [LOCK]


def test_whatever_breaks_off_the_taking_leaves_no_lock_of_ours_behind(
    front: Front, locked: Locked
) -> None:
    front.twists.append(on(f"GET {PATH}", refusal(400), times=1))
    with pytest.raises(ApiError, match=r"cannot be taken: GET .* the org answered 400"), locked():
        pass
    assert types(front) == []


def test_an_error_of_the_block_gives_it_back(front: Front, locked: Locked) -> None:
    with pytest.raises(KeyboardInterrupt), locked():
        raise KeyboardInterrupt
    assert types(front) == []
