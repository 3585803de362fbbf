"""Words as single texts are read: rouge_score's own, and those of any script."""

from __future__ import annotations

import pytest

from ittools.text.words import rouge_words, unicode_words


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
