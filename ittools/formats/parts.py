"""Inputs cut into parts that a task can read by itself: a row group of Parquet, a batch of Arrow IPC.

records of ours   data/train-00000-of-00002.parquet -> Part(file, 0, 16384), Part(file, 1, 16384), ...
plain JSONL       bytes 0 to 8 MiB, 8 to 16 MiB, ...  -> a task each -> work/input-000-000000.arrow, ...
Parquet of others row group 0, 1, ...                 -> a task each -> the same
anything else     read here, in one stream            -> the same, in one file

The cut follows from the input alone, so it is the same for any engine and worker count.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from ittools.engine.inline import Inline
from ittools.engine.protocol import Engine
from ittools.errors import InputError
from ittools.formats.columns_jsonl import jsonl_batches, range_batches
from ittools.formats.columns_parquet import group_batches, row_groups
from ittools.formats.mapping import Defaults
from ittools.formats.source import Foreign, Source
from ittools.progress import Progress, Silent
from ittools.records.schema import SCHEMA
from ittools.store.shards import ROW_GROUP, read_row_group

RANGE = 8 << 20  # bytes of JSONL in a task: some 20,000 short records
SMALL = 32 << 20  # bytes of text: mapped in 0.3 s, as long as two processes take to start
MOST = 2 * ROW_GROUP  # records of a part
MOST_BYTES = 4 * RANGE  # of a part: text of JSON and what the record has besides
ARROW = ".arrow"


@dataclass(frozen=True)
class Part:
    """Records of one row group, or of one batch; `path` is absolute or relative to the working directory."""

    path: str
    row_group: int
    records: int

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """The records; of Arrow IPC the very bytes of the file, mapped into memory."""
        if self.path.endswith(ARROW):
            with pa.memory_map(self.path) as source, pa.ipc.open_file(source) as reader:
                table = pa.Table.from_batches([reader.get_batch(self.row_group)])
                return table if columns is None else table.select(columns)
        with pq.ParquetFile(self.path, page_checksum_verification=True) as shard:
            return read_row_group(shard, self.row_group, columns, where=self.path)


@dataclass(frozen=True)
class Piece:
    """What one task maps: bytes `start` to `stop`, or row group `start`, whose first row is `stop`."""

    path: str
    kind: Literal["jsonl", "parquet"]
    defaults: Defaults
    start: int
    stop: int
    whole: bool = False  # all of its file


def cut(
    sources: Iterable[Source],
    work: Path,
    *,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> list[Part]:
    """Parts of all sources in order. What is not Parquet in `SCHEMA` is first mapped into `work`.

    Raises:
        InputError: of the first input that cannot be read or mapped.
    """
    work.mkdir(parents=True, exist_ok=True)
    how = (engine or Inline(), progress or Silent())
    parts: list[Part] = []
    numbered = list(enumerate(sources))
    while numbered:  # those that tasks map together, up to one that is read here: errors keep their order
        together = list(takewhile(lambda one: one[1].shards or one[1].foreign, numbered))
        parts += _mapped(together, work, *how)
        for number, source in numbered[len(together) :][:1]:
            path = _batches_path(work, number)
            parts += _batch_parts(path, write_batches(path, source.batches()))
        numbered = numbered[len(together) + 1 :]
    return parts


def _mapped(
    numbered: list[tuple[int, Source]], work: Path, engine: Engine, progress: Progress
) -> Iterator[Part]:
    pieces = {number: list(_pieces(source)) for number, source in numbered}
    tasks = [
        (piece, _batches_path(work, number, index))
        for number, some in pieces.items()
        for index, piece in enumerate(some)
    ]
    if tasks:
        progress.start("read", len(tasks))
    small = sum(_text_bytes(file) for _, source in numbered for file in source.foreign) <= SMALL
    results = engine.run(map_piece, tasks, progress, small=small) if tasks else []
    found = {piece.path for (piece, _), result in zip(tasks, results, strict=True) if result[1]}
    done = iter(zip(tasks, results, strict=True))
    for number, source in numbered:
        for file in source.shards:
            yield from _row_group_parts(file)
        for (piece, path), (counts, _) in islice(done, len(pieces[number])):
            if piece.kind == "jsonl" and piece.path not in found:
                raise InputError(f"{piece.path}: holds no record")
            yield from _batch_parts(path, counts)


def _text_bytes(file: Foreign) -> int:
    """As JSONL; Parquet takes about a third."""
    return file.path.stat().st_size * (3 if file.kind == "parquet" else 1)


def _batches_path(work: Path, number: int, index: int = 0) -> str:
    return str(work / f"input-{number:03d}-{index:06d}{ARROW}")


def _row_group_parts(file: Path) -> list[Part]:
    metadata = pq.read_metadata(file)
    groups = range(metadata.num_row_groups)
    return [Part(str(file), group, metadata.row_group(group).num_rows) for group in groups]


def _batch_parts(path: str, counts: Iterable[int]) -> list[Part]:
    return [Part(path, index, count) for index, count in enumerate(counts)]


def _pieces(source: Source) -> Iterator[Piece]:
    for file in source.foreign:
        path = str(file.path)
        if file.kind == "parquet":
            for group, first in row_groups(file.path):
                yield Piece(path, file.kind, file.defaults, group, first)
            continue
        size = file.path.stat().st_size
        for at in range(0, max(size, 1), RANGE):
            yield Piece(path, file.kind, file.defaults, at, min(at + RANGE, size), size <= RANGE)


def map_piece(piece: Piece, path: str) -> tuple[list[int], bool]:
    """Task: the records of one piece to `path`; how many stand in each batch, and whether there was a row."""
    file, defaults = Path(piece.path), piece.defaults
    found: list[bool] = []
    if piece.kind == "parquet":
        batches = group_batches(file, defaults, piece.start, piece.stop)
    elif piece.whole:
        batches = jsonl_batches(file, piece.path, defaults)
    else:
        batches = range_batches(file, piece.path, defaults, piece.start, piece.stop)

    def noted() -> Iterator[pa.RecordBatch]:
        for batch in batches:
            found[:] = [True]
            yield batch

    return write_batches(path, noted()), bool(found)


def write_batches(path: str, batches: Iterable[pa.RecordBatch]) -> list[int]:
    """Records as Arrow IPC, a part a batch; their counts. A file appears whole or not at all."""
    counts = []
    staged = f"{path}.{os.getpid()}.tmp"
    try:
        with pa.OSFile(staged, "wb") as sink, pa.ipc.new_file(sink, SCHEMA) as writer:
            for batch in _gathered(batches):
                writer.write_batch(batch)
                counts.append(batch.num_rows)
    except OSError as error:
        if error.filename is None:  # Arrow does not say which disk is full
            error.filename = path
        raise
    os.replace(staged, path)
    return counts


def _gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches of some `MOST_BYTES` bytes and at most `MOST` records."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(b.nbytes for b in waiting) >= MOST_BYTES or sum(b.num_rows for b in waiting) >= MOST:
            yield from _joined(waiting)
            waiting = []
    yield from _joined(waiting)


def _joined(batches: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    records = sum(batch.num_rows for batch in batches)
    if not records:
        return
    whole = pa.Table.from_batches(batches).combine_chunks().to_batches()
    for batch in whole:
        for at in range(0, batch.num_rows, MOST):
            yield batch.slice(at, MOST)
