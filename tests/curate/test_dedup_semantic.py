"""`dedup --method semantic`: by given vectors, by a model on disk, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from workbench import Cli, manifest_of, numbered, read_records, write_jsonl

from ittools.curate import semantic
from ittools.formats.hub import quiet_models

ANGLES = [0, 1, 2, 90, 91, 180, 20]  # degrees; 20 is within 0.94 of 0


def vectors_file(path: Path, angles: list[float]) -> Path:
    radians = np.deg2rad(np.array(angles))
    np.save(path, np.stack([np.cos(radians), np.sin(radians)], axis=1) * 3.0)
    return path


@pytest.mark.parametrize(("threshold", "kept"), [(0.999, [0, 3, 5, 6]), (0.93, [0, 3, 5])])
def test_records_of_one_direction_are_one(
    tmp_path: Path, cli: Cli, threshold: float, kept: list[int]
) -> None:
    rows = numbered(len(ANGLES))
    source = write_jsonl(tmp_path / "in.jsonl", rows)
    vectors = vectors_file(tmp_path / "v.npy", ANGLES)
    out = tmp_path / "out"
    how = ("--method", "semantic", "--embedder", vectors, "--threshold", threshold)
    ran = cli("dedup", source, *how, "--keep-dropped", "--out", out)
    assert ran.code == 0, ran.err
    records = read_records(out)
    assert [r["instruction"] for r in records] == [rows[number]["instruction"] for number in kept]
    gone = read_records(out, "dropped", "dropped")
    assert {record["reason"] for record in gone} == {"semantic-duplicate"}
    assert json.loads(gone[0]["detail"]) == {
        "kept": records[0]["id"],
        "cosine": round(float(np.cos(np.deg2rad(1))), 4),
    }


def test_the_usual_threshold_is_a_cosine_of_95_percent(tmp_path: Path, cli: Cli) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(3))
    vectors = vectors_file(tmp_path / "v.npy", [0, 18, 19])  # cosines 0.9511 and 0.9455
    out = tmp_path / "out"
    assert cli("dedup", source, "--method", "semantic", "--embedder", vectors, "--out", out).code == 0
    assert manifest_of(out)["funnel"] == {"in": 3, "dropped": {"semantic-duplicate": 1}, "out": 2}


def test_beyond_some_records_only_clusters_are_compared(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(semantic, "TOGETHER", 10)
    monkeypatch.setattr(semantic, "CLUSTER", 10)
    angles = [float(90 * (number % 4) + number % 3) for number in range(40)]
    source = write_jsonl(tmp_path / "in.jsonl", numbered(40))
    vectors, out = vectors_file(tmp_path / "v.npy", angles), tmp_path / "out"
    ran = cli("dedup", source, "--method", "semantic", "--embedder", vectors, "--out", out)
    assert ran.code == 0, ran.err
    assert [r["instruction"].split()[4] for r in read_records(out)] == ["0", "1", "2", "3"]


def test_a_model_on_disk_gives_the_vectors(tmp_path: Path, cli: Cli) -> None:
    """Random, so it knows nothing; but it reads like texts alike, padded or not."""
    from ittools.train.tiny import tiny_model, tiny_tokenizer

    quiet_models()
    tokenizer = tiny_tokenizer()
    tokenizer.save_pretrained(tmp_path / "model")
    tiny_model(tokenizer, seed=1, layers=1, width=32).model.save_pretrained(tmp_path / "model")
    text = "The harbour was quiet, and the boats lay still until the first light of the morning came. " * 3
    rows = [
        {"instruction": "Tell it.", "output": text},
        {"instruction": "7 * 6?", "output": "42"},
        {"instruction": "Tell it.", "output": text.replace("quiet", "silent", 1)},
    ]
    source, out = write_jsonl(tmp_path / "in.jsonl", rows), tmp_path / "out"
    how = ("--method", "semantic", "--embedder", tmp_path / "model", "--threshold", 0.99)
    ran = cli("dedup", source, *how, "--out", out)
    assert ran.code == 0, ran.err
    assert [record["output"] for record in read_records(out)] == [text, "42"]
    other = write_jsonl(tmp_path / "other.jsonl", rows[1:2])
    ran = cli("dedup", source, *how, "--against", other, "--out", tmp_path / "second")
    assert manifest_of(tmp_path / "second")["funnel"]["dropped"] == {
        "exact-known": 1,
        "semantic-duplicate": 1,
    }


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (("--method", "semantic"), 2, "--method semantic and --embedder need each other"),
        (("--embedder", "x.npy"), 2, "--method semantic and --embedder need each other"),
        (("--method", "semantic", "--embedder", "none.npy"), 1, "none.npy: not a readable .npy"),
        (("--method", "semantic", "--embedder", "./none"), 2, "./none: no such model"),
        (("--method", "semantic", "--embedder", "x.npy", "--index", "i"), 2, "leave one out"),
        (("--method", "semantic", "--embedder", "x.npy", "--against", "in.jsonl"), 2, "give a model"),
    ],
)
def test_what_cannot_be_embedded_is_refused(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    write_jsonl(tmp_path / "in.jsonl", numbered(2))
    ran = cli("dedup", "in.jsonl", *given, "--out", "out")
    assert (ran.code, said in ran.err) == (code, True), ran.err


@pytest.mark.parametrize("wrong", [np.zeros((2, 3)), np.zeros(3), np.zeros((3, 2), np.int64)])
def test_vectors_must_be_floats_a_row_a_record(tmp_path: Path, cli: Cli, wrong: object) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(3))
    np.save(tmp_path / "v.npy", wrong)  # type: ignore[arg-type]
    how = ("--method", "semantic", "--embedder", tmp_path / "v.npy")
    ran = cli("dedup", source, *how, "--out", tmp_path / "out")
    assert (ran.code, "expected floats of shape (3, dimensions)" in ran.err) == (1, True), ran.err


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_vector_that_is_not_finite_is_named(tmp_path: Path, cli: Cli, value: float) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(3))
    np.save(tmp_path / "v.npy", np.array([[1.0, 0.0], [0.0, value], [1.0, 1.0]]))
    how = ("--method", "semantic", "--embedder", tmp_path / "v.npy")
    ran = cli("dedup", source, *how, "--out", tmp_path / "out")
    assert (ran.code, "the vector of record 2 is not finite" in ran.err) == (1, True), ran.err


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_the_length_of_a_vector_does_not_matter(tmp_path: Path, cli: Cli, scale: float) -> None:
    source, out = write_jsonl(tmp_path / "in.jsonl", numbered(3)), tmp_path / "out"
    np.save(tmp_path / "v.npy", np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.01]]) * scale)
    assert (
        cli("dedup", source, "--method", "semantic", "--embedder", tmp_path / "v.npy", "--out", out).code == 0
    )
    assert manifest_of(out)["funnel"]["dropped"] == {"semantic-duplicate": 1}


def test_other_vectors_under_the_same_name_are_another_run(tmp_path: Path, cli: Cli) -> None:
    source, out = write_jsonl(tmp_path / "in.jsonl", numbered(3)), tmp_path / "out"
    command = ("dedup", source, "--method", "semantic", "--embedder", tmp_path / "v.npy", "--out", out)
    vectors_file(tmp_path / "v.npy", [0, 90, 180])
    assert cli(*command).code == 0
    assert "reused" in cli(*command).err
    vectors_file(tmp_path / "v.npy", [0, 1, 180])
    ran = cli(*command)
    assert (ran.code, "--force" in ran.err) == (2, True)
