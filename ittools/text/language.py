"""The language of each text, by one of three backends; `und` where nothing can be told.

    identify(pa.array(["Write a poem about the sea.", "x = 3;"])) -> (["en", "und"], [0.955669, 0.0])

Code lines do not count, then a text needs letters enough, in one script, whose halves agree. What is left
goes to py3langid ("fast"), langdetect or lingua; docs/languages.md has their figures. The same text gets
the same answer in every batch, process and order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Literal, NamedTuple, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ittools.errors import UsageError, did_you_mean
from ittools.text.languages.codes import (
    FAST,
    LINGUA,
    UNDETERMINED,
    macro_code,
    macro_codes,
    primary_code,
    same_language,
)
from ittools.text.languages.letters import Letters, count
from ittools.text.languages.prose import without_code

__all__ = [
    "UNDETERMINED", "Backend", "Language", "detect_language", "detect_languages", "identify",
    "known_languages", "macro_code", "macro_codes", "primary_code", "same_language",
]  # fmt: skip

Backend = Literal["fast", "langdetect", "lingua"]
Classify = Callable[[Sequence[str]], tuple[list[str], list[float]]]

BATCH = 16_384  # texts
MOST_CHARACTERS = 2_000  # more change no answer and cost time
FEWEST_LETTERS = 20  # from 20, fast and langdetect are right for 95%; from 15 for 85%, from 10 for 76%
FEWEST_DENSE = 6  # Han, kana and Hangul say a word in a letter or two
SECOND_SCRIPT = 0.3  # of the letters: 61% of texts of two halves in two languages, 0.9% of single sentences
LEAST = 0.2  # of the probability: what fast says below is right for 43%, above for 60% and more
DOUBTFUL = 0.99  # a text below is asked in halves; a third of sentences, a seventh of longer texts
HALF_SURE = {"fast": 0.7, "langdetect": 0.9, "lingua": 0.7}  # both halves, for two languages to be believed


class Language(NamedTuple):
    """BCP-47 primary code and its probability; `und` with 0.0 when it cannot be told."""

    code: str
    probability: float


def identify(
    texts: pa.Array | pa.ChunkedArray, *, backend: Backend = "fast"
) -> tuple[pa.StringArray, pa.DoubleArray]:
    """(code, probability) of each text; null counts as empty.

    Raises:
        UsageError: an unknown backend, or one whose package is missing.
    """
    classify = _classify(backend)
    codes: list[str] = []
    found: list[float] = []
    for batch in _batches(texts):
        said = without_code(batch).to_pylist()
        letters = count(said)
        readable = _readable(letters)
        asked = [said[i] for i in readable]
        answers, odds = classify(asked)
        for at in _two_tongued(asked, letters.letters[readable], odds, classify, HALF_SURE[backend]):
            answers[at] = UNDETERMINED
        batch_codes, batch_odds = [UNDETERMINED] * len(said), [0.0] * len(said)
        for i, answer, chance in zip(readable, answers, odds, strict=True):
            if answer != UNDETERMINED and chance >= LEAST:
                batch_codes[i], batch_odds[i] = answer, chance
        codes += batch_codes
        found += batch_odds
    return pa.array(codes, pa.string()), pa.array(found, pa.float64())


def detect_language(text: str, *, backend: Backend = "fast") -> Language:
    """The language of `text`."""
    return detect_languages([text], backend=backend)[0]


def detect_languages(texts: Iterable[str], *, backend: Backend = "fast") -> list[Language]:
    whole = (text.encode("utf-8", "replace").decode() for text in texts)  # half a surrogate has no UTF-8
    codes, found = identify(pa.array(whole, pa.string()), backend=backend)
    return [Language(*pair) for pair in zip(codes.to_pylist(), found.to_pylist(), strict=True)]


@lru_cache(maxsize=len(get_args(Backend)))
def known_languages(backend: Backend = "fast") -> frozenset[str]:
    """The codes that a backend can answer, and `und`; no model is read."""
    _check(backend)
    if backend == "langdetect":
        from ittools.text.languages.profiles import names

        return frozenset(map(macro_code, names())) | {UNDETERMINED}
    return (FAST if backend == "fast" else LINGUA) | {UNDETERMINED}


def _check(backend: str) -> None:
    if backend not in get_args(Backend):
        names = ", ".join(get_args(Backend))
        near = did_you_mean(backend, get_args(Backend))
        raise UsageError(f"languages by {backend!r}: the backends are {names}{near}")


def _classify(backend: Backend) -> Classify:
    _check(backend)
    classify: Classify = import_module(f"ittools.text.languages.{backend}").classify
    if backend != "langdetect":
        return classify

    def primary(texts: Sequence[str]) -> tuple[list[str], list[float]]:
        codes, found = classify(texts)  # zh-cn and zh-tw are langdetect's own codes
        return [macro_code(code) for code in codes], found

    return primary


def _batches(texts: pa.Array | pa.ChunkedArray) -> Iterator[pa.Array]:
    for chunk in texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]:
        for start in range(0, len(chunk), BATCH):
            beginnings = pc.utf8_slice_codeunits(chunk.slice(start, BATCH), 0, MOST_CHARACTERS)
            yield pc.fill_null(beginnings, "")


def _readable(letters: Letters) -> list[int]:
    """Texts with letters enough, nearly all in one script."""
    enough = (letters.letters >= FEWEST_LETTERS) | (letters.dense >= FEWEST_DENSE)
    found: list[int] = np.flatnonzero(enough & (letters.second < SECOND_SCRIPT)).tolist()
    return found


def _two_tongued(
    texts: Sequence[str], letters: np.ndarray, odds: Sequence[float], classify: Classify, sure: float
) -> Iterator[int]:
    """Texts whose halves are surely in two languages. Only those that are long and in doubt are asked."""
    doubtful = [
        i
        for i, (many, chance) in enumerate(zip(letters.tolist(), odds, strict=True))
        if chance < DOUBTFUL and many >= 2 * FEWEST_LETTERS
    ]
    codes, chances = classify([half for i in doubtful for half in _halves(texts[i])])
    for at, i in enumerate(doubtful):
        pair = slice(2 * at, 2 * at + 2)
        if len(set(codes[pair])) == 2 and min(chances[pair]) >= sure:
            yield i


def _halves(text: str) -> tuple[str, str]:
    """Two halves, cut at the first space after the middle, if there is one."""
    middle = len(text) // 2
    space = text.find(" ", middle)
    cut = space if space >= 0 else middle
    return text[:cut], text[cut:]
