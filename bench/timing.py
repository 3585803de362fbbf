"""Medians of interleaved runs, so that a noisy machine slows both sides alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def compare(ours: Callable[[], object], peer: Callable[[], object], *, runs: int = 5) -> tuple[float, float]:
    """Median seconds of both, run in turn."""
    pairs = [(seconds(ours), seconds(peer)) for _ in range(runs)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def line(what: str, ours: float, peer: float, unit: str = "s") -> str:
    return f"{what:<58} ours {ours:9.4f} {unit}   peer {peer:9.4f} {unit}   {peer / ours:8.1f} x"
