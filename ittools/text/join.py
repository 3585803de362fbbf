"""Exact set-similarity join: which records are as alike as a threshold, and which of them stay.

    keep_first([sets of one field], 0.7)  -> Decision(twins=[-1, -1, 0], similarities=[0, 0, 0.83])
    # records 0 and 1 stay; record 2 goes, for record 0, with which it shares 83% of its shingles

Records come in the order of their priority. A record goes when one that stays before it reaches the
threshold in every field, and names the most alike of those, the first among equals. So no two that
stay reach the threshold, which components do not give: they drop what is alike only through others.

Two sets with Jaccard similarity t share a token among the rarest size - ceil(t * size) + 1 of each (prefix
filter: Chaudhuri et al., ICDE 2006), their sizes differ by at most t, and where in the prefixes the first
shared token stands bounds what is left to share (Xiao et al., "Efficient similarity joins for near
duplicate detection", WWW 2008). What passes is counted out exactly. Records alike in each field are alike
in the union of the fields, which gives the candidates.

Records are taken in blocks that double: those like a record that stays leave before they are compared
with each other, so a cluster of a million costs a million comparisons and not their square.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ittools.text.ragged import I64, Ragged, begins_run, in_run, offsets_of, within
from ittools.text.rows import common
from ittools.text.sets import SURE, TokenSets, shared_sets

F64 = NDArray[np.float64]
BLOCK = 256  # records of the first block
PAIRS = 1 << 20  # compared at a time; a block with more of its own is halved


@dataclass(frozen=True)
class Decision:
    """Per record, in the order given: the record it goes for, -1 where it stays, and how alike they are."""

    twins: I64
    similarities: F64  # of the least alike field; 0 where it stays


class TooManyPairs(Exception):
    """Few different shingles: nearly every record shares one with every other."""


@dataclass(frozen=True)
class _Edges:
    """Pairs that reach the threshold: `later` may go for `earlier`."""

    earlier: I64
    later: I64
    similarity: F64


def keep_first(
    fields: Sequence[Ragged],
    threshold: float,
    *,
    settled: int = 0,
    most_pairs: int | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> Decision:
    """Who stays and who goes. `fields`: shingles of each field, a record each, in order of priority.

    The first `settled` records stay whatever they are like. Two empty fields are equal; an empty one
    is like no other. `advance` is told how many records are decided.
    Raises TooManyPairs where more than `most_pairs` would have to be looked at.
    """
    decision = Decision(np.full(len(fields[0]), -1), np.zeros(len(fields[0])))
    records, sets = shared_sets(fields, threshold)
    advance(len(fields[0]) - len(records))
    if len(records):
        join = _Join(sets, threshold, most_pairs)
        join.decide(int(np.searchsorted(records, settled)), advance)
        gone = np.flatnonzero(join.twins >= 0)
        decision.twins[records[gone]] = records[join.twins[gone]]
        decision.similarities[records[gone]] = join.similarities[gone]
    empty = np.flatnonzero(np.all([field.lengths == 0 for field in fields], axis=0))
    after = empty[1:][empty[1:] >= settled]  # they have no token to meet by
    decision.twins[after], decision.similarities[after] = empty[:1].repeat(len(after)), 1.0
    return decision


def all_pairs(fields: Sequence[Ragged], threshold: float) -> tuple[I64, I64, F64]:
    """(earlier, later, similarity) of every pair at or above the threshold, sorted; of empty records none."""
    return _pairs(fields, threshold, len(fields[0]), 0)


def pairs_across(fields: Sequence[Ragged], threshold: float, first: int) -> tuple[I64, I64, F64]:
    """As `all_pairs`, of one of the first records and one of the others only."""
    return _pairs(fields, threshold, first, first)


def _pairs(fields: Sequence[Ragged], threshold: float, stop: int, start: int) -> tuple[I64, I64, F64]:
    """Pairs of an earlier record below `stop` and a later one from `start` on."""
    records, sets = shared_sets(fields, threshold)
    if not len(records):
        return records, records, np.zeros(0)
    join = _Join(sets, threshold)
    numbers = records[join.ranks]
    edges = join.edges(numbers < stop, numbers >= start)
    order = np.lexsort((edges.later, edges.earlier))
    return records[edges.earlier[order]], records[edges.later[order]], edges.similarity[order]


class _Join:
    """The state of one join: what each prefix token's records are, and who is decided."""

    def __init__(self, sets: TokenSets, threshold: float, most_pairs: int | None = None) -> None:
        self.sets, self.threshold = sets, threshold
        self.pairs, self.most_pairs = 0, most_pairs  # looked at so far, and at the most
        self.lengths = sets.sizes.sum(axis=1, dtype=np.int64)
        self.tokens, self.ranks, self.places = _postings(sets, self.lengths, threshold)
        first = np.flatnonzero(begins_run(self.tokens))
        self.starts = np.repeat(first, np.diff(first, append=len(self.tokens)))  # of each posting's token
        self.kept = np.zeros(len(sets), bool)
        self.twins = np.full(len(sets), -1)
        self.similarities = np.zeros(len(sets))

    def decide(self, settled: int, advance: Callable[[int], None]) -> None:
        self.kept[:settled] = True
        advance(settled)
        # without a prefix token that another has, nobody is like them
        alone = np.ones(len(self.sets), bool)
        alone[self.ranks] = False
        self.kept |= alone
        first, size = settled, BLOCK
        while first < len(self.sets):
            last = min(first + size, len(self.sets))
            self._block(first, last)
            advance(last - first)
            first, size = last, size * 2

    def _block(self, first: int, last: int) -> None:
        """Against those that stay, then among themselves, then once more against those of them that stay."""
        inside = (self.ranks >= first) & (self.ranks < last)
        before = self.kept[self.ranks] & (self.ranks < first)
        self._note(self.edges(before, inside))
        undecided = inside & (self.twins[self.ranks] < 0)
        if last - first > 1 and self._own_pairs(undecided) > PAIRS:
            middle = (first + last) // 2
            self._block(first, middle)
            self._block(middle, last)
            return
        already = inside & ~undecided
        edges = self.edges(undecided, undecided)
        staying = _greedy(edges, first, last, self.twins[first:last] < 0)
        self.kept[first:last] = staying
        for_those = staying[edges.earlier - first]
        self._note(_Edges(edges.earlier[for_those], edges.later[for_those], edges.similarity[for_those]))
        self._note(self.edges(undecided & self.kept[self.ranks], already))

    def _own_pairs(self, some: NDArray[np.bool_]) -> int:
        tokens = self.tokens[some]
        counts = np.diff(np.flatnonzero(begins_run(tokens)), append=len(tokens)).astype(np.float64)
        return int((counts * (counts - 1) / 2).sum())

    def _note(self, edges: _Edges) -> None:
        """Who goes, for whom: the most alike, the first among equals."""
        later = ~self.kept[edges.later]
        order = np.lexsort((edges.earlier[later], -edges.similarity[later], edges.later[later]))
        who = edges.later[later][order]
        best = begins_run(who)
        who, twins = who[best], edges.earlier[later][order][best]
        alike = edges.similarity[later][order][best]
        better = alike > self.similarities[who]
        self.twins[who[better]], self.similarities[who[better]] = twins[better], alike[better]

    def edges(self, earlier: NDArray[np.bool_], later: NDArray[np.bool_]) -> _Edges:
        """Pairs that reach the threshold, of the postings marked so."""
        found = [self._verified(*pairs) for pairs in self._candidates(earlier, later)]
        if not found:
            return _Edges(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
        packed = np.concatenate([e.earlier << 32 | e.later for e in found])
        packed, first = np.unique(packed, return_index=True)  # chunks may find a pair twice
        similarity = np.concatenate([e.similarity for e in found])[first]
        return _Edges(packed >> 32, packed & 0xFFFFFFFF, similarity)

    def _candidates(self, earlier: NDArray[np.bool_], later: NDArray[np.bool_]) -> Iterator[tuple[I64, I64]]:
        """Pairs that share a prefix token and that no filter excludes, each once a chunk."""
        here, there = np.flatnonzero(earlier), np.flatnonzero(later)
        before = offsets_of(earlier)  # of each posting how many stand before it: those of its token are a run
        begin, end = before[self.starts[there]], before[there]
        some = end > begin
        there, begin, counts = there[some], begin[some], (end - begin)[some]
        ends = np.cumsum(counts)
        self.pairs += int(counts.sum())
        if self.most_pairs is not None and self.pairs > self.most_pairs:
            raise TooManyPairs
        first = 0
        while first < len(there):
            done = ends[first - 1] if first else 0
            last = max(first + 1, int(np.searchsorted(ends, done + PAIRS, side="right")))
            span = slice(first, last)
            one = here[within(begin[span], counts[span])]
            yield self._filtered(one, np.repeat(there[span], counts[span]))
            first = last

    def _filtered(self, one: I64, two: I64) -> tuple[I64, I64]:
        """Postings one[i] and two[i] share a token: records of those pairs that may reach the threshold."""
        a, b = self.ranks[one], self.ranks[two]
        size_a, size_b = self.lengths[a], self.lengths[b]
        need = self.threshold / (1 + self.threshold) * (size_a + size_b) - SURE
        most = np.minimum(size_a - self.places[one], size_b - self.places[two])
        packed = np.unique((a << 32 | b)[most >= need])
        a, b = packed >> 32, packed & 0xFFFFFFFF
        sizes_a, sizes_b = self.sets.sizes[a], self.sets.sizes[b]
        low, high = np.minimum(sizes_a, sizes_b), np.maximum(sizes_a, sizes_b)
        fits = (low >= self.threshold * high - SURE).all(axis=1)
        return a[fits], b[fits]

    def _verified(self, a: I64, b: I64) -> _Edges:
        similarity = _similarities(self.sets, a, b)
        alike = similarity >= self.threshold
        return _Edges(a[alike], b[alike], similarity[alike])


def _postings(sets: TokenSets, lengths: I64, threshold: float) -> tuple[I64, I64, I64]:
    """(number of the token, record, place in its set) of all prefix tokens that two records have, sorted."""
    prefix = lengths - np.ceil(threshold * lengths - SURE).astype(np.int64) + 1
    # what is nobody else's comes first, and leads to nobody
    prefix = np.clip(prefix - sets.alone, 0, np.diff(sets.offsets))
    at = within(sets.offsets[:-1], prefix)
    order = np.argsort(sets.tokens[at])
    tokens = sets.tokens[at][order]
    shared = in_run(tokens)
    order, tokens = order[shared], tokens[shared]
    at, owners = at[order], np.repeat(np.arange(len(sets)), prefix)[order]
    packed = np.cumsum(begins_run(tokens)) << 32 | owners
    order = np.argsort(packed)
    places = at[order] - sets.offsets[:-1][owners[order]] + sets.alone[owners[order]]
    return packed[order] >> 32, owners[order], places


def _similarities(sets: TokenSets, a: I64, b: I64) -> F64:
    """(pairs,) Jaccard similarity of the least alike field of each pair."""
    shared = common(sets.tokens, sets.offsets, a, b, sets.sizes.shape[1])
    sizes = sets.sizes[a].astype(np.int64) + sets.sizes[b] - shared
    return np.where(sizes > 0, shared / np.maximum(sizes, 1), 1.0).min(axis=1)  # type: ignore[no-any-return]


def _greedy(edges: _Edges, first: int, last: int, free: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(last - first,) who of the free ones stays: who has no earlier one that stays and is alike."""
    staying = free.copy()
    order = np.lexsort((edges.earlier, edges.later))
    starts = offsets_of(np.bincount(edges.later - first, minlength=last - first))
    earlier = edges.earlier[order] - first
    for record in np.flatnonzero(np.diff(starts)):
        staying[record] = not staying[earlier[starts[record] : starts[record + 1]]].any()
    return staying
