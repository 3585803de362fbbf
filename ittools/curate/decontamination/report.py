"""What was found: `contamination.parquet`, a row for each match, and a line for each evaluation set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ittools.curate.decontamination.index import SetCounts
from ittools.store.dataset import Output
from ittools.store.shards import parquet_writer

CONTAMINATION_FILE = "contamination.parquet"
CONTAMINATION = pa.schema([
    ("dropped", pa.string()), ("in", pa.string()), ("set", pa.string()), ("row", pa.int64()),
    ("id", pa.string()), ("of", pa.string()), ("method", pa.string()), ("coverage", pa.float64()),
    ("words", pa.int64()), ("span", pa.large_string()),
])  # fmt: skip


def write_matches(
    output: Output, stems: Sequence[str], counts: Sequence[SetCounts], passages: pa.Table
) -> list[dict[str, Any]]:
    """Gather what the tasks found, in input order; what is said of each evaluation set."""
    hit: list[set[int]] = [set() for _ in counts]
    dropped = [0] * len(counts)
    number = {one.name: n for n, one in enumerate(counts)}
    with parquet_writer(output.staging / CONTAMINATION_FILE, CONTAMINATION) as writer:
        for stem in stems:
            found = _read(Path(f"{stem}.found.arrow"))
            about = passages.take(found.column("passage"))
            sets = np.array([number[name] for name in about.column("set").to_pylist()], np.int64)
            records, trained = about.column("record").to_numpy(), found.column("number").to_numpy()
            for n in np.unique(sets).tolist():
                hit[n].update(records[sets == n].tolist())
                dropped[n] += len(np.unique(trained[sets == n]))
            columns = [(about if name in ("set", "row", "id", "of") else found).column(name)
                       for name in CONTAMINATION.names]  # fmt: skip
            writer.write_table(pa.Table.from_arrays(columns, schema=CONTAMINATION))
    output.add_file(CONTAMINATION_FILE)
    return [one.as_json() | {"hit": len(met), "share": round(len(met) / one.records, 6), "dropped": gone}
            for one, met, gone in zip(counts, hit, dropped, strict=True)]  # fmt: skip


def _read(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as reader:
        return reader.read_all()


def facts_of(sets: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Lines for the screen, by evaluation set."""
    return {
        str(one["name"]): f"{one['hit']:,} of {one['records']:,} records met "
        f"({100 * one['share']:.1f}%), {one['dropped']:,} dropped here"
        for one in sets
    }
