"""What of a record is compared: its prompt, earlier user turns, its output, each a text of its own.

{"instruction": "Add.", "input": "1 + 1", "output": "2"}, on="all"  -> prompt "Add.\\n1 + 1", output "2"
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ittools.curate.decontamination.options import Side
from ittools.text.ragged import I64

Numbers = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Texts:
    """What of some records is compared, each text with its record and its place there."""

    said: pa.LargeStringArray
    records: I64
    names: list[str]  # by number: "prompt", "output", "turn 1" ...
    within: Numbers

    def name(self, text: int) -> str:
        return self.names[int(self.within[text])]


def texts_of(table: pa.Table, on: Side) -> Texts:
    """Prompts (instruction and input), user turns of the context, and outputs, as `on` says."""
    said: list[pa.Array] = []
    records: list[Any] = []
    names: list[str] = []
    within: list[Any] = []

    def add(column: pa.Array, owners: Numbers, name: str) -> None:
        said.append(column)
        records.append(owners)
        within.append(np.full(len(column), len(names)))
        names.append(name)

    everyone = np.arange(table.num_rows)
    if on != "output":
        both = [_large(table, name) for name in ("instruction", "input")]
        add(pc.binary_join_element_wise(*both, pa.scalar("\n", pa.large_string())), everyone, "prompt")
        for turn, (column, owners) in enumerate(_user_turns(table), 1):
            add(column, owners, f"turn {turn}")
    if on != "prompt":
        add(_large(table, "output"), everyone, "output")
    return Texts(pa.concat_arrays(said), np.concatenate(records), names, np.concatenate(within))


def _large(table: pa.Table, name: str) -> pa.Array:
    return pc.fill_null(pa.concat_arrays([c.cast(pa.large_string()) for c in table.column(name).chunks])
                        if table.num_rows else pa.array([], pa.large_string()), "")  # fmt: skip


def _user_turns(table: pa.Table) -> Iterator[tuple[pa.Array, Numbers]]:
    """The first user turns of all contexts and their records, then the second ones ..."""
    context = table.column("context").combine_chunks()
    context = context.chunk(0) if isinstance(context, pa.ChunkedArray) and context.num_chunks else context
    owners = np.asarray(pc.list_parent_indices(context))
    if not len(owners):
        return
    turns = pc.list_flatten(context)
    asked = np.asarray(pc.fill_null(pc.equal(pc.struct_field(turns, "role"), "user"), False))
    owners, content = owners[asked], pc.struct_field(turns, "content").cast(pa.large_string()).filter(asked)
    place = np.arange(len(owners)) - np.searchsorted(owners, owners, side="left")
    for number in range(int(place.max(initial=-1)) + 1):
        these = place == number
        yield pc.fill_null(content.filter(pa.array(these)), ""), owners[these]
