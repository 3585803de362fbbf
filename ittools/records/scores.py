"""Scores of a record: named numbers, set once and thresholded later.

Held as list<struct<name, value>>: `datasets` cannot load Arrow's map type.

    scores_column({"b": 2, "a": 1.0}) -> [{"name": "a", "value": 1.0}, {"name": "b", "value": 2.0}]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

ScorePair = dict[str, Any]


def scores_column(scores: Mapping[str, float] | None) -> list[ScorePair] | None:
    """As the column holds them, sorted by name; null stays null."""
    if scores is None:
        return None
    return [{"name": name, "value": float(value)} for name, value in sorted(scores.items())]


def scores_dict(column: Iterable[ScorePair] | None) -> dict[str, float]:
    """By name; null is no score at all."""
    return {pair["name"]: pair["value"] for pair in column or ()}


def as_scores(value: Any) -> dict[str, float] | None:
    """Scores in any of the shapes that files carry (mapping, pairs, our structs); null if neither."""
    if isinstance(value, list):
        if all(isinstance(pair, dict) and set(pair) == {"name", "value"} for pair in value):
            value = scores_dict(value)
        elif all(isinstance(p, (list, tuple)) and len(p) == 2 and isinstance(p[0], str) for p in value):
            value = dict(value)
    if isinstance(value, dict) and all(isinstance(v, (int, float)) for v in value.values()):
        try:
            return {str(name): float(score) for name, score in value.items()}
        except OverflowError:  # a whole number of over 308 digits
            return None
    return None
