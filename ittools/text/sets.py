"""Token sets that a join compares: every field's shingles as numbers, the rarest first.

    fields [[ {a, b}, {a, c} ]]  -> tokens b = 0, c = 1, a = 2; record 0 is [0, 2], record 1 is [1, 2]

A record whose shingles hardly any other record has cannot reach the threshold with any, and leaves before
anything is sorted: its share of shingles that somebody else may have too is below the threshold. When
it is gone its shingles are rarer, so that is repeated until nobody leaves (after the prefix filter of
Chaudhuri, Ganti, Kaushik, "A primitive operator for similarity joins", ICDE 2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ittools.text.ragged import I64, Ragged, offsets_of, spans, take

I32 = NDArray[np.int32]
SLOTS = 27  # bits, at the most: 128 MB
CHUNK = 1 << 16  # shingles at a time: they stay in the cache
SURE = 1e-9  # under a limit, against rounding: 0.7 * 10 is 7.000000000000001 in some orders


@dataclass(frozen=True)
class TokenSets:
    """Sets of records in the order of their priority; `tokens` ascend in each, rare ones first."""

    tokens: I64  # (tokens of all records,)
    offsets: I64  # (records + 1,)
    sizes: NDArray[np.int32]  # (records, fields) distinct shingles
    field_of: NDArray[np.uint8]  # (distinct tokens,)

    def __len__(self) -> int:
        return len(self.offsets) - 1


def may_match(fields: Sequence[Ragged], threshold: float) -> I64:
    """Records, ascending, that may have a match: a superset of those that have one.

    Shingles may repeat within a record. A repeated one counts as one that others may have, on both sides
    of the comparison, so that a record leaves only when its set too would have to.
    """
    staying = np.arange(len(fields[0]))
    while len(staying):
        before = len(staying)
        for field in fields:
            some = field if len(staying) == len(field) else take(field, staying)
            staying = staying[_enough_shared(some, threshold)]
        if len(staying) > 0.9 * before:
            break
    return staying


def _enough_shared(field: Ragged, threshold: float) -> NDArray[np.bool_]:
    """By the shingles that stand in a slot, of their hash's highest bits, with another."""
    bits = min(SLOTS, max(10, len(field.values).bit_length() + 1))
    shift = np.uint64(64 - bits)
    several = _met(field.values, shift, 1 << bits) > 1
    enough = np.empty(len(field), bool)
    for first, last in spans(field.offsets, CHUNK):
        offsets = field.offsets[first : last + 1]
        places = (field.values[offsets[0] : offsets[-1]] >> shift).view(np.int64)
        shared = np.diff(offsets_of(several[places])[offsets - offsets[0]])
        enough[first:last] = shared >= threshold * np.diff(offsets) - SURE
    return enough


def _met(hashes: NDArray[np.uint64], shift: np.uint64, slots: int) -> NDArray[np.uint8]:
    """(slots,) 0 where no hash falls, 1 where one does, 2 where more do."""
    met = np.zeros(slots, np.uint8)
    for at in range(0, len(hashes), CHUNK):
        places = np.sort((hashes[at : at + CHUNK] >> shift).view(np.int64))
        again = places[1:] == places[:-1]
        first = np.ones(len(places), bool)
        first[1:] = ~again
        twice = np.zeros(len(places), bool)
        twice[:-1] = again
        distinct = places[first]
        met[distinct] = np.where(twice[first] | (met[distinct] > 0), 2, 1)
    return met


def token_sets(fields: Sequence[Ragged]) -> TokenSets:
    """Sets of all fields together; equal shingles of different fields must differ by their tag."""
    hashes = np.concatenate([field.values for field in fields])
    tags = np.repeat(np.arange(len(fields), dtype=np.uint8), [len(field.values) for field in fields])
    owners = np.concatenate([field.owners for field in fields])
    tokens, field_of = _by_rarity(hashes, tags)
    packed = owners << 32 | tokens
    packed.sort()
    fresh = np.ones(len(packed), bool)
    fresh[1:] = packed[1:] != packed[:-1]
    packed = packed[fresh]
    owners, tokens = packed >> 32, packed & 0xFFFFFFFF
    records, count = len(fields[0]), len(fields)
    sizes = np.bincount(owners * count + field_of[tokens], minlength=records * count)
    offsets = offsets_of(np.bincount(owners, minlength=records))
    return TokenSets(tokens, offsets, sizes.reshape(records, count).astype(np.int32), field_of)


def _by_rarity(hashes: NDArray[np.uint64], tags: NDArray[np.uint8]) -> tuple[I64, NDArray[np.uint8]]:
    """(number of each shingle, field of each number): numbers ascend with how often it occurs."""
    order = np.argsort(hashes)
    ordered = hashes[order]
    fresh = np.ones(len(ordered), bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    first = np.flatnonzero(fresh)
    often = np.diff(np.append(first, len(ordered)))
    by_rarity = np.lexsort((first, often))
    number = np.empty(len(first), np.int64)
    number[by_rarity] = np.arange(len(first))
    tokens = np.empty(len(hashes), np.int64)
    tokens[order] = np.repeat(number, often)
    return tokens, tags[order[first[by_rarity]]]
