"""Near-duplicates by the cosine of their embeddings: who stays, and clusters to compare within.

    keep_first_cosine([[1, 0], [0, 1], [.99, .14]], 0.9)  -> twins [-1, -1, 0], similarities [0, 0, .99]

As in `ittools.text.join`, a record goes when one that stays before it reaches the threshold, for the most
alike of those. Cosines are rounded to four digits, so that the order of additions decides nothing. Of many
records only those of one k-means cluster are compared (SemDeDup: Abbas et al. 2023, arXiv 2303.09540);
k-means starts from records spread over the corpus and takes a fixed number of steps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ittools.text.join import Decision

F32 = NDArray[np.float32]
BLOCK = 1024  # records compared at a time with all that stay before them
DIGITS = 4
STEPS = 10


def keep_first_cosine(vectors: F32, threshold: float, *, settled: int = 0) -> Decision:
    """`vectors` (records, dimensions) of length 1, in order of priority; the first `settled` always stay."""
    count = len(vectors)
    decision = Decision(np.full(count, -1), np.zeros(count))
    kept = np.arange(count)[:settled]
    for first in range(settled, count, BLOCK):
        block = np.arange(first, min(first + BLOCK, count))
        before = _cosines(vectors[block], vectors[kept])
        within = _cosines(vectors[block], vectors[block])
        free = ~(before >= threshold).any(axis=1)
        stays = np.zeros(len(block), bool)
        for place in np.flatnonzero(free):
            stays[place] = not (within[place, :place][stays[:place]] >= threshold).any()
        _note(decision, block, stays, before, within, kept)
        kept = np.concatenate([kept, block[stays]])
    return decision


def _note(
    decision: Decision,
    block: NDArray[np.int64],
    stays: NDArray[np.bool_],
    before: F32,
    within: F32,
    kept: NDArray[np.int64],
) -> None:
    """For those of the block that go: the most alike of all that stay before them, the first among equals."""
    earlier = np.where(np.tri(len(block), k=-1, dtype=bool) & stays, within, -2)
    every, who = np.concatenate([before, earlier], axis=1), np.concatenate([kept, block])
    best = every.argmax(axis=1)
    gone = ~stays
    decision.twins[block[gone]] = who[best[gone]]
    found = every[np.arange(len(block)), best][gone].astype(np.float64)
    decision.similarities[block[gone]] = np.round(found, DIGITS)  # 0.95, and not the nearest float32


def _cosines(one: F32, two: F32) -> F32:
    return np.round(one @ two.T, DIGITS)


def start_centres(count: int, clusters: int) -> NDArray[np.int64]:
    """Records to begin with, spread evenly."""
    return np.linspace(0, count - 1, clusters).astype(np.int64)


def nearest_centres(vectors: F32, centres: F32) -> NDArray[np.int64]:
    """(records,) the centre of the largest cosine."""
    found = [
        _cosines(vectors[at : at + BLOCK], centres).argmax(axis=1) for at in range(0, len(vectors), BLOCK)
    ]
    return np.concatenate([np.zeros(0, np.int64), *found])


def unit(vectors: NDArray[np.floating]) -> F32:
    """Each vector divided by its length; a zero vector stays."""
    wide = vectors.astype(np.float64)
    for size in (np.abs(wide).max(axis=1, initial=0, keepdims=True), None):  # first, so that no square is inf
        length = np.sqrt((wide**2).sum(axis=1, keepdims=True)) if size is None else size
        wide /= np.where(length > 0, length, 1)
    return wide.astype(np.float32)
