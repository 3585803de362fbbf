"""Ragged arrays: for each record a run of 64-bit numbers, all of them in one buffer.

Ragged([5, 7, 9], [0, 2, 2, 3])  is  [[5, 7], [], [9]]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]


@dataclass(frozen=True)
class Ragged:
    """The numbers of record i are `values[offsets[i]:offsets[i + 1]]`."""

    values: U64  # (numbers of all records,)
    offsets: I64  # (records + 1,), from 0

    def of(self, record: int) -> U64:
        return self.values[self.offsets[record] : self.offsets[record + 1]]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> I64:
        lengths: I64 = np.diff(self.offsets)
        return lengths

    @property
    def owners(self) -> I64:
        """(numbers of all records,) the record of each."""
        owners: I64 = np.repeat(np.arange(len(self)), self.lengths)
        return owners


def from_lengths(values: U64, lengths: NDArray[np.integer]) -> Ragged:
    return Ragged(values, offsets_of(lengths))


def offsets_of(lengths: NDArray[np.integer] | NDArray[np.bool_]) -> I64:
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def chain(parts: Sequence[Ragged]) -> Ragged:
    """The records of all parts, one after another."""
    if len(parts) == 1:
        return parts[0]
    values = [part.values for part in parts] or [np.zeros(0, np.uint64)]
    lengths = [part.lengths for part in parts] or [np.zeros(0, np.int64)]
    return from_lengths(np.concatenate(values), np.concatenate(lengths))


def take(ragged: Ragged, records: NDArray[np.integer]) -> Ragged:
    """Those records in that order."""
    lengths = ragged.lengths[records]
    return from_lengths(ragged.values[within(ragged.offsets[records], lengths)], lengths)


def within(starts: NDArray[np.integer], lengths: NDArray[np.integer]) -> I64:
    """Every index of runs: starts [5, 9], lengths [2, 3] -> [5, 6, 9, 10, 11]."""
    ends = np.cumsum(lengths)
    found: I64 = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - lengths), lengths)
    return found


def begins_run(ascending: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether each differs from the one before it: [3, 3, 5] -> [True, False, True]."""
    first = np.ones(len(ascending), bool)
    first[1:] = ascending[1:] != ascending[:-1]
    return first


def in_run(ascending: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether a neighbour is equal: [3, 3, 5] -> [True, True, False]."""
    same = ascending[1:] == ascending[:-1]
    found = np.zeros(len(ascending), bool)
    found[1:] |= same
    found[:-1] |= same
    return found


def unique(ragged: Ragged) -> Ragged:
    """Each record's numbers sorted, each once."""
    owners = ragged.owners
    order = np.lexsort((ragged.values, owners))
    values = ragged.values[order]
    fresh = begins_run(values) | begins_run(owners)
    return from_lengths(values[fresh], np.bincount(owners[fresh], minlength=len(ragged)))


def spans(offsets: I64, most: int) -> Iterator[tuple[int, int]]:
    """Runs of records, [first, last), of at most so many numbers together, or of one record."""
    first, records = 0, len(offsets) - 1
    while first < records:
        last = int(np.searchsorted(offsets, offsets[first] + most, side="right")) - 1
        last = min(max(first + 1, last), records)
        yield first, last
        first = last
