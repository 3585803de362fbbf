"""ROUGE-L against rouge_score: the same numbers to the last bit, hence the same decisions."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer, _score_lcs
from rouge_score.tokenizers import DefaultTokenizer

from ittools.text.rouge import Pool, Vocabulary, pool_for, rouge_l
from ittools.text.words import unicode_words

NOVEL = 0.7  # Self-Instruct's threshold
POOL, CANDIDATES = 100, 2_000
SENTENCES = st.lists(st.sampled_from("a b c d e the".split()), max_size=12).map(" ".join)


@pytest.fixture(scope="module")
def scorer() -> RougeScorer:
    return RougeScorer(["rougeL"], use_stemmer=False)


def stored(shared_data: Path) -> list[dict[str, object]]:
    path = shared_data / "selfinstruct_raw" / "qwen3" / "machine_generated_instructions.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@given(SENTENCES | st.text(max_size=30), SENTENCES | st.text(max_size=30))
@settings(deadline=None)
def test_a_score_is_rouge_scores_to_the_last_bit(one: str, other: str) -> None:
    peer = RougeScorer(["rougeL"]).score(one, other)["rougeL"].fmeasure
    assert rouge_l(other, one) == peer
    assert rouge_l(one, other) == peer


def test_decisions_on_real_candidates_are_rouge_scores(shared_data: Path) -> None:
    texts = [str(row["instruction"]) for row in stored(shared_data)]
    references, candidates = texts[:POOL], texts[POOL : POOL + CANDIDATES]
    tokenize = DefaultTokenizer(use_stemmer=False).tokenize
    tokens = [tokenize(text) for text in references]
    pool = Pool(references)
    disagreements = 0
    for candidate in candidates:
        words = tokenize(candidate)
        peer = [_score_lcs(reference, words).fmeasure for reference in tokens]
        mine = pool.scores(candidate).tolist()
        assert mine == peer
        disagreements += (max(mine) > NOVEL) != (max(peer) > NOVEL)
    assert (len(candidates), disagreements) == (CANDIDATES, 0)


def test_scores_stored_by_a_self_instruct_run_recompute_exactly(shared_data: Path) -> None:
    for row in stored(shared_data)[:1_000]:
        similar = row["most_similar"]
        assert isinstance(similar, dict)
        scores = Pool(list(similar)).scores(str(row["instruction"])).tolist()
        assert scores == list(similar.values())


@pytest.mark.parametrize(
    ("one", "other", "score"),
    [
        ("a b c d", "a b c d", 1.0),
        ("a b c d", "A, b; c: d!", 1.0),
        ("a b", "c d", 0.0),
        ("", "a", 0.0),
        ("", "", 0.0),
        ("今天天气", "今天天气", 0.0),  # rouge_score's tokenizer empties it
    ],
)
def test_scores_of_small_cases(scorer: RougeScorer, one: str, other: str, score: float) -> None:
    assert rouge_l(one, other) == scorer.score(one, other)["rougeL"].fmeasure == score


def test_other_scripts_are_compared_by_unicode_words() -> None:
    assert rouge_l("今天天气很好", "今天天气不好", unicode_words) == pytest.approx(5 / 6)
    assert pool_for("zh", ["今天"]).scores("今天").tolist() == [1.0]
    assert pool_for("en", ["今天"]).scores("今天").tolist() == [0.0]


def test_the_nearest_come_best_first_and_ties_in_their_order() -> None:
    pool = Pool(["x y", "a b c", "a b c d", "z"])
    pool.add("a b c")
    assert pool.nearest("a b c", 3) == [("a b c", 1.0), ("a b c", 1.0), ("a b c d", pytest.approx(6 / 7))]
    assert [text for text, _ in pool.nearest("q", 9)] == ["x y", "a b c", "a b c d", "z", "a b c"]
    assert Pool().nearest("a") == []


def test_a_vocabulary_larger_than_the_first_plane_stays_distinct() -> None:
    vocabulary = Vocabulary(str.split)
    code = vocabulary.encode(" ".join(map(str, range(70_000))))
    assert len(set(code)) == 70_000
    assert not any("\ud800" <= c <= "\udfff" for c in code)
    assert vocabulary.encode("69999 0 69999") == code[-1] + code[0] + code[-1]
