"""Tasks that tests render, and rows as a chunk of a file that no test has to write."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from ittools.formats.tables import About, Chunk
from ittools.template.options import TemplateOptions
from ittools.template.superni import style

Row = dict[str, Any]
FRUIT: Row = {
    "Definition": ["Say whether it is a fruit"],
    "Categories": ["Classification"],
    "Input_language": ["English"],
    "Output_language": ["English"],
    "Instruction_language": ["English"],
    "Positive Examples": [
        {"input": "apple", "output": "yes", "explanation": "It grows on a tree."},
        {"input": "Is it a chair?", "output": "no", "explanation": ""},
        {"input": "plum", "output": "yes"},
    ],
    "Negative Examples": [
        {"input": "stone", "output": "yes", "explanation": "It is a mineral"},
        {"input": "pear", "output": "no", "explanation": "It is one."},
    ],
    "Instances": [
        {"id": f"fruit-{n}", "input": f"thing number {n}", "output": ["yes" if n % 2 else "no"]}
        for n in range(12)
    ],
    "Instance License": ["MIT"],
}


def chunk_of(*rows: Row, language: str | None = None, name: str = "tasks", piece: int = 0) -> Chunk:
    about = About(name, name, "LicenseRef-unspecified", language)
    placed = [(f"tasks/task{n}.json:1", row) for n, row in enumerate(rows)]
    return Chunk(about, piece, 0, placed, name)


def rendered(*rows: Row, language: str | None = "en", **options: Any) -> list[Row]:
    """Records with `reason` and `detail`; the language is given, for finding it loads a model."""
    plan = style.plan(TemplateOptions(inputs=("tasks",), style="superni", **options), ())
    found = style.render(plan, chunk_of(*rows, language=language), {})
    assert isinstance(found.batch, pa.RecordBatch)
    records: list[Row] = found.batch.to_pylist()
    for record, reason, detail in zip(
        records, found.reasons.to_pylist(), found.details.to_pylist(), strict=True
    ):
        record |= {"reason": reason, "detail": detail, "meta": json.loads(record["meta"] or "null")}
    return records
