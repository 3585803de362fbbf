"""Words in any script, and their n-grams as sets of hashes that stay the same everywhere."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.text.shingles import jaccard, shingle_batch, union
from ittools.text.words import content_words, rouge_words, unicode_words

TEXTS = st.lists(st.text(max_size=40) | st.text("ab +", max_size=40), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("text", "rouge", "any_script"),
    [
        ("Don't stop: 3.5!", ["don", "t", "stop", "3", "5"], ["don", "t", "stop", "3", "5"]),
        ("snake_case", ["snake", "case"], ["snake", "case"]),
        ("Größe", ["gr", "e"], ["größe"]),
        ("e\u0301te\u0301", ["e", "te"], ["été"]),
        ("날씨가 좋다 天气", [], ["날씨가", "좋다", "天", "气"]),
        ("हिन्दी में", [], ["हिन्दी", "में"]),
        ("ภาษา", [], list("ภาษา")),
        ("カタカナ", [], list("カタカナ")),
        ("", [], []),
        ("+ - *", [], []),
    ],
)
def test_words_of_each_tokenizer(text: str, rouge: list[str], any_script: list[str]) -> None:
    assert (rouge_words(text), unicode_words(text)) == (rouge, any_script)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Is -3 < 2?", ["is", "-", "3", "<", "2"]),
        ("x[i] = {a: 'b'}", ["x", "[", "i", "]", "=", "{", "a", "b", "}"]),
        ("[ ( { < ", ["[", "(", "{", "<"]),
        ("😀 costs $5, not €5.", ["😀", "costs", "$", "5", "not", "€", "5"]),
        ("“Hello”, she said – twice…", ["hello", "she", "said", "twice"]),
        ("a\u200bb\ufe0f", ["a", "b"]),
        ("你好。世界！", ["你", "好", "世", "界"]),
        ("?  !", ["? !"]),
        (" \n", []),
        ("", []),
    ],
)
def test_signs_are_content_and_sentence_punctuation_is_not(text: str, words: list[str]) -> None:
    assert content_words(text) == words


@given(st.text(max_size=60))
@settings(deadline=None)
def test_no_text_but_white_space_is_without_content(text: str) -> None:
    assert bool(content_words(text)) == bool(text.strip())
    assert set(unicode_words(text)) <= set(content_words(text))


@given(TEXTS, st.integers(1, 4))
@settings(deadline=None)
def test_shingles_are_the_distinct_windows_of_words(texts: list[str], n: int) -> None:
    found = shingle_batch(texts, n=n)
    assert len(found) == len(texts)
    for number, text in enumerate(texts):
        words = content_words(text)
        windows = {tuple(words[i : i + n]) for i in range(max(1, len(words) - n + 1))} if words else set()
        hashes = found.of(number).tolist()
        assert len(hashes) == len(windows)
        assert all(one < two for one, two in pairwise(hashes))


@given(TEXTS, st.integers(1, 4))
@settings(deadline=None)
def test_similarity_is_that_of_the_window_sets(texts: list[str], n: int) -> None:
    found = shingle_batch(texts, n=n)

    def windows(text: str) -> set[tuple[str, ...]]:
        words = content_words(text)
        return {tuple(words[i : i + n]) for i in range(max(1, len(words) - n + 1))} if words else set()

    for number, text in enumerate(texts):
        one, other = windows(texts[0]), windows(text)
        exact = len(one & other) / len(one | other) if one | other else 1.0
        assert jaccard(found.of(0), found.of(number)) == exact


def test_shingles_do_not_depend_on_the_batch() -> None:
    texts = ["a b c d", "", "b c d e", "a"]
    whole = shingle_batch(texts, n=3)
    for number, text in enumerate(texts):
        assert np.array_equal(whole.of(number), shingle_batch([text], n=3).of(0))


def test_a_short_text_is_one_shingle_of_its_own() -> None:
    found = shingle_batch(["a", "a b", "a b c", "b", ""], n=5)
    sizes = [len(found.of(i)) for i in range(5)]
    assert sizes == [1, 1, 1, 1, 0]
    assert len({int(found.of(i)[0]) for i in range(4)}) == 4


def test_equal_words_of_different_fields_are_different_shingles() -> None:
    one, other = shingle_batch(["a b c"], n=3, tag=0), shingle_batch(["a b c"], n=3, tag=1)
    assert jaccard(one.of(0), other.of(0)) == 0.0
    both = union([one, other])
    assert sorted(both.of(0).tolist()) == sorted([*one.of(0).tolist(), *other.of(0).tolist()])


def test_the_hashes_are_pinned() -> None:
    """Clusters of earlier runs stay comparable: a change here is a new version of the method."""
    assert shingle_batch(["Add 1 + 1."], n=3).of(0).tolist() == [7221186402401240228, 14094093643984513304]
