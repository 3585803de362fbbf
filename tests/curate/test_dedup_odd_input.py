"""`dedup` on what nobody would call a corpus: nothing, one text a million times, megabytes in one record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbench import Cli, manifest_of, numbered, read_records, write_jsonl

from ittools.curate import dedup as command
from ittools.records.schema import SCHEMA
from ittools.store.shards import ROW_GROUP

METHODS = ["exact", "near", "join"]


def same_records(path: Path, count: int, **content: str) -> Path:
    """Parquet of one record again and again, a row group at a time."""
    row = {"id": "0" * 32, "instruction": "", "input": "", "output": "", "task": "t", "source": "s"}
    row |= {"license": "CC0-1.0"} | content
    arrays = [pa.array([row.get(field.name)] * ROW_GROUP, field.type) for field in SCHEMA]
    batch = pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)
    with pq.ParquetWriter(path, SCHEMA) as writer:
        for first in range(0, count, ROW_GROUP):
            writer.write_batch(batch.slice(0, min(ROW_GROUP, count - first)), row_group_size=ROW_GROUP)
    return path


@pytest.mark.parametrize(
    ("method", "text", "count"),
    [
        ("near", "Name the capital of France, please.", 1_000_000),
        ("join", "Name the capital of France, please.", 100_000),
        ("near", "", 100_000),
        ("join", "", 100_000),
        ("exact", "", 1_000_000),
    ],
)
def test_the_same_record_a_million_times_is_one(
    tmp_path: Path, cli: Cli, method: str, text: str, count: int
) -> None:
    source = same_records(tmp_path / "in.parquet", count, instruction=text, output=text)
    out = tmp_path / "out"
    ran = cli("dedup", source, "--method", method, "--out", out)
    assert ran.code == 0, ran.err
    funnel = manifest_of(out)["funnel"]
    assert funnel == {"in": count, "dropped": {"exact-duplicate": count - 1}, "out": 1}
    assert manifest_of(out)["clusters"]["sizes"] == {str(count): 1}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("unit", ["words", "characters"])
def test_records_without_a_word_are_equal_only_to_their_like(
    tmp_path: Path, cli: Cli, method: str, unit: str
) -> None:
    outputs = ["", " ", "\n", "...", "?", "?", "-", "\u200b", "a"]
    source = write_jsonl(tmp_path / "in.jsonl", [{"instruction": "", "output": text} for text in outputs])
    out = tmp_path / "out"
    ran = cli("dedup", source, "--method", method, "--unit", unit, "--out", out)
    assert ran.code == 0, ran.err
    assert [record["output"] for record in read_records(out)] == ["", "...", "?", "-", "a"]


@pytest.mark.parametrize("method", METHODS)
def test_a_record_of_ten_megabytes_is_a_record(tmp_path: Path, cli: Cli, method: str) -> None:
    draw = np.random.default_rng(4)
    words = [f"w{number}" for number in draw.integers(0, 100_000, 1_500_000)]
    huge = " ".join(words)
    changed = " ".join([*words[:1000], "changed", *words[1001:]])
    rows = [
        *numbered(20),
        *({"instruction": "Go on.", "output": text} for text in (huge, changed, huge + "!")),
    ]
    source = write_jsonl(tmp_path / "in.jsonl", rows)
    out = tmp_path / "out"
    ran = cli("dedup", source, "--method", method, "--out", out)
    assert ran.code == 0, ran.err
    gone = {"exact-duplicate": 1} if method == "exact" else {"exact-duplicate": 1, "near-duplicate": 1}
    assert manifest_of(out)["funnel"]["dropped"] == gone


@pytest.mark.parametrize("method", METHODS)
def test_a_word_of_megabytes_is_a_word(tmp_path: Path, cli: Cli, method: str) -> None:
    outputs = ["a" * 3_000_000, "a" * 3_000_000 + "b", "A" * 3_000_000]
    rows = [{"instruction": "Repeat.", "output": output} for output in outputs]
    out = tmp_path / "out"
    assert cli("dedup", write_jsonl(tmp_path / "in.jsonl", rows), "--method", method, "--out", out).code == 0
    assert [len(record["output"]) for record in read_records(out)] == [3_000_000, 3_000_001]


@pytest.mark.parametrize("method", METHODS)
def test_no_record_at_all_is_a_finished_nothing(tmp_path: Path, cli: Cli, method: str) -> None:
    pq.write_table(SCHEMA.empty_table(), tmp_path / "in.parquet")
    out = tmp_path / "out"
    ran = cli("dedup", tmp_path / "in.parquet", "--method", method, "--out", out)
    assert ran.code == 0, ran.err
    assert manifest_of(out)["funnel"] == {"in": 0, "dropped": {}, "out": 0}
    assert read_records(out) == []


def test_inputs_of_different_layouts_are_one_corpus(tmp_path: Path, cli: Cli) -> None:
    """Alpaca, messages, prompt and completion, CSV, and records of ours: the same record five times."""
    ask, answer = "Name three rivers of Africa.", "Nile, Congo, Niger"
    alpaca = write_jsonl(tmp_path / "a.jsonl", [{"instruction": ask, "input": "", "output": answer}])
    turns = [{"role": "user", "content": ask}, {"role": "assistant", "content": answer}]
    messages = write_jsonl(tmp_path / "b.jsonl", [{"messages": turns}])
    prompts = write_jsonl(tmp_path / "c.jsonl", [{"prompt": ask, "completion": answer}])
    table = tmp_path / "d.csv"
    table.write_text(f'instruction,output\n"{ask}","{answer}"\n')
    ours = same_records(tmp_path / "e.parquet", 1, instruction=ask.upper(), output=answer)
    out = tmp_path / "out"
    ran = cli("dedup", alpaca, messages, prompts, table, ours, "--out", out)
    assert ran.code == 0, ran.err
    assert manifest_of(out)["funnel"] == {"in": 5, "dropped": {"exact-duplicate": 4}, "out": 1}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--threshold", "0"), "--threshold 0.0: a similarity above 0 and up to 1"),
        (("--threshold", "70"), "--threshold 70.0: a similarity above 0 and up to 1"),
        (("--ngram", "0"), "--ngram 0: a shingle has at least 1"),
        (("--perm", "1"), "--perm 1: from 2 to 4096"),
        (("--check", "-1"), "--check -1: at least 0"),
        (("--workers", "0"), "--workers 0: at least 1"),
    ],
)
def test_numbers_that_mean_nothing_are_refused(
    tmp_path: Path, cli: Cli, given: tuple[str, ...], said: str
) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(2))
    ran = cli("dedup", source, *given, "--out", tmp_path / "out")
    assert (ran.code, said in ran.err) == (2, True), ran.err
    assert not (tmp_path / "out" / "manifest.json").exists()


@pytest.mark.parametrize("unit", ["words", "characters"])
def test_characters_see_what_words_do_not(tmp_path: Path, cli: Cli, unit: str) -> None:
    """Half of the words have another ending: as words they differ, as characters they hardly do."""
    one = "internationalisation modularisation characterisation categorisation normalisation"
    two = one.replace("isation", "ization", 3)
    rows = [{"instruction": "Spell them.", "output": text} for text in (one, two)]
    out = tmp_path / "out"
    source = write_jsonl(tmp_path / "in.jsonl", rows)
    ran = cli("dedup", source, "--unit", unit, "--ngram", 3, "--threshold", 0.6, "--out", out)
    assert ran.code == 0, ran.err
    assert manifest_of(out)["funnel"]["out"] == (2 if unit == "words" else 1)


def test_scores_of_any_shape_decide_which_is_best(tmp_path: Path, cli: Cli) -> None:
    scores: list[Any] = [None, {"quality": -1.0}, {"fun": 9.0}, {"quality": 2.0, "fun": 0.0}, {}]
    rows = [
        {"instruction": "Go on.", "output": "fine", "task": str(n), "scores": s} for n, s in enumerate(scores)
    ]
    out = tmp_path / "out"
    source = write_jsonl(tmp_path / "in.jsonl", rows)
    assert cli("dedup", source, "--keep", "best", "--out", out).code == 0
    assert [record["task"] for record in read_records(out)] == ["3"]


@pytest.mark.parametrize("method", ["near", "join"])
def test_the_check_finds_what_was_missed(tmp_path: Path, cli: Cli, method: str) -> None:
    """Two permutations make near miss most pairs; the check says so. A join misses none."""
    draw = np.random.default_rng(5)
    rows = []
    for _ in range(150):
        words = [f"w{number}" for number in draw.integers(0, 5_000, 40)]
        copy = [*words[:20], "changed", *words[21:]]
        rows += [{"instruction": "Go on.", "output": " ".join(text)} for text in (words, copy)]
    out = tmp_path / "out"
    source = write_jsonl(tmp_path / "in.jsonl", rows)
    how = ("--method", method, "--perm", 2, "--threshold", 0.8, "--on", "output", "--check", 1000)
    ran = cli("dedup", source, *how, "--out", out)
    assert ran.code == 0, ran.err
    check, funnel = manifest_of(out)["check"], manifest_of(out)["funnel"]
    assert check["kept_compared"] == funnel["out"]
    missed = 2 * (150 - sum(funnel["dropped"].values()))
    assert check["kept_with_a_kept_twin"] == missed
    assert check["dropped_below_threshold"] == 0
    assert (check["recall_estimate"] == 1.0) == (method == "join")
    assert (missed > 0) == (method == "near")
    assert f"missed    {missed} of {funnel['out']} kept records" in ran.err


def test_the_manifest_says_what_was_compared(tmp_path: Path, cli: Cli) -> None:
    out = tmp_path / "out"
    cli("dedup", write_jsonl(tmp_path / "in.jsonl", numbered(5)), "--out", out)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["method"] == "join"
    assert manifest["options"]["method"] == "auto"


@pytest.mark.parametrize("frequent", [("--unit", "characters", "--ngram", 5), ("--ngram", 1)])
def test_what_is_in_every_record_is_not_joined_by_itself(
    tmp_path: Path, cli: Cli, frequent: tuple[object, ...]
) -> None:
    out = tmp_path / "out"
    cli("dedup", write_jsonl(tmp_path / "in.jsonl", numbered(5)), *frequent, "--out", out)
    assert manifest_of(out)["method"] == "near"


def test_few_different_shingles_are_not_joined_to_the_end(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every pair would share a shingle; bands find the same copies without looking at all pairs."""
    monkeypatch.setattr(command, "JOIN_PAIRS", 1_000)
    draw = np.random.default_rng(3)
    texts = [" ".join(draw.choice(list("abc"), 30)) for _ in range(200)]
    texts += [f"{text} d" for text in texts[:20]]
    source = write_jsonl(tmp_path / "in.jsonl", [{"instruction": "Go on.", "output": text} for text in texts])
    how = ("dedup", source, "--ngram", 6, "--workers", 1)
    ran = cli(*how, "--out", tmp_path / "auto")
    assert "few different shingles" in ran.err
    assert cli(*how, "--method", "join", "--out", tmp_path / "join").code == 0
    auto, join = manifest_of(tmp_path / "auto"), manifest_of(tmp_path / "join")
    assert (auto["method"], join["method"]) == ("near", "join")
    assert auto["funnel"] == join["funnel"]
    assert join["funnel"]["dropped"] == {"near-duplicate": 20}
