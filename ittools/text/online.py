"""Near-duplicates of texts that arrive one by one: MinHash to find them, exact Jaccard to decide.

    near = NearIndex(0.7); near.add("Name three rivers in the south of France.")
    near.twin("name three rivers in the south of france")  -> ("Name three rivers ...", 1.0)
    near.twin("Name three cheeses from the south of France.")  -> None     # 2 of 10 shingles

datasketch's MinHashLSH (Broder 1997; Leskovec et al., "Mining of Massive Datasets", 3.4) with the bands of
`ittools.text.minhash`, which find 98% of the pairs exactly at the threshold and more of those above: unlike
`Pool.twin` it may miss one. It costs the same beside ten million texts as beside ten.
"""

from __future__ import annotations

from ittools.errors import UsageError
from ittools.text.minhash import choose_bands
from ittools.text.words import unicode_words

Wordings = frozenset[tuple[str, ...]]


class NearIndex:
    """Texts whose word shingles have a Jaccard similarity of `threshold` or more are near.

    Raises: UsageError for an impossible option, or where datasketch is not installed.
    """

    def __init__(self, threshold: float, *, shingle: int = 3, permutations: int = 128) -> None:
        if not 0 < threshold <= 1 or shingle < 1 or permutations < 2:
            raise UsageError(
                f"near-duplicates need a threshold in (0, 1], shingles of at least 1 word and at least "
                f"2 permutations, not {threshold}, {shingle} and {permutations}"
            )
        try:
            from datasketch import MinHash, MinHashLSH  # type: ignore[import-untyped, unused-ignore]
        except ImportError:
            raise UsageError("near-duplicates need datasketch: pip install datasketch") from None
        bands, rows = choose_bands(threshold, permutations)
        if bands < 2:  # datasketch takes no fewer; more bands find more
            bands, rows = 2, permutations // 2
        self.threshold, self.shingle = threshold, shingle
        self._texts: list[str] = []
        self._shingles: list[Wordings] = []
        self._known: set[Wordings] = set()
        self._empty = MinHash(num_perm=permutations)
        self._buckets = MinHashLSH(num_perm=permutations, params=(bands, rows))

    def add(self, text: str) -> None:
        """A text without a word or sign is near none. Of texts with equal shingles the first is found."""
        shingles = shingle_set(text, self.shingle)
        if not shingles or shingles in self._known:
            return
        self._known.add(shingles)
        self._buckets.insert(len(self._texts), self._signature(shingles))
        self._texts.append(text)
        self._shingles.append(shingles)

    def twin(self, text: str) -> tuple[str, float] | None:
        """The nearest text with its exact similarity, ties to the first added; None where none is near."""
        mine = shingle_set(text, self.shingle)
        if not mine:
            return None
        met = self._buckets.query(self._signature(mine))
        near = [(-_jaccard(mine, self._shingles[number]), number) for number in met]
        alike, number = min(near, default=(0.0, -1))
        return (self._texts[number], -alike) if -alike >= self.threshold else None

    def _signature(self, shingles: Wordings) -> object:
        signature = self._empty.copy()
        signature.update_batch([" ".join(words).encode(errors="surrogatepass") for words in shingles])
        return signature


def shingle_set(text: str, size: int) -> Wordings:
    """Every run of `size` Unicode words; of a shorter text the one run of all its words.

    The words of a text of nothing but signs are what stands between its spaces.
    """
    words = tuple(unicode_words(text) or text.split())
    if not words:
        return frozenset()
    return frozenset(words[start : start + size] for start in range(max(1, len(words) - size + 1)))


def _jaccard(one: Wordings, other: Wordings) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common)
