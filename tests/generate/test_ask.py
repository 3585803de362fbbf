"""The asker: order of money, ledger and sending; retries and waits; what ends a run."""

from __future__ import annotations

import asyncio

import pytest
from scripted_teacher import Clock, Said, Scripted, answered, ask, asker, request

from ittools.errors import Stopped, StoreError, TeacherError
from ittools.generate.ask import LONE_FAILURES, gather
from ittools.generate.prices import Price
from ittools.generate.teacher import Request, RequestFailed, Response, TryAgain


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def failing(times: int, **why: object) -> Scripted:
    def script(request: Request, attempt: int) -> Said:
        return TryAgain("busy", **why) if attempt < times else answered(request)  # type: ignore[arg-type]

    return Scripted(script)


def test_intent_is_kept_before_sending_and_response_before_use() -> None:
    seen: list[tuple[int, int]] = []
    teacher = Scripted()
    asking = asker(teacher)
    teacher.before = lambda r: seen.append((asking.ledger.possibly_billed()[0], asking.ledger.get(r) is None))
    assert ask(asking, request()) == [answered(request())]
    assert seen == [(1, True)]
    assert asking.ledger.get(request()) == answered(request())
    assert asking.ledger.possibly_billed() == (0, 0.0)


def test_money_is_reserved_before_the_intent() -> None:
    teacher = Scripted()
    asking = asker(teacher, price=Price(0, 1e6), limit=10)
    with pytest.raises(Stopped):
        ask(asking, request(max_tokens=11))
    assert teacher.sent == []
    assert asking.ledger.possibly_billed() == (0, 0.0)


def test_known_answer_is_free() -> None:
    first = asker(Scripted(), price=Price(0, 1e6), limit=100)
    ask(first, request(max_tokens=64))
    again = asker(Scripted(), first.ledger, price=Price(0, 1e6), limit=3)
    assert ask(again, request(max_tokens=64)) == [answered(request())]
    assert (again.asked["reused"], again.asked["bought"]) == (1, 0)


def test_answers_come_in_the_order_of_requests_not_of_arrival() -> None:
    teacher = failing(1)
    teacher.script = lambda r, n: answered(r) if r.index % 2 or n else TryAgain("later", wait=0.0)
    assert ask(asker(teacher), *map(request, range(20))) == [answered(request(n)) for n in range(20)]


@pytest.mark.parametrize("wait", [0.0, 0.25, 7.0, 299.0])
def test_wait_asked_for_is_kept_to(clock: Clock, wait: float) -> None:
    ask(asker(failing(2, wait=wait)), request())
    assert clock.waits == [wait, wait] if wait else clock.waits == []


def test_wait_of_a_rate_limit_holds_everybody_back(clock: Clock) -> None:
    """One 429 with `Retry-After: 30` pauses the others too: none is sent before."""
    times: list[float] = []
    teacher = Scripted(concurrency=2)
    teacher.script = lambda r, n: (
        TryAgain("slow", wait=30.0, everyone=True) if r.index == 0 and not n else answered(r)
    )
    teacher.before = lambda _: times.append(clock.now)
    ask(asker(teacher), *map(request, range(5)))
    assert times[:3] == [1_000.0, 1_000.0, 1_030.0]  # two were in flight when it came
    assert len(times) == 6
    assert min(times[2:]) == 1_030.0


def test_wait_of_one_request_holds_nobody_else_back(clock: Clock) -> None:
    times: list[float] = []
    teacher = Scripted(concurrency=2)
    teacher.script = lambda r, n: TryAgain("hiccup", wait=30.0) if r.index == 0 and not n else answered(r)
    teacher.before = lambda _: times.append(clock.now)
    ask(asker(teacher), *map(request, range(5)))
    assert times == [1_000.0] * 5 + [1_030.0]


def test_waits_double_with_jitter_where_none_is_asked_for(clock: Clock) -> None:
    ask(asker(failing(5), backoff=2.0), request())
    assert len(clock.waits) == 5
    for attempt, wait in enumerate(clock.waits):
        assert 2.0 * 2**attempt * 0.5 <= wait <= 2.0 * 2**attempt


