"""Rows as public datasets have them need no --map and no --labels."""

from __future__ import annotations

from typing import Any

import pytest
from flan_rows import chunk, planned, records

CASES: list[tuple[str, str, dict[str, Any], str]] = [
    ("BoolQ", "qa-yes-no", {"question": "is it", "passage": "It is.", "answer": True}, "yes"),
    ("ARC", "qa-choice", {"question": "q", "choices": {"text": ["a", "b"], "label": ["1", "2"]},
                          "answerKey": "2"}, "b"),
    ("MMLU", "qa-choice", {"question": "q", "choices": ["a", "b", "c", "d"], "answer": 2}, "c"),
    ("MMLU by columns", "qa-choice", {"question": "q", "A": "a", "B": "b", "C": "c", "D": "d",
                                      "answer": "D"}, "d"),
    ("MMLU as text", "qa-choice", {"question": "q", "choices": "['a', 'b']", "answer": "1"}, "b"),
    ("RACE", "qa-choice", {"article": "t", "question": "q", "options": ["a", "b"], "answer": "B"}, "b"),
    ("HellaSwag", "completion", {"ctx": "c", "endings": ["a", "b", "c"], "label": "2"}, "c"),
    ("PIQA", "completion", {"goal": "g", "sol1": "a", "sol2": "b", "label": 0}, "a"),
    ("COPA", "cause-effect", {"premise": "p", "choice1": "a", "choice2": "b", "question": "cause",
                              "label": 1}, "b"),
    ("SQuAD", "qa-extractive", {"context": "c", "question": "q", "title": "t",
                                "answers": {"text": ["x", "y"], "answer_start": [1, 2]}}, "x"),
    ("TriviaQA", "qa-closed", {"question": "q", "answer": {"value": "v", "aliases": ["v", "w"]}}, "v"),
    ("Natural Questions", "qa-closed", {"question": "q", "answer": ["first", "second"]}, "first"),
    ("FEVER", "fact-check", {"claim": "c", "label": "NOT ENOUGH INFO"}, "not enough information"),
    ("TREC", "question-type", {"text": "Who?", "coarse_label": 3}, "a person"),
    ("QQP", "paraphrase", {"question1": "a", "question2": "b", "label": 0}, "no"),
    ("WiC", "word-sense", {"word": "w", "sentence1": "a", "sentence2": "b", "label": 1}, "yes"),
    ("XNLI", "nli", {"premise": "a", "hypothesis": "b", "label": 2}, "contradiction"),
    ("CNN", "summary", {"article": "a", "highlights": "h", "id": "1"}, "h"),
    ("SAMSum", "summary", {"dialogue": "a", "summary": "s"}, "s"),
    ("E2E", "data-to-text", {"meaning_representation": "name[x]", "human_reference": "r"}, "r"),
    ("STS-B", "similarity", {"sentence1": "a", "sentence2": "b", "label": 3.799999952316284}, "3.8"),
    ("Inspec", "keywords", {"abstract": "a", "keyphrases": ["k", "l"]}, "k, l"),
    ("GSM8K", "arithmetic", {"question": "q", "answer": "1+1 = <<1+1=2>>2\n#### 2"}, "2"),
    ("MBPP", "code", {"text": "t", "code": "c"}, "c"),
    ("IMDB", "sentiment", {"text": "t", "label": 1}, "positive"),
    ("CoLA", "grammar", {"sentence": "s", "label": 0}, "unacceptable"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("templates", "row", "answer"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_rows_of(templates: str, row: dict[str, Any], answer: str) -> None:
    found = records(planned(f"{templates}.en", no_inverted=True, per_row=99), chunk([row]))
    assert len(found) >= (8 if templates != "fact-check" else 4)  # FEVER brings no evidence along
    assert not any(record["reason"] for record in found)
    answers = {record["output"] for record in found}
    assert answer in answers
    assert answers == {answer} or found[0]["meta"].get("options")


def test_reasoned_and_bare_answers_stand_beside_each_other() -> None:
    row = {"question": "q", "answer": "1+1 = <<1+1=2>>2\n#### 2"}
    found = records(planned("arithmetic,arithmetic-cot", no_inverted=True), chunk([row] * 200))
    reasoned = [record for record in found if record["meta"].get("cot")]
    assert all("1+1 = 2" in record["output"] for record in reasoned)
    assert {record["output"] for record in found if record not in reasoned} == {"2"}
    assert 60 < len(reasoned) < 140
