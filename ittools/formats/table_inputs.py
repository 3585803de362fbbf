"""Inputs of any kind as tables: dataset directory, folder, file, stdin, hub; nothing is mapped.

for table in open_tables(options): table.about.name, table.files
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from ittools.errors import InputError, UsageError
from ittools.formats.columns_parquet import parquet_rows
from ittools.formats.folders import chosen_split, files_of, is_beside, parquet_of, split_of
from ittools.formats.oasst import is_flat, trees_of
from ittools.formats.rows import COMPRESSED, Rows, bare_suffix, line_rows_of, open_text
from ittools.formats.source import (
    SPLITS,
    dataset_directory,
    looks_like_hub,
    named,
    one_split,
    parquet_schema,
)
from ittools.formats.table_files import Reading, read_rows
from ittools.formats.tables import About, Labels, Table
from ittools.options import argument, option
from ittools.records.schema import UNSPECIFIED_LICENSE
from ittools.store.dataset import InputEntry
from ittools.store.files import sha256_file, sha256_json

ENDINGS = (".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".yaml", ".yml", ".txt")
PEEK = 1 << 16  # characters
NO_TEXT = "bytes of an image, a sound or the like"


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """Options of commands that read datasets as they are."""

    inputs: tuple[str, ...] = argument(
        "dataset: .parquet .jsonl .json .csv .tsv .yaml .txt (.gz, .zst), a folder of these, - or a hub name"
    )
    split: str | None = option(None, "split to read (default: train, or the only one)")
    map: tuple[str, ...] = option(
        (), "name a column as the template does: wanted=theirs, e.g. premise=sentence1"
    )
    columns: str | None = option(None, "column names of a file without a header: label,title,text")
    labels: tuple[str, ...] = option(
        (), "names of a column's numbers: label=no,yes; from 1 on: label:1=World,Sports; label=@classes.txt"
    )
    beside: tuple[str, ...] = option((), "a column from another file, a value a line: label=labels.txt")
    license: str = option(UNSPECIFIED_LICENSE, "SPDX licence of the dataset")
    source: str | None = option(None, "source of the records (default: the dataset's name)")
    language: str | None = option(None, "BCP-47 language of the records (default: what the template states)")


def open_tables(options: TableOptions) -> list[Table]:
    """Every input, checked and fingerprinted; streams are not read yet.

    Raises:
        InputError: missing, unfinished directory, unknown ending.
        UsageError: --map, --columns or --labels that cannot be read.
    """
    if not options.inputs:
        raise UsageError("no input given; name a file, a folder, - or a hub name")
    tables = [_gathered(_opened(spec, options)) for spec in options.inputs]
    if options.beside:
        tables = [_with_beside(tables, options)]
    marks = [sha256_file(Path(word.partition("=@")[2])) for word in options.labels if "=@" in word]
    return [_marked(table, marks) for table in tables] if marks else tables


def _gathered(table: Table) -> Table:
    """With trees where the rows are their messages, which no task could put together from a piece."""
    if table.stream is not None:
        load = table.stream
        return replace(table, stream=lambda: _trees(load()))
    if not table.files or not _may_be_flat(table.files[0]):
        return table
    try:
        names = next((row.keys() for _, row in _file_rows(table.files[0], table.about)), ())
    except InputError:  # told with its place when the rows are read
        return table
    if not is_flat(tuple(names)):
        return table
    rows = (row for file in table.files for row in _file_rows(file, table.about))
    return replace(table, files=(), stream=lambda: trees_of(rows))


def _may_be_flat(file: Path) -> bool:
    """By the schema, or by the first words: to parse a whole file for this takes as long as its rendering."""
    if file.suffix.lower() == ".parquet":
        return is_flat(parquet_schema(file).names)
    if bare_suffix(file).lower() not in (".jsonl", ".ndjson", ".json"):
        return False
    try:
        with open_text(file) as handle:
            start = handle.read(PEEK)
    except (OSError, EOFError, UnicodeDecodeError):
        return False
    return '"message_tree_id"' in start and '"parent_id"' in start


def _trees(rows: Rows) -> Rows:
    first = next(rows, None)
    if first is None:
        return rows
    every = chain([first], rows)
    return trees_of(every) if is_flat(first[1].keys()) else every


def _file_rows(file: Path, about: About) -> Rows:
    return parquet_rows(file) if file.suffix.lower() == ".parquet" else read_rows(file, about.reading)


def _marked(table: Table, marks: list[Any]) -> Table:
    """The table known by more: a name that reaches its records, or files whose names alone are options."""
    mark = sha256_json([table.entry.fingerprint, marks])
    return replace(table, entry=replace(table.entry, fingerprint=mark))


def _with_beside(tables: list[Table], options: TableOptions) -> Table:
    """The one table, with columns of other files."""
    pairs = tuple(map(_beside, options.beside))
    files = [file for table in tables for file in table.files]
    if len(tables) > 1 or len(files) != 1 or files[0].suffix.lower() in (".parquet", ".jsonl", ".ndjson"):
        specs = " ".join(table.entry.spec for table in tables)
        raise UsageError(
            f"--beside {options.beside[0]}: goes with one .txt, .csv, .tsv or .json file, not {specs}"
        )
    table = _marked(tables[0], [[column, sha256_file(Path(other))] for column, other in pairs])
    reading = replace(table.about.reading, beside=pairs)
    return replace(table, about=replace(table.about, reading=reading))


def _beside(word: str) -> tuple[str, str]:
    column, equals, other = word.partition("=")
    if not equals or not column or not other:
        raise UsageError(f"--beside {word}: expected column=FILE, e.g. label=train_labels.txt")
    if not Path(other).is_file() or bare_suffix(Path(other)).lower() not in ENDINGS:
        raise InputError(f"--beside {word}: no such file of {' '.join(ENDINGS)}")
    return column, other


def _opened(spec: str, options: TableOptions) -> Table:
    path = named(spec)
    if spec == "-":
        one_split(Path("stdin"), options.split)
        content = sys.stdin.buffer.read()
        entry = InputEntry("-", "stdin", sha256(content).hexdigest())
        return Table(entry, _about("stdin", options), stream=lambda: line_rows_of(content, "stdin"))
    if path.is_dir():
        return _folder(path, options)
    if path.is_file():
        if bare_suffix(path).lower() not in ENDINGS:
            raise InputError(f"{spec}: unknown ending; ittools reads {' '.join(ENDINGS)} (also .gz, .zst)")
        one_split(path, options.split)
        bare = path.with_suffix("") if path.suffix in COMPRESSED else path
        name = _dataset_name(bare)
        kind = bare.suffix.lstrip(".").lower()
        entry = InputEntry(spec, kind, sha256_json([sha256_file(path), name, kind]))
        return Table(entry, _about_files(name, (path,), options), (path,))
    if spec.startswith(("hf://", "hub:")) or looks_like_hub(spec, path):
        return _hub(spec, options)
    raise InputError(f"{spec}: no such file or directory (cwd is {Path.cwd()})")


def _dataset_name(path: Path) -> str:
    """`nli` of nli.jsonl, `sst2` of sst2/train.tsv."""
    folder = path.resolve().parent.name
    return folder if folder and path.stem.lower() in SPLITS else path.stem


def _about(name: str, options: TableOptions, labels: tuple[Labels, ...] = ()) -> About:
    columns = tuple(word.strip() for word in (options.columns or "").split(",") if word.strip())
    if len(set(columns)) != len(columns):
        raise UsageError(f"--columns {options.columns}: a name stands twice")
    given = tuple(map(_given_labels, options.labels))
    named = {one.column for one in given}
    return About(
        name, options.source or name, options.license, options.language,
        rename=tuple(_renames(options.map)),
        labels=(*given, *(one for one in labels if one.column not in named)),
        reading=Reading(columns),
    )  # fmt: skip


def _renames(pairs: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for pair in (one for group in pairs for one in group.split(",")):
        wanted, equals, theirs = pair.partition("=")
        if not equals or not wanted or not theirs:
            raise UsageError(f"--map {pair}: expected wanted=theirs, e.g. premise=sentence1")
        yield wanted, theirs


def _given_labels(word: str) -> Labels:
    """`label=no,yes`, `label:1=World,Sports`, or `label=@classes.txt`: a name a line, "0<TAB>no", or JSON."""
    column, equals, names = word.partition("=")
    column, _, first = column.partition(":")
    if not equals or not column or not names or not (first or "0").lstrip("-").isdigit():
        raise UsageError(f"--labels {word}: expected column=name,name or column:1=name,name")
    start, found = (
        _names_in(names[1:], word) if names[0] == "@" else (None, list(map(str.strip, names.split(","))))
    )
    start = int(first) if first else start
    labels = Labels(column, tuple(found), start or 0, given=True)
    if start is None and labels.clash is not None:
        raise UsageError(
            f"--labels {word}: the name {labels.clash!r} is also the number of another class, counted from "
            f"0; say the number of the first: {column}:1={names} or {column}:0={names}"
        )
    return labels


def _names_in(file: str, word: str) -> tuple[int | None, list[str]]:
    """(the number of the first if it is there, the names) in a file; numbers before them must count up."""
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
        listed = json.loads(text) if text.lstrip()[:1] == "[" else None
    except (OSError, ValueError) as error:
        raise InputError(f"--labels {word}: {file} cannot be read ({error})") from None
    if listed is not None:
        return None, list(map(str, listed))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    cells = [line.split("\t") for line in lines]
    if not lines or not all(len(pair) == 2 and pair[0].isdecimal() for pair in cells):
        return None, lines
    start = int(cells[0][0])
    if [int(number) for number, _ in cells] != list(range(start, start + len(cells))):
        raise InputError(f"--labels {word}: the numbers in {file} do not count up one by one")
    return start, [name.strip() for _, name in cells]


def _folder(path: Path, options: TableOptions) -> Table:
    found = dataset_directory(path, options.split)
    if found is None:
        files = parquet_of(path, options.split) or _texts_of(path, options.split)
        if not files:
            raise InputError(f"{path}: a folder without {' '.join(ENDINGS)} (also .gz, .zst)")
        mark = sha256_json([[file.name, sha256_file(file)] for file in files])
        found = InputEntry(str(path), "folder", mark), files
    entry, files = found
    name = path.resolve().name  # it becomes the task and the source
    return _marked(Table(entry, _about_files(name, files, options), files), [name])


def _texts_of(path: Path, split: str | None) -> tuple[Path, ...]:
    """Its files of data that are no Parquet: all, or those of a split that is named."""
    found = (file for file in files_of(path) if not is_beside(file))
    files = tuple(file for file in found if bare_suffix(file).lower() in ENDINGS)
    if split is None or not files:
        return files
    chosen_split(path, sorted(set(map(split_of, files))), split)
    return tuple(file for file in files if split_of(file) == split)


def _about_files(name: str, files: tuple[Path, ...], options: TableOptions) -> About:
    """With what the schema of the first Parquet file tells of classes and bytes."""
    parquet = [file for file in files if file.suffix.lower() == ".parquet"]
    if not parquet:
        return _about(name, options)
    schema = parquet_schema(parquet[0])
    about = _about(name, options, tuple(_class_labels(schema)))
    return replace(about, left_out=tuple((f.name, NO_TEXT) for f in schema if _holds_bytes(f.type)))


def _class_labels(schema: pa.Schema) -> Iterator[Labels]:
    """ClassLabel features, which `datasets` writes beside the schema."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        found = {column: about["names"] for column, about in features.items() if "names" in about}
    except (KeyError, TypeError, ValueError):
        return
    for column, names in found.items():
        yield Labels(column, tuple(map(str, names)))


def _holds_bytes(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return any(_holds_bytes(kind.field(n).type) for n in range(kind.num_fields))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _holds_bytes(kind.value_type)
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    )


def _hub(spec: str, options: TableOptions) -> Table:
    from ittools.formats.hub import hub_table

    load, fingerprint, names, left_out = hub_table(spec, options.split)
    labels = tuple(Labels(column, tuple(some)) for column, some in names.items())
    name = spec.removeprefix("hub:").partition("@")[0].rpartition("/")[2]
    about = replace(_about(name, options, labels), left_out=tuple((c, NO_TEXT) for c in left_out))
    return Table(InputEntry(spec, "hub", fingerprint), about, stream=load)


def left_out(tables: list[Table]) -> dict[str, Any]:
    """For the manifest: columns that no text comes from, and why."""
    return {column: why for table in tables for column, why in table.about.left_out}
