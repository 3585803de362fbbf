"""Records in any order, read and written twice: a part by where its records go, then a shard from all parts.

destination [3, -1, 0] of a part   ->  its third record, then its first, as one batch of Arrow
places 0 to 98,304 of the order    ->  a slice of every batch, put in order a row group at a time

Nothing is read at random: what a shard wants of a part stands together. Shards are those of one writer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ittools.engine.protocol import Engine
from ittools.formats.parts import Part
from ittools.progress import Progress
from ittools.records.messages import messages_batch
from ittools.records.schema import DROPPED_SCHEMA, MESSAGES_SCHEMA, SCHEMA
from ittools.store.dataset import Facets, Output, written_shard
from ittools.store.dropped import dropped_batch
from ittools.store.shards import GROUP_BYTES, ROW_GROUP, SHARD, FileEntry, shard_name

Ints = NDArray[np.int64]
Layout = Literal["messages", "records"]
SMALL = 2 * SHARD  # records: half a second
PLACE = "place"  # column of a moved record: where it goes
MOVED = SCHEMA.append(pa.field(PLACE, pa.int64()))


@dataclass(frozen=True)
class Order:
    """The records of one split, by number over all parts; `fresh` of dropped ones: false is a second id."""

    split: str
    records: Ints
    layout: Layout
    fresh: NDArray[np.bool_] | None = None


def write_orders(
    output: Output, parts: Sequence[Part], orders: Sequence[Order], engine: Engine, progress: Progress
) -> None:
    """Every split in its order."""
    wanted = np.concatenate([order.records for order in orders])
    small = len(wanted) <= SMALL
    places = np.full(sum(part.records for part in parts), -1, np.int64)
    places[wanted] = np.arange(len(wanted))
    ends = np.cumsum([part.records for part in parts])
    paths = [str(output.work / f"moved-{number:06d}.arrow") for number in range(len(parts))]
    progress.start("mix: move", len(parts))
    own = np.split(places, ends[:-1])[: len(parts)]
    engine.run(move_part, list(zip(parts, own, paths, strict=True)), progress, small=small)
    tasks, first = [], 0
    for order in orders:
        folder = output.staging / ("data" if order.fresh is None else "dropped")
        folder.mkdir(parents=True, exist_ok=True)
        tasks += list(_shards(order, folder, first, paths))
        first += len(order.records)
    progress.start("mix: write", len(tasks))
    written = engine.run(write_places, tasks, progress, small=small)
    output.take_in([entry for entry, _ in written], [facets for _, facets in written])


Task = tuple[str, str, Layout, int, int, list[str], NDArray[np.bool_] | None]


def _shards(order: Order, folder: Path, first: int, paths: list[str]) -> Iterator[Task]:
    count = -(-len(order.records) // SHARD) or 1
    for number in range(count):
        begin, end = number * SHARD, min((number + 1) * SHARD, len(order.records))
        path = str(folder / shard_name(order.split, number, count))
        fresh = None if order.fresh is None else order.fresh[begin:end]
        yield path, order.split, order.layout, first + begin, first + end, paths, fresh


def move_part(part: Part, places: Ints, path: str) -> None:
    """Task: the records of a part that go anywhere, in the order of where they go, in one batch."""
    rows = np.flatnonzero(places >= 0)
    rows = rows[np.argsort(places[rows])]
    columns = part.read().select(SCHEMA.names).cast(SCHEMA).take(pa.array(rows)).combine_chunks()
    table = columns.append_column(MOVED.field(PLACE), pa.array(places[rows]))
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, MOVED) as writer:
        for batch in table.to_batches():
            writer.write_batch(batch)


def write_places(
    path: str,
    split: str,
    layout: Layout,
    begin: int,
    end: int,
    moved: Sequence[str],
    fresh: NDArray[np.bool_] | None,
) -> tuple[FileEntry, Facets]:
    """Task: one shard, of the records that go to the places from `begin` to `end`."""
    schema = DROPPED_SCHEMA if fresh is not None else MESSAGES_SCHEMA if layout == "messages" else SCHEMA
    return written_shard(Path(path), split, schema, _laid_out(begin, end, layout, moved, fresh))


def _laid_out(
    begin: int, end: int, layout: Layout, moved: Sequence[str], fresh: NDArray[np.bool_] | None
) -> Iterator[pa.RecordBatch]:
    """The records of these places in their layout, dropped ones with their reason."""
    done = 0
    for batch in _ordered(begin, end, moved):
        if fresh is not None:
            said = pa.array(fresh[done : done + batch.num_rows])
            yield dropped_batch(batch, pc.if_else(said, "not-drawn", "duplicate-id"))
        else:
            yield messages_batch(batch) if layout == "messages" else batch
        done += batch.num_rows


def _ordered(begin: int, end: int, moved: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The records of these places, at most a row group at a time."""
    found = []
    for path in moved:
        with pa.memory_map(path) as source, pa.ipc.open_file(source) as reader:
            for number in range(reader.num_record_batches):
                batch = reader.get_batch(number)
                found.append((batch, batch.column(PLACE).to_numpy()))
    waiting = [(first, min(first + ROW_GROUP, end)) for first in range(begin, end, ROW_GROUP)][::-1]
    while waiting:
        first, last = waiting.pop()
        spans = [(batch, *np.searchsorted(places, [first, last]).tolist()) for batch, places in found]
        table = pa.Table.from_batches([batch.slice(a, b - a) for batch, a, b in spans if a < b], MOVED)
        if table.nbytes > GROUP_BYTES // 2 and last - first > 1:  # put together it would pass Arrow's 2 GiB
            half = (first + last) // 2
            waiting += [(half, last), (first, half)]
            continue
        table = table.combine_chunks()
        order = np.argsort(table.column(PLACE).to_numpy())
        yield from table.select(SCHEMA.names).take(pa.array(order)).combine_chunks().to_batches()
