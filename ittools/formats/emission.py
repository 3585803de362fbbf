"""What row-wise commands share: a reason for each record, then the shards, a task each, in input order.

parts + reasons, null = keep  ->  data/train-00000-of-00002.parquet ... and dropped/, with the reason

Each task reads its slices of the parts and writes one shard: no record is written twice, and the bytes
are those of one `ShardWriter` that all kept records pass through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ittools.engine.exchange import get_table, put_table
from ittools.engine.inline import Inline
from ittools.engine.protocol import Engine
from ittools.formats.parts import Part
from ittools.progress import Progress, Silent
from ittools.records.funnel import Funnel
from ittools.records.schema import DROPPED_SCHEMA, SCHEMA
from ittools.store import shards
from ittools.store.dataset import Facets, Output, written_shard
from ittools.store.dropped import dropped_batch
from ittools.store.shards import FileEntry, shard_name

Counts = dict[str | None, int]
Columns = Mapping[str, pa.Array]  # by name, one value a record
Explain = Callable[[pa.RecordBatch, pa.StringArray], pa.StringArray]  # (dropped records, reasons) -> details


@dataclass(frozen=True)
class Slice:
    """Records `start` to `stop` of a part, those of `mask` alone (null: all).

    changed: file of columns, for the whole part, that take the place of the part's.
    why: `reason` and `detail` of the records that are left, in `dropped/`.
    explain: gives a detail to those that have none.
    """

    part: Part
    start: int
    stop: int
    mask: pa.BooleanArray | None = None
    changed: str | None = None
    why: Columns = field(default_factory=dict)
    explain: Explain | None = None


def emit(
    output: Output,
    parts: Sequence[Part],
    reasons: Sequence[pa.Array],
    *,
    details: Sequence[pa.Array | None] | None = None,
    explain: Explain | None = None,
    changed: Sequence[str | None] | None = None,
    keep_dropped: bool = False,
    split: str = "train",
    engine: Engine | None = None,
    progress: Progress | None = None,
    stage: str | None = None,
) -> Funnel:
    """Kept records to `data/`, dropped ones to `dropped/` if asked for, straight from the parts.

    reasons: of each part, one a record, null = keep; strings or a dictionary of them.
    details: of each part, where the reason can be seen.
    explain: says that of dropped records without a detail, as they are written.
    changed: of each part, what `write_changed` wrote of it, or null.
    stage: what the shards' progress is called; null: the caller has begun it.
    """
    funnel = Funnel()
    kept: list[Chosen] = []
    gone: list[Chosen] = []
    for number, (part, reason) in enumerate(zip(parts, reasons, strict=True)):
        assert len(reason) == part.records, f"{len(reason)} reasons for {part.records} records"
        _count(funnel, {pair["values"]: pair["counts"] for pair in pc.value_counts(reason).to_pylist()})
        new = changed[number] if changed else None
        stays = np.asarray(pc.is_null(reason))
        kept.append((part, stays, new, {}))
        if keep_dropped:
            detail = details[number] if details else None
            kind = pa.nulls(part.records, pa.string()) if detail is None else detail
            gone.append((part, ~stays, new, {"reason": reason, "detail": kind}))
    tasks = _tasks(output.staging / "data", split, kept)
    if keep_dropped:
        tasks += _tasks(output.staging / "dropped", "dropped", gone, explain)
    _write_shards(output, tasks, engine, progress or Silent(), stage)
    return funnel


def _count(funnel: Funnel, counts: Counts) -> None:
    for reason, number in counts.items():
        funnel.read += number
        if reason is None:
            funnel.kept += number
        else:
            funnel.dropped[reason] += number


Chosen = tuple[Part, NDArray[np.bool_], str | None, Columns]
Task = tuple[str, str, list[Slice]]


def _tasks(folder: Path, split: str, chosen: Sequence[Chosen], explain: Explain | None = None) -> list[Task]:
    """A task a shard; the chosen records of all parts, cut every `SHARD` records."""
    folder.mkdir(parents=True, exist_ok=True)
    slices: list[list[Slice]] = [[]]
    room = shards.SHARD
    for one in chosen:
        rows = np.flatnonzero(one[1])
        while len(rows):
            if not room:
                slices.append([])
                room = shards.SHARD
            slices[-1].append(_slice(one, rows[:room], explain))
            taken = min(room, len(rows))
            rows, room = rows[taken:], room - taken
    return [
        (str(folder / shard_name(split, index, len(slices))), split, some)
        for index, some in enumerate(slices)
    ]


def _slice(chosen: Chosen, rows: NDArray[np.intp], explain: Explain | None) -> Slice:
    part, mask, changed, why = chosen
    start, stop = int(rows[0]), int(rows[-1]) + 1
    wanted = pa.array(rows - start)
    return Slice(
        part, start, stop,
        None if len(rows) == stop - start else pa.array(mask[start:stop]),
        changed,
        {name: column.slice(start, stop - start).take(wanted).cast(pa.string())
         for name, column in why.items()},
        explain,
    )  # fmt: skip


def _write_shards(
    output: Output, tasks: Sequence[Task], engine: Engine | None, progress: Progress, stage: str | None
) -> None:
    if stage is not None:
        progress.start(stage, len(tasks))
    records = sum(one.stop - one.start for _, _, slices in tasks for one in slices)
    engine, small = engine or Inline(), records <= 2 * shards.SHARD  # half a second
    written = engine.run(write_shard, tasks, progress, small=small)
    output.take_in([entry for entry, _ in written], [facets for _, facets in written])


def write_shard(path: str, split: str, slices: Sequence[Slice]) -> tuple[FileEntry, Facets]:
    """Task: one shard of the slices in order; of kept records the facets are counted too."""
    schema = DROPPED_SCHEMA if split == "dropped" else SCHEMA
    return written_shard(Path(path), split, schema, (b for one in slices for b in _read(one, schema)))


def _read(one: Slice, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The records of a slice, with their reasons if they are dropped ones."""
    table = read_changed(one.part, one.changed).slice(one.start, one.stop - one.start)
    schema = SCHEMA if one.why else schema
    table = table.select(schema.names).cast(schema)
    if one.mask is not None:
        table = table.filter(one.mask)
    at = 0
    for batch in table.to_batches():
        why = {name: column.slice(at, batch.num_rows) for name, column in one.why.items()}
        at += batch.num_rows
        if one.explain is not None:
            why["detail"] = pc.coalesce(why["detail"], one.explain(batch, why["reason"]))
        yield dropped_batch(batch, why["reason"], why["detail"]) if why else batch


def write_changed(path: str, columns: Columns) -> str:
    """All values of the columns of one part that a task has changed; gives the path, which may be a URL."""
    put_table(path, pa.table(dict(columns)))
    return path


def read_changed(part: Part, changed: str | None, columns: list[str] | None = None) -> pa.Table:
    """A part, whole or some columns, with what was changed in its place."""
    table = part.read(columns)
    if changed is None:
        return table
    new = get_table(changed)
    for name in set(new.column_names) & set(table.column_names):
        at = table.schema.get_field_index(name)
        table = table.set_column(at, SCHEMA.field(name), new.column(name))
    return table
