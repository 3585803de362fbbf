"""Which texts say what an evaluation record says.

Hashes choose the pairs and what they share, a whole batch at a time; then every shared run is read word by
word, and only what is equal in words counts. Coverage is the share of an evaluation record's words that stand
in shared n-grams, as in Tülu 3; with template text left out it is the lesser of the share of all words and of
those that are not template text, so that leaving text out can acquit and never condemn. For the same reason
what is shared must have `ngram` words besides signs, or all that the evaluation record has: "a step-by-step
guide for" are eight words by the tokenizer, and six to a reader. A record that is half signs, as brackets to
close are, counts them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ittools.curate.decontamination.index import Index, fresh_words
from ittools.text.overlaps import Met, Seen, WindowTable, covered, meet, seen, whole_windows
from ittools.text.ragged import I64, Ragged, offsets_of, spans
from ittools.text.runs import Shared, longest, longest_by_halving, runs_of, shared
from ittools.text.shingles import windows
from ittools.text.spelled import same_words, spelled
from ittools.text.tokens import Bools, word_hashes

EXACT, WHOLE, NGRAM, SPAN = range(4)
METHODS = ("exact", "whole", "ngram", "span")
AT_ONCE = 1 << 20  # windows of wordings that are compared at a time
F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Hits:
    """A text says what a wording says; each pair once."""

    texts: I64
    wordings: I64
    methods: I64  # numbers of `METHODS`
    coverage: F64  # share of the wording's words
    words: I64  # of the longest run
    at: I64  # its first word in the text

    def __getitem__(self, some: I64 | Bools) -> Hits:
        return Hits(*(getattr(self, one.name)[some] for one in fields(self)))


def chained(parts: Sequence[Hits]) -> Hits:
    columns = [
        np.concatenate([getattr(part, one.name) for part in (NO_HITS, *parts)]) for one in fields(Hits)
    ]
    return Hits(*columns)


_NUMBERS = np.zeros(0, np.int64)
NO_HITS = Hits(_NUMBERS, _NUMBERS, _NUMBERS, np.zeros(0), _NUMBERS, _NUMBERS)


def hits_of(said: pa.Array, asked: Bools, index: Index) -> Hits:
    """What the texts say of the index; asked: (texts,) whether each is a prompt."""
    return chained(list(_Batch(said, asked, index).hits()))


@dataclass(frozen=True)
class _Batch:
    said: pa.Array
    asked: Bools
    index: Index

    @cached_property
    def words(self) -> Ragged:
        return word_hashes(self.said)

    def hits(self) -> Iterator[Hits]:
        equal = self._equal_prompts()
        done = [equal, *(self._but(equal, self._short_records(*short)) for short in self.index.shorts)]
        yield from done
        if self.index.windows is None:
            return
        found = self._seen(self.index.windows, self.index.rule.ngram)
        for met in meet(self.index.windows, found):
            texts, wordings = self._likely(met)
            new = ~np.isin(self._pair(texts, wordings), self._pair(equal.texts, equal.wordings))
            texts, wordings = texts[new], wordings[new]
            grams = self.index.wordings.window_counts[wordings]
            for first, last in spans(offsets_of(grams), AT_ONCE):
                yield self._judged(found, texts[first:last], wordings[first:last])

    def _pair(self, texts: I64, wordings: I64) -> I64:
        return texts * len(self.index.wordings.sets) + wordings

    def _but(self, equal: Hits, hits: Hits) -> Hits:
        known = self._pair(equal.texts, equal.wordings)
        return hits[~np.isin(self._pair(hits.texts, hits.wordings), known)]

    def _seen(self, table: WindowTable, size: int) -> Seen:
        found = seen(table, windows(self.words, size))
        full = self.words.lengths[found.texts] >= size  # a shorter text has one window, of all its words
        return (
            found
            if full.all()
            else replace(found, texts=found.texts[full], keys=found.keys[full], places=found.places[full])
        )

    def _equal_prompts(self) -> Hits:
        table = self.index.wholes
        if table is None:
            return NO_HITS
        hits = self._whole(EXACT, table, seen(table, whole_windows(self.words)))
        same = self.words.lengths[hits.texts] == hits.words
        return hits[same & self.asked[hits.texts]]

    def _short_records(self, size: int, table: WindowTable) -> Hits:
        return self._whole(WHOLE, table, self._seen(table, size))

    def _whole(self, method: int, table: WindowTable, found: Seen) -> Hits:
        """Wordings that stand whole in texts, where their window stands first."""
        hits = chained([
            Hits(met.texts, met.passages, np.full(len(met.texts), method), np.ones(len(met.texts)),
                 self.index.wordings.lengths[met.passages], met.places)
            for met in meet(table, found)
        ])  # fmt: skip
        hits = hits[self.words.lengths[hits.texts] - hits.at >= hits.words]
        return hits[self._equal(hits.texts, hits.at, hits.wordings, 0 * hits.at, hits.words)]

    def _equal(self, texts: I64, at: I64, wordings: I64, own: I64, count: I64) -> Bools:
        """Whether `count` words are equal: of the texts from `at` on, of the wordings from `own` on."""
        if not len(texts):
            return np.zeros(0, bool)
        some, number = np.unique(texts, return_inverse=True)
        read, wording = spelled(self.said.take(pa.array(some))), self.index.wordings
        return same_words(read, read.offsets[number] + at,
                          wording.spelled, wording.word_offsets[wordings] + own, count)  # fmt: skip

    def _likely(self, met: Met) -> tuple[I64, I64]:
        """Pairs that may share enough."""
        rule = self.index.rule
        texts, wordings, words = covered(met, rule.ngram)
        enough = words / self.index.wordings.usable_words[wordings] > rule.coverage
        if rule.span or rule.span_share:
            enough[:] = True
        return texts[enough], wordings[enough]

    def _judged(self, seen: Seen, texts: I64, wordings: I64) -> Hits:
        """Those pairs whose equal words are enough: by their hashes first, then as they are read."""
        rule, wording = self.index.rule, self.index.wordings
        found = shared(seen, self.index.keys, wording.window_offsets, texts, wordings)
        share, enough = self._shares(found, wordings)
        found = found[enough[found.pairs]]
        equal = self._read_equal(found, texts, wordings)
        if not equal.all():
            found = found[equal]
            share, enough = self._shares(found, wordings)
            found = found[enough[found.pairs]]
        usable = wording.usable[wording.window_offsets[wordings[found.pairs]] + found.own]
        runs = longest(found, usable, seen, partial(self._halved, texts, wordings))
        pairs, words = runs.pairs, runs.windows + rule.ngram - 1
        first = wording.word_offsets[wordings[pairs]] + runs.own
        ngram = share[pairs] > rule.coverage
        span = wording.said[first + words] - wording.said[first] >= self._limits(wordings[pairs])
        methods = np.where(ngram, NGRAM, SPAN)
        hits = Hits(texts[pairs], wordings[pairs], methods, share[pairs], words, runs.at)
        same = self._equal(hits.texts, hits.at, hits.wordings, runs.own, words)
        return hits[(ngram | span) & same]

    def _shares(self, found: Shared, wordings: I64) -> tuple[F64, Bools]:
        """(pairs,) coverage, and whether it, or else a run, may condemn."""
        rule, wording = self.index.rule, self.index.wordings
        pairs, own, count = found.pairs, found.own, len(wordings)
        new = fresh_words(pairs, own, rule.ngram)
        ends = wording.word_offsets[wordings[pairs]] + own + rule.ngram
        said = np.bincount(pairs, wording.said[ends] - wording.said[ends - new], count)
        usable = wording.usable[wording.window_offsets[wordings[pairs]] + own]
        counts = np.bincount(pairs[usable], fresh_words(pairs[usable], own[usable], rule.ngram), count)
        share = np.bincount(pairs, new, count) / wording.lengths[wordings]
        share = np.minimum(share, counts / wording.usable_words[wordings])
        likely = (share > rule.coverage) | (rule.span > 0) | (rule.span_share > 0)
        return share, likely & (said >= np.minimum(rule.ngram, wording.counted[wordings]))

    def _read_equal(self, found: Shared, texts: I64, wordings: I64) -> Bools:
        """Whether each window is equal in words; those in a row are read together."""
        runs = runs_of(found.pairs, found.own, found.at)
        words = runs.windows + self.index.rule.ngram - 1
        equal = self._equal(texts[runs.pairs], runs.at, wordings[runs.pairs], runs.own, words)
        return np.repeat(equal, runs.windows)

    def _halved(self, texts: I64, wordings: I64, pair: int) -> tuple[int, int, int]:
        wording, number = self.index.wordings, int(wordings[pair])
        own = slice(wording.word_offsets[number], wording.word_offsets[number + 1])
        usable = wording.usable[wording.window_offsets[number] : wording.window_offsets[number + 1]]
        return longest_by_halving(
            wording.words[own], self.words.of(int(texts[pair])), usable, self.index.rule.ngram
        )

    def _limits(self, wordings: I64) -> F64:
        """Words of a run that condemn by themselves."""
        rule, limits = self.index.rule, np.full(len(wordings), np.inf)
        if rule.span:
            limits[:] = rule.span
        if rule.span_share:
            share = np.ceil(rule.span_share * self.index.wordings.lengths[wordings] - 1e-9)  # 0.55 * 20 > 11
            limits = np.minimum(limits, np.maximum(rule.ngram, share))
        return limits
