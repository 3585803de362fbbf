"""Buckets give few edges, edges give components, and neither depends on the order they come in."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ittools.text.buckets import edges, grouped
from ittools.text.components import forest

PAIRS = st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), max_size=40)


def by_union_find(pairs: list[tuple[int, int]]) -> dict[int, int]:
    parent = list(range(16))

    def root(record: int) -> int:
        while parent[record] != record:
            record = parent[record]
        return record

    for one, two in pairs:
        low, high = sorted((root(one), root(two)))
        parent[high] = low
    return {record: root(record) for record in range(16) if root(record) != record}


def built(pairs: list[tuple[int, int]]) -> dict[int, int]:
    one = np.array([a for a, _ in pairs], np.int64)
    two = np.array([b for _, b in pairs], np.int64)
    records, roots = forest(one, two)
    assert records.tolist() == sorted(records.tolist())
    return dict(zip(records.tolist(), roots.tolist(), strict=True))


@given(PAIRS)
def test_a_forest_names_the_smallest_record_of_each_component(pairs: list[tuple[int, int]]) -> None:
    assert built(pairs) == by_union_find(pairs)


@given(PAIRS, PAIRS)
def test_merging_forests_is_the_forest_of_all(one: list[tuple[int, int]], two: list[tuple[int, int]]) -> None:
    assert built([*built(one).items(), *built(two).items()]) == built([*one, *two])


@given(PAIRS, st.randoms())
def test_the_order_of_the_edges_does_not_matter(pairs: list[tuple[int, int]], random: object) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert built(pairs) == built([(b, a) for a, b in shuffled])


def test_a_long_chain_is_one_component() -> None:
    links = np.random.default_rng(2).permutation(200_000)
    records, roots = forest(links, links + 1)
    assert (len(records), set(roots.tolist())) == (200_000, {0})


def test_a_bucket_of_100_000_like_records_gives_fewer_edges_than_records() -> None:
    groups, records = grouped(np.full(100_000, 7, np.uint64), np.arange(100_000))
    one, two = edges(groups, records, lambda a, b: np.ones(len(a), bool))
    assert len(one) == 99_999
    assert set(one.tolist()) == {0}
    assert two.tolist() == list(range(1, 100_000))


def test_records_that_only_chance_brought_together_are_not_linked() -> None:
    groups, records = grouped(np.array([7, 3, 7, 7, 7], np.uint64), np.arange(5))
    assert records.tolist() == [0, 2, 3, 4]
    one, two = edges(groups, records, lambda a, b: a % 2 == b % 2)  # 3 is like nobody
    assert list(zip(one.tolist(), two.tolist(), strict=True)) == [(0, 2), (0, 4)]


@given(st.lists(st.integers(0, 4), max_size=30), st.integers(1, 5))
def test_all_like_pairs_of_a_bucket_end_in_one_component(keys: list[int], classes: int) -> None:
    """Likeness by class is transitive, so nothing may be missed."""
    groups, records = grouped(np.array(keys, np.uint64), np.arange(len(keys)))
    one, two = edges(groups, records, lambda a, b: a % classes == b % classes)
    assert (one < two).all()
    root = dict(zip(*(part.tolist() for part in forest(one, two)), strict=True))
    for a in range(len(keys)):
        for b in range(a):
            same = keys[a] == keys[b] and a % classes == b % classes
            assert (root.get(a, a) == root.get(b, b)) == same or not same


def test_a_bucket_of_unlike_records_is_given_up_after_some_rounds() -> None:
    """Beyond 64 unlike leaders the rest is linked unseen, for the join to decide."""
    groups, records = grouped(np.full(1_000, 1, np.uint64), np.arange(1_000))
    one, two = edges(groups, records, lambda a, b: np.zeros(len(a), bool))
    assert set(one.tolist()) == {64}
    assert two.tolist() == list(range(65, 1_000))
