"""What tokens cost, and a budget that is reserved before a request is sent.

Prices are US dollars per million tokens, as published in 2025; `--price IN,OUT` overrides them, and
`--prices FILE` a line for each model.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ittools.errors import InputError, Stopped, UsageError
from ittools.formats.rows import open_text
from ittools.formats.strict_yaml import load_yaml
from ittools.generate.teacher import PROBES, Request, Response

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


BATCH_DISCOUNT = 0.5  # of the list price, through the Batch API


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens, of the prompt and of the answer. by_model: of other models."""

    prompt: float = 0.0
    completion: float = 0.0
    by_model: Mapping[str, Price] = field(default_factory=dict)
    discount: float = 1.0  # share of it that every request of the run pays

    def cost(self, response: Response) -> float:
        own = self.by_model.get(response.model, self)
        tokens = response.prompt_tokens * own.prompt + response.completion_tokens * own.completion
        return tokens * response.discount / 1e6

    def most(self, request: Request) -> float:
        """No answer can cost more: a token is at least one byte, an answer ends at max_tokens."""
        texts = [request.prompt, request.schema or "", *(content for _, content in request.before)]
        size = sum(len(text.encode()) for text in texts) + OVERHEAD * (1 + len(request.before))
        discount = 1.0 if request.stage in PROBES else self.discount  # those are never part of a batch
        return max(
            (size * one.prompt + request.n * request.max_tokens * one.completion) * discount / 1e6
            for one in (self, *self.by_model.values())
        )


def read_prices(path: Path) -> dict[str, Price]:
    """`model: [IN, OUT]` a line. Raises InputError."""
    with open_text(path) if path.is_file() else _missing(path) as handle:
        table = load_yaml(handle.read(), where=str(path))
    if not isinstance(table, dict) or not table:
        raise InputError(f"{path}: expected a line `model: [IN, OUT]` for each model")
    return {str(model): _listed(pair, f"{path}: {model}") for model, pair in table.items()}


def _missing(path: Path) -> Any:
    raise InputError(f"--prices {path}: no such file")


def _listed(pair: Any, where: str) -> Price:
    good = isinstance(pair, list) and len(pair) == 2 and all(type(n) in (int, float) for n in pair)
    if not good or not all(math.isfinite(n) and n >= 0 for n in pair):
        raise InputError(f"{where}: expected [IN, OUT] in dollars per million tokens, got {pair!r}")
    return Price(float(pair[0]), float(pair[1]))


def price_of(
    model: str, given: str | None, *, free: bool = False, published: bool = True,
    table: Mapping[str, Price] | None = None,
) -> Price | None:  # fmt: skip
    """The price of a model; null when it is not known. published: the list above may tell it.

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
    if table and (own := _nearest(model, table)):
        return table[own]
    if free:
        return Price()
    known = _nearest(model, _PUBLISHED) if published else None
    return Price(*_PUBLISHED[known]) if known else None


def _nearest(model: str, names: Mapping[str, Any]) -> str | None:
    """The longest name that the model's name is, or begins with."""
    known = [name for name in names if model == name or model.startswith(name + "-")]
    return max(known, key=len, default=None)


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
