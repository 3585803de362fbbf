"""Mixtures as others read them, with no configuration: datasets, duckdb, polars, LLaMA-Factory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from workbench import Cli, numbered, read_records, write_jsonl

LOAD = """
import json, sys
import datasets
found = datasets.load_dataset(sys.argv[1])
print(json.dumps({name: [row["messages"] for row in split] for name, split in found.items()}))
"""


@pytest.fixture
def mixture(tmp_path: Path, cli: Cli) -> Path:
    rows = [
        *numbered(60),
        {"instruction": "q", "output": "a", "language": "no", "scores": {"quality": 0.5}, "parents": ["p"],
         "system": "s", "history": [["x", "y"]], "extra": {"nested": [1]}},
    ]  # fmt: skip
    out = tmp_path / "my mix"
    assert cli("mix", write_jsonl(tmp_path / "in.jsonl", rows), "--heldout", 0.25, "--out", out).code == 0
    return out


def conversations(directory: Path, split: str) -> list[list[dict[str, str]]]:
    return [row["messages"] for row in read_records(directory, split)]


def test_datasets_finds_both_splits_without_configuration(tmp_path: Path, mixture: Path) -> None:
    environment = os.environ | {
        "HF_HOME": str(tmp_path / "hf"),
        "HF_DATASETS_CACHE": str(tmp_path / "hf" / "cache"),
        "HF_HUB_OFFLINE": "1",
    }
    command = [sys.executable, "-c", LOAD, str(mixture)]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found == {split: conversations(mixture, split) for split in ("train", "heldout")}


def test_duckdb_reads_the_shards(mixture: Path) -> None:
    import duckdb

    query = "select messages[-1].content, language from read_parquet(?) where language is not null"
    shards = str(mixture / "data" / "*.parquet")
    assert duckdb.execute(query, [shards]).fetchall() == [("a", "no")]
    count = duckdb.execute("select count(*) from read_parquet(?)", [shards]).fetchone()
    assert count == (61,)


def test_polars_reads_the_shards(mixture: Path) -> None:
    import polars

    for split in ("train", "heldout"):
        frame = polars.read_parquet(mixture / "data" / f"{split}-*.parquet")
        assert frame["messages"].to_list() == conversations(mixture, split)


def test_llama_factory_is_told_of_both_splits(mixture: Path) -> None:
    told = json.loads((mixture / "dataset_info.json").read_text())
    assert list(told) == ["my mix", "my mix_heldout"]
    assert told["my mix_heldout"] == {
        "script_url": ".",
        "split": "heldout",
        "formatting": "sharegpt",
        "columns": {"messages": "messages"},
        "tags": {
            "role_tag": "role", "content_tag": "content", "user_tag": "user",
            "assistant_tag": "assistant", "system_tag": "system",
        },
    }  # fmt: skip


def test_a_mixture_is_an_input_again(tmp_path: Path, mixture: Path, cli: Cli) -> None:
    assert cli("mix", mixture, "--split", "heldout", "--out", tmp_path / "again").code == 0
    again = conversations(tmp_path / "again", "train")
    assert sorted(map(json.dumps, again)) == sorted(map(json.dumps, conversations(mixture, "heldout")))


def test_no_column_confuses_a_trainer(mixture: Path) -> None:
    """Beside `messages` a preference or prompt column changes what trainers take the data for."""
    columns = set(read_records(mixture)[0])
    assert not columns & {"prompt", "completion", "chosen", "rejected", "label", "text", "instruction"}
