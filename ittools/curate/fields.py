"""The texts that dedup compares of a record, each by itself.

    on            texts
    all           instruction | context and input | output and the answer rejected for it
    instruction   instruction
    output        output
    both          instruction | output

The turns before belong to the input: two records with equal last turns of different conversations are not
equal. A record without context, input or rejected answer has an empty text, and two empty texts are equal.
"""

from __future__ import annotations

from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from ittools.text.ragged import offsets_of

On = Literal["all", "instruction", "output", "both"]
COUNT: dict[On, int] = {"all": 3, "instruction": 1, "output": 1, "both": 2}
_COLUMNS: dict[On, tuple[str, ...]] = {
    "all": ("instruction", "context", "input", "output", "rejected"),
    "instruction": ("instruction",),
    "output": ("output",),
    "both": ("instruction", "output"),
}


def columns_of(on: On) -> list[str]:
    """What is read for `texts_of`."""
    return list(_COLUMNS[on])


def texts_of(table: pa.Table, on: On) -> list[pa.ChunkedArray]:
    """`COUNT[on]` columns, a text a record."""
    if on != "all":
        return [table.column(name) for name in _COLUMNS[on]]
    return [
        table.column("instruction"),
        _joined(_turns(table.column("context")), table.column("input")),
        _joined(table.column("output"), table.column("rejected")),
    ]


def _joined(one: pa.ChunkedArray, other: pa.ChunkedArray) -> pa.ChunkedArray:
    """One text and then the other, a line each; where one is null the other alone."""
    if one.null_count == len(one):
        return other
    if other.null_count == len(other):
        return one
    return pc.binary_join_element_wise(one, other, "\n", null_handling="skip")


def _turns(context: pa.ChunkedArray) -> pa.ChunkedArray:
    """[[{role: user, content: Hi}, {role: assistant, content: Hello}], []]  -> ["Hi\\nHello", null]"""
    if context.null_count == len(context):
        return pa.chunked_array([pa.nulls(len(context), pa.string())])
    return pa.chunked_array([_chunk_turns(chunk) for chunk in context.chunks], pa.string())


def _chunk_turns(context: pa.Array) -> pa.Array:
    contents = pc.fill_null(pc.list_flatten(context).field("content"), "")
    counts = pc.fill_null(pc.list_value_length(context), 0).to_numpy()
    lists = pa.ListArray.from_arrays(pa.array(offsets_of(counts), pa.int32()), contents)
    return pc.if_else(pa.array(counts > 0), pc.binary_join(lists, "\n"), pa.scalar(None, pa.string()))
