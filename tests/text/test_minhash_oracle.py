"""Signatures against datasketch, bit for bit; bands against the probability they promise."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from datasketch import LeanMinHash, MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.text import minhash
from ittools.text.minhash import (
    EMPTY,
    band_keys,
    choose_bands,
    field_signatures,
    permutations,
    recall,
    signatures,
)
from ittools.text.ragged import Ragged, unique
from ittools.text.shingles import word_shingles


def shingle_batch(texts: list[str], *, n: int, tag: int = 0) -> Ragged:
    return unique(word_shingles(pa.array(texts), n=n, tag=tag))


HASHES = st.sets(st.integers(0, 2**64 - 1), max_size=30)


def ragged(sets: list[set[int]]) -> Ragged:
    ordered = [np.array(sorted(values), np.uint64) for values in sets]
    offsets = np.concatenate([[0], np.cumsum([len(values) for values in ordered])]).astype(np.int64)
    return Ragged(np.concatenate([*ordered, np.zeros(0, np.uint64)]), offsets)


def peer(values: set[int], count: int = 128) -> list[int]:
    """datasketch's signature of the low 32 bits of our hashes."""
    signature = MinHash(num_perm=count, seed=1, hashfunc=lambda value: value)
    for value in values:
        signature.update(value & 0xFFFFFFFF)
    return [int(value) for value in signature.hashvalues]


@given(st.lists(HASHES, min_size=1, max_size=5))
@settings(deadline=None, max_examples=60)
def test_signatures_are_datasketchs(sets: list[set[int]]) -> None:
    assert signatures(ragged(sets)).tolist() == [peer(values) for values in sets]


def test_signatures_of_real_shingles_are_datasketchs() -> None:
    shingles = shingle_batch(["Add 1 + 1.", "", "Say it in 日本語 please, " * 9, "?"], n=3)
    mine = signatures(shingles, count=64)
    assert mine.tolist() == [peer(set(map(int, shingles.of(i))), 64) for i in range(4)]
    assert set(mine[1].tolist()) == {int(EMPTY)}


@pytest.mark.parametrize("chunk", [1, 3, 64])
def test_signatures_do_not_depend_on_the_chunk(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    texts = ["a b c d e f g h i j k", "", "b c", "", "x y z " * 30]
    whole = signatures(shingle_batch(texts, n=2))
    monkeypatch.setattr(minhash, "CHUNK", chunk)
    assert np.array_equal(signatures(shingle_batch(texts, n=2)), whole)


def test_a_repeated_shingle_changes_no_signature() -> None:
    texts = pa.array(["a b a b a b a b", "x", ""])
    repeated = word_shingles(texts, n=2)
    assert np.array_equal(signatures(repeated), signatures(unique(repeated)))
    assert len(unique(repeated).values) < len(repeated.values)


def test_a_signature_loads_into_datasketch() -> None:
    """Similarity by datasketch's own estimate, its LeanMinHash too; 9 of 11 shingles are common."""
    found = signatures(shingle_batch(["a b c d e f g h i j", "a b c d e f g h i k"], n=1))
    one, two = (MinHash(num_perm=128, seed=1, hashvalues=row, scheme="affine32") for row in found)
    assert one.jaccard(two) == (found[0] == found[1]).mean()
    assert LeanMinHash(one).jaccard(LeanMinHash(two)) == one.jaccard(two)
    assert one.jaccard(two) == pytest.approx(9 / 11, abs=0.15)


def test_every_multiplier_is_odd() -> None:
    a, b = permutations(256)
    assert (a % 2 == 1).all()
    assert len(set(zip(a.tolist(), b.tolist(), strict=True))) == 256


@pytest.mark.parametrize("fields", [1, 2, 3])
def test_each_column_is_of_one_field(fields: int) -> None:
    found = [shingle_batch([f"one {tag} two three", "x"], n=1, tag=tag) for tag in range(fields)]
    mixed = field_signatures(found, count=10)
    for column in range(10):
        assert mixed[:, column].tolist() == signatures(found[column % fields], count=10)[:, column].tolist()


@pytest.mark.parametrize(
    ("threshold", "bands_rows"), [(0.7, (25, 5)), (1.0, (1, 128)), (0.9, (11, 11)), (0.5, (42, 3))]
)
def test_bands_are_the_fewest_meetings_that_find_98_percent(
    threshold: float, bands_rows: tuple[int, int]
) -> None:
    bands, rows = choose_bands(threshold, 128)
    assert bands * rows <= 128
    assert recall(threshold, bands, rows) >= 0.98
    longer = rows + 1
    assert longer > 128 or recall(threshold, 128 // longer, longer) < 0.98
    assert (bands, rows) == bands_rows


@given(st.floats(0.01, 1.0), st.integers(2, 256))
@settings(deadline=None)
def test_any_threshold_has_bands(threshold: float, count: int) -> None:
    bands, rows = choose_bands(threshold, count)
    assert bands >= 1
    assert rows >= 1
    assert bands * rows <= count


def test_two_records_meet_as_often_as_the_formula_says() -> None:
    """1,000 pairs at J = 0.6 by 6 bands of 5 rows: expected 1 - (1 - 0.6**5)**6 = 0.385."""
    draw = np.random.default_rng(3)
    pairs: list[set[int]] = []
    for _ in range(1_000):
        values = [int(v) for v in draw.integers(0, 2**64, 20, dtype=np.uint64)]
        pairs += [set(values[:16]), set(values[4:])]  # 12 of 20 in common
    keys = band_keys(signatures(ragged(pairs), count=30), 6, 5)
    met = (keys[0::2] == keys[1::2]).any(axis=1).mean()
    assert met == pytest.approx(recall(0.6, 6, 5), abs=0.05)  # over three standard errors


def test_equal_rows_in_different_bands_are_different_keys() -> None:
    keys = band_keys(np.zeros((1, 12), np.uint32), 4, 3)
    assert len(set(keys[0].tolist())) == 4
