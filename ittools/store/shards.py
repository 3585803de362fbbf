"""Parquet shards with one layout whatever the batches that came in.

Row groups of 16,384 records (fewer where they are very long), shards of 98,304, zstd level 3, page index
and page checksums: with checksums every flipped bit in a page is an error when it is read, without them most
load silently wrong. Shards are named `train-00000-of-00004.parquet`, as `datasets` expects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ittools.errors import InputError
from ittools.store.files import sha256_file, sync_file

ROW_GROUP = 16_384  # records
GROUP_BYTES = 1 << 30  # of text in a row group, at most: Arrow's offsets end at 2 GiB
SHARD = 6 * ROW_GROUP  # 98,304 records: 25 to 60 MB of usual instruction data


@dataclass(frozen=True)
class FileEntry:
    """One written file; `path` is relative to the dataset directory."""

    path: str
    sha256: str
    bytes: int
    records: int | None = None
    split: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value is not None}


# Columns of few values. For the others a dictionary is built and thrown away, a tenth of the time to write
FEW_VALUES = (
    "task", "source", "license", "language", "template", "generator", "reason", "scores.list.element.name",
    "context.list.element.role", "messages.list.element.role",
)  # fmt: skip


def parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=3,
        use_dictionary=[name for name in FEW_VALUES if name.partition(".")[0] in schema.names],
        write_page_index=True,
        write_page_checksum=True,
    )


class ShardFile:
    """One shard, written in full row groups whatever batches come in."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path, self.schema = path, schema
        self.records = 0
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_records = self._waiting_bytes = 0
        self._writer = parquet_writer(path, schema)

    def write(self, batch: pa.RecordBatch) -> None:
        """Add records; `batch` has the file's schema."""
        if batch.num_rows == 0:
            return
        self._waiting.append(batch)
        self._waiting_records += batch.num_rows
        self._waiting_bytes += batch.nbytes
        self.records += batch.num_rows
        while count := self._due():
            self._flush(count)

    def _due(self) -> int:
        """How many of the waiting records are a full row group; 0: they are none yet."""
        full = ROW_GROUP if self._waiting_records >= ROW_GROUP else 0
        if self._waiting_bytes <= GROUP_BYTES:  # an upper bound, which costs nothing to know
            return full
        sizes = np.cumsum(np.concatenate([record_bytes(batch) for batch in self._waiting]))
        fits = max(1, int(np.searchsorted(sizes, GROUP_BYTES, side="right")))
        return full if full and fits >= full else fits if fits < len(sizes) else 0

    def _flush(self, count: int) -> None:
        # from one buffer per column, so that pages fall alike whatever the incoming batches
        table = pa.Table.from_batches(self._waiting, self.schema)
        head, rest = table.slice(0, count).combine_chunks(), table.slice(count)
        self._waiting = rest.to_batches()
        self._waiting_records, self._waiting_bytes = rest.num_rows, rest.nbytes
        self._writer.write_table(_compact(head), row_group_size=ROW_GROUP)

    def close(self) -> int:
        """Finish; the number of records. No record is a row group of none."""
        if self._waiting_records or not self.records:
            self._flush(self._waiting_records)
        self._writer.close()
        return self.records

    def abandon(self) -> None:
        """Close what is not to be finished."""
        self._writer.close()


class ShardWriter:
    """Streams batches of one split into shards; names are settled when it closes."""

    def __init__(self, folder: Path, split: str, schema: pa.Schema) -> None:
        self.folder, self.split, self.schema = folder, split, schema
        self._done: list[ShardFile] = []
        self._open: ShardFile | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def records(self) -> int:
        return sum(file.records for file in self._files())

    def _files(self) -> list[ShardFile]:
        return self._done if self._open is None else [*self._done, self._open]

    def write(self, batch: pa.RecordBatch) -> None:
        """Add records; `batch` has the writer's schema."""
        while batch.num_rows:
            if self._open is None:
                self._open = self._next()
            room = SHARD - self._open.records
            self._open.write(batch.slice(0, room))
            if self._open.records == SHARD:
                self._close_one()
            batch = batch.slice(room)

    def _next(self) -> ShardFile:
        return ShardFile(self.folder / f"{self.split}-{len(self._done):05d}.part", self.schema)

    def _close_one(self) -> None:
        assert self._open is not None
        self._open.close()
        self._done.append(self._open)
        self._open = None

    def close(self) -> list[FileEntry]:
        """Finish: final names, synced to disk. An empty split is one shard of no records."""
        if self._open is None and not self._done:
            self._open = self._next()
        if self._open is not None:
            self._close_one()
        shards = len(self._done)
        finals = [
            file.path.rename(self.folder / shard_name(self.split, index, shards))
            for index, file in enumerate(self._done)
        ]
        return [
            finished(final, file.records, self.split) for final, file in zip(finals, self._done, strict=True)
        ]

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._open is not None:
            self._open.abandon()


def record_bytes(batch: pa.RecordBatch) -> NDArray[np.int64]:
    """(records,) bytes of text in each, in columns of any depth."""
    return _summed([_text_bytes(column) for column in batch.columns], batch.num_rows)


def _text_bytes(column: pa.Array) -> NDArray[np.int64]:
    if pa.types.is_string(column.type):
        found: NDArray[np.int64] = pc.fill_null(pc.binary_length(column), 0).to_numpy().astype(np.int64)
        return found
    if pa.types.is_list(column.type):
        lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
        ends = np.cumsum(lengths)
        inner = np.append(0, np.cumsum(_text_bytes(column.flatten())))
        return np.asarray(inner[ends] - inner[ends - lengths], np.int64)
    if pa.types.is_struct(column.type):
        return _summed([_text_bytes(field) for field in column.flatten()], len(column))
    return np.zeros(len(column), np.int64)


def _summed(columns: Sequence[NDArray[np.int64]], count: int) -> NDArray[np.int64]:
    found = np.zeros(count, np.int64)
    for column in columns:
        found += column
    return found


def shard_name(split: str, index: int, shards: int) -> str:
    return f"{split}-{index:05d}-of-{shards:05d}.parquet"


def finished(path: Path, records: int, split: str) -> FileEntry:
    """The entry of a shard that is written and named; synced to disk."""
    sync_file(path)
    where = f"{path.parent.name}/{path.name}"
    return FileEntry(where, sha256_file(path), path.stat().st_size, records, split)


def _compact(table: pa.Table) -> pa.Table:
    """A copy without the sliced-off rest, so that offsets start at zero."""
    return pa.Table.from_batches(
        [pa.RecordBatch.from_arrays([_copied(c) for c in table.columns], schema=table.schema)]
    )


def _copied(column: pa.ChunkedArray) -> pa.Array:
    chunks = column.combine_chunks()
    return chunks if isinstance(chunks, pa.Array) else pa.concat_arrays(chunks.chunks)


def read_shard(path: Path, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Record batches of a shard, a row group at a time, page checksums verified."""
    with pq.ParquetFile(path, page_checksum_verification=True) as shard:
        for group in range(shard.num_row_groups):
            yield from read_row_group(shard, group, columns, where=str(path)).to_batches()


def read_row_group(
    shard: pq.ParquetFile, group: int, columns: list[str] | None = None, *, where: str
) -> pa.Table:
    """One row group. Raises InputError when its bytes are not what was written."""
    try:
        return shard.read_row_group(group, columns=columns)
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{where}: damaged Parquet in row group {group} ({reason})") from None
