"""Search-augmented records after SAIL (Luo et al. 2023, arXiv 2305.15225), over a local corpus.

For each record the corpus is searched by BM25 (Lucene's form, k1 1.5, b 0.75; bm25s). None, one, two
or three of the best passages stand before its input, by the published draw; the output begins with a
verdict on them. So a model learns to look at what a search brought, and to distrust it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ittools.formats.documents import Document
from ittools.text.words import unicode_words

DRAW = (0.2, 0.1, 0.3, 0.4)  # chance of 0, 1, 2, 3 passages
BEST = 7  # passages to draw from: six search results and the first by BM25, in the paper
MOST_WORDS = 120  # of a passage that is shown
SHARED = 0.5  # share of an output's rarer words in a passage that makes it informative
COMMON = 0.1  # a word in more than this share of the passages says nothing


@dataclass(frozen=True)
class Found:
    """One passage for one record. rank: from 0."""

    document: Document
    place: int
    rank: int
    score: float


class Corpus:
    """Passages behind a BM25 index; ties go to the earlier passage."""

    def __init__(self, documents: Sequence[Document]) -> None:
        import bm25s

        self.documents = documents
        words = [unicode_words(f"{one.title} {one.text}") for one in documents]
        self._index = bm25s.BM25(backend="numpy")
        self._index.index(words, show_progress=False)
        counts: dict[str, int] = {}
        for group in words:
            for word in set(group):
                counts[word] = counts.get(word, 0) + 1
        most = max(1.0, COMMON * len(documents))
        self.common = {word for word, count in counts.items() if count > most}

    def search(self, text: str, count: int = BEST) -> list[Found]:
        """The best passages that share a word with `text`, best first."""
        words = [word for word in dict.fromkeys(unicode_words(text)) if word in self._index.vocab_dict]
        if not words:
            return []
        scores = np.asarray(self._index.get_scores(words), dtype=np.float64)  # (passages,) float64
        best = np.argsort(-scores, kind="stable")[:count]
        return [
            Found(self.documents[place], int(place), rank, float(scores[place]))
            for rank, place in enumerate(best)
            if scores[place] > 0
        ]


def draw(found: Sequence[Found], rng: random.Random) -> list[Found]:
    """As many as the published draw says, from all that were found, in order of rank."""
    count = rng.choices(range(len(DRAW)), weights=DRAW)[0]
    chosen = rng.sample(list(found), min(count, len(found)))
    return sorted(chosen, key=lambda one: one.rank)


def shown(found: Found) -> str:
    """A passage as a prompt shows it: its title, and no more than its first words."""
    text = " ".join(found.document.text.split())
    words = text.split(" ")
    text = " ".join(words[:MOST_WORDS]) + (" …" if len(words) > MOST_WORDS else "")
    return f"{found.document.title}: {text}" if found.document.title else text


def tells(passage: str, output: str, question: str, common: set[str]) -> bool:
    """Whether a passage tells what an output says, by overlap.

    Of the output's words that neither the question nor most of the corpus has, at least half stand in
    the passage. An output of nothing but such words, as "no" is one, is told by no passage.
    """
    asked = set(unicode_words(question)) | common
    wanted = set(unicode_words(output)) - asked
    held = set(unicode_words(passage))
    return bool(wanted) and len(wanted & held) / len(wanted) >= SHARED


def about(found: Sequence[Found], verdicts: Sequence[bool]) -> list[dict[str, Any]]:
    """What the record's meta says of its passages."""
    return [
        {
            "source": one.document.source,
            "title": one.document.title,
            "place": one.place,
            "bm25": round(one.score, 4),
            "verdict": "informative" if verdict else "distracting",
        }
        for one, verdict in zip(found, verdicts, strict=True)
    ]
