"""A small job in the three shapes, and what it must come to by one sort in one process."""

from __future__ import annotations

import hashlib
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np

from ittools.engine.exchange import Arrays, get_arrays, join, put_arrays
from ittools.engine.protocol import Engine
from ittools.engine.shapes import map_files, merge_pairs, shuffle
from ittools.progress import Silent

PARTS, RECORDS, KEYS, PARTITIONS = 5, 400, 150, 7


def made(seed: int) -> Arrays:
    """Records of one part: few keys, so that most are shared; two columns, one of them 2-d."""
    random = np.random.default_rng(seed)
    keys = random.integers(0, KEYS, RECORDS).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    number = np.arange(seed * RECORDS, (seed + 1) * RECORDS)
    return {"key": keys, "number": number, "pair": np.stack([number, -number], 1).astype(np.int32)}


def write_part(seed: int, target: str) -> str:
    put_arrays(target, **made(seed))
    return target


def emit_part(path: str) -> Arrays:
    return get_arrays(path)


def keep_partition(partition: int, records: Arrays, where: str, marker: str) -> str:
    """Writes the partition; with a marker, the worker of partition 3 is killed the first time."""
    if marker and partition == 3 and not Path(marker).exists():
        Path(marker).write_text("")
        os.kill(os.getpid(), signal.SIGKILL)
    target = join(where, f"partition-{partition:03d}")
    put_arrays(target, **records)
    return target


def join_two(left: str, right: str, target: str) -> str:
    one, two = get_arrays(left), get_arrays(right)
    whole = {name: np.concatenate([one[name], two[name]]) for name in one}
    order = np.argsort(whole["key"], kind="stable")
    put_arrays(target, **{name: array[order] for name, array in whole.items()})
    return target


def whole_job(engine: Engine, where: str, marker: str = "") -> str:
    """The path of all records by key, through parts, partitions and pairs."""
    progress = Silent()
    parts = map_files(engine, write_part, range(PARTS), where, progress=progress)
    partitions = shuffle(
        engine,
        emit_part,
        [(part,) for part in parts],
        keep_partition,
        where=where,
        partitions=PARTITIONS,
        options=(where, marker),
        progress=progress,
    )
    return merge_pairs(engine, join_two, partitions, where=where, progress=progress)


def expected() -> dict[str, Any]:
    parts = [made(seed) for seed in range(PARTS)]
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(whole["key"], kind="stable")
    return {name: array[order] for name, array in whole.items()}


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that is left."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
