"""Dropped records: the record, the reason, and where the reason can be seen."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from ittools.records.schema import DROPPED_SCHEMA


def dropped_batch(
    batch: pa.RecordBatch,
    reasons: Sequence[str] | pa.StringArray,
    details: Sequence[str | None] | pa.StringArray | None = None,
) -> pa.RecordBatch:
    """Batch in `SCHEMA` plus one reason each -> batch in `DROPPED_SCHEMA`."""
    if details is None:
        details = pa.nulls(batch.num_rows, pa.string())
    columns = [*batch.columns, *(_strings(values) for values in (reasons, details))]
    return pa.RecordBatch.from_arrays(columns, schema=DROPPED_SCHEMA)


def _strings(values: Sequence[str | None] | pa.StringArray) -> pa.StringArray:
    return values if isinstance(values, pa.Array) else pa.array(values, pa.string())
