"""A pattern's prompts and targets for a whole chunk, by Arrow; null where its columns do not allow it.

columns = Columns(chunk)
filled(pattern, columns)    -> (prompts, targets), or null: a column is missing, has a null, numbers with a
                               fraction, text with "|" at its ends: then the sandbox renders these rows
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ittools.formats.tables import Chunk
from ittools.template.p3.apply import SEPARATOR
from ittools.template.p3.pattern import SPACE, Field, Pattern, Pick, Piece
from ittools.template.sandbox.filters import LEEWAY, LENGTH, shortened

MOST = 128 << 20  # bytes of one side for all rows; what makes more of them is the sandbox's to stop


class Columns:
    """Columns of one chunk, each made when a pattern first asks for it."""

    def __init__(self, chunk: Chunk) -> None:
        self.chunk = chunk
        self.made: dict[tuple[str, Any], pa.Array | None] = {}

    def text(self, name: str, truncated: bool) -> pa.StringArray | None:
        if truncated:
            return self._once("truncated", name, lambda: _truncated(self.text(name, False)))
        return self._once("text", name, lambda: self._text(name))

    def picked(self, piece: Pick) -> pa.StringArray | None:
        """The choice of each row."""
        numbers = self._once("numbers", piece.column, lambda: self._numbers(piece.column))
        count = len(piece.choices)
        if numbers is None or not len(numbers):
            return None
        low, high = pc.min_max(numbers).as_py().values()
        if low < -count or high >= count:
            return None
        if low < 0:
            numbers = pc.if_else(pc.less(numbers, 0), pc.add(numbers, count), numbers)
        return pa.array(piece.choices, pa.string()).take(numbers)

    def _once(self, what: str, name: str, make: Callable[[], pa.Array | None]) -> pa.Array | None:
        if (what, name) not in self.made:
            self.made[what, name] = make()
        return self.made[what, name]

    def _text(self, name: str) -> pa.StringArray | None:
        try:
            column = self.chunk.texts(name)
        except UnicodeEncodeError:  # lone surrogates
            return None
        if column is None:
            numbers = self._once("numbers", name, lambda: self._numbers(name))
            return None if numbers is None else numbers.cast(pa.string())
        edged = pc.or_(pc.starts_with(column, "|"), pc.ends_with(column, "|"))
        if pc.any(edged).as_py() or pc.any(pc.match_substring(column, SEPARATOR)).as_py():
            return None
        return column

    def _numbers(self, name: str) -> pa.Int64Array | None:
        """Whole numbers, one in every row."""
        chunk = self.chunk
        theirs = dict(chunk.about.rename).get(name, name)
        given = any(labels.given and labels.column == name for labels in chunk.about.labels)
        if not isinstance(chunk.given, list) and not given:
            if theirs not in chunk.given.schema.names:
                return None
            column = chunk.given.column(theirs)
            fits = pa.types.is_integer(column.type) and not column.null_count
            return column.cast(pa.int64()) if fits and column.type != pa.uint64() else None
        values = [row.get(name) for row in chunk.rows]
        if set(map(type, values)) != {int}:
            return None
        try:
            return pa.array(values, pa.int64())
        except (OverflowError, pa.ArrowInvalid):
            return None


def _truncated(column: pa.StringArray | None) -> pa.StringArray | None:
    if column is None or not len(column):
        return column
    lengths = pc.binary_length(column)  # bytes: no fewer than characters
    if pc.max(lengths).as_py() <= LENGTH + LEEWAY:
        return column
    long = np.flatnonzero(pc.greater(lengths, LENGTH + LEEWAY).to_numpy(zero_copy_only=False))
    cut = pa.array([shortened(text) for text in column.take(pa.array(long)).to_pylist()], pa.string())
    mask = np.zeros(len(column), bool)
    mask[long] = True
    return pc.replace_with_mask(column, pa.array(mask), cut)


def filled(pattern: Pattern, columns: Columns) -> tuple[pa.StringArray, pa.StringArray] | None:
    prompts = _part(pattern.prompt, columns)
    if prompts is None:
        return None
    targets = _part(pattern.target, columns)
    return None if targets is None else (prompts, targets)


def _part(pieces: tuple[Piece, ...], columns: Columns) -> pa.StringArray | None:
    count = len(columns.chunk)
    if not any(isinstance(piece, Field | Pick) for piece in pieces):
        text = "".join(map(str, pieces))
        return pa.repeat(pa.scalar(text), count) if len(text) * count <= MOST else None
    values: list[Any] = []
    size = 0
    for piece in pieces:
        value: Any = piece
        if isinstance(piece, Field):
            value = columns.text(piece.column, piece.truncated)
        elif isinstance(piece, Pick):
            value = columns.picked(piece)
        if value is None:
            return None
        values.append(value)
        size += _size(value, count)
        if size > MOST:
            return None
    joined = pc.binary_join_element_wise(*values, "") if len(values) > 1 else values[0]
    if not isinstance(pieces[0], str):
        joined = pc.utf8_ltrim(joined, characters=SPACE)
    if not isinstance(pieces[-1], str):
        joined = pc.utf8_rtrim(joined, characters=SPACE)
    return joined


def _size(value: Any, count: int) -> int:
    """Bytes, about, of a constant or a column in all rows."""
    return len(value) * count if isinstance(value, str) else int(pc.sum(pc.binary_length(value)).as_py() or 0)
