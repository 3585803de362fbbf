"""Sets of very different sizes as rows of matrices: sorted, and counted out pair by pair, many at once.

    sorted_rows([5, 3, 9, 1], [0, 3, 4])  -> [3, 5, 9, 1]
    common([3, 5, 9, 1, 5, 9], [0, 3, 6], [0], [1], 1)  -> [[2]]    # 5 and 9

Numpy sorts the rows of a matrix several times as fast as it sorts the same numbers by record and value. Rows
of about one length go into one matrix, filled up with the largest number, which no set may hold.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ittools.text.ragged import I64, U64

CELLS = 1 << 17  # of a matrix: 1 MB
FILL = np.uint64(0xFFFFFFFFFFFFFFFF)
FIELD = np.uint64(7)  # the lowest bits of a number say its field: there are five at the most


def sorted_rows(values: U64, offsets: I64) -> U64:
    """Each record's values in ascending order."""
    found = np.empty_like(values)
    for records in alike_lengths(np.diff(offsets)):
        places, held = _places(offsets[:-1][records], np.diff(offsets)[records])
        rows = np.where(held, values[np.minimum(places, len(values) - 1)], FILL)
        rows.sort(axis=1)
        found[places[held]] = rows[held]
    return found


def common(values: U64, offsets: I64, one: I64, two: I64, fields: int) -> I64:
    """(pairs, fields) values that both records of each pair hold; each record's are distinct."""
    lengths, counts = np.diff(offsets), np.zeros((len(one), fields), np.int64)
    for pairs in alike_lengths(lengths[one] + lengths[two]):
        sides = []
        for records in (one[pairs], two[pairs]):
            places, held = _places(offsets[:-1][records], lengths[records])
            sides.append(np.where(held, values[np.minimum(places, len(values) - 1)], FILL))
        rows = np.concatenate(sides, axis=1)
        rows.sort(axis=1)
        twice = (rows[:, 1:] == rows[:, :-1]) & (rows[:, 1:] != FILL)
        if fields == 1:
            counts[pairs, 0] = twice.sum(axis=1)
        else:
            for field in range(fields):
                counts[pairs, field] = (twice & (rows[:, 1:] & FIELD == field)).sum(axis=1)
    return counts


def alike_lengths(lengths: I64) -> Iterator[I64]:
    """Groups of records, `CELLS` numbers if all were as long as the longest; none of the empty."""
    order = np.argsort(np.minimum(lengths, 0xFFFF).astype(np.uint16), kind="stable")
    if len(lengths) and lengths.max() > 0xFFFF:
        order = np.argsort(lengths, kind="stable")
    ascending = lengths[order]
    at = int(np.searchsorted(ascending, 1))
    while at < len(order):
        shortest = int(ascending[at])
        end = int(np.searchsorted(ascending, shortest + shortest // 8 + 4, side="right"))
        longest = int(ascending[end - 1])
        end = min(end, at + max(1, CELLS // longest))
        yield order[at:end]
        at = end


def _places(starts: I64, lengths: I64) -> tuple[I64, NDArray[np.bool_]]:
    """(records, longest) where each number stands, and whether it is the record's."""
    columns = np.arange(int(lengths.max()))
    return starts[:, None] + columns, columns < lengths[:, None]
