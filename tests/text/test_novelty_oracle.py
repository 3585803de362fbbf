"""A pool's pruned decisions against rouge_score, and against a plain LCS for words that it cannot see."""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer, _score_lcs

from ittools.text import rouge
from ittools.text.rouge import Pool, Verdict, Vocabulary, f1, fewest_common
from ittools.text.words import rouge_words, unicode_words

Scores = list[float]
Scorer = Callable[[str, str], float]
THRESHOLDS = (0.0, 0.3, 0.5, 0.7, 0.9, 1.0)
BASE = "write a list of five rivers that flow through france".split()  # ten words: 7 in common is 0.7


def rouge_scores(text: str, other: str) -> float:
    return float(RougeScorer(["rougeL"], use_stemmer=False).score(other, text)["rougeL"].fmeasure)


def plain_scores(text: str, other: str) -> float:
    """By the table of the textbook, over Unicode words, in rouge_score's order of operations."""
    mine, theirs = unicode_words(text), unicode_words(other)
    above = [0] * (len(theirs) + 1)
    for word in mine:
        here = [0]
        for j, their in enumerate(theirs):
            here.append(above[j] + 1 if word == their else max(above[j + 1], here[j]))
        above = here
    if not above[-1]:
        return 0.0
    precision, recall = above[-1] / len(mine), above[-1] / len(theirs)
    return 2 * precision * recall / (precision + recall)


@st.composite
def near_texts(draw: st.DrawFn) -> str:
    """Ten words with some replaced, dropped, moved or repeated: scores crowd around every threshold."""
    words = list(draw(st.permutations(BASE)) if draw(st.integers(0, 3)) == 0 else BASE)
    for _ in range(draw(st.integers(0, 5))):
        place = draw(st.integers(0, len(words) - 1))
        words[place : place + 1] = draw(
            st.sampled_from([[], ["new"], ["of"], ["a", "a"], ["the", words[place]]])
        )
        words = words or ["of"]
    return " ".join(words)


FEW = st.lists(st.sampled_from("a a a b b c d e the".split()), max_size=9).map(" ".join)
OTHER_SCRIPTS = st.text(st.sampled_from("今天气很好 éñ좋은 ไทย 1a।.\U00020000"), max_size=12)
ENGLISH = near_texts() | FEW | st.just("")
ANY = near_texts() | OTHER_SCRIPTS | st.text(max_size=12)


def first_above(scores: Scores, most: float) -> tuple[int, float] | None:
    return next(((number, score) for number, score in enumerate(scores) if score > most), None)


def one_at_a_time(
    start: list[str], texts: list[str], most: float, score: Scorer, count: int
) -> list[Verdict]:
    known = list(start)
    verdicts = []
    for text in texts:
        scores = [score(text, other) for other in known]
        best = sorted(range(len(known)), key=lambda i: -scores[i])[:count]  # stable: ties in pool order
        mean = float(np.array(scores).mean()) if scores else 0.0
        novel = first_above(scores, most) is None
        verdicts.append(Verdict(novel, [(known[i], scores[i]) for i in best], mean))
        if novel:
            known.append(text)
    return verdicts


@pytest.mark.parametrize("most", THRESHOLDS)
@pytest.mark.parametrize(
    ("texts", "score", "split"),
    [(ENGLISH, rouge_scores, rouge_words), (ANY, plain_scores, unicode_words)],
    ids=["rouge_score", "unicode"],
)
def test_the_twin_in_a_growing_pool_is_the_oracles(
    most: float, texts: st.SearchStrategy[str], score: Scorer, split: Callable[[str], list[str]]
) -> None:
    @given(st.lists(texts, max_size=12))
    @settings(deadline=None, max_examples=40)
    def check(arriving: list[str]) -> None:
        pool = Pool(split=split)
        for text in arriving:
            assert pool.twin(text, most) == first_above([score(text, other) for other in pool.texts], most)
            pool.add(text)

    check()


@pytest.mark.parametrize("most", THRESHOLDS)
@pytest.mark.parametrize(
    ("texts", "score", "split"),
    [(ENGLISH, rouge_scores, rouge_words), (ANY, plain_scores, unicode_words)],
    ids=["rouge_score", "unicode"],
)
def test_a_judged_batch_is_the_oracles_one_at_a_time(
    most: float, texts: st.SearchStrategy[str], score: Scorer, split: Callable[[str], list[str]]
) -> None:
    @given(st.lists(texts, max_size=6), st.lists(texts, max_size=6), st.integers(0, 4))
    @settings(deadline=None, max_examples=40)
    def check(start: list[str], arriving: list[str], count: int) -> None:
        pool = Pool(start, split=split)
        verdicts = pool.judge(arriving, most, nearest=count)
        assert verdicts == one_at_a_time(start, arriving, most, score, count)
        new = [text for text, verdict in zip(arriving, verdicts, strict=True) if verdict.novel]
        assert pool.texts == start + new

    check()


