"""Shingles: runs of n words, or of n characters, as 64-bit hashes (Broder 1997).

    word_shingles(pa.array(["a b c d"]), n=3)  -> [[h(a b c), h(b c d)]]

A text with fewer than n words is one shingle of them all, so short texts neither vanish nor merge.
A hash is a polynomial over the hashes of the words modulo 2**64, taken from running sums as Rabin and Karp
do (IBM Journal of Research and Development 31, 1987): the same work for every n.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
import pyarrow as pa

from ittools.text.ragged import I64, U64, Ragged, chain, from_lengths, spans, within
from ittools.text.tokens import characters_of, each_batch, mix64, words_of

Unit = Literal["words", "characters"]
CHUNK = 1 << 14  # numbers at a time: they stay in the cache
BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2**64
_PLACE = np.uint64(0xBF58476D1CE4E5B9)
_TAG = np.uint64(0xA0761D6478BD642F)


def shingles(column: pa.Array | pa.ChunkedArray, *, n: int, unit: Unit = "words", tag: int = 0) -> Ragged:
    """Each text's shingles in order, equal ones repeated. `tag` keeps the shingles of fields apart."""
    numbers = words_of if unit == "words" else characters_of
    return each_batch(column, lambda text: windows(numbers(text), n, tag))


def word_shingles(column: pa.Array | pa.ChunkedArray, *, n: int, tag: int = 0) -> Ragged:
    return shingles(column, n=n, tag=tag)


def windows(ragged: Ragged, n: int, tag: int = 0) -> Ragged:
    """A hash for every run of n numbers; of fewer the one run of all."""
    parts = []
    for first, last in spans(ragged.offsets, CHUNK):
        offsets = ragged.offsets[first : last + 1]
        parts.append(_windows(ragged.values[offsets[0] : offsets[-1]], np.diff(offsets), n, tag))
    return chain(parts)


def _windows(values: U64, lengths: I64, n: int, tag: int) -> Ragged:
    counts = np.where(lengths >= n, lengths - n + 1, np.minimum(lengths, 1))
    starts = within(np.cumsum(lengths) - lengths, counts)
    size = np.repeat(np.minimum(lengths, n), counts) if (lengths < n).any() else n
    forward, back = _running_powers(len(values) + 1)
    sums = np.zeros(len(values) + 1, np.uint64)
    np.cumsum(values * forward[:-1], out=sums[1:])
    hashes = (sums[starts + size] - sums[starts]) * back[starts]
    return from_lengths(mix64(hashes ^ mix64(np.full(1, tag, np.uint64) * _TAG)), counts)


def whole_hashes(ragged: Ragged) -> U64:
    """(records, 2) 128 bits of all numbers of each record in order.

    A polynomial, and a sum of each number mixed with its place: a polynomial modulo 2**64 alone gives the
    two Thue-Morse sequences of 1,024 words the same value, whatever its base and the words.
    """
    found = np.zeros((len(ragged), 2), np.uint64)
    for first, last in spans(ragged.offsets, CHUNK):
        offsets = ragged.offsets[first : last + 1]
        filled = np.flatnonzero(np.diff(offsets))  # reduceat cannot take empty ranges
        if len(filled):
            starts = offsets[:-1][filled] - offsets[0]
            values = ragged.values[offsets[0] : offsets[-1]]
            forward, back = _running_powers(len(values))
            places = np.arange(len(values)) - np.repeat(starts, np.diff(starts, append=len(values)))
            found[first + filled, 0] = np.add.reduceat(values * forward, starts) * back[starts]
            mixed = mix64(values + places.view(np.uint64) * _PLACE)
            found[first + filled, 1] = np.add.reduceat(mixed, starts)
    return mix64(found + ragged.lengths.astype(np.uint64)[:, None])


def _running_powers(count: int) -> tuple[U64, U64]:
    """(count,) BASE**i and (count,) its inverses, modulo 2**64."""
    size = 1 << max(14, (count - 1).bit_length())
    return _powers(size, BASE)[:count], _powers(size, pow(BASE, -1, 1 << 64))[:count]


@lru_cache(maxsize=4)
def _powers(count: int, base: int) -> U64:
    found = np.full(count, np.uint64(base))
    found[:1] = 1
    return np.multiply.accumulate(found)


def jaccard(one: U64, other: U64) -> float:
    """Exact similarity of two sorted unique sets; two empty sets are equal."""
    if not len(one) and not len(other):
        return 1.0
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)
