"""What the corpus pipelines of Polars and DuckDB share: a MinHash kernel in numpy, components, the last line.

Each runs in its own environment: `python SCRIPT IN.parquet OUT SIZE [LIMIT_MB]`. Filter (three to 500 words
of instruction, one to 4,000 of output, no echo), near-duplicates of the outputs (word 5-grams, 126
permutations in (14, 9) bands, components, the first stays), a seeded sample of SIZE records in a seeded
order, Parquet shards with zstd. It prints {"seconds", "filtered", "kept", "written"} last.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

I64, U32, U64 = NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint64]
NGRAM, BANDS, ROWS = 5, 14, 9
SEED, SHARD = 1, 100_000
CHUNK = 1 << 15  # n-grams at a time: 16 MB of products


@dataclass(frozen=True)
class Asked:
    source: str
    out: Path
    size: int
    limit_mb: int | None


@dataclass(frozen=True)
class Counts:
    filtered: int
    kept: int
    written: int


def band_keys(words: U64, lengths: I64) -> U64:
    """(texts, BANDS) uint64 from the hashes of all words and the words of each text (at least one)."""
    ends = np.cumsum(lengths)
    counts = np.maximum(lengths - NGRAM + 1, 1)
    owner = np.repeat(np.arange(len(lengths)), counts)
    first = (ends - lengths)[owner] + np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    hashes = np.zeros(len(owner), np.uint64)
    for j in range(NGRAM):  # a text of fewer words is one n-gram of them
        inside = j < lengths[owner]
        word = np.where(inside, words[np.minimum(first + j, len(words) - 1)], 0)
        hashes = (hashes ^ word) * np.uint64(0x9E3779B97F4A7C15)
    return _mixed(_minima((hashes >> np.uint64(32)).astype(np.uint32), counts))


def _minima(hashes: U32, counts: I64) -> U32:
    """(texts, BANDS * ROWS): the least of a * h + b modulo 2**32 over each text's n-grams."""
    random = np.random.RandomState(SEED)
    a = random.randint(0, 1 << 31, BANDS * ROWS, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    b = random.randint(0, 1 << 32, BANDS * ROWS, dtype=np.uint32)
    hashes = (hashes ^ (hashes >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    hashes ^= hashes >> np.uint32(13)
    starts = np.cumsum(counts) - counts
    parts = []
    text = 0
    while text < len(counts):
        last = max(text + 1, int(np.searchsorted(starts, starts[text] + CHUNK)))
        stop = starts[last] if last < len(counts) else len(hashes)
        products = a[:, None] * hashes[starts[text] : stop] + b[:, None]
        parts.append(np.minimum.reduceat(products, starts[text:last] - starts[text], axis=1).T)
        text = last
    return np.concatenate(parts)


def _mixed(minima: U32) -> U64:
    """One number a band, another for each band, so that all bands can be grouped at once."""
    bands = minima.reshape(len(minima), BANDS, ROWS).astype(np.uint64)
    key = np.arange(1, BANDS + 1, dtype=np.uint64) + np.zeros((len(minima), 1), np.uint64)
    for row in range(ROWS):
        key = (key ^ bands[:, :, row]) * np.uint64(0xD1342543DE82EF95)
        key ^= key >> np.uint64(29)
    return key


def first_of_each(records: I64, one: I64, other: I64) -> I64:
    """Of `records` (ascending) the first of each component of the edges between them."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ends = (np.searchsorted(records, one), np.searchsorted(records, other))
    shape = (len(records), len(records))
    _, labels = connected_components(coo_matrix((np.ones(len(one), bool), ends), shape=shape), directed=False)
    _, first = np.unique(labels, return_index=True)
    return records[np.sort(first)]


def measure(work: Callable[[Asked], Counts]) -> None:
    source, out, size, *limit = sys.argv[1:]
    began = time.perf_counter()
    Path(out).mkdir(parents=True)
    counts = work(Asked(source, Path(out), int(size), int(limit[0]) if limit else None))
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, **vars(counts)}), flush=True)
