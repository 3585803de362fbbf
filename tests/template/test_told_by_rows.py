"""What a row says of itself holds before what is said of all rows, in every style; an odd row is one row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from workbench import Cli, manifest_of, read_records, write_jsonl

from ittools.formats.tables import About
from ittools.template.build import Builder, told

Row = dict[str, Any]
TALK = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]
NODE = {"message_id": "a", "text": "Hello!", "role": "assistant", "rank": 0, "replies": []}
ROWS: dict[str, Row] = {
    "flan": {"question": "Is it red?", "answer": "no"},
    "p3": {"question": "Is it red?", "answer": "no"},
    "superni": {"task_name": "t", "definition": "Say it.", "inputs": "x", "targets": "y"},
    "icl": {"input": "a", "output": "b"},
    "dialogue": {"dialogue": ["A: Late again?", "B: The bus."]},
    "chat": {"messages": TALK},
    "hh": {"chosen": "\n\nHuman: Hi\n\nAssistant: a", "rejected": "\n\nHuman: Hi\n\nAssistant: b"},
    "oasst": {
        "message_tree_id": "t",
        "prompt": {"message_id": "q", "text": "Hi", "role": "prompter", "replies": [NODE]},
    },
}
ODD: dict[str, tuple[Row, str]] = {
    "superni": ({"x": 1}, "unreadable"),
    "icl": ({"input": "a"}, "missing-field"),
    "dialogue": ({"dialogue": None}, "missing-field"),
    "chat": ({"id": 3}, "missing-field"),
    "hh": ({"chosen": "\n\nHuman: Hi\n\nAssistant: a"}, "missing-field"),
    "oasst": ({"x": 1}, "no-tree"),
}
QA = """
task_type: made
language: en
fields: [question, answer]
answer: answer
templates:
  - {name: plain, input: "Q={question}", target: "{answer}"}
"""
JINJA = """dataset: mine
templates:
  id0: !Template
    metadata: !TemplateMetadata {"original_task": true, "languages": ["en"]}
    name: plain
    jinja: "{{question}} ||| {{answer}}"
  id1: !Template
    metadata: !TemplateMetadata {"original_task": true, "languages": ["en"]}
    name: slow
    jinja: "{% if answer %}{{question}}{% endif %} ||| {{answer}}"
