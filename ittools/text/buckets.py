"""Buckets of a band: groups of records with one key, and the few edges that hold each together.

    keys [7, 3, 7, 7] of records [0, 1, 2, 3]  -> entries 0, 2, 3 in one group
    edges of that group, all alike             -> 0-2, 0-3

Every record is compared with the group's first one; those unlike it make a group of their own, and so on.
So a bucket of n like records gives n - 1 edges and not n * (n - 1) / 2, and records that only chance
brought together are not linked, which at ten million records would make one component of them all.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ittools.text.ragged import I64, U64, begins_run, in_run

ROUNDS = 64  # then what is left of a group is linked to its first record unseen: the join sees to it
Alike = Callable[[I64, I64], NDArray[np.bool_]]


def grouped(keys: U64, records: I64) -> tuple[I64, I64]:
    """(group, record) of every record that shares its key, sorted by both."""
    order = np.argsort(keys)
    ordered = keys[order]
    shared = in_run(ordered)
    order, ordered = order[shared], ordered[shared]
    groups, found = np.cumsum(begins_run(ordered)) - 1, records[order]
    place = np.lexsort((found, groups))
    return groups[place], found[place]


def edges(groups: I64, records: I64, alike: Alike) -> tuple[I64, I64]:
    """(earlier, later) records of each group that are linked. `alike` tells it of many pairs at once."""
    found: list[tuple[I64, I64]] = []
    for _ in range(ROUNDS):
        first, leaders = _leaders(groups, records)
        groups, records, leaders = groups[~first], records[~first], leaders[~first]
        if not len(records):
            break
        near = alike(leaders, records)
        found.append((leaders[near], records[near]))
        groups, records = groups[~near], records[~near]
    first, leaders = _leaders(groups, records)
    found.append((leaders[~first], records[~first]))
    return np.concatenate([one for one, _ in found]), np.concatenate([two for _, two in found])


def _leaders(groups: I64, records: I64) -> tuple[NDArray[np.bool_], I64]:
    """(whether each is the first of its group, the first of its group)."""
    first = begins_run(groups)
    return first, records[np.flatnonzero(first)][np.cumsum(first) - 1]
