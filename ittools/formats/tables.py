"""Datasets as they are, before anything maps them to records: what a template is filled from.

    table = open_table("ag_news.csv", options)
    for number, piece in enumerate(pieces([table], work)):
        for chunk in chunks(piece, number):
            chunk.rows[0]           {"label": 2, "text": "Fears for T N pension after talks"}
            chunk.texts("text")     the same column for Arrow's kernels

The pieces follow from the input alone, and a row's key from its piece, so what is drawn by key is the same
on any engine. Places are told in errors as `file:line` or `file#row`.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from ittools.errors import InputError
from ittools.formats.arrow_rows import rows_of
from ittools.formats.columns_jsonl import line_rows
from ittools.formats.columns_parquet import row_groups
from ittools.formats.finish import renamed
from ittools.formats.rows import Row, Rows
from ittools.formats.table_files import Reading, read_rows
from ittools.store.dataset import InputEntry

ROWS = 4_096  # of a chunk, at the most,
CHARACTERS = 8 << 20  # and about so much text
RANGE = 8 << 20  # bytes of JSONL in a piece
WHOLE = 32 << 20  # a file up to here is one piece, read by its task; a larger one is read here
Kind = Literal["jsonl", "parquet", "file", "pickle"]
_NUMBER = re.compile(r"\s*[+-]?[0-9]+(\.0*)?\s*")


@dataclass(frozen=True)
class Labels:
    """Names of the numbers of a column, the first of which is `first`.

    Of `given` ones each value, a number, its digits or a name, becomes the number counted from 0. A number
    and its digits are always the same class. Where a name is the number of another class, digits are numbers.
    """

    column: str
    names: tuple[str, ...]
    first: int = 0
    given: bool = False

    @cached_property
    def clash(self) -> str | None:
        """A name that is the number of another class: `1` of 1,2,3 counted from 0, where 1 is the second."""
        of_others = (
            name for n, name in enumerate(self.names)
            if (number := _whole(name)) is not None and n != number - self.first in range(len(self.names))
        )  # fmt: skip
        return next(of_others, None)

    @cached_property
    def classes(self) -> dict[str, int]:
        """Class by text: 1,2 counted from 1 -> {"1": 0, "2": 1}; no,yes -> {"0": 0, "1": 1, "no": 0, ...}."""
        found = {str(self.first + n): n for n in range(len(self.names))}
        for n, name in enumerate(self.names):
            if self.clash is None or _whole(name) is None:
                found.setdefault(name, n)
        return found

    def class_of(self, value: Any) -> int | None:
        if isinstance(value, str) and value in self.classes:
            return self.classes[value]
        number = _whole(value)
        return None if number is None else self.classes.get(str(number))


def _whole(value: Any) -> int | None:
    """The whole number that a value is, or that its text spells: 2, 2.0, "2", "2.0" -> 2."""
    if isinstance(value, str):
        return int(value.partition(".")[0]) if _NUMBER.fullmatch(value) else None
    if isinstance(value, float) and not value.is_integer():  # nor NaN
        return None
    return int(value) if isinstance(value, (int, float)) else None


@dataclass(frozen=True)
class About:
    """What rows do not say themselves.

    left_out: columns that no text comes from, and why. labels: names of the numbers of a column.
    """

    name: str  # of the dataset: `ag_news`
    source: str
    license: str
    language: str | None = None
    rename: tuple[tuple[str, str], ...] = ()  # (wanted, theirs)
    labels: tuple[Labels, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    reading: Reading = field(default_factory=Reading)


@dataclass(frozen=True)
class Table:
    """One opened input: its files, or a stream that is read once, here."""

    entry: InputEntry
    about: About
    files: tuple[Path, ...] = ()
    stream: Any = None  # () -> Rows


@dataclass(frozen=True)
class Piece:
    """Rows that one task reads: bytes `start` to `stop` of JSONL, row group `start` of Parquet, or a file."""

    path: str
    kind: Kind
    about: About
    start: int = 0
    stop: int = 0
    name: str = ""  # what `path` is called in places
    opens: bool = True  # whether it is the first of its input


@dataclass(frozen=True)
class Chunk:
    """Rows one after another. `key` of row n is "piece:n": what is drawn for a row follows from it."""

    about: About
    piece: int
    first: int  # of the piece
    given: Any  # list[(place, row)] or a record batch
    name: str
    before: int = 0  # rows of the file before this piece
    opens: bool = True  # whether the piece is the first of its input

    @cached_property
    def rows(self) -> list[Row]:
        """Rows as mappings, renamed, given labels as numbers. They are everybody's: copy before a change."""
        rows = [row for _, row in self.given] if isinstance(self.given, list) else rows_of(self.given)
        rows = _renamed(rows, self.about.rename, self.name, told=self.leads)
        for labels in self.about.labels:
            if labels.given and rows:
                column = self._column_of(labels, rows)
                if column is not None:
                    rows = [_numbered(row, column, labels, self.place(n)) for n, row in enumerate(rows)]
        return rows

    @property
    def leads(self) -> bool:
        """Whether these are the first rows of an input: what they all lack is a wrong name, told at once."""
        return self.opens and self.first == 0

    def _column_of(self, labels: Labels, rows: list[Row]) -> str | None:
        """What the labelled column is called now: --labels may give the name before --map, too."""
        renamed = {theirs: ours for ours, theirs in self.about.rename}
        for column in (labels.column, renamed.get(labels.column, labels.column)):
            if any(column in row for row in rows):
                return column
        if not self.leads:
            return None
        known = ", ".join(rows[0])
        raise InputError(f"{self.name}: --labels names the column {labels.column!r}, not in {known}")

    def __len__(self) -> int:
        return len(self.given) if isinstance(self.given, list) else self.given.num_rows

    def head(self, count: int) -> Chunk:
        given = self.given[:count] if isinstance(self.given, list) else self.given.slice(0, count)
        return replace(self, given=given)

    def key(self, row: int) -> str:
        return f"{self.piece}:{self.first + row}"

    def place(self, row: int) -> str:
        if isinstance(self.given, list):
            return str(self.given[row][0])
        return f"{self.name}#{self.before + self.first + row + 1}"

    def texts(self, name: str) -> pa.StringArray | None:
        """A column where every row has a text; null where one has not, or none at all."""
        theirs = dict(self.about.rename).get(name, name)
        if any(labels.given and labels.column in (name, theirs) for labels in self.about.labels):
            return None
        if isinstance(self.given, list):
            values = [row.get(theirs) for _, row in self.given]
            if not all(isinstance(value, str) for value in values):
                return None
            try:
                return pa.array(values, pa.string())
            except UnicodeEncodeError:  # a lone surrogate, which JSON can spell
                return None
        if theirs not in self.given.schema.names:
            return None
        column = self.given.column(theirs)
        if pa.types.is_large_string(column.type) or pa.types.is_dictionary(column.type):
            column = column.cast(pa.string()) if column.null_count < len(column) else column
        return column if pa.types.is_string(column.type) and not column.null_count else None


