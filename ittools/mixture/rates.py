"""How much of each component: seqio's rates, then whole numbers of records.

    rates({"a": 9, "b": 1}, cap=3)          -> {"a": 0.75, "b": 0.25}
    rates({"a": 16, "b": 1}, temperature=2) -> {"a": 0.8, "b": 0.2}

rate = min(n, cap) ** (1 / temperature), as in seqio's `rate_num_examples`
(github.com/google/seqio, utils.py). Weights, when given, stand in its place.
"""

from __future__ import annotations

from collections.abc import Mapping


def rates(
    counts: Mapping[str, int],
    *,
    cap: int | None = None,
    temperature: float = 1.0,
    weights: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Share of each component, summing to 1. With weights the counts do not matter."""
    if weights:
        raw = {name: float(weights[name]) for name in counts}
    else:
        capped = {name: min(count, cap) if cap is not None else count for name, count in counts.items()}
        try:
            raw = {name: count ** (1 / temperature) for name, count in capped.items()}
        except OverflowError:  # near 0 the largest takes all
            largest = max(capped.values())
            raw = {name: (count / largest) ** (1 / temperature) for name, count in capped.items()}
    total = sum(raw.values())
    return {name: rate / total if total else 0.0 for name, rate in raw.items()}


def largest_size(counts: Mapping[str, int], shares: Mapping[str, float]) -> int:
    """The most records with exactly these shares and none drawn twice (down to rounding)."""
    limits = [counts[name] / share for name, share in shares.items() if share > 0]
    return int(min(limits, default=0) + 1e-9)


def draws(counts: Mapping[str, int], shares: Mapping[str, float], size: int) -> dict[str, int]:
    """Whole records per component, at most what it has; what one lacks goes to the others by share.

    Rounded by largest remainder, ties to the earlier name.
    """
    taken = dict.fromkeys(counts, 0)
    open_names = [name for name in counts if shares[name] > 0 and counts[name] > 0]
    left = min(size, sum(counts[name] for name in open_names))
    while left > 0:
        total = sum(shares[name] for name in open_names)
        wanted = {name: left * shares[name] / total for name in open_names}
        full = [name for name in open_names if taken[name] + wanted[name] >= counts[name]]
        if not full:
            for name, count in _rounded(wanted, left).items():
                taken[name] += count
            return taken
        for name in full:
            left -= counts[name] - taken[name]
            taken[name] = counts[name]
            open_names.remove(name)
    return taken


def _rounded(wanted: Mapping[str, float], total: int) -> dict[str, int]:
    floors = {name: int(amount) for name, amount in wanted.items()}
    short = total - sum(floors.values())
    by_rest = sorted(wanted, key=lambda name: floors[name] - wanted[name])
    return {name: floors[name] + (name in by_rest[:short]) for name in wanted}
