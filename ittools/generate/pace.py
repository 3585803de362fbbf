"""How many requests may be in flight, learnt from the server: fewer after a 429, more after answers.

Halved at a 429, but once for all that were sent before it; one more for each round of answers
(additive increase, multiplicative decrease: Chiu and Jain 1989). Only when things are sent depends
on it, never what is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ittools.generate.teacher import TryAgain


class Pace:
    """Seats for requests in flight; `width` of them, at most `most`."""

    def __init__(self, most: int) -> None:
        self.most, self.width = most, float(most)
        self._taken = self._cuts = 0
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def seat(self) -> AsyncIterator[None]:
        """Held while one attempt is in flight; its outcome sets the pace."""
        async with self._freed:
            await self._freed.wait_for(lambda: self._taken < int(self.width))
            self._taken += 1
        cuts = self._cuts
        try:
            yield
            self.width = min(self.most, self.width + 1 / self.width)
        except TryAgain as again:
            if again.everyone and cuts == self._cuts:
                self.width = max(1.0, self.width / 2)
                self._cuts += 1
            raise
        finally:
            self._taken -= 1
            async with self._freed:
                self._freed.notify_all()
