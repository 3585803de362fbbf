"""Shingles of many texts at once against windows of Python tuples."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.text import shingles as shingles_module
from ittools.text.characters import plain_characters, plain_words
from ittools.text.ragged import Ragged, chain, from_lengths, spans, take, unique, within
from ittools.text.shingles import jaccard, shingles, whole_hashes, windows, word_shingles

TEXTS = st.lists(st.text(max_size=40) | st.text("ab +天", max_size=40), min_size=1, max_size=6)
RAGGED = st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=6), max_size=8)


def ragged(lists: list[list[int]]) -> Ragged:
    values = np.array([number for some in lists for number in some], np.uint64)
    return from_lengths(values, np.array([len(some) for some in lists], np.int64))


def lists(found: Ragged) -> list[list[int]]:
    return [found.of(record).tolist() for record in range(len(found))]


def window_list(parts: list[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(parts[i : i + n]) for i in range(max(1, len(parts) - n + 1))] if parts else []


@given(TEXTS, st.integers(1, 5), st.sampled_from(["words", "characters"]))
@settings(deadline=None, max_examples=200)
def test_shingles_are_the_windows(texts: list[str], n: int, unit: str) -> None:
    read = plain_words if unit == "words" else plain_characters
    found = shingles(pa.array(texts), n=n, unit=unit)  # type: ignore[arg-type]
    hash_of: dict[tuple[str, ...], int] = {}
    for number, text in enumerate(texts):
        expected = window_list(read(text), n)
        hashes = found.of(number).tolist()
        assert len(hashes) == len(expected)
        for window, code in zip(expected, hashes, strict=True):
            assert hash_of.setdefault(window, code) == code
    assert len(set(hash_of.values())) == len(hash_of)


@given(TEXTS, st.integers(1, 4))
@settings(deadline=None)
def test_similarity_is_that_of_the_window_sets(texts: list[str], n: int) -> None:
    found = unique(word_shingles(pa.array(texts), n=n))
    one = set(window_list(plain_words(texts[0]), n))
    for number, text in enumerate(texts):
        other = set(window_list(plain_words(text), n))
        exact = len(one & other) / len(one | other) if one | other else 1.0
        assert jaccard(found.of(0), found.of(number)) == exact


def test_a_short_text_is_one_shingle_of_its_own() -> None:
    found = word_shingles(pa.array(["a", "a b", "a b c", "b", ""]), n=5)
    assert found.lengths.tolist() == [1, 1, 1, 1, 0]
    assert len(set(found.values.tolist())) == 4


def test_equal_words_of_different_fields_are_different_shingles() -> None:
    one, other = (unique(word_shingles(pa.array(["a b c d"]), n=3, tag=tag)) for tag in (0, 1))
    assert jaccard(one.of(0), other.of(0)) == 0.0
    assert jaccard(one.of(0), one.of(0)) == 1.0


def test_order_counts() -> None:
    found = word_shingles(pa.array(["a b c", "c b a", "a c b"]), n=3)
    assert len(set(found.values.tolist())) == 3


@given(RAGGED)
def test_a_whole_hash_tells_every_order_of_numbers_apart(numbers: list[list[int]]) -> None:
    found = [tuple(row) for row in whole_hashes(ragged(numbers)).tolist()]
    assert len(set(found)) == len({tuple(some) for some in numbers})
    alone = [tuple(whole_hashes(ragged([some]))[0].tolist()) for some in numbers]
    assert found == alone


def test_thue_morse_sequences_are_told_apart() -> None:
    """A polynomial modulo 2**64 cannot, from 1,024 numbers on."""
    ones = [number.bit_count() & 1 for number in range(1 << 13)]
    for size in (1 << power for power in range(1, 14)):
        sequence = ones[:size]
        one, other = whole_hashes(ragged([[5 + 2 * n for n in sequence], [7 - 2 * n for n in sequence]]))
        assert one.tolist() != other.tolist()


@pytest.mark.parametrize("chunk", [1, 5, 1000])
def test_windows_do_not_depend_on_the_chunk(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    numbers = ragged([[1, 2, 3, 4, 5], [], [6], [7, 8, 9] * 40])
    whole = lists(windows(numbers, 3))
    monkeypatch.setattr(shingles_module, "CHUNK", chunk)
    assert lists(windows(numbers, 3)) == whole


def test_the_hashes_are_pinned() -> None:
    """Indexes and clusters of earlier versions stay comparable: a change here is another method."""
    assert word_shingles(pa.array(["Add 1 + 1."]), n=3).values.tolist() == PINNED
    assert word_shingles(pa.array(["Add 1 + 1."]), n=3, tag=2).values.tolist() == PINNED_TAGGED
    assert whole_hashes(ragged([[1, 2], []])).tolist() == PINNED_WHOLE


@given(RAGGED)
def test_ragged_arrays_are_lists_of_lists(numbers: list[list[int]]) -> None:
    found = ragged(numbers)
    assert lists(found) == numbers
    assert lists(unique(found)) == [sorted(set(some)) for some in numbers]
    assert lists(chain([found, found])) == numbers * 2
    backwards = np.arange(len(numbers))[::-1]
    assert lists(take(found, backwards)) == numbers[::-1]
    assert found.owners.tolist() == [i for i, some in enumerate(numbers) for _ in some]


@given(RAGGED, st.integers(1, 9))
def test_spans_cover_all_records_in_order(numbers: list[list[int]], most: int) -> None:
    found = ragged(numbers)
    runs = list(spans(found.offsets, most))
    assert [record for first, last in runs for record in range(first, last)] == list(range(len(numbers)))
    for first, last in runs:
        assert last - first == 1 or found.offsets[last] - found.offsets[first] <= most


def test_within_lists_the_indexes_of_runs() -> None:
    assert within(np.array([5, 9, 2]), np.array([2, 3, 0])).tolist() == [5, 6, 9, 10, 11]
    assert within(np.zeros(0, np.int64), np.zeros(0, np.int64)).tolist() == []


PINNED = [6384658166800850861, 810944275234222266]
PINNED_TAGGED = [15317628690987862461, 11303057189505327126]
PINNED_WHOLE = [[11933466875453692125, 3547643268691403561], [0, 0]]
