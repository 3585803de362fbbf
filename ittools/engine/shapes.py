"""The three shapes that cover a corpus: map files, shuffle by key, merge two by two.

    map_files(engine, sketch, parts, where)            # sketch(part, "where/sketch-000000") -> R
    shuffle(engine, emit, tasks, reduce, where=..., partitions=64)
    merge_pairs(engine, join_two, leaves, where=...)   # ((0 1) (2 3)) 4: neighbours first

Only names and counts pass through the engine; what is big stands in files under `where`. The number
of partitions and the pairs of the merge follow from the data alone, so any engine with any number of
workers writes the same bytes. Fan-in 2 keeps a merge within two inputs' memory: ten million records
ran under 1 GB with it, and did not with fan-in 8.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np

from ittools.engine.exchange import Arrays, get_arrays, join, put_arrays, remove
from ittools.engine.outcomes import stage_name
from ittools.engine.protocol import Engine
from ittools.progress import Progress, Silent

P = TypeVar("P")
R = TypeVar("R")
PARTITION = 64 << 20  # bytes that one reduce task holds, twice while it sorts
KEY, STARTS = "key", "_starts"


def map_files(
    engine: Engine,
    fn: Callable[..., R],
    parts: Sequence[P],
    where: str,
    *options: Any,
    progress: Progress | None = None,
) -> list[R]:
    """`fn(part, target, *options)` for every part; it writes to `target` or names that begin so."""
    name = stage_name(fn)
    tasks = [(part, join(where, f"{name}-{index:06d}"), *options) for index, part in enumerate(parts)]
    return engine.run(fn, tasks, progress or Silent())


def partitions_for(records: int, width: int) -> int:
    """Partitions of about `PARTITION` bytes for records of `width` bytes."""
    return max(1, -(-records * width // PARTITION))


def shuffle(
    engine: Engine,
    emit: Callable[..., Arrays],
    tasks: Sequence[tuple[Any, ...]],
    reduce: Callable[..., R],
    *,
    where: str,
    partitions: int,
    options: tuple[Any, ...] = (),
    progress: Progress | None = None,
) -> list[R]:
    """`reduce(partition, records, *options)` for every partition; its results in their order.

    `emit(*task)` returns arrays of one length, among them `key` (records,) uint64; a record goes to
    partition `key % partitions`. `records` hold the same arrays, by key, and where keys are equal in
    the order of the tasks and then as emitted. One file for a task, so 10^4 tasks make 10^4 files.
    """
    progress = progress or Silent()
    name = f"{stage_name(emit)}-{stage_name(reduce)}"
    files = [join(where, f"{name}-{index:06d}") for index in range(len(tasks))]
    progress.start(stage_name(emit), len(tasks))
    scattering = partial(scatter, fn=emit, partitions=partitions)
    engine.run(scattering, [(*task, file) for task, file in zip(tasks, files, strict=True)], progress)
    progress.start(stage_name(reduce), partitions)
    gathering = partial(gather, fn=reduce, files=files, options=options)
    results = engine.run(gathering, [(partition,) for partition in range(partitions)], progress)
    for file in files:
        remove(file)
    return results


def merge_pairs(
    engine: Engine,
    fn: Callable[..., P],
    leaves: Sequence[P],
    *,
    where: str,
    options: tuple[Any, ...] = (),
    title: str | None = None,
    progress: Progress | None = None,
) -> P:
    """One from many by `fn(left, right, target, *options)`, neighbours first; a single leaf as it is.

    `fn` writes the file or folder `target`; those that a later merge has read are removed.
    """
    if not leaves:
        raise ValueError("nothing to merge")
    progress, name, level = progress or Silent(), stage_name(fn), 0
    progress.start(title or name, len(leaves) - 1)
    nodes: list[tuple[P, str | None]] = [(leaf, None) for leaf in leaves]  # what, and the file if ours
    while len(nodes) > 1:
        pairs = list(zip(nodes[::2], nodes[1::2], strict=False))
        targets = [join(where, f"{name}-{level:02d}-{index:06d}") for index in range(len(pairs))]
        tasks = [
            (left, right, target, *options)
            for ((left, _), (right, _)), target in zip(pairs, targets, strict=True)
        ]
        merged = list(zip(engine.run(fn, tasks, progress), targets, strict=True))
        for done in (file for pair in pairs for _, file in pair if file is not None):
            remove(done)
        nodes, level = [*merged, *nodes[2 * len(pairs) :]], level + 1
    return nodes[0][0]


def scatter(*task: Any, fn: Callable[..., Arrays], partitions: int) -> int:
    """Task: what `fn` emits, by partition and key, to one file; the last argument is its name."""
    emitted = fn(*task[:-1])
    lengths = {name: len(array) for name, array in emitted.items()}
    if KEY not in emitted or emitted[KEY].dtype != np.uint64 or len(set(lengths.values())) != 1:
        raise TypeError(f"{stage_name(fn)} must emit `key` in uint64 and arrays of its length: {lengths}")
    keys = emitted[KEY]
    order = np.argsort(keys, kind="stable")
    places = (keys[order] % np.uint64(partitions)).astype(np.uint16 if partitions <= 1 << 16 else np.uint32)
    order = order[np.argsort(places, kind="stable")]  # sorted in runs, which the reduce task merges
    starts = np.concatenate(([0], np.cumsum(np.bincount(places, minlength=partitions)))).astype(np.int64)
    put_arrays(task[-1], **{STARTS: starts}, **{name: array[order] for name, array in emitted.items()})
    return len(keys)


def gather(partition: int, *, fn: Callable[..., R], files: Sequence[str], options: tuple[Any, ...]) -> R:
    """Task: one partition of all files, sorted by key, to `fn`."""
    slices: list[Arrays] = []
    for file in files:
        first, last = get_arrays(file, names=(STARTS,), rows=(partition, partition + 2))[STARTS].tolist()
        found = get_arrays(file, rows=(first, last))
        slices.append({name: np.array(array) for name, array in found.items() if name != STARTS})
    if not slices:
        return fn(partition, {KEY: np.zeros(0, np.uint64)}, *options)
    whole = {name: np.concatenate([piece[name] for piece in slices]) for name in slices[0]}
    slices.clear()
    order = np.argsort(whole[KEY], kind="stable")
    return fn(partition, {name: array[order] for name, array in whole.items()}, *options)
