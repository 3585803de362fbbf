"""Token sets that a join compares: what records share, as numbers, the rarest first.

    fields [[ {a, b, d}, {a, c, d}, {d} ]]  -> a = 0, d = 1; records [0, 1], [0, 1], [1]; alone 1, 1, 0

A shingle that no other record has is only counted. A record of which too many are such cannot reach the
threshold with any other and leaves before anything is sorted (after the prefix filter of Chaudhuri, Ganti,
Kaushik, "A primitive operator for similarity joins", ICDE 2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ittools.text.ragged import I64, U64, Ragged, offsets_of, spans, take, within

SLOTS = 27  # bits, at the most: 128 MB
CHUNK = 1 << 18  # shingles at a time: more are dearer in the cache, fewer in the table of slots
SURE = 1e-9  # under a limit, against rounding: 0.7 * 10 is 7.000000000000001 in some orders
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class TokenSets:
    """Sets of records in the order of their priority."""

    tokens: I64  # (shared tokens of all records,) ascending in each record, rare ones first
    offsets: I64  # (records + 1,)
    sizes: NDArray[np.int32]  # (records, fields) distinct shingles, shared or not
    alone: I64  # (records,) distinct shingles of all fields that no other record has
    field_of: NDArray[np.uint8]  # (distinct tokens,)

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True)
class _Field:
    """A field of the records that are left, and which of its shingles another may have."""

    shingles: Ragged
    shared: Bools  # (shingles of all records,)

    def of(self, records: I64) -> _Field:
        at = within(self.shingles.offsets[records], self.shingles.lengths[records])
        return _Field(take(self.shingles, records), self.shared[at])


def shared_sets(fields: Sequence[Ragged], threshold: float) -> tuple[I64, TokenSets]:
    """(records, ascending, that may have a match; their sets). Nobody who has a match is left out.

    Equal shingles of different fields must differ by their tag. They may repeat within a record: a repeated
    one counts as one that others may have, on both sides of the comparison.
    """
    staying = np.arange(len(fields[0]))
    left = list(fields)
    while True:
        before, found = len(staying), []
        for number in range(len(left)):
            one = _Field(left[number], _may_be_shared(left[number].values))
            enough = _enough(one, threshold)
            found.append((staying, one))
            if not enough.all():
                staying, rows = staying[enough], np.flatnonzero(enough)
                left = [take(field, rows) for field in left]
        if 2 * len(staying) >= before:  # another round is dearer than what it would still find
            break
    ready = [one if len(n) == len(staying) else one.of(np.searchsorted(n, staying)) for n, one in found]
    return staying, _token_sets(ready)


def _enough(field: _Field, threshold: float) -> Bools:
    offsets, enough = field.shingles.offsets, np.empty(len(field.shingles), bool)
    for first, last in spans(offsets, CHUNK):
        ends = offsets[first : last + 1]
        shared = np.diff(offsets_of(field.shared[ends[0] : ends[-1]])[ends - ends[0]])
        enough[first:last] = shared >= threshold * np.diff(ends) - SURE
    return enough


def _may_be_shared(hashes: U64) -> Bools:
    """Whether another shingle falls into the same slot, of the highest bits of the hash."""
    bits = min(SLOTS, max(10, len(hashes).bit_length() + 1))
    shift = np.uint64(64 - bits)
    several = _met(hashes, shift, 1 << bits) > 1
    shared = np.empty(len(hashes), bool)
    for at in range(0, len(hashes), CHUNK):
        shared[at : at + CHUNK] = several[(hashes[at : at + CHUNK] >> shift).view(np.int64)]
    return shared


def _met(hashes: U64, shift: np.uint64, slots: int) -> NDArray[np.uint8]:
    """(slots,) 0 where no hash falls, 1 where one does, 2 where more do."""
    met = np.zeros(slots, np.uint8)
    for at in range(0, len(hashes), CHUNK):
        places = np.sort((hashes[at : at + CHUNK] >> shift).astype(np.uint32))
        again = places[1:] == places[:-1]
        first = np.ones(len(places), bool)
        first[1:] = ~again
        twice = np.zeros(len(places), bool)
        twice[:-1] = again
        distinct = places[first].astype(np.int64)
        met[distinct] = np.where(twice[first] | (met[distinct] > 0), 2, 1)
    return met


def _token_sets(fields: Sequence[_Field]) -> TokenSets:
    records, count = len(fields[0].shingles), len(fields)
    owners = np.concatenate([field.shingles.owners[field.shared] for field in fields])
    hashes = np.concatenate([field.shingles.values[field.shared] for field in fields])
    tags = np.repeat(np.arange(count, dtype=np.uint8), [int(field.shared.sum()) for field in fields])
    single, tokens, field_of = _by_rarity(hashes, tags)
    packed = owners[~single] << 32 | tokens[~single]
    packed.sort()
    fresh = np.ones(len(packed), bool)
    fresh[1:] = packed[1:] != packed[:-1]
    packed = packed[fresh]
    held, tokens = packed >> 32, packed & 0xFFFFFFFF
    sizes = np.bincount(held * count + field_of[tokens], minlength=records * count).reshape(records, count)
    for number, field in enumerate(fields):  # what nobody shares occurs once, so it is distinct
        kept = np.diff(offsets_of(field.shared)[field.shingles.offsets])
        sizes[:, number] += field.shingles.lengths - kept
    sizes += np.bincount(owners[single] * count + tags[single], minlength=records * count).reshape(
        sizes.shape
    )
    offsets = offsets_of(np.bincount(held, minlength=records))
    alone = sizes.sum(axis=1) - np.diff(offsets)
    return TokenSets(tokens, offsets, sizes.astype(np.int32), alone, field_of)


def _by_rarity(hashes: U64, tags: NDArray[np.uint8]) -> tuple[Bools, I64, NDArray[np.uint8]]:
    """(whether each shingle occurs once, its number otherwise, field of each number): rare ones first."""
    order = np.argsort(hashes)
    ordered = hashes[order]
    fresh = np.ones(len(ordered), bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    first = np.flatnonzero(fresh)
    often = np.diff(np.append(first, len(ordered)))
    # 16 bits are sorted by radix; what is as frequent as that is at the end of all prefixes anyway
    by_rarity = np.argsort(np.minimum(often, 0xFFFF).astype(np.uint16), kind="stable")
    singles = int((often == 1).sum())
    number = np.empty(len(first), np.int64)
    number[by_rarity] = np.arange(len(first)) - singles
    tokens = np.empty(len(hashes), np.int64)
    tokens[order] = np.repeat(number, often)
    return tokens < 0, tokens, tags[order[first[by_rarity[singles:]]]]