def test_attempts_end_after_the_retries(clock: Clock) -> None:
    teacher = failing(99)
    teacher.script = lambda r, _: answered(r) if r.index else TryAgain("busy")
    said = ask(asker(teacher, retries=3), *map(request, range(3)))
    assert (said[0].failed, said[0].text) == (True, "busy (after 4 attempts)")
    assert teacher.attempts[request(0).key] == 4
    assert said[1:] == [answered(request(1)), answered(request(2))]


def test_wait_too_long_to_sit_out_stops_at_once(clock: Clock) -> None:
    teacher = failing(99, wait=301.0)
    with pytest.raises(TeacherError, match=r"asks to wait 301 s\. Every answer is kept"):
        ask(asker(teacher), request())
    assert (len(teacher.sent), clock.waits) == (1, [])


def test_address_that_never_answered_is_given_up_after_two_attempts(clock: Clock) -> None:
    teacher = failing(99, unreachable=True)
    asking = asker(teacher)
    with pytest.raises(TeacherError, match=r"^busy$"):
        ask(asking, *map(request, range(8)))
    assert max(teacher.attempts.values()) == 2
    assert asking.ledger.possibly_billed() == (0, 0.0)


def test_address_that_has_answered_before_gets_all_attempts(clock: Clock) -> None:
    teacher = Scripted(concurrency=1)
    teacher.script = lambda r, n: TryAgain("gone", unreachable=True) if r.index and n < 5 else answered(r)
    assert ask(asker(teacher), *map(request, range(2))) == [answered(request(0)), answered(request(1))]


def test_attempts_that_may_have_been_billed_stay_in_the_account(clock: Clock) -> None:
    asking = asker(failing(3, maybe_billed=True), price=Price(0, 1e6))
    ask(asking, request(max_tokens=10))
    assert asking.ledger.possibly_billed() == (3, 30.0)
    assert asking.ledger.spent() == 3.0
    assert asking.budget.spent == 33.0


def test_failed_request_counts_every_attempt_that_may_have_been_billed(clock: Clock) -> None:
    teacher = failing(99, maybe_billed=True)
    teacher.script = lambda r, _: answered(r) if r.index else TryAgain("cut", maybe_billed=True)
    asking = asker(teacher, price=Price(0, 1e6), retries=2)
    said = ask(asking, request(0, max_tokens=10), request(1, max_tokens=10))
    asking.settle_failures()
    assert [one.failed for one in said] == [True, False]
    assert asking.ledger.possibly_billed() == (3, 30.0)


def test_missing_usage_costs_the_most_it_can() -> None:
    teacher = Scripted(lambda r, _: Response("yes", "stop", usage_known=False))
    asking = asker(teacher, price=Price(0, 1e6))
    ask(asking, request(max_tokens=10))
    assert (asking.ledger.spent(), asking.budget.spent) == (10.0, 10.0)


def test_lone_failure_is_kept_as_an_answer_so_a_resumed_run_decides_alike() -> None:
    teacher = Scripted(lambda r, _: RequestFailed("poison") if r.index == 3 else answered(r))
    asking = asker(teacher)
    said = ask(asking, *map(request, range(8)))
    assert [one.failed for one in said] == [n == 3 for n in range(8)]
    later = asker(Scripted(), asking.ledger)
    assert ask(later, *map(request, range(8))) == said
    assert later.asked["reused"] == 8


@pytest.mark.parametrize("before", [0, 5])
def test_outage_stops_after_ten_failures_in_a_row_and_keeps_none_of_them(clock: Clock, before: int) -> None:
    teacher = Scripted(lambda r, _: answered(r) if r.index < before else TryAgain("down"))
    asking = asker(teacher, retries=0)
    with pytest.raises(TeacherError, match=r"the last 10 requests all failed: down .*repeat the command"):
        ask(asking, *map(request, range(60)))
    assert asking.ledger.totals()["responses"] == before
    assert len(teacher.sent) <= before + LONE_FAILURES + teacher.concurrency


