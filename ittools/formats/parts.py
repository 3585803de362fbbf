"""Inputs cut into parts that a task can read by itself: a Parquet file and one row group of it.

The cut follows from the input alone, so it is the same for any engine and worker count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ittools.formats.source import Source
from ittools.records.schema import SCHEMA
from ittools.store.shards import ShardWriter, read_row_group


@dataclass(frozen=True)
class Part:
    """Records of one row group; `path` is absolute or relative to the working directory."""

    path: str
    row_group: int
    records: int

    def read(self, columns: list[str] | None = None) -> pa.Table:
        with pq.ParquetFile(self.path, page_checksum_verification=True) as shard:
            return read_row_group(shard, self.row_group, columns, where=self.path)


def cut(sources: Iterable[Source], work: Path) -> list[Part]:
    """Parts of all sources in order. What is not Parquet in `SCHEMA` is first written to `work`."""
    parts: list[Part] = []
    for number, source in enumerate(sources):
        files: Iterable[Path] = source.shards
        if not source.shards:
            with ShardWriter(work / f"input-{number:03d}", "part", SCHEMA) as shards:
                for batch in source.batches():
                    shards.write(batch)
                files = [work / f"input-{number:03d}" / Path(e.path).name for e in shards.close()]
        for file in files:
            metadata = pq.read_metadata(file)
            for group in range(metadata.num_row_groups):
                parts.append(Part(str(file), group, metadata.row_group(group).num_rows))
    return parts
