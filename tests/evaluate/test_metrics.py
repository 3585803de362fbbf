"""Exact match and ROUGE-L, against tables and against rouge_score itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from ittools.evaluate.evaluate import summary
from ittools.evaluate.metrics import exact_match, normalised, rouge_l_of
from ittools.text.words import rouge_words

PEER = RougeScorer(["rougeL"], use_stemmer=False)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("The answer: Paris.", "the answer paris"),
        ("  two\n\twords ", "two words"),
        ("an apple", "an apple"),  # articles stay, as Super-NaturalInstructions has it
        ("Don't!", "dont"),
        ("¿Qué?", "qué"),
        ("「東京」。", "東京"),
        ("ÉCOLE", "école"),
        ("a+b=c", "a+b=c"),
        ("$5", "$5"),
        ("1.5", "1.5"),  # what belongs to a number is no punctuation
        ("-5.", "-5"),
        ("3,000 (about)", "3,000 about"),
        ("well-known", "wellknown"),
        ("+", "+"),
        ("-", "-"),
        (" ... ", "..."),
        ("", ""),
    ],
)
def test_normalised(text: str, bare: str) -> None:
    assert normalised(text) == bare


@pytest.mark.parametrize(
    ("prediction", "reference", "same"),
    [
        ("The answer: Paris.", "the answer paris", True),
        ("Paris", "the Paris", False),
        ("+", "-", False),
        ("-", "-", True),
        ("", "", True),
        ("", "a", False),
        ("STRASSE", "strasse", True),
    ],
)
def test_exact_match(prediction: str, reference: str, same: bool) -> None:
    assert exact_match(prediction, reference) is same


WORDS = st.lists(
    st.sampled_from(["a", "b", "The", "the", "cats", "cat", "3.5", "don't", "é", "-"]), max_size=12
)


@given(prediction=WORDS, reference=WORDS)
@settings(deadline=None)
def test_english_rouge_l_is_rouge_scores_own(prediction: list[str], reference: list[str]) -> None:
    mine, theirs = " ".join(prediction), " ".join(reference)
    score = rouge_l_of(mine, theirs, "en")
    expected = PEER.score(theirs, mine)["rougeL"].fmeasure
    if rouge_words(mine) or rouge_words(theirs):
        assert score == expected
    else:  # where rouge_score has nothing to compare, equal texts are equal
        assert score == float(mine == theirs)


@pytest.mark.parametrize(
    ("prediction", "reference", "language", "score"),
    [
        ("天气 很好", "天气 很坏", "zh", 0.75),
        ("날씨가 좋다", "날씨가 나쁘다", "ko", 0.5),
        ("the cat", "the cat", "en-GB", 1.0),
        ("don't", "don t", "EN", 1.0),
        ("größer", "grosser", "de", 0.0),
        ("天气很好", "天气很好", None, 1.0),  # no language given, and not a Latin letter in it
        ("the cat", "the dog", None, 0.5),
        ("+", "+", "en", 1.0),
        ("+", "-", "fr", 0.0),
        ("", "", "en", 1.0),
        ("", "word", "en", 0.0),
    ],
)
def test_rouge_l_by_language(prediction: str, reference: str, language: str | None, score: float) -> None:
    assert rouge_l_of(prediction, reference, language) == pytest.approx(score)


def test_means_are_over_all_and_by_language() -> None:
    rows = [
        {"language": "de", "rouge_l": 1.0, "exact_match": True, "stopped": True},
        {"language": "de", "rouge_l": 0.5, "exact_match": False, "stopped": True},
        {"language": None, "rouge_l": 0.0, "exact_match": False, "stopped": False},
    ]
    assert summary(rows) == {
        "records": 3,
        "rouge_l": 0.5,
        "exact_match": 0.333333,
        "stopped": 0.666667,
        "by_language": {
            "de": {"records": 2, "rouge_l": 0.75, "exact_match": 0.5, "stopped": 1.0},
            "und": {"records": 1, "rouge_l": 0.0, "exact_match": 0.0, "stopped": 0.0},
        },
    }
