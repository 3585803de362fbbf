"""`dedup` as a command: clusters in the manifest, the same bytes however it runs, real corpora."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from workbench import Cli, manifest_of, numbered, read_records, write_jsonl, written

from ittools.store.verify import verify

TEXT = "the quick brown fox jumps over the lazy dog and runs into the deep green forest at night"
ROWS = [
    {"instruction": "Go on.", "output": TEXT},
    {"instruction": "Go on.", "output": TEXT + " again"},
    {"instruction": "Something else.", "output": "one"},
    {"instruction": "Go on!", "output": TEXT},
    {"instruction": "something else", "output": "One."},
    {"instruction": "A third one.", "output": "alone"},
]


def test_clusters_stand_in_the_manifest(tmp_path: Path, cli: Cli) -> None:
    out = tmp_path / "out"
    source = write_jsonl(tmp_path / "in.jsonl", ROWS)
    assert cli("dedup", source, "--method", "near", "--out", out, "--keep-dropped").code == 0
    manifest, kept = manifest_of(out), read_records(out)
    dropped = read_records(out, "dropped", "dropped")
    ids = [row["id"] for row in dropped]
    assert manifest["funnel"] == {"in": 6, "dropped": {"exact-duplicate": 2, "near-duplicate": 1}, "out": 3}
    assert manifest["clusters"] == {
        "count": 2,
        "sizes": {"2": 1, "3": 1},
        "largest": [
            {"kept": kept[0]["id"], "size": 3, "dropped": ids[:2]},
            {"kept": kept[1]["id"], "size": 2, "dropped": ids[2:]},
        ],
        "all": "clusters.parquet",
    }
    table = pq.read_table(out / "clusters.parquet").to_pylist()
    assert [(row["dropped"], row["kept"], row["reason"]) for row in table] == [
        (ids[0], kept[0]["id"], "near-duplicate"),
        (ids[1], kept[0]["id"], "exact-duplicate"),
        (ids[2], kept[1]["id"], "exact-duplicate"),
    ]
    assert [manifest["minhash"][name] for name in ("permutations", "bands", "rows")] == [128, 25, 5]
    assert manifest["minhash"]["recall_at_threshold"] >= 0.98
    assert verify(out) == []


@pytest.mark.parametrize("method", ["near", "join"])
def test_the_bytes_do_not_depend_on_engine_or_workers(tmp_path: Path, cli: Cli, method: str) -> None:
    copies = [row | {"output": row["output"] + " indeed"} for row in numbered(30)]
    inputs = [
        write_jsonl(tmp_path / "a" / "in.jsonl", [*numbered(30), *ROWS]),
        write_jsonl(tmp_path / "b" / "in.jsonl", [*copies, *ROWS, *numbered(10)]),
    ]
    found = []
    for engine, workers in (("inline", 1), ("processes", 1), ("processes", 2)):
        out = tmp_path / f"{engine}{workers}" / "out"
        how = ("--engine", engine, "--workers", workers, "--method", method)
        ran = cli("dedup", *inputs, *how, "--keep-dropped", "--out", out)
        assert ran.code == 0
        found.append(written(out))
    assert found[0] == found[1] == found[2]


def test_kept_records_stay_in_the_order_of_the_input(tmp_path: Path, cli: Cli) -> None:
    rows = numbered(50)
    cli("dedup", write_jsonl(tmp_path / "in.jsonl", rows), "--keep", "longest", "--out", tmp_path / "out")
    assert [row["instruction"] for row in read_records(tmp_path / "out")] == [r["instruction"] for r in rows]


def test_two_inputs_are_one_corpus(tmp_path: Path, cli: Cli) -> None:
    one, two = write_jsonl(tmp_path / "1.jsonl", ROWS[:1]), write_jsonl(tmp_path / "2.jsonl", ROWS[1:4])
    cli("dedup", one, two, "--out", tmp_path / "out")
    assert [row["source"] for row in read_records(tmp_path / "out")] == ["1", "2"]


def test_a_real_corpus_of_copies_loses_its_58_percent(shared_data: Path, tmp_path: Path, cli: Cli) -> None:
    """26,878 generated instructions; case, punctuation and space aside, 58% are exact copies."""
    source = shared_data / "selfinstruct_raw" / "gpt4omini_generated_tasks.jsonl.gz"
    for method in ("exact", "near"):
        ran = cli("dedup", source, "--method", method, "--out", tmp_path / method)
        assert ran.code == 0, ran.err
    exact = manifest_of(tmp_path / "exact")["funnel"]
    near = manifest_of(tmp_path / "near")["funnel"]
    assert exact["in"] == near["in"] == 26_878
    assert exact["dropped"]["exact-duplicate"] / exact["in"] == pytest.approx(0.58, abs=0.01)
    assert 0 < near["dropped"]["near-duplicate"] < exact["out"]
    assert near["out"] == 26_878 - sum(near["dropped"].values())
    again = cli("dedup", tmp_path / "near", "--out", tmp_path / "again")
    assert again.code == 0
    assert manifest_of(tmp_path / "again")["funnel"]["dropped"].get("exact-duplicate", 0) == 0
    assert manifest_of(tmp_path / "again")["funnel"]["out"] >= 0.999 * near["out"]


def test_a_curated_corpus_is_not_touched(shared_data: Path, tmp_path: Path, cli: Cli) -> None:
    """By brute force no two of Alpaca's instructions reach 0.7 in 3-grams."""
    source = shared_data / "instruct" / "alpaca_52k.parquet"
    cli("dedup", source, "--on", "instruction", "--out", tmp_path / "out", "--quiet")
    assert manifest_of(tmp_path / "out")["funnel"] == {"in": 52_002, "dropped": {}, "out": 52_002}
