"""The order in which records are trained: shuffled, records of like length together.

Batches of like length carry little padding. The whole order is fixed before training by seed and
lengths alone, so a resumed run goes on at the very batch it stopped before.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

WINDOW = 32  # batches that are sorted together; more means less padding and less chance


def training_order(lengths: Sequence[int], *, batch: int, records: int, seed: int) -> list[int]:
    """`records` record numbers, epoch after epoch, each epoch every record once.

    >>> sorted(training_order([5, 1, 9], batch=2, records=3, seed=0))
    [0, 1, 2]
    """
    order: list[int] = []
    rest: list[int] = []  # fewer than a batch: they open the next epoch, so every batch is whole
    epoch = 0
    while len(order) + len(rest) < records:
        batches, rest = _epoch(rest, lengths, batch, random.Random(f"{seed}:{epoch}"))
        order += [record for chosen in batches for record in chosen]
        epoch += 1
    return [*order, *rest][:records]


def _epoch(
    rest: list[int], lengths: Sequence[int], batch: int, rng: random.Random
) -> tuple[list[list[int]], list[int]]:
    """(whole batches, what is left of less than one)."""
    shuffled = list(range(len(lengths)))
    rng.shuffle(shuffled)
    shuffled = rest + shuffled
    whole = len(shuffled) - len(shuffled) % batch
    batches: list[list[int]] = []
    for first in range(0, whole, batch * WINDOW):
        window = sorted(shuffled[first : min(first + batch * WINDOW, whole)], key=lambda i: (lengths[i], i))
        batches += [window[i : i + batch] for i in range(0, len(window), batch)]
    rng.shuffle(batches)
    return batches, shuffled[whole:]


def records_to_train(count: int, *, epochs: float, max_steps: int | None, per_step: int) -> int:
    """How many records a run takes: whole steps where `max_steps` says so, else whole epochs."""
    return max_steps * per_step if max_steps else max(1, math.ceil(count * epochs))
