"""Which texts say what an evaluation record says.

Hashes choose the pairs, a whole batch at a time; each pair is then read word by word, and only what is equal
in words counts. Coverage is the share of an evaluation record's words that stand in shared n-grams, as in
Tülu 3; with template text left out it is the lesser of the share of all words and of those that are not
template text, so that leaving text out can acquit and never condemn. For the same reason what is shared must
have `ngram` words besides signs, or all that the evaluation record has: "a step-by-step guide for" are eight
words by the tokenizer, and six to a reader. A record that is half signs, as brackets to close are, counts
them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np

from ittools.curate.decontamination.index import Index, standing
from ittools.curate.decontamination.options import Rule
from ittools.curate.decontamination.texts import Texts
from ittools.text.overlaps import (
    Sought,
    Spelled,
    covered,
    full_windows,
    meet,
    overlap,
    sought,
    spell,
    whole_windows,
)
from ittools.text.ragged import I64, U64, Ragged
from ittools.text.shingles import windows
from ittools.text.tokens import Bools, word_hashes

EXACT, WHOLE, NGRAM, SPAN = METHODS = ("exact", "whole", "ngram", "span")
Candidate = tuple[int, int, int]  # text, number of the method, passage


@dataclass(frozen=True)
class Match:
    """One passage found in one text.

    within: what of the record; coverage: share of the passage's words; span: the longest run, as written.
    """

    passage: int
    within: str
    method: str
    coverage: float
    words: int
    span: str

    def rank(self) -> tuple[int, float, int, int]:
        """The best first: an equal prompt, a whole short record, then by coverage."""
        certain = METHODS.index(self.method) if self.method in (EXACT, WHOLE) else 2
        return certain, -self.coverage, -self.words, self.passage


class Judge:
    """The index, with what is derived from it once."""

    def __init__(self, index: Index, rule: Rule) -> None:
        self.index, self.rule = index, rule
        self.shorts = list(index.shorts())
        self.wholes = index.wholes() if rule.exact else None
        self.windows = index.windows() if rule.windowed else None

    def matches(self, texts: Texts) -> Iterator[tuple[int, Match]]:
        """(text, what it matches); each passage once for a text."""
        words = word_hashes(texts.said)
        asked = np.array([name != "output" for name in texts.names], bool)[texts.within]
        for text, group in groupby(sorted(self._candidates(words, asked)), key=lambda one: one[0]):
            read = Reading(texts.said[text].as_py(), words.of(text), self.rule.ngram)
            done: set[int] = set()
            for _, method, passage in group:
                found = None if passage in done else self._judged(read, METHODS[method], passage)
                if found is not None:
                    done.add(passage)
                    yield text, Match(passage, texts.name(text), *found)

    def _candidates(self, words: Ragged, asked: Bools) -> Iterator[Candidate]:
        """Pairs that hashes do not rule out; asked: (texts,) whether it is a prompt."""
        if self.wholes is not None:
            for met in meet(self.wholes, whole_windows(words)):
                own = asked[met.texts]
                yield from _pairs(met.texts[own], 0, met.passages[own])
        for size, table in self.shorts:
            for met in meet(table, windows(words, size)):
                yield from _pairs(met.texts, 1, met.passages)
        if self.windows is None:
            return
        any_run = self.rule.span > 0 or self.rule.span_share > 0
        for met in meet(self.windows, windows(words, self.rule.ngram)):
            texts, passages, shared = covered(met, self.rule.ngram)
            enough = (shared / self.index.usable_words[passages] > self.rule.coverage) | any_run
            yield from _pairs(texts[enough], 2, passages[enough])

    def _judged(self, read: Reading, method: str, passage: int) -> tuple[str, float, int, str] | None:
        """Method, coverage, words and span of a pair that is equal in words too."""
        own, spelled = self.index.words.of(passage), self.index.spelled(passage)
        if method in (EXACT, WHOLE):
            at = read.find(own, spelled)
            return None if at is None else (method, 1.0, len(own), read.spelled.said(at, len(own)))
        size = self.rule.ngram
        grams, usable = self.index.windows_of(passage)
        found = overlap(own, grams, read.sought, usable, size)
        if found is None:
            return None
        first, at, words = found.run
        if spelled.words(first, words) != read.spelled.words(at, words):
            return None
        equal = read.equal(spelled, found.matched, found.at)
        said = ~spelled.signs | (2 * spelled.signs.sum() >= len(own))  # (words,) those that count
        if said[np.unique(equal[:, None] + np.arange(size))].sum() < min(size, said.sum()):
            return None
        share = standing(equal, size) / len(own)
        coverage = min(share, standing(equal[usable[equal]], size) / int(self.index.usable_words[passage]))
        if coverage > self.rule.coverage:
            return NGRAM, coverage, words, read.spelled.said(at, words)
        if said[first : first + words].sum() >= self._longest(len(own)):
            return SPAN, coverage, words, read.spelled.said(at, words)
        return None

    def _longest(self, words: int) -> float:
        """Words of a run that condemn by themselves, for a passage of so many."""
        share = math.ceil(self.rule.span_share * words - 1e-9)  # 0.55 * 20 is above 11
        limits = [self.rule.span] * (self.rule.span > 0)
        limits += [max(self.rule.ngram, share)] * (self.rule.span_share > 0)
        return min(limits, default=math.inf)


def _pairs(texts: I64, method: int, passages: I64) -> Iterator[Candidate]:
    return ((text, method, passage) for text, passage in zip(texts.tolist(), passages.tolist(), strict=True))


class Reading:
    """One text, read for all passages that may be in it."""

    def __init__(self, text: str, words: U64, size: int) -> None:
        self.words, self.size = words, size
        self.spelled = spell(text)

    @cached_property
    def sought(self) -> Sought:
        return sought(self.words, self.size)

    def find(self, own: U64, spelled: Spelled) -> int | None:
        """Where all the passage's words stand in a row, first."""
        theirs = full_windows(Ragged(self.words, np.array([0, len(self.words)])), len(own)).values
        wanted = whole_windows(Ragged(own, np.array([0, len(own)]))).values
        said = spelled.words(0, len(own))
        places = np.flatnonzero(theirs == wanted).tolist()
        return next((at for at in places if self.spelled.words(at, len(own)) == said), None)

    def equal(self, spelled: Spelled, matched: I64, at: I64) -> I64:
        """Those of the passage's windows that are equal in words, a run of them read at a time."""
        begins = np.ones(len(matched), bool)
        begins[1:] = (np.diff(matched) != 1) | (np.diff(at) != 1)
        first = np.flatnonzero(begins)
        keep = []
        for begin, count in zip(first.tolist(), np.diff(first, append=len(matched)).tolist(), strict=True):
            words = count + self.size - 1
            own = spelled.words(int(matched[begin]), words)
            keep.append(np.full(count, own == self.spelled.words(int(at[begin]), words)))
        equal: I64 = matched[np.concatenate(keep)]
        return equal
