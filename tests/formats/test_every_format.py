"""A row of every format that is sniffed is the same record as JSONL, on stdin, in an array, in Parquet."""

from __future__ import annotations

import inspect
import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ittools.formats import mapping, nested, superni
from ittools.formats.columns import map_flat_rows, map_table
from ittools.formats.mapping import Defaults, map_rows, sniff
from ittools.formats.source import ReadOptions, open_inputs
from ittools.records.build import record_batch

Row = dict[str, Any]
ASKED, GOOD, BAD = (
    {"role": role, "content": text} for role, text in (("user", "q"), ("assistant", "a"), ("assistant", "b"))
)
TASK = {
    "Task": "t1",
    "Definition": ["Say yes."],
    "Instances": [{"id": "t1-1", "input": "x", "output": ["yes"]}],
}
FLAT = {"task_name": "t1", "id": "t1-1", "definition": "Say yes.", "inputs": "x", "targets": "yes"}
OWN = dict.fromkeys(("id", "task", "source", "license"), "s") | {
    "instruction": "i", "input": "x", "output": "o"
}  # fmt: skip
TREE = {"text": "q", "role": "prompter", "replies": [{"text": "a", "role": "assistant", "lang": "en"}]}
SQUAD = {"question": "q?", "context": "c", "answers": {"text": ["a"], "answer_start": [0]}, "id": "1"}
QAS = [{"question": "q?", "id": "1", "answers": [{"text": "a", "answer_start": 0}]}]

# name -> (the mapper, a row, its instruction, input and output)
FORMATS: dict[str, tuple[str, Row, tuple[str, str, str]]] = {
    "our own": ("_own", OWN, ("i", "x", "o")),
    "seed": ("_seed", {"instruction": "i", "instances": [{"input": "x", "output": "o"}]}, ("i", "x", "o")),
    "task file": ("task_records", TASK, ("Say yes.", "x", "yes")),
    "task row": ("task_records", FLAT, ("Say yes.", "x", "yes")),
    "task row and prompt": ("task_records", FLAT | {"prompt": "p", "output": "o"}, ("Say yes.", "x", "yes")),
    "task file and input": ("task_records", TASK | {"input": "p", "output": "o"}, ("Say yes.", "x", "yes")),
    "tree": ("_tree", {"message_tree_id": "t", "prompt": TREE}, ("q", "", "a")),
    "squad": ("_squad", {"data": [{"title": "T", "paragraphs": [{"context": "c", "qas": QAS}]}]},
              ("q?", "c", "a")),
    "squad row": ("squad_question", SQUAD, ("q?", "c", "a")),
    "transcripts": ("_transcripts", {"chosen": "\n\nHuman: q\n\nAssistant: a",
                                     "rejected": "\n\nHuman: q\n\nAssistant: b"}, ("q", "", "a")),
    "preference": ("_preference", {"prompt": "q", "chosen": "a", "rejected": "b"}, ("q", "", "a")),
    "preferred alone": ("_chosen", {"prompt": "q", "chosen": "a", "rejected": None}, ("q", "", "a")),
    "preference of turns": ("_preference", {"chosen": [ASKED, GOOD], "rejected": [ASKED, BAD]},
                            ("q", "", "a")),
    "choices": ("_choices", {"question": "2 + 2?", "choices": ["3", "4"], "answer": 1},
                ("2 + 2?", "A. 3\nB. 4", "4")),
    "messages": ("messages", {"messages": [ASKED, GOOD]}, ("q", "", "a")),
    "messages and system": ("messages", {"messages": [ASKED, GOOD], "system": "s", "id": "row7"},
                            ("q", "", "a")),
    "sharegpt": ("sharegpt", {"conversations": [{"from": "human", "value": "q"},
                                                {"from": "gpt", "value": "a"}]}, ("q", "", "a")),
    "alpaca": ("_alpaca", {"instruction": "i", "input": "x", "output": "o"}, ("i", "x", "o")),
    "alpaca and history": ("_alpaca", {"instruction": "i", "output": "o", "history": [["q", "a"]]},
                           ("i", "", "o")),
    "alpaca and rejected": ("_alpaca", {"instruction": "i", "output": "o", "rejected": "b"}, ("i", "", "o")),
    "prompt and completion": ("_prompt_completion", {"prompt": "p", "completion": "c"}, ("p", "", "c")),
    "prompt of turns": ("_prompt_completion", {"prompt": [ASKED], "completion": [GOOD]}, ("q", "", "a")),
    "verdict": ("_prompt_completion", {"prompt": "p", "completion": "c", "label": True}, ("p", "", "c")),
    "inputs and targets": ("_prompt_completion", {"inputs": "p", "targets": "c"}, ("p", "", "c")),
    "a language": ("_prompt_completion", {"prompt": "p", "completion": "c", "lang": "de"}, ("p", "", "c")),
    "no language": ("_prompt_completion", {"prompt": "p", "completion": "c", "lang": "sql"}, ("p", "", "c")),
}  # fmt: skip
EVERY = pytest.mark.parametrize("name", FORMATS)


def one_by_one(row: Row, *, open_ended: bool = False) -> list[Row]:
    records = map_rows([("f:1", row)], Defaults("in", open_ended=open_ended))
    rows: list[Row] = record_batch(records).to_pylist()
    return rows


def test_every_mapper_has_a_row_here() -> None:
    """A format that somebody adds is told of."""
    mappers = {
        name
        for module in (mapping, nested, superni)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if list(inspect.signature(function).parameters) == ["row", "place", "defaults"]
    }
    assert {mapper for mapper, _, _ in FORMATS.values()} == mappers


@EVERY
def test_a_row_is_what_its_format_says(name: str) -> None:
    mapper, row, expected = FORMATS[name]
    assert sniff(row, "f:1").__name__ == mapper
    (record,) = one_by_one(row)
    assert (record["instruction"], record["input"], record["output"]) == expected


@EVERY
@pytest.mark.parametrize("ending", ["jsonl", "stdin", "json", "parquet"])
def test_a_row_is_the_same_record_however_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, ending: str
) -> None:
    _, row, _ = FORMATS[name]
    path = tmp_path / f"in.{ending}"
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist([row]), path)
        (row,) = pq.read_table(path).to_pylist()
    else:
        path.write_text(json.dumps([row] if ending == "json" else row), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(json.dumps(row).encode())))
    (source,) = open_inputs(ReadOptions(inputs=("-" if ending == "stdin" else str(path),), source="in"))
    assert [record for batch in source.batches() for record in batch.to_pylist()] == one_by_one(row)


@EVERY
@pytest.mark.parametrize("open_ended", [False, True])
def test_columns_give_that_record_or_leave_it_to_rows(name: str, open_ended: bool) -> None:
    _, row, _ = FORMATS[name]
    defaults = Defaults("in", open_ended=open_ended)
    expected = one_by_one(row, open_ended=open_ended)
    table = pa.Table.from_pylist([row])
    for batch in (map_flat_rows([row], defaults), map_table(table, defaults, whole=True),
                  map_table(table, defaults, whole=False)):  # fmt: skip
        assert batch is None or batch.to_pylist() == expected


@pytest.mark.parametrize("name", ["alpaca", "prompt and completion", "a language", "no language"])
def test_flat_rows_need_no_rows(name: str) -> None:
    _, row, _ = FORMATS[name]
    assert map_table(pa.Table.from_pylist([row]), Defaults("in"), whole=False) is not None
