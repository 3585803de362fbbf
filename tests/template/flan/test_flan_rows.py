from __future__ import annotations

from typing import Any

import pytest
from flan_rows import file_of

from ittools.template.flan.rows import Fields, each, first_text, list_of, text_of

FILE = """
task_type: x
language: en
fields: [question, rationale, answer, turns?, facts.x?]
also: {question: [problem, nested.0.q]}
cut: [{field: answer, at: "####", into: [rationale, answer], drop: ["<<", ">>"]}]
lists: {turns: "\\n"}
answer: answer
templates: [{name: a, input: "{question} {turns}", target: "{rationale} {answer}"}]
"""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        ("", None),
        (None, None),
        (3, "3"),
        (3.0, "3"),
        (3.799999952316284, "3.8"),
        (True, "True"),
        (["a", "", "b"], "a, b"),
        ([], None),
        (
            [["Rome", "capital of", "Italy"], ["Rome", "is", "old"]],
            "Rome | capital of | Italy, Rome | is | old",
        ),
        ({"name": "The Mill", "area": None, "stars": [4, 5]}, "name: The Mill, stars: 4 | 5"),
        (float("nan"), None),
        (float("-inf"), None),
        (["a", float("nan"), 2.0], "a, 2"),
        ({"name": "The Mill", "stars": float("nan")}, "name: The Mill"),
        ([{"speaker": "A", "text": "Hi."}, {"role": "B", "content": "Bye."}], "A: Hi., B: Bye."),
    ],
)
def test_values_stand_in_a_prompt_as(value: Any, text: str | None) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (["a", "b"], (["a", "b"], [])),
        ({"text": ["a", "b"], "label": ["1", "2"]}, (["a", "b"], ["1", "2"])),
        ([{"label": "A", "text": "a"}, {"label": "B", "text": "b"}], (["a", "b"], ["A", "B"])),
        ({"A": "a", "B": "b"}, (["a", "b"], ["A", "B"])),
        ("['a', \"b's\"]", (["a", "b's"], [])),
        ('["a", "b"]', (["a", "b"], [])),
        ("[a, b", ([], [])),
        ("a, b", ([], [])),
        (["a", float("nan"), "c"], (["a", "", "c"], [])),
        (None, ([], [])),
    ],
)
def test_choices_are_read_as_datasets_have_them(value: Any, found: tuple[list[str], list[str]]) -> None:
    assert list_of(value) == found


def test_the_first_of_several_answers_is_taken() -> None:
    assert first_text({"text": ["in 1066", "1066"], "answer_start": [3, 6]}) == "in 1066"
    assert first_text([]) is None
    assert first_text("x") == "x"


def test_a_text_with_reasoning_and_result_is_cut_where_a_field_is_missing() -> None:
    fields = Fields(file_of(FILE.replace(", facts.x?", "")))
    row = {"problem": "How many?", "answer": "48/2 = <<48/2=24>>24 clips.\nIn all <<48+24=72>>72.\n#### 72"}
    cut = fields.cut(row)
    assert (cut["rationale"], cut["answer"]) == ("48/2 = 24 clips.\nIn all 72.", "72")
    assert fields.cut({"rationale": "R", "answer": "a #### b"})["answer"] == "a #### b"
    assert fields.cut({"answer": "a << b #### 1"})["rationale"] == "a << b"


def test_fields_are_found_under_other_names_and_lists_are_joined() -> None:
    fields = Fields(file_of(FILE.replace(", facts.x?", "")))
    texts = fields.texts({"nested": [{"q": "Why?"}], "turns": ["a", "b"], "rationale": "r", "answer": "x"})
    assert texts == {"question": "Why?", "turns": "a\nb", "rationale": "r"}
    assert fields.texts({"problem": "P", "question": "Q"})["question"] == "Q"


def test_columns_make_a_list_where_all_are_there() -> None:
    text = FILE.replace(", facts.x?", "").replace("also: {", "also: {turns: [t1+t2], ")
    fields = Fields(file_of(text))
    assert fields.raw({"t1": "a", "t2": "b"}, "turns") == ["a", "b"]
    assert fields.raw({"t1": "a", "t2": None}, "turns") is None
    assert fields.some({"t1": "a"}, "turns")
    assert not fields.some({"t": "a"}, "turns")


def test_each_part_of_a_list_is_a_row_of_its_own() -> None:
    rows = [{"id": 1, "qs": [{"q": "a"}, {"q": "b"}]}, {"id": 2, "qs": []}, {"id": 3, "qs": "none"}]
    found = [(n, part, row.get("q"), row["id"]) for n, part, row in each(rows, "qs")]
    assert found == [(0, 0, "a", 1), (0, 1, "b", 1), (1, 0, None, 2), (2, 0, None, 3)]
    assert len(list(each(rows, None))) == 3
