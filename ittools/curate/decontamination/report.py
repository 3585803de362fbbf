"""What was found: `contamination.parquet`, a row for each match, and a line for each evaluation set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ittools.curate.decontamination.compare import Met
from ittools.curate.decontamination.index import Index, SetCounts, Wordings
from ittools.curate.decontamination.judge import METHODS
from ittools.engine.exchange import get_table
from ittools.formats.parts import Part
from ittools.store.dataset import Output
from ittools.store.shards import parquet_writer
from ittools.text.ragged import I64, within

CONTAMINATION_FILE = "contamination.parquet"
CONTAMINATION = pa.schema([
    ("dropped", pa.string()), ("in", pa.string()), ("set", pa.string()), ("row", pa.int64()),
    ("id", pa.string()), ("of", pa.string()), ("method", pa.string()), ("coverage", pa.float64()),
    ("words", pa.int64()), ("span", pa.large_string()),
])  # fmt: skip


def write_matches(
    output: Output, found: Sequence[str], met: Sequence[Met], counts: Sequence[SetCounts], index: Index
) -> list[dict[str, Any]]:
    """Gather what the tasks found, in input order; what is said of each evaluation set."""
    with parquet_writer(output.staging / CONTAMINATION_FILE, CONTAMINATION) as writer:
        for file in found:
            matches = get_table(file)
            about = index.passages.take(matches.column("passage"))
            columns = [(about if name in ("set", "row", "id", "of") else matches).column(name)
                       for name in CONTAMINATION.names]  # fmt: skip
            writer.write_table(pa.Table.from_arrays(columns, schema=CONTAMINATION))
    output.add_file(CONTAMINATION_FILE)
    hit = _hit(met, index.wordings)
    dropped = sum((one.dropped for one in met), np.zeros(len(counts), np.int64))
    return [one.as_json() | {"hit": number, "share": round(number / one.records, 6), "dropped": gone}
            for one, number, gone in zip(counts, hit.tolist(), dropped.tolist(), strict=True)]  # fmt: skip


def _hit(met: Sequence[Met], wordings: Wordings) -> I64:
    """(sets,) evaluation records that were met."""
    found = np.unique(np.concatenate([np.zeros(0, np.int64), *(one.wordings for one in met)]))
    lengths = wordings.record_offsets[found + 1] - wordings.record_offsets[found]
    records = np.unique(wordings.records[within(wordings.record_offsets[found], lengths)])
    sets = np.searchsorted(np.cumsum(wordings.set_sizes), records, side="right")
    return np.bincount(sets, minlength=len(wordings.set_sizes))


def reasons_of(part: Part, found: pa.Table) -> tuple[pa.DictionaryArray, pa.StringArray]:
    """(records,) the reason of each and its detail, by its best match; null = keep."""
    numbers = found.column("number").to_numpy()
    best = np.flatnonzero(np.diff(numbers, prepend=-1))
    kinds = pc.index_in(found.column("method"), pa.array(METHODS)).to_numpy()
    kind, place = np.full(part.records, -1, np.int32), np.full(part.records, -1)
    kind[numbers[best]], place[numbers[best]] = kinds[best], best
    reasons = pa.array([f"contaminated-{method}" for method in METHODS])
    stays = kind < 0
    return (
        pa.DictionaryArray.from_arrays(pa.array(kind, mask=stays), reasons),
        pa.concat_arrays(found.column("detail").take(pa.array(place, mask=stays)).chunks),
    )


def facts_of(sets: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Lines for the screen, by evaluation set."""
    return {
        str(one["name"]): f"{one['hit']:,} of {one['records']:,} records met "
        f"({100 * one['share']:.1f}%), {one['dropped']:,} dropped here"
        for one in sets
    }
