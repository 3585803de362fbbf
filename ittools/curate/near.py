"""Near-duplicates in sets of any size: MinHash bands bring records together, a join decides.

bands -> edges of each band and key range -> forests, merged two by two -> groups of whole components
      -> shingles of each group's records -> exact join of each group

In a bucket every record is compared with the first by a byte of each MinHash slot: 0.16 below the
threshold, four standard deviations of 128 slots, their meeting is taken for chance. Records that met, and
not by chance, are of one group. The join then compares exactly, and by more than the bands: all of its group.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ittools.curate.portions import Portion, content_of
from ittools.curate.sketch import Plan, firsts_of, in_range, write_shingles
from ittools.engine.exchange import get_arrays, put_arrays
from ittools.engine.protocol import Engine
from ittools.engine.shapes import merge_pairs
from ittools.progress import Progress
from ittools.text.buckets import edges, grouped
from ittools.text.components import forest
from ittools.text.join import TooManyPairs, keep_first
from ittools.text.ragged import I64, Ragged, chain, take

GROUP = 16_000  # records that one task joins, unless a single component has more
DEVIATIONS = 4.0
Slots = dict[int, NDArray[np.uint8]]  # by portion


def near_groups(
    portions: Sequence[Portion], gone: str, plan: Plan, engine: Engine, progress: Progress
) -> list[list[str]]:
    """For each group of components the files with its shingles. `gone`: file of records that are out."""
    tasks = [(band, number, gone, plan) for band in range(plan.bands) for number in range(plan.ranges)]
    progress.start("dedup: bands", len(tasks))
    forests = engine.run(linked, tasks, progress)
    whole = merge_pairs(
        engine, merge, forests, where=plan.folder, title="dedup: components", progress=progress
    )
    groups = group_components(whole, plan)
    progress.start("dedup: gather", len(portions))
    files = engine.run(gather, [(portion, groups, plan) for portion in portions], progress)
    count = int(get_arrays(groups)["count"][0])
    return [[path for some in files for number, path in some if number == group] for group in range(count)]


def linked(band: int, number: int, gone: str, plan: Plan) -> str:
    """Task: forest of what one range of one band's keys brings together."""
    firsts, place = firsts_of(plan), band * (plan.ranges + 1) + number
    keys, records = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for portion, first in enumerate(firsts[:-1].tolist()):
        found = in_range(plan.path("bands", portion), place, ("keys", "rows"))
        keys.append(found["keys"])
        records.append(found["rows"].astype(np.int64) + first)
    away = get_arrays(gone)["gone"]
    every = np.concatenate(records)
    left = ~away[every]
    groups, members = grouped(np.concatenate(keys)[left], every[left])
    slots: Slots = {}  # of the portions met so far
    child, root = forest(*edges(groups, members, lambda a, b: _alike(a, b, firsts, plan, slots)))
    path = plan.path("forest", band, number)
    put_arrays(path, records=child, roots=root)
    return path


def _alike(one: I64, two: I64, firsts: I64, plan: Plan, slots: Slots) -> NDArray[np.bool_]:
    """Whether the pairs may reach the threshold, by the share of slots that agree."""
    deviation = np.sqrt(plan.threshold * (1 - plan.threshold) / plan.permutations)
    least = (plan.threshold - DEVIATIONS * deviation) * plan.permutations
    enough = np.empty(len(one), bool)
    for at in range(0, len(one), 1 << 14):
        span = slice(at, at + (1 << 14))
        agree = _slots(one[span], firsts, plan, slots) == _slots(two[span], firsts, plan, slots)
        enough[span] = agree.sum(axis=1) >= least
    return enough


