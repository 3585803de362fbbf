"""Which windows of words texts share with passages: a table of the passages' windows, and who meets whom.

    passages = full_windows(word_hashes(pa.array(["the cat sat on the mat"])), 3)
    table = window_table(passages)
    found = seen(table, full_windows(word_hashes(pa.array(["so the cat sat on it", "no"])), 3))
    met = next(meet(table, found))
    met.texts, met.passages, met.positions  -> [0, 0], [0, 0], [0, 1]   # the cat sat, cat sat on
    covered(met, 3)                         -> text [0], passage [0], words [4]

Nearly all windows of a corpus are in no passage. One look into a small table of truth values by the low bits
of the hash says so; only the others are searched for among the sorted hashes. What a pair that has met shares
is in `ittools.text.runs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ittools.text.ragged import I64, U64, Ragged, begins_run, from_lengths, offsets_of, spans, within
from ittools.text.shingles import windows
from ittools.text.tokens import Bools

I32 = NDArray[np.int32]
SPARSE = 16  # places of the truth table for each hash, at least: one other window in 16 passes by chance
LARGEST = 1 << 24  # of its places: above, it leaves the cache (2^24 bytes against 1e6 hashes)
AT_ONCE = 1 << 20  # meetings held at a time


@dataclass(frozen=True)
class WindowTable:
    """Where each window stands: occurrences `offsets[k]:offsets[k + 1]` are those of `keys[k]`."""

    keys: U64  # sorted, each once
    offsets: I64  # (keys + 1,); a key that is not wanted anywhere has no occurrence
    passages: I32  # (occurrences,)
    positions: I32  # (occurrences,) the window's number in its passage
    maybe: Bools  # (2**bits,) by the low bits of a hash: whether any key has them
    own: I32  # (windows of all passages,) the key of each, wanted or not


@dataclass(frozen=True)
class Seen:
    """Windows of texts that a table has, with all places: sorted by text, key and place."""

    texts: I64
    keys: I64
    places: I64  # the window's number in its text
    most: int  # keys of the table

    @cached_property
    def first(self) -> I64:
        """Where each (text, key) begins."""
        fresh = np.ones(len(self.texts), bool)
        fresh[1:] = (np.diff(self.texts) != 0) | (np.diff(self.keys) != 0)
        return np.flatnonzero(fresh)

    @cached_property
    def times(self) -> I64:
        return np.diff(self.first, append=len(self.texts))


@dataclass(frozen=True)
class Met:
    """Windows of passages that texts have, each once, sorted by text, passage and position."""

    texts: I64
    passages: I64
    positions: I64
    places: I64  # where in the text each stands first


def full_windows(words: Ragged, size: int) -> Ragged:
    """The windows of exactly `size` words; a shorter text has none."""
    found, full = windows(words, size), words.lengths >= size
    if full.all():
        return found
    keep = np.repeat(full, found.lengths)
    return from_lengths(found.values[keep], np.where(full, words.lengths - size + 1, 0))


def whole_windows(words: Ragged) -> Ragged:
    """One number a text, of all its words; an empty one has none."""
    return windows(words, 1 << 40)


def window_table(found: Ragged, wanted: Bools | None = None) -> WindowTable:
    """The table of passages' windows; wanted: (windows of all,) those that texts can meet."""
    order = np.argsort(found.values, kind="stable")
    values = found.values[order]
    fresh = begins_run(values)
    keys, number = values[fresh], np.cumsum(fresh) - 1
    own = np.empty(len(values), np.int32)
    own[order] = number
    if wanted is not None:
        order, number = order[wanted[order]], number[wanted[order]]
    passages = np.searchsorted(found.offsets, order, side="right") - 1
    bits = max(16, (min(LARGEST, SPARSE * len(keys)) - 1).bit_length())
    maybe = np.zeros(1 << bits, bool)
    maybe[_low(keys, maybe)] = True
    return WindowTable(
        keys, offsets_of(np.bincount(number, minlength=len(keys))), passages.astype(np.int32),
        (order - found.offsets[passages]).astype(np.int32), maybe, own,
    )  # fmt: skip


def _low(hashes: U64, maybe: Bools) -> I64:
    return (hashes & np.uint64(len(maybe) - 1)).view(np.int64)


def seen(table: WindowTable, found: Ragged) -> Seen:
    """Those windows of texts that the table has."""
    at = np.flatnonzero(table.maybe[_low(found.values, table.maybe)])
    if not len(table.keys):
        at = at[:0]
    keys = np.searchsorted(table.keys, found.values[at])
    keys = np.minimum(keys, max(0, len(table.keys) - 1))
    same = table.keys[keys] == found.values[at]
    at, keys = at[same], keys[same]
    texts = np.searchsorted(found.offsets, at, side="right") - 1
    order = np.lexsort((keys, texts))
    return Seen(texts[order], keys[order], (at - found.offsets[texts])[order], len(table.keys))


def meet(table: WindowTable, found: Seen) -> Iterator[Met]:
    """Where windows of texts stand in passages, some `AT_ONCE` meetings at a time, texts in order."""
    texts, keys, places = (part[found.first] for part in (found.texts, found.keys, found.places))
    counts = table.offsets[keys + 1] - table.offsets[keys]
    begins = np.flatnonzero(np.diff(texts, prepend=-1))
    ends = np.append(begins[1:], len(texts))
    totals = np.add.reduceat(counts, begins) if len(begins) else counts
    for first, last in spans(offsets_of(totals), AT_ONCE):
        some = slice(begins[first], ends[last - 1])
        if counts[some].any():
            yield _expanded(table, texts[some], keys[some], places[some])


def _expanded(table: WindowTable, texts: I64, keys: I64, places: I64) -> Met:
    counts = table.offsets[keys + 1] - table.offsets[keys]
    at = within(table.offsets[keys], counts)
    texts, passages, positions = np.repeat(texts, counts), table.passages[at], table.positions[at]
    order = np.lexsort((positions, passages, texts))
    return Met(
        texts[order], passages[order].astype(np.int64), positions[order].astype(np.int64),
        np.repeat(places, counts)[order],
    )  # fmt: skip


def covered(met: Met, size: int) -> tuple[I64, I64, I64]:
    """(texts, passages, words of the passage that stand in a window the text has), one for each pair."""
    if not len(met.texts):
        return met.texts, met.passages, met.positions
    fresh = np.ones(len(met.texts), bool)
    fresh[1:] = (np.diff(met.texts) != 0) | (np.diff(met.passages) != 0)
    new = np.full(len(met.texts), size)
    new[1:] = np.where(fresh[1:], size, np.minimum(size, np.diff(met.positions)))
    first = np.flatnonzero(fresh)
    return met.texts[first], met.passages[first], np.add.reduceat(new, first)
