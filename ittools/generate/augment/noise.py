"""Noise as people make it: slips of the finger, lost capitals, lost and doubled punctuation.

    noisy("Sort these words: pear, fig", ("typos",), rate=0.5, seed=1)  -> "Sotr these wrods: pear, fig"

Digits, code, addresses and quoted texts are left alone, so that the answer stays right.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from ittools.text.words import UNSPACED

SHORTEST = 4  # letters of a word that gets a slip; shorter ones turn into other words
_QUOTE = r"\s\"'`“”«»„"  # what ends a word that is kept for a sign in it: quotes have their own rules
_KEPT = re.compile(  # fenced and inline code, quotes, addresses, words with digits or signs in them
    r"```.*?```|`[^`\n]+`|\"[^\"\n]*\"|“[^“”\n]*”|«[^«»\n]*»|„[^„“”\n]*[“”]|‘[^‘’\n]*’|「[^「」]*」|『[^『』]*』"
    r"|(?<!\w)'(?:[^'\n]|(?<=\w)'(?=\w))+'(?!\w)|https?://\S+"
    rf"|(?<![^{_QUOTE}])[^{_QUOTE}]*[\d_/\\=<>{{}}@][^{_QUOTE}]*",
    re.DOTALL,
)
_WORD = re.compile(rf"[^\W\d_{UNSPACED}]+")  # a letter less in Chinese is a word less
_MARK = re.compile(r"[,;:.!?](?=\s|\Z)")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {one: other for row in _ROWS for one, other in pairwise(row)}


def noisy(text: str, kinds: Sequence[str], *, rate: float, seed: int) -> str:
    """The text with a share `rate` of its words (or marks) changed, each kind in turn."""
    rng = random.Random(seed)
    for kind in kinds:
        text = _outside_kept(text, lambda part, kind=kind: _CHANGES[kind](part, rate, rng))  # type: ignore[misc]
    return text


def _outside_kept(text: str, change: Callable[[str], str]) -> str:
    """`change` applied between the parts that must stay."""
    done, at = [], 0
    for kept in _KEPT.finditer(text):
        done += [change(text[at : kept.start()]), kept.group()]
        at = kept.end()
    return "".join([*done, change(text[at:])])


def _typos(text: str, rate: float, rng: random.Random) -> str:
    def slip(word: re.Match[str]) -> str:
        letters = word.group()
        return _slip(letters, rng) if len(letters) >= SHORTEST and rng.random() < rate else letters

    return _WORD.sub(slip, text)


def _slip(word: str, rng: random.Random) -> str:
    """Two letters swapped, one lost, one doubled, or the key beside it; never the first letter."""
    at = rng.randrange(1, len(word) - 1)
    match rng.choice(("swap", "lose", "double", "neighbour")):
        case "swap":
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case "lose":
            return word[:at] + word[at + 1 :]
        case "double":
            return word[:at] + word[at] + word[at:]
        case _:
            return word[:at] + _NEIGHBOURS.get(word[at], word[at] * 2) + word[at + 1 :]


def _case(text: str, rate: float, rng: random.Random) -> str:
    def change(word: re.Match[str]) -> str:
        letters = word.group()
        if rng.random() >= rate:
            return letters
        return letters.lower() if letters != letters.lower() else letters.upper()

    return _WORD.sub(change, text)


def _punctuation(text: str, rate: float, rng: random.Random) -> str:
    def change(mark: re.Match[str]) -> str:
        if rng.random() >= rate:
            return mark.group()
        return rng.choice(("", mark.group() * 2, " " + mark.group()))

    return _MARK.sub(change, text)


_CHANGES: dict[str, Callable[[str, float, random.Random], str]] = {
    "typos": _typos,
    "case": _case,
    "punctuation": _punctuation,
}
KINDS = tuple(_CHANGES)
