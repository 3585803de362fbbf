"""What pairs of a passage and a text share: equal windows and the longest run of words, for many pairs.

    passage "the cat sat on the mat", text "so the cat sat on it", windows of 3
    shared   -> own [0, 1], at [1, 2]            # the cat sat, cat sat on
    longest  -> own 0, at 1, windows 2           # the cat sat on

A window that a text repeats stands in several runs. Those pairs alone are aligned in full; where that would
be too much, as in "a a a a ...", the longest run is found by halving its length.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ittools.text.overlaps import I32, Seen, full_windows
from ittools.text.ragged import I64, U64, Ragged, offsets_of, spans, within
from ittools.text.tokens import Bools

ALIGNED = 1 << 13  # equal windows of one pair, each with each; above, halving is sooner done
AT_ONCE = 1 << 20  # of all pairs that are aligned together


@dataclass(frozen=True)
class Shared:
    """Windows of passages that texts have, once each: pairs ascending, and `own` in each pair."""

    pairs: I64
    own: I64  # the window's number in the passage
    at: I64  # in the text, where it first stands
    times: I64  # in the text
    seen: I64  # where `Seen` has the first of them

    def __getitem__(self, some: I64 | Bools) -> Shared:
        return Shared(self.pairs[some], self.own[some], self.at[some], self.times[some], self.seen[some])


@dataclass(frozen=True)
class Runs:
    """Runs of windows, one after another in both."""

    pairs: I64
    own: I64
    at: I64
    windows: I64


def shared(seen: Seen, keys: I32, offsets: I64, texts: I64, passages: I64) -> Shared:
    """What each pair of a text and a passage shares; keys, offsets: of the windows of all passages."""
    lengths = offsets[passages + 1] - offsets[passages]
    windows = within(offsets[passages], lengths)
    pairs = np.repeat(np.arange(len(texts)), lengths)
    number = _looked_up(seen, keys[windows], texts, offsets_of(lengths))
    same = number > 0
    pairs, number = pairs[same], number[same] - 1
    first = seen.first[number]
    return Shared(
        pairs, windows[same] - offsets[passages[pairs]], seen.places[first], seen.times[number], first
    )


def _looked_up(seen: Seen, keys: I32, texts: I64, offsets: I64) -> I64:
    """(keys,) 1 + the number in `seen.first` of each pair's key in its text, 0 where the text has it not.

    The keys of one text at a time are marked among all keys: searching for each took ten times as long.
    """
    found = np.zeros(len(keys), np.int64)
    marks = np.zeros(seen.most, np.int64)
    begins = np.flatnonzero(np.diff(texts, prepend=-1))
    bounds = offsets[np.append(begins, len(texts))].tolist()
    places = np.searchsorted(seen.texts[seen.first], np.stack([texts[begins], texts[begins] + 1]))
    for begin, end, first, last in zip(bounds, bounds[1:], *places.tolist(), strict=False):
        own = seen.keys[seen.first[first:last]]
        marks[own] = np.arange(first + 1, last + 1)
        found[begin:end] = marks[keys[begin:end]]
        marks[own] = 0
    return found


def runs_of(pairs: I64, own: I64, at: I64) -> Runs:
    """The runs of windows sorted by pair and place."""
    fresh = np.ones(len(pairs), bool)
    fresh[1:] = (np.diff(pairs) != 0) | (np.diff(own) != 1) | (np.diff(at) != 1)
    first = np.flatnonzero(fresh)
    return Runs(pairs[first], own[first], at[first], np.diff(first, append=len(pairs)))


def longest(found: Shared, usable: Bools, seen: Seen, halved: Callable[[int], tuple[int, int, int]]) -> Runs:
    """The longest run of each pair that has a usable window; of equal ones the first in passage and text.

    usable: (windows of `found`,); halved: `longest_by_halving` of a pair, for those too repetitive to align.
    """
    total = np.bincount(found.pairs, found.times).astype(np.int64)
    repeated = total > np.bincount(found.pairs)
    heavy = repeated & (total > ALIGNED)
    plain = ~repeated[found.pairs]
    best = [_best(found.pairs[plain], found.own[plain], found.at[plain], usable[plain])]
    aligned = np.where(repeated & ~heavy, total, 0)
    for first, last in spans(offsets_of(aligned), AT_ONCE):
        if aligned[first:last].any():
            some = np.arange(*np.searchsorted(found.pairs, [first, last]))
            best.append(_best(*_aligned(found, some[aligned[found.pairs[some]] > 0], usable, seen)))
    runs = [(pair, *halved(pair)) for pair in np.flatnonzero(heavy).tolist()]
    best.append(Runs(*np.array([run for run in runs if run[3]], np.int64).reshape(-1, 4).T))
    columns = [
        np.concatenate([getattr(one, name) for one in best]) for name in ("pairs", "own", "at", "windows")
    ]
    order = np.argsort(columns[0], kind="stable")
    return Runs(*(column[order] for column in columns))


def _aligned(found: Shared, some: I64, usable: Bools, seen: Seen) -> tuple[I64, I64, I64, Bools]:
    """Each of these windows with each place of it in the text, along the diagonals of their pairs."""
    times = found.times[some]
    each, at = np.repeat(some, times), seen.places[within(found.seen[some], times)]
    pairs, own = found.pairs[each], found.own[each]
    order = np.lexsort((own, own - at, pairs))
    return pairs[order], own[order], at[order], usable[each][order]


def _best(pairs: I64, own: I64, at: I64, usable: Bools) -> Runs:
    runs = runs_of(pairs, own, at)
    first = np.cumsum(runs.windows) - runs.windows
    counts = np.flatnonzero(np.logical_or.reduceat(usable, first)) if len(first) else first
    pairs, own, at, windows = (part[counts] for part in (runs.pairs, runs.own, runs.at, runs.windows))
    order = np.lexsort((at, own, -windows, pairs))
    best = order[np.flatnonzero(np.diff(pairs[order], prepend=-1))]
    return Runs(pairs[best], own[best], at[best], windows[best])


def longest_by_halving(passage: U64, text: U64, usable: Bools, size: int) -> tuple[int, int, int]:
    """(own, at, windows) without pairing: what has a run of n words has one of n - 1. No windows: no run."""
    counted = offsets_of(usable)
    best, least, most = (0, 0, 0), size, min(len(passage), len(text))
    while least <= most:
        length = (least + most) // 2
        own, theirs = (full_windows(_one(words), length).values for words in (passage, text))
        starts = np.arange(len(own))
        some = counted[starts + length - size + 1] > counted[starts]
        common = np.flatnonzero(some & np.isin(own, theirs))
        if len(common):
            place = np.flatnonzero(theirs == own[common[0]])[0]
            best, least = (int(common[0]), int(place), length - size + 1), length + 1
        else:
            most = length - 1
    return best


def _one(words: U64) -> Ragged:
    return Ragged(words, np.array([0, len(words)]))
