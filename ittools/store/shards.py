"""Parquet shards with one layout whatever the batches that came in.

Row groups of 16,384 records, shards of six of them, zstd level 3, page index and page checksums:
with checksums every flipped bit in a page is an error when it is read, without them most load
silently wrong. Shards are named `train-00000-of-00004.parquet`, as `datasets` expects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ittools.errors import InputError
from ittools.store.files import sha256_file, sync_file

ROW_GROUP = 16_384  # records
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


def parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=3,
        write_page_index=True,
        write_page_checksum=True,
    )


class ShardWriter:
    """Streams batches of one split into shards; names are settled when it closes."""

    def __init__(self, folder: Path, split: str, schema: pa.Schema) -> None:
        self.folder, self.split, self.schema = folder, split, schema
        self.records = 0
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_records = 0
        self._paths: list[Path] = []
        self._counts: list[int] = []
        self._writer: pq.ParquetWriter | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, batch: pa.RecordBatch) -> None:
        """Add records; `batch` has the writer's schema."""
        if batch.num_rows == 0:
            return
        self._waiting.append(batch)
        self._waiting_records += batch.num_rows
        self.records += batch.num_rows
        while self._waiting_records >= ROW_GROUP:
            self._flush(ROW_GROUP)

    def _flush(self, count: int) -> None:
        # from one buffer per column, so that pages fall alike whatever the incoming batches
        table = pa.Table.from_batches(self._waiting, self.schema).combine_chunks()
        head, rest = table.slice(0, count), table.slice(count)
        self._waiting = rest.to_batches()
        self._waiting_records = rest.num_rows
        if self._writer is None or self._counts[-1] >= SHARD:
            self._next_shard()
        assert self._writer is not None
        self._writer.write_table(_compact(head), row_group_size=ROW_GROUP)
        self._counts[-1] += head.num_rows

    def _next_shard(self) -> None:
        if self._writer is not None:
            self._writer.close()
        path = self.folder / f"{self.split}-{len(self._paths):05d}.part"
        self._paths.append(path)
        self._counts.append(0)
        self._writer = parquet_writer(path, self.schema)

    def close(self) -> list[FileEntry]:
        """Finish: final names, synced to disk. An empty split is one shard of no records."""
        if self._waiting_records or not self._paths:
            self._flush(self._waiting_records)
        assert self._writer is not None
        self._writer.close()
        self._writer = None
        entries = []
        for index, (path, count) in enumerate(zip(self._paths, self._counts, strict=True)):
            name = f"{self.split}-{index:05d}-of-{len(self._paths):05d}.parquet"
            final = path.rename(self.folder / name)
            sync_file(final)
            where = f"{self.folder.name}/{name}"
            entries.append(FileEntry(where, sha256_file(final), final.stat().st_size, count, self.split))
        return entries

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()


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
