"""Records as conversations and back.

instruction "Add.", input "1 + 1", output "2"
    <-> [{"role": "user", "content": "Add.\\n\\n1 + 1"}, {"role": "assistant", "content": "2"}]
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ittools.records.build import Turn, opened_meta
from ittools.records.schema import MESSAGES_SCHEMA, TURN


def to_messages(record: dict[str, Any]) -> list[Turn]:
    """Context, then instruction and input as the user's turn, then the output."""
    user = "\n\n".join(part for part in (record["instruction"], record["input"]) if part)
    return [
        *(record["context"] or []),
        {"role": "user", "content": user},
        {"role": "assistant", "content": record["output"]},
    ]


def from_messages(messages: list[Turn]) -> tuple[str, str, list[Turn]]:
    """(instruction, output, context) of a conversation that ends with the assistant.

    Turns after the last assistant turn are left out; no assistant turn gives an empty output.
    Raises ValueError when there is no user turn to take as the instruction.
    """
    last = max((i for i, t in enumerate(messages) if t["role"] == "assistant"), default=None)
    head = messages if last is None else messages[:last]
    output = "" if last is None else messages[last]["content"]
    if not head or head[-1]["role"] != "user":
        raise ValueError("the last assistant turn answers no user turn")
    return head[-1]["content"], output, head[:-1]


def messages_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Batch in `SCHEMA` -> batch in `MESSAGES_SCHEMA`, the same records in the same order.

    A dispreferred output moves into `meta`, under the key "rejected".
    """
    columns: dict[str, Any] = {n: batch.column(n) for n in MESSAGES_SCHEMA.names if n != "messages"}
    columns["messages"] = _conversations(batch)
    moved = batch.column("rejected").is_valid()
    if moved.true_count:
        rows = batch.select(["rejected", "meta"]).filter(moved).to_pylist()
        columns["meta"] = pc.replace_with_mask(
            batch.column("meta"), moved, pa.array(map(_meta_with_rejected, rows), pa.string())
        )
    return pa.RecordBatch.from_arrays(
        [columns[name] for name in MESSAGES_SCHEMA.names], schema=MESSAGES_SCHEMA
    )


def _conversations(batch: pa.RecordBatch) -> pa.ListArray:
    """`to_messages` of each record: all turns there are, taken in order."""
    context = batch.column("context")
    before = pc.fill_null(pc.list_value_length(context), 0).to_numpy().astype(np.int64)
    turns, records = context.flatten(), np.arange(batch.num_rows)
    said = pa.concat_arrays(
        [turns, _turns("user", _asked(batch)), _turns("assistant", batch.column("output"))]
    )
    ends = np.cumsum(before + 2)
    order = np.zeros(ends[-1] if len(ends) else 0, np.int64)
    order[ends - 2], order[ends - 1] = len(turns) + records, len(turns) + len(records) + records
    earlier = np.ones(len(order), bool)
    earlier[ends - 2] = earlier[ends - 1] = False
    order[earlier] = np.arange(len(turns))
    offsets = pa.array(np.append(0, ends).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, said.take(pa.array(order)))


def _turns(role: str, texts: pa.StringArray) -> pa.StructArray:
    """A turn of this role for each text."""
    return pa.StructArray.from_arrays([pa.repeat(role, len(texts)), texts], fields=list(TURN))


def _asked(batch: pa.RecordBatch) -> pa.StringArray:
    """Instruction and input, those that are not empty, a blank line between two."""
    instruction, given = batch.column("instruction"), batch.column("input")
    both = pc.and_(pc.not_equal(instruction, ""), pc.not_equal(given, ""))
    return pc.binary_join_element_wise(instruction, given, pc.if_else(both, "\n\n", ""))


def _meta_with_rejected(row: dict[str, Any]) -> str:
    meta = opened_meta(row["meta"]) | {"rejected": row["rejected"]}
    return json.dumps(meta, ensure_ascii=False, sort_keys=True)
