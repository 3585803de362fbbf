"""Exact match and ROUGE-L of a prediction against its reference.

exact_match("The answer: Paris.", "the answer paris") -> True
"""

from __future__ import annotations

import re
import unicodedata

from ittools.text.language import primary_code
from ittools.text.rouge import rouge_l
from ittools.text.words import rouge_words, unicode_words

# a number with its sign, separators and decimals, or any single character that is no letter or space
_NUMBER_OR_MARK = re.compile(r"(?<!\w)-?\d+(?:[.,:]\d+)+|(?<!\w)-\d+|[^\w\s]|_")


def normalised(text: str) -> str:
    """Lower case, no punctuation, single spaces; articles stay (as Super-NaturalInstructions has it).

    Unlike there, what belongs to a number stays (1.5 is not 15, -5 is not 5), and so does a text of
    punctuation only: "+" and "-" are different answers.
    """
    bare = _NUMBER_OR_MARK.sub(_without_mark, text.lower())
    return " ".join(bare.split()) or text.strip()


def _without_mark(found: re.Match[str]) -> str:
    piece = found.group()
    return "" if len(piece) == 1 and unicodedata.category(piece).startswith("P") else piece


def exact_match(prediction: str, reference: str) -> bool:
    return normalised(prediction) == normalised(reference)


def rouge_l_of(prediction: str, reference: str, language: str | None) -> float:
    """ROUGE-L F1; English as rouge_score tokenises it, other languages by Unicode words.

    Texts in which neither has a word (`+`) score by exact match. Null is an unknown language: English,
    unless rouge_score's tokenizer would leave nothing of the reference.
    """
    split = rouge_words if _is_english(reference, language) else unicode_words
    if not split(reference) and not split(prediction):
        return float(prediction.strip() == reference.strip())
    return rouge_l(prediction, reference, split)


def _is_english(reference: str, language: str | None) -> bool:
    if language is None:
        return bool(rouge_words(reference))
    return primary_code(language) == "en"
