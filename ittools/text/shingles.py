"""Word n-grams as sorted unique 64-bit hashes, the same on every machine and in every run.

    shingle_batch(["a b c d"], n=3).of(0)  -> hashes of "a b c" and "b c d", sorted

A text with fewer than n words is one shingle of them all, so short texts neither vanish nor merge.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ittools.text.words import content_words

U64 = NDArray[np.uint64]
_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd: multiplication by it is a bijection modulo 2**64


@dataclass(frozen=True)
class Shingles:
    """Ragged sets: those of record i are `hashes[offsets[i]:offsets[i + 1]]`, sorted, unique."""

    hashes: U64  # (shingles of all records,)
    offsets: NDArray[np.int64]  # (records + 1,)

    def of(self, record: int) -> U64:
        return self.hashes[self.offsets[record] : self.offsets[record + 1]]

    def __len__(self) -> int:
        return len(self.offsets) - 1


def word_hash(word: str) -> int:
    """blake2b-64 of the UTF-8 bytes."""
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")


def shingle_batch(texts: Sequence[str], *, n: int, tag: int = 0) -> Shingles:
    """Shingles of each text. `tag` keeps the shingles of different fields apart."""
    known: dict[str, int] = {}
    words: list[int] = []
    lengths = np.zeros(len(texts), np.int64)
    for i, text in enumerate(texts):
        found = content_words(text)
        lengths[i] = len(found)
        for word in found:
            code = known.get(word)
            if code is None:
                code = known[word] = word_hash(word)
            words.append(code)
    return _windows(np.array(words, np.uint64), lengths, n, tag)


def _windows(words: U64, lengths: NDArray[np.int64], n: int, tag: int) -> Shingles:
    """Every window of n words; of a shorter text the one window of all its words."""
    ends = np.cumsum(lengths)
    starts = ends - lengths
    counts = np.where(lengths >= n, lengths - n + 1, np.minimum(lengths, 1))
    offsets = np.concatenate([[0], np.cumsum(counts)])
    owner = np.repeat(np.arange(len(lengths)), counts)  # (windows,) record of each
    first = starts[owner] + np.arange(offsets[-1]) - offsets[:-1][owner]
    size = np.minimum(lengths, n)[owner]
    hashes = np.zeros(len(owner), np.uint64)
    for j in range(n):
        inside = j < size
        taken = words[np.minimum(first + j, max(0, len(words) - 1))] if len(words) else hashes
        hashes = np.where(inside, (hashes ^ taken) * _BASE + np.uint64(j + 1), hashes)
    return _unique(mix64(hashes ^ np.uint64(word_hash(f"field {tag}"))), owner, len(lengths))


def _unique(hashes: U64, owner: NDArray[np.int64], records: int) -> Shingles:
    order = np.lexsort((hashes, owner))
    hashes, owner = hashes[order], owner[order]
    fresh = np.ones(len(hashes), bool)
    fresh[1:] = (hashes[1:] != hashes[:-1]) | (owner[1:] != owner[:-1])
    counts = np.bincount(owner[fresh], minlength=records)
    return Shingles(hashes[fresh], np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))


def mix64(values: U64) -> U64:
    """The MurmurHash3 64-bit finalizer: a bijection that spreads every bit."""
    values = values ^ (values >> np.uint64(33))
    values = values * np.uint64(0xFF51AFD7ED558CCD)
    values = values ^ (values >> np.uint64(33))
    values = values * np.uint64(0xC4CEB9FE1A85EC53)
    return values ^ (values >> np.uint64(33))


def union(parts: Sequence[Shingles]) -> Shingles:
    """Per record the union of several ragged sets."""
    records = len(parts[0])
    owner = np.concatenate([np.repeat(np.arange(records), np.diff(p.offsets)) for p in parts])
    return _unique(np.concatenate([p.hashes for p in parts]), owner, records)


def jaccard(one: U64, other: U64) -> float:
    """Exact similarity of two sorted unique sets; two empty sets are equal."""
    if not len(one) and not len(other):
        return 1.0
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)
