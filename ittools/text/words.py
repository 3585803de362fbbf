"""Three tokenizers: rouge_score's own, a Unicode one for what it empties, and one that sees signs.

rouge_words("Don't stop: 3.5!")    -> ["don", "t", "stop", "3", "5"]
unicode_words("날씨가 좋다 天气")      -> ["날씨가", "좋다", "天", "气"]
content_words("Is -3 < 2?")        -> ["is", "-", "3", "<", "2"]
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NOT_ASCII_WORD = re.compile(r"[^a-z0-9]+")

# Scripts written without spaces: each letter is a word. Han, kana, Thai, Lao, Khmer, Myanmar.
UNSPACED = (
    "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\u0e00-\u0eff\u1780-\u17ff\u1000-\u109f\U00020000-\U0003ffff"
)
# marks (Mn, Mc) stay with their letter: Devanagari vowels are marks
_WORD = rf"[{UNSPACED}]|[^\W_{UNSPACED}]+(?:[\u0300-\u036f\u0900-\u0dff]*[^\W_{UNSPACED}]*)*"

# Sentence punctuation, quotes, accents and invisible characters; every other sign (+ < [ $) is content.
QUIET = (
    r".,;:!?'\"`\u2010-\u2027\u3001-\u3003\u300c-\u300f\uff01\uff0c\uff0e\uff1a\uff1b\uff1f\u00a1\u00ab\u00b7\u00bb\u00bf"
    r"\u00ad\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff"
)
_WORD_OR_SIGN = rf"{_WORD}|[^\w\s{QUIET}]"


@lru_cache(maxsize=2)
def _compiled(pattern: str) -> re.Pattern[str]:
    """When first asked for: it takes milliseconds of every start."""
    return re.compile(pattern)


def rouge_words(text: str) -> list[str]:
    """Tokens as rouge_score makes them without a stemmer: lower-case ASCII letters and digits."""
    return [word for word in _NOT_ASCII_WORD.split(text.lower()) if word]


def unicode_words(text: str) -> list[str]:
    """Lower-case words in any script; a letter each where a script has no spaces (NFC)."""
    return _compiled(_WORD).findall(unicodedata.normalize("NFC", text).lower())


def content_words(text: str) -> list[str]:
    """Unicode words, and signs one by one: `3 - 2` is not `3 + 2`, nor `[(` the same as `([`.

    A text of nothing but punctuation is one word, so that it is not taken for an empty one.
    """
    found = _compiled(_WORD_OR_SIGN).findall(unicodedata.normalize("NFC", text).lower())
    return found or [" ".join(text.split())] * bool(text.strip())


def word_count(text: str) -> int:
    return len(unicode_words(text))
