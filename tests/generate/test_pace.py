"""Pace: a server's rate limit slows a run down and costs it nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from scripted_teacher import Clock, Scripted, answered, ask, asker, request

from ittools.errors import TeacherError
from ittools.generate.pace import Pace, reset_seconds
from ittools.generate.teacher import Request, Response, TryAgain


class Limited(Scripted):
    """So many answers a second of the clock, a fifth of a second each; 429 to the rest."""

    def __init__(self, clock: Clock, rate: int, wait: float | None, concurrency: int) -> None:
        super().__init__(concurrency=concurrency)
        self.clock, self.rate, self.wait = clock, rate, wait
        self.left, self.filled, self.refused = float(rate), clock.now, 0

    async def answer(self, request: Request) -> Response:
        self.left = min(self.rate, self.left + (self.clock.now - self.filled) * self.rate)
        self.filled = self.clock.now
        self.sent.append(request)
        await self.clock.sleep(0.2)
        if self.left >= 1:
            self.left -= 1
            return answered(request)
        self.refused += 1
        raise TryAgain("slow down", wait=self.wait, everyone=True)


@pytest.mark.parametrize(
    ("rate", "wait", "slots", "count"),
    [(5, None, 32, 60), (5, 1.0, 32, 60), (50, None, 64, 200), (1, None, 8, 20)],
)
def test_every_request_is_answered_under_a_rate_limit(
    monkeypatch: pytest.MonkeyPatch, rate: int, wait: float | None, slots: int, count: int
) -> None:
    """Each of the 429s is a place in a queue: a request may meet any number of them."""
    clock = Clock(monkeypatch)
    teacher = Limited(clock, rate, wait, slots)
    asking = asker(teacher, retries=3)
    assert ask(asking, *map(request, range(count))) == [answered(request(n)) for n in range(count)]
    assert asking.asked["failed"] == 0
    assert teacher.refused <= 4 * count


def test_server_that_only_ever_refuses_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    teacher = Limited(Clock(monkeypatch), 0, None, 4)
    with pytest.raises(TeacherError, match="fails at every request: slow down"):
        ask(asker(teacher, retries=3), *map(request, range(2)))
    assert len(teacher.sent) == 2 * 4


def seats(pace: Pace, *outcomes: TryAgain | None) -> float:
    """The width after these attempts, one after the other."""

    async def sit(outcome: TryAgain | None) -> None:
        async with pace.seat():
            if outcome is not None:
                raise outcome

    async def all_of_them() -> None:
        for outcome in outcomes:
            try:
                await sit(outcome)
            except TryAgain:
                continue

    asyncio.run(all_of_them())
    return pace.width


LIMIT, HICCUP = TryAgain("429", everyone=True), TryAgain("500")


@pytest.mark.parametrize(
    ("outcomes", "width"),
    [([], 8.0), ([None], 8.0), ([HICCUP] * 9, 8.0), ([LIMIT], 4.0), ([LIMIT] * 2, 2.0), ([LIMIT] * 9, 1.0),
     ([LIMIT, None], 4.25), ([LIMIT] * 9 + [None] * 2, 2.5)],
)  # fmt: skip
def test_width_halves_at_a_limit_and_grows_with_answers(
    monkeypatch: pytest.MonkeyPatch, outcomes: list[TryAgain | None], width: float
) -> None:
    Clock(monkeypatch)
    assert seats(Pace(8), *outcomes) == width


def test_limits_of_one_burst_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch)
    pace = Pace(8)

    async def burst() -> None:
        async def sit() -> None:
            async with pace.seat():
                await asyncio.sleep(0)
                raise LIMIT

        await asyncio.gather(*(sit() for _ in range(8)), return_exceptions=True)

    asyncio.run(burst())
    assert pace.width == 4.0


# --- the rate -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "count"), [(50, 500), (20, 300), (5, 150)])
def test_rate_is_learnt_from_refusals_and_little_is_lost_to_them(
    monkeypatch: pytest.MonkeyPatch, rate: int, count: int
) -> None:
    """The bucket gives `rate` at once and as many a second: a run cannot end before the ideal."""
    clock = Clock(monkeypatch)
    teacher = Limited(clock, rate, None, 64)
    asking = asker(teacher, retries=3)
    ask(asking, *map(request, range(count)))
    ideal = (count - rate) / rate
    assert clock.now - 1_000 <= 1.35 * ideal + 2
    assert teacher.refused <= 64 + 0.1 * count  # the first burst, and a few
    assert asking.asked["failed"] == 0


class Sometimes(Scripted):
    """Refuses as `decide` says, at once; answers in a fifth of a second."""

    def __init__(
        self, clock: Clock, decide: Callable[[Request, int], bool], wait: float | None = None
    ) -> None:
        super().__init__(concurrency=32)
        self.clock, self.decide, self.wait, self.times = clock, decide, wait, list[float]()

    async def answer(self, request: Request) -> Response:
        attempt = self.attempts[request.key]
        self.attempts[request.key] += 1
        self.times.append(self.clock.now)
        if self.decide(request, attempt):
            raise TryAgain("slow down", wait=self.wait, everyone=True)
        await self.clock.sleep(0.2)
        return answered(request)


@pytest.mark.parametrize("share", [10, 50])
def test_refusals_that_no_rate_explains_slow_a_run_down_and_do_not_stop_it(
    monkeypatch: pytest.MonkeyPatch, share: int
) -> None:
    """One request in so many meets a 429 whatever the rate: 300 answers take 2 s without it."""
    clock = Clock(monkeypatch)
    teacher = Sometimes(clock, lambda r, n: not n and r.index % share == 0)
    ask(asker(teacher), *map(request, range(300)))
    assert clock.now - 1_000 <= 60


def test_first_attempts_all_refused_cost_each_a_second_attempt_and_not_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)
    teacher = Sometimes(clock, lambda _, n: n == 0, wait=0.0)
    ask(asker(teacher), *map(request, range(60)))
    assert len(teacher.times) == 120
    assert clock.now - 1_000 <= 90


def test_one_early_refusal_does_not_hold_down_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    teacher = Sometimes(clock, lambda r, n: r.index == 0 and n == 0)
    ask(asker(teacher), *map(request, range(300)))
    assert clock.now - 1_000 <= 20


# --- limits that the user gives -------------------------------------------------------------------


def sends(monkeypatch: pytest.MonkeyPatch, count: int, **limits: float) -> list[float]:
    """Seconds at which the attempts were made, from the first."""
    clock = Clock(monkeypatch)
    times: list[float] = []
    teacher = Scripted(concurrency=16)
    teacher.before = lambda _: times.append(clock.now - 1_000)
    ask(asker(teacher, **limits), *map(request, range(count)))
    return times


@pytest.mark.parametrize("rpm", [60.0, 600.0, 30.0])
def test_requests_a_minute_are_held_to(monkeypatch: pytest.MonkeyPatch, rpm: float) -> None:
    times = sends(monkeypatch, 40, rpm=rpm)
    apart = 60 / rpm
    assert times == sorted(times)
    for start in times:
        inside = [time for time in times if start <= time < start + 60]
        assert len(inside) <= rpm + max(1, 1 / apart)
    assert times[-1] >= 39 * apart - 1


def test_tokens_a_minute_are_held_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request is taken for its prompt and the usual answer, and put right by its usage."""
    clock = Clock(monkeypatch)
    used: list[tuple[float, int]] = []

    def script(request: Request, _: int) -> Response:
        used.append((clock.now - 1_000, 100))
        return Response("x", "stop", 60, 40)

    ask(asker(Scripted(script, concurrency=16), tpm=6_000), *map(request, range(200)))
    for start, _ in used:
        inside = sum(tokens for time, tokens in used if start <= time < start + 60)
        assert inside <= 6_000 * 1.35
    assert used[-1][0] <= 200 * 100 / 100 * 1.25 + 10  # a hundred a second; 200 s is the ideal


