from __future__ import annotations

from typing import Any

import pytest
from flan_rows import about, file_of

from ittools.formats.tables import Labels
from ittools.template.flan.answers import Gone, chosen_answer, class_answer, names_for, written_answer
from ittools.template.flan.library import template_files
from ittools.template.flan.rows import Fields

NLI = """
task_type: made-nli
language: de
fields: [text, label]
options: [ja, vielleicht, nein]
classes: [entailment, neutral, contradiction]
answer: label
templates: [{name: a, input: "{text}", target: "{answer}"}]
"""
CHOICE = """
task_type: made-choice
language: en
fields: [question, choices, answer]
options: "{choices}"
answer: answer
templates: [{name: a, input: "{question}", target: "{answer}"}]
"""


@pytest.mark.parametrize(
    ("value", "word"),
    [(0, "ja"), (2, "nein"), ("1", "vielleicht"), (1.0, "vielleicht"), ("Neutral", "vielleicht"),
     ("nein", "nein"), (True, "vielleicht")],
)  # fmt: skip
def test_a_class_is_known_by_its_number_and_by_its_names(value: Any, word: str) -> None:
    file = file_of(NLI)
    found = class_answer(file, names_for(file, about()), value)
    assert found == (word, ("ja", "vielleicht", "nein"), ("ja", "vielleicht", "nein").index(word))


@pytest.mark.parametrize("value", [None, "", -1, "-1", float("nan"), float("inf")])
def test_a_label_that_is_kept_back_is_missing(value: Any) -> None:
    file = file_of(NLI)
    assert class_answer(file, names_for(file, about()), value) == Gone("missing-field", f"label is {value!r}")


@pytest.mark.parametrize("value", [3, -2, "7", "perhaps"])
def test_a_class_without_a_name_is_an_error_that_names_the_option(value: Any) -> None:
    file = file_of(NLI)
    with pytest.raises(
        ValueError, match=r"knows ja, vielleicht, nein; name the classes.*--labels label=first"
    ):
        class_answer(file, names_for(file, about()), value)


def test_names_of_the_dataset_that_are_the_files_classes_are_shown_in_its_language() -> None:
    file = file_of(NLI)
    names = names_for(file, about("d", Labels("label", ("contradiction", "Entailment"))))
    assert names.shown == ("nein", "ja")
    assert names.classes == (2, 0)
    assert class_answer(file, names, 1) == ("ja", ("nein", "ja"), 1)
    assert class_answer(file, names, "entailment") == ("ja", ("nein", "ja"), 1)


def test_other_names_of_the_dataset_stand_as_they_are() -> None:
    file = file_of(NLI)
    names = names_for(file, about("d", Labels("label", ("not_entailment", "entailment"))))
    assert (names.shown, names.classes) == (("not_entailment", "entailment"), ())
    assert class_answer(file, names, 0) == ("not_entailment", ("not_entailment", "entailment"), 0)


def test_names_of_a_column_that_is_mapped_are_found() -> None:
    file = file_of(NLI)
    theirs = about("d", Labels("gold", ("yes", "no")), rename=(("label", "gold"),))
    assert names_for(file, theirs).shown == ("yes", "no")


def test_where_nobody_names_the_classes_texts_are_answers_and_numbers_errors() -> None:
    file = file_of(NLI.replace("[ja, vielleicht, nein]", "[]").replace("classes:", "#"))
    names = names_for(file, about())
    assert class_answer(file, names, "politics") == ("politics", (), -1)
    with pytest.raises(ValueError, match="knows no names of classes"):
        class_answer(file, names, 3)


@pytest.mark.parametrize(
    ("choices", "value", "found"),
    [
        (["a", "b"], 1, "b"),
        (["a", "b"], "1", "b"),
        (["a", "b"], "b", "b"),
        (["red", "green"], "B", "green"),
        (["red", "green"], "(b)", "green"),
        (["0", "1"], 0, "0"),
        (["1", "0"], 0, "1"),
        (["1", "0"], "0", "0"),
        ({"text": ["red", "green"], "label": ["1", "2"]}, "2", "green"),
        (["red", "green"], ["green"], "green"),
    ],
)
def test_the_answer_of_a_choice_is_a_number_a_letter_a_name_or_a_text(
    choices: Any, value: Any, found: str
) -> None:
    answer = chosen_answer(file_of(CHOICE), choices, value)
    assert not isinstance(answer, Gone)
    assert answer[0] == found == answer[1][answer[2]]


def test_an_answer_that_is_none_of_the_options_says_so() -> None:
    file = file_of(CHOICE)
    told = Gone("answer-not-among-options", "answer is 'blue', of 2 options")
    assert chosen_answer(file, ["red", "green"], "blue") == told
    assert chosen_answer(file, ["red", "green"], 2) == Gone(
        "answer-not-among-options", "answer is '2', of 2 options"
    )
    assert chosen_answer(file, [], 0) == Gone("missing-field", "choices")
    assert chosen_answer(file, ["red", float("nan")], 0) == Gone("missing-field", "choices")
    assert chosen_answer(file, ["red", "green"], float("nan")) == Gone("missing-field", "answer is nan")
    assert chosen_answer(file, ["red", "green"], None) == Gone("missing-field", "answer is None")


@pytest.mark.parametrize(
    ("score", "found"),
    [
        (3.5, ("3.5", (), -1)),
        (0, ("0", (), -1)),
        ("5.0", ("5.0", (), -1)),
        (-1.0, Gone("missing-field", "score is -1.0, below 0")),
        ("-1", Gone("missing-field", "score is '-1', below 0")),
        (float("nan"), Gone("empty-target", "score is nan")),
        (float("inf"), Gone("empty-target", "score is inf")),
    ],
)
def test_a_score_below_all_scores_is_kept_back(score: Any, found: Any) -> None:
    assert written_answer(Fields(template_files("similarity", None)[0]), {"score": score}) == found


def test_a_result_below_zero_is_a_result() -> None:
    fields = Fields(template_files("arithmetic", None)[0])
    assert written_answer(fields, {"answer": -1}) == ("-1", (), -1)
