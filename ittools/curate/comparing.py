"""From the texts of the fields to what records are compared by: a key, shingle sets, MinHash slots.

Most records have no earlier turns and no rejected answer, so these two change keys only where they are, and
share the slots of the field that they stand beside: of other records, signatures are what they are without.
Where each of two sets reaches a similarity, their union does, so the bands find such a pair no less often.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ittools.curate.fields import BESIDE, MAIN
from ittools.text.minhash import U32, field_signatures, signatures
from ittools.text.ragged import U64, Ragged, from_lengths
from ittools.text.sketches import Shingling, keys_and_shingles, keys_and_slots
from ittools.text.tokens import mix64

Texts = Sequence[pa.ChunkedArray]
_BESIDE = np.array([0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)


def keys_and_fields(texts: Texts, shingling: Shingling) -> tuple[U64, list[Ragged]]:
    """((records, 2) exact keys, the shingles of each field)."""
    keys, fields = keys_and_shingles(texts[:MAIN], shingling)
    return _with_beside(keys, texts, shingling, fields), fields


def keys_and_signatures(texts: Texts, shingling: Shingling, slots: U32) -> U64:
    """The keys; `slots` (permutations, records) is filled."""
    keys = keys_and_slots(texts[:MAIN], shingling, slots)
    beside: list[Ragged] = []
    keys = _with_beside(keys, texts, shingling, beside)
    _share_slots(slots, beside)
    return keys


def signatures_of(fields: Sequence[Ragged], count: int) -> U32:
    """(count, records) slots, of shingles that are there already."""
    slots = np.ascontiguousarray(field_signatures(fields[:MAIN], count=count).T)
    _share_slots(slots, fields[MAIN:])
    return slots


def _with_beside(keys: U64, texts: Texts, shingling: Shingling, fields: list[Ragged]) -> U64:
    """The keys of all texts; the shingles of those beside others are added to `fields`."""
    for mark, text in zip(_BESIDE, texts[MAIN:], strict=False):
        if text.null_count == len(text):
            fields.append(from_lengths(np.zeros(0, np.uint64), np.zeros(len(text), np.int64)))
            continue
        own, [shingles] = keys_and_shingles([pc.fill_null(text, "")], shingling)
        there = (shingles.lengths > 0)[:, None]
        keys = np.where(there, mix64(keys ^ mix64(own + mark)), keys)
        fields.append(Ragged(mix64(shingles.values ^ mark), shingles.offsets))
    return keys


def _share_slots(slots: U32, beside: Sequence[Ragged]) -> None:
    for field, shingles in zip(BESIDE, beside, strict=False):
        if len(shingles.values):
            mine = slice(field, None, MAIN)
            found = signatures(shingles, count=len(slots), columns=mine).T
            np.minimum(slots[mine], found, out=slots[mine])
