"""What row-wise commands share: each task splits one part into kept and dropped, then all are joined.

reasons -> part-000000.kept.arrow, part-000000.dropped.arrow -> data/ and dropped/, in order
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ittools.records.funnel import Funnel
from ittools.records.schema import SCHEMA
from ittools.store.dataset import Output
from ittools.store.dropped import dropped_batch

Counts = dict[str | None, int]


def split_part(
    table: pa.Table,
    reasons: pa.Array,
    stem: str,
    *,
    details: Sequence[str | None] | None = None,
    keep_dropped: bool,
) -> Counts:
    """Task body: write kept records (and dropped ones) beside `stem`; null reason = keep."""
    table = table.select(SCHEMA.names).cast(SCHEMA)
    kept = pc.is_null(reasons)
    _write(f"{stem}.kept.arrow", table.filter(kept).to_batches())
    if keep_dropped:
        gone = pc.invert(kept)
        rest = table.filter(gone).combine_chunks()
        found = pa.array(details or [None] * len(reasons), pa.string()).filter(gone)
        batches = rest.to_batches()
        if batches:
            whole = dropped_batch(batches[0], reasons.filter(gone), found.to_pylist())
            _write(f"{stem}.dropped.arrow", [whole])
    counted = pc.value_counts(reasons).to_pylist()
    return {pair["values"]: pair["counts"] for pair in counted}


def _write(path: str, batches: Iterable[pa.RecordBatch]) -> None:
    batches = list(batches)
    if batches:
        with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, batches[0].schema) as writer:
            for batch in batches:
                writer.write_batch(batch)


def join_parts(
    output: Output, stems: Sequence[str], counts: Sequence[Counts], *, keep_dropped: bool
) -> Funnel:
    """Shards from the parts in order, and the funnel of all."""
    funnel = Funnel()
    for count in counts:
        for reason, number in count.items():
            funnel.read += number
            if reason is None:
                funnel.kept += number
            else:
                funnel.dropped[reason] += number
    with output.split("train") as shards:
        for batch in _batches(stems, "kept"):
            shards.write(batch)
    if keep_dropped:
        with output.dropped() as shards:
            for batch in _batches(stems, "dropped"):
                shards.write(batch)
    return funnel


def _batches(stems: Sequence[str], kind: str) -> Iterable[pa.RecordBatch]:
    for stem in stems:
        path = Path(f"{stem}.{kind}.arrow")
        if path.exists():
            with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as reader:
                for number in range(reader.num_record_batches):
                    yield reader.get_batch(number)