def _renamed(rows: list[Row], rename: Sequence[tuple[str, str]], name: str, *, told: bool) -> list[Row]:
    """told: whether a column that none of the rows has is an error; else they are just without it."""
    if not rename:
        return rows
    theirs = {one for _, one in rename}
    missing = next((one for one in theirs if rows and not any(one in row for row in rows)), None)
    if missing is not None and told:
        raise InputError(f"{name}: --map names the column {missing!r}, but there are: {', '.join(rows[0])}")
    columns = dict(rename)
    return [renamed(row, columns, name) for row in rows]


def _numbered(row: Row, column: str, labels: Labels, place: str) -> Row:
    value = row.get(column)
    if value is None or value == "":
        return row
    number = labels.class_of(value)
    if number is None:
        known = ", ".join(labels.names)
        raise InputError(f"{place}: {column} is {value!r}, which --labels does not name: {known}")
    return row | {column: number}


def pieces(tables: Iterable[Table], work: Path) -> list[Piece]:
    """Of all tables in order; streams and large files of one JSON value are read here, into `work`."""
    found: list[Piece] = []
    for number, table in enumerate(tables):
        mine: list[Piece] = []
        if table.stream is not None:
            mine += _spooled(table.stream(), table.about, work / f"rows-{number:03d}", table.entry.spec)
        for place, file in enumerate(table.files):
            mine += _pieces(file, table.about, work / f"rows-{number:03d}-{place:05d}")
        found += [*mine[:1], *(replace(piece, opens=False) for piece in mine[1:])]
    return found


