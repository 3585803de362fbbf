"""Foreign rows to records: every known format, what has no column in `meta`, clear refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ittools.errors import InputError
from ittools.formats.columns import map_flat_rows
from ittools.formats.mapping import Defaults, map_rows
from ittools.formats.source import ReadOptions, open_inputs

HERE = Defaults(source="here", license="MIT", language="de")
SYSTEM = {"role": "system", "content": "s"}
USER, ANSWER = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
OWN = {"id": 32 * "0", "instruction": "i", "input": "", "output": "o", "task": "t", "source": "s",
       "license": "l"}  # fmt: skip


def mapped(*rows: dict[str, Any], **columns: str) -> list[dict[str, Any]]:
    defaults = Defaults("here", "MIT", "de", columns)
    return list(map_rows(((f"f:{n}", row) for n, row in enumerate(rows, 1)), defaults))


def content(record: dict[str, Any]) -> tuple[str, str, str]:
    return record["instruction"], record["input"], record["output"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"instruction": "i", "input": "x", "output": "o"}, ("i", "x", "o")),
        ({"instruction": "i", "response": "o"}, ("i", "", "o")),
        ({"instruction": "i", "input": None, "output": 3}, ("i", "", "3")),
        ({"instruction": "i"}, ("i", "", "")),
        ({"prompt": "p", "completion": "c"}, ("p", "", "c")),
        ({"question": "p", "answer": "c"}, ("p", "", "c")),
        ({"query": "p", "target": 1.5}, ("p", "", "1.5")),
        ({"messages": [USER, ANSWER]}, ("q", "", "a")),
        ({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}, ("q", "", "a")),
        ({"prompt": [USER], "completion": [ANSWER]}, ("q", "", "a")),
        ({"prompt": [USER], "completion": "a"}, ("q", "", "a")),
        ({"instruction": "i", "instances": [{"input": "x", "output": "o"}]}, ("i", "x", "o")),
        (OWN, ("i", "", "o")),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_known_formats_are_known_by_their_columns(
    row: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    (record,) = mapped(row)
    assert content(record) == expected
    assert record["context"] == []


def test_rows_of_several_formats_may_stand_in_one_file() -> None:
    rows = [
        {"instruction": "i", "output": "o"},
        {"messages": [USER, ANSWER]},
        {"prompt": "p", "completion": "c"},
        {"output": "o", "instruction": "j"},
    ]
    assert [r["instruction"] for r in mapped(*rows)] == ["i", "q", "p", "j"]


def test_earlier_turns_are_the_context() -> None:
    wanted = [SYSTEM, USER, ANSWER]
    pairs = {"user": "human", "assistant": "gpt", "system": "system"}
    shared = [{"from": pairs[t["role"]], "value": t["content"]} for t in [USER, ANSWER, USER, ANSWER]]
    rows = (
        {"messages": [*wanted, USER, ANSWER]},
        {"conversations": shared, "system": "s"},
        {"prompt": [*wanted, USER], "completion": [ANSWER]},
        {"instruction": "q", "output": "a", "system": "s", "history": [["q", "a"]]},
    )
    for row in rows:
        (record,) = mapped(row)
        assert (content(record), record["context"], record["meta"]) == (("q", "", "a"), wanted, None)


def test_history_of_another_shape_stays_in_meta() -> None:
    (record,) = mapped({"instruction": "q", "output": "a", "history": ["one", "two"]})
    assert (record["context"], json.loads(record["meta"])) == ([], {"history": ["one", "two"]})


def test_a_seed_gives_one_record_an_instance() -> None:
    seed = {
        "id": "seed_1", "name": "add", "instruction": "Add.", "is_classification": False,
        "instances": [{"input": "1", "output": "2"}, {"input": "", "output": "3", "reason": "r"}],
    }  # fmt: skip
    one, two = mapped(seed)
    assert [content(one), content(two)] == [("Add.", "1", "2"), ("Add.", "", "3")]
    assert (one["task"], json.loads(one["meta"])) == ("add", {"id": "seed_1", "is_classification": False})
    assert json.loads(two["meta"])["reason"] == "r"
    assert list(map(content, mapped(seed | {"instances": []}))) == [("Add.", "", "")]


def test_what_has_no_column_is_kept_in_meta() -> None:
    row = {"instruction": "i", "output": "o", "id": 7, "category": "x", "none": None, "deep": {"a": [1]}}
    (record,) = mapped(row)
    assert json.loads(record["meta"]) == {"id": 7, "category": "x", "deep": {"a": [1]}}


def test_a_meta_of_our_own_is_merged_not_wrapped() -> None:
    rows = (
        {"messages": [USER, ANSWER], "meta": '{"a": 1}', "b": 2},
        {"messages": [USER, ANSWER], "meta": "x"},
    )
    assert [json.loads(r["meta"]) for r in mapped(*rows)] == [{"a": 1, "b": 2}, {"meta": "x"}]


def test_provenance_is_the_rows_own_where_it_says_any() -> None:
    plain, told = mapped(
        {"instruction": "i"},
        {"instruction": "i", "task": "t", "source": "s", "license": "CC0-1.0", "language": "fr",
         "generator": "g", "template": "p", "parents": ["1"], "scores": {"quality": 1}},
    )  # fmt: skip
    names = ("task", "source", "license", "language", "generator", "template", "parents", "scores")
    assert [plain[n] for n in names] == ["here", "here", "MIT", "de", None, None, None, None]
    assert [told[n] for n in names] == [
        "t", "s", "CC0-1.0", "fr", "g", "p", ["1"], [{"name": "quality", "value": 1.0}]
    ]  # fmt: skip
    assert told["meta"] is None


def test_columns_are_renamed_by_map() -> None:
    (record,) = mapped({"frage": "q", "antwort": "a", "x": 1}, instruction="frage", output="antwort")
    assert (content(record), record["meta"]) == (("q", "", "a"), '{"x": 1}')


@pytest.mark.parametrize(
    ("cells", "name", "value"),
    [
        ({"meta": '{"b": 1, "a": 2}'}, "meta", '{"b": 1, "a": 2}'),
        ({"meta": "free"}, "meta", '{"meta": "free"}'),
        ({"meta": {"b": 1}}, "meta", '{"b": 1}'),
        ({"meta": None}, "meta", None),
        ({"id": "row 7"}, "meta", '{"id": "row 7"}'),
        ({"id": 7, "system": "Be brief.", "none": None}, "meta", '{"id": 7, "system": "Be brief."}'),
        ({"hard": True, "meta": '{"b": 1}'}, "meta", '{"b": 1, "hard": true}'),
        ({"b": 2, "meta": '{"b": 1}'}, "meta", '{"b": 2, "meta": {"b": 1}}'),
        ({"rejected": ""}, "rejected", ""),
        ({"rejected": None}, "rejected", None),
        ({"scores": '{"q": 2}'}, "scores", [{"name": "q", "value": 2.0}]),
        ({"context": '[{"role": "user", "content": "x"}]'}, "context", [{"role": "user", "content": "x"}]),
        ({"parents": '["1"]'}, "parents", ["1"]),
        ({"parents": []}, "parents", []),
    ],
)
def test_our_own_rows_keep_every_column(cells: dict[str, Any], name: str, value: Any) -> None:
    (record,) = mapped(OWN | cells)
    assert record[name] == value


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"q": "x", "r": "y"}, "f:1: cannot map the columns q, r; name them with --map, as in --map "),
        ({}, "f:1: cannot map the columns "),
        ({"instruction": ["x"]}, "f:1: column 'instruction' holds a list, expected text"),
        ({"instruction": "x", "output": {}}, "f:1: column 'output' holds a dict, expected text"),
        ({"messages": "x"}, "f:1: a conversation must be a list of turns"),
        ({"messages": None}, "f:1: a conversation must be a list of turns"),
        ({"messages": ["x"]}, "f:1: a turn must be an object with role and content"),
        ({"messages": [{"role": "judge", "content": "x"}]}, "f:1: unknown role 'judge'"),
        ({"messages": [{"role": "user", "content": []}]}, "f:1: the content of a turn must be text, got "),
        ({"instruction": "x", "instances": "y"}, "f:1: 'instances' must be a list of input/output objects"),
        (OWN | {"rejected": ["x"]}, "f:1: column 'rejected' holds a list, expected text"),
        (OWN | {"language": {}}, "f:1: column 'language' holds a dict, expected text"),
        (OWN | {"context": 7}, "f:1: column 'context' holds a int, expected a list"),
        (OWN | {"context": "x"}, "f:1: column 'context' holds text that is not JSON"),
        (OWN | {"parents": [1]}, "f:1: column 'parents' must be a list of ids"),
        (OWN | {"scores": {"q": "high"}}, "f:1: column 'scores' must hold numbers by name"),
        (OWN | {"scores": {"q": 10**400}}, "f:1: column 'scores' must hold numbers by name"),
    ],
    ids=lambda value: value[5:40] if isinstance(value, str) else "",
)  # fmt: skip
def test_what_cannot_be_mapped_is_one_line_with_its_place(row: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError) as refusal:
        mapped(row)
    assert str(refusal.value).startswith(problem)
    assert "\n" not in str(refusal.value)


def test_a_later_row_is_refused_by_its_own_line() -> None:
    with pytest.raises(InputError, match=r"^f:2: cannot map the columns text"):
        mapped({"instruction": "i"}, {"text": "x"})


def test_a_mapped_column_must_be_there() -> None:
    with pytest.raises(InputError, match=r"^f:1: --map names the column 'frage', but there are: question"):
        mapped({"question": "q"}, instruction="frage")


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "csv"])
def test_a_column_that_map_puts_aside_is_kept_in_meta(tmp_path: Path, kind: str) -> None:
    rows = [{"instruction": "a", "output": "old", "answer": "new", "note": "n"}]
    path = tmp_path / f"in.{kind}"
    if kind == "jsonl":
        path.write_text(json.dumps(rows[0]) + "\n")
    elif kind == "csv":
        path.write_text("instruction,output,answer,note\na,old,new,n\n")
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)
    (source,) = open_inputs(ReadOptions(inputs=(str(path),), map=("output=answer",)))
    [record] = [row for batch in source.batches() for row in batch.to_pylist()]
    assert (record["output"], json.loads(record["meta"])) == ("new", {"note": "n", "output": "old"})


@pytest.mark.parametrize(
    ("meta", "kept"),
    [
        (None, {"output": "old"}),
        ('{"k": 1}', {"k": 1, "output": "old"}),
        ("plain", {"meta": "plain", "output": "old"}),
        ({"k": 1}, {"meta": {"k": 1}, "output": "old"}),
    ],
)
def test_what_is_put_aside_joins_the_meta_that_is_there(meta: Any, kept: dict[str, Any]) -> None:
    row = {"instruction": "a", "output": "old", "answer": "new", "meta": meta}
    [record] = map_rows([("here", row)], Defaults("s", columns={"output": "answer"}))
    assert (record["output"], json.loads(record["meta"])) == ("new", kept)


def test_columns_that_change_places_are_both_kept() -> None:
    columns = {"instruction": "output", "output": "instruction"}
    [record] = map_rows([("here", {"instruction": "a", "output": "b"})], Defaults("s", columns=columns))
    assert (record["instruction"], record["output"], record["meta"]) == ("b", "a", None)


@pytest.mark.parametrize("asked", ["instruction", "prompt", "question"])
@pytest.mark.parametrize(
    ("more", "given", "before"),
    [
        ({"context": "Text."}, "Text.", []),
        ({"input": "", "context": "Text."}, "Text.", []),
        ({"input": "Mine.", "context": "Text."}, "Mine.", []),
        ({"input": "Mine."}, "Mine.", []),
        ({"context": ["Text."]}, "", []),
        ({"context": "", "input": None}, "", []),
        ({"system": "Be brief."}, "", [{"role": "system", "content": "Be brief."}]),
        ({"history": [["a", "b"]]}, "",
         [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]),
    ],
)  # fmt: skip
def test_what_is_asked_about_and_what_was_said_before_is_content(
    asked: str, more: dict[str, Any], given: str, before: list[dict[str, str]]
) -> None:
    row = {asked: "What?", "answer": "That.", **more}
    (record,) = mapped(row)
    assert (content(record), record["context"]) == (("What?", given, "That."), before)
    batch = map_flat_rows([row, row], HERE)
    assert batch is None or batch.to_pylist() == [record, record]


def test_a_column_of_passages_is_read_as_a_column() -> None:
    rows = [{"instruction": "What?", "context": text, "response": "That."} for text in ("One.", "", None)]
    batch = map_flat_rows(rows, HERE)
    assert batch is not None
    assert batch.to_pylist() == mapped(*rows)
    assert batch.column("input").to_pylist() == ["One.", "", ""]
