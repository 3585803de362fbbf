"""The small datasets beside the recipes: right as far as a program can tell, and rendered whole."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ittools.generate.seeds import builtin
from ittools.progress import Silent
from ittools.recipes import RunOptions, read_recipe
from ittools.store.manifest import read_manifest
from ittools.text.language import detect_language

DATA = builtin("recipes") / "data"
TASKS = sorted((DATA / "tasks").glob("*.json"))
TEMPLATED = ["flan2022", "superni", "p3", "metaicl", "xp3", "dialogue"]
LABELLED = {"nli": 3, "nli.de": 3, "nli.es": 3, "sentiment": 2, "sentiment.fr": 2}


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("name", "classes"), LABELLED.items())
def test_every_class_has_as_many_rows_and_no_text_stands_twice(name: str, classes: int) -> None:
    rows = _rows(name)
    counts = Counter(row["label"] for row in rows)
    assert counts == dict.fromkeys(range(classes), len(rows) // classes)
    assert len({json.dumps({**row, "label": None}, sort_keys=True) for row in rows}) == len(rows)


@pytest.mark.parametrize("name", ["qa", "qa.zh"])
def test_answers_stand_in_their_contexts(name: str) -> None:
    rows = _rows(name)
    assert len({row["question"] for row in rows}) == len(rows)
    assert [row["question"] for row in rows if row["answer"] not in row["context"]] == []


def test_arithmetic_is_right_at_every_step() -> None:
    for row in _rows("arithmetic"):
        steps = re.findall(r"(-?\d+) ([-+*/]) (\d+) = (-?\d+)", row["rationale"])
        assert steps, row
        for left, sign, right, result in steps:
            a, b = int(left), int(right)
            assert {"+": a + b, "-": a - b, "*": a * b, "/": a / b}[sign] == int(result), row
        assert row["answer"] in re.findall(r"-?\d+", row["rationale"])


def test_topics_are_those_that_the_recipe_names() -> None:
    with (DATA / "topic.csv").open(encoding="utf-8", newline="") as handle:
        counts = Counter(row["label"] for row in csv.DictReader(handle))
    options = _template_steps("flan2022")["topic"]
    assert list(counts) == options.labels[0].removeprefix("label=").split(",")
    assert set(counts.values()) == {4}


def test_tasks_to_be_told_by_demonstrations_have_enough_of_them() -> None:
    rows = _rows("icl")
    counts = Counter(row["task"] for row in rows)
    assert len(counts) == 6
    assert set(counts.values()) == {20}
    assert len({(row["task"], row["input"]) for row in rows}) == len(rows)
    assert all(not row["options"] or row["output"] in row["options"] for row in rows)
    for row in rows:
        if row["task"] == "addition":
            left, right = row["input"].split(" + ")
            assert int(left) + int(right) == int(row["output"])


def test_dialogues_have_their_answer_among_the_choices() -> None:
    for row in _rows("dialogues"):
        assert len(row["turns"]) >= 4
        assert all(turn["speaker"] and turn["text"] for turn in row["turns"])
        assert len(set(row["choices"])) == 3
        assert row["answer"] in row["choices"]
        assert row["summary"].endswith(".")


@pytest.mark.parametrize("path", TASKS, ids=lambda path: path.stem)
def test_tasks_have_what_the_format_asks_for(path: Path) -> None:
    task = json.loads(path.read_text(encoding="utf-8"))
    assert [type(task[key]) for key in ("Definition", "Instances", "Instance License")] == [list] * 3
    assert len(task["Instances"]) >= 12
    for side in ("Positive Examples", "Negative Examples"):
        assert len(task[side]) >= 2
        assert all(set(one) == {"input", "output", "explanation"} for one in task[side])
    inputs = [one["input"] for key in ("Instances", "Positive Examples") for one in task[key]]
    assert len(set(inputs)) == len(inputs)
    assert len({one["id"] for one in task["Instances"]}) == len(task["Instances"])
    assert task["Instance License"] == ["CC0-1.0"]


def test_there_are_at_least_four_tasks() -> None:
    assert len(TASKS) >= 4


def test_vowels_are_counted_right() -> None:
    task = json.loads((DATA / "tasks/count_vowels.json").read_text(encoding="utf-8"))
    for one in (*task["Instances"], *task["Positive Examples"]):
        expected = str(len(re.findall("[aeiou]", one["input"])))
        assert one["output"] in (expected, [expected])


@pytest.mark.parametrize(
    ("name", "language"), [("nli.de", "de"), ("nli.es", "es"), ("sentiment.fr", "fr"), ("qa.zh", "zh")]
)
def test_files_are_in_the_language_of_their_name(name: str, language: str) -> None:
    texts = [" ".join(value for value in row.values() if isinstance(value, str)) for row in _rows(name)]
    assert detect_language(" ".join(texts)).code == language


# --- through the recipes --------------------------------------------------------------------------


def _template_steps(name: str) -> dict[str, Any]:
    options = RunOptions(recipe=name, trial=True)
    steps = read_recipe(builtin("recipes") / f"{name}.yaml", options).steps
    return {step.name: step.options for step in steps if step.command == "template"}


EVERY = [(recipe, step) for recipe in TEMPLATED for step in _template_steps(recipe)]


@pytest.mark.parametrize(("recipe", "step"), EVERY, ids=lambda word: word)
def test_every_row_gives_a_record_or_is_left_out_on_purpose(recipe: str, step: str, tmp_path: Path) -> None:
    from ittools.template.template import template

    options = replace(_template_steps(recipe)[step], out=tmp_path / "out", engine="inline", keep_dropped=True)
    template(options, Silent())
    manifest = read_manifest(tmp_path / "out")
    assert manifest is not None
    records = pq.read_table(tmp_path / "out" / "data").to_pylist()
    assert len(records) >= 16
    assert manifest["licenses"] == {"CC0-1.0": len(records)}
    assert all(record["instruction"].strip() and record["output"].strip() for record in records)
    allowed = {"over-cap"} | ({"empty-render"} if (recipe, step) == ("p3", "nli") else set())
    assert set(manifest["funnel"]["dropped"]) <= allowed


@pytest.mark.parametrize("name", TEMPLATED)
def test_shipped_trials_over_templates_read_what_lies_beside_them(name: str) -> None:
    path = builtin("recipes") / f"{name}.yaml"
    steps = read_recipe(path, RunOptions(recipe=name, trial=True)).steps
    rendering = [step.options for step in steps if step.command == "template"]
    given = [Path(one) for options in rendering for one in (*options.inputs, options.templates) if one]
    files = [one for one in given if one.suffix in (".jsonl", ".json", ".csv", ".yaml")]
    assert len(files) >= len(rendering) > 0
    assert all(one.is_file() and one.is_relative_to(builtin("recipes") / "data") for one in files)
    assert not [step for step in steps if step.command == "generate"]
    assert [step.options.model for step in steps if step.command == "finetune"] == ["tiny"]


@pytest.mark.parametrize("name", TEMPLATED)
def test_shipped_recipes_claim_no_licence_for_files_that_others_give(name: str) -> None:
    steps = read_recipe(builtin("recipes") / f"{name}.yaml", RunOptions(recipe=name)).steps
    licenses = {step.options.license for step in steps if step.command == "template"}
    assert licenses == {"LicenseRef-unspecified"}
