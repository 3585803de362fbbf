"""Check a finished directory: every file there, whole, and nothing else beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ittools.errors import InputError, StoreError
from ittools.records.build import content_id
from ittools.store.files import sha256_file
from ittools.store.manifest import read_manifest
from ittools.store.replace import foreign_files
from ittools.store.shards import read_shard


def verify(directory: Path) -> list[str]:
    """Problems found, one line each; empty when the directory is as it was written.

    Raises:
        StoreError: no manifest, or a damaged one.
    """
    manifest = read_manifest(directory)
    if manifest is None:
        raise StoreError(f"{directory}: no manifest.json, so this is not a finished output")
    listed = {entry["path"]: entry for entry in manifest["files"]}
    problems = [f"{name}: foreign, not in the manifest" for name in foreign_files(directory)]
    for name, entry in listed.items():
        problems += _file_problems(directory / name, name, entry)
    return sorted(problems)


def _file_problems(path: Path, name: str, entry: dict[str, Any]) -> list[str]:
    if not path.is_file():
        return [f"{name}: missing"]
    if path.stat().st_size != entry["bytes"]:
        return [f"{name}: {path.stat().st_size} bytes, the manifest says {entry['bytes']}"]
    if sha256_file(path) != entry["sha256"]:
        return [f"{name}: changed, its sha256 is not the manifest's"]
    if "records" in entry:  # a shard; other Parquet, such as clusters, is whole by its sha256
        return _shard_problems(path, name, entry)
    return []


def _shard_problems(path: Path, name: str, entry: dict[str, Any]) -> list[str]:
    try:
        if pq.read_metadata(path).num_rows != entry["records"]:
            return [f"{name}: not {entry['records']} records"]
        wrong = sum(_wrong_ids(batch) for batch in read_shard(path))
    except (pa.ArrowException, OSError, InputError) as error:
        return [f"{name}: unreadable ({error})"]
    return [f"{name}: {wrong} ids do not fit their content"] if wrong else []


def _wrong_ids(batch: pa.RecordBatch) -> int:
    content = ["instruction", "input", "output", "context", "rejected"]
    if not set(content) <= set(batch.schema.names) or "id" not in batch.schema.names:
        return 0
    ids = batch.column("id").to_pylist()
    rows = batch.select(content).to_pylist()
    return sum(i != content_id(**row) for i, row in zip(ids, rows, strict=True))
