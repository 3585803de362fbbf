"""What rows hold arrives: licences, extra columns and keys of turns; nothing is made up of NaN."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from workbench import Cli, write_jsonl

from ittools.errors import InputError
from ittools.formats.arrow_rows import rows_of
from ittools.formats.conversations import fields_of_turns
from ittools.formats.finish import meta_json, own_meta
from ittools.formats.mapping import Defaults, map_rows
from ittools.formats.rows import file_rows, line_rows_of
from ittools.formats.shapes import Shape, row_of
from ittools.formats.superni import compact_json
from ittools.records.build import build_record

Row = dict[str, Any]
NAN, INFINITE = float("nan"), float("inf")
LONE = "x\ud83dy"
ASKED, ANSWERED = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}


def mapped(row: Row, place: str = "f.jsonl:1") -> Row:
    (record,) = map_rows([(place, row)], Defaults("here"))
    return record


def meta(record: Row) -> Any:
    return json.loads(record["meta"] or "{}")


FLAT = {"definition": "Say.", "inputs": "i", "targets": "t"}


def test_a_flat_row_of_natural_instructions_keeps_its_licence_and_all_its_columns() -> None:
    record = mapped(
        FLAT | {"license": "CC-BY-NC-4.0", "source": "x", "generator": "m", "language": "de", "extra": "z",
                "id": 7, "empty": None}
    )  # fmt: skip
    told = {name: record[name] for name in ("license", "source", "generator", "language")}
    assert told == {"license": "CC-BY-NC-4.0", "source": "x", "generator": "m", "language": "de"}
    assert meta(record) == {"extra": "z", "id": "7"}


def test_a_task_file_with_a_licence_of_its_instances_has_that_one() -> None:
    task = {"Definition": "Say.", "Instances": [{"input": "i", "output": "t"}], "license": "MIT"}
    assert mapped(task)["license"] == "MIT"
    assert mapped(task | {"Instance License": ["CC BY 4.0"]})["license"] == "CC-BY-4.0"
    assert mapped(task | {"URL": "u"})["meta"] is None


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("fl.jsonl:1", "fl"),
        ("a/fl.jsonl:20", "fl"),
        ("fl.json.gz:3", "fl"),
        ("fl.v2.parquet#7", "fl.v2"),
        ("stdin:2", "stdin"),
        ("org/name#3", "name"),
    ],
)
def test_rows_with_an_instance_each_are_one_task_named_after_their_file(place: str, name: str) -> None:
    assert mapped(FLAT, place)["task"] == name
    assert mapped({"Definition": "Say.", "Instance": {"input": "i", "output": "t"}}, place)["task"] == name
    assert mapped(FLAT | {"task": "theirs"}, place)["task"] == "theirs"
    assert mapped(FLAT | {"task_name": "named", "task": "theirs"}, place)["task"] == "named"


@pytest.mark.parametrize("nothing", [NAN, INFINITE, -INFINITE, None], ids=repr)
def test_not_a_number_is_null_and_no_text(nothing: float | None) -> None:
    row = {"instruction": "Name it.", "input": nothing, "output": "red", "x": nothing, "license": nothing,
           "y": [1, {"z": nothing}]}  # fmt: skip
    record = mapped(row)
    assert (record["instruction"], record["input"], record["output"]) == ("Name it.", "", "red")
    assert (record["license"], meta(record)) == ("LicenseRef-unspecified", {"y": [1, {"z": None}]})
    task = FLAT | {"inputs": nothing, "targets": "t"}
    assert mapped(task)["input"] == ""


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (False, "false"), (5, "5"), (-0.5, "-0.5")])
def test_a_truth_value_is_spelt_as_json_spells_it(value: object, text: str) -> None:
    assert mapped({"question": "q", "answer": value})["output"] == text
    assert mapped({"definition": "d", "inputs": "q", "targets": value})["output"] == text


TEXT = st.text(st.characters(codec=None), max_size=6)
VALUE = st.recursive(
    st.none() | TEXT | st.floats() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def refuse(word: str) -> None:
    raise AssertionError(word)


@given(st.dictionaries(TEXT, VALUE, max_size=4))
def test_meta_is_json_that_every_reader_takes_whatever_a_row_holds(held: Row) -> None:
    for encode in (meta_json, compact_json):
        opened = json.loads(encode(held), parse_constant=refuse)
        json.dumps(opened, ensure_ascii=False).encode("utf-8")
        assert json.loads(encode(opened)) == opened
    clean = json.dumps(json.loads(meta_json(held)), indent=1)
    assert own_meta(clean, "") == clean  # nothing to mend: as it stands


def test_half_a_character_in_meta_neither_stops_an_export_nor_stays(tmp_path: Path, cli: Cli) -> None:
    said = {"messages": [ASKED, ANSWERED], "tools": LONE, LONE: [NAN]}
    assert meta(mapped(said)) == {"tools": "x\ufffdy", "x\ufffdy": [None]}
    for to in ("messages", "sharegpt", "jsonl"):
        ran = cli("export", write_jsonl(tmp_path / "said.jsonl", [said]), "--to", to)
        assert (ran.code, "x\ufffdy" in ran.out or r"x\\ufffdy" in ran.out) == (0, True)
    ours = build_record("q", "", "a", source="s", meta=json.dumps({"tools": LONE}))
    assert row_of(ours, Shape("messages"))["tools"] == "x\ufffdy"  # of a file that we did not make
    assert own_meta(ours["meta"], "") == r'{"tools": "x\ufffdy"}'


def test_keys_of_turns_without_a_place_stay_in_meta() -> None:
    turns = [
        ASKED | {"name": "Ada", "weight": None},
        {"role": "assistant", "content": "I look.", "tool_calls": [{"id": "c1"}], "reasoning_content": "Hm."},
        {"role": "tool", "content": "no", "tool_call_id": "c1"},
        {"from": "gpt", "value": "a", "weight": 0},
    ]
    fields = [{"name": "Ada"}, {"reasoning_content": "Hm."}, {"tool_call_id": "c1"}, {"weight": 0}]
    assert meta(mapped({"messages": turns, "id": 1})) == {"id": 1, "turn_fields": {"messages": fields}}
    assert meta(mapped({"prompt": turns[:3], "completion": turns[3:]})) == {
        "turn_fields": {"prompt": fields[:3], "completion": fields[3:]}
    }
    pair = {"prompt": [ASKED], "chosen": [ANSWERED | {"weight": 1}], "rejected": ANSWERED | {"score": 2}}
    assert meta(mapped(pair)) == {"turn_fields": {"chosen": [{"weight": 1}], "rejected": [{"score": 2}]}}


def test_turns_of_role_and_content_leave_nothing() -> None:
    empty = {"tool_calls": [], "function_call": None, "name": "", "tool_call_id": None}
    assert mapped({"messages": [ASKED, ANSWERED | empty]})["meta"] is None
    assert fields_of_turns({"messages": "text", "instances": [{"input": "i", "x": 1}]}, ("messages",)) == {}
    seed = {"instruction": "s", "instances": [{"input": "i", "output": "o"}]}
    assert mapped(seed)["meta"] is None


@pytest.mark.parametrize("value", ["Python", "sql", "English", "EN", 3, ["de", "en"]], ids=str)
def test_what_is_no_code_of_a_language_is_kept_in_meta(value: object) -> None:
    for row in ({"instruction": "a", "output": "b"}, {"messages": [ASKED, ANSWERED]}, FLAT):
        record = mapped(row | {"language": value})
        assert (record["language"], meta(record)) == (None, {"language": value})


def test_a_code_of_a_language_is_the_language_and_records_of_ours_keep_any() -> None:
    row = {"messages": [ASKED, ANSWERED]}
    assert mapped(row | {"language": "zh-Hans"})["language"] == "zh-Hans"
    ours = build_record("q", "", "a", source="s", language="ceb")
    back = mapped(row_of(ours, Shape("messages", whole=True)))
    assert (back["language"], back["meta"]) == ("ceb", None)


def test_provenance_that_is_no_text_is_kept_in_meta() -> None:
    row = {"instruction": "a", "output": "b", "source": ["x"], "license": {"name": "MIT"}, "task": 4}
    record = mapped(row)
    assert (record["source"], record["license"], record["task"]) == ("here", "LicenseRef-unspecified", "here")
    assert meta(record) == {"source": ["x"], "license": {"name": "MIT"}, "task": 4}


QUOTES = (
    'instruction\toutput\nSay the first\t"Hello there\nSay the second\tworld\nSay the third\tthe end"\n'
    "Say the fourth\t\n"
)


@pytest.mark.parametrize("ending", [".tsv", ".tsv.gz", ".TSV"])
def test_bare_quotes_in_tabs_are_text_and_join_no_rows(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"u{ending}"
    path.write_bytes(gzip.compress(QUOTES.encode()) if ending.endswith(".gz") else QUOTES.encode())
    assert [row["output"] for _, row in file_rows(path)] == ['"Hello there', "world", 'the end"', None]
    assert [place for place, _ in file_rows(path, "u")] == ["u:2", "u:3", "u:4", "u:5"]


def test_quotes_as_csv_puts_them_are_none_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "q.tsv"
    path.write_text('instruction\toutput\n"Say ""hi"""\t"two\nlines"\n', encoding="utf-8")
    assert [row for _, row in file_rows(path)] == [{"instruction": 'Say "hi"', "output": "two\nlines"}]


