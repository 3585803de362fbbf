"""The words read back from texts are those that were hashed, and runs are said as they were written."""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.text.spelled import same_words, spell, spelled
from ittools.text.tokens import _hashed, word_hashes
from ittools.text.words import content_words

TEXT = st.text(max_size=60) | st.text("aB. ,+é\u0301天İſ\u200b", max_size=30)


@pytest.mark.parametrize(
    ("text", "first", "count", "said"),
    [
        ("Don't  STOP: naïve Cafés!", 1, 3, "t  STOP: naïve"),
        ("Is 3<2 (or 5)?", 1, 3, "3<2"),
        ("天气很好 today", 1, 3, "气很好"),
        ("cafe\u0301 Noir and more", 0, 2, "caf\u00e9 noir"),  # not in NFC: its words, as they were read
        ("zero\u200bwidth Space here", 0, 1, "zerowidth"),
        ("?! ...", 0, 1, "?! ..."),
    ],
)
def test_a_span_is_said_as_it_was_written(text: str, first: int, count: int, said: str) -> None:
    assert spell(text).said(first, count) == said


@given(st.text(max_size=60) | st.text("aB. ,é\u0301天İſ", max_size=30))
@settings(deadline=None, max_examples=300)
def test_the_words_read_back_are_the_words_that_were_hashed(text: str) -> None:
    found = spell(text)
    words = found.words(0, len(found))
    hashes = [
        int(_hashed(np.frombuffer(word, np.uint8), np.array([0]), np.array([len(word)]))[0]) for word in words
    ]
    assert hashes == word_hashes(pa.array([text])).values.tolist()
    if words:
        said = found.said(0, len(words))
        again = spell(said)
        assert said == b" ".join(words).decode() or again.words(0, len(again)) == words


@given(st.text("abcXYZ 123 .,-+é天", max_size=60))
@settings(deadline=None)
def test_the_words_are_those_of_the_other_tokenizer(text: str) -> None:
    found = spell(text)
    words = [word.decode() for word in found.words(0, len(found))]
    assert words == content_words(unicodedata.normalize("NFC", text))


@given(st.lists(TEXT, max_size=6))
@settings(deadline=None, max_examples=300)
def test_the_words_of_a_column_are_those_of_each_text_and_of_its_hashes(texts: list[str]) -> None:
    column = pa.array(texts, pa.large_string())
    read = spelled(column)
    assert read.offsets.tolist() == word_hashes(column).offsets.tolist()
    found = [read.run(a, b - a) for a, b in zip(read.offsets, read.offsets[1:], strict=False)]
    alone = [spell(text) for text in texts]
    words = [one.words(0, len(one)) for one in alone]
    assert found == [b"".join(word + b"\n" for word in own) for own in words]
    every = [word for own in words for word in own]
    assert read.signs.tolist() == [len(w) == 1 and w.isascii() and not w.isalnum() for w in every]


@given(st.lists(st.lists(st.sampled_from(["a", "b", "ab", "+"]), max_size=6), min_size=2, max_size=4))
@settings(deadline=None)
def test_runs_are_equal_where_their_words_are(texts: list[list[str]]) -> None:
    read = spelled(pa.array([" ".join(words) for words in texts]))
    every = [word for words in texts for word in words]
    trials = [
        (i, j, n) for n in range(3) for i in range(len(every) - n + 1) for j in range(len(every) - n + 1)
    ]
    first, theirs, count = (np.array(column, np.int64) for column in zip(*trials, strict=True))
    assert same_words(read, first, read, theirs, count).tolist() == [
        every[i : i + n] == every[j : j + n] for i, j, n in trials
    ]
