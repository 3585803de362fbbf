"""langdetect's own answers, with numpy: seed 0, profiles in sorted order, thousands of texts at a time.

    classify(["Write a short poem about the sea.", "12 + 3"]) -> (["en", "und"], [0.9999979921925713, 0.0])

langdetect draws n-grams of a text at random and multiplies the languages' shares of each until one has
0.99999 of the sum, seven times over, and averages. Here every text of a batch takes its next five draws
at once. The stream is that of `random.Random(0)`, a Mersenne twister that numpy has too, and every sum
is added in the library's order, so that the probabilities are its own to the last bit.
Source: langdetect 1.0.9, `detector.py`; Nakatani, Language Detection Library for Java, 2010.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ittools.text.languages import profiles as data
from ittools.text.languages.batches import in_pieces
from ittools.text.languages.trials import probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Value = TypeVar("_Value", bound=np.generic)
BATCH = 16_384  # texts in the trials: few stay long, and many share the wait for them
PIECE = 1 << 19  # characters whose n-grams are looked up at once; 60 MB
MOST_CHARACTERS = 10_000  # of a text, the library's own limit
LEAST = 0.1  # a language below is not named
NOTHING = "und"
MARKS = "\u0300\u0301\u0303\u0309\u0323"  # of Vietnamese; langdetect composes them before all else


def classify(texts: Sequence[str]) -> tuple[list[str], list[float]]:
    """langdetect's code (`zh-cn`) and probability of each text; `und` and 0.0 where it names none."""
    codes: list[str] = []
    found: list[float] = []
    for start in range(0, len(texts), BATCH):
        model = data.load()
        pieces = [grams(piece, model) for piece in in_pieces(texts[start : start + BATCH], characters=PIECE)]
        rows, counts = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
        odds = probabilities(rows, counts, model.shares)
        best = odds.argmax(axis=1)
        top = odds[np.arange(len(odds)), best]
        named = top > LEAST
        codes += [model.names[i] if sure else NOTHING for i, sure in zip(best, named, strict=True)]
        found += np.where(named, top, 0.0).tolist()
    return codes, found


def grams(texts: Sequence[str], model: data.Profiles) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Rows of the n-grams of every text, in order, and how many each text has."""
    points, owner = _characters(texts)
    points, owner = _without_foreign_latin(points, owner, len(texts))
    points = np.minimum(points, data.CHARACTERS - 1)
    letters = model.letters[points]
    spaces = letters == data.SPACE
    kept = ~(spaces & _before(spaces, owner, True))
    letters, owner, upper = letters[kept], owner[kept], model.upper[points[kept]]
    last = _before(letters, owner, data.SPACE)
    rows = np.stack([model.single[letters], *_longer(letters, last, owner, model)], axis=1)
    rows[upper & _before(upper, owner, False)] = -1  # a capitalised word says little
    rows[:, 2][last == data.SPACE] = -1
    known = rows >= 0
    counts = np.bincount(owner, weights=known.sum(axis=1), minlength=len(texts)).astype(np.int64)
    return rows[known], counts


def _longer(
    letters: NDArray[np.int64], last: NDArray[np.int64], owner: NDArray[np.int64], model: data.Profiles
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Rows of the 2-gram and of the 3-gram that end at each letter."""
    pair = (last << data.LETTER_BITS) | letters
    triple = (_before(last, owner, data.SPACE) << 2 * data.LETTER_BITS) | pair
    return model.find((pair | data.PAIR).astype(np.uint64)), model.find(triple.astype(np.uint64))


def _characters(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(code points, the text of each) without addresses and runs of spaces, as langdetect reads."""
    from langdetect.detector import Detector
    from langdetect.utils.ngram import NGram

    clean = list(texts)
    for i, text in enumerate(clean):
        if "http" in text:
            text = Detector.URL_RE.sub(" ", text)
        if "@" in text:
            text = Detector.MAIL_RE.sub(" ", text)
        if not text.isascii() and any(mark in text for mark in MARKS):
            text = NGram.normalize_vi(text)
        clean[i] = text[:MOST_CHARACTERS]
    lengths = np.fromiter(map(len, clean), np.int64, len(clean))
    points = np.frombuffer("".join(clean).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    owner = np.repeat(np.arange(len(clean)), lengths)
    spaces = points == ord(" ")
    kept = ~(spaces & _before(spaces, owner, False))
    return points[kept], owner[kept]


def _without_foreign_latin(
    points: NDArray[np.int64], owner: NDArray[np.int64], texts: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Latin letters go from texts that are twice as much in another script."""
    latin = (points >= ord("A")) & (points <= ord("z"))
    other = (points >= 0x300) & ((points < 0x1E00) | (points > 0x1EFF))  # Latin Extended Additional
    foreign = 2 * np.bincount(owner[latin], minlength=texts) < np.bincount(owner[other], minlength=texts)
    kept = ~(latin & foreign[owner])
    return points[kept], owner[kept]


def _before(values: NDArray[_Value], owner: NDArray[np.int64], first: object) -> NDArray[_Value]:
    """The value one character earlier; `first` at the start of a text."""
    shifted = np.roll(values, 1)
    shifted[np.flatnonzero(np.diff(owner, prepend=-1))] = first
    return shifted
