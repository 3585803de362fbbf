"""Records as conversations and back.

instruction "Add.", input "1 + 1", output "2"
    <-> [{"role": "user", "content": "Add.\\n\\n1 + 1"}, {"role": "assistant", "content": "2"}]

A record whose context ends with a tool's turn, and which asks nothing, answers the tool.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ittools.records.build import Turn, mend_text, opened_meta
from ittools.records.schema import MESSAGES_SCHEMA, TURN

OWN_MESSAGES = frozenset(MESSAGES_SCHEMA.names)


def to_messages(record: dict[str, Any]) -> list[Turn]:
    """Context, then instruction and input as the user's turn, then the output."""
    user = "\n\n".join(part for part in (record["instruction"], record["input"]) if part)
    context, answer = record["context"] or [], {"role": "assistant", "content": record["output"]}
    if not user and context and context[-1]["role"] == "tool":
        return [*context, answer]
    return [*context, {"role": "user", "content": user}, answer]


def from_messages(messages: list[Turn]) -> tuple[str, str, list[Turn]]:
    """(instruction, output, context) of a conversation that ends with the assistant.

    Turns after the last assistant turn are left out; no assistant turn gives an empty output.
    The answer to a tool has no instruction. Raises ValueError when neither is answered.
    """
    last = max((i for i, t in enumerate(messages) if t["role"] == "assistant"), default=None)
    head = messages if last is None else messages[:last]
    output = "" if last is None else messages[last]["content"]
    if head and head[-1]["role"] == "tool" and last is not None:
        return "", output, head
    if not head or head[-1]["role"] != "user":
        raise ValueError("the last assistant turn answers no user turn")
    return head[-1]["content"], output, head[:-1]


def asked_and_before(messages: list[Turn]) -> tuple[str, str, list[Turn]]:
    """(instruction, output, context) of turns up to an answer, whoever spoke before; no answer: no output."""
    answered = bool(messages) and messages[-1]["role"] not in ("user", "tool", "system")
    head, output = (messages[:-1], messages[-1]["content"]) if answered else (messages, "")
    if head and head[-1]["role"] == "user":
        return head[-1]["content"], output, head[:-1]
    return "", output, head


def answers_tool(batch: pa.RecordBatch) -> NDArray[np.bool_]:
    """(records,) whether nothing is asked, after a context that ends with a tool's turn."""
    length = pc.fill_null(pc.list_value_length(batch.column("context")), 0).to_numpy()
    last, alone = (
        np.cumsum(length) - 1,
        (length > 0) & pc.equal(_asked(batch), "").to_numpy(zero_copy_only=False),
    )
    at = np.flatnonzero(alone)
    if len(at):
        roles = batch.column("context").flatten().field("role").take(pa.array(last[at]))
        alone[at] = pc.fill_null(pc.equal(roles, "tool"), False).to_numpy(zero_copy_only=False)
    found: NDArray[np.bool_] = alone
    return found


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
    context, asked, records = batch.column("context"), _asked(batch), np.arange(batch.num_rows)
    before = pc.fill_null(pc.list_value_length(context), 0).to_numpy().astype(np.int64)
    turns = context.flatten()
    said = pa.concat_arrays([turns, _turns("user", asked), _turns("assistant", batch.column("output"))])
    alone = answers_tool(batch)
    ends = np.cumsum(before + 2 - alone)
    order = np.zeros(ends[-1] if len(ends) else 0, np.int64)
    earlier = np.ones(len(order), bool)
    order[ends - 1] = len(turns) + len(records) + records
    order[ends[~alone] - 2] = len(turns) + records[~alone]
    earlier[ends - 1] = earlier[ends[~alone] - 2] = False
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


def with_rejected(row: dict[str, Any]) -> dict[str, Any]:
    """A row of `messages_batch` with the dispreferred output in a column of its own again.

    >>> with_rejected({"messages": TURNS, "meta": '{"rejected": "Red."}', ...})["rejected"]
    "Red."
    """
    if row.get("rejected") is not None or not row.keys() >= OWN_MESSAGES:
        return row
    held = row["meta"]
    meta = opened_meta(held) if isinstance(held, str) and '"rejected"' in held else {}
    rejected = meta.pop("rejected", None)
    if not isinstance(rejected, str):
        return row
    return row | {"rejected": rejected, "meta": json.dumps(meta, ensure_ascii=False) if meta else None}


def _meta_with_rejected(row: dict[str, Any]) -> str:
    meta = opened_meta(row["meta"]) | {"rejected": row["rejected"]}
    return mend_text(json.dumps(meta, ensure_ascii=False, sort_keys=True))