"""


def ran(folder: Path, cli: Cli, style: str, data: Path) -> list[Row]:
    """Records of the command, also those that were dropped, with `reason`."""
    more: tuple[Any, ...] = ("--shots", "0") if style == "icl" else ()
    if style in ("flan", "p3"):
        templates = folder / "templates.yaml"
        templates.write_text(QA if style == "flan" else JINJA, encoding="utf-8")
        more = ("--templates", templates)
    if style == "dialogue":
        more = ("--only", "response-generation")
    out = folder / "out"
    how = ("--license", "MIT", "--language", "en", "--keep-dropped", "--out", out)
    done = cli("template", data, "--style", style, *more, *how)
    assert done.code == 0, done.err
    return [
        *read_records(out),
        *(read_records(out, "dropped", "dropped") if "dropped" in _splits(out) else []),
    ]


def _splits(out: Path) -> set[str]:
    return {"dropped"} if manifest_of(out)["funnel"]["dropped"] else set()


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("style", ROWS)
def test_a_rows_own_licence_and_source_hold_before_the_others(
    tmp_path: Path, cli: Cli, style: str, ending: str
) -> None:
    says: list[Row] = [{"license": "CC-BY-4.0", "source": "theirs"}, {"license": None, "source": ""}]
    rows, data = [ROWS[style] | one for one in says], tmp_path / f"rows.{ending}"
    write_jsonl(data, rows) if ending == "jsonl" else pq.write_table(pa.Table.from_pylist(rows), data)
    found = ran(tmp_path, cli, style, data)
    assert {row.get("reason") for row in found} == {None}
    every = 2 if style == "p3" else 1
    assert sorted((row["license"], row["source"]) for row in found) == sorted(
        [("CC-BY-4.0", "theirs"), ("MIT", "rows")] * every
    )
    assert not any({"license", "source"} & json.loads(row["meta"] or "{}").keys() for row in found)


@pytest.mark.parametrize("style", ODD)
def test_an_odd_row_is_counted_and_takes_no_other_along(tmp_path: Path, cli: Cli, style: str) -> None:
    odd, reason = ODD[style]
    found = ran(tmp_path, cli, style, write_jsonl(tmp_path / "rows.jsonl", [odd, ROWS[style], odd]))
    assert [row.get("reason") for row in found] == [None, reason, reason]
    assert all("rows.jsonl:" in row["detail"] for row in found[1:])


@pytest.mark.parametrize("style", [*ODD, "flan"])
def test_rows_that_are_all_of_another_kind_end_the_run(tmp_path: Path, cli: Cli, style: str) -> None:
    data = write_jsonl(tmp_path / "rows.jsonl", [{"x": 1}, {"x": 2}])
    more = ("--templates", "nli") if style == "flan" else ()
    done = cli("template", data, "--style", style, *more, "--out", tmp_path / "out")
    assert done.code != 0
    assert "rows.jsonl" in done.err


@pytest.mark.parametrize(
    ("style", "row", "other"),
    [
        ("chat", ROWS["oasst"], "oasst"), ("chat", ROWS["hh"], "hh"), ("hh", ROWS["chat"], "chat"),
        ("hh", ROWS["oasst"], "oasst"), ("oasst", ROWS["hh"], "hh"), ("flan", ROWS["superni"], "superni"),
    ],
)  # fmt: skip
def test_rows_of_another_style_are_told_which_one(
    tmp_path: Path, cli: Cli, style: str, row: Row, other: str
) -> None:
    data = write_jsonl(tmp_path / "rows.jsonl", [row])
    more = ("--templates", "nli") if style == "flan" else ()
    done = cli("template", data, "--style", style, *more, "--out", tmp_path / "out")
    assert done.code != 0
    assert f"--style {other}" in done.err


def test_one_file_that_is_no_task_does_not_end_a_folder_of_them(tmp_path: Path, cli: Cli) -> None:
    folder = tmp_path / "tasks"
    folder.mkdir()
    task = {"Definition": ["Say it."], "Instances": [{"input": "x", "output": ["y"]}]}
    broken = {"Definition": ["Say it."], "Instances": "none"}
    for name, row in (("a_readme", {"about": "tasks"}), ("task1", task), ("task2", task), ("task3", broken)):
        (folder / f"{name}.json").write_text(json.dumps(row), encoding="utf-8")
    found = ran(tmp_path, cli, "superni", folder)
    assert [(row["task"], row.get("reason")) for row in found] == [
        ("task1", None), ("task2", None), ("tasks", "unreadable"), ("tasks", "unreadable"),
    ]  # fmt: skip
    assert "a_readme.json" in found[2]["detail"]


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_a_source_that_a_template_shows_is_a_text(tmp_path: Path, cli: Cli, ending: str) -> None:
    rows = [{"source": "Hallo", "answer": "Hello", "license": "CC0-1.0"}]
    data = tmp_path / f"rows.{ending}"
    write_jsonl(data, rows) if ending == "jsonl" else pq.write_table(pa.Table.from_pylist(rows), data)
    for style, text in (("flan", QA), ("p3", JINJA)):
        templates = tmp_path / f"{style}.yaml"
        templates.write_text(text.replace("question", "source"), encoding="utf-8")
        out = tmp_path / style
        done = cli("template", data, "--style", style, "--templates", templates, "--out", out)
        assert done.code == 0, done.err
        assert {(row["source"], row["license"]) for row in read_records(out)} == {("rows", "CC0-1.0")}


def test_a_source_that_stands_for_another_field_is_a_text(tmp_path: Path, cli: Cli) -> None:
    for n, (row, expected) in enumerate((({}, "rows"), ({"text": "A fire."}, "Long ago, a fire."))):
        rows = [row | {"source": "Long ago, a fire.", "summary": "Fire."}]
        data, out = write_jsonl(tmp_path / str(n) / "rows.jsonl", rows), tmp_path / f"out{n}"
        done = cli("template", data, "--templates", "summary", "--only", "*", "--out", out)
        assert done.code == 0, done.err
        assert [row["source"] for row in read_records(out)] == [expected]


def test_a_mapped_column_is_the_licence_and_one_mapped_away_is_not(tmp_path: Path, cli: Cli) -> None:
    data = write_jsonl(tmp_path / "rows.jsonl", [{"license": "no", "q": "Red?", "terms": "CC0-1.0"}])
    templates = tmp_path / "p3.yaml"
    templates.write_text(JINJA, encoding="utf-8")
    for style, text in (("p3", JINJA), ("flan", QA)):
        templates.write_text(text, encoding="utf-8")
        for mapped, expected in (("question=q,answer=license", "MIT"),
                                 ("question=q,answer=license,license=terms", "CC0-1.0")):  # fmt: skip
            out = tmp_path / f"{style}-{expected}"
            how = ("--templates", templates, "--map", mapped, "--license", "MIT", "--out", out)
            done = cli("template", data, "--style", style, *how)
            assert done.code == 0, done.err
            assert {row["license"] for row in read_records(out)} == {expected}


def test_what_is_no_text_or_blank_is_not_said() -> None:
    row = {
        "license": ["MIT"],
        "source": " ",
        "language": "",
        "generator": 3,
        "parents": ["a", 1],
        "scores": "x",
    }
    assert told(row) == told({"text": "x"}) == {}
    assert told({"lang": "de", "parents": ["a"], "scores": {"q": 1}}) == {
        "language": "de", "parents": ["a"], "scores": {"q": 1.0},
    }  # fmt: skip
    assert told({"lang": "de", "language": "fr"}) == {"language": "fr"}


@given(st.text(st.characters(), min_size=1))
def test_whatever_a_row_says_arrow_can_hold(text: str) -> None:
    row = {"license": text, "source": text, "generator": text, "parents": [text], "scores": {text: 1.0}}
    built = Builder(About("a", "a", "MIT"))
    built.add("q", "a", task="t", template=None, **told(row))
    (record,) = built.rendered().batch.to_pylist()
    said = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert record["parents"] == [said]
    assert record["scores"] == [{"name": said, "value": 1.0}]
    assert (record["license"], record["generator"]) == ((said, said) if text.strip() else ("MIT", None))
