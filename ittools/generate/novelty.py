"""Whether an instruction is new: unlike the seeds and everything accepted before it.

`rouge` is Self-Instruct's rule (ROUGE-L F1 above 0.7 is not new), `near` asks datasketch's LSH index
for near-duplicates by word shingles (Jaccard similarity from the threshold on), `exact` refuses only
the same text again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ittools.generate.choices import How
from ittools.text.language import primary_code
from ittools.text.online import NearIndex
from ittools.text.rouge import Pool, Verdict, pool_for


class Novelty:
    """One memory a language, and one of exact texts over all languages."""

    def __init__(self, texts: Mapping[str, Sequence[str]], *, how: How = "rouge", most: float = 0.7) -> None:
        self.how, self.most = how, most
        self.known = {text for group in texts.values() for text in group}
        self._pools: dict[str, Pool] = {}
        self._near: dict[str, NearIndex] = {}
        for language, group in texts.items() if how != "exact" else ():
            if how == "rouge":
                self._pools[language] = pool_for(primary_code(language), list(group))
            else:
                self._near[language] = self._index(group)

    def _index(self, texts: Sequence[str] = ()) -> NearIndex:
        index = NearIndex(self.most)
        for text in texts:
            index.add(text)
        return index

    def judge(self, texts: Sequence[str], language: str) -> list[Verdict]:
        """One verdict a text, in order; the new ones are remembered."""
        fresh = [self.is_fresh(text) for text in texts]
        if self.how == "exact":
            return [Verdict(novel=new, similar=[], mean=0.0) for new in fresh]
        if self.how == "near":
            index = self._near.setdefault(language, self._index())
            return [self._near_verdict(index, text, new) for text, new in zip(texts, fresh, strict=True)]
        pool = self._pools.setdefault(language, pool_for(primary_code(language)))
        # what is known word for word, perhaps of another language's pool, is scored and not added
        judged = iter(pool.judge([text for text, new in zip(texts, fresh, strict=True) if new], self.most))
        return [
            next(judged) if new else _repeated(pool, text) for text, new in zip(texts, fresh, strict=True)
        ]

    def _near_verdict(self, index: NearIndex, text: str, new: bool) -> Verdict:
        twin = index.twin(text)
        if new and twin is None:
            index.add(text)
        return Verdict(novel=new and twin is None, similar=[twin] if twin else [], mean=0.0)

    def is_fresh(self, text: str) -> bool:
        """Not word for word the same as any before; remembered."""
        fresh = text not in self.known
        self.known.add(text)
        return fresh

    def scores(self, verdict: Verdict) -> dict[str, float]:
        """As records keep them."""
        best = verdict.similar[0][1] if verdict.similar else 0.0
        if self.how == "rouge":
            return {"rouge_l_max": best, "rouge_l_mean": verdict.mean}
        return {"jaccard_max": best} if self.how == "near" else {}


def _repeated(pool: Pool, text: str) -> Verdict:
    return Verdict(novel=False, similar=pool.nearest(text), mean=0.0)
