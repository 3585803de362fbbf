"""What tokens cost, and a budget that is reserved before a request is sent.

Prices are US dollars per million tokens, as published in 2025; `--price IN,OUT` overrides them.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

from ittools.errors import Stopped, UsageError
from ittools.generate.teacher import Request, Response

_PUBLISHED = {  # longest name that begins the model's name wins
    "gpt-3.5-turbo": (0.50, 1.50),
    "gpt-4o": (2.50, 10.00),
    "gpt-4o-mini": (0.15, 0.60),
    "gpt-4.1": (2.00, 8.00),
    "gpt-4.1-mini": (0.40, 1.60),
    "gpt-4.1-nano": (0.10, 0.40),
    "gpt-5": (1.25, 10.00),
    "gpt-5-mini": (0.25, 2.00),
    "gpt-5-nano": (0.05, 0.40),
    "o3": (2.00, 8.00),
    "o4-mini": (1.10, 4.40),
}

OVERHEAD = 64  # tokens a chat template may add around one message


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens, of the prompt and of the answer."""

    prompt: float = 0.0
    completion: float = 0.0

    def cost(self, response: Response) -> float:
        return (response.prompt_tokens * self.prompt + response.completion_tokens * self.completion) / 1e6

    def most(self, request: Request) -> float:
        """No answer can cost more: a token is at least one byte, an answer ends at max_tokens."""
        size = len(request.prompt.encode()) + len((request.schema or "").encode()) + OVERHEAD
        return (size * self.prompt + request.max_tokens * self.completion) / 1e6


def price_of(model: str, given: str | None, *, free: bool = False) -> Price | None:
    """The price of a model; null when it is not known.

    Raises:
        UsageError: `given` is not "IN,OUT".
    """
    if given is not None:
        try:
            prompt, completion = (float(part) for part in given.split(","))
        except ValueError:
            raise UsageError(f"--price {given}: expected IN,OUT in dollars per million tokens") from None
        if not (math.isfinite(prompt) and math.isfinite(completion)) or min(prompt, completion) < 0:
            raise UsageError(f"--price {given}: a price is a number from 0 on")
        return Price(prompt, completion)
    if free:
        return Price()
    known = [name for name in _PUBLISHED if model == name or model.startswith(name + "-")]
    return Price(*_PUBLISHED[max(known, key=len)]) if known else None


class Budget:
    """Money that may be spent. `reserve` waits while requests in flight hold what is left."""

    def __init__(self, price: Price, limit: float | None, spent: float = 0.0) -> None:
        self.price, self.limit, self.spent = price, limit, spent
        self.reserved, self._holders = 0.0, 0
        self._freed = asyncio.Condition()

    async def reserve(self, request: Request) -> float:
        """Set aside the most that `request` can cost, before it is sent.

        Raises:
            Stopped: it does not fit and nothing in flight can free money.
        """
        amount = self.price.most(request)
        async with self._freed:
            while self.limit is not None and self.spent + self.reserved + amount > self.limit:
                if not self._holders:
                    raise Stopped(
                        f"--max-cost ${self.limit:g} is reached: ${self.spent:.4f} spent, the next request "
                        f"can cost ${amount:.4f}; every answer is kept, go on with a higher --max-cost"
                    )
                await self._freed.wait()
            self.reserved += amount
            self._holders += 1
        return amount

    async def settle(self, amount: float, cost: float) -> None:
        """Replace a reservation by what was really (or possibly) spent."""
        async with self._freed:
            self._holders -= 1
            # exactly 0 when nobody holds any, whatever the sums of floats left behind
            self.reserved = max(0.0, self.reserved - amount) if self._holders else 0.0
            self.spent += cost
            self._freed.notify_all()
