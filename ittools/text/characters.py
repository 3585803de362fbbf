"""What each character is to a word, pinned in characters.txt: the same on every Python and pyarrow.

    "Don't  STOP: naïve 天气 3<5"  -> words  don  t  stop  naïve  天  气  3  <  5

Lower-casing and word splitting by a library follow its own Unicode tables, and with them every hash made
of them. So one table says for each code point its lower case (one code point; final sigma is sigma) and

    word    letters and digits; runs of them are words
    alone   a word by itself: letters of scripts without spaces, and every sign (+ < $ and emoji)
    mark    combining marks: go on with a word, and separate where no word is
    skip    as if it were not there: invisible characters, Arabic and Hebrew vowel points
    quiet   separates: white space, sentence punctuation, quotes, the underscore

and whether a text with it may not be in NFC. `python -m ittools.text.characters` writes the file from
Python's own Unicode data; the one in use is of Unicode 14.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ittools.text.words import QUIET, UNSPACED

FILE = Path(__file__).with_name("characters.txt")
POINTS = 0x110000
CLASSES = ("quiet", "word", "alone", "mark", "skip")
QUIET_CLASS, WORD, ALONE, MARK, SKIP = range(len(CLASSES))
FOLD_BITS = 21  # the lower-case code point; above it three bits of class and one of "perhaps not NFC"
UNNORMALISED = 1 << (FOLD_BITS + 3)
_FOLD = (1 << FOLD_BITS) - 1

# soft hyphen, joiners, variation selectors, directions; tatweel, Arabic and Hebrew points
_SKIPPED = (
    "[\u00ad\u034f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u061c\u0640\u064b-\u065f"
    "\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]"
)
# white space and what is skipped and cannot be seen: a text of these alone is empty
UNSEEN = "".join(
    chr(point)
    for first, last in (
        (0x09, 0x0D), (0x1C, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C),
        (0x1680, 0x1680), (0x180B, 0x180E), (0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F),
        (0x3000, 0x3000), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xE0100, 0xE01EF),
    )
    for point in range(first, last + 1)
)  # fmt: skip
_QUIET_SIGN = rf"[\s_{QUIET}\u0964\u0965]"  # danda ends a sentence
_UNSPACED = f"[{UNSPACED}]"


@lru_cache(maxsize=1)
def table() -> NDArray[np.uint32]:
    """(0x110000,) uint32: lower-case code point | class << 21 | perhaps not NFC << 24."""
    found = np.arange(POINTS, dtype=np.uint32)
    for line in FILE.read_text(encoding="ascii").splitlines():
        if line.startswith("#"):
            continue
        span, what = line.split()
        ends, _, step = span.partition("/")
        first, _, last = ends.partition("-")
        place = slice(int(first, 16), int(last or first, 16) + 1, int(step or 1))
        if what in CLASSES:
            found[place] |= np.uint32(CLASSES.index(what) << FOLD_BITS)
        elif what == "nfc":
            found[place] |= np.uint32(UNNORMALISED)
        else:  # a distance to the lower case; stands before any class, so nothing is carried over
            found[place] = (found[place].astype(np.int64) + int(what)).astype(np.uint32)
    return found


def plain_words(text: str) -> list[str]:
    """Words of one text, a character at a time: what `ittools.text.tokens` does for many at once."""
    words: list[str] = []
    begun = False
    for lower, kind in _read(text):
        if kind == WORD or (kind == MARK and begun):
            words[-1:] = [words[-1] + lower] if begun else [*words[-1:], lower]
            begun = True
        elif kind != SKIP:
            begun = False
            words += [lower] * (kind == ALONE)
    return words or bare_signs(text)


def plain_characters(text: str) -> list[str]:
    """Characters of the words of one text, with a space where something quiet stands between two."""
    found: list[str] = []
    begun = gap = False
    for lower, kind in _read(text):
        if kind in (WORD, ALONE) or (kind == MARK and begun):
            found += [" "] * (gap and bool(found)) + [lower]
            begun, gap = kind != ALONE, False
        elif kind != SKIP:
            begun, gap = False, True
    return found or bare_signs(text)


def bare_signs(text: str) -> list[str]:
    """A text without a word as one, its blanks made one; nothing where there is nothing to be seen."""
    seen = " ".join(text.strip(UNSEEN).split())
    return [seen] if seen else []


def _read(text: str) -> Iterator[tuple[str, int]]:
    """(lower case, class) of each character."""
    known = table()
    for character in unicodedata.normalize("NFC", text):
        entry = int(known[ord(character)])
        yield chr(entry & _FOLD), (entry >> FOLD_BITS) & 7


def derive() -> str:
    """The file's text, from this Python's Unicode data."""
    lines = [
        f"# Unicode {unicodedata.unidata_version}; first-last/step, then lower-case distance, nfc or class"
    ]
    lines += [f"{span} {distance:+d}" for span, distance in _folds()]
    composing = _second_of_pairs()
    lines += [f"{span} nfc" for span, _ in _spans(lambda c: _unsafe(c, composing) or None)]
    lines += [
        f"{span} {name}" for span, name in _spans(lambda c: _class(c) if _class(c) != "quiet" else None)
    ]
    return "\n".join(lines) + "\n"


def _class(character: str) -> str:
    if re.match(_SKIPPED, character):
        return "skip"
    if re.match(_UNSPACED, character):
        return "alone"
    if unicodedata.category(character)[0] == "M":
        return "mark"
    if character.isalnum():
        return "word"
    return "quiet" if re.match(_QUIET_SIGN, character) else "alone"


def _lower(character: str) -> str:
    if character == "\u03c2":  # what stands for sigma at a word's end
        return "\u03c3"
    return character.lower()[0]  # only U+0130 has two


def _unsafe(character: str, composing: frozenset[str]) -> bool:
    return (
        unicodedata.combining(character) != 0
        or character in composing
        or unicodedata.normalize("NFC", character) != character
    )


def _second_of_pairs() -> frozenset[str]:
    """Characters that may join the one before them under NFC."""
    hangul = {chr(c) for c in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}
    pairs = (unicodedata.decomposition(character).split() for character in _characters())
    return frozenset(chr(int(p[1], 16)) for p in pairs if len(p) == 2 and not p[0].startswith("<")) | hangul


def _characters() -> Iterator[str]:
    return (chr(c) for c in range(POINTS) if not 0xD800 <= c < 0xE000)


def _spans(about: Callable[[str], object]) -> Iterator[tuple[str, object]]:
    """Runs of code points about which the same is said; null is left out."""
    for said, run in groupby(_characters(), about):
        if said is not None:
            points = [ord(c) for c in run]
            yield _span(points[0], points[-1], 1), said


def _folds() -> Iterator[tuple[str, int]]:
    """Runs with one distance and one step: 100-12e/2 is every second of them."""
    moved = [(ord(c), ord(_lower(c)) - ord(c)) for c in _characters() if _lower(c) != c]
    at = 0
    while at < len(moved):
        (first, distance), end = moved[at], at + 1
        step = (
            moved[end][0] - first
            if end < len(moved) and moved[end] in ((first + 1, distance), (first + 2, distance))
            else 1
        )
        while end < len(moved) and moved[end] == (moved[end - 1][0] + step, distance):
            end += 1
        yield _span(first, moved[end - 1][0], step), distance
        at = end


def _span(first: int, last: int, step: int) -> str:
    return f"{first:x}" if first == last else f"{first:x}-{last:x}" + (f"/{step}" if step > 1 else "")


if __name__ == "__main__":
    FILE.write_text(derive(), encoding="ascii")
