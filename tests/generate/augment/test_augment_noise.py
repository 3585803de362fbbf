"""Noise: only what a slip of the finger may change, the same for the same seed."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ittools.generate.augment.noise import KINDS, noisy

SEEDS = st.integers(0, 2**32)
KEPT = (
    "`a[i] += 1`", '"quoted words stay"', "“so do these”", "«et ceux-ci»", "„und diese“", "https://a.example/b?c=d",
    "me@example.org", "3.14", "2026-11-21", "x=y", "a/b", "```\nprint(name)\n```",
)  # fmt: skip


@pytest.mark.parametrize("kept", KEPT)
@pytest.mark.parametrize("kind", KINDS)
def test_what_answers_hang_on_stays(kept: str, kind: str) -> None:
    text = f"Please rewrite the following sentence, using {kept} somewhere, and nothing else."
    for seed in range(20):
        assert kept in noisy(text, (kind,), rate=1.0, seed=seed)


@given(st.text(), SEEDS, st.floats(0, 1))
def test_digits_are_never_touched(text: str, seed: int, rate: float) -> None:
    assert re.findall(r"\d", noisy(text, KINDS, rate=rate, seed=seed)) == re.findall(r"\d", text)


@given(st.text(), SEEDS)
def test_same_seed_gives_the_same_text_and_rate_nothing_changes_nothing(text: str, seed: int) -> None:
    assert noisy(text, KINDS, rate=0.5, seed=seed) == noisy(text, KINDS, rate=0.5, seed=seed)
    assert noisy(text, KINDS, rate=0.0, seed=seed) == text


@given(st.lists(st.text("abcdefghij", min_size=4, max_size=9), min_size=1, max_size=20), SEEDS)
def test_slip_keeps_the_first_letter_and_changes_the_length_by_one_at_most(
    words: list[str], seed: int
) -> None:
    for before, after in zip(
        words, noisy(" ".join(words), ("typos",), rate=1.0, seed=seed).split(), strict=True
    ):
        assert after[0] == before[0]
        assert abs(len(after) - len(before)) <= 1


def test_short_words_get_no_slip() -> None:
    assert noisy("Add up all the two by two", ("typos",), rate=1.0, seed=3) == "Add up all the two by two"


def test_case_changes_letters_only_in_case() -> None:
    text = "Name the Capital of France and say Why."
    changed = noisy(text, ("case",), rate=1.0, seed=1)
    assert changed.lower() == text.lower()
    assert changed == "name THE capital OF france AND SAY why."


def test_punctuation_changes_marks_alone() -> None:
    text = "First, sort; then, say: done!"
    for seed in range(30):
        changed = noisy(text, ("punctuation",), rate=1.0, seed=seed)
        assert re.findall(r"\w+", changed) == re.findall(r"\w+", text)


def test_neighbouring_copies_differ() -> None:
    text = "Explain carefully why several different answers could possibly stand beside another."
    copies = [noisy(text, ("typos",), rate=0.5, seed=seed) for seed in range(8)]
    assert all(one != other for one, other in pairwise(copies))
