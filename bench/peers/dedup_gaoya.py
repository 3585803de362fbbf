"""gaoya: its string index over all cores, words and n-grams made in Rust; keep the first."""

from __future__ import annotations

from dedup_common import NGRAM, THRESHOLD, bucket_pairs, keep_first, measure
from gaoya.minhash import MinHashStringIndex

BANDS, ROWS = 14, 9  # datasketch's for 128 and 0.7


def near(texts: list[str]) -> list[list[int]]:
    """What shares a bucket and has an estimate above the threshold. Texts of fewer words are alike to it."""
    index = MinHashStringIndex(
        hash_size=32, jaccard_threshold=THRESHOLD, num_bands=BANDS, band_size=ROWS, analyzer="word",
        lowercase=True, ngram_range=(NGRAM, NGRAM), id_container="smallvec",
    )  # fmt: skip
    index.par_bulk_insert_docs(list(range(len(texts))), texts)
    return index.par_bulk_query(texts)


def decide(texts: list[str]) -> list[int]:
    return keep_first(near(texts))


def pairs_of(texts: list[str]) -> set[tuple[int, int]]:
    return bucket_pairs(near(texts))


if __name__ == "__main__":
    measure(decide, pairs_of)
