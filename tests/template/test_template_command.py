"""`ittools template` and `template preview`, whatever the style: same bytes, caps, drops, names, reuse."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbench import Cli, manifest_of, read_records, write_jsonl, written

from ittools.formats import tables

NLI = ["entailment", "neutral", "contradiction"]


def source(folder: Path, count: int = 60) -> Path:
    rows = [
        {"premise": f"Box {n} is red and full.", "hypothesis": f"Box {n} is not empty.", "label": n % 3}
        for n in range(count)
    ]
    return write_jsonl(folder / "boxes.jsonl", rows)


@pytest.mark.parametrize(
    "how",
    [
        ("--templates", "nli.en", "--shots", "0,2"),
        ("--templates", "nli.en", "--per-row", "3", "--cap-template", "4", "--keep-dropped"),
    ],
)
def test_the_bytes_do_not_depend_on_engine_or_workers(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, how: tuple[str, ...]
) -> None:
    monkeypatch.setattr(tables, "RANGE", 2_000)
    rows = source(tmp_path)
    made = []
    for number, engine in enumerate((("--engine", "inline"), ("--engine", "processes", "--workers", "2"))):
        out = tmp_path / str(number) / "out"
        ran = cli("template", rows, *how, *engine, "--out", out)
        assert ran.code == 0, ran.err
        made.append(written(out))
    assert made[0] == made[1]


def test_a_second_plan_at_the_same_place_is_read_in_the_same_process(tmp_path: Path, cli: Cli) -> None:
    rows, out = source(tmp_path), tmp_path / "out"
    made = []
    for more in ((), ("--task", "mine"), ()):
        ran = cli("template", rows, "--templates", "nli.en", "--shots", 1, *more, "--out", out, "--force")
        assert ran.code == 0, ran.err
        made.append({record["task"] for record in read_records(out)})
    assert made[1] == {"mine"}
    assert made[0] == made[2] != made[1]


def test_the_seed_decides_what_is_drawn(tmp_path: Path, cli: Cli) -> None:
    rows = source(tmp_path)
    drawn = []
    for number, seed in enumerate((0, 0, 1)):
        out = tmp_path / str(number)
        assert cli("template", rows, "--templates", "nli.en", "--seed", seed, "--out", out).code == 0
        drawn.append([record["instruction"] for record in read_records(out)])
    assert drawn[0] == drawn[1] != drawn[2]


def test_caps_count_by_task_and_by_template_and_name_what_went(tmp_path: Path, cli: Cli) -> None:
    out = tmp_path / "out"
    how = ("--templates", "nli.en", "--per-row", 5, "--cap-template", 7, "--cap", 40, "--keep-dropped")
    assert cli("template", source(tmp_path), *how, "--out", out).code == 0
    funnel = manifest_of(out)["funnel"]
    assert (funnel["in"], funnel["out"]) == (300, 40)
    assert funnel["dropped"] == {"over-cap": 260}
    kept = Counter(record["template"] for record in read_records(out))
    assert max(kept.values()) <= 7
    assert {record["reason"] for record in read_records(out, "dropped", "dropped")} == {"over-cap"}


def test_a_finished_output_is_reused_and_other_options_are_refused(tmp_path: Path, cli: Cli) -> None:
    rows, out = source(tmp_path, 6), tmp_path / "out"
    words = ("template", rows, "--templates", "nli.en", "--out", out)
    assert cli(*words).code == 0
    before = written(out)
    assert cli(*words).code == 0
    assert written(out) == before
    ran = cli(*words, "--seed", 3)
    assert (ran.code, "--force" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--cap", "0"), "--cap 0: at least 1"),
        (("--cap-template", "0"), "--cap-template 0: at least 1"),
    ],
)
def test_numbers_that_mean_nothing_are_refused(
    tmp_path: Path, cli: Cli, given: tuple[str, ...], said: str
) -> None:
    ran = cli("template", source(tmp_path, 3), "--templates", "nli.en", *given, "--out", tmp_path / "out")
    assert (ran.code, said in ran.err) == (2, True), ran.err


@pytest.mark.parametrize("name", ["train", "test", "validation"])
def test_a_file_named_for_its_split_is_named_by_its_folder(tmp_path: Path, cli: Cli, name: str) -> None:
    folder = tmp_path / "boxes"
    folder.mkdir()
    moved = source(tmp_path, 3).rename(folder / f"{name}.jsonl")
    out = tmp_path / "out"
    assert cli("template", moved, "--templates", "nli.en", "--out", out).code == 0
    assert {record["task"] for record in read_records(out)} == {"boxes"}


def test_preview_shows_each_template_and_writes_nothing(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = source(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    ran = cli("template", "preview", rows, "--templates", "nli.en", "-n", 2, "--json")
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    assert len(shown) > 5
    assert all(1 <= len(some) <= 2 for some in shown.values())
    told = cli("template", "preview", rows, "--templates", "nli.en", "-n", 1)
    assert told.out.count("── flan/nli.en/") == len(shown)
    assert sorted(tmp_path.rglob("*")) == before


def test_preview_of_nothing_is_refused(tmp_path: Path, cli: Cli) -> None:
    ran = cli("template", "preview", source(tmp_path), "--templates", "nli.en", "-n", 0)
    assert (ran.code, "--num must be at least 1" in ran.err) == (2, True)


@pytest.mark.parametrize("command", [("template",), ("template", "preview"), ("template", "lint")])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--style", "flan", "--pairs"), "--pairs means nothing to --style flan; it is for oasst"),
        (
            ("--style", "icl", "--templates", "nli"),
            "--templates means nothing to --style icl; it is for p3 and flan",
        ),
        (("--style", "p3", "--encoding", "def"), "--encoding means nothing to --style p3; it is for superni"),
    ],
)
def test_an_option_of_another_style_is_refused(
    tmp_path: Path, cli: Cli, command: tuple[str, ...], given: tuple[str, ...], said: str
) -> None:
    ran = cli(*command, source(tmp_path, 3), *given)
    assert (ran.code, said in ran.err) == (2, True), ran.err


@pytest.mark.parametrize(("name", "content"), [("a.json", "[]"), ("a.jsonl", ""), ("a.csv", "premise\n")])
def test_a_file_without_rows_is_a_command_that_failed(
    tmp_path: Path, cli: Cli, name: str, content: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    ran = cli("template", path, "--templates", "nli.en", "--out", tmp_path / "out")
    assert (ran.code, f"{name}: holds no record" in ran.err) == (1, True), ran.err
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_parquet_without_rows_is_a_finished_nothing(tmp_path: Path, cli: Cli) -> None:
    path, out = tmp_path / "a.parquet", tmp_path / "out"
    pq.write_table(pa.table({"premise": pa.array([], pa.string())}), path)
    assert cli("template", path, "--templates", "nli.en", "--out", out).code == 0
    assert manifest_of(out)["funnel"] == {"in": 0, "dropped": {}, "out": 0}
