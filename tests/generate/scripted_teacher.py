"""A teacher that does what a test tells it, and a clock that only sleeping moves."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from ittools.generate.ask import Asker
from ittools.generate.ledger import Ledger
from ittools.generate.prices import Budget, Price
from ittools.generate.teacher import Request, Response
from ittools.progress import Silent

Said = Response | Exception
TURNS = 20  # of the event loop before a sleep ends
OPENED: list[Ledger] = []  # in memory; closed after each test


def request(index: int = 0, **others: object) -> Request:
    return Request("instances", 0, index, f"Question {index}?", "scripted", "1", **others)  # type: ignore[arg-type]


def answered(request: Request, _: int = 0) -> Response:
    return Response(f"Answer {request.index}.", "stop", 4, 3)


@dataclass
class Scripted:
    """`script(request, attempt)` is the answer, or the error raised; attempts count from 0."""

    script: Callable[[Request, int], Said] = answered
    concurrency: int = 4
    model: str = "scripted"
    sent: list[Request] = field(default_factory=list)
    attempts: Counter[str] = field(default_factory=Counter)
    before: Callable[[Request], None] = lambda _: None

    async def answer(self, request: Request) -> Response:
        attempt = self.attempts[request.key]
        self.attempts[request.key] += 1
        self.sent.append(request)
        self.before(request)
        await asyncio.sleep(0)
        said = self.script(request, attempt)
        if isinstance(said, Exception):
            raise said
        return said

    async def close(self) -> None:
        return None


class Clock:
    """Time as the code sees it; `waits` are its sleeps. The earliest end of a sleep is the next moment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.waits = 1_000.0, list[float]()
        self._sleep, self._ends = asyncio.sleep, list[float]()
        for module in ("ask", "pace", "endpoints"):
            monkeypatch.setattr(
                f"ittools.generate.{module}.time", SimpleNamespace(monotonic=lambda: self.now)
            )
        monkeypatch.setattr(asyncio, "sleep", self.sleep)

    async def sleep(self, seconds: float) -> None:
        if not seconds:
            return await self._sleep(0)
        self.waits.append(seconds)
        end, turns, seen = max(self.now + seconds, math.nextafter(self.now, math.inf)), 0, self.now
        self._ends.append(end)
        while self.now < end:
            await self._sleep(0)
            turns, seen = (turns + 1, seen) if seen == self.now else (0, self.now)
            if turns > TURNS and end == min(self._ends):  # whoever could go on without waiting has done so
                self.now = end
        self._ends.remove(end)
        return None


def asker(
    teacher: Scripted, ledger: Ledger | None = None, price: Price | None = None, limit: float | None = None,
    **options: float,
) -> Asker:  # fmt: skip
    """An asker over a ledger in memory, its budget started from what that ledger says is spent."""
    ledger = ledger or in_memory()
    budget = Budget(price or Price(), limit, ledger.spent() + ledger.possibly_billed()[1])
    return Asker(teacher, ledger, budget, Silent(), **options)  # type: ignore[arg-type]


def in_memory() -> Ledger:
    OPENED.append(Ledger(Path(":memory:")))
    return OPENED[-1]


def ask(asker: Asker, *requests: Request) -> list[Response]:
    return asyncio.run(asker.ask_all(requests))
