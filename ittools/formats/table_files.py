"""Rows of one file as they are, also of files that say nothing about themselves.

test.csv                 no header             --columns label,title,text
msr_paraphrase.txt       tabs, bare quotes     read as tabs alone, for its quotes are no CSV quotes
irony_text.txt           a text a line         {"text": ...}; --beside adds "label" from irony_labels.txt
dream.json               [[...], [...], "id"]  --columns dialogue,questions,id
xquad.en.json            one nested object     a row a question, as `datasets` has them
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from ittools.errors import InputError
from ittools.formats.questions import is_squad, squad_rows
from ittools.formats.rows import (
    Row,
    Rows,
    bad_line,
    bare_suffix,
    bare_tabs,
    csv_fields,
    fields_of_tabs,
    file_rows,
    open_bytes,
    open_text,
)

SEPARATED = {".csv": ",", ".tsv": "\t"}
TEXT = ".txt"


@dataclass(frozen=True)
class Reading:
    """columns: names for a file without a header. beside: columns from other files, a value a line."""

    columns: tuple[str, ...] = ()
    beside: tuple[tuple[str, str], ...] = ()


def read_rows(path: Path, reading: Reading) -> Rows:
    """Rows of one file, by its name's ending. Raises InputError as `rows.file_rows` does."""
    rows = _read(path, reading)
    for column, other in reading.beside:
        rows = _beside(rows, column, Path(other), path)
    yield from rows


def _beside(rows: Rows, column: str, other: Path, path: Path) -> Rows:
    """Each row with the value that stands in the same line of another file."""
    values = _read(other, Reading((column,)) if bare_suffix(other).lower() == TEXT else Reading())
    for (place, row), (there, found) in zip_longest(rows, values, fillvalue=("", None)):
        if row is None or found is None:
            short, where = (path, there) if row is None else (other, place)
            raise InputError(f"{short}: ends before {where}; --beside needs a value for each row")
        if column in row:
            raise InputError(f"{place}: has a column {column!r} already; give --beside another name")
        yield place, row | {column: found.get(column, next(iter(found.values())))}


def _read(path: Path, reading: Reading) -> Rows:
    suffix = bare_suffix(path).lower()
    try:
        if suffix in SEPARATED:
            yield from _some(_separated(path, SEPARATED[suffix], reading), path)
        elif suffix == TEXT:
            yield from _some(_text(path, reading), path)
        elif suffix == ".json" and reading.columns:
            yield from _some(_arrays(path, reading), path)
        elif suffix == ".json":
            yield from _unnested(_objects(path))
        else:
            yield from file_rows(path)
    except UnicodeDecodeError as error:
        line = bad_line(open_bytes(path))
        raise InputError(f"{path}:{line}: not UTF-8 ({error.reason}); convert it with iconv") from None
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None


def _objects(path: Path) -> Rows:
    try:
        yield from file_rows(path)
    except InputError as error:
        if str(error).endswith("expected an object, got list"):
            raise InputError(f"{error}; name what stands in the lists with --columns") from None
        raise


def _unnested(rows: Rows) -> Rows:
    """With a row for each question of SQuAD's nested object."""
    for place, row in rows:
        if not is_squad(row):
            yield place, row
            continue
        try:
            yield from ((f"{place}#{n}", asked) for n, asked in enumerate(squad_rows(row), 1))
        except ValueError as error:
            raise InputError(f"{place}: {error}") from None


def _some(rows: Rows, path: Path) -> Rows:
    first = next(rows, None)
    if first is None:
        raise InputError(f"{path}: holds no record")
    yield first
    yield from rows


def _separated(path: Path, delimiter: str, reading: Reading) -> Rows:
    with open_text(path) as handle:
        bare = delimiter == "\t" and bare_tabs(path)
        lines = fields_of_tabs(handle) if bare else csv_fields(handle, str(path), delimiter)
        names = list(reading.columns)
        for line, fields in lines:
            if not names:
                names = fields
                if len(set(names)) != len(names):
                    raise InputError(f"{path}:1: a column name stands twice; name them with --columns")
                continue
            if len(fields) != len(names):
                what = "--columns names" if reading.columns else "the header has"
                raise InputError(f"{path}:{line}: {len(fields)} fields, {what} {len(names)}")
            yield f"{path}:{line}", dict(zip(names, fields, strict=True))


def _text(path: Path, reading: Reading) -> Rows:
    """A text a line, also an empty one; with tabs in its first line a table."""
    with open_text(path) as handle:
        first = handle.readline()
    if "\t" in first:
        yield from _separated(path, "\t", reading)
        return
    name = reading.columns[0] if reading.columns else "text"
    if len(reading.columns) > 1:
        raise InputError(f"{path}: has one text a line, and --columns names {len(reading.columns)}")
    with open_text(path) as handle:
        for number, line in enumerate(handle, 1):
            yield f"{path}:{number}", {name: line.rstrip("\r\n")}


def _arrays(path: Path, reading: Reading) -> Rows:
    """An array of arrays, each of the same length; objects are what they are."""
    with open_text(path) as handle:
        try:
            values = json.load(handle)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}: not JSON ({error})") from None
    for number, value in enumerate(values if isinstance(values, list) else [values], 1):
        place = f"{path}#{number}"
        if isinstance(value, dict):
            yield place, value
        elif isinstance(value, list) and len(value) == len(reading.columns):
            row: Row = dict(zip(reading.columns, value, strict=True))
            yield place, row
        else:
            found = f"{len(value)} values" if isinstance(value, list) else type(value).__name__
            raise InputError(f"{place}: {found}, --columns names {len(reading.columns)}")