@pytest.mark.parametrize("name", ["Q.JSONL.GZ", "q.jsonl.GZ", "Q.JSONL"])
def test_endings_in_capitals_are_endings(tmp_path: Path, cli: Cli, name: str) -> None:
    content = b'{"instruction": "a", "output": "b"}\n' * 2_000
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith("GZ") else content)
    assert len(cli("export", path, "--to", "alpaca").out.splitlines()) == 2_000


DOUBLE = pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])


@pytest.mark.parametrize(
    ("table", "name"),
    [
        (pa.table([["a"], ["b"], ["c"]], names=["prompt", "output", "prompt"]), "prompt"),
        (pa.table({"prompt": ["a"], "output": ["b"], "s": DOUBLE}), "s.x"),
        (pa.table({"prompt": ["a"], "output": ["b"],
                   "s": pa.ListArray.from_arrays(pa.array([0, 1], pa.int32()), DOUBLE)}), None),
    ],
    ids=["columns", "fields", "fields in a list"],
)  # fmt: skip
def test_two_columns_of_one_name_are_refused_and_none_of_them_lost(
    tmp_path: Path, cli: Cli, table: pa.Table, name: str | None
) -> None:
    with pytest.raises(InputError, match="two columns are named") as refusal:
        rows_of(table)
    assert name is None or f"two columns are named {name!r}; rename or remove one" in str(refusal.value)
    path = tmp_path / "double.parquet"
    pq.write_table(table, path)
    ran = cli("export", path)
    assert (ran.code, "two columns are named" in ran.err, "Traceback" in ran.err) == (1, True, False)


@pytest.mark.parametrize(
    "content", [b'[\n{"instruction": "a", "output": "b"}\n]\n', b'[{"instruction": "a"}]']
)
def test_an_array_where_lines_are_read_says_where_arrays_are(content: bytes) -> None:
    with pytest.raises(InputError, match=r"^stdin:1: .*an array is read from a file named \.json; - and"):
        list(line_rows_of(content, "stdin"))


def test_compressed_bytes_without_such_an_ending_say_so() -> None:
    with pytest.raises(InputError, match=r"^stdin: compressed with gzip; .*\(gzip -dc\): - takes plain"):
        list(line_rows_of(gzip.compress(b'{"instruction": "a"}\n'), "stdin"))
