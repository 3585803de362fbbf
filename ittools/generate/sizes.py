"""How many requests a round sends: by what is missing, never by how many can be in flight."""

from __future__ import annotations

import math

FEWEST_AT_ONCE = 32  # requests in a round, unless fewer are needed
ROUNDS_AT_LEAST = 40  # of a large run, so that later rounds can show what earlier ones brought


def requests_for(num: int | None, missing: int, expected: float) -> int:
    """Requests of the next round. expected: accepted tasks a request."""
    most = max(FEWEST_AT_ONCE, math.ceil((num or 0) / expected / ROUNDS_AT_LEAST))
    return max(1, min(most, math.ceil(missing / expected)))
