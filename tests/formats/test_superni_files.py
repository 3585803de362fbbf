"""Task files of Natural Instructions v1 and v2 as records of any command: every oddity, nothing lost."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from workbench import Cli, read_records

from ittools.errors import InputError
from ittools.formats.mapping import Defaults, map_rows
from ittools.formats.rows import file_rows
from ittools.formats.superni import Example, is_task, read_task, text_of, texts

V2 = {
    "Contributors": ["Somebody"],
    "Source": ["fruit"],
    "URL": [float("nan")],
    "Categories": ["Classification"],
    "Reasoning": [],
    "Definition": ["Say whether it is a fruit."],
    "Input_language": ["English"],
    "Output_language": ["English"],
    "Instruction_language": ["English"],
    "Domains": ["Food"],
    "Positive Examples": [{"input": "apple", "output": "yes", "explanation": "It grows on a tree."}],
    "Negative Examples": [{"input": "stone", "output": "yes", "explanation": "It is a mineral."}],
    "Instances": [
        {"id": "task1-a", "input": "pear", "output": ["yes", "Yes."]},
        {"id": "task1-b", "input": "tile", "output": ["no"]},
    ],
    "Instance License": ["CC BY 4.0"],
}
V1 = {
    "Title": "Answering about fruit",
    "Prompt": "Answer the question.",
    "Definition": "You are asked about fruit.",
    "Things to Avoid": "Do not guess.",
    "Emphasis & Caution": "-",
    "Examples": {
        "Positive Examples": [{"input": "a", "output": "b", "reason": "because", "suggestion": "-"}],
        "Negative Examples": [{"input": "c", "output": "d", "reason": "-", "suggestion": "-"}],
    },
    "Instances": [{"input": "x", "output": ["y"]}],
}


def mapped(row: dict[str, Any], place: str = "tasks/task1_fruit.json:1") -> list[dict[str, Any]]:
    return list(map_rows([(place, row)], Defaults("here", "MIT")))


def test_each_instance_is_a_record_with_its_definition_and_first_output() -> None:
    first, second = mapped(V2)
    assert (first["instruction"], first["input"], first["output"]) == (
        "Say whether it is a fruit.",
        "pear",
        "yes",
    )
    assert (second["input"], second["output"]) == ("tile", "no")
    assert first["task"] == "task1_fruit"
    assert first["license"] == "CC-BY-4.0"
    assert first["language"] is None  # what files declare is not always so
    assert json.loads(first["meta"]) == {
        "categories": ["Classification"],
        "domains": ["Food"],
        "id": "task1-a",
        "input_language": ["English"],
        "instance_license": ["CC BY 4.0"],
        "instruction_language": ["English"],
        "output_language": ["English"],
        "outputs": ["yes", "Yes."],
        "sources": ["fruit"],
    }


def test_the_first_version_states_its_cautions_and_prompt_apart() -> None:
    (record,) = mapped(V1, "-:1")
    assert record["instruction"] == (
        "You are asked about fruit.\nThings to Avoid: Do not guess.\nAnswer the question."
    )
    assert (record["task"], record["license"]) == ("Answering about fruit", "MIT")
    task = read_task(V1, "subtask001.json:1")
    assert (task.name, task.license) == ("subtask001", None)
    assert task.positive == (Example("a", "b", "because"),)
    assert task.negative == (Example("c", "d", None),)


def test_a_row_of_the_hub_is_one_instance() -> None:
    row = {"task_name": "task1_fruit", "id": "task1-a", "definition": "Say.", "inputs": "i", "targets": "t"}
    (record,) = mapped(row)
    assert (record["instruction"], record["input"], record["output"]) == ("Say.", "i", "t")
    assert (record["task"], json.loads(record["meta"])) == ("task1_fruit", {"id": "task1-a"})


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("yes", ("yes",)),
        (["yes"], ("yes",)),
        (["", "yes", " "], ("yes",)),
        (["-"], ("-",)),
        (3, ("3",)),
        ([True, 1.5], ("true", "1.5")),
        ([float("nan")], ()),
        ([], ()),
        (None, ()),
        ({"text": "yes"}, ()),
    ],
    ids=repr,
)
def test_outputs_may_stand_in_a_list_or_not(output: object, expected: tuple[str, ...]) -> None:
    row = V2 | {"Instances": [{"input": "x", "output": output}]}
    (instance,) = read_task(row, "t.json:1").instances
    assert (instance.outputs, instance.id) == (expected, None)
    (record,) = mapped(row)
    assert record["output"] == (expected[0] if expected else "")


@pytest.mark.parametrize(
    ("instance", "wrong"),
    [("text", "is a str"), ({"input": ["a"], "output": "b"}, "has an input that is a list")],
    ids=["text", "list"],
)
def test_an_instance_that_is_none_is_refused_by_place_and_number(instance: object, wrong: str) -> None:
    with pytest.raises(InputError, match=rf"task1_fruit\.json:1: instance 2 {wrong}"):
        mapped(V2 | {"Instances": [{"input": "a", "output": "b"}, instance]})


def test_instances_that_are_no_list_are_refused() -> None:
    with pytest.raises(InputError, match="'Instances' holds a dict, expected a list"):
        mapped(V2 | {"Instances": {"a": 1}})


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("tasks/task1.json:1", "task1"),
        ("tasks/task1.train.json.gz:1", "task1.train"),
        (r"C:\tasks\task1.json.zst:1", "task1"),
        ("task1.json", "task1"),
        ("many.jsonl:7", "many.jsonl:7"),
    ],
)
def test_a_task_is_named_after_its_file(place: str, name: str) -> None:
    assert read_task(V2, place).name == name
    assert read_task(V2 | {"Task": "own_name"}, place).name == "own_name"


def test_not_a_number_is_no_text() -> None:
    assert texts([float("nan"), "English", " ", "-", None, 3]) == ["English", "3"]
    assert text_of(float("inf")) is None
    assert text_of(["a"]) is None


def test_what_is_no_task_is_left_to_other_formats() -> None:
    assert not is_task({"Definition": "a"})
    assert not is_task({"instruction": "a", "instances": []})
    assert is_task({"Definition": "a", "Instance": {"input": "b", "output": "c"}})


def test_every_command_reads_a_task_file(tmp_path: Path, cli: Cli) -> None:
    with gzip.open(tmp_path / "task1_fruit.json.gz", "wt", encoding="utf-8") as file:
        json.dump(V2, file, indent=1)
    ran = cli("filter", tmp_path / "task1_fruit.json.gz", "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    records = read_records(tmp_path / "out")
    assert [(r["input"], r["output"], r["task"]) for r in records] == [
        ("pear", "yes", "task1_fruit"),
        ("tile", "no", "task1_fruit"),
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from([*V2, *V1]), json_values),
    st.lists(
        st.dictionaries(st.sampled_from(["id", "input", "output", "explanation"]), json_values) | json_values,
        max_size=4,
    ),
)
def test_whatever_a_file_holds_is_read_or_marked_as_wrong(row: dict[str, Any], instances: list[Any]) -> None:
    task = read_task(row | {"Definition": "d", "Instances": instances, "Positive Examples": instances}, "t")
    assert len(task.instances) == len(instances)
    for one, given_one in zip(task.instances, instances, strict=True):
        assert all(text.strip() for text in one.outputs)
        assert bool(one.wrong) == (
            not isinstance(given_one, dict) or (given_one.get("input") is not None and not one.input
                                                and given_one["input"] != "")
        )  # fmt: skip


def test_all_public_task_files_are_read_whole(shared_data: Path) -> None:
    files = sorted(shared_data.glob("superni*/*.json.gz"))
    assert len(files) == 52
    for file in files:
        raw = json.loads(gzip.decompress(file.read_bytes()))
        records = list(map_rows(file_rows(file), Defaults("superni")))
        assert len(records) == len(raw["Instances"])
        for record, instance in zip(records, raw["Instances"], strict=True):
            given_outputs = instance["output"]
            every = [given_outputs] if isinstance(given_outputs, str) else given_outputs
            meta = json.loads(record["meta"])
            assert record["input"] == instance["input"]
            assert meta.get("outputs", [record["output"]]) == every
            assert meta.get("id") == instance.get("id")
            assert record["task"] == file.name.removesuffix(".json.gz")
