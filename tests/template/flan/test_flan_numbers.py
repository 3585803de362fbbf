"""Answers that are numbers of choices, held as text."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flan_rows import file_of, written
from workbench import Cli, read_records, write_jsonl

from ittools.template.flan.numbers import are_numbers

CHOICE = """
task_type: made-choice
language: en
fields: [question, choices, answer]
also: {answer: [key]}
options: "{choices}"
answer: answer
templates: [{name: told, input: "{question}\\n{options}", target: "It is {answer}."}]
"""
COUNTED = ["1", "23", "88", "7921"]


def row(choices: Any, answer: Any) -> dict[str, Any]:
    return {"question": "q", "choices": choices, "answer": answer}


@pytest.mark.parametrize(
    ("rows", "numbers"),
    [
        ([row(COUNTED, "1"), row(["a", "b"], "0")], True),
        ([row(["1", "2", "3", "4"], "1")], True),
        ([row(["1", "2", "3", "4"], 1.0)], True),
        ([row(COUNTED, "1"), row(COUNTED, "23")], False),
        ([row(COUNTED, "1"), row(COUNTED, "4")], False),
        ([row(COUNTED, "1"), row(["a", "b"], "b")], False),
        ([row(COUNTED, "1"), row(["a", "b"], "B")], False),
        ([row(["a", "b", "c"], "1"), row(["a", "b", "c"], "2")], False),  # nothing to decide
        ([row(["0", "1", "2"], "1")], False),  # the same either way
        ([row(COUNTED, "1"), row(COUNTED, None), row(COUNTED, "-1"), row(COUNTED, float("nan"))], True),
        ([row({"text": ["3", "2", "1"], "label": ["1", "2", "3"]}, "1")], False),
        ([row([], "0")], False),
        ([], False),
    ],
)
def test_answers_are_numbers_where_all_of_them_can_be_and_one_must(
    rows: list[dict[str, Any]], numbers: bool
) -> None:
    assert are_numbers(file_of(CHOICE), rows) is numbers


def test_one_row_alone_is_read_as_the_whole_dataset_is(cli: Cli, tmp_path: Path) -> None:
    """Of a dataset of numbers and of one of texts, in one run."""
    template = written(tmp_path, CHOICE)
    numbers = [row(COUNTED, "1"), row(["a", "b", "c"], "0"), row(["5", "2"], "1")]
    texts = [row(COUNTED, "1"), row(COUNTED, "23"), row(["5", "2"], "2")]
    data = [
        write_jsonl(tmp_path / "numbers.jsonl", numbers),
        write_jsonl(tmp_path / "texts.jsonl", texts),
    ]
    ran = cli("template", *data, "--templates", template, "--workers", 1, "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    told = [record["output"] for record in read_records(tmp_path / "out")]
    assert told == ["It is 23.", "It is a.", "It is 2.", "It is 1.", "It is 23.", "It is 2."]


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_a_mapped_column_of_any_table_is_looked_at(cli: Cli, tmp_path: Path, kind: str) -> None:
    rows = [row('["1", "2", "3", "4"]', "1"), row('["9", "0"]', "0")]
    theirs = [{"question": one["question"], "choices": one["choices"], "gold": one["answer"]} for one in rows]
    path = tmp_path / f"quiz.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(theirs), path)
    elif kind == "json":
        path.write_text(json.dumps(theirs), encoding="utf-8")
    else:
        lines = [f'q,"{one["choices"].replace(chr(34), chr(34) * 2)}",{one["gold"]}' for one in theirs]
        path.write_text("\n".join(["question,choices,gold", *lines, ""]), encoding="utf-8")
    options = ("--templates", written(tmp_path, CHOICE), "--map", "answer=gold", "--out", tmp_path / "out")
    ran = cli("template", path, *options)
    assert ran.code == 0, ran.err
    assert [record["output"] for record in read_records(tmp_path / "out")] == ["It is 2.", "It is 9."]


def test_a_table_without_rows_decides_nothing(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    pq.write_table(pa.table({"question": pa.array([], pa.string())}), path)
    full = write_jsonl(tmp_path / "full.jsonl", [row(COUNTED, "1"), row(["a", "b"], "0")])
    ran = cli("template", path, full, "--templates", written(tmp_path, CHOICE), "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert [record["output"] for record in read_records(tmp_path / "out")] == ["It is 23.", "It is a."]


def test_every_row_of_mmlu_redux_has_the_answer_that_its_number_means(
    cli: Cli, tmp_path: Path, shared_data: Path
) -> None:
    path = shared_data / "eval" / "mmlu_redux_questions.parquet"
    wanted = [
        f"It is {ast.literal_eval(one['choices'])[int(one['groundtruth_answer'])]}.".strip()
        for one in pq.read_table(path).to_pylist()
    ]
    options = ("--templates", written(tmp_path, CHOICE), "--map", "answer=groundtruth_answer")
    ran = cli("template", path, *options, "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert [record["output"] for record in read_records(tmp_path / "out")] == wanted
    assert len(wanted) == 5_700
