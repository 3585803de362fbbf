"""Token sets that a join compares: what records share, as numbers, the rarest first.

    fields [[ {a, b, d}, {a, c, d}, {d} ]]  -> records [a, d], [a, d], [d]; alone 1, 1, 0

A shingle that no other record has is only counted. A record of which too many are such cannot reach the
threshold with any other and leaves before anything is sorted (after the prefix filter of Chaudhuri, Ganti,
Kaushik, "A primitive operator for similarity joins", ICDE 2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ittools.text.ragged import I64, U64, Ragged, begins_run, from_lengths, offsets_of, spans, take, within
from ittools.text.rows import FIELD, sorted_rows

SLOTS = 26  # bits, at the most: 128 MB
CHUNK = 1 << 20  # shingles at a time: with fewer the table of slots is read once more, at 128 MB a time
SURE = 1e-9  # under a limit, against rounding: 0.7 * 10 is 7.000000000000001 in some orders
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class TokenSets:
    """Sets of records in the order of their priority.

    A token is 8 bits of how many have it, 53 of the shingle's hash and 3 of its field. Two of a pair's tokens
    that are not equal look so with probability 2**-53: with a million pairs of 60, once in two million runs.
    """

    tokens: U64  # (shared tokens of all records,) ascending in each record, rare ones first, each once
    offsets: I64  # (records + 1,)
    sizes: NDArray[np.int32]  # (records, fields) distinct shingles, shared or not
    alone: I64  # (records,) distinct shingles of all fields that no other record has

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True)
class _Field:
    """A field of the records that are left, and of how many its shingles may be."""

    shingles: Ragged
    often: NDArray[np.uint8]  # (shingles of all records,) 1: of this record alone

    def of(self, records: I64) -> _Field:
        at = within(self.shingles.offsets[records], self.shingles.lengths[records])
        return _Field(take(self.shingles, records), self.often[at])


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
            one = _Field(left[number], how_often(left[number].values))
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
        shared = np.diff(offsets_of(field.often[ends[0] : ends[-1]] > 1)[ends - ends[0]])
        enough[first:last] = shared >= threshold * np.diff(ends) - SURE
    return enough


def how_often(hashes: U64) -> NDArray[np.uint8]:
    """Of each, how many stand in its slot of the highest bits: up to 128 as it is, then by logarithm."""
    bits = min(SLOTS, max(10, len(hashes).bit_length() + 1))
    shift = np.uint64(64 - bits)
    counts = _counted(hashes, shift, 1 << bits)
    often = np.empty(len(hashes), np.uint8)
    for at in range(0, len(hashes), CHUNK):
        often[at : at + CHUNK] = counts[(hashes[at : at + CHUNK] >> shift).view(np.int64)]
    return often


def _counted(hashes: U64, shift: np.uint64, slots: int) -> NDArray[np.uint8]:
    """(slots,) how many fall into each, in classes; a chunk at a time, its slots in order."""
    counts = np.zeros(slots, np.uint16)
    for at in range(0, len(hashes), CHUNK):
        places = np.sort((hashes[at : at + CHUNK] >> shift).astype(np.uint32))
        first = np.flatnonzero(begins_run(places))
        distinct = places[first].astype(np.int64)
        total = counts[distinct] + np.diff(first, append=len(places))
        counts[distinct] = np.minimum(total, 0xFFFF)
    return _classes()[counts]


@lru_cache(maxsize=1)
def _classes() -> NDArray[np.uint8]:
    """(65536,) the class of each count: 1, 2, ... 128, then eight to each doubling."""
    counts = np.arange(1 << 16)
    by_logarithm = 128 + np.floor(8 * np.log2(np.maximum(counts, 1) / 128))
    return np.where(counts <= 128, counts, np.minimum(by_logarithm, 254)).astype(np.uint8)


def _token_sets(fields: Sequence[_Field]) -> TokenSets:
    records, count = len(fields[0].shingles), len(fields)
    assert count <= FIELD + 1
    shared = [field.often > 1 for field in fields]
    lengths = [np.diff(offsets_of(some)[f.shingles.offsets]) for some, f in zip(shared, fields, strict=True)]
    tokens = [_tokens(f, some, tag) for tag, (f, some) in enumerate(zip(fields, shared, strict=True))]
    together = _side_by_side([from_lengths(*pair) for pair in zip(tokens, lengths, strict=True)])
    ordered = sorted_rows(together.values, together.offsets)
    fresh = begins_run(ordered)
    starts = together.offsets[:-1][together.lengths > 0]
    fresh[starts] = True
    offsets = offsets_of(fresh)[together.offsets]
    ordered = ordered[fresh]
    owners = np.repeat(np.arange(records), np.diff(offsets))
    cells = owners * count + (ordered & FIELD).astype(np.int64)
    sizes = np.bincount(cells, minlength=records * count).reshape(records, count)
    for tag, (field, length) in enumerate(zip(fields, lengths, strict=True)):
        sizes[:, tag] += field.shingles.lengths - length  # what nobody shares occurs once, so it is distinct
    alone = sizes.sum(axis=1) - np.diff(offsets)
    return TokenSets(ordered, offsets, sizes.astype(np.int32), alone)


def _tokens(field: _Field, shared: Bools, tag: int) -> U64:
    often = field.often[shared].astype(np.uint64) << np.uint64(56)
    return often | (field.shingles.values[shared] >> np.uint64(11) << np.uint64(3)) | np.uint64(tag)


def _side_by_side(fields: Sequence[Ragged]) -> Ragged:
    """The numbers of all fields of a record one after another."""
    if len(fields) == 1:
        return fields[0]
    lengths = np.sum([field.lengths for field in fields], axis=0)
    offsets = offsets_of(lengths)
    values, before = np.empty(int(offsets[-1]), np.uint64), offsets[:-1].copy()
    for field in fields:
        values[within(before, field.lengths)] = field.values
        before += field.lengths
    return Ragged(values, offsets)
