"""A plain folder is read whole or refused: nothing in it is left out unsaid, no output is counted twice."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbench import Cli, manifest_of, numbered, write_jsonl

from ittools.errors import InputError
from ittools.formats.folders import parquet_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """a.parquet and b/c.parquet, with what usually stands beside data."""
    path = tmp_path / "data"
    for name in ("a.parquet", "b/c.parquet", ".cache/d.parquet"):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"instruction": [f"Say {name} now"], "output": ["Of course."]}), path / name)
    for name in ("README.md", "LICENSE.txt", "dataset_info.json", "b/metadata.json", ".hidden.jsonl"):
        (path / name).write_text("{}")
    return path


def names(path: Path, split: str | None = None) -> list[str]:
    return [file.relative_to(path).as_posix() for file in parquet_of(path, split)]


def test_what_stands_beside_data_is_none(folder: Path) -> None:
    assert names(folder) == ["a.parquet", "b/c.parquet"]


@pytest.mark.parametrize("other", ["more.jsonl", "b/more.json", "more.csv", "more.tsv.gz", "more.JSONL"])
def test_other_data_beside_parquet_is_not_left_out_unsaid(folder: Path, cli: Cli, other: str) -> None:
    (folder / other).write_bytes(gzip.compress(b"a\tb\n") if other.endswith("gz") else b"{}")
    told = (
        f"{folder}: has .parquet and other data ({other}), which would be left out; name the files themselves"
    )
    for command in (("filter", folder), ("template", folder, "--templates", "sentiment"), ("stats", folder)):
        ran = cli(*command)
        assert (ran.code, told in ran.err) == (1, True), ran.err


def test_files_of_another_split_are_another_matter(folder: Path) -> None:
    (folder / "a.parquet").rename(folder / "train-0.parquet")
    (folder / "b" / "c.parquet").rename(folder / "test-0.parquet")
    (folder / "test-1.jsonl").write_text("{}")
    assert names(folder) == ["train-0.parquet"]
    with pytest.raises(InputError, match=r"other data \(test-1\.jsonl\)"):
        names(folder, "test")


@pytest.mark.parametrize("finished", [True, False])
def test_a_run_is_no_dataset(tmp_path: Path, cli: Cli, finished: bool) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(5))
    run = tmp_path / "run"
    for step in ("filter", "dedup"):
        cli(step, source, "--out", run / step)
    if not finished:
        (run / "dedup" / "manifest.json").unlink()
    ran = cli("stats", run)
    told = (
        f"{run}: holds 2 outputs of ittools, each a dataset of its own; name one: {run}/dedup, {run}/filter"
    )
    assert (ran.code, told in ran.err) == (1, True), ran.err


def test_readers_of_text_leave_out_what_stands_beside_data(tmp_path: Path, cli: Cli) -> None:
    folder, row = tmp_path / "films", {"text": "A fine film.", "label": 1}
    folder.mkdir()
    write_jsonl(folder / "films.jsonl", [row])
    (folder / "README.txt").write_text("About films.")
    (folder / "dataset_info.json").write_text("{}")
    assert cli("template", folder, "--templates", "sentiment.en", "--out", tmp_path / "out").code == 0
    assert manifest_of(tmp_path / "out")["funnel"]["in"] == 1
