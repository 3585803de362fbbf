"""Sorting and counting in matrices of rows gives what Python's own lists and sets give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.text import rows
from ittools.text.ragged import offsets_of
from ittools.text.rows import alike_lengths, common, sorted_rows

NUMBERS = st.lists(st.lists(st.integers(0, 2**64 - 2), max_size=40), min_size=1, max_size=30)
SETS = st.lists(st.sets(st.integers(0, 30), max_size=20), min_size=2, max_size=12)


def flat(lists: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    values = np.array([number for some in lists for number in some], np.uint64)
    return values, offsets_of(np.array([len(some) for some in lists], np.int64))


@given(NUMBERS, st.sampled_from([1, 7, 1 << 17]))
@settings(deadline=None)
def test_each_record_is_sorted_by_itself(lists: list[list[int]], cells: int) -> None:
    values, offsets = flat(lists)
    before, rows.CELLS = rows.CELLS, cells
    try:
        found = sorted_rows(values, offsets)
    finally:
        rows.CELLS = before
    assert found.tolist() == [number for some in lists for number in sorted(some)]


@given(SETS, st.integers(1, 5))
@settings(deadline=None)
def test_common_values_are_counted_by_field(sets: list[set[int]], fields: int) -> None:
    """The three lowest bits of a value are its field."""
    lists = [sorted(number * 8 + number % fields for number in some) for some in sets]
    values, offsets = flat(lists)
    pairs = [(a, b) for a in range(len(sets)) for b in range(a + 1, len(sets))]
    one, two = (np.array(side) for side in zip(*pairs, strict=True))
    expected = [[sum(n % fields == f for n in sets[a] & sets[b]) for f in range(fields)] for a, b in pairs]
    assert common(values, offsets, one, two, fields).tolist() == expected


@pytest.mark.parametrize("lengths", [[0, 3, 0, 1, 200_000, 2, 3], [70_000, 65_535, 65_536, 1], []])
def test_every_record_that_is_not_empty_is_in_one_group(lengths: list[int]) -> None:
    groups = list(alike_lengths(np.array(lengths, np.int64)))
    together = sorted(record for group in groups for record in group.tolist())
    assert together == [record for record, length in enumerate(lengths) if length]
