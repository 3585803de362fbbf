"""What dedup reads at a time: some parts of an input, or a segment of a saved index.

Records are numbered through all portions: those that are known already come first, and always stay.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ittools.curate.comparing import keys_and_fields, keys_and_signatures, signatures_of
from ittools.curate.fields import COUNT, On, columns_of, texts_of
from ittools.engine.exchange import get_arrays
from ittools.formats.parts import ARROW, Part
from ittools.text.minhash import U32
from ittools.text.ragged import I64, U64, Ragged, chain, take
from ittools.text.shingles import Unit
from ittools.text.sketches import Shingling

RECORDS = 4 * 16_384  # of a portion, about: 25 MB of usual text
MOST_PORTIONS = 2_000  # then portions are larger: each task of the bands looks into every one
F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Portion:
    """Records `first` to `first + records`, from parts or from `segment`, a file of an index."""

    number: int
    first: int
    records: int
    parts: tuple[Part, ...] = ()
    segment: str | None = None
    known: bool = False

    @property
    def stop(self) -> int:
        return self.first + self.records


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What of a record is compared, and which of two alike is preferred."""

    on: On
    ngram: int
    unit: Unit
    keep: Literal["first", "last", "longest", "best"]
    score: str

    @property
    def shingling(self) -> Shingling:
        return Shingling(self.ngram, self.unit)

    @property
    def columns(self) -> list[str]:
        """What is read of a record."""
        return columns_of(self.on) + (["scores"] if self.keep == "best" else [])