@given(st.lists(ANY, max_size=8), st.lists(ANY, max_size=8))
@settings(deadline=None)
def test_scores_of_many_are_the_scores_of_each(start: list[str], texts: list[str]) -> None:
    pool = Pool(start, split=unicode_words)
    scores = pool.scores_of(texts)
    assert scores.shape == (len(texts), len(start))
    assert scores.dtype == np.float64
    assert scores.tolist() == [pool.scores(text).tolist() for text in texts]
    assert scores.tolist() == [[plain_scores(text, other) for other in start] for text in texts]


def of_length(length: int, common: int, other: str) -> str:
    return " ".join([f"w{i}" for i in range(common)] + [f"{other}{i}" for i in range(length - common)])


@pytest.mark.parametrize("most", [0.3, 0.5, 0.7, 0.9])
def test_scores_at_the_threshold_fall_as_rouge_scores_rounding_has_them(most: float) -> None:
    """2c / (n + m) is the threshold in all of these; in floating point some are above it."""
    tenths = round(most * 10)
    above = []
    for total in range(20, 121, 20):
        common = total * tenths // 20
        for length in range(common, total - common + 1):
            text, other = of_length(length, common, "x"), of_length(total - length, common, "y")
            score = rouge_scores(text, other)
            assert score == pytest.approx(most, abs=1e-12)
            pool = Pool(["nothing alike", other])
            assert pool.twin(text, most) == ((1, score) if score > most else None)
            assert pool.judge([text], most)[0].novel == (score <= most)
            above.append(score > most)
    assert {True, False} == set(above) or most == 0.9  # 0.9 is never rounded up


@pytest.mark.parametrize("most", [-1.0, 0.0, 0.7, 1.0, 1.5, float("inf"), float("nan")])
def test_every_threshold_decides_as_the_scores_do(most: float) -> None:
    pool = Pool(["", "a b", "...", "a b c"])
    for text in ("", "a b c", "q", "天"):
        assert pool.twin(text, most) == first_above(pool.scores(text).tolist(), most)
        assert Pool().twin(text, most) is None
        assert Pool().judge([text], most) == [Verdict(True, [], 0.0)]