def test_small_run_in_which_every_request_fails_is_an_error(clock: Clock) -> None:
    teacher = Scripted(lambda r, _: RequestFailed("status 400: no such model"))
    with pytest.raises(TeacherError, match="fails at every request: status 400: no such model"):
        ask(asker(teacher), request(0), request(1))


def test_quick_refusals_among_slow_answers_are_no_outage() -> None:
    """Twelve refusals come back before the first answer: more than ten, and nothing is down."""
    refused = 0

    class Slow(Scripted):
        async def answer(self, request: Request) -> Response:
            nonlocal refused
            if request.index % 2 == 0:
                refused += 1
                raise RequestFailed("not this one")
            while refused < 12:
                await asyncio.sleep(0)
            return answered(request)

    said = ask(asker(Slow(concurrency=24)), *map(request, range(24)))
    assert sum(one.failed for one in said) == 12


def test_server_that_refuses_everything_is_stopped_at_two_refusals_a_slot() -> None:
    teacher = Scripted(lambda r, _: RequestFailed("bad parameter"), concurrency=8)
    with pytest.raises(TeacherError, match="the last 16 requests all failed: bad parameter"):
        ask(asker(teacher), *map(request, range(100)))
    assert len(teacher.sent) <= 16 + 8


def test_error_that_ends_the_run_waits_for_the_answers_in_flight() -> None:
    """They are being paid for."""
    teacher = Scripted(lambda r, _: TeacherError("wrong key") if r.index == 0 else answered(r), concurrency=4)
    asking = asker(teacher)
    with pytest.raises(TeacherError, match="wrong key"):
        ask(asking, *map(request, range(20)))
    assert [r.index for r in teacher.sent] == [0, 1, 2, 3]
    assert asking.ledger.totals()["responses"] == 3
    assert asking.ledger.possibly_billed() == (0, 0.0)


def test_no_more_are_in_flight_than_slots() -> None:
    flying = most = 0

    class Counting(Scripted):
        async def answer(self, request: Request) -> Response:
            nonlocal flying, most
            flying += 1
            most = max(most, flying)
            await asyncio.sleep(0)
            flying -= 1
            return answered(request)

    ask(asker(Counting(concurrency=5)), *map(request, range(40)))
    assert most == 5


def test_cancelled_requests_are_left_as_possibly_billed() -> None:
    class Forever(Scripted):
        async def answer(self, request: Request) -> Response:
            await asyncio.Event().wait()
            raise AssertionError

    asking = asker(Forever(concurrency=3), price=Price(0, 1e6))

    async def cancel() -> None:
        asked = [asyncio.create_task(asking.ask(request(n, max_tokens=10))) for n in range(5)]
        while asking.ledger.possibly_billed()[0] < 3:
            await asyncio.sleep(0)
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    asyncio.run(cancel())
    assert asking.ledger.possibly_billed() == (3, 30.0)
    assert (asking.budget.spent, asking.budget.reserved) == (30.0, 0.0)


@pytest.mark.parametrize("write", ["intend", "store"])
def test_full_disk_ends_the_run_and_leaves_nobody_waiting_for_money(
    monkeypatch: pytest.MonkeyPatch, write: str
) -> None:
    """The third request waits for what the first two hold; an error gives it free like an answer."""
    asking = asker(Scripted(), price=Price(0, 1e6), limit=10)

    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(asking.ledger, write, full)
    calls = asking.ask_all(request(n, max_tokens=4) for n in range(3))

    async def bounded() -> None:
        await asyncio.wait_for(calls, 5)

    with pytest.raises(StoreError, match="the disk is full"):
        asyncio.run(bounded())
    assert asking.budget.reserved == 0.0


def test_gather_raises_the_first_error_in_order_after_all_are_done() -> None:
    done: list[int] = []

    async def call(number: int) -> int:
        for _ in range(10 * number):
            await asyncio.sleep(0)
        done.append(number)
        if number in (1, 2):
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match="1"):
        asyncio.run(gather(call(n) for n in range(4)))
    assert done == [0, 1, 2, 3]