def _slots(records: I64, firsts: I64, plan: Plan, slots: Slots) -> NDArray[np.uint8]:
    """(records, permutations) a byte of each slot, from the files of the portions."""
    found = np.empty((len(records), plan.permutations), np.uint8)
    where = np.searchsorted(firsts, records, side="right") - 1
    order = np.argsort(where)
    ends = np.searchsorted(where[order], np.arange(len(firsts)))
    for number in np.flatnonzero(np.diff(ends)).tolist():
        some = order[ends[number] : ends[number + 1]]
        if number not in slots:
            slots[number] = get_arrays(plan.path("slots", number))["slots"]
        found[some] = slots[number][records[some] - firsts[number]]
    return found


def merge(one: str, two: str, to: str) -> str:
    """Task: one forest of two."""
    found = [get_arrays(path) for path in (one, two)]
    records, roots = forest(
        np.concatenate([arrays["records"] for arrays in found]),
        np.concatenate([arrays["roots"] for arrays in found]),
    )
    put_arrays(to, records=records, roots=roots)
    return to


def group_components(whole: str, plan: Plan) -> str:
    """Each record that met another, ascending, and its group: whole components, about `GROUP` records."""
    found = get_arrays(whole)
    roots, sizes = np.unique(found["roots"], return_counts=True)
    before = np.cumsum(sizes + 1) - (sizes + 1)
    _, group_of_root = np.unique(before // GROUP, return_inverse=True)
    records = np.concatenate([roots, found["records"]])
    groups = np.concatenate([group_of_root, group_of_root[np.searchsorted(roots, found["roots"])]])
    order = np.argsort(records)
    path = plan.path("groups")
    count = np.array([group_of_root.max(initial=-1) + 1])
    put_arrays(path, records=records[order], groups=groups[order].astype(np.int64), count=count)
    return path


def gather(portion: Portion, groups: str, plan: Plan) -> list[tuple[int, str]]:
    """Task: shingles of a portion's records that met another, a file a group."""
    found = get_arrays(groups)
    begin, end = np.searchsorted(found["records"], (portion.first, portion.stop))
    rows, group = found["records"][begin:end] - portion.first, found["groups"][begin:end]
    if not len(rows):
        return []
    content = content_of(portion, plan.compared, rows)
    written = []
    for number in np.unique(group):
        some = np.flatnonzero(group == number)
        path = plan.path("shingles", portion.number, int(number))
        part = type(content)(
            content.exact[some], [take(f, some) for f in content.fields], content.priority[some]
        )
        write_shingles(path, portion, part, rows[some])
        written.append((int(number), path))
    return written


def joined(number: int, paths: Sequence[str], gone: str, known: int, plan: Plan) -> str | None:
    """Task: who of a group goes for whom; null where that takes more than `plan.most_pairs`.

    `known`: records below this number always stay.
    """
    away = get_arrays(gone)["gone"]
    records, priority, fields = [], [], []
    for path in paths:
        arrays = get_arrays(path)
        numbers = arrays["records"]
        left = np.flatnonzero(~away[numbers])
        records.append(numbers[left])
        priority.append(arrays["priority"][left])
        count = sum(name.startswith("values") for name in arrays)
        mine = [Ragged(arrays[f"values{f}"], arrays[f"offsets{f}"]) for f in range(count)]
        fields.append(mine if len(left) == len(numbers) else [take(field, left) for field in mine])
    every, ranks = np.concatenate(records), np.concatenate(priority)
    order = np.lexsort((every, -ranks))
    sets = [chain([mine[f] for mine in fields]) for f in range(len(fields[0]))]
    if (order[1:] < order[:-1]).any():
        sets = [take(field, order) for field in sets]
    every = every[order]
    settled = int((every < known).sum())
    try:
        decision = keep_first(sets, plan.threshold, settled=settled, most_pairs=plan.most_pairs)
    except TooManyPairs:
        return None
    lost = np.flatnonzero(decision.twins >= 0)
    path = plan.path("gone", number)
    put_arrays(
        path,
        gone=every[lost], twins=every[decision.twins[lost]], similarity=decision.similarities[lost],
    )  # fmt: skip
    return path
