"""What reaches the records is in the fingerprint: names, kinds, not only the bytes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbench import Cli, numbered, read_records, write_jsonl

from ittools.formats.source import ReadOptions, open_inputs
from ittools.formats.table_inputs import TableOptions, open_tables


def mark(path: Path) -> str:
    return open_inputs(ReadOptions(inputs=(str(path),)))[0].entry.fingerprint


def table_mark(path: Path) -> str:
    return open_tables(TableOptions(inputs=(str(path),)))[0].entry.fingerprint


def folder(path: Path) -> Path:
    path.mkdir(parents=True)
    pq.write_table(pa.table({"instruction": ["a"], "output": ["b"]}), path / "train.parquet")
    return path


@pytest.mark.parametrize("marked", [mark, table_mark])
def test_the_name_of_a_folder_counts_and_the_folders_above_do_not(tmp_path: Path, marked: type[str]) -> None:
    one, same, other = (folder(tmp_path / name) for name in ("x/one", "y/one", "y/two"))
    assert marked(one) == marked(same) != marked(other)


@pytest.mark.parametrize("marked", [mark, table_mark])
def test_the_same_bytes_under_another_ending_are_another_input(tmp_path: Path, marked: type[str]) -> None:
    tabs, commas = tmp_path / "q.tsv", tmp_path / "q.csv"
    for path in (tabs, commas):
        path.write_text("instruction,x\toutput\na,b\tc\n", encoding="utf-8")
    assert marked(tabs) != marked(commas)


def test_a_folder_of_another_name_is_not_reused_with_the_old_source(tmp_path: Path, cli: Cli) -> None:
    out = tmp_path / "out"
    assert cli("filter", folder(tmp_path / "old"), "--min-instruction-words", 0, "--out", out).code == 0
    again = ("filter", folder(tmp_path / "new"), "--min-instruction-words", 0, "--out", out)
    assert cli(*again).code == 2
    assert cli(*again, "--force").code == 0
    assert [row["source"] for row in read_records(out)] == ["new"]


def test_a_dataset_directory_is_known_to_templates_by_its_name_too(tmp_path: Path, cli: Cli) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(3))
    for name in ("one", "two"):
        assert cli("filter", source, "--out", tmp_path / name).code == 0
    assert mark(tmp_path / "one") == mark(tmp_path / "two")  # its records state their source
    assert table_mark(tmp_path / "one") != table_mark(tmp_path / "two")
