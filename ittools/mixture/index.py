"""All records without their text: which id and which component each has, and where a split by hash puts it.

A task reads three columns of a part; an id of ours is 128 bits in hex, so 10 million records are 160 MB here,
and twice that where families are held out together.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ittools.engine.protocol import Engine
from ittools.formats.parts import Part
from ittools.progress import Progress
from ittools.text.ragged import begins_run
from ittools.text.tokens import mix64, text_buffers

HeldoutBy = Literal["record", "task", "parent"]
Ints = NDArray[np.int64]
By = Literal["input", "source", "task", "language", "license"]
NONE = "(none)"  # the component of records that state none
MOST_DOUBLINGS = 64  # of the steps from a record to its eldest; more only where ids go in a circle
SMALL = 200_000  # records: a tenth of a second
_HEX = np.full(256, 255, np.uint8)
_HEX[list(b"0123456789abcdef")] = np.arange(16)
_OWN = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class Index:
    """Arrays with a value a record, in the order of the parts."""

    parts: list[Part]
    keys: NDArray[np.uint64]  # (records, 2) equal where the id is
    names: list[str]  # of components
    component: NDArray[np.int32]  # (records,) into `names`
    places: NDArray[np.float64] | None  # (records,) from 0 to 1, where records are held out

    @property
    def records(self) -> int:
        return len(self.keys)


def index_of(
    parts_of: Sequence[Sequence[Part]],
    names: Sequence[str],
    by: By,
    hashed: tuple[int, HeldoutBy] | None,
    engine: Engine,
    progress: Progress,
) -> Index:
    """parts_of, names: of each input. hashed: (seed, what to place records by)."""
    parts = [part for parts in parts_of for part in parts]
    owners = [name for name, parts in zip(names, parts_of, strict=True) for _ in parts]
    progress.start("mix: index", len(parts))
    tasks = [(part, owner, by, hashed) for part, owner in zip(parts, owners, strict=True)]
    small = sum(part.records for part in parts) <= SMALL
    found = engine.run(index_part, tasks, progress, small=small)
    known: dict[str, int] = {}
    component = [np.zeros(0, np.int32)]
    for _, own, codes, _, _ in found:
        numbers = np.array([known.setdefault(name, len(known)) for name in own], np.int32)
        component.append(numbers[codes])
    keys = np.concatenate([np.zeros((0, 2), np.uint64), *(key for key, *_ in found)])
    places = np.concatenate([np.zeros(0), *(place for *_, place, _ in found)]) if hashed else None
    if hashed and hashed[1] == "parent":
        above = np.concatenate([np.zeros((0, 2), np.uint64), *(parent for *_, parent in found)])
        places = _family_places(keys, above, hashed[0])
    return Index(parts, keys, list(known), np.concatenate(component), places)


Keys = NDArray[np.uint64]
Indexed = tuple[Keys, list[str], NDArray[np.int32], NDArray[np.float64], Keys]
COLUMN: dict[HeldoutBy, str] = {"record": "id", "task": "task", "parent": "parents"}


def index_part(part: Part, owner: str, by: By, hashed: tuple[int, HeldoutBy] | None) -> Indexed:
    """Task: of one part the keys, the components' names, each record's component, place and parent's key."""
    held = COLUMN[hashed[1]] if hashed else "id"
    wanted = {"id", held, *([] if by == "input" else [by])}
    names = ("id", "source", "task", "language", "license", "parents")
    table = part.read([name for name in names if name in wanted])
    keys, above, places = id_keys(table.column("id")), np.zeros((0, 2), np.uint64), np.zeros(0)
    if held == "parents":
        above = id_keys(first_parents(table.column("parents"), table.column("id")))
    elif hashed:
        places = _places(table.column(held), hashed[0])
    if by == "input":
        return keys, [owner], np.zeros(len(keys), np.int32), places, above
    values, codes = _coded(table.column(by))
    return keys, [value or NONE for value in values], codes, places, above


def first_parents(parents: pa.ChunkedArray, ids: pa.ChunkedArray) -> pa.Array:
    """The first parent of each record, its own id where it has none."""
    column, own = parents.combine_chunks(), ids.combine_chunks()
    if isinstance(column, pa.ChunkedArray):  # no record
        return pa.array([], pa.string())
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy().astype(np.int64)
    first = np.where(lengths > 0, np.cumsum(lengths) - lengths, -1)
    at = pa.array(first, mask=first < 0)
    return pc.coalesce(column.flatten().take(at), own)


def _family_places(keys: Keys, above: Keys, seed: int) -> NDArray[np.float64]:
    """From 0 to 1 by hash of each record's eldest: first parents are followed as far as they stand here."""
    at = _found(keys, above)
    eldest = np.where(at < 0, np.arange(len(keys)), at)
    for _ in range(MOST_DOUBLINGS):
        further = eldest[eldest]
        if np.array_equal(further, eldest):
            break
        eldest = further
    names, start = above[eldest], np.array([seed % (1 << 64)], np.uint64)
    mixed = mix64(names[:, 0] ^ mix64(names[:, 1] ^ mix64(start)))
    return mixed.astype(np.float64) / 2**64


def _found(keys: Keys, sought: Keys) -> Ints:
    """(sought,) the first record with each key, -1 where there is none."""
    both = np.concatenate([keys, sought])
    order = np.lexsort((both[:, 1], both[:, 0]))  # stable: of equal keys the first record comes first
    ordered = both[order]
    begins = begins_run(ordered[:, 0]) | begins_run(ordered[:, 1])
    first = np.zeros(len(both), np.int64)
    first[order] = order[np.maximum.accumulate(np.where(begins, np.arange(len(both)), 0))]
    found = first[len(keys) :]
    return np.where(found < len(keys), found, -1)


def _coded(column: pa.ChunkedArray) -> tuple[list[str | None], NDArray[np.int32]]:
    """Distinct values, null among them, and the number of each record's own."""
    coded = pc.dictionary_encode(column, null_encoding="encode").combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.unify_dictionaries().combine_chunks()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy().astype(np.int32)


def _places(column: pa.ChunkedArray, seed: int) -> NDArray[np.float64]:
    values, codes = _coded(column)
    return np.array([place(seed, value or "") for value in values], np.float64)[codes]


def place(seed: int, name: str) -> float:
    """From 0 to 1, by hash: the same in any mixture."""
    digest = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") / 2**64


def id_keys(ids: pa.Array | pa.ChunkedArray) -> NDArray[np.uint64]:
    """(records, 2) 128 bits: what an id of ours spells, a hash of any other."""
    data, offsets = text_buffers(ids)
    if (np.diff(offsets) == 32).all():
        digits = _HEX[data]
        if not len(digits) or digits.max() < 16:
            return (digits[::2] << 4 | digits[1::2]).view(np.uint64).reshape(-1, 2)
    whole = b"".join(map(_key, ids.to_pylist()))
    return np.frombuffer(whole, np.uint64).reshape(-1, 2)


def _key(name: str) -> bytes:
    if _OWN.fullmatch(name):
        return bytes.fromhex(name)
    return hashlib.blake2b(name.encode(), digest_size=16).digest()


def first_of_each_id(keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """(records,) whether no record before has the id."""
    order = np.lexsort((keys[:, 1], keys[:, 0]))
    ordered = keys[order]
    fresh = np.empty(len(keys), bool)
    fresh[order] = begins_run(ordered[:, 0]) | begins_run(ordered[:, 1])
    return fresh