def test_of_two_equal_candidates_the_second_is_not_novel() -> None:
    pool = Pool(["name a river"])
    first, second, third = pool.judge(["Write a poem.", "write a POEM", "sing"], 0.7, nearest=1)
    assert (first.novel, second.novel, third.novel) == (True, False, True)
    assert second.similar == [("Write a poem.", 1.0)]
    assert pool.texts == ["name a river", "Write a poem.", "sing"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.novel = False  # type: ignore[misc]


@pytest.mark.parametrize(("cells", "together"), [(1, 1), (1, 1 << 10), (7, 2), (40, 3)])
def test_nothing_depends_on_how_much_is_done_at_once(
    monkeypatch: pytest.MonkeyPatch, cells: int, together: int
) -> None:
    words = "a b c d e f g h".split()
    texts = [" ".join(words[i % 5 : 3 + i % 7] + words[: i % 3]) for i in range(40)]
    pool = Pool(texts[:9])
    twins = [pool.twin(text, 0.5) for text in texts]
    scores = pool.scores_of(texts)
    verdicts = pool.judge(texts, 0.8)
    monkeypatch.setattr(rouge, "CELLS", cells)
    monkeypatch.setattr(rouge, "TOGETHER", together)
    pool = Pool(texts[:9])
    assert [pool.twin(text, 0.5) for text in texts] == twins
    assert pool.scores_of(texts).tolist() == scores.tolist()
    assert pool.judge(texts, 0.8) == verdicts


def test_thousands_of_identical_texts_are_one_in_the_index() -> None:
    pool = Pool(["A b, c d!", "a b c d"] * 3_000 + ["x y"])
    assert pool.twin("a b c d e", 0.7) == (0, pytest.approx(8 / 9))
    assert pool.twin("x y", 0.7) == (6_000, 1.0)
    assert pool.judge(["d c b a"], 0.7, nearest=3)[0].similar == [(text, 0.25) for text in pool.texts[:3]]


def test_texts_of_ten_thousand_words_are_decided_exactly() -> None:
    pool = Pool(["w0 w1 w2", of_length(10_000, 10_000, "")])
    for common in (6_999, 7_000, 7_001):
        text = of_length(10_000, common, "x")
        share = common / 10_000
        score = 2 * share * share / (share + share)
        assert pool.scores(text).tolist()[1] == score
        assert pool.twin(text, 0.7) == ((1, score) if score > 0.7 else None)
    assert pool.twin("w0 w1 w3", 0.6) == (0, pytest.approx(2 / 3))
    assert pool.twin(" ".join(["w0"] * 10_000), 0.0) == (0, pytest.approx(2 / 10_003))


@pytest.mark.parametrize("room", [0, 1, 4])
def test_words_beyond_the_last_character_of_unicode_still_count(
    monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setattr(rouge, "_FIRST", 0x110000 - 0x800 - room)  # as after 1.1 million words

    @given(st.lists(near_texts(), max_size=6), st.lists(near_texts() | FEW, max_size=4))
    @settings(deadline=None, max_examples=30)
    def check(start: list[str], arriving: list[str]) -> None:
        pool = Pool(["of a", *start])
        for text in arriving:
            scores = [rouge_scores(text, other) for other in pool.texts]
            assert pool.scores(text).tolist() == scores
            assert pool.twin(text, 0.5) == first_above(scores, 0.5)
        texts = list(pool.texts)
        assert pool.judge(arriving, 0.7) == one_at_a_time(texts, arriving, 0.7, rouge_scores, 10)

    check()


def test_the_last_character_of_unicode_is_used_and_then_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rouge, "_FIRST", 0x110000 - 0x800 - 1)
    vocabulary = Vocabulary(str.split)
    assert vocabulary.encode("last") == "\U0010ffff"
    assert vocabulary.encode("last over last") == (0x10FFFF, 0x110000, 0x10FFFF)
    assert vocabulary.find("last unknown") == "\U0010ffff\0"


def test_candidates_teach_the_pool_no_words() -> None:
    pool = Pool(["a b"])
    assert pool.scores_of(["q q q", "a q"]).tolist() == [[0.0], [0.5]]
    assert pool.twin("q r s", 0.0) is None
    assert pool.vocabulary.find("a q b r") == "\1\0\2\0"


def test_f1_grows_with_every_word_in_common() -> None:
    common, lengths = np.arange(121)[:, None], np.arange(1, 121)
    for length in range(1, 121, 7):
        assert (np.diff(f1(common, length, lengths), axis=0) > 0).all()


@pytest.mark.parametrize("most", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1 - 2**-53])
def test_fewest_common_is_never_one_too_many(most: float) -> None:
    common, lengths = np.arange(1, 81)[:, None], np.arange(1, 200)
    for length in range(1, 81):
        above = (f1(common, length, lengths) > most) & (common <= np.minimum(length, lengths))
        counts = np.flatnonzero(above.any(axis=1)) + 1
        fewest = fewest_common(length, most)
        assert not len(counts) or counts[0] - 1 <= fewest <= counts[0]


def test_fewest_common_lets_a_score_through_that_is_one_bit_above() -> None:
    for length in range(1, 301):
        common = np.arange(1, length + 1)
        scores = f1(common, length, common)  # the other text has no other word
        for count, score in enumerate(scores.tolist(), start=1):
            assert fewest_common(length, float(np.nextafter(score, 0))) <= count


def instructions(folder: Path, name: str, key: str) -> list[str]:
    path = folder / "selfinstruct_raw" / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [str(json.loads(line)[key]) for line in lines]


def test_a_real_run_is_judged_as_rouge_score_judges_it(shared_data: Path) -> None:
    texts = instructions(shared_data, "qwen3/machine_generated_instructions.jsonl.gz", "instruction")[:500]
    tokens = {text: rouge_words(text) for text in texts}

    def score(text: str, other: str) -> float:
        return float(_score_lcs(tokens[other], tokens[text]).fmeasure)

    pool = Pool(texts[:50])
    verdicts = pool.judge(texts[50:], 0.5)
    assert verdicts == one_at_a_time(texts[:50], texts[50:], 0.5, score, 10)
    assert {verdict.novel for verdict in verdicts} == {True, False}


@pytest.mark.parametrize("most", [0.3, 0.7])
@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("qwen3/machine_generated_instructions.jsonl.gz", "instruction"),
        ("gpt4omini_generated_tasks.jsonl.gz", "instruction"),
    ],
)
def test_pruning_changes_no_real_decision(shared_data: Path, name: str, key: str, most: float) -> None:
    """`scores` is rouge_score's to the last bit: tests/text/test_rouge_oracle.py."""
    texts = instructions(shared_data, name, key)[:3_000]
    pool = Pool()
    for text in texts:
        twin = pool.twin(text, most)
        above = np.flatnonzero(pool.scores(text) > most)
        assert (twin and twin[0]) == (int(above[0]) if len(above) else None)
        if twin is None:
            pool.add(text)
    assert 0 < len(pool.texts) < len(texts) or most == 0.7  # the run kept what is novel at 0.7
