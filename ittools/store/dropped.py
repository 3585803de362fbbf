"""Dropped records: the record, the reason, and where the reason can be seen."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from ittools.records.schema import DROPPED_SCHEMA


def dropped_batch(
    batch: pa.RecordBatch, reasons: Sequence[str] | pa.Array, details: Sequence[str | None] | None = None
) -> pa.RecordBatch:
    """Batch in `SCHEMA` plus one reason each -> batch in `DROPPED_SCHEMA`."""
    columns = [
        *batch.columns,
        pa.array(reasons, pa.string()),
        pa.array(details or [None] * batch.num_rows, pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=DROPPED_SCHEMA)
