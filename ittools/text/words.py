"""Two tokenizers: rouge_score's own, and a Unicode one for the languages that it empties.

rouge_words("Don't stop: 3.5!")    -> ["don", "t", "stop", "3", "5"]
unicode_words("날씨가 좋다 天气")      -> ["날씨가", "좋다", "天", "气"]
"""

from __future__ import annotations

import re
import unicodedata

_NOT_ASCII_WORD = re.compile(r"[^a-z0-9]+")

# Scripts written without spaces: each letter is a word. Han, kana, Thai, Lao, Khmer, Myanmar.
_UNSPACED = (
    "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\u0e00-\u0eff\u1780-\u17ff\u1000-\u109f\U00020000-\U0003ffff"
)
# marks (Mn, Mc) stay with their letter: Devanagari vowels are marks
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+(?:[\u0300-\u036f\u0900-\u0dff]*[^\W_{_UNSPACED}]*)*")


def rouge_words(text: str) -> list[str]:
    """Tokens as rouge_score makes them without a stemmer: lower-case ASCII letters and digits."""
    return [word for word in _NOT_ASCII_WORD.split(text.lower()) if word]


def unicode_words(text: str) -> list[str]:
    """Lower-case words in any script; a letter each where a script has no spaces (NFC)."""
    return _WORD.findall(unicodedata.normalize("NFC", text).lower())


def word_count(text: str) -> int:
    return len(unicode_words(text))
