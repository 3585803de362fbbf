"""The truth about near-duplicates, and how far each contestant is from it.

All pairs of records with Jaccard similarity >= threshold over the sets of their word n-grams, exactly and
by a way that none of the contestants goes: words and then n-grams are numbered by sorting (no hash), and
the product of the 0/1 matrix (records, n-grams) with its own transpose counts what each pair shares.
A text of fewer than n words is one n-gram of them all; an empty one is like no other.

`words` is the tokenisation that peers with a free hand are given; ours compares signs too, and is judged
by both.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from bench.corpus_data import work
from bench.dedup_data import Corpus

I64 = NDArray[np.int64]
Pairs = NDArray[np.int64]  # (pairs, 2): the smaller line first, sorted, unique
ROWS = 4_096  # records a product
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Truth:
    records: int
    pairs: Pairs
    similarity: NDArray[np.float64]  # (pairs,)


@dataclass(frozen=True)
class Verdict:
    """Of what a contestant kept: `missed` were kept beside an earlier kept twin, `unfounded` were dropped
    though no kept record reaches the threshold. Recall and precision are of the pairs that it says. Null
    is what was not judged, or not said."""

    kept: int
    missed: int | None = None
    unfounded: int | None = None
    recall: float | None = None
    precision: float | None = None


def words(text: str) -> list[str]:
    """Runs of letters, digits and _ in any script, in lower case."""
    return WORD.findall(text.lower())


def tokenizer(name: str) -> Callable[[str], list[str]]:
    """`words`, or `content`: ours."""
    if name == "words":
        return words
    from ittools.text.words import content_words

    return content_words


def truth(corpus: Corpus, *, ngram: int = 5, threshold: float = 0.7, tokens: str = "words") -> Truth:
    """Found once, then read from where corpora are kept."""
    path = work() / f"{corpus.path.stem}-truth-{tokens}-{ngram}-{threshold}.npz"
    if not path.exists():
        found = all_pairs(corpus.texts, tokenizer(tokens), ngram, threshold)
        part = path.with_suffix(".part.npz")
        np.savez(part, pairs=found.pairs, similarity=found.similarity, records=found.records)
        part.replace(path)
    with np.load(path) as arrays:
        return Truth(int(arrays["records"]), arrays["pairs"], arrays["similarity"])


def all_pairs(texts: list[str], tokenize: Callable[[str], list[str]], ngram: int, threshold: float) -> Truth:
    from scipy.sparse import csr_matrix, triu  # type: ignore[import-untyped]

    shingles, offsets = ngrams(texts, tokenize, ngram)
    sizes = np.diff(offsets)
    shape = (len(texts), int(shingles.max(initial=-1)) + 1)
    matrix = csr_matrix((np.ones(len(shingles), np.int32), shingles, offsets), shape=shape)
    shared = matrix[:, np.flatnonzero(np.bincount(shingles, minlength=shape[1]) > 1)]  # others meet nobody
    found: list[tuple[I64, I64, NDArray[np.float64]]] = []
    for first in range(0, len(texts), ROWS):
        rows = shared[first : first + ROWS]
        product = triu(rows @ shared[first:].T, k=1).tocoo()
        one, other = product.row + first, product.col + first
        common = product.data.astype(np.float64)
        similarity = common / (sizes[one] + sizes[other] - common)
        near = similarity >= threshold
        found.append((one[near], other[near], similarity[near]))
    one, other, similarity = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((other, one))
    pairs = np.stack([one, other], axis=1).astype(np.int64)
    return Truth(len(texts), pairs[order], similarity[order])


def ngrams(texts: list[str], tokenize: Callable[[str], list[str]], n: int) -> tuple[I64, I64]:
    """(numbers of the n-grams, offsets): the set of each text, sorted. Equal n-grams have equal numbers."""
    known: dict[str, int] = {}
    rows = [[known.setdefault(word, len(known)) for word in tokenize(text)] for text in texts]
    sizes = np.array([len(row) for row in rows], np.int64)
    flat = np.fromiter(chain.from_iterable(rows), np.int64, int(sizes.sum()))
    starts = np.cumsum(sizes) - sizes
    counts = np.where(sizes >= n, sizes - n + 1, np.minimum(sizes, 1))
    owner = np.repeat(np.arange(len(texts)), counts)
    begin = starts[owner] + np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    width = np.minimum(sizes, n)[owner]
    numbers = np.zeros(len(owner), np.int64)
    for j in range(n):  # the number of the first j + 1 words, from that of the first j
        word = np.where(j < width, flat[np.minimum(begin + j, max(0, len(flat) - 1))] + 1, 0)
        _, numbers = np.unique(numbers * (len(known) + 1) + word, return_inverse=True)
    both = _unique(owner, numbers)
    return both[:, 1], np.concatenate([[0], np.cumsum(np.bincount(both[:, 0], minlength=len(texts)))])


def _unique(owner: I64, numbers: I64) -> I64:
    """Rows without repetition. Two numbers in one sort faster; 10**7 records and 10**9 n-grams fit."""
    wide = int(numbers.max(initial=0)) + 1
    both = np.unique(owner * wide + numbers)
    return np.stack([both // wide, both % wide], axis=1)


def judge(kept: I64, found: Truth, said: Pairs | None = None) -> Verdict:
    """`kept` are lines, `said` the pairs that a contestant took for near, in any order."""
    stays = np.zeros(found.records, bool)
    stays[kept] = True
    one, other = found.pairs[:, 0], found.pairs[:, 1]
    covered = np.zeros(found.records, bool)
    covered[one[stays[other]]] = True
    covered[other[stays[one]]] = True
    missed = len(np.unique(other[stays[one] & stays[other]]))
    verdict = Verdict(len(np.unique(kept)), missed, int((~stays & ~covered).sum()))
    if said is None:
        return verdict
    mine, true = _keys(said, found.records), _keys(found.pairs, found.records)
    right = len(np.intersect1d(mine, true, assume_unique=True))
    recall, precision = right / max(1, len(true)), right / max(1, len(mine))
    return Verdict(verdict.kept, verdict.missed, verdict.unfounded, recall, precision)


def _keys(pairs: Pairs, records: int) -> I64:
    return np.unique(pairs.min(axis=1) * records + pairs.max(axis=1))
