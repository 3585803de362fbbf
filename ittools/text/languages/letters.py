"""How many letters each text has, and in which scripts.

    count(["Привет, world", "你好"]).letters -> [11, 2]; .dense -> [0, 2]; .second -> [0.4545, 0.0]

A script is a run of Unicode blocks (`Blocks.txt`): coarse, but Latin and Greek, or two Indic scripts,
never share one. Han, kana and Hangul count as one, for Japanese and Korean mix them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ittools.text.languages.batches import in_pieces

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIECE = 1 << 18  # characters at once
END = 0x33500  # no letter is above
DENSE = "east-asian"
BLOCKS = (  # first code point and script, up to the next
    (0x0000, "latin"), (0x0370, "greek"), (0x0400, "cyrillic"), (0x0530, "armenian"), (0x0590, "hebrew"),
    (0x0600, "arabic"), (0x0700, "syriac"), (0x0750, "arabic"), (0x0780, "thaana"), (0x07C0, "nko"),
    (0x0800, "other"), (0x0860, "syriac"), (0x0870, "arabic"), (0x0900, "devanagari"), (0x0980, "bengali"),
    (0x0A00, "gurmukhi"), (0x0A80, "gujarati"), (0x0B00, "oriya"), (0x0B80, "tamil"), (0x0C00, "telugu"),
    (0x0C80, "kannada"), (0x0D00, "malayalam"), (0x0D80, "sinhala"), (0x0E00, "thai"), (0x0E80, "lao"),
    (0x0F00, "tibetan"), (0x1000, "myanmar"), (0x10A0, "georgian"), (0x1100, DENSE), (0x1200, "ethiopic"),
    (0x13A0, "other"), (0x1780, "khmer"), (0x1800, "mongolian"), (0x18B0, "other"), (0x1C80, "cyrillic"),
    (0x1C90, "georgian"), (0x1CC0, "other"), (0x1D00, "latin"), (0x1F00, "greek"), (0x2000, "latin"),
    (0x2C00, "other"), (0x2C60, "latin"), (0x2C80, "other"), (0x2D00, "georgian"), (0x2D30, "other"),
    (0x2D80, "ethiopic"), (0x2DE0, "cyrillic"), (0x2E00, DENSE), (0xA000, "other"), (0xA640, "cyrillic"),
    (0xA6A0, "other"), (0xA720, "latin"), (0xA800, "other"), (0xA8E0, "devanagari"), (0xA900, "other"),
    (0xA960, DENSE), (0xA980, "other"), (0xA9E0, "myanmar"), (0xAA00, "other"), (0xAA60, "myanmar"),
    (0xAA80, "other"), (0xAB00, "ethiopic"), (0xAB30, "latin"), (0xAB70, "other"), (0xAC00, DENSE),
    (0xD800, "other"), (0xF900, DENSE), (0xFB00, "latin"), (0xFB13, "armenian"), (0xFB1D, "hebrew"),
    (0xFB50, "arabic"), (0xFE00, "other"), (0xFE70, "arabic"), (0xFF00, "latin"), (0xFF66, DENSE),
    (0x10000, "other"), (0x1AFF0, DENSE), (0x1B170, "other"), (0x20000, DENSE), (END, ""),
)  # fmt: skip
SCRIPTS = tuple(dict.fromkeys(script for _, script in BLOCKS[:-1]))


@dataclass(frozen=True, eq=False)
class Letters:
    """Of each text: letters, those of Han, kana and Hangul, and the share of its second script."""

    letters: NDArray[np.int64]
    dense: NDArray[np.int64]
    second: NDArray[np.float64]


def count(texts: Sequence[str]) -> Letters:
    pieces = [_by_script(piece) for piece in in_pieces(texts, characters=PIECE)]
    table = np.concatenate(pieces) if pieces else np.zeros((0, len(SCRIPTS)), np.int64)
    letters = table.sum(axis=1)
    second = np.partition(table, -2, axis=1)[:, -2] / np.maximum(letters, 1)
    return Letters(letters, table[:, SCRIPTS.index(DENSE)], second)


def _by_script(texts: Sequence[str]) -> NDArray[np.int64]:
    """(texts, scripts) letters."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    script = _scripts().take(points, mode="clip").astype(np.int64)
    width = len(SCRIPTS) + 1  # column 0: no letter
    cells = np.repeat(np.arange(len(texts)) * width, lengths) + script
    return np.bincount(cells, minlength=len(texts) * width).reshape(-1, width)[:, 1:]


@lru_cache(maxsize=1)
def _scripts() -> NDArray[np.uint8]:
    """Number of every letter's script, from 1; 0 for what is no letter."""
    table = np.fromiter((chr(point).isalpha() for point in range(END + 1)), np.uint8, END + 1)
    for (start, script), (stop, _) in pairwise(BLOCKS):
        table[start:stop] *= SCRIPTS.index(script) + 1
    return table
