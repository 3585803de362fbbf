"""langdetect's trials on many texts at once: each draws from the one stream until a language stands out.

    probabilities(rows of n-grams, n-grams of each text, shares) -> (texts, languages)

A trial multiplies an even prior by the shares of one n-gram, then of five more, and so on; after each
step the sum becomes one, and the trial ends when one language has 0.99999 or 1,001 n-grams are drawn.
Texts converge after different draws, so each keeps its own place in the stream.
Source: langdetect 1.0.9, `Detector._detect_block`; `random.gauss` and `random.choice` of Python.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRIALS, MOST_DRAWS, CONVERGED = 7, 1_001, 0.99999
ALPHA, ALPHA_WIDTH, BASE = 0.5, 0.05, 10_000
STEP = 5  # draws between two looks at the sum; the first look is after one
GAUSS_WORDS = 4  # two random() make two Gaussians: trials 0 and 1 share them, then 2 and 3
WORDS = 1 << 14  # of the stream: 7,007 draws, of which chance rejects less than half, end before
FEW_WORDS = (
    1 << 11
)  # enough but for texts that converge on nothing: 14 times the library against 9 with 1 << 9
SLOTS = 1_024  # texts in flight: their products stay in the cache
STUBBORN = 256  # distinct counts at a time of texts that need the whole stream; 50 MB


def probabilities(
    rows: NDArray[np.int32], counts: NDArray[np.int64], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """langdetect's probabilities, (texts, languages); zeros for a text without n-grams."""
    odds = np.zeros((len(counts), shares.shape[1]))
    begins = np.cumsum(counts) - counts
    texts = np.flatnonzero(counts)
    flight = _run(begins[texts], counts[texts], rows, shares, FEW_WORDS)
    odds[texts] = flight.mean
    texts = texts[flight.trial < TRIALS]
    group = np.unique(counts[texts], return_inverse=True)[1] // STUBBORN
    for number in range(int(group.max(initial=-1)) + 1):
        some = texts[group == number]
        flight = _run(begins[some], counts[some], rows, shares, WORDS)
        assert (flight.trial == TRIALS).all(), "the stream ended before the trials"
        odds[some] = flight.mean
    return odds


@dataclass(frozen=True, eq=False)
class _Draws:
    """The stream as texts see it: one that chooses among `count` n-grams skips what is too high."""

    which: NDArray[np.int64]  # (texts,) the text's count, among the distinct ones
    ends: NDArray[np.int64]  # (counts,) into the two below
    keys: NDArray[np.int64]  # count's number * words + place of each accepted draw, sorted
    picked: NDArray[np.uint32]  # the n-gram it picks
    words: int


@dataclass(frozen=True, eq=False)
class _Flight:
    """Where each text is: all (texts,), but `odds` and `mean` are (texts, languages)."""

    trial: NDArray[np.int64]  # finished ones
    drawn: NDArray[np.int64]  # in this trial
    next: NDArray[np.int64]  # its next draw, an index into `picked`
    weight: NDArray[np.float64]  # added to every share in this trial
    sine: NDArray[np.float64]  # the second Gaussian
    odds: NDArray[np.float64]
    mean: NDArray[np.float64]


def _run(
    begins: NDArray[np.int64],
    counts: NDArray[np.int64],
    rows: NDArray[np.int32],
    shares: NDArray[np.float64],
    words: int,
) -> _Flight:
    """All trials of every text for which `words` suffice; of the others `trial` stays below TRIALS."""
    size, shape = len(counts), (len(counts), shares.shape[1])
    trial, drawn, at = (np.zeros(size, np.int64) for _ in range(3))
    flight = _Flight(trial, drawn, at, np.zeros(size), np.zeros(size), np.zeros(shape), np.zeros(shape))
    draws = _draws(counts, words)
    active, fresh, waiting = np.arange(0), np.arange(0), np.arange(size)
    while active.size or fresh.size or waiting.size:
        room = SLOTS - active.size - fresh.size
        fresh, waiting = np.concatenate([fresh, waiting[:room]]), waiting[room:]
        if fresh.size:
            _begin(flight, draws, fresh)
            fresh = _left(flight, draws, fresh, 1)
            _multiply(flight, draws, fresh, 1, begins, rows, shares)
        active = _left(flight, draws, np.concatenate([active, fresh]), STEP)
        top = _multiply(flight, draws, active, STEP, begins, rows, shares)
        ended = (top > CONVERGED) | (flight.drawn[active] >= MOST_DRAWS)
        fresh, active = active[ended], active[~ended]
        flight.mean[fresh] += flight.odds[fresh] / TRIALS
        flight.trial[fresh] += 1
        fresh = fresh[flight.trial[fresh] < TRIALS]
    return flight


