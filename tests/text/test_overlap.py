"""The inverted index against counting by hand."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.text import overlap
from ittools.text.overlap import WordIndex

CODES = st.text(st.sampled_from("aaabbcdefgh"), max_size=9)


def test_the_example_of_the_file() -> None:
    index = WordIndex()
    for code in ("abc", "cdqz", "xyz"):
        index.add(code)
    texts, at_most = index.sharing("abcq", fewest=2)
    assert (texts.tolist(), at_most.tolist()) == ([0, 1], [3, 2])


@pytest.mark.parametrize("more", [0, 1, 3, 50])
def test_no_text_that_shares_enough_is_left_out(monkeypatch: pytest.MonkeyPatch, more: int) -> None:
    monkeypatch.setattr(overlap, "MORE", more)

    @given(st.lists(CODES, max_size=15), CODES, st.integers(1, 9))
    @settings(deadline=None)
    def check(codes: list[str], candidate: str, fewest: int) -> None:
        index = WordIndex()
        for code in codes:
            index.add(code)
        texts, at_most = index.sharing(candidate, fewest)
        bound = dict(zip(texts.tolist(), at_most.tolist(), strict=True))
        assert texts.tolist() == sorted(bound)
        for number, code in enumerate(codes):
            shared = (Counter(code) & Counter(candidate)).total()
            if shared >= fewest and codes.index(code) == number:
                assert fewest <= shared <= bound[number]
            if codes.index(code) != number:
                assert number not in bound

    check()


def test_words_as_characters_and_as_numbers_are_the_same_words() -> None:
    index = WordIndex()
    index.add("ab")
    index.add((ord("a"), 0x110000))
    texts, at_most = index.sharing((0x110000, ord("a")), fewest=1)
    assert (texts.tolist(), at_most.tolist()) == ([0, 1], [1, 2])
