"""One record before one rule."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from ittools.curate.filter import FilterOptions, annotate, reason
from ittools.records.build import build_record, record_batch

ASK = "Tell me about the place where you live."


def batch_of(*rows: tuple[str, str, str], **others: Any) -> pa.RecordBatch:
    """(instruction, input, output) of each."""
    return record_batch(build_record(*row, source="s", **others) for row in rows)


def judged(rule: str, output: str, instruction: str = ASK, input: str = "", **options: Any) -> bool:
    """Whether the rule alone drops the record; its reason is its name."""
    options = {"preset": "none", "rule": (rule,), "no_input": "keep"} | options
    given = FilterOptions(inputs=("x",), **options)
    batch = annotate(batch_of((instruction, input, output)), options=given)
    found = reason(batch, options=given).to_pylist()
    assert found in ([None], [rule])
    return found == [rule]
