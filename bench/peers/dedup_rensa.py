"""rensa: RMinHash from all token sets at once, its LSH index, keep the first.

WAY lsh: what shares a bucket is a duplicate. dedup: its own RMinHashDeduplicator.
"""

from __future__ import annotations

import sys

from dedup_common import PERMUTATIONS, THRESHOLD, bucket_pairs, keep_first, measure, shingles
from rensa import RMinHash, RMinHashDeduplicator, RMinHashLSH

WAY = sys.argv[1]
BANDS = 16  # of 8, threshold about (1/16)**(1/8) = 0.71
SEED = 42


def near(texts: list[str]) -> list[list[int]]:
    found = RMinHash.from_token_sets([shingles(text) for text in texts], PERMUTATIONS, SEED)
    index = RMinHashLSH(THRESHOLD, PERMUTATIONS, BANDS)
    index.insert_many(found)
    return index.query_all(found)


def decide(texts: list[str]) -> list[int]:
    if WAY == "lsh":
        return keep_first(near(texts))
    dedup = RMinHashDeduplicator(threshold=THRESHOLD, num_perm=PERMUTATIONS, use_lsh=True, seed=SEED)
    fresh = dedup.add_pairs([(str(record), shingles(text)) for record, text in enumerate(texts)])
    return [record for record, new in enumerate(fresh) if new]


def pairs_of(texts: list[str]) -> set[tuple[int, int]]:
    if WAY == "lsh":
        return bucket_pairs(near(texts))
    found = RMinHash.from_token_sets([shingles(text) for text in texts], PERMUTATIONS, SEED)
    index = RMinHashLSH(THRESHOLD, PERMUTATIONS, BANDS)
    index.insert_many(found)
    pairs = bucket_pairs(index.query_all(found))
    return {(a, b) for a, b in pairs if found[a].jaccard(found[b]) >= THRESHOLD}


if __name__ == "__main__":
    measure(decide, pairs_of)
