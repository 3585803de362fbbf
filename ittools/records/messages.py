"""Records as conversations and back.

instruction "Add.", input "1 + 1", output "2"
    <-> [{"role": "user", "content": "Add.\\n\\n1 + 1"}, {"role": "assistant", "content": "2"}]
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from ittools.records.build import Turn, opened_meta
from ittools.records.schema import MESSAGES_SCHEMA


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
    rows = batch.select(["instruction", "input", "output", "context", "rejected", "meta"]).to_pylist()
    columns["messages"] = pa.array(map(to_messages, rows), type=MESSAGES_SCHEMA.field("messages").type)
    if any(row["rejected"] is not None for row in rows):
        columns["meta"] = pa.array(map(_meta_with_rejected, rows), type=pa.string())
    return pa.RecordBatch.from_arrays(
        [columns[name] for name in MESSAGES_SCHEMA.names], schema=MESSAGES_SCHEMA
    )


def _meta_with_rejected(row: dict[str, Any]) -> str | None:
    if row["rejected"] is None:
        return row["meta"]  # type: ignore[no-any-return]
    meta = opened_meta(row["meta"]) | {"rejected": row["rejected"]}
    return json.dumps(meta, ensure_ascii=False, sort_keys=True)
