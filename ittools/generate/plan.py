"""`--dry-run`: what a run will ask, in calls, tokens and money, before anything is sent."""

from __future__ import annotations

from typing import Any

from ittools.store.outcome import Answer


def estimate(options: Any, work: Any) -> Answer:
    raise NotImplementedError
