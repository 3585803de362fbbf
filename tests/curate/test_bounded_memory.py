"""Memory does not grow with the corpus: 300,000 records pass through in under half a gigabyte a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbench import manifest_of

RECORDS = 300_000
BATCH = 30_000
WORDS = ("amber", "birch", "coral", "delta", "ember", "fjord", "grove", "heron", "inlet", "jetty")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 MB of foreign Parquet, which is mapped row by row."""
    path = tmp_path_factory.mktemp("corpus") / "in.parquet"
    schema = pa.schema([("instruction", pa.string()), ("output", pa.string())])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for first in range(0, RECORDS, BATCH):
            numbers = range(first, first + BATCH)
            spelt = [" ".join(WORDS[int(digit)] for digit in f"{number * 7919:012}") for number in numbers]
            rows = {
                "instruction": [f"Tell a story about {words}" for words in spelt],
                "output": [f"{words} and then {words[::-1]}; {words.upper()}" * 2 for words in spelt],
            }
            writer.write_table(pa.table(rows, schema=schema))
    return path


def peak(*words: object) -> int:
    """MiB of the largest process."""
    command = [sys.executable, str(Path(__file__).with_name("peak_memory.py")), *map(str, words), "--quiet"]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return int(ran.stdout.splitlines()[-1])


def test_filter_and_export_stay_below_half_a_gigabyte(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert peak("filter", corpus, "--max-repetition", 1, "--out", out, "--workers", 2) < 512
    assert manifest_of(out)["funnel"] == {"in": RECORDS, "dropped": {}, "out": RECORDS}
    assert [entry["records"] for entry in manifest_of(out)["files"] if "records" in entry] == [
        98_304, 98_304, 98_304, RECORDS - 3 * 98_304
    ]  # fmt: skip
    target = tmp_path / "out.jsonl"
    assert peak("export", out, "--to", "messages", "--out", target, "--workers", 2) < 512
    with open(target, "rb") as handle:
        assert sum(1 for _ in handle) == RECORDS
