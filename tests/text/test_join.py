"""The exact join against brute force, and what it must not do: forget, chain, or compare all pairs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.text import join, sets
from ittools.text.join import all_pairs, keep_first
from ittools.text.ragged import Ragged, from_lengths
from ittools.text.sets import shared_sets
from ittools.text.shingles import word_shingles

Fields = list[list[list[int]]]  # field, record, shingles
SMALL = st.lists(st.integers(0, 9), max_size=8)
THRESHOLDS = st.sampled_from([0.2, 0.5, 0.6, 0.7, 0.75, 0.9, 1.0])


@st.composite
def fields(draw: st.DrawFn) -> Fields:
    records = draw(st.integers(1, 24))
    return [draw(st.lists(SMALL, min_size=records, max_size=records)) for _ in range(draw(st.integers(1, 3)))]


def ragged(records: list[list[int]], tag: int) -> Ragged:
    """Numbers as spread as hashes are, those of each field their own."""
    spread = np.array([n + 100 * tag + 1 for some in records for n in some], np.uint64)
    return from_lengths(spread * np.uint64(0x9E3779B97F4A7C15), np.array([len(some) for some in records]))


def tagged(given: Fields) -> list[Ragged]:
    return [ragged(records, tag) for tag, records in enumerate(given)]


def alike(given: Fields, a: int, b: int) -> float:
    found = []
    for records in given:
        one, two = set(records[a]), set(records[b])
        found.append(len(one & two) / len(one | two) if one | two else 1.0)
    return min(found)


class Decided(NamedTuple):
    twins: list[int]
    similarities: list[float]


def by_brute_force(given: Fields, threshold: float, settled: int) -> Decided:
    """One record after the other, against all that stay."""
    records = len(given[0])
    kept: list[int] = []
    found = Decided([-1] * records, [0.0] * records)
    for record in range(records):
        near = [(-alike(given, k, record), k) for k in kept]
        best = min(near, default=(0.0, -1))
        if record >= settled and -best[0] >= threshold:
            found.twins[record], found.similarities[record] = best[1], -best[0]
        else:
            kept.append(record)
    return found


@given(fields(), THRESHOLDS, st.integers(0, 4))
@settings(deadline=None, max_examples=300)
def test_who_stays_is_what_brute_force_says(given: Fields, threshold: float, settled: int) -> None:
    settled = min(settled, len(given[0]))
    found = keep_first(tagged(given), threshold, settled=settled)
    assert (found.twins.tolist(), found.similarities.tolist()) == by_brute_force(given, threshold, settled)


@given(fields(), THRESHOLDS, st.integers(1, 3), st.integers(1, 6))
@settings(deadline=None, max_examples=150)
def test_nothing_depends_on_the_size_of_blocks_and_chunks(
    given: Fields, threshold: float, block: int, pairs: int
) -> None:
    before = join.BLOCK, join.PAIRS, sets.CHUNK
    join.BLOCK, join.PAIRS, sets.CHUNK = block, pairs, pairs
    try:
        found = keep_first(tagged(given), threshold)
    finally:
        join.BLOCK, join.PAIRS, sets.CHUNK = before
    assert (found.twins.tolist(), found.similarities.tolist()) == by_brute_force(given, threshold, 0)


@given(fields(), THRESHOLDS)
@settings(deadline=None, max_examples=200)
def test_all_pairs_are_all_pairs(given: Fields, threshold: float) -> None:
    one, two, similarity = all_pairs(tagged(given), threshold)
    records = range(len(given[0]))
    expected = [
        (a, b, alike(given, a, b)) for a in records for b in records
        if a < b and alike(given, a, b) >= threshold
        and any(given_field[a] or given_field[b] for given_field in given)
    ]  # fmt: skip
    assert list(zip(one.tolist(), two.tolist(), similarity.tolist(), strict=True)) == expected


@given(fields(), THRESHOLDS)
@settings(deadline=None)
def test_who_leaves_early_has_no_match(given: Fields, threshold: float) -> None:
    staying = set(shared_sets(tagged(given), threshold)[0].tolist())
    records = range(len(given[0]))
    for a in records:
        for b in records:
            if a < b and alike(given, a, b) >= threshold:
                assert {a, b} <= staying


def test_what_is_shared_is_a_token_and_the_rest_is_counted() -> None:
    records, found = shared_sets([ragged([[1, 2, 4], [1, 3, 4, 4], [4]], 0)], 0.1)
    assert records.tolist() == [0, 1, 2]
    one, four, *others = found.tokens.tolist()
    assert others == [one, four, four]
    assert one < four  # the rarer one first
    assert found.alone.tolist() == [1, 1, 0]
    assert found.sizes.tolist() == [[3], [3], [1]]


def test_a_chain_of_like_records_does_not_lose_its_far_end() -> None:
    """Each is like the next one; the third is not like the first, and stays."""
    chain = [list(range(start, start + 12)) for start in (0, 2, 4, 6)]
    found = keep_first([ragged(chain, 0)], 0.7)
    assert found.twins.tolist() == [-1, 0, -1, 2]


def test_a_giant_cluster_is_not_compared_pair_by_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    """20,000 records that differ in one of 30 shingles: 200 million pairs, of which few are looked at."""
    common = list(range(29))
    records = [[*common, 1000 + number] for number in range(20_000)]
    compared: list[int] = []
    similarities = join._similarities
    monkeypatch.setattr(
        join, "_similarities", lambda s, a, b: compared.append(len(a)) or similarities(s, a, b)
    )
    found = keep_first([ragged(records, 0)], 0.7)
    assert found.twins.tolist() == [-1] + [0] * 19_999
    assert sum(compared) < 20 * len(records)


def test_records_under_one_long_instruction_make_no_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    similarities = join._similarities
    monkeypatch.setattr(
        join, "_similarities", lambda s, a, b: compared.append(len(a)) or similarities(s, a, b)
    )
    instructions = pa.array(["say which of the two cities lies further to the north of the equator"] * 3_000)
    inputs = pa.array([f"case {number} of {number * 7}" for number in range(3_000)])
    shared = [word_shingles(instructions, n=3, tag=0), word_shingles(inputs, n=3, tag=1)]
    assert (keep_first(shared, 0.7).twins == -1).all()
    assert sum(compared) == 0


def test_twins_of_a_real_corpus_are_those_of_brute_force(shared_data: pytest.TempPathFactory) -> None:
    path = f"{shared_data}/instruct/alpaca_52k.parquet"
    texts = pq.read_table(path, columns=["output"])["output"].to_pylist()[:700]
    texts += [text + " indeed" for text in texts[::3]] + [text[1:] for text in texts[::5]]
    shingles = word_shingles(pa.array(texts), n=3)
    given = [[set(shingles.of(i).tolist()) for i in range(len(texts))]]
    found = keep_first([shingles], 0.7)
    as_lists = [[sorted(some) for some in given[0]]]
    assert found.twins.tolist() == by_brute_force(as_lists, 0.7, 0).twins
    assert (found.twins >= 0).sum() > 200
