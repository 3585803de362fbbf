"""Parquet of others, a row group at a time: flat columns as they stand, other layouts by rows.

Places are `file#number`, numbers from 1 over the whole file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ittools.errors import InputError
from ittools.formats.arrow_rows import check_names, rows_of
from ittools.formats.columns import filled, map_batches, map_table
from ittools.formats.mapping import Defaults
from ittools.formats.rows import Row, Rows
from ittools.records.schema import SCHEMA

BATCH = 8_192  # rows; a row group of others may hold millions
FEW = 1_024  # rows, where each becomes a mapping


def row_groups(path: Path) -> list[tuple[int, int]]:
    """Each row group and the number of its first row."""
    try:
        metadata = pq.read_metadata(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: not readable Parquet ({error})") from None
    found, first = [], 1
    for group in range(metadata.num_row_groups):
        found.append((group, first))
        first += metadata.row_group(group).num_rows
    return found


def group_batches(path: Path, defaults: Defaults, group: int, first: int) -> Iterator[pa.RecordBatch]:
    """Records of one row group, whose first row is number `first`.

    Raises:
        InputError: damaged bytes, text that is not UTF-8, rows that cannot be mapped.
    """
    for batch in _batches(path, group, BATCH):
        mapped = _by_column(batch, defaults)
        yield from [mapped] if mapped is not None else map_batches(_rows(batch, path, first), defaults)
        first += batch.num_rows


def parquet_rows(path: Path) -> Rows:
    """Rows of a whole file as they are. Raises InputError as `group_batches` does."""
    for group, first in row_groups(path):
        for batch in _batches(path, group, FEW):
            yield from _rows(batch, path, first)
            first += batch.num_rows


def _batches(path: Path, group: int, size: int) -> Iterator[pa.RecordBatch]:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            check_names(file.schema_arrow, str(path))
            yield from file.iter_batches(size, row_groups=[group])
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: damaged Parquet in row group {group} ({reason})") from None


def _by_column(batch: pa.RecordBatch, defaults: Defaults) -> pa.RecordBatch | None:
    try:
        batch.validate(full=True)  # UTF-8
    except pa.ArrowException:
        return None
    if batch.schema.equals(SCHEMA) and not defaults.columns:
        return filled(batch, defaults)
    return map_table(pa.Table.from_batches([batch]), defaults, whole=True)


def _rows(batch: pa.RecordBatch, path: Path, first: int) -> Iterator[tuple[str, Row]]:
    for number, row in enumerate(_pylist(batch, path, first), first):
        yield f"{path}#{number}", row


def _pylist(batch: pa.RecordBatch, path: Path, first: int) -> list[Row]:
    try:
        return rows_of(batch)
    except UnicodeDecodeError as error:
        last = first + batch.num_rows - 1
        raise InputError(f"{path}#{first}-{last}: text that is not UTF-8 ({error.reason})") from None
