"""Search results before an input: what is found, how many are drawn, what the verdict says."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.formats.documents import Document
from ittools.generate.augment.passages import BEST, DRAW, MOST_WORDS, Corpus, draw, shown, tells
from ittools.text.words import unicode_words

WORDS = st.sampled_from("river bridge tower clock bell stone water light bread oven".split())
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=12).map(" ".join), min_size=1, max_size=12)


def corpus(*texts: str) -> Corpus:
    return Corpus([Document(text, "notes") for text in texts])


def bm25(texts: list[str], query: str, k1: float = 1.5, b: float = 0.75) -> list[float]:
    """Robertson's formula in Lucene's form: log(1 + (N - n + 0.5) / (n + 0.5)), without the (k1 + 1)."""
    split = [unicode_words(text) for text in texts]
    mean = sum(map(len, split)) / len(split)
    scores = []
    for words in split:
        counts, score = Counter(words), 0.0
        for word in dict.fromkeys(unicode_words(query)):
            held = sum(word in other for other in split)
            if counts[word]:
                rarity = math.log(1 + (len(split) - held + 0.5) / (held + 0.5))
                score += rarity * counts[word] / (counts[word] + k1 * (1 - b + b * len(words) / mean))
        scores.append(score)
    return scores


@settings(deadline=None)
@given(TEXTS, st.lists(WORDS, min_size=1, max_size=5).map(" ".join))
def test_scores_are_those_of_the_formula(texts: list[str], query: str) -> None:
    found = corpus(*texts).search(query, count=99)
    expected = {place: score for place, score in enumerate(bm25(texts, query)) if score > 0}
    assert {one.place: one.score for one in found} == pytest.approx(expected, rel=1e-4)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert [one.rank for one in found] == list(range(len(found)))


def test_equal_passages_are_ranked_by_their_place() -> None:
    found = corpus("the bell rang", "a stone", "the bell rang", "the bell rang").search("bell")
    assert [one.place for one in found] == [0, 2, 3]


def test_at_most_seven_are_found_and_none_without_a_common_word() -> None:
    many = corpus(*(f"bell number {n}" for n in range(30)))
    assert len(many.search("bell")) == BEST == 7
    assert many.search("elephant") == []
    assert many.search("") == []


def test_title_is_searched_and_shown() -> None:
    found = Corpus([Document("It has two hands.", "notes", title="Clock"), Document("x", "notes")]).search(
        "clock"
    )
    assert shown(found[0]) == "Clock: It has two hands."


def test_long_passage_is_shown_by_its_beginning() -> None:
    found = corpus(" ".join(f"bell{n}" for n in range(500)), "x").search("bell7")[0]
    assert shown(found).split()[-2:] == [f"bell{MOST_WORDS - 1}", "…"]


def test_draw_follows_the_published_shares() -> None:
    """20% none, 10% one, 30% two, 40% three: within four standard deviations over 8,000 draws."""
    found = corpus(*(f"bell {n}" for n in range(9))).search("bell")
    counts = Counter(len(draw(found, random.Random(seed))) for seed in range(8_000))
    for number, share in enumerate(DRAW):
        assert abs(counts[number] / 8_000 - share) < 4 * math.sqrt(share * (1 - share) / 8_000)


def test_drawn_passages_keep_their_rank_and_reach_beyond_the_best() -> None:
    found = corpus(*(f"bell {n}" for n in range(9))).search("bell")
    seen = set()
    for seed in range(300):
        ranks = [one.rank for one in draw(found, random.Random(seed))]
        assert ranks == sorted(set(ranks))
        seen |= set(ranks)
    assert seen == set(range(BEST))


def test_fewer_are_drawn_where_fewer_are_found() -> None:
    found = corpus("one bell", "x").search("bell")
    assert max(len(draw(found, random.Random(seed))) for seed in range(50)) == 1


@pytest.mark.parametrize(
    ("passage", "output", "question", "informative"),
    [
        ("Water boils at 100 degrees Celsius.", "100 degrees", "When does water boil?", True),
        ("Water is wet.", "100 degrees", "When does water boil?", False),
        ("When does water boil?", "water", "When does water boil?", False),  # it only repeats the question
        ("No bread today.", "no", "Is it odd?", True),
        ("Bread and butter.", "no", "Is it odd?", False),
        ("anything", "", "anything", False),
        ("北京是中国的首都", "北京", "中国的首都是哪里", True),
    ],
)
def test_verdict_by_overlap(passage: str, output: str, question: str, informative: bool) -> None:
    assert tells(passage, output, question, set()) is informative


def test_word_that_most_passages_have_tells_nothing() -> None:
    assert not tells("No bread today.", "no", "Is it odd?", {"no"})
