"""Rates by seqio's formula, whole numbers by largest remainder, never more than there is."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.mixture.rates import draws, largest_size, rates

COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 10**6), min_size=1)


def test_cap_limits_the_largest_source() -> None:
    assert rates({"a": 9, "b": 1}, cap=3) == {"a": 0.75, "b": 0.25}


@pytest.mark.parametrize(
    ("counts", "given", "expected"),
    [
        ({"a": 3, "b": 1}, {}, {"a": 0.75, "b": 0.25}),
        ({"a": 16, "b": 1}, {"temperature": 2.0}, {"a": 0.8, "b": 0.2}),
        ({"a": 100, "b": 1}, {"cap": 16, "temperature": 2.0}, {"a": 0.8, "b": 0.2}),
        ({"a": 100, "b": 1}, {"weights": {"a": 1, "b": 3}}, {"a": 0.25, "b": 0.75}),
        ({"a": 100, "b": 1}, {"weights": {"a": 0, "b": 3}}, {"a": 0.0, "b": 1.0}),
        ({"a": 7}, {"cap": 1, "temperature": 9.0}, {"a": 1.0}),
        ({}, {}, {}),
    ],
)
def test_rates_of_small_mixtures(
    counts: dict[str, int], given: dict[str, float], expected: dict[str, float]
) -> None:
    assert rates(counts, **given) == expected  # type: ignore[arg-type]


@given(COUNTS, st.none() | st.integers(1, 10**6), st.sampled_from([0.5, 1.0, 2.0, 3.5]))
@settings(deadline=None)
def test_rates_follow_seqios_formula(counts: dict[str, int], cap: int | None, temperature: float) -> None:
    """seqio's `rate_num_examples`: min(n, maximum) ** (1 / temperature), then normalised."""
    raw = {name: min(n, cap or n) ** (1 / temperature) for name, n in counts.items()}
    found = rates(counts, cap=cap, temperature=temperature)
    assert found == pytest.approx({name: rate / sum(raw.values()) for name, rate in raw.items()})
    assert math.isclose(sum(found.values()), 1.0)


def test_a_higher_temperature_is_more_even_and_a_tiny_one_takes_the_largest() -> None:
    counts = {"a": 1000, "b": 10}
    shares = [rates(counts, temperature=t)["b"] for t in (0.001, 0.5, 1.0, 2.0, 10.0, 1e9)]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("counts", "shares", "size", "expected"),
    [
        ({"a": 10, "b": 10}, {"a": 0.5, "b": 0.5}, 5, {"a": 3, "b": 2}),  # a tie goes to the earlier
        ({"b": 10, "a": 10}, {"a": 0.5, "b": 0.5}, 5, {"b": 3, "a": 2}),
        ({"a": 10, "b": 10, "c": 10}, {"a": 0.46, "b": 0.37, "c": 0.17}, 10, {"a": 4, "b": 4, "c": 2}),
        ({"a": 2, "b": 10}, {"a": 0.5, "b": 0.5}, 8, {"a": 2, "b": 6}),  # what one lacks goes to the other
        ({"a": 2, "b": 3, "c": 90}, {"a": 0.4, "b": 0.4, "c": 0.2}, 50, {"a": 2, "b": 3, "c": 45}),
        ({"a": 2, "b": 3}, {"a": 0.5, "b": 0.5}, 99, {"a": 2, "b": 3}),
        ({"a": 9, "b": 9}, {"a": 1.0, "b": 0.0}, 20, {"a": 9, "b": 0}),
        ({"a": 9}, {"a": 1.0}, 0, {"a": 0}),
        ({}, {}, 5, {}),
    ],
)
def test_draws_of_small_mixtures(
    counts: dict[str, int], shares: dict[str, float], size: int, expected: dict[str, int]
) -> None:
    assert draws(counts, shares, size) == expected


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.integers(0, 60), st.integers(0, 9)), min_size=1),
    st.integers(0, 400),
)
@settings(deadline=None)
def test_draws_never_exceed_what_is_there_and_fill_the_size(
    mixture: dict[str, tuple[int, int]], size: int
) -> None:
    counts = {name: count for name, (count, _) in mixture.items()}
    weights = {name: weight for name, (_, weight) in mixture.items()}
    shares = rates(counts, weights=weights)
    taken = draws(counts, shares, size)
    assert all(0 <= taken[name] <= counts[name] for name in counts)
    assert all(taken[name] == 0 for name in counts if shares[name] == 0)
    there = sum(count for name, count in counts.items() if shares[name] > 0)
    assert sum(taken.values()) == min(size, there)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(0, 500))
@settings(deadline=None)
def test_draws_are_within_one_of_the_exact_share(weights: list[int], size: int) -> None:
    names = [f"s{number}" for number in range(len(weights))]
    counts = dict.fromkeys(names, 10_000)
    taken = draws(counts, rates(counts, weights=dict(zip(names, weights, strict=True))), size)
    for name, weight in zip(names, weights, strict=True):
        assert abs(taken[name] - Fraction(size * weight, sum(weights))) < 1


@pytest.mark.parametrize(
    ("counts", "shares", "size"),
    [
        ({"a": 100, "b": 10}, {"a": 0.5, "b": 0.5}, 20),
        ({"a": 100, "b": 10}, {"a": 0.9, "b": 0.1}, 100),
        ({"a": 9}, {"a": 1.0}, 9),
        ({"a": 9, "b": 1}, {"a": 1.0, "b": 0.0}, 9),
        ({"a": 3}, {"a": 0.0}, 0),
    ],
)
def test_the_largest_size_keeps_the_shares(
    counts: dict[str, int], shares: dict[str, float], size: int
) -> None:
    assert largest_size(counts, shares) == size
