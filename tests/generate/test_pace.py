"""Pace: a server's rate limit slows a run down and costs it nothing else."""

from __future__ import annotations

import asyncio

import pytest
from scripted_teacher import Clock, Scripted, answered, ask, asker, request

from ittools.errors import TeacherError
from ittools.generate.pace import Pace
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
