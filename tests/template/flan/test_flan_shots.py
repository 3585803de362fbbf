from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from flan_rows import QA, about, chunk, demonstrations, planned, qa_rows, records, written
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import Cli, read_records, write_jsonl

from ittools.formats.tables import Labels
from ittools.template.flan import style


@pytest.fixture
def qa(tmp_path: Path) -> str:
    return written(tmp_path, QA)


def test_demonstrations_are_other_rows_by_the_same_template(qa: str) -> None:
    rows = qa_rows(30)
    plan, of = planned(qa, shots="3", only=("plain",)), chunk(rows)
    for row in records(plan, of, demonstrations(plan, of)):
        *shown, last = row["instruction"].split("\n\n\n")
        assert row["meta"]["shots"] == len(shown) == 3
        numbers = [one.removeprefix("Q=q").split("\n\na") for one in shown]
        assert all(question == answer for question, answer in numbers)
        own = last.removeprefix("Q=q")
        assert f"a{own}" == row["output"]
        assert len({own, *(question for question, _ in numbers)}) == 4


def test_a_row_that_says_the_same_is_never_shown(qa: str) -> None:
    rows = [{"question": f"q{n % 3}", "answer": f"a{n}"} for n in range(30)]
    plan, of = planned(qa, shots="5", only=("plain",)), chunk(rows)
    for row in records(plan, of, demonstrations(plan, of)):
        *shown, last = row["instruction"].split("\n\n\n")
        assert shown
        assert not any(one.startswith(f"{last}\n") for one in shown)


def test_other_questions_about_the_same_text_are_not_shown() -> None:
    rows = [
        {"dialogue": [f"A: {d}."], "questions": [{"question": f"q{d}-{n}", "choices": ["a", "b"], "answer": 0}
                                                 for n in range(4)]}
        for d in range(5)
    ]  # fmt: skip
    plan, of = planned("dialogue-qa", only=("terse",), shots="3"), chunk(rows)
    for row in records(plan, of, demonstrations(plan, of)):
        *shown, last = row["instruction"].split("\n\n\n")
        assert len(shown) == 3
        assert not any(last.partition("\n")[0] in one for one in shown)


PAIRS = """
task_type: made-pairs
language: en
fields: [premise, hypothesis, answer]
answer: answer
templates:
  - {name: straight, input: "P={premise} H={hypothesis}", target: "{answer}"}
  - {name: backwards, input: "P={premise}", target: "{hypothesis}", inverted: true}
"""


def test_an_inverted_template_shows_no_row_with_the_text_that_it_asks_for(tmp_path: Path) -> None:
    rows = [{"premise": f"p{n}", "hypothesis": f"{'It  Is' if n % 2 else 'it is'} h{n % 3}", "answer": "yes"}
            for n in range(30)]  # fmt: skip
    plan, of = planned(written(tmp_path, PAIRS), shots="3", only=("backwards",)), chunk(rows)
    for row in records(plan, of, demonstrations(plan, of)):
        *shown, _ = row["instruction"].split("\n\n\n")
        assert len(shown) == 3
        assert not any(row["output"].split()[-1] in one for one in shown)


def test_without_other_rows_there_are_no_demonstrations(qa: str) -> None:
    plan, of = planned(qa, shots="2", only=("plain",)), chunk(qa_rows(1))
    (found,) = records(plan, of, demonstrations(plan, of))
    assert (found["instruction"], found["meta"]["shots"]) == ("Q=q0", 0)


