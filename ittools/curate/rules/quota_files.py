"""What tasks tell of quotas, and the decision, each one file of the exchange: by path or by URL.

put_places("w/part-000000.places.arrays", places)  ->  get_places("w/part-000000.places.arrays") == places
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ittools.curate.rules.quota import Combination, Decision, Places
from ittools.engine.exchange import get_arrays, put_arrays


def put_places(where: str, found: Places) -> None:
    put_arrays(
        where, names=_as_bytes(found.combinations), code=found.code, chance=found.chance,
        position=found.position,
    )  # fmt: skip


def get_places(where: str) -> Places:
    found = get_arrays(where)
    return Places(_combinations(_from_bytes(found.pop("names"))), **found)


def put_decision(where: str, decided: Decision) -> None:
    names = _as_bytes([decided.combinations, decided.full])
    put_arrays(where, names=names, chance=decided.chance, position=decided.position)


def get_decision(where: str) -> Decision:
    found = get_arrays(where)
    combinations, full = _from_bytes(found["names"])
    return Decision(_combinations(combinations), found["chance"], found["position"], full)


def _combinations(lists: list[list[str | None]]) -> list[Combination]:
    return [tuple(one) for one in lists]


def _as_bytes(value: Any) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def _from_bytes(content: NDArray[np.uint8]) -> Any:
    return json.loads(content.tobytes())