def _draws(counts: NDArray[np.int64], words: int) -> _Draws:
    """`random.choice`: as many bits as the count has, drawn again while they are too many."""
    distinct, which = np.unique(counts, return_inverse=True)
    bits = np.frexp(distinct.astype(np.float64))[1]  # = int.bit_length
    values = _stream()[None, :words] >> (32 - bits).astype(np.uint32)[:, None]
    accepted = values < distinct[:, None]
    ends = np.cumsum(np.count_nonzero(accepted, axis=1))
    return _Draws(which, ends, np.flatnonzero(accepted), values[accepted], words)


def _begin(flight: _Flight, draws: _Draws, texts: NDArray[np.int64]) -> None:
    """Even odds and a new weight; every second Gaussian is left from the trial before."""
    trial, which = flight.trial[texts], draws.which[texts]
    place = np.where(trial > 0, draws.keys[flight.next[texts] - 1] % draws.words + 1, 0)
    cosines, sines = _gaussians()
    draw = trial % 2 == 0
    gauss = np.where(draw, cosines[place], flight.sine[texts])
    flight.sine[texts] = sines[place]
    place += np.where(draw, GAUSS_WORDS, 0)
    flight.next[texts] = np.searchsorted(draws.keys, which * draws.words + np.minimum(place, draws.words))
    flight.weight[texts] = (ALPHA + gauss * ALPHA_WIDTH) / BASE
    flight.drawn[texts] = 0
    flight.odds[texts] = 1.0 / flight.odds.shape[1]


def _left(flight: _Flight, draws: _Draws, texts: NDArray[np.int64], more: int) -> NDArray[np.int64]:
    """The texts for which the stream has that many more draws."""
    return texts[flight.next[texts] + more <= draws.ends[draws.which[texts]]]


def _multiply(
    flight: _Flight,
    draws: _Draws,
    texts: NDArray[np.int64],
    more: int,
    begins: NDArray[np.int64],
    rows: NDArray[np.int32],
    shares: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Take `more` draws, make the sum one; the odds of the likeliest language of each text."""
    at = flight.next[texts] + np.arange(more)[:, None]
    factors = shares.take(rows[begins[texts] + draws.picked[at]], axis=0)
    factors += flight.weight[texts][:, None]  # (more, texts, languages)
    odds = flight.odds[texts]
    for factor in factors:
        odds *= factor
    odds /= _total(np.ascontiguousarray(odds.T))[:, None]
    flight.odds[texts] = odds
    flight.next[texts] += more
    flight.drawn[texts] += more
    top: NDArray[np.float64] = odds.max(axis=1, initial=0.0)
    return top


def _total(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """As Python's `sum` adds: one after the other, from 3.12 on compensated (Neumaier)."""
    if sys.version_info >= (3, 12):
        return _compensated(columns)
    if columns.shape[1] == 1:  # which `reduce` would add in pairs
        total: NDArray[np.float64] = np.add.accumulate(columns)[-1]
    else:
        total = np.add.reduce(columns)  # row by row
    return total


def _compensated(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    total, lost = np.zeros(columns.shape[1]), np.zeros(columns.shape[1])
    for column in columns:
        both = total + column
        larger = np.abs(total) >= np.abs(column)
        lost += np.where(larger, (total - both) + column, (column - both) + total)
        total = both
    return total + lost


@lru_cache(maxsize=1)
def _stream() -> NDArray[np.uint32]:
    """The words of `random.Random(0)`; numpy seeds its twister alike when given a list."""
    return np.random.RandomState([0]).randint(0, 1 << 32, WORDS, np.uint32)


@lru_cache(maxsize=1)
def _gaussians() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The two numbers of `random.gauss` for every place in the stream; math's, numpy's cosine may differ."""
    words = _stream()
    uniform = ((words[:-1] >> 5) * 67108864.0 + (words[1:] >> 6)) / 9007199254740992.0  # random()
    cosines, sines = np.zeros(WORDS + 1), np.zeros(WORDS + 1)
    for place, (angle, length) in enumerate(zip(uniform[:-2].tolist(), uniform[2:].tolist(), strict=True)):
        radius = math.sqrt(-2.0 * math.log(1.0 - length))
        cosines[place] = math.cos(angle * math.tau) * radius
        sines[place] = math.sin(angle * math.tau) * radius
    return cosines, sines
