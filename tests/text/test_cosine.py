"""Who stays by cosine, against a comparison of all with all in order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.text import cosine
from ittools.text.cosine import keep_first_cosine, nearest_centres, start_centres, unit


def by_brute_force(vectors: np.ndarray, threshold: float, settled: int) -> list[int]:  # type: ignore[type-arg]
    kept: list[int] = []
    twins = [-1] * len(vectors)
    for record, vector in enumerate(vectors):
        near = [(-round(float(np.float32(vectors[k] @ vector)), 4), k) for k in kept]
        best = min(near, default=(0.0, -1))
        if record >= settled and -best[0] >= threshold and best[1] >= 0:
            twins[record] = best[1]
        else:
            kept.append(record)
    return twins


@given(st.integers(1, 60), st.integers(0, 5), st.sampled_from([0.5, 0.8, 0.95]), st.integers(0, 10_000))
@settings(deadline=None, max_examples=60)
@pytest.mark.parametrize("block", [1, 7, 1024])
def test_who_stays_is_what_brute_force_says(
    block: int, count: int, settled: int, threshold: float, seed: int
) -> None:
    # coordinates in quarters: no cosine is so near the threshold that rounding could decide it
    corners = np.random.default_rng(seed).integers(-2, 3, (count, 4)).astype(np.float64)
    vectors = unit(corners)
    before, cosine.BLOCK = cosine.BLOCK, block
    try:
        found = keep_first_cosine(vectors, threshold, settled=min(settled, count))
    finally:
        cosine.BLOCK = before
    assert found.twins.tolist() == by_brute_force(vectors, threshold, min(settled, count))


def test_a_zero_vector_is_like_nothing() -> None:
    found = keep_first_cosine(unit(np.zeros((3, 2))), 0.9)
    assert found.twins.tolist() == [-1, -1, -1]


def test_the_nearest_centre_has_the_largest_cosine() -> None:
    vectors = unit(np.array([[1, 0.1], [0.1, 1], [1, 1.2]]))
    assert nearest_centres(vectors, unit(np.array([[1.0, 0], [0, 1]]))).tolist() == [0, 1, 1]
    assert start_centres(10, 3).tolist() == [0, 4, 9]
