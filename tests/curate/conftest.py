"""Fixtures of dedup on every engine."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from held_stages import RECORDS, small_tasks, words
from workbench import numbered, write_jsonl, written


@pytest.fixture
def many_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    small_tasks(monkeypatch)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four files: records, copies with a word more, other records, and again some of all."""
    folder = tmp_path_factory.mktemp("source")
    rows = [row | {"output": f"{row['output']} {'and so on ' * 9}"} for row in numbered(2 * RECORDS)]
    alike = [row | {"output": row["output"] + " indeed"} for row in rows[:RECORDS]]
    for number, some in enumerate((rows[:RECORDS], alike, rows[RECORDS:], alike[::2] + rows[::4])):
        write_jsonl(folder / f"{number}.jsonl", some)
    return folder


@pytest.fixture(scope="module")
def expected(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the command writes inline."""
    from ittools.cli.app import main

    folder = tmp_path_factory.mktemp("inline")
    with pytest.MonkeyPatch.context() as patched:
        small_tasks(patched)
        assert main(words(source, folder, "--engine", "inline")) == 0
    found = written(folder / "out")
    kept = [pa.BufferReader(found[name]) for name in found if name.startswith("data/")]
    assert sum(pq.read_metadata(shard).num_rows for shard in kept) == 2 * RECORDS
    assert len(kept) == 2
    assert sum(name.startswith("dropped/") for name in found) == 2
    return found
