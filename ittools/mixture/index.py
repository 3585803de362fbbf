"""All records without their text: which id and which component each has, and where a split by hash puts it.

A task reads three columns of a part; an id of ours is 128 bits in hex, so 10 million records are 160 MB here.
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
from ittools.text.tokens import text_buffers

Ints = NDArray[np.int64]
By = Literal["input", "source", "task", "language", "license"]
NONE = "(none)"  # the component of records that state none
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
    hashed: tuple[int, str] | None,
    engine: Engine,
    progress: Progress,
) -> Index:
    """parts_of, names: of each input. hashed: (seed, "id" or "task") to place records by."""
    parts = [part for parts in parts_of for part in parts]
    owners = [name for name, parts in zip(names, parts_of, strict=True) for _ in parts]
    progress.start("mix: index", len(parts))
    tasks = [(part, owner, by, hashed) for part, owner in zip(parts, owners, strict=True)]
    small = sum(part.records for part in parts) <= SMALL
    found = engine.run(index_part, tasks, progress, small=small)
    known: dict[str, int] = {}
    component = [np.zeros(0, np.int32)]
    for _, own, codes, _ in found:
        numbers = np.array([known.setdefault(name, len(known)) for name in own], np.int32)
        component.append(numbers[codes])
    keys = np.concatenate([np.zeros((0, 2), np.uint64), *(key for key, *_ in found)])
    places = np.concatenate([np.zeros(0), *(place for *_, place in found)]) if hashed else None
    return Index(parts, keys, list(known), np.concatenate(component), places)


Indexed = tuple[NDArray[np.uint64], list[str], NDArray[np.int32], NDArray[np.float64]]


def index_part(part: Part, owner: str, by: By, hashed: tuple[int, str] | None) -> Indexed:
    """Task: of one part the keys, the components' names, the component of each record, its place."""
    wanted = {"id", *([] if by == "input" else [by]), *(hashed[1:] if hashed else [])}
    table = part.read([name for name in ("id", "source", "task", "language", "license") if name in wanted])
    keys = id_keys(table.column("id"))
    places = _places(table.column(hashed[1]), hashed[0]) if hashed else np.zeros(0)
    if by == "input":
        return keys, [owner], np.zeros(len(keys), np.int32), places
    values, codes = _coded(table.column(by))
    return keys, [value or NONE for value in values], codes, places


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
