"""The texts that dedup compares of a record, each by itself.

    on            texts
    all           instruction | input | output | earlier turns | rejected answer
    instruction   instruction
    output        output
    both          instruction | output

Earlier turns are no part of the input's text, nor a rejected answer of the output's: in one text with a
longer one they would hardly count, and where one ends would not. A record without them has null, which is
what an empty text is, and two empty texts are equal.
"""

from __future__ import annotations

from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from ittools.text.ragged import offsets_of

On = Literal["all", "instruction", "output", "both"]
COUNT: dict[On, int] = {"all": 5, "instruction": 1, "output": 1, "both": 2}
MAIN = 3  # texts that most records have; what comes after them stands
BESIDE = (1, 2)  # beside these: the earlier turns beside the input, the rejected answer beside the output
_COLUMNS: dict[On, tuple[str, ...]] = {
    "all": ("instruction", "input", "output", "context", "rejected"),
    "instruction": ("instruction",),
    "output": ("output",),
    "both": ("instruction", "output"),
}


def columns_of(on: On) -> list[str]:
    """What is read for `texts_of`."""
    return list(_COLUMNS[on])


def texts_of(table: pa.Table, on: On) -> list[pa.ChunkedArray]:
    """`COUNT[on]` columns, a text a record."""
    return [_turns(table.column(n)) if n == "context" else table.column(n) for n in _COLUMNS[on]]


def whole_texts(table: pa.Table, on: On) -> pa.ChunkedArray:
    """All of them as one text, in the order in which they were said."""
    texts = dict(zip(_COLUMNS[on], texts_of(table, on), strict=True))
    said = ("instruction", "context", "input", "output", "rejected")
    return pc.binary_join_element_wise(*(texts[n] for n in said if n in texts), "\n", null_handling="skip")


def _turns(context: pa.ChunkedArray) -> pa.ChunkedArray:
    """[[{role: user, content: Hi}, {role: assistant, content: Yes}]] -> ["user Hi\\nassistant Yes"]"""
    if context.null_count == len(context):
        return pa.chunked_array([pa.nulls(len(context), pa.string())])
    return pa.chunked_array([_chunk_turns(chunk) for chunk in context.chunks], pa.string())


def _chunk_turns(context: pa.Array) -> pa.Array:
    turns = pc.list_flatten(context)
    said = [pc.fill_null(turns.field(name), "") for name in ("role", "content")]
    spelt = pc.binary_join_element_wise(*said, " ")
    counts = pc.fill_null(pc.list_value_length(context), 0).to_numpy()
    lists = pa.ListArray.from_arrays(pa.array(offsets_of(counts), pa.int32()), spelt)
    return pc.if_else(pa.array(counts > 0), pc.binary_join(lists, "\n"), pa.scalar(None, pa.string()))