def _pieces(file: Path, about: About, stem: Path) -> Iterator[Piece]:
    path, size = str(file), file.stat().st_size
    if file.suffix.lower() == ".parquet":
        for group, first in row_groups(file):
            yield Piece(path, "parquet", about, group, first - 1, path)
    elif file.suffix.lower() in (".jsonl", ".ndjson"):
        for at in range(0, max(size, 1), RANGE):
            yield Piece(path, "jsonl", about, at, min(at + RANGE, size), path)
    elif size <= WHOLE:
        yield Piece(path, "file", about, name=path)
    else:
        yield from _spooled(read_rows(file, about.reading), about, stem, path)


def _spooled(rows: Rows, about: About, stem: Path, name: str) -> Iterator[Piece]:
    """Rows of one stream, as files that tasks can read."""
    number = 0
    while some := list(islice(rows, 4 * ROWS)):
        path = Path(f"{stem}-{number:05d}.pickle")
        path.write_bytes(_pickled(some))
        yield Piece(str(path), "pickle", about, name=name)
        number += 1


def _pickled(rows: list[tuple[str, Row]]) -> bytes:
    """Raises InputError for the row that is nested some 450 objects deep: pickle calls itself for each."""
    try:
        return pickle.dumps(rows, protocol=5)
    except RecursionError:
        pass
    for place, row in rows:
        try:
            pickle.dumps(row, protocol=5)
        except RecursionError:
            tree = row.get("message_tree_id")
            which = "a value" if tree is None else f"the tree {tree!r}"
            raise InputError(f"{place}: {which} is nested too deep to be read; remove it") from None
    raise AssertionError("rows that cannot be pickled together, but one by one")


def chunks(piece: Piece, number: int) -> Iterator[Chunk]:
    """Of the piece that stands at `number` among all. Raises InputError for what cannot be read."""
    if piece.kind == "parquet":
        yield from _row_group_chunks(piece, number)
        return
    path = Path(piece.path)
    if piece.kind == "pickle":
        rows = iter(pickle.loads(path.read_bytes()))
    elif piece.kind == "jsonl":
        rows = line_rows(path, piece.path, piece.start, piece.stop)
    else:
        rows = read_rows(path, piece.about.reading)
    first = 0
    for some in _some(rows):
        yield Chunk(piece.about, number, first, some, piece.name, opens=piece.opens)
        first += len(some)


def _some(rows: Rows) -> Iterator[list[tuple[str, Row]]]:
    """As many rows at a time as a chunk holds."""
    found: list[tuple[str, Row]] = []
    size = 0
    for one in rows:
        found.append(one)
        size += sum(len(value) for value in one[1].values() if isinstance(value, str))
        if len(found) == ROWS or size >= CHARACTERS:
            yield found
            found, size = [], 0
    if found:
        yield found


def _row_group_chunks(piece: Piece, number: int) -> Iterator[Chunk]:
    out = {name for name, _ in piece.about.left_out}
    first = 0
    try:
        with pq.ParquetFile(piece.path, page_checksum_verification=True) as file:
            names = [name for name in file.schema_arrow.names if name not in out]
            for whole in file.iter_batches(ROWS, row_groups=[piece.start], columns=names):
                step = max(1, whole.num_rows * CHARACTERS // max(CHARACTERS, whole.nbytes))
                for at in range(0, whole.num_rows, step):
                    batch = whole.slice(at, step)
                    yield Chunk(piece.about, number, first, batch, piece.name, piece.stop, piece.opens)
                    first += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{piece.path}: damaged Parquet in row group {piece.start} ({reason})") from None
