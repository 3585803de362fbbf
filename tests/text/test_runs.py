"""What pairs share: equal windows and the longest run of words, against a naive search."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.text import runs
from ittools.text.overlaps import full_windows, seen, window_table
from ittools.text.ragged import Ragged
from ittools.text.runs import longest, longest_by_halving, runs_of, shared
from ittools.text.tokens import word_hashes

WORDS = st.lists(st.sampled_from("a b c +".split()), max_size=14)
SOME = st.lists(WORDS, min_size=1, max_size=4)


def hashed(texts: list[list[str]]) -> Ragged:
    return word_hashes(pa.array([" ".join(words) for words in texts], pa.string()))


def grams(words: list[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def naive_run(passage: list[str], text: list[str], usable: list[bool], n: int) -> tuple[int, int, int]:
    """The longest common run with a usable window in it; of equal ones the first in the passage, then in the
    text; in windows."""
    for length in range(min(len(passage), len(text)), n - 1, -1):
        for i, own in enumerate(grams(passage, length)):
            if any(usable[i : i + length - n + 1]) and own in grams(text, length):
                return i, grams(text, length).index(own), length - n + 1
    return (0, 0, 0)


@given(
    SOME, SOME, st.integers(1, 4), st.integers(0), st.sampled_from([0, 3, 1 << 13]), st.sampled_from([1, 9])
)
@settings(deadline=None, max_examples=300)
def test_shared_windows_and_longest_runs_are_the_naive_ones(
    passages: list[list[str]], texts: list[list[str]], n: int, bits: int, aligned: int, at_once: int
) -> None:
    """Of all pairs at once: by diagonals, some at a time, and by halving as repetitive texts need it."""
    own, theirs = full_windows(hashed(passages), n), hashed(texts)
    table = window_table(own)
    found_in = seen(table, full_windows(theirs, n))
    pairs = [(t, p) for t in range(len(texts)) for p in range(len(passages))]
    text_of, passage_of = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    found = shared(found_in, table.own, own.offsets, text_of, passage_of)
    expected = [
        (k, i, grams(texts[t], n).index(gram), grams(texts[t], n).count(gram))
        for k, (t, p) in enumerate(pairs)
        for i, gram in enumerate(grams(passages[p], n))
        if gram in grams(texts[t], n)
    ]
    columns = (found.pairs, found.own, found.at, found.times)
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == expected
    flags = [[bool(bits >> i & 1) for i in range(len(grams(passage, n)))] for passage in passages]
    usable = np.array([flags[pairs[k][1]][i] for k, i, *_ in expected], bool)

    def halved(pair: int) -> tuple[int, int, int]:
        t, p = pairs[pair]
        return longest_by_halving(hashed(passages).of(p), theirs.of(t), np.array(flags[p], bool), n)

    before = runs.ALIGNED, runs.AT_ONCE
    runs.ALIGNED, runs.AT_ONCE = aligned, at_once
    try:
        best = longest(found, usable, found_in, halved)
    finally:
        runs.ALIGNED, runs.AT_ONCE = before
    naive = [(k, *naive_run(passages[p], texts[t], flags[p], n)) for k, (t, p) in enumerate(pairs)]
    columns = (best.pairs, best.own, best.at, best.windows)
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == [r for r in naive if r[3]]


def test_the_example_of_the_module() -> None:
    texts = ("the cat sat on the mat", "so the cat sat on it")
    own, theirs = (full_windows(hashed([text.split()]), 3) for text in texts)
    table, zero = window_table(own), np.zeros(1, np.int64)
    found = shared(seen(table, theirs), table.own, own.offsets, zero, zero)
    assert (found.own.tolist(), found.at.tolist()) == ([0, 1], [1, 2])
    run = runs_of(found.pairs, found.own, found.at)
    assert (run.own.tolist(), run.at.tolist(), run.windows.tolist()) == ([0], [1], [2])


@pytest.mark.parametrize("usable", [True, False])
def test_ten_megabytes_of_one_word_are_never_aligned(usable: bool) -> None:
    """Two million words against a passage of 200: 386 million pairs of windows, were they made."""
    passage = hashed([["a"] * 200])
    text = Ragged(np.full(2_000_000, passage.values[0]), np.array([0, 2_000_000]))
    own = full_windows(passage, 8)
    table, zero = window_table(own), np.zeros(1, np.int64)
    found_in = seen(table, full_windows(text, 8))
    found = shared(found_in, table.own, own.offsets, zero, zero)
    flags = np.full(193, usable)
    best = longest(found, flags, found_in, lambda _: longest_by_halving(passage.of(0), text.of(0), flags, 8))
    assert (best.own.tolist(), best.at.tolist(), best.windows.tolist()) == (
        ([0], [0], [193]) if usable else ([], [], [])
    )
