"""What of a record is compared: its prompt, earlier user turns, its output, each a text of its own.

{"instruction": "Add.", "input": "1 + 1", "output": "2"}, on="all"  -> prompt "Add.\\n1 + 1", output "2"
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ittools.curate.decontamination.options import Side
from ittools.text.ragged import I64
from ittools.text.tokens import Bools

Numbers = NDArray[np.integer[Any]]
PROMPT, OUTPUT = 0, -1  # a text's place in its record; n: user turn n of the context
COLUMNS: dict[Side, list[str]] = {
    "prompt": ["id", "instruction", "input", "context"],
    "output": ["id", "output"],
    "all": ["id", "instruction", "input", "output", "context"],
}


@dataclass(frozen=True)
class Texts:
    """What of some records is compared, each text with its record and its place there."""

    said: pa.LargeStringArray
    records: I64
    places: I64

    @property
    def asked(self) -> Bools:
        """(texts,) whether each is a prompt or a user turn."""
        found: Bools = self.places != OUTPUT
        return found


def name_of(place: int) -> str:
    return {PROMPT: "prompt", OUTPUT: "output"}.get(place, f"turn {place}")


def texts_of(table: pa.Table, on: Side) -> Texts:
    """Prompts (instruction and input), user turns of the context, and outputs, as `on` says."""
    said: list[pa.Array] = []
    records: list[Numbers] = []
    places: list[Numbers] = []
    everyone = np.arange(table.num_rows)
    if on != "output":
        both = [_large(table, name) for name in ("instruction", "input")]
        said.append(pc.binary_join_element_wise(*both, pa.scalar("\n", pa.large_string())))
        records.append(everyone)
        places.append(np.full(table.num_rows, PROMPT))
        turns = _user_turns(table)
        said.append(turns.said)
        records.append(turns.records)
        places.append(turns.places)
    if on != "prompt":
        said.append(_large(table, "output"))
        records.append(everyone)
        places.append(np.full(table.num_rows, OUTPUT))
    return Texts(pa.concat_arrays(said), np.concatenate(records), np.concatenate(places))


def _large(table: pa.Table, name: str) -> pa.Array:
    return pc.fill_null(pa.concat_arrays([c.cast(pa.large_string()) for c in table.column(name).chunks])
                        if table.num_rows else pa.array([], pa.large_string()), "")  # fmt: skip


def _user_turns(table: pa.Table) -> Texts:
    """The user turns of the contexts, those of a record together and numbered from 1."""
    context = table.column("context").combine_chunks()
    context = context.chunk(0) if isinstance(context, pa.ChunkedArray) and context.num_chunks else context
    owners = np.asarray(pc.list_parent_indices(context))
    if not len(owners):
        return Texts(pa.array([], pa.large_string()), owners, owners)
    turns = pc.list_flatten(context)
    asked = np.asarray(pc.fill_null(pc.equal(pc.struct_field(turns, "role"), "user"), False))
    content = pc.struct_field(turns, "content").cast(pa.large_string()).filter(pa.array(asked))
    owners = owners[asked]
    places = np.arange(len(owners)) - np.searchsorted(owners, owners, side="left") + 1
    return Texts(pc.fill_null(content, ""), owners, places)
