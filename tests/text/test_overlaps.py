"""Shared runs of words against sets of word tuples, and the words read back from the texts."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.text import overlaps
from ittools.text.overlaps import (
    Met,
    covered,
    full_windows,
    meet,
    overlap,
    sought,
    spell,
    whole_windows,
    window_table,
)
from ittools.text.ragged import Ragged
from ittools.text.tokens import _hashed, word_hashes
from ittools.text.words import content_words

WORDS = st.lists(st.sampled_from("a b c +".split()), max_size=14)
TEXTS = st.lists(WORDS, min_size=1, max_size=6)


def hashed(texts: list[list[str]]) -> Ragged:
    return word_hashes(pa.array([" ".join(words) for words in texts], pa.string()))


def grams(words: list[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def tuples(mets: list[Met]) -> list[tuple[int, int, int]]:
    return [
        (int(t), int(p), int(i))
        for met in mets
        for t, p, i in zip(met.texts, met.passages, met.positions, strict=True)
    ]


def test_the_example_of_the_module() -> None:
    table = window_table(full_windows(word_hashes(pa.array(["the cat sat on the mat"])), 3))
    mets = meet(table, full_windows(word_hashes(pa.array(["so the cat sat on it", "no"])), 3))
    assert tuples(mets) == [(0, 0, 0), (0, 0, 1)]
    assert [found.tolist() for found in covered(mets[0], 3)] == [[0], [0], [4]]


@given(TEXTS, TEXTS, st.integers(1, 5), st.sampled_from([1, 7, 1 << 22]))
@settings(deadline=None)
def test_what_meets_is_what_tuples_of_words_say(
    passages: list[list[str]], texts: list[list[str]], n: int, at_once: int
) -> None:
    """Also when only a few meetings are held at a time."""
    expected = [
        (t, p, i)
        for t, text in enumerate(texts)
        for p, passage in enumerate(passages)
        for i, gram in enumerate(grams(passage, n))
        if gram in grams(text, n)
    ]
    before, overlaps.AT_ONCE = overlaps.AT_ONCE, at_once
    try:
        mets = meet(window_table(full_windows(hashed(passages), n)), full_windows(hashed(texts), n))
    finally:
        overlaps.AT_ONCE = before
    assert tuples(mets) == expected
    shares = {
        (int(t), int(p)): int(words) for met in mets for t, p, words in zip(*covered(met, n), strict=True)
    }
    standing: dict[tuple[int, int], set[int]] = {}
    for t, p, i in expected:
        standing.setdefault((t, p), set()).update(range(i, i + n))
    assert shares == {pair: len(words) for pair, words in standing.items()}


def test_only_wanted_windows_are_in_the_table() -> None:
    passages = full_windows(hashed([["a", "b", "c"]]), 2)
    table = window_table(passages, np.array([False, True]))
    assert tuples(meet(table, full_windows(hashed([["a", "b", "c"]]), 2))) == [(0, 0, 1)]


def test_an_empty_table_meets_nothing() -> None:
    table = window_table(full_windows(hashed([[]]), 3))
    assert meet(table, full_windows(hashed([["a", "b", "c"], []]), 3)) == []


def test_equal_texts_and_only_those_have_equal_whole_windows() -> None:
    texts = ["A b, c!", "a b c", "a b", "", "a b c d"]
    found = whole_windows(word_hashes(pa.array(texts)))
    assert found.lengths.tolist() == [1, 1, 1, 0, 1]
    assert found.of(0) == found.of(1)
    assert len(set(found.values.tolist())) == 3


def naive_run(passage: list[str], text: list[str], usable: list[bool], n: int) -> tuple[int, int, int]:
    """The longest common run with a usable window in it; of equal ones the first in the passage, then in the
    text."""
    best = (0, 0, 0)
    for length in range(min(len(passage), len(text)), n - 1, -1):
        for i, own in enumerate(grams(passage, length)):
            if any(usable[i : i + length - n + 1]) and own in grams(text, length):
                return i, grams(text, length).index(own), length
    return best


@given(WORDS, WORDS, st.integers(1, 4), st.integers(0), st.sampled_from([0, 1 << 16]))
@settings(deadline=None, max_examples=300)
def test_the_longest_run_is_the_naive_one_both_ways(
    passage: list[str], text: list[str], n: int, bits: int, aligned: int
) -> None:
    """By diagonals, and by halving as repetitive texts need it."""
    own, theirs = grams(passage, n), grams(text, n)
    usable = [bool(bits >> i & 1) for i in range(len(own))]
    both = hashed([passage, text])
    before, overlaps.ALIGNED = overlaps.ALIGNED, aligned
    try:
        found = overlap(
            both.of(0), full_windows(both, n).of(0), sought(both.of(1), n), np.array(usable, bool), n
        )
    finally:
        overlaps.ALIGNED = before
    shared = [i for i, gram in enumerate(own) if gram in theirs]
    if not any(usable[i] for i in shared):
        assert found is None
        return
    assert found is not None
    assert found.matched.tolist() == shared
    assert found.at.tolist() == [theirs.index(own[i]) for i in shared]
    assert found.run == naive_run(passage, text, usable, n)


@pytest.mark.parametrize(
    ("text", "first", "count", "said"),
    [
        ("Don't  STOP: naïve Cafés!", 1, 3, "t  STOP: naïve"),
        ("Is 3<2 (or 5)?", 1, 3, "3<2"),
        ("天气很好 today", 1, 3, "气很好"),
        ("cafe\u0301 Noir and more", 0, 2, "caf\u00e9 noir"),  # not in NFC: its words, as they were read
        ("zero\u200bwidth Space here", 0, 1, "zerowidth"),
        ("?! ...", 0, 1, "?! ..."),
    ],
)
def test_a_span_is_said_as_it_was_written(text: str, first: int, count: int, said: str) -> None:
    assert spell(text).said(first, count) == said


@given(st.text(max_size=60) | st.text("aB. ,é\u0301天İſ", max_size=30))
@settings(deadline=None, max_examples=300)
def test_the_words_read_back_are_the_words_that_were_hashed(text: str) -> None:
    found = spell(text)
    words = found.words(0, len(found))
    hashes = [
        int(_hashed(np.frombuffer(word, np.uint8), np.array([0]), np.array([len(word)]))[0]) for word in words
    ]
    assert hashes == word_hashes(pa.array([text])).values.tolist()
    if words:
        said = found.said(0, len(words))
        again = spell(said)
        assert said == b" ".join(words).decode() or again.words(0, len(again)) == words


@given(st.text("abcXYZ 123 .,-+é天", max_size=60))
@settings(deadline=None)
def test_the_words_are_those_of_the_other_tokenizer(text: str) -> None:
    found = spell(text)
    words = [word.decode() for word in found.words(0, len(found))]
    assert words == content_words(unicodedata.normalize("NFC", text))


def test_a_text_of_ten_megabytes_is_compared_in_bounded_alignments() -> None:
    """Two million equal words against a passage of them: four million million pairs, were they made."""
    passage, text = (
        hashed([["a"] * 200]),
        Ragged(np.full(2_000_000, hashed([["a"]]).values[0]), np.array([0])),
    )
    found = overlap(
        passage.of(0), full_windows(passage, 8).of(0), sought(text.values, 8), np.ones(193, bool), 8
    )
    assert found is not None
    assert found.run == (0, 0, 200)
    assert all(b - a == 1 for a, b in pairwise(found.matched.tolist()))