@given(st.integers(0, 60))
@settings(deadline=None, max_examples=20)
def test_demonstrations_stop_at_the_length(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    plan = planned(written(tmp_path_factory.mktemp("t"), QA), shots="8", only=("plain",), max_length=length)
    of = chunk(qa_rows(40))
    for row in records(plan, of, demonstrations(plan, of)):
        assert len(row["instruction"].split()) <= max(length, 1)
        assert row["meta"]["shots"] == min(8, max(0, length - 1) // 2)  # a question and an answer: two words


def test_a_tokenizer_counts_the_pieces(qa: str, tmp_path: Path) -> None:
    from ittools.train.tiny import tiny_tokenizer

    tokenizer = tiny_tokenizer()
    tokenizer.save_pretrained(tmp_path / "bytes")
    plan = planned(qa, shots="9", only=("plain",), max_length=40, tokenizer=str(tmp_path / "bytes"))
    of = chunk([{"question": f"é{n}", "answer": "ß" * (n % 7 + 1)} for n in range(60)])
    counts = Counter[int]()
    for row in records(plan, of, demonstrations(plan, of)):
        assert len(tokenizer(row["instruction"], add_special_tokens=False)["input_ids"]) <= 40
        counts[row["meta"]["shots"]] += 1
    assert len(counts) > 1
    assert 0 not in counts
    assert [entry.kind for entry in plan.entries] == ["template file", "tokenizer"]


def test_each_dataset_shows_its_own_rows(cli: Cli, tmp_path: Path, qa: str) -> None:
    data = [
        write_jsonl(
            tmp_path / f"{name}.jsonl", [{"question": f"{name}{n}", "answer": name} for n in range(9)]
        )
        for name in "ab"
    ]
    options = ("--templates", qa, "--shots", "2", "--only", "plain", "--out", tmp_path / "out")
    ran = cli("template", *data, *options)
    assert ran.code == 0, ran.err
    found = read_records(tmp_path / "out")
    assert [row["task"] for row in found] == ["a"] * 9 + ["b"] * 9
    for row in found:
        assert row["instruction"].count(f"Q={row['task']}") == 3


def test_files_of_one_name_with_other_classes_are_two_datasets() -> None:
    one, other = (about("train", Labels("label", names)) for names in (("no", "yes"), ("yes", "no")))
    plan = planned("sentiment", shots="1")
    assert style.group(plan, {}, one) != style.group(plan, {}, other)
    assert style.group(planned("sentiment"), {}, one) is None


def test_numbers_of_demonstrations_are_drawn(qa: str) -> None:
    def counts(**options: Any) -> Counter[int]:
        plan, of = planned(qa, only=("plain",), **options), chunk(qa_rows(1_000))
        return Counter(row["meta"]["shots"] for row in records(plan, of, demonstrations(plan, of)))

    drawn = counts(shots="0,1,2,5")
    assert drawn.keys() == {0, 1, 2, 5}
    assert all(200 < count < 300 for count in drawn.values())
    shared = counts(few_shot=0.25)
    assert shared.keys() == {0, 1, 2, 5}
    assert 700 < shared[0] < 800
    assert counts(few_shot=1.0, shots="0,3") == {3: 1_000}


def test_demonstrations_stand_as_the_file_says(tmp_path: Path) -> None:
    spelt = QA + 'few_shot: {between: " | ", input_prefix: "-> ", target_prefix: "\\nA: "}\n'
    plan, of = planned(written(tmp_path, spelt), shots="1", only=("plain",)), chunk(qa_rows(2))
    found = records(plan, of, demonstrations(plan, of))
    assert [row["instruction"] for row in found] == [
        "-> Q=q1\nA: a1 | -> Q=q0\nA:",
        "-> Q=q0\nA: a0 | -> Q=q1\nA:",
    ]


def test_a_row_that_cannot_be_read_is_no_demonstration() -> None:
    rows = [{"text": f"t{n}", "label": 0} for n in range(6)]
    plan, of = planned("sentiment", shots="2", no_inverted=True), chunk(rows)
    shown = {
        "made": [(f"9:{n}", {"text": "never", "label": 7}) for n in range(3)]
        + list(demonstrations(plan, of)["made"])
    }
    found = records(plan, of, shown)
    assert all(row["meta"]["shots"] == 2 for row in found)
    assert not any("never" in row["instruction"] for row in found)
