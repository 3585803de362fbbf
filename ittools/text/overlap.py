"""Which texts share many words with a candidate: an inverted index that leaves out no such text.

    index = WordIndex(); index.add("abc"); index.add("cdqz"); index.add("xyz")  # a character is a word
    index.sharing("abcq", fewest=2)  -> texts [0, 1], which share at most [3, 2] words with it

Words like "the" are in half of all texts, and need not be looked up. A text with at least L of the
candidate's n words lacks at most n - L of them; so of any p of the n it has at least p - (n - L), and a text
with h of the p has at most h + (n - p) of the n. That holds whichever p are taken: each query takes
those that the fewest texts have just then, and a growing pool keeps no order. Prefix filters keep
one (Chaudhuri, Ganti, Kaushik, ICDE 2006); looking up more words than one hit needs is AdaptJoin's (Wang,
Li, Feng, SIGMOD 2012: "Can we beat the prefix filtering?"). The second of two equal words in a text
counts as another word.
"""

from __future__ import annotations

from array import array
from collections import Counter

import numpy as np
from numpy.typing import NDArray

Code = str | tuple[int, ...]  # a text: its words as characters, or as numbers when Unicode has no more
Counts = NDArray[np.int64] | NDArray[np.int32]
# Words looked up beyond the fewest that prove anything. With 0, 1, 2, 3 of them, in 50,000 of Alpaca:
# 198, 31, 6, 2 left to compare; 2,400, 5,400, 11,900, 22,100 postings read; 162, 115, 127, 201 microseconds
MORE = 1


class WordIndex:
    """Texts by their words, numbered in order of addition. Of texts equal in all words the first is found."""

    def __init__(self) -> None:
        self._with: dict[int, array[int]] = {}  # word -> texts that have it, ascending
        self._seen: set[Code] = set()
        self._size = 0

    def add(self, code: Code) -> None:
        if code not in self._seen:
            self._seen.add(code)
            for word in _distinct(code):
                have = self._with.get(word)
                if have is None:
                    have = self._with[word] = array("i")
                have.append(self._size)
        self._size += 1

    def sharing(self, code: Code, fewest: int) -> tuple[Counts, Counts]:
        """(texts, at most so many shared words): all that share `fewest`, which is at least 1, ascending."""
        if fewest > len(code):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        asked = min(len(code), len(code) - fewest + 1 + MORE)
        postings = sorted((self._with.get(word, _NOWHERE) for word in _distinct(code)), key=len)[:asked]
        # copies, for an array that numpy looks into cannot grow
        every = np.concatenate([np.array(posting, np.int32) for posting in postings])
        texts, hits = np.unique(every, return_counts=True)
        at_most = hits + (len(code) - asked)
        enough = at_most >= fewest
        return texts[enough], at_most[enough]


_NOWHERE: array[int] = array("i")


def _distinct(code: Code) -> list[int]:
    """Words as numbers; the k-th repetition of one is k * 2**32 more."""
    words = list(map(ord, code)) if isinstance(code, str) else list(code)
    if len(set(words)) == len(words):
        return words
    return [word + (k << 32) for word, count in Counter(words).items() for k in range(count)]
