"""py3langid's answers, with numpy: its byte automaton over all texts at once, its naive Bayes in integers.

    classify(["Write a short poem about the sea.", "12 + 3"]) -> (["en", "und"], [0.966001, 0.0])

The automaton finds the longest known byte run (six bytes at the most) that ends at each byte, so that
texts can be cut into pieces that start six bytes early. A language's score is its prior and, for each
run, log(1 + count) times its log probability; the best score is the answer, as py3langid gives it. The
table is in 512ths and the logarithms are rounded to 2**-20, so that every sum is exact in float64 and no
machine, batch or BLAS can change a decision.
Source: py3langid 0.4 (BSD-3), `langid.py`; Lui and Baldwin, langid.py, ACL 2012.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ittools.text.languages.batches import in_pieces
from ittools.text.languages.codes import UNDETERMINED, macro_code

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = 1 << 18  # characters
WINDOW, REACH = 64, 6  # bytes of a piece; of the longest run
UNIT = 512  # the model is float16 between 2 and 16 below zero: whole 512ths
LOG_UNIT = 1 << 20
GROUP = 8  # texts whose rows are fetched at once: 107,000 texts/s against 65,000 with 64
DIGITS = 6  # of a probability; exp differs in its last bit from machine to machine


@dataclass(frozen=True, eq=False)
class Model:
    moves: NDArray[np.uint32]  # (rows * 256,) next state
    rows: NDArray[np.int64]  # (states,) where a state's row begins in `moves`
    runs: NDArray[np.int64]  # (states,) the run that ends here, or -1
    table: NDArray[np.int16]  # (runs, labels) log probability * UNIT
    prior: NDArray[np.float64]  # (labels,) * UNIT
    labels: tuple[str, ...]  # py3langid's own; a label may have two columns
    codes: tuple[str, ...]  # of each label
    family: NDArray[np.int64]  # (labels,) number of the label's code


@lru_cache(maxsize=1)
def load() -> Model:
    """py3langid's model: 0.7 s once a process, 75 MB."""
    from py3langid.langid import MODEL_DIR, MODEL_FILE
    from py3langid.modelio import load_model

    table, prior, labels, moves, rows, runs = load_model(MODEL_DIR / MODEL_FILE)
    codes = tuple(macro_code(label) for label in labels)
    return Model(
        np.asarray(moves, np.uint32),
        np.asarray(rows, np.int64) * 256,
        np.asarray(runs, np.int64),
        np.round(np.asarray(table, np.float32) * UNIT).astype(np.int16),
        np.round(np.asarray(prior, np.float64) * UNIT * LOG_UNIT) / LOG_UNIT,
        tuple(labels),
        codes,
        np.unique(codes, return_inverse=True)[1],
    )


def classify(texts: Sequence[str]) -> tuple[list[str], list[float]]:
    """Code and probability of each text; `und` and 0.0 for one without any known run."""
    codes: list[str] = []
    found: list[float] = []
    model = load()
    for piece in in_pieces(texts, characters=BATCH, most=(1 << 32) // len(model.table)):  # see `_counted`
        scores, lengths, known = score(piece, model)
        best = scores.argmax(axis=1)
        codes += [model.codes[i] if any_ else UNDETERMINED for i, any_ in zip(best, known, strict=True)]
        sure = _probability(scores, best, lengths, model.family)
        found += np.where(known, sure, 0.0).tolist()
    return codes, [0.0 if code == UNDETERMINED else p for code, p in zip(codes, found, strict=True)]


def score(
    texts: Sequence[str], model: Model
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """(scores of the labels, bytes of each text, whether it has any known run)."""
    encoded = [_encode(text) for text in texts]
    lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
    runs = _walk(np.frombuffer(b"".join(encoded), np.uint8), lengths, model)
    owner, run, count = _counted(runs, lengths, len(model.table))
    weights = _logarithms(int(count.max(initial=0)))[count]
    ends = np.cumsum(np.bincount(owner, minlength=len(texts)))
    scores = np.empty((len(texts), len(model.labels)))
    for first in range(0, len(texts), GROUP):
        stops = ends[first : first + GROUP].tolist()
        begin = at = int(ends[first - 1]) if first else 0
        rows = model.table.take(run[begin : stops[-1]], axis=0).astype(np.float64)
        for text, stop in enumerate(stops, first):
            np.dot(weights[at:stop], rows[at - begin : stop - begin], out=scores[text])
            at = stop
    return (scores + model.prior) / UNIT, lengths, np.diff(ends, prepend=0) > 0


def _encode(text: str) -> bytes:
    """UTF-8 as py3langid reads it: composed, and all capitals made small."""
    if text.isupper():
        text = text.lower()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return text.encode("utf-8", "surrogatepass")


def _walk(data: NDArray[np.uint8], lengths: NDArray[np.int64], model: Model) -> NDArray[np.int64]:
    """The run that ends at each byte, or -1. All pieces of all texts go one byte at a time, together."""
    begins, ends, early = _windows(lengths)
    state = np.zeros(len(begins), np.int64)
    runs = np.full(len(data), -1)
    sizes = ends - early  # sorted, longest first
    for step in range(int(sizes[0]) if len(sizes) else 0):
        active = int(np.searchsorted(-sizes, -step))
        at = early[:active] + step
        state = model.moves[model.rows[state[:active]] + data[at]].astype(np.int64)
        if step < REACH:  # some only read their way in
            inside = at >= begins[:active]
            runs[at[inside]] = model.runs[state[inside]]
        else:
            runs[at] = model.runs[state]
    return runs


def _windows(
    lengths: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(begin, end, where to start reading) of every piece of every text, longest first."""
    stops = np.cumsum(lengths)
    pieces = -(-lengths // WINDOW)
    number = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    first = np.repeat(stops - lengths, pieces)
    begins = first + number * WINDOW
    ends = np.minimum(begins + WINDOW, np.repeat(stops, pieces))
    early = np.maximum(begins - REACH, first)
    order = np.argsort(early - ends, kind="stable")
    return begins[order], ends[order], early[order]


def _counted(
    runs: NDArray[np.int64], lengths: NDArray[np.int64], kinds: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int64]]:
    """(text, run, how often) of every run of every text."""
    known = np.flatnonzero(runs >= 0)
    owner = np.repeat(np.arange(len(lengths), dtype=np.uint32), lengths)[known]
    keys = owner * np.uint32(kinds) + runs[known].astype(np.uint32)
    keys.sort()  # 32 bits hold them, and sort twice as fast
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)])
    owner, run = np.divmod(keys[first], np.uint32(kinds))
    return owner, run, np.diff(first, append=len(keys))


def _logarithms(most: int) -> NDArray[np.float64]:
    """log(1 + count) for every count, rounded; by math, whose logarithm is the same everywhere."""
    return np.array([round(math.log1p(count) * LOG_UNIT) / LOG_UNIT for count in range(most + 1)])


def _probability(
    scores: NDArray[np.float64],
    best: NDArray[np.int64],
    lengths: NDArray[np.int64],
    family: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Share of the answer's code in the softmax of score / sqrt(bytes), py3langid's `norm_probs`."""
    texts = np.arange(len(scores))
    heat = np.sqrt(np.maximum(lengths, 1))
    odds = np.exp((scores - scores[texts, best][:, None]) / heat[:, None])
    same = family[best][:, None] == family
    share: NDArray[np.float64] = np.where(same, odds, 0.0).sum(axis=1) / odds.sum(axis=1)
    return np.round(share, DIGITS)
