"""Inputs of any kind as record batches: dataset directory, Parquet, text formats, stdin, hub.

for source in open_inputs(options): source.entry, source.batches()
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import pyarrow as pa

from ittools.errors import InputError, UsageError
from ittools.formats.columns import map_batches
from ittools.formats.columns_jsonl import jsonl_batches
from ittools.formats.columns_parquet import group_batches, row_groups
from ittools.formats.folders import chosen_split, parquet_of, split_of
from ittools.formats.mapping import OF_OURS, Defaults
from ittools.formats.rows import COMPRESSED, bare_suffix, file_rows
from ittools.options import argument, option
from ittools.records.schema import SCHEMA, UNSPECIFIED_LICENSE
from ittools.store.dataset import InputEntry
from ittools.store.files import sha256_file, sha256_json
from ittools.store.lock import LOCK_NAME
from ittools.store.manifest import read_manifest
from ittools.store.shards import read_shard

LINES = (".jsonl", ".ndjson")
SPLITS = ("train", "test", "dev", "valid", "validation", "heldout")  # names that say nothing of the dataset
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+(@[\w.-]+)?\Z")  # organisation/name[@config]


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """Options of every command that reads records."""

    open_ended: ClassVar[bool] = False  # whether prompts without answers are records too

    inputs: tuple[str, ...] = argument(
        "dataset directory, .parquet .jsonl .json .csv .tsv .yaml (.gz, .zst), - or a hub name"
    )
    split: str | None = option(None, "split to read (default: train, or the only one)")
    map: tuple[str, ...] = option((), "name a column: ours=theirs, e.g. output=answer")
    license: str = option(UNSPECIFIED_LICENSE, "SPDX licence of records that state none")
    source: str | None = option(None, "source of records that state none (default: the name)")
    language: str | None = option(None, "BCP-47 language of records that state none")


@dataclass(frozen=True)
class Foreign:
    """A file that can be mapped piece by piece: plain JSONL by ranges of bytes, Parquet by row groups."""

    path: Path
    kind: Literal["jsonl", "parquet"]
    defaults: Defaults


@dataclass(frozen=True)
class Source:
    """One opened input. `shards` are its Parquet files when they are in `SCHEMA` already.

    foreign: its files where tasks can map them side by side.
    """

    entry: InputEntry
    batches: Callable[[], Iterator[pa.RecordBatch]]
    shards: tuple[Path, ...] = ()
    foreign: tuple[Foreign, ...] = ()


def open_inputs(options: ReadOptions) -> list[Source]:
    """Every input, checked and fingerprinted, nothing mapped yet.

    Raises:
        InputError: missing, empty name, unfinished directory, unknown ending.
    """
    if not options.inputs:
        raise UsageError("no input given; name a dataset directory, a file, - or a hub name")
    return [open_input(spec, options) for spec in options.inputs]


def named(spec: str) -> Path:
    """The input as a path. Raises InputError for an empty one: Path("") is the working directory."""
    if not spec.strip():
        raise InputError(f"{spec!r}: an input without a name; is a variable of the shell empty?")
    return Path(spec)


def open_input(spec: str, options: ReadOptions) -> Source:
    path = named(spec)
    asked = None if options.split == type(options).split else options.split  # `evaluate` has a default
    if spec == "-":
        one_split(Path("stdin"), asked)
        return _stdin(options)
    if path.is_dir():
        return _directory(path, options)
    if path.is_file():
        one_split(path, asked)
        return _file(path, spec, options)
    if spec.startswith(("hf://", "hub:")) or looks_like_hub(spec, path):
        from ittools.formats.hub import hub_rows

        load, fingerprint = hub_rows(spec, options.split)
        entry = InputEntry(spec, "hub", fingerprint)
        return Source(entry, lambda: map_batches(load(), _defaults(options, spec)))
    raise InputError(f"{spec}: no such file or directory (cwd is {Path.cwd()})")


def looks_like_hub(spec: str, path: Path) -> bool:
    return bool(HUB_NAME.match(spec)) and not path.parent.exists() and not bare_suffix(path)


def _defaults(options: ReadOptions, name: str) -> Defaults:
    columns: dict[str, str] = {}
    for pair in (p for group in options.map for p in group.split(",")):
        ours, equals, theirs = pair.partition("=")
        if not equals or (ours not in SCHEMA.names and ours not in ("messages", "conversations")):
            raise UsageError(f"--map {pair}: expected ours=theirs with ours one of {SCHEMA.names}")
        columns[ours] = theirs
    source = options.source or name
    return Defaults(source, options.license, options.language, columns, options.open_ended)


def _file(path: Path, spec: str, options: ReadOptions) -> Source:
    bare = path.with_suffix("") if path.suffix in COMPRESSED else path
    defaults = _defaults(options, bare.stem)
    kind, content = bare_suffix(path).lstrip(".").lower(), sha256_file(path)
    # the name too: it becomes the source of records that state none; the same bytes are other rows as .tsv
    entry = InputEntry(spec, kind, sha256_json([content, defaults.source, kind]))
    suffix = bare_suffix(path).lower()
    if suffix == ".parquet":
        return _parquet_source(entry, (path,), defaults)
    if suffix in LINES:
        plain = () if path.suffix in COMPRESSED else (Foreign(path, "jsonl", defaults),)
        return Source(entry, lambda: jsonl_batches(path, str(path), defaults), foreign=plain)
    return Source(entry, lambda: map_batches(file_rows(path), defaults))


def _stdin(options: ReadOptions) -> Source:
    spool = tempfile.NamedTemporaryFile(prefix="ittools-stdin-", suffix=".jsonl")  # noqa: SIM115
    for chunk in iter(lambda: sys.stdin.buffer.read(1 << 20), b""):
        spool.write(chunk)
    spool.flush()
    path = Path(spool.name)

    def batches() -> Iterator[pa.RecordBatch]:
        with spool:
            yield from jsonl_batches(path, "stdin", _defaults(options, "stdin"))

    return Source(InputEntry("-", "stdin", sha256_file(path)), batches)


def _directory(path: Path, options: ReadOptions) -> Source:
    found, defaults = dataset_directory(path, options.split), _defaults(options, path.resolve().name)
    if found is None:
        files = parquet_of(path, options.split)
        if not files:
            raise InputError(f"{path}: neither a dataset directory nor a folder with .parquet files")
        mark = sha256_json([defaults.source, *map(sha256_file, files)])
        found = InputEntry(str(path), "parquet folder", mark), files
    return _parquet_source(*found, defaults)


def dataset_directory(path: Path, split: str | None) -> tuple[InputEntry, tuple[Path, ...]] | None:
    """Its entry and the shards of a split; null for a folder that none of our commands wrote.

    Raises:
        InputError: an unfinished directory, one without records or without the split, a missing shard.
    """
    manifest = read_manifest(path)
    if manifest is None:
        if (path / LOCK_NAME).exists():
            raise InputError(f"{path}: unfinished (no manifest.json); repeat the command that writes it")
        return None
    split = chosen_split(path, list(manifest["splits"]), split)
    entries = [e for e in manifest["files"] if e.get("split") == split and e["path"].startswith("data/")]
    if not entries:
        raise InputError(f"{path}: written by `ittools {manifest['command']}`, it holds no records to read")
    files = tuple(path / e["path"] for e in entries)
    missing = [file for file in files if not file.is_file()]
    if missing:
        raise InputError(f"{missing[0]}: missing; run `ittools verify {path}`")
    fingerprint = sha256_json([entry["sha256"] for entry in entries])
    return InputEntry(str(path), "dataset directory", fingerprint, manifest["manifest_sha256"]), files


def one_split(file: Path, wanted: str | None) -> None:
    """Raises InputError where one file, or a pipe, is not that split: `train`, or what its name says."""
    held = split_of(file)
    if wanted not in (None, held) and (wanted != "train" or held in SPLITS):
        raise InputError(
            f"{file}: no split {wanted!r}: it is one file, which is read whole; leave --split out, "
            "or name the file or folder of that split"
        )


def _parquet_source(entry: InputEntry, files: tuple[Path, ...], defaults: Defaults) -> Source:
    ours = all(parquet_schema(file).equals(SCHEMA) for file in files)
    if ours and defaults.columns:
        raise UsageError(f"{entry.spec}: {OF_OURS}")
    if ours and not defaults.fills:  # else each batch is filled as it is read
        return Source(entry, lambda: (b for file in files for b in read_shard(file)), files)
    foreign = tuple(Foreign(file, "parquet", defaults) for file in files)
    return Source(entry, lambda: (b for file in files for b in _parquet_batches(file, defaults)), (), foreign)


def parquet_schema(path: Path) -> pa.Schema:
    import pyarrow.parquet as pq

    try:
        return pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: not readable Parquet ({error})") from None


def _parquet_batches(path: Path, defaults: Defaults) -> Iterator[pa.RecordBatch]:
    for group, first in row_groups(path):
        yield from group_batches(path, defaults, group, first)
