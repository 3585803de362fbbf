"""Which runs of words a text shares with passages: a table of the passages' windows, then the pair itself.

    passages = word_hashes(pa.array(["the cat sat on the mat"]))
    table = window_table(full_windows(passages, 3))
    met = meet(table, full_windows(word_hashes(pa.array(["so the cat sat on it", "no"])), 3))
    met.texts, met.passages, met.positions  -> [0, 0], [0, 0], [0, 1]   # the cat sat, cat sat on
    covered(met, 3)                         -> text [0], passage [0], words [4]

Nearly all windows of a corpus are in no passage. One look into a small table of truth values by the low bits
of the hash says so; only the others are searched for among the sorted hashes. A pair that has met is compared
by `overlap`, and read once more word by word: `spell` gives the words that were hashed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ittools.text.ragged import I64, U64, Ragged, from_lengths, offsets_of, spans, within
from ittools.text.shingles import windows
from ittools.text.tokens import Bools, Text, _bounds, _folded, _joined, text_buffers

I32 = NDArray[np.int32]
SPARSE = 16  # places of the truth table for each hash, at least: one other window in 16 passes by chance
LARGEST = 1 << 24  # of its places: above, it leaves the cache (2^24 bytes against 1e6 hashes)
AT_ONCE = 1 << 22  # meetings held at a time
ALIGNED = 1 << 16  # pairs of equal windows sorted for one overlap; repetitive texts have more


@dataclass(frozen=True)
class WindowTable:
    """Where each window stands: occurrences `offsets[k]:offsets[k + 1]` are those of `keys[k]`."""

    keys: U64  # sorted, each once
    offsets: I64  # (keys + 1,)
    passages: I32  # (occurrences,)
    positions: I32  # (occurrences,) the window's number in its passage
    maybe: Bools  # (2**bits,) by the low bits of a hash: whether any key has them


@dataclass(frozen=True)
class Met:
    """Windows of passages that texts have, each once, sorted by text, passage and position."""

    texts: I64
    passages: I64
    positions: I64


@dataclass(frozen=True)
class Overlap:
    """What a passage and a text share.

    matched: the passage's windows that the text has, ascending; at: where in the text each stands first.
    run: (first word in the passage, first in the text, words) of the longest run with a window that counts.
    """

    matched: I64
    at: I64
    run: tuple[int, int, int]


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
    """The table of passages' windows; wanted: (windows of all,) those to take in."""
    taken = np.arange(len(found.values)) if wanted is None else np.flatnonzero(wanted)
    passages = found.owners[taken]
    positions = taken - found.offsets[passages]
    values = found.values[taken]
    order = np.argsort(values, kind="stable")
    keys, counts = np.unique(values, return_counts=True)
    bits = max(16, (min(LARGEST, SPARSE * len(keys)) - 1).bit_length())
    maybe = np.zeros(1 << bits, bool)
    maybe[_low(keys, maybe)] = True
    return WindowTable(
        keys, offsets_of(counts), passages[order].astype(np.int32), positions[order].astype(np.int32), maybe
    )


def _low(hashes: U64, maybe: Bools) -> I64:
    return (hashes & np.uint64(len(maybe) - 1)).view(np.int64)


def meet(table: WindowTable, found: Ragged) -> list[Met]:
    """Where windows of texts stand in passages, some `AT_ONCE` meetings at a time, texts in order."""
    at = np.flatnonzero(table.maybe[_low(found.values, table.maybe)])
    if not len(at) or not len(table.keys):
        return []
    key = np.minimum(np.searchsorted(table.keys, found.values[at]), len(table.keys) - 1)
    same = table.keys[key] == found.values[at]
    texts = np.searchsorted(found.offsets, at[same], side="right") - 1
    each = np.unique(texts * len(table.keys) + key[same])  # a window that a text repeats counts once
    texts, key = np.divmod(each, len(table.keys))
    counts = table.offsets[key + 1] - table.offsets[key]
    per_text = np.bincount(texts, counts, minlength=len(found)).astype(np.int64)
    bounds = np.searchsorted(texts, np.arange(len(found) + 1))
    return [
        _expanded(table, texts[bounds[a] : bounds[b]], key[bounds[a] : bounds[b]])
        for a, b in spans(offsets_of(per_text), AT_ONCE)
        if bounds[a] < bounds[b]
    ]


def _expanded(table: WindowTable, texts: I64, key: I64) -> Met:
    counts = table.offsets[key + 1] - table.offsets[key]
    places = within(table.offsets[key], counts)
    texts, passages, positions = np.repeat(texts, counts), table.passages[places], table.positions[places]
    order = np.lexsort((positions, passages, texts))
    return Met(texts[order], passages[order].astype(np.int64), positions[order].astype(np.int64))


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


