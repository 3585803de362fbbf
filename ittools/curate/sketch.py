"""First stage of dedup: a portion's text becomes numbers, and equal records are found by their keys.

portion -> exact-0003.arrays   keys of 128 bits, ascending, with record and priority
           shingles-0003.arrays (join), or bands-0003.arrays and slots-0003.arrays (near)

Keys are cut into ranges of their highest bits: a task of the next stage reads one range of every portion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ittools.curate.portions import F64, Compared, Content, Portion, content_of, slots_of
from ittools.engine.exchange import Arrays, get_arrays, join, put_arrays
from ittools.text.minhash import U32, band_keys
from ittools.text.ragged import I64, U64, begins_run, in_run

RANGE = 1 << 19  # records whose keys one task sorts: some 100 MB
MOST_RANGES = 512  # then ranges are larger


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How records are compared, and where the stages exchange files."""

    folder: str
    compared: Compared
    method: Literal["exact", "near", "join", "semantic"]
    threshold: float
    permutations: int
    bands: int
    rows: int
    ranges: int  # of keys
    small: bool = False  # sooner done here than in other processes
    most_pairs: int | None = None  # that a join may look at

    def path(self, kind: str, *numbers: int) -> str:
        return join(self.folder, "-".join([kind, *(f"{n:05d}" for n in numbers)]) + ".arrays")


def ranges_of(records: int) -> int:
    """Ranges that keys of so many records are cut into."""
    return min(MOST_RANGES, -(-records // RANGE)) or 1


def write_firsts(portions: Sequence[Portion], plan: Plan) -> None:
    """Where each portion's records begin, once for all tasks: so a task is a few numbers and the plan."""
    ends = portions[-1].stop if portions else 0
    put_arrays(plan.path("firsts"), firsts=np.array([*(p.first for p in portions), ends], np.int64))


def firsts_of(plan: Plan) -> I64:
    """(portions + 1,) the first record of each portion, and their number."""
    firsts: I64 = get_arrays(plan.path("firsts"))["firsts"]
    return firsts


def sketch(portion: Portion, plan: Plan) -> bool:
    """Task: the files of one portion. Whether one of its own records has the score that decides."""
    if plan.method == "near":
        exact, priority, slots = slots_of(portion, plan.compared, plan.permutations)
        _write_bands(portion, slots, plan)
    else:
        content = content_of(portion, plan.compared)
        exact, priority = content.exact, content.priority
        if plan.method == "join":
            write_shingles(plan.path("shingles", portion.number), portion, content)
    _write_exact(portion, exact, priority, plan)
    return not portion.known and bool(np.isfinite(priority).any())


def _write_exact(portion: Portion, exact: U64, priority: F64, plan: Plan) -> None:
    order = np.argsort(exact[:, 0])
    keys = exact[order]
    put_arrays(
        plan.path("exact", portion.number),
        keys=keys, records=order + portion.first, priority=priority[order],
        bounds=range_bounds(keys[:, 0], plan.ranges),
    )  # fmt: skip


def write_shingles(path: str, portion: Portion, content: Content, rows: I64 | None = None) -> None:
    """Shingles of each field, for `joined` to read."""
    numbers = np.arange(portion.records) if rows is None else rows
    arrays: dict[str, NDArray[np.generic]] = {
        "records": numbers + portion.first,
        "priority": content.priority,
    }
    for number, field in enumerate(content.fields):
        arrays |= {f"values{number}": field.values, f"offsets{number}": field.offsets}
    put_arrays(path, **arrays)


def _write_bands(portion: Portion, slots: U32, plan: Plan) -> None:
    """Band keys, each band's ascending, one after the other; and a byte of each slot for a first look."""
    keys = band_keys(slots.T, plan.bands, plan.rows).T
    rows = np.empty(keys.shape, np.uint32)
    bounds = []
    for band in range(plan.bands):
        order = np.argsort(keys[band])
        keys[band], rows[band] = keys[band][order], order
        bounds.append(range_bounds(keys[band], plan.ranges) + band * portion.records)
    put_arrays(
        plan.path("bands", portion.number),
        keys=keys.reshape(-1), rows=rows.reshape(-1), bounds=np.concatenate(bounds),
    )  # fmt: skip
    put_arrays(plan.path("slots", portion.number), slots=(slots & np.uint32(0xFF)).astype(np.uint8).T)


def in_range(path: str, place: int, names: tuple[str, ...]) -> Arrays:
    """Of a file with `bounds` the rows from the bound at `place` to the next."""
    begin, end = get_arrays(path, names=("bounds",), rows=(place, place + 2))["bounds"].tolist()
    return get_arrays(path, names=names, rows=(begin, end))


def range_bounds(ascending: U64, ranges: int) -> I64:
    """(ranges + 1,) where each range of the keys begins."""
    inner = [(number << 64) // ranges for number in range(1, ranges)]
    places = np.searchsorted(ascending, np.array(inner, np.uint64))
    return np.concatenate([[0], places, [len(ascending)]]).astype(np.int64)


def same_records(number: int, plan: Plan) -> str:
    """Task: of one range of exact keys, each record that equals a preferred one, and that one."""
    paths = [plan.path("exact", portion) for portion in range(len(firsts_of(plan)) - 1)]
    found = [in_range(path, number, ("keys", "records", "priority")) for path in paths]
    keys = np.concatenate([arrays["keys"] for arrays in found] or [np.zeros((0, 2), np.uint64)])
    records = np.concatenate([arrays["records"] for arrays in found] or [np.zeros(0, np.int64)])
    priority = np.concatenate([arrays["priority"] for arrays in found] or [np.zeros(0)])
    order = np.argsort(keys[:, 0])
    several = in_run(keys[order, 0])
    some = order[several]
    order = some[np.lexsort((records[some], -priority[some], keys[some, 1], keys[some, 0]))]
    ordered = keys[order]
    first = begins_run(ordered[:, 0]) | begins_run(ordered[:, 1])
    preferred = records[order[np.flatnonzero(first)]][np.cumsum(first) - 1]
    path = plan.path("same", number)
    put_arrays(path, gone=records[order[~first]], twins=preferred[~first])
    return path


def ids_of(portions: Sequence[Portion], records: I64) -> pa.Array:
    """Ids of the records, ascending numbers."""
    found = []
    for portion in portions:
        begin, end = np.searchsorted(records, (portion.first, portion.stop))
        rows = records[begin:end] - portion.first
        if portion.segment is not None and len(rows):
            saved = get_arrays(portion.segment)["ids"][rows].tolist()  # UTF-8: ids need not be ours
            found.append(pa.array(saved, pa.binary()).cast(pa.string()))
        first = 0
        for part in portion.parts:
            lower, upper = np.searchsorted(rows, (first, first + part.records))
            if upper > lower:
                column = part.read(["id"]).column("id")
                found.append(column.take(pa.array(rows[lower:upper] - first)).combine_chunks())
            first += part.records
    return pa.concat_arrays(found) if found else pa.array([], pa.string())