def portion_size(records: int) -> int:
    """Records of a portion of a corpus of so many."""
    return RECORDS * max(1, -(-records // (RECORDS * MOST_PORTIONS)))


def portioned(
    parts: Sequence[Part], first: int, number: int, *, size: int = RECORDS, known: bool = False
) -> list[Portion]:
    """Portions of about `size` records; they follow from the parts alone."""
    portions: list[Portion] = []
    waiting: list[Part] = []

    def close() -> None:
        nonlocal first, waiting
        count = sum(part.records for part in waiting)
        portions.append(Portion(number + len(portions), first, count, tuple(waiting), known=known))
        first, waiting = first + count, []

    for part in parts:
        if waiting and sum(p.records for p in waiting) + part.records > size:
            close()
        waiting.append(part)
    if waiting:
        close()
    return portions


def stored_bytes(parts: Sequence[Part], portions: Sequence[Portion]) -> int:
    """Of parts and index segments, uncompressed; about what their text takes in memory."""
    files = {part.path for part in parts if part.path.endswith(ARROW)}
    files |= {portion.segment for portion in portions if portion.segment is not None}
    total = sum(os.path.getsize(path) for path in files)
    for path in sorted({part.path for part in parts} - files):
        about = pq.read_metadata(path)
        groups = {part.row_group for part in parts if part.path == path}
        total += sum(about.row_group(group).total_byte_size for group in groups)
    return total


@dataclass(frozen=True)
class Content:
    """What the comparison needs of a portion's records; no text."""

    exact: U64  # (records, 2): equal in all fields up to case, punctuation and white space
    fields: list[Ragged]  # the shingles of each field
    priority: F64  # (records,) the higher one stays


def content_of(portion: Portion, compared: Compared, rows: I64 | None = None) -> Content:
    """Of the whole portion, or of the records at `rows`, ascending."""
    if portion.segment is not None:
        return _of_segment(portion.segment, compared, rows)
    parts = [_part_content(part, compared, some) for part, some in _split(portion, rows)]
    return Content(
        np.concatenate([part.exact for part in parts] or [np.zeros((0, 2), np.uint64)]),
        [chain([part.fields[f] for part in parts]) for f in range(COUNT[compared.on])],
        _final(np.concatenate([part.priority for part in parts] or [np.zeros(0)]), portion, compared, rows),
    )


def slots_of(portion: Portion, compared: Compared, permutations: int) -> tuple[U64, F64, U32]:
    """((records, 2) exact keys, (records,) priority, (permutations, records) MinHash slots)."""
    if portion.segment is not None:
        content = _of_segment(portion.segment, compared, None)
        return content.exact, content.priority, signatures_of(content.fields, permutations)
    slots = np.empty((permutations, portion.records), np.uint32)
    exact, priority, first = [], [], 0
    for part in portion.parts:
        table = part.read(compared.columns)
        texts = texts_of(table, compared.on)
        mine = slots[:, first : first + part.records]
        exact.append(keys_and_signatures(texts, compared.shingling, mine))
        priority.append(_priority(table, texts, compared))
        first += part.records
    return np.concatenate(exact), _final(np.concatenate(priority), portion, compared, None), slots


def priority_of(portion: Portion, compared: Compared) -> F64:
    """Of every record of a portion with text."""
    tables = (part.read(compared.columns) for part in portion.parts)
    found = [_priority(table, texts_of(table, compared.on), compared) for table in tables]
    return _final(np.concatenate([*found, np.zeros(0)]), portion, compared, None)


def _final(priority: F64, portion: Portion, compared: Compared, rows: I64 | None) -> F64:
    """With the order of all records where that decides; known records stay."""
    if portion.known:
        return np.full(len(priority), np.inf)
    if compared.keep == "last":
        return (np.arange(portion.records) if rows is None else rows).astype(np.float64) + portion.first
    return priority


def _split(portion: Portion, rows: I64 | None) -> list[tuple[Part, I64 | None]]:
    """Each part with its own share of `rows`; parts without one are left out."""
    found: list[tuple[Part, I64 | None]] = []
    first = 0
    for part in portion.parts:
        if rows is None:
            found.append((part, None))
        else:
            begin, end = np.searchsorted(rows, (first, first + part.records))
            if end > begin:
                found.append((part, rows[begin:end] - first))
        first += part.records
    return found


def _part_content(part: Part, compared: Compared, rows: I64 | None) -> Content:
    table = part.read(compared.columns)
    if rows is not None:
        table = table.take(pa.array(rows))
    texts = texts_of(table, compared.on)
    exact, fields = keys_and_fields(texts, compared.shingling)
    return Content(exact, fields, _priority(table, texts, compared))


def _priority(table: pa.Table, texts: list[pa.ChunkedArray], compared: Compared) -> F64:
    if compared.keep == "longest":
        lengths = [pc.fill_null(pc.utf8_length(text), 0).to_numpy() for text in texts]
        return np.sum(lengths, axis=0).astype(np.float64)  # type: ignore[no-any-return]
    if compared.keep == "best":
        return _scored(table.column("scores").combine_chunks(), compared.score)
    return np.zeros(table.num_rows)


def _scored(scores: pa.Array, name: str) -> F64:
    """(records,) the score of that name; -inf where there is none."""
    found = np.full(len(scores), -np.inf)
    owners, pairs = pc.list_parent_indices(scores), pc.list_flatten(scores)
    named = pc.equal(pairs.field("name"), name)
    values = pairs.field("value").filter(named).to_numpy(zero_copy_only=False)
    found[owners.filter(named).to_numpy()] = np.where(np.isnan(values), -np.inf, values)
    return found


def score_names(portions: Sequence[Portion]) -> list[str]:
    """Names of the scores of the first part that has any."""
    for part in (part for portion in portions for part in portion.parts):
        scores = part.read(["scores"]).column("scores").combine_chunks()
        names: list[str] = pc.unique(pc.list_flatten(scores).field("name")).drop_null().to_pylist()
        if names:
            return sorted(names)
    return []


def _of_segment(segment: str, compared: Compared, rows: I64 | None) -> Content:
    """Of records kept by an earlier run; they stay, so their priority is the highest."""
    arrays = get_arrays(segment)
    fields = [Ragged(arrays[f"values{f}"], arrays[f"offsets{f}"]) for f in range(COUNT[compared.on])]
    exact = arrays["exact"]
    if rows is not None:
        fields, exact = [take(field, rows) for field in fields], exact[rows]
    return Content(exact, fields, np.full(len(exact), np.inf))
