"""JSON on stdout holds nothing that a terminal acts on, and is the same value."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.visible import escaped, visible

TEXTS = st.text(st.characters(exclude_categories=("Cs",)))


@pytest.mark.parametrize(
    ("text", "json_text"),
    [
        ("é 日本 🎉 👩\u200d👧", '"é 日本 🎉 👩\u200d👧"'),
        ("a\x9b31m\x7f", '"a\\u009b31m\\u007f"'),
        ("\u202ex\u2028", '"\\u202ex\\u2028"'),
        ("\U000e0041", '"\\udb40\\udc41"'),
        ("\x1b\n", '"\\u001b\\n"'),
    ],
)
def test_hidden_characters_are_escapes(text: str, json_text: str) -> None:
    assert escaped(json.dumps(text, ensure_ascii=False)) == json_text


@given(st.dictionaries(TEXTS, TEXTS))
@settings(deadline=None)
def test_any_value_comes_back_and_shows_nothing_hidden(value: dict[str, str]) -> None:
    text = escaped(json.dumps(value, ensure_ascii=False, indent=2))
    assert json.loads(text) == value
    assert visible(text, keep_newlines=True) == text
