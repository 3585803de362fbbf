"""langdetect's profiles as arrays: letters by code point, n-grams by hash, shares by language.

    letters[ord("s")] -> 46, letters[ord("ș")] == letters[ord("ş")], letters[ord("!")] -> 0 (a space)
    find([PAIR | 46]) -> the row of " s" in `shares`, or -1

The profiles are read in sorted order from the installed package (langdetect 1.0.9, `profiles/`), which
itself lists them in directory order.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPACE, STRANGE = 0, 1  # letter ids: whatever parts words, and a letter of no profile
CHARACTERS = 0x20000  # planes 0 and 1; above them nothing is upper case or in a profile
LETTER_BITS = 14  # 3,160 letters in langdetect 1.0.9
TABLE_BITS = 20  # twelve slots an n-gram (87,598): most are found at once
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio (Knuth, 6.4)
PAIR = 1 << (3 * LETTER_BITS)  # tells "ab" from " ab"


@dataclass(frozen=True, eq=False)
class Profiles:
    names: tuple[str, ...]  # languages, sorted
    letters: NDArray[np.int64]  # (CHARACTERS,) letter id
    upper: NDArray[np.bool_]  # (CHARACTERS,)
    single: NDArray[np.int32]  # (letters,) row of the 1-gram or -1
    slots: NDArray[np.int32]  # (2**TABLE_BITS,) row or -1
    keys: NDArray[np.uint64]  # (n-grams,)
    shares: NDArray[np.float64]  # (n-grams, languages): of all n-grams of that length

    def find(self, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Row of each n-gram, -1 for one of no profile; linear probing."""
        at = _slot(keys)
        rows = self.slots[at]
        astray = np.flatnonzero((rows >= 0) & (self.keys[rows] != keys))
        while astray.size:
            at[astray] = (at[astray] + 1) & ((1 << TABLE_BITS) - 1)
            rows[astray] = self.slots[at[astray]]
            astray = astray[(rows[astray] >= 0) & (self.keys[rows[astray]] != keys[astray])]
        return rows


def folder() -> Path:
    from importlib.util import find_spec

    spec = find_spec("langdetect")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "profiles"


def names() -> tuple[str, ...]:
    return tuple(sorted(path.name for path in folder().iterdir() if not path.name.startswith((".", "_"))))


@lru_cache(maxsize=1)
def load() -> Profiles:
    """Half a second, once a process."""
    read = [json.loads((folder() / name).read_text(encoding="utf-8")) for name in names()]
    rows = _rows(read)
    shares = np.zeros((len(rows), len(read)))
    for column, profile in enumerate(read):
        found = {gram: count for gram, count in profile["freq"].items() if 1 <= len(gram) <= 3}
        counts = np.fromiter(found.values(), np.float64, len(found))
        lengths = np.fromiter(map(len, found), np.int64, len(found))
        places = np.fromiter((rows[gram] for gram in found), np.int64, len(found))
        shares[places, column] = counts / np.array(profile["n_words"], np.float64)[lengths - 1]
    ids = {
        letter: i for i, letter in enumerate(sorted({c for gram in rows for c in gram} - {" "}), STRANGE + 1)
    }
    ids[" "] = SPACE
    single, keys = _keys(rows, ids)
    letters, upper = _characters(ids)
    return Profiles(tuple(p["name"] for p in read), letters, upper, single, _slots(keys), keys, shares)


def _rows(read: list[dict[str, Any]]) -> dict[str, int]:
    """Row of each n-gram. langdetect never looks up a space alone."""
    grams = dict.fromkeys(gram for profile in read for gram in profile["freq"] if 1 <= len(gram) <= 3)
    grams.pop(" ", None)
    return {gram: row for row, gram in enumerate(grams)}


def _keys(rows: dict[str, int], ids: dict[str, int]) -> tuple[NDArray[np.int32], NDArray[np.uint64]]:
    single = np.full(len(ids) + 1, -1, np.int32)
    keys = np.zeros(len(rows), np.uint64)
    for gram, row in rows.items():
        if len(gram) == 1:
            single[ids[gram]] = row
            keys[row] = (1 << 63) + ids[gram]  # never looked up: 1-grams have `single`
        elif len(gram) == 2:
            keys[row] = PAIR | ids[gram[0]] << LETTER_BITS | ids[gram[1]]
        else:
            first, second, third = (ids[letter] for letter in gram)
            keys[row] = first << 2 * LETTER_BITS | second << LETTER_BITS | third
    return single, keys


def _slot(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    return ((keys * MULTIPLIER) >> np.uint64(64 - TABLE_BITS)).astype(np.int64)


def _slots(keys: NDArray[np.uint64]) -> NDArray[np.int32]:
    """Open addressing: of those that want a free slot the first has it, the others try the next."""
    slots = np.full(1 << TABLE_BITS, -1, np.int32)
    homeless, at = np.arange(len(keys)), _slot(keys)
    while homeless.size:
        free = slots[at[homeless]] < 0
        wanted, first = np.unique(at[homeless[free]], return_index=True)
        housed = homeless[free][first]
        slots[wanted] = housed
        homeless = np.setdiff1d(homeless, housed, assume_unique=True)
        at[homeless] = (at[homeless] + 1) & ((1 << TABLE_BITS) - 1)
    return slots


def _characters(ids: dict[str, int]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Letter id and case of every character, after langdetect's own folding."""
    folded = folding()
    by_point = np.full(CHARACTERS, STRANGE, np.int64)
    for letter, number in ids.items():
        by_point[ord(letter)] = number
    upper = np.fromiter((chr(point).isupper() for point in range(CHARACTERS)), np.bool_, CHARACTERS)
    return by_point[folded], upper[folded]


def folding() -> NDArray[np.int64]:
    """The character that stands for each: `langdetect.utils.ngram.NGram.normalize` as one array."""
    from langdetect.utils.ngram import NGram

    folded = np.arange(CHARACTERS)
    folded[0:0x41] = folded[0x5B:0x61] = folded[0x7B:0x80] = ord(" ")
    folded[0x2000:0x2070] = ord(" ")
    folded[[ord(c) for c in NGram.LATIN1_EXCLUDED]] = ord(" ")
    folded[[0x219, 0x21B, 0x6CC]] = 0x15F, 0x163, 0x64A  # Romanian commas, the Persian yeh
    folded[0x1EA0:0x1F00] = 0x1EC3  # Vietnamese
    folded[0x3040:0x30A0] = ord("あ")
    folded[0x30A0:0x3100] = ord("ア")
    folded[0x3100:0x3130] = folded[0x31A0:0x31C0] = ord("ㄅ")
    folded[0xAC00:0xD7B0] = ord("가")
    for character, representative in NGram.CJK_MAP.items():
        folded[ord(character)] = ord(representative)
    return folded
