"""ROUGE-L against a growing pool, with rouge_score's decisions and none of its cost.

Each distinct word is one character, so a text is a string and the longest common subsequence of
words is rapidfuzz's `LCSseq`. F1 is computed in rouge_score's own order of floating-point
operations: the score, not only the decision, is bit-equal (Lin 2004, aclanthology.org/W04-1013).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ittools.text.words import rouge_words, unicode_words

Floats = NDArray[np.float64]
_FIRST, _SURROGATES, _AFTER = 1, 0xD800, 0xE000


class Vocabulary:
    """Words as single characters, given in order of appearance."""

    def __init__(self, split: Callable[[str], list[str]] = rouge_words) -> None:
        self.split = split
        self._codes: dict[str, str] = {}

    def encode(self, text: str) -> str:
        return "".join(self._code(word) for word in self.split(text))

    def _code(self, word: str) -> str:
        code = self._codes.get(word)
        if code is None:
            number = len(self._codes) + _FIRST
            code = chr(number if number < _SURROGATES else number + _AFTER - _SURROGATES)
            self._codes[word] = code
        return code


def f1(common: NDArray[np.int64], length: int, lengths: NDArray[np.int64]) -> Floats:
    """F1 of `common` words between one text and others; 0 where either is empty."""
    scores = np.zeros(len(lengths))
    some = common > 0
    precision, recall = common[some] / lengths[some], common[some] / length
    scores[some] = 2 * precision * recall / (precision + recall)
    return scores


class Pool:
    """Texts to be unlike. Scores of a candidate against all of them in one call."""

    def __init__(self, texts: Sequence[str] = (), *, split: Callable[[str], list[str]] = rouge_words):
        self.vocabulary = Vocabulary(split)
        self.texts: list[str] = []
        self._codes: list[str] = []
        self._lengths: list[int] = []
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        code = self.vocabulary.encode(text)
        self.texts.append(text)
        self._codes.append(code)
        self._lengths.append(len(code))

    def scores(self, text: str) -> Floats:
        """ROUGE-L F1 of `text` against each text of the pool, in order of addition."""
        from rapidfuzz.distance import LCSseq
        from rapidfuzz.process import cdist

        code = self.vocabulary.encode(text)
        if not self._codes or not code:
            return np.zeros(len(self._codes))
        common = cdist([code], self._codes, scorer=LCSseq.similarity, dtype=np.int64)[0]
        return f1(common, len(code), np.asarray(self._lengths, dtype=np.int64))

    def nearest(self, text: str, count: int = 10) -> list[tuple[str, float]]:
        """The `count` most similar texts with their scores, best first, ties in pool order."""
        scores = self.scores(text)
        best = np.argsort(-scores, kind="stable")[:count]
        return [(self.texts[i], float(scores[i])) for i in best]


def pool_for(language: str, texts: Sequence[str] = ()) -> Pool:
    """English as rouge_score sees it; other languages by Unicode words."""
    return Pool(texts, split=rouge_words if language == "en" else unicode_words)


def rouge_l(prediction: str, reference: str, split: Callable[[str], list[str]] = rouge_words) -> float:
    """ROUGE-L F1 of two texts."""
    return float(Pool([reference], split=split).scores(prediction)[0])
