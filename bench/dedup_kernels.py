"""Our near-duplicate kernels in memory, from a list of texts to the decision, in one process.

The one place of the bench that knows our functions; everything else goes by the command line.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]


def join_decision(texts: list[str], ngram: int = 5, threshold: float = 0.7) -> I64:
    """Lines that the exact join keeps."""
    import pyarrow as pa

    from ittools.text.join import keep_first
    from ittools.text.shingles import word_shingles

    decision = keep_first([word_shingles(pa.array(texts), n=ngram)], threshold)
    return np.flatnonzero(decision.twins < 0)


def join_pairs(texts: list[str], ngram: int = 5, threshold: float = 0.7) -> I64:
    """(pairs, 2): all that reach the threshold."""
    import pyarrow as pa

    from ittools.text.join import all_pairs
    from ittools.text.shingles import word_shingles

    one, other, _ = all_pairs([word_shingles(pa.array(texts), n=ngram)], threshold)
    return np.stack([one, other], axis=1)


def sketches(texts: list[str], ngram: int = 5, threshold: float = 0.7) -> I64:
    """MinHash signatures and band keys, no decision."""
    import pyarrow as pa

    from ittools.text.minhash import band_keys, choose_bands, signatures
    from ittools.text.shingles import word_shingles

    found = signatures(word_shingles(pa.array(texts), n=ngram), count=128)
    return band_keys(found, *choose_bands(threshold, 128)).astype(np.int64)


KERNELS: dict[str, Callable[[list[str]], I64]] = {
    "join, keep first": join_decision,
    "join, all pairs": join_pairs,
    "signatures and bands": sketches,
}
