"""MinHash signatures (Broder 1997), bit-equal to datasketch 2's "affine32", and their bands.

    signatures(shingles, permutations=128)[i] == datasketch.MinHash(128, seed=1, ...).hashvalues

A pair of similarity s meets in at least one of b bands of r rows with probability
1 - (1 - s**r)**b. datasketch's default for 128 and 0.7 is (14, 9), which finds a pair at 0.7 with
probability 0.44; (25, 5) finds it with 0.99, and exact verification removes what it finds too much.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ittools.text.ragged import U64, Ragged, spans
from ittools.text.tokens import mix64

U32 = NDArray[np.uint32]
SEED = 1  # datasketch's own
EMPTY = np.uint32(0xFFFFFFFF)
CHUNK = 1 << 15  # shingles at a time: 128 KB
RECALL = 0.98  # wanted of a pair exactly at the threshold


@lru_cache(maxsize=8)
def permutations(count: int, seed: int = SEED) -> tuple[U32, U32]:
    """(a, b), each (count,): h -> a * h + b modulo 2**32, a odd, from datasketch's random stream."""
    random = np.random.RandomState(seed)
    a = random.randint(0, 1 << 31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return a, random.randint(0, 1 << 32, count, dtype=np.uint32)


def premix(hashes: U64) -> U32:
    """The low 32 bits through the MurmurHash3 32-bit finalizer, as datasketch does first."""
    values = hashes.astype(np.uint32)
    values = (values ^ (values >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    values = (values ^ (values >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


def field_signatures(fields: Sequence[Ragged], *, count: int = 128) -> U32:
    """(records, count) uint32: column k is of field k modulo their number.

    Records alike in every field share a band at least as often as the least alike field would;
    records unlike in one field hardly ever, however long the instruction that they have in common.
    """
    slots = np.empty((count, len(fields[0])), np.uint32)
    for number, shingles in enumerate(fields):
        mine = slice(number, None, len(fields))
        write_slots(slots[mine], shingles, count=count, columns=mine)
    return slots.T


def signatures(shingles: Ragged, *, count: int = 128, columns: slice = slice(None)) -> U32:
    """(records, count) uint32, or some columns. A record without shingles has the maximum in all."""
    slots = np.empty((len(range(count)[columns]), len(shingles)), np.uint32)
    write_slots(slots, shingles, count=count, columns=columns)
    return slots.T


def write_slots(slots: U32, shingles: Ragged, *, count: int, columns: slice = slice(None)) -> None:
    """Fill (columns, records), a permutation a row; this order is the one in which they are made."""
    a, b = (part[columns] for part in permutations(count))
    slots[:] = EMPTY
    for first, last in spans(shingles.offsets, CHUNK):
        offsets = shingles.offsets[first : last + 1]
        filled = np.flatnonzero(np.diff(offsets))  # reduceat cannot take empty ranges
        if len(filled):
            values = premix(shingles.values[offsets[0] : offsets[-1]])
            least = _least(values, offsets[:-1][filled] - offsets[0], a, b)
            if len(filled) == last - first:
                slots[:, first:last] = least
            else:
                slots[:, first + filled] = least


def _least(values: U32, starts: NDArray[np.int64], a: U32, b: U32) -> U32:
    """(permutations, runs) the least hash of each run; a permutation at a time, all in the cache."""
    least = np.empty((len(a), len(starts)), np.uint32)
    hashed = np.empty_like(values)
    for slot in range(len(a)):
        np.multiply(values, a[slot], out=hashed)
        hashed += b[slot]
        np.minimum.reduceat(hashed, starts, out=least[slot])
    return least


def choose_bands(threshold: float, count: int) -> tuple[int, int]:
    """(bands, rows): the fewest chance meetings that still find 98% of pairs at the threshold."""
    for rows in range(count, 0, -1):
        bands = count // rows
        if bands and recall(threshold, bands, rows) >= RECALL:
            return bands, rows
    return count, 1


def recall(similarity: float, bands: int, rows: int) -> float:
    """Probability that a pair of this similarity shares a band."""
    return float(1 - (1 - similarity**rows) ** bands)


def band_keys(found: U32, bands: int, rows: int) -> U64:
    """(records, bands) uint64: equal keys in one column are one bucket."""
    keys = np.empty((bands, len(found)), np.uint64)
    places = mix64(np.arange(1, rows + 1, dtype=np.uint64)) | np.uint64(1)
    for band in range(bands):
        total = np.full(len(found), np.uint64(band))
        for row in range(rows):
            total += found[:, band * rows + row].astype(np.uint64) * places[row]
        keys[band] = mix64(total)
    return keys.T
