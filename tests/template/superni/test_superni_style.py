"""Task files as records: one an instance, nothing vanishes, what a file says wrongly is noted."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from superni_tasks import FRUIT, Row, chunk_of, rendered
from workbench import Cli, manifest_of, read_records, written

from ittools.errors import InputError, UsageError
from ittools.template.options import TemplateOptions
from ittools.template.superni import style


def planned(**options: Any) -> style.SuperniPlan:
    return style.plan(TemplateOptions(inputs=("tasks",), style="superni", **options), ())


def test_plain_keeps_definition_and_input_apart() -> None:
    first = rendered(FRUIT)[0]
    assert first | {"id": ""} == {
        "id": "", "instruction": "Say whether it is a fruit", "input": "thing number 0", "output": "no",
        "context": [], "rejected": None, "task": "task0", "source": "tasks", "license": "MIT",
        "language": "en", "template": "superni/task0/plain", "generator": None, "parents": None,
        "scores": None, "meta": {"categories": ["Classification"], "id": "fruit-0"}, "reason": None,
        "detail": None,
    }  # fmt: skip


def test_of_several_outputs_one_is_drawn_and_all_are_kept() -> None:
    many = [str(n) for n in range(10)]
    task = FRUIT | {"Instances": [{"input": str(n), "output": many} for n in range(200)]}
    records = rendered(task)
    drawn = Counter(record["output"] for record in records)
    assert set(drawn) == set(many)
    assert all(record["meta"]["outputs"] == many for record in records)
    assert rendered(task) == records
    assert [r["output"] for r in rendered(task, seed=1)] != [r["output"] for r in records]


def test_what_cannot_be_a_record_is_one_with_a_reason() -> None:
    instances: list[Any] = [
        {"input": "a", "output": "b"},
        {"input": "a", "output": []},
        "text",
        {"input": ["a"], "output": "b"},
        {"output": "b"},
    ]
    records = rendered(FRUIT | {"Instances": instances})
    assert [(r["reason"], r["detail"]) for r in records] == [
        (None, None),
        ("empty-output", "tasks/task0.json:1, instance 2"),
        ("malformed-instance", "tasks/task0.json:1, instance 3 is a str, expected input and output"),
        ("malformed-instance", "tasks/task0.json:1, instance 4 has an input that is a list"),
        (None, None),
    ]
    (none,) = rendered(FRUIT | {"Instances": []})
    assert (none["reason"], none["detail"]) == ("no-instances", "tasks/task0.json:1")


def test_without_a_definition_only_examples_tell_what_to_do() -> None:
    task = FRUIT | {"Definition": [float("nan")]}
    assert {r["reason"] for r in rendered(task)} == {"empty-definition"}
    assert {r["reason"] for r in rendered(task, encoding="pos")} == {None}


@given(st.integers(1, 15), st.integers(0, 3))
def test_a_cap_leaves_as_many_and_says_so_of_the_others(cap: int, seed: int) -> None:
    records = rendered(FRUIT, cap=cap, seed=seed, encoding="def-pos")
    assert [r["meta"]["id"] for r in records] == [one["id"] for one in FRUIT["Instances"]]
    assert Counter(r["reason"] for r in records)[None] == min(cap, 12)
    assert {r["reason"] for r in records} <= {None, "over-cap"}
    whole = {r["meta"]["id"]: r["instruction"] for r in rendered(FRUIT, encoding="def-pos")}
    assert all(whole[r["meta"]["id"]] == r["instruction"] for r in records if r["reason"] is None)


def test_a_cap_is_filled_from_what_can_be_rendered() -> None:
    empty = [{"input": str(n), "output": ""} for n in range(50)]
    records = rendered(FRUIT | {"Instances": empty + FRUIT["Instances"]}, cap=10)
    assert Counter(r["reason"] for r in records) == {"empty-output": 50, None: 10, "over-cap": 2}


def test_shots_are_drawn_for_each_record() -> None:
    records = rendered(FRUIT, encoding="def-pos-neg", shots="0,1,3")
    found = {tuple(record["meta"]["shots"]) for record in records}
    assert found == {(0, 0), (1, 1), (3, 2)}  # there are two negative ones
    for record in records:
        positive, negative = record["meta"]["shots"]
        assert record["instruction"].count(" Positive Example ") == positive
        assert record["instruction"].count(" Negative Example ") == negative
    assert {tuple(r["meta"]["shots"]) for r in rendered(FRUIT, encoding="def-pos", shots="3")} == {(3, 0)}


def test_a_prompt_that_lost_its_end_says_so() -> None:
    records = rendered(FRUIT, encoding="def", max_length=14)
    assert {record["meta"].get("cut") for record in records} == {True}
    assert not any("cut" in record["meta"] for record in rendered(FRUIT, encoding="def"))


def test_rows_of_one_task_are_one_task() -> None:
    rows = [
        {"task_name": name, "id": f"{name}-{n}", "definition": "Say.", "inputs": str(n), "targets": "t"}
        for name in ("first", "second")
        for n in range(3)
    ]
    records = rendered(*rows)
    assert [(r["task"], r["meta"]["id"]) for r in records] == [(r["task_name"], r["id"]) for r in rows]


def test_only_some_tasks_are_rendered() -> None:
    records = rendered(FRUIT, FRUIT, FRUIT | {"Task": "other"}, only=("task1", "oth*"))
    assert Counter(record["task"] for record in records) == {"task1": 12, "other": 12}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ablate": "delusive"}, "add --encoding pos"),
        ({"ablate": "delusive", "encoding": "def"}, "add --encoding pos"),
        ({"ablate": "simplified", "encoding": "pos"}, "--encoding pos leaves out"),
        ({"shots": "2"}, "--shots counts examples"),
        ({"shots": "two", "encoding": "pos"}, "--shots two: expected numbers"),
        ({"max_length": 0, "encoding": "pos"}, "--max-length 0: at least 1"),
        ({"tokenizer": "no/such/folder", "encoding": "pos"}, "--tokenizer no/such/folder: no tokenizer"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_options_that_contradict_each_other_are_refused(
    options: Row, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UsageError, match=message):
        planned(**options)


def test_a_row_that_is_no_task_is_refused_with_its_place() -> None:
    with pytest.raises(InputError, match=r"tasks/task0\.json:1: no task .* there are instruction, output"):
        style.render(planned(), chunk_of({"instruction": "a", "output": "b"}), {})


FINNISH = (
    "Tässä tehtävässä sinulle annetaan lause, ja sinun täytyy kirjoittaa siitä kysymys, "
    "johon voi vastata lauseen sanoilla."
)


def test_a_language_that_a_file_declares_wrongly_is_found_and_noted() -> None:
    task = FRUIT | {
        "Definition": FINNISH,
        "Instances": [
            {"input": f"{FINNISH} Kissa numero {n} istuu pöydällä ja katselee ikkunasta ulos.",
             "output": f"Missä istuu kissa, joka katselee ikkunasta ulos pihalle joka päivä numero {n}?"}
            for n in range(8)
        ],
    }  # fmt: skip
    records = rendered(task, language=None)
    assert {record["language"] for record in records} == {"fi"}
    assert records[0]["meta"]["declared_language"] == {
        "input": ["English"],
        "instruction": ["English"],
        "output": ["English"],
    }
    # what is told on the command line is not looked into
    assert {record["language"] for record in rendered(task, language="sv")} == {"sv"}


def test_labels_alone_tell_no_language() -> None:
    assert {record["language"] for record in rendered(FRUIT, language=None)} == {"en"}
    assert "declared_language" not in rendered(FRUIT, language=None)[0]["meta"]


def test_the_same_bytes_with_any_workers(tmp_path: Path, cli: Cli) -> None:
    for n in range(3):
        task = FRUIT | {"Instances": [{"input": f"{n} {m}", "output": ["a", "b"]} for m in range(40)]}
        (tmp_path / "tasks").mkdir(exist_ok=True)
        (tmp_path / "tasks" / f"task{n}.json").write_text(json.dumps(task, indent=n), encoding="utf-8")
    words = ("--style", "superni", "--cap", 30, "--encoding", "def-pos", "--language", "en", "--keep-dropped")
    for workers in (1, 2):
        out = tmp_path / f"out{workers}" / "tasks"
        engine = ("--engine", "processes", "--workers", workers)
        ran = cli("template", tmp_path / "tasks", *words, *engine, "-o", out)
        assert ran.code == 0, ran.err
    assert Counter(r["task"] for r in read_records(tmp_path / "out1" / "tasks")) == dict.fromkeys(
        ("task0", "task1", "task2"), 30
    )
    assert manifest_of(tmp_path / "out1" / "tasks")["funnel"]["dropped"] == {"over-cap": 30}
    assert written(tmp_path / "out1" / "tasks") == written(tmp_path / "out2" / "tasks")


def test_all_public_task_files_become_records(shared_data: Path, tmp_path: Path, cli: Cli) -> None:
    folders = [shared_data / name for name in ("superni", "superni_fi", "superni_old")]
    ran = cli("template", *folders, "--style", "superni", "--cap", 20, "-o", tmp_path / "out")
    assert ran.code == 0, ran.err
    records = read_records(tmp_path / "out")
    assert set(Counter(r["task"] for r in records).values()) == {20}
    finnish = {r["language"] for r in records if r["task"].startswith("fin-")}
    assert (finnish, {r["language"] for r in records if not r["task"].startswith("fin-")}) == ({"fi"}, {"en"})
    funnel = manifest_of(tmp_path / "out")["funnel"]
    assert funnel["dropped"] == {"over-cap": 34_662 - 52 * 20}


@pytest.mark.parametrize("encoding", ["plain", "def-pos"])
def test_half_a_character_ends_no_run(encoding: str) -> None:
    texts = {"input": "is this \ud800 a fruit", "output": ["yes \udc00"]}
    task = FRUIT | {"Definition": ["Say \ud800 whether"], "Instances": [texts] * 3}
    records = rendered(task, language=None, encoding=encoding)
    assert {record["output"] for record in records} == {"yes \ufffd"}


def test_rows_of_one_task_with_licences_of_their_own_stay_apart() -> None:
    flat = {"task_name": "t", "definition": "Say it.", "inputs": "x", "targets": "y"}
    rows = [flat | {"license": "MIT", "language": "fi"}, flat | {"license": "CC0-1.0"}, flat]
    records = rendered(*rows, language=None)
    assert [r["license"] for r in records] == ["MIT", "CC0-1.0", "LicenseRef-unspecified"]
    assert records[0]["language"] == "fi"
