"""Near-duplicates one by one: never a wrong one, hardly ever a missed one."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.errors import UsageError
from ittools.text.online import NearIndex, shingle_set
from ittools.text.words import unicode_words

WORDY = st.lists(st.sampled_from("a b c 今天 ñ".split()), max_size=8).map(" ".join) | st.text(max_size=9)


def similarity(one: str, other: str, size: int) -> float:
    """Exact Jaccard of runs of words, written out."""
    sets = []
    for text in (one, other):
        words = unicode_words(text) or text.split()
        runs = {" ".join(words[i : i + size]) for i in range(len(words) - size + 1)}
        sets.append(runs or {" ".join(words)} - {""})
    return len(sets[0] & sets[1]) / (len(sets[0] | sets[1]) or 1)


def index_of(texts: list[str], threshold: float = 0.5, **options: int) -> NearIndex:
    index = NearIndex(threshold, **options)
    for text in texts:
        index.add(text)
    return index


def test_the_example_of_the_file() -> None:
    index = index_of(["Name three rivers in the south of France."], 0.7)
    assert index.twin("name three rivers in the south of france") == (
        "Name three rivers in the south of France.",
        1.0,
    )
    assert index.twin("Name three cheeses from the south of France.") is None
    assert similarity("Name three rivers in the South", "Name three rivers of the south", 3) == 1 / 7


@pytest.mark.parametrize("shingle", [1, 3])
def test_a_twin_is_near_and_an_equal_text_is_never_missed(shingle: int) -> None:
    @given(st.lists(WORDY, max_size=8), WORDY)
    @settings(deadline=None)
    def check(texts: list[str], candidate: str) -> None:
        index = index_of(texts, shingle=shingle)
        twin = index.twin(candidate)
        exact = [similarity(candidate, text, shingle) for text in texts]
        if twin is not None:
            assert twin[1] == similarity(candidate, twin[0], shingle) >= 0.5
        if 1.0 in exact:
            assert twin == (texts[exact.index(1.0)], 1.0)

    check()


def test_the_best_comes_first_and_ties_go_to_the_first_added() -> None:
    index = index_of(["a b c d x", "a b c d", "x a b c d", "a b c d y"], 0.3, shingle=1)
    assert index.twin("d c b a") == ("a b c d", 1.0)
    assert index.twin("a b c x d z") == ("a b c d x", 5 / 6)


def test_short_texts_other_scripts_and_signs_are_compared() -> None:
    index = index_of(["Hi!", "今天 天气", "?!", "", "  ", "\ud800 x"], 0.7)
    assert index.twin("hi") == ("Hi!", 1.0)
    assert index.twin("今天天气。") == ("今天 天气", 1.0)
    assert index.twin("?!") == ("?!", 1.0)
    assert index.twin("") is None
    assert index.twin("\ud800 X") == ("\ud800 x", 1.0)
    assert index.twin("hi there you") is None
    assert shingle_set("a b c d", 3) == {("a", "b", "c"), ("b", "c", "d")}
    assert shingle_set("a b", 3) == {("a", "b")}


@pytest.mark.parametrize(("threshold", "permutations"), [(1.0, 128), (0.99, 2), (0.01, 16), (0.7, 3)])
def test_every_threshold_has_bands(threshold: float, permutations: int) -> None:
    index = index_of(["a b c d e"], threshold, permutations=permutations)
    assert index.twin("A b c d e") == ("a b c d e", 1.0)


@pytest.mark.parametrize(
    ("threshold", "options"), [(0.0, {}), (1.1, {}), (0.5, {"shingle": 0}), (0.5, {"permutations": 1})]
)
def test_impossible_options_are_named(threshold: float, options: dict[str, int]) -> None:
    with pytest.raises(UsageError, match=r"threshold in \(0, 1\], shingles of at least 1 word"):
        NearIndex(threshold, **options)


def test_a_missing_datasketch_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasketch", None)
    with pytest.raises(UsageError, match="pip install datasketch"):
        NearIndex(0.7)


def test_hardly_a_real_near_duplicate_is_missed(shared_data: Path) -> None:
    path = shared_data / "selfinstruct_raw" / "gpt4omini_generated_tasks.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        texts = list(dict.fromkeys(str(json.loads(line)["instruction"]) for line in lines))[:1_500]
    index = NearIndex(0.7)
    sets = [shingle_set(text, 3) for text in texts]
    found = near = 0
    for number, text in enumerate(texts):
        exact = max((len(sets[number] & s) / len(sets[number] | s) for s in sets[:number]), default=0.0)
        twin = index.twin(text)
        assert twin is None or 0.7 <= twin[1] <= exact
        found, near = found + (twin is not None), near + (exact >= 0.7)
        index.add(text)
    assert near > 100
    assert found >= 0.98 * near
