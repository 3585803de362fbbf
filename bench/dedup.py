"""Near-duplicates in memory: our sketches and decision against datasketch's bulk MinHash and LSH."""

from __future__ import annotations

from bench.novelty import instructions
from bench.timing import compare, line
from ittools.text.minhash import band_keys, signatures
from ittools.text.shingles import shingle_batch

TEXTS = 5_000


def run() -> list[str]:
    from datasketch import MinHash, MinHashLSH

    texts = instructions(TEXTS, 3)

    def ours() -> object:
        return band_keys(signatures(shingle_batch(texts, n=3)), 25, 5)

    def peer() -> object:
        index = MinHashLSH(threshold=0.7, num_perm=128)
        words = [text.lower().split() for text in texts]
        shingles = [[" ".join(w[i : i + 3]).encode() for i in range(max(1, len(w) - 2))] for w in words]
        for number, found in enumerate(MinHash.bulk(shingles, num_perm=128)):
            index.insert(number, found)
        return index

    return [
        line(f"signatures and bands of {TEXTS:,} instructions (datasketch)", *compare(ours, peer, runs=3))
    ]