@dataclass(frozen=True)
class Sought:
    """A text's words and its windows in ascending order, to find passages in it."""

    words: U64
    order: I64  # positions by ascending window, equal ones in their order
    ascending: U64


def sought(words: U64, size: int) -> Sought:
    found = full_windows(_one(words), size).values
    order = np.argsort(found, kind="stable")
    return Sought(words, order, found[order])


def _one(words: U64) -> Ragged:
    return Ragged(words, np.array([0, len(words)]))


def overlap(passage: U64, own: U64, text: Sought, usable: Bools, size: int) -> Overlap | None:
    """What the two share; null where no window that counts is shared.

    passage: its words; own: its windows; usable: (windows of the passage,) whether a shared one counts.
    """
    first = np.searchsorted(text.ascending, own, side="left")
    counts = np.searchsorted(text.ascending, own, side="right") - first
    matched = np.flatnonzero(counts)
    if not usable[matched].any():
        return None
    if counts.sum() > ALIGNED:
        run = _run_by_halving(passage, text.words, usable, size)
    else:
        run = _run_by_diagonals(np.repeat(np.arange(len(own)), counts), text.order[within(first, counts)],
                                usable, size)  # fmt: skip
    return Overlap(matched, text.order[first[matched]], run)


def _run_by_diagonals(i: I64, j: I64, usable: Bools, size: int) -> tuple[int, int, int]:
    """Equal windows i and j, i + 1 and j + 1, ... are one run; the longest, the first in the passage."""
    order = np.lexsort((i, i - j))
    i, j = i[order], j[order]
    begins = np.ones(len(i), bool)
    begins[1:] = (np.diff(i) != 1) | (np.diff(j) != 1)
    first = np.flatnonzero(begins)
    lengths = np.diff(first, append=len(i)) + size - 1
    lengths = np.where(np.logical_or.reduceat(usable[i], first), lengths, 0)
    best = min(np.flatnonzero(lengths == lengths.max()), key=lambda n: (i[first[n]], j[first[n]]))
    return int(i[first[best]]), int(j[first[best]]), int(lengths[best])


def _run_by_halving(passage: U64, text: U64, usable: Bools, size: int) -> tuple[int, int, int]:
    """The same without pairing: what has a run of n words has one of n - 1."""
    counted = offsets_of(usable.astype(np.int64))
    best, least, most = (0, 0, 0), size, min(len(passage), len(text))
    while least <= most:
        length = (least + most) // 2
        own, theirs = (full_windows(_one(words), length).values for words in (passage, text))
        starts = np.arange(len(own))
        some = counted[starts + length - size + 1] > counted[starts]
        common = np.flatnonzero(some & np.isin(own, theirs))
        if len(common):
            place = np.flatnonzero(theirs == own[common[0]])[0]
            best, least = (int(common[0]), int(place), length), length + 1
        else:
            most = length - 1
    return best


@dataclass(frozen=True)
class Spelled:
    """The words of one text as they were hashed, each found by its number."""

    source: bytes
    read: bytes  # lower case, NFC
    begins: I64  # bytes in `read`
    ends: I64

    def __len__(self) -> int:
        return len(self.begins)

    @cached_property
    def signs(self) -> Bools:
        """(words,) whether each is a sign of ASCII: + < $ and the like."""
        lead = np.frombuffer(self.read, np.uint8)[self.begins]
        letters = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz0123456789", np.uint8)
        found: Bools = (self.ends - self.begins == 1) & (lead < 0x80) & ~np.isin(lead, letters)
        return found

    def words(self, first: int, count: int) -> list[bytes]:
        ends = slice(first, first + count)
        return [self.read[a:b] for a, b in zip(self.begins[ends], self.ends[ends], strict=True)]

    def said(self, first: int, count: int) -> str:
        """The text from the first word to the last, as written; else its words with spaces between."""
        place = slice(self.begins[first], self.ends[first + count - 1])
        written = self.source[place]
        if written.lower() == self.read[place]:  # ASCII, where nothing moved
            return written.decode()
        own = self.words(first, count)
        again = spell(written.decode(errors="replace"))
        return (written if again.words(0, len(again)) == own else b" ".join(own)).decode()


def spell(text: str) -> Spelled:
    data, offsets = text_buffers(pa.array([text], pa.large_string()))
    read, classes = _folded(Text(data, offsets))
    begins, ends = _bounds(read, classes)
    source, folded = data.tobytes(), read.data.tobytes()
    if not len(begins):  # nothing but punctuation is one word
        folded = _joined(data).tobytes()
        ends = np.array([len(folded)] if folded else [], np.int64)
        begins = np.zeros(len(ends), np.int64)
    return Spelled(source, folded, begins, ends)