def test_request_larger_than_a_whole_bucket_is_sent_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[float] = []
    clock = Clock(monkeypatch)
    teacher = Scripted(concurrency=1)
    teacher.before = lambda _: times.append(clock.now)
    long = [Request("instances", 0, n, "word " * 10_000, "scripted", "1") for n in range(2)]
    ask(asker(teacher, tpm=600), *long)
    assert len(times) == 2


def test_no_limits_no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sends(monkeypatch, 50) == [0.0] * 50


# --- what headers say -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "held"),
    [
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1.5s"}, 1.5),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s"}, 60.0),
        ({"x-ratelimit-remaining-tokens": "-3", "x-ratelimit-reset-tokens": "20ms"}, 0.02),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2",
          "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "7"}, 7.0),
        ({"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "9s"}, 0.0),
        ({"x-ratelimit-remaining-requests": "0"}, 0.0),
        ({"x-ratelimit-remaining-requests": "none", "x-ratelimit-reset-requests": "9s"}, 0.0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "soon"}, 0.0),
        ({"x-ratelimit-remaining-requests": "", "x-ratelimit-reset-requests": ""}, 0.0),
        ({}, 0.0),
    ],
)  # fmt: skip
def test_nothing_left_holds_sending_until_the_reset(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], held: float
) -> None:
    clock = Clock(monkeypatch)
    pace = Pace(4)
    pace.hear(headers)

    async def sit() -> float:
        async with pace.seat():
            return clock.now - 1_000

    assert asyncio.run(sit()) == pytest.approx(held)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1.0), ("6m0s", 360.0), ("20ms", 0.02), ("1.5", 1.5), ("1h2m3s", 3_723.0), ("2d", 172_800.0),
     ("1m30.5s", 90.5), (" 7s ", 7.0), ("", None), ("soon", None), ("1s2", 3.0), ("-1", None),
     ("1.2.3", None),
     ("Wed, 21 Oct 2015 07:28:00 GMT", None), ("1 s", None), (".", None)],
)  # fmt: skip
def test_reset_is_read_as_seconds(text: str, seconds: float | None) -> None:
    assert reset_seconds(text) == seconds
