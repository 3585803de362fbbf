"""Nothing that a stranger wrote moves the cursor or hides."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本 \U0001f468\u200d\U0001f469", "plain é 日本 \U0001f468\u200d\U0001f469"),
        ("a\x1b[31mb", "a␛[31mb"),
        ("\x00\t\r\n\x7f", "␀␉␍␊␡"),
        ("\x9b31m", "<U+009B>31m"),
        ("a\u202eb", "a<U+202E>b"),
        ("\ud800", "<U+D800>"),
        ("\u2028\ufeff\U000e0041", "<U+2028><U+FEFF><U+E0041>"),
    ],
)
def test_hidden_characters_are_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_newlines_stay_where_they_are_wanted() -> None:
    assert visible("a\nb\r\n", keep_newlines=True) == "a\nb␍\n"


@given(st.text(st.characters(codec=None)))
@settings(deadline=None)
def test_no_control_character_is_left(text: str) -> None:
    left = {unicodedata.category(c) for c in visible(text) if c != "\u200d"}
    assert not left & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
