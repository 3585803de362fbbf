"""Connected components of record pairs, as a forest: each record and the smallest one of its component.

    forest([1, 2, 5], [2, 3, 7])  -> records [2, 3, 7], roots [1, 1, 5]     # 1-2, 2-3, 5-7

Labels fall to the smaller one across each edge, and to the label's own label, until nothing changes
(Shiloach and Vishkin, Journal of Algorithms 3, 1982): the outcome does not depend on the order of the edges.
A forest is a list of edges again, so two are merged by joining their lists; it has fewer edges than records.
"""

from __future__ import annotations

import numpy as np

from ittools.text.ragged import I64


def forest(one: I64, two: I64) -> tuple[I64, I64]:
    """(records, ascending; the smallest record of the component of each), roots themselves left out."""
    records = np.unique(np.concatenate([one, two]))
    a, b = np.searchsorted(records, one), np.searchsorted(records, two)
    label = np.arange(len(records))
    while len(a):
        low, high = np.minimum(label[a], label[b]), np.maximum(label[a], label[b])
        open_ = low != high
        a, b, low, high = a[open_], b[open_], low[open_], high[open_]
        order = np.argsort(low)[::-1]
        label[high[order]] = low[order]  # of several the smallest, which is written last
        _flatten(label)
    child = label != np.arange(len(records))
    return records[child], records[label[child]]


def _flatten(label: I64) -> None:
    """Every label to the end of its chain."""
    while True:
        further = label[label]
        if (further == label).all():
            return
        label[:] = further
