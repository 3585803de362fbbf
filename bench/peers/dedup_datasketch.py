"""datasketch: MinHash and MinHashLSH in its own bands for 0.7; a record goes when a kept one is found.

WAY bulk: MinHash.bulk. bulk-xxh32: the same with xxhash, as its documentation advises for speed. update: a
MinHash and one `update` a shingle, as most of its users write. wide: bulk-xxh32 in (25, 5) bands, each
found record verified by the estimate.
"""

from __future__ import annotations

import sys

from datasketch import MinHash, MinHashLSH
from dedup_common import PERMUTATIONS, THRESHOLD, bucket_pairs, measure, shingles

WAY = sys.argv[1]
BANDS = (25, 5) if WAY == "wide" else None


def sketches(texts: list[str]) -> list[MinHash]:
    encoded = ([shingle.encode() for shingle in shingles(text)] for text in texts)
    if WAY == "update":
        found = []
        for tokens in encoded:
            sketch = MinHash(num_perm=PERMUTATIONS)
            for token in tokens:
                sketch.update(token)
            found.append(sketch)
        return found
    if WAY == "bulk":
        return MinHash.bulk(encoded, num_perm=PERMUTATIONS)
    import xxhash

    return MinHash.bulk(encoded, num_perm=PERMUTATIONS, hashfunc=xxhash.xxh32_intdigest)


def decide(texts: list[str]) -> list[int]:
    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, params=BANDS)
    kept: dict[int, MinHash] = {}
    for record, sketch in enumerate(sketches(texts)):
        found = index.query(sketch)
        if BANDS:
            found = [other for other in found if sketch.jaccard(kept[other]) >= THRESHOLD]
        if not found:
            index.insert(record, sketch)
            kept[record] = sketch
    return list(kept)


def pairs_of(texts: list[str]) -> set[tuple[int, int]]:
    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, params=BANDS)
    found = sketches(texts)
    for record, sketch in enumerate(found):
        index.insert(record, sketch)
    pairs = bucket_pairs([index.query(sketch) for sketch in found])
    if BANDS:
        return {(a, b) for a, b in pairs if found[a].jaccard(found[b]) >= THRESHOLD}
    return pairs


if __name__ == "__main__":
    measure(decide, pairs_of)
