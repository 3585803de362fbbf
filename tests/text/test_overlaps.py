"""Which windows of words texts share with passages, against sets of word tuples."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.text import overlaps
from ittools.text.overlaps import (
    Met,
    WindowTable,
    covered,
    full_windows,
    meet,
    seen,
    whole_windows,
    window_table,
)
from ittools.text.ragged import Ragged
from ittools.text.tokens import word_hashes

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


def all_met(table: WindowTable, found: Ragged) -> list[Met]:
    return list(meet(table, seen(table, found)))


def test_the_example_of_the_module() -> None:
    table = window_table(full_windows(word_hashes(pa.array(["the cat sat on the mat"])), 3))
    mets = all_met(table, full_windows(word_hashes(pa.array(["so the cat sat on it", "no"])), 3))
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
        mets = all_met(window_table(full_windows(hashed(passages), n)), full_windows(hashed(texts), n))
    finally:
        overlaps.AT_ONCE = before
    assert tuples(mets) == expected
    assert [int(place) for met in mets for place in met.places] == [
        grams(texts[t], n).index(grams(passages[p], n)[i]) for t, p, i in expected
    ]
    shares = {
        (int(t), int(p)): int(words) for met in mets for t, p, words in zip(*covered(met, n), strict=True)
    }
    standing: dict[tuple[int, int], set[int]] = {}
    for t, p, i in expected:
        standing.setdefault((t, p), set()).update(range(i, i + n))
    assert shares == {pair: len(words) for pair, words in standing.items()}


def test_only_wanted_windows_are_met_and_all_have_a_key() -> None:
    passages = full_windows(hashed([["a", "b", "c"]]), 2)
    table = window_table(passages, np.array([False, True]))
    assert tuples(all_met(table, full_windows(hashed([["a", "b", "c"]]), 2))) == [(0, 0, 1)]
    assert table.keys[table.own].tolist() == passages.values.tolist()


def test_an_empty_table_meets_nothing() -> None:
    table = window_table(full_windows(hashed([[]]), 3))
    assert all_met(table, full_windows(hashed([["a", "b", "c"], []]), 3)) == []


def test_equal_texts_and_only_those_have_equal_whole_windows() -> None:
    texts = ["A b, c!", "a b c", "a b", "", "a b c d"]
    found = whole_windows(word_hashes(pa.array(texts)))
    assert found.lengths.tolist() == [1, 1, 1, 0, 1]
    assert found.of(0) == found.of(1)
    assert len(set(found.values.tolist())) == 3


@given(TEXTS, TEXTS, st.integers(1, 4))
@settings(deadline=None)
def test_what_is_seen_has_every_place(passages: list[list[str]], texts: list[list[str]], n: int) -> None:
    table = window_table(full_windows(hashed(passages), n))
    found = seen(table, full_windows(hashed(texts), n))
    known = {gram for passage in passages for gram in grams(passage, n)}
    expected = [(t, i) for t, text in enumerate(texts) for i, g in enumerate(grams(text, n)) if g in known]
    assert sorted(zip(found.texts.tolist(), found.places.tolist(), strict=True)) == expected
    by_key = list(zip(found.texts.tolist(), found.keys.tolist(), found.places.tolist(), strict=True))
    assert by_key == sorted(by_key)
    assert found.times.sum() == len(expected)
