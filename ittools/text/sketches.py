"""From text columns to what records are compared by, 128 KB of text at a time, without a stop between.

words -> a key of 128 bits, equal for equal fields -> shingles -> MinHash slots

Nothing in between is kept for more than a batch: that is half of the time, and most of the memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ittools.text.minhash import U32, write_slots
from ittools.text.ragged import U64, Ragged, chain
from ittools.text.shingles import Unit, whole_hashes, windows
from ittools.text.tokens import Text, batches, characters_of, mix64, words_of

Columns = Sequence[pa.Array | pa.ChunkedArray]
_NEXT_FIELD = np.uint64(0xD1342543DE82EF95)


@dataclass(frozen=True)
class Shingling:
    """What shingles are: `n` words, or characters."""

    n: int
    unit: Unit = "words"

    def of(self, text: Text, words: Ragged, tag: int) -> Ragged:
        return windows(words if self.unit == "words" else characters_of(text), self.n, tag)


def keys_and_shingles(columns: Columns, shingling: Shingling) -> tuple[U64, list[Ragged]]:
    """((records, 2) key of all fields, up to case, punctuation and white space; each field's shingles)."""
    keys, fields = _no_keys(columns), []
    for tag, column in enumerate(columns):
        found = []
        for first, last, text in batches(column):
            words = words_of(text)
            keys[first:last] = _with_field(keys[first:last], words)
            found.append(shingling.of(text, words, tag))
        fields.append(chain(found))
    return keys, fields


def keys_and_slots(columns: Columns, shingling: Shingling, slots: U32) -> U64:
    """The keys; `slots` (permutations, records) is filled: every field has its share of the permutations."""
    keys, count = _no_keys(columns), len(slots)
    for tag, column in enumerate(columns):
        mine = slice(tag, None, len(columns))
        for first, last, text in batches(column):
            words = words_of(text)
            keys[first:last] = _with_field(keys[first:last], words)
            shingles = shingling.of(text, words, tag)
            write_slots(slots[mine, first:last], shingles, count=count, columns=mine)
    return keys


def _no_keys(columns: Columns) -> U64:
    return np.zeros((len(columns[0]), 2), np.uint64)


def _with_field(keys: U64, words: Ragged) -> U64:
    return mix64(keys * _NEXT_FIELD + whole_hashes(words))
