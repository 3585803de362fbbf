"""`mix` as a command: components, held-out split, duplicates, funnel, the same bytes each time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbench import Cli, manifest_of, numbered, read_records, write_jsonl, written

from ittools.mixture.index import first_of_each_id, id_keys
from ittools.records.messages import to_messages
from ittools.records.schema import SCHEMA
from ittools.store.verify import verify


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """90 records in `big`, 10 in `small`."""
    return (
        write_jsonl(tmp_path / "big.jsonl", numbered(90)),
        write_jsonl(tmp_path / "small.jsonl", numbered(10, first=500)),
    )


def said(directory: Path, split: str = "train") -> list[str]:
    return [row["messages"][0]["content"] for row in read_records(directory, split)]


def drawn(directory: Path) -> dict[str, tuple[int, int]]:
    return {name: (c["records"], c["drawn"]) for name, c in manifest_of(directory)["components"].items()}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), {"big": 90, "small": 10}),
        (("--size", 50), {"big": 45, "small": 5}),
        (("--cap", 20), {"big": 20, "small": 10}),
        (("--weight", "big=1", "--weight", "small=1"), {"big": 10, "small": 10}),
        (("--weight", "big=1", "--weight", "small=1", "--size", 40), {"big": 30, "small": 10}),
        (("--weight", "big=3", "--weight", "small=0"), {"big": 90, "small": 0}),
        (("--temperature", 2, "--size", 12), {"big": 9, "small": 3}),
        (("--cap", 40, "--temperature", 2, "--size", 15), {"big": 10, "small": 5}),
        (("--size", 500), {"big": 90, "small": 10}),
    ],
)
def test_components_are_drawn_by_their_rates(
    tmp_path: Path, cli: Cli, two: tuple[Path, Path], given: tuple[Any, ...], expected: dict[str, int]
) -> None:
    out = tmp_path / "out"
    assert cli("mix", *two, *given, "--out", out).code == 0
    assert drawn(out) == {"big": (90, expected["big"]), "small": (10, expected["small"])}
    total = sum(expected.values())
    funnel = {"in": 100, "dropped": {"not-drawn": 100 - total} if total < 100 else {}, "out": total}
    assert manifest_of(out)["funnel"] == funnel
    assert len(set(said(out))) == total
    assert verify(out) == []


def test_a_component_that_runs_out_is_named(tmp_path: Path, cli: Cli) -> None:
    few = write_jsonl(tmp_path / "few.jsonl", numbered(2))
    many = write_jsonl(tmp_path / "many.jsonl", [row | {"input": "x"} for row in numbered(40)])
    ran = cli("mix", few, many, "-w", "few=0.5", "-w", "many=0.5", "--out", tmp_path / "out")
    assert "few is used up" in ran.err
    assert "4 of" not in ran.err


def test_a_size_that_is_not_there_is_noted(tmp_path: Path, cli: Cli, two: tuple[Path, Path]) -> None:
    ran = cli("mix", *two, "--size", 500, "--out", tmp_path / "out")
    assert "mix: only 100 of 500 records are there to draw" in ran.err


def test_duplicate_ids_are_drawn_once_and_counted(tmp_path: Path, cli: Cli) -> None:
    one = write_jsonl(tmp_path / "one.jsonl", [*numbered(5), *numbered(2)])
    two = write_jsonl(tmp_path / "two.jsonl", numbered(5, first=3))
    out = tmp_path / "out"
    assert cli("mix", one, two, "--cap", 4, "--keep-dropped", "--out", out).code == 0
    assert manifest_of(out)["funnel"] == {"in": 12, "dropped": {"duplicate-id": 4, "not-drawn": 1}, "out": 7}
    dropped = read_records(out, "dropped", "dropped")
    assert sorted(row["reason"] for row in dropped) == ["duplicate-id"] * 4 + ["not-drawn"]
    kept = read_records(out)
    not_drawn = {row["id"] for row in dropped if row["reason"] == "not-drawn"}
    assert len({row["id"] for row in kept} | not_drawn) == 8


def test_a_component_may_be_any_column(tmp_path: Path, cli: Cli) -> None:
    rows = [
        row | {"license": "MIT" if n % 4 else "CC0-1.0", "task": f"t{n % 2}"}
        for n, row in enumerate(numbered(20))
    ]
    rows[0] |= {"language": "de"}
    source = write_jsonl(tmp_path / "in.jsonl", rows)
    expected = {
        "license": {"MIT": (15, 15), "CC0-1.0": (5, 5)},
        "task": {"t0": (10, 10), "t1": (10, 10)},
        "source": {"in": (20, 20)},
        "language": {"de": (1, 1), "(none)": (19, 19)},
        "input": {"in": (20, 20)},
    }
    for by, components in expected.items():
        assert cli("mix", source, "--by", by, "--out", tmp_path / by).code == 0
        assert drawn(tmp_path / by) == components


def test_messages_are_the_records_content(tmp_path: Path, cli: Cli, two: tuple[Path, Path]) -> None:
    for layout in ("messages", "records"):
        assert cli("mix", *two, "--layout", layout, "--heldout", 0.2, "--out", tmp_path / layout).code == 0
    for split in ("train", "heldout"):
        chats = read_records(tmp_path / "messages", split)
        records = read_records(tmp_path / "records", split)
        assert [row["messages"] for row in chats] == [to_messages(row) for row in records]
        assert [row["id"] for row in chats] == [row["id"] for row in records]
    assert not (tmp_path / "records" / "dataset_info.json").exists()


def test_the_order_is_shuffled_by_the_seed(tmp_path: Path, cli: Cli, two: tuple[Path, Path]) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        cli("mix", *two, "--seed", seed, "--out", tmp_path / name / "out")
    a, b, c = (said(tmp_path / name / "out") for name in "abc")
    assert a == b != c
    assert sorted(a) == sorted(c)
    assert a != [row["instruction"] for row in (*numbered(90), *numbered(10, first=500))]
    assert written(tmp_path / "a" / "out") == written(tmp_path / "b" / "out")


@pytest.mark.parametrize("by", ["record", "task"])
def test_the_held_out_split_is_stable_as_the_mixture_grows(tmp_path: Path, cli: Cli, by: str) -> None:
    rows = [row | {"task": f"t{n % 40}"} for n, row in enumerate(numbered(400))]
    held: list[set[str]] = []
    for count in (100, 200, 400):
        source = write_jsonl(tmp_path / f"{count}.jsonl", rows[:count])
        out = tmp_path / f"out{count}"
        cli("mix", source, "--heldout", 0.25, "--heldout-by", by, "--out", out)
        train, kept_out = set(said(out)), set(said(out, "heldout"))
        assert not train & kept_out
        assert len(train) + len(kept_out) == count
        assert 0.1 < len(kept_out) / count < 0.4
        held.append(kept_out)
        if by == "task":
            tasks = [{row["task"] for row in read_records(out, split)} for split in ("train", "heldout")]
            assert not tasks[0] & tasks[1]
    assert held[0] < held[1] < held[2]
    assert not (held[2] - held[0]) & {row["instruction"] for row in rows[:100]}


def test_a_split_that_was_asked_for_is_never_empty(tmp_path: Path, cli: Cli) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(5))
    cli("mix", source, "--heldout", 0.000001, "--out", tmp_path / "out")
    assert manifest_of(tmp_path / "out")["splits"] == {"train": 4, "heldout": 1}


def test_the_same_records_under_another_name_are_another_draw(
    tmp_path: Path, cli: Cli, two: tuple[Path, Path]
) -> None:
    for name in ("one", "other"):
        cli("filter", two[0], "--out", tmp_path / name)
    cli("mix", tmp_path / "one", "--size", 20, "--out", tmp_path / "a")
    ran = cli("mix", tmp_path / "other", "--size", 20, "--out", tmp_path / "a")
    assert (ran.code, "holds the finished output of another run" in ran.err) == (2, True)


@pytest.mark.parametrize("beside", [False, True])
def test_a_file_without_row_groups_holds_nothing(
    tmp_path: Path, cli: Cli, two: tuple[Path, Path], beside: bool
) -> None:
    pq.ParquetWriter(tmp_path / "none.parquet", SCHEMA).close()
    ran = cli("mix", tmp_path / "none.parquet", *(two if beside else ()), "--out", tmp_path / "out")
    assert (ran.code, manifest_of(tmp_path / "out")["splits"]) == (0, {"train": 100 if beside else 0})


@pytest.mark.parametrize(("share", "seed"), [(0.1, 0), (0.5, 1), (0.5, 2)])
def test_one_task_alone_cannot_be_held_out_by_task(tmp_path: Path, cli: Cli, share: float, seed: int) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", [row | {"task": "one"} for row in numbered(20)])
    ran = cli("mix", source, "--heldout", share, "--heldout-by", "task", "--seed", seed, "-o", tmp_path / "o")
    assert (ran.code, "all 20 records would be held out" in ran.err) == (2, True)


@pytest.mark.parametrize("seed", range(8))
def test_of_a_large_and_a_small_task_the_small_one_is_held_out(tmp_path: Path, cli: Cli, seed: int) -> None:
    rows = [row | {"task": "small" if n < 10 else "large"} for n, row in enumerate(numbered(1_000))]
    source = write_jsonl(tmp_path / "in.jsonl", rows)
    ran = cli("mix", source, "--heldout", 0.001, "--heldout-by", "task", "--seed", seed, "-o", tmp_path / "o")
    assert manifest_of(tmp_path / "o")["splits"] == {"train": 990, "heldout": 10}
    assert "held out 10 of 1,000 records (1.0%, asked for 0.1%): what belongs to one task" in ran.err


@pytest.mark.parametrize("rows", [0, 10])
def test_a_weight_for_an_input_of_no_record_of_its_own_says_so(
    tmp_path: Path, cli: Cli, two: tuple[Path, Path], rows: int
) -> None:
    texts = {name: [row[name] for row in numbered(rows)] for name in ("instruction", "output")}
    columns = {name: pa.array(values, pa.string()) for name, values in texts.items()}
    pq.write_table(pa.table(columns), tmp_path / "none.parquet")
    first = write_jsonl(tmp_path / "first.jsonl", numbered(10)) if rows else two[0]
    inputs, weights = (first, tmp_path / "none.parquet"), ("-w", f"{first.stem}=1", "-w")
    ran = cli("mix", *inputs, *weights, "none=2", "--out", tmp_path / "out")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "--weight none=2: 'none' has no record to draw" in ran.err
    assert cli("mix", *inputs, *weights, "none=0", "--out", tmp_path / "out").code == 0
    assert list(manifest_of(tmp_path / "out")["components"]) == [first.stem]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (("--weight", "bigg=1"), "no component 'bigg'; did you mean 'big'?; there are: big, small"),
        (("--weight", "big"), "--weight big: expected NAME=NUMBER"),
        (("--weight", "big=much"), "--weight big=much: expected NAME=NUMBER"),
        (("--weight", "big=-1"), "--weight big=-1: a weight is a number from 0 up"),
        (("--weight", "big=nan"), "--weight big=nan: a weight is a number from 0 up"),
        (("--weight", "big=inf"), "--weight big=inf: a weight is a number from 0 up"),
        (("--weight", "big=1"), "--weight is missing for: small (give 0 to leave a component out)"),
        (("--weight", "big=0", "--weight", "small=0"), "--weight: all are 0, so nothing would be drawn"),
        (("--heldout-by", "task"), "--heldout-by task says how, --heldout how much: give both"),
        (("--cap", 0, "--size", 0), "--cap must be at least 1; --size must be at least 1"),
    ],
)
def test_wrong_rates_are_refused(
    tmp_path: Path, cli: Cli, two: tuple[Path, Path], given: tuple[Any, ...], problem: str
) -> None:
    ran = cli("mix", *two, *given, "--out", tmp_path / "out")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert problem in ran.err
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_inputs_of_one_name_are_told_apart_by_their_paths(tmp_path: Path, cli: Cli) -> None:
    one = write_jsonl(tmp_path / "x" / "in.jsonl", numbered(3))
    two = write_jsonl(tmp_path / "y" / "in.jsonl", numbered(2, first=9))
    cli("mix", one, two, "--out", tmp_path / "out")
    assert drawn(tmp_path / "out") == {str(one): (3, 3), str(two): (2, 2)}


def test_the_manifest_counts_licences_and_sources(tmp_path: Path, cli: Cli, two: tuple[Path, Path]) -> None:
    ran = cli("mix", *two, "--license", "CC0-1.0", "--out", tmp_path / "out", "--json")
    manifest = json.loads(ran.out)
    assert manifest["licenses"] == {"CC0-1.0": 100}
    assert manifest["sources"] == {"big": 90, "small": 10}
    assert (manifest["seed"], manifest["layout"]) == (0, "messages")


def test_many_row_groups_are_taken_in_the_right_order(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, two: tuple[Path, Path]
) -> None:
    cli("mix", *two, "--out", tmp_path / "whole" / "out")
    monkeypatch.setattr("ittools.mixture.shuffle.ROW_GROUP", 7)
    cli("mix", *two, "--out", tmp_path / "pieces" / "out")
    assert written(tmp_path / "whole" / "out") == written(tmp_path / "pieces" / "out")


@pytest.mark.parametrize("layout", ["messages", "records"])
def test_the_bytes_do_not_depend_on_engine_or_workers(
    tmp_path: Path, cli: Cli, two: tuple[Path, Path], layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ittools.mixture.shuffle.SHARD", 32)
    words = ("--size", 70, "--heldout", 0.2, "--layout", layout, "--keep-dropped", "--seed", 3)
    found = []
    for engine, workers in (("inline", 1), ("processes", 1), ("processes", 2)):
        out = tmp_path / f"{engine}{workers}" / "out"
        ran = cli("mix", *two, *words, "--engine", engine, "--workers", workers, "--out", out)
        assert ran.code == 0, ran.err
        found.append(written(out))
    assert found[0] == found[1] == found[2]
    assert len([name for name in found[0] if name.startswith("data/train")]) == 2
    assert verify(out) == []


def test_ids_of_others_are_told_apart_from_ours() -> None:
    ids = ["0" * 32, "0" * 31 + "A", "0" * 31 + "a", "mine", "", "mine", "0" * 32, "é" * 16]
    fresh = [True, True, True, True, True, False, False, True]
    assert first_of_each_id(id_keys(pa.array(ids))).tolist() == fresh
    ours = pa.array(["0123456789abcdef" * 2, "f" * 32, "0123456789abcdef" * 2])
    assert first_of_each_id(id_keys(ours)).tolist() == [True, True, False]
    assert (
        id_keys(ours.slice(1)) == id_keys(pa.array(["f" * 32, *ids, "0123456789abcdef" * 2]))[[0, -1]]
    ).all()


def test_an_empty_input_makes_an_empty_mixture(tmp_path: Path, cli: Cli) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", [{"instruction": "", "output": ""}] * 3)
    assert cli("filter", source, "--out", tmp_path / "none").code == 0
    assert cli("mix", tmp_path / "none", "--keep-dropped", "--out", tmp_path / "out").code == 0
    assert manifest_of(tmp_path / "out")["funnel"] == {"in": 0, "dropped": {}, "out": 0}
    assert cli("filter", tmp_path / "none", "--quota", "task=1", "--out", tmp_path / "again").code == 0
    assert manifest_of(tmp_path / "again")["funnel"] == {"in": 0, "dropped": {}, "out": 0}
