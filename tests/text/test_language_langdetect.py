"""langdetect with numpy: the library's own code and probability for any text, to the last bit."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.text.languages import langdetect, profiles, trials

Ask = Callable[[str], tuple[str, float]]
WORDS = """the und les que di en het og och att
não je się het bir và của için και не это 是 的 不 日本 한국 ที่ है
ALL CAPS
McDonald iPhone don't l'été naïve żółć ŞİŞLİ ĐÔNG Ǆ ﬁ ß
https://example.org/a?b=c me@example.org x@y""".split()


@pytest.fixture(scope="module")
def library() -> Ask:
    from langdetect import detector_factory
    from langdetect.lang_detect_exception import LangDetectException

    factory = detector_factory.DetectorFactory()
    folder = Path(detector_factory.PROFILES_DIRECTORY)
    texts = [(folder / name).read_text(encoding="utf-8") for name in profiles.names()]
    factory.load_json_profile(texts)
    factory.set_seed(0)

    def ask(text: str) -> tuple[str, float]:
        detector = factory.create()
        detector.append(text)
        try:
            best = detector.get_probabilities()
        except LangDetectException:
            return "und", 0.0
        return (best[0].lang, best[0].prob) if best else ("und", 0.0)

    return ask


def answers(texts: list[str]) -> list[tuple[str, float]]:
    return list(zip(*langdetect.classify(texts), strict=True))


def test_public_sentences_words_and_word_pairs_of_75_languages(shared_data: Path, library: Ask) -> None:
    import pyarrow.parquet as pq

    texts = pq.read_table(shared_data / "multilingual" / "lingua_testdata.parquet")["text"].to_pylist()[::60]
    assert len(texts) > 500
    assert answers(texts) == [library(text) for text in texts]


def test_public_outputs_with_code_lists_and_links(shared_data: Path, library: Ask) -> None:
    import pyarrow.parquet as pq

    texts = pq.read_table(shared_data / "instruct" / "alpaca_52k.parquet")["output"].to_pylist()[::400]
    assert answers(texts) == [library(text) for text in texts]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=8))
def test_any_text_has_the_librarys_answer(library: Ask, texts: list[str]) -> None:
    assert answers(texts) == [library(text) for text in texts]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from([*WORDS, " ", "\n", "\u0301", "."]), max_size=12), max_size=8))
def test_words_of_many_scripts_have_the_librarys_answer(library: Ask, texts: list[list[str]]) -> None:
    said = [sep.join(words) for words in texts for sep in (" ", "")]
    assert answers(said) == [library(text) for text in said]


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "123", "  a", "a  b", "A", "AB", "Ab CD efg", "http://a.b c", "a@b.cd", "x" * 12_000,
        "e\u0301te\u0309 a\u0323", "Привет world и мир", "Привет worlds and more words и",
        "ひらがな カタカナ 漢字",
        "𝐀𝐁 𐐀𐐁 text", "șțȘȚ şţ", "ی ي", "\u1ea1\u1ed9", " " * 11_000 + "hello there my friend",
        "no " * 30, "hello\u00a0«world»",
    ],
)  # fmt: skip
def test_odd_texts_have_the_librarys_answer(library: Ask, text: str) -> None:
    assert answers([text]) == [library(text)]


def test_batches_change_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [" ".join(random.Random(i).sample(WORDS, 6)) for i in range(60)]
    whole = answers(texts)
    assert [answers([text])[0] for text in texts] == whole
    monkeypatch.setattr(langdetect, "BATCH", 7)
    monkeypatch.setattr(langdetect, "PIECE", 50)
    monkeypatch.setattr(trials, "SLOTS", 3)
    monkeypatch.setattr(trials, "FEW_WORDS", 64)
    monkeypatch.setattr(trials, "STUBBORN", 2)
    assert answers(texts) == whole


def test_every_character_is_folded_as_the_library_folds_it() -> None:
    from langdetect.utils.ngram import NGram

    folded = profiles.folding()
    assert [NGram.normalize(chr(point)) for point in range(profiles.CHARACTERS)] == list(map(chr, folded))
    above = range(profiles.CHARACTERS, sys.maxunicode + 1, 97)
    assert all(NGram.normalize(chr(point)) == chr(point) and not chr(point).isupper() for point in above)


def test_every_ngram_of_a_profile_is_found_and_no_other() -> None:
    model = profiles.load()
    assert model.find(model.keys).tolist() == list(range(len(model.keys)))
    strangers = np.setdiff1d(np.arange(1, 200_000, 3, dtype=np.uint64), model.keys)
    assert (model.find(strangers) == -1).all()


def test_the_stream_is_pythons_own() -> None:
    mine, pythons = trials._stream(), random.Random(0)
    assert mine.tolist() == [pythons.getrandbits(32) for _ in range(trials.WORDS)]
    pythons = random.Random(0)
    cosines, sines = trials._gaussians()
    places = range(0, 400, trials.GAUSS_WORDS)
    assert [z for p in places for z in (cosines[p], sines[p])] == [pythons.gauss(0, 1) for _ in range(200)]


def test_the_stream_is_long_enough_for_any_text() -> None:
    """The fewer of a power of two are wanted, the more draws are rejected."""
    needed = trials.TRIALS * trials.MOST_DRAWS
    usable = trials._stream()[: trials.WORDS - 4 * trials.GAUSS_WORDS]
    for bits in range(1, 17):  # 10,000 characters have 30,000 n-grams at the most
        assert np.count_nonzero(usable >> np.uint32(32 - bits) < 1 << (bits - 1)) >= needed


@given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=60))
def test_sums_are_pythons_sums(rows: list[list[float]]) -> None:
    columns = np.array(rows)
    assert trials._total(columns).tolist() == [sum(column) for column in columns.T.tolist()]
    one = np.ascontiguousarray(columns[:, :1])
    assert trials._total(one).tolist() == [sum(one[:, 0].tolist())]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_compensated_sums_are_those_of_python_3_12(values: list[float]) -> None:
    total = lost = 0.0
    for value in values:  # Neumaier, as in CPython's bltinmodule.c
        both = total + value
        lost += (total - both) + value if abs(total) >= abs(value) else (value - both) + total
        total = both
    assert trials._compensated(np.array([values]).T).tolist() == [total + lost]
