"""py3langid with numpy: the package's own decisions, and its normalised probabilities."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.text.languages import fast
from ittools.text.languages.codes import FAST, UNDETERMINED, macro_code

WORDS = """the und les que di en het og och att não je się bir và của için και не это 是 的 不 日本 한국 ที่ है
ALL CAPS ÉTÉ ŞİŞLİ e\u0301te\u0301 １２ ß ﬁ 😀 x1y2 https://example.org/a?b=c""".split()


@pytest.fixture(scope="module")
def package() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


@pytest.fixture(scope="module")
def normalised() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def own(package: Any, text: str) -> str:
    label, score = package.classify(text)
    return UNDETERMINED if score < -1e30 else macro_code(label)  # its floor: no known run


def test_public_sentences_words_and_word_pairs_of_75_languages(shared_data: Path, package: Any) -> None:
    import pyarrow.parquet as pq

    texts = pq.read_table(shared_data / "multilingual" / "lingua_testdata.parquet")["text"].to_pylist()[::15]
    assert fast.classify(texts)[0] == [own(package, text) for text in texts]


def test_public_outputs_with_code_lists_and_links(shared_data: Path, package: Any) -> None:
    import pyarrow.parquet as pq

    texts = pq.read_table(shared_data / "instruct" / "alpaca_52k.parquet")["output"].to_pylist()[::60]
    assert fast.classify(texts)[0] == [own(package, text) for text in texts]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.text(max_size=300) | st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join), max_size=6)
)
def test_any_text_has_the_packages_answer(package: Any, texts: list[str]) -> None:
    """Or one that its sums, in 32 bits, cannot tell from it."""
    codes, found = fast.classify(texts)
    for text, code, probability in zip(texts, codes, found, strict=True):
        ranks = package.rank(text)
        best = {macro_code(label) for label, score in ranks if score >= ranks[0][1] - 1e-3}
        assert code in (best if ranks[0][1] > -1e30 else {UNDETERMINED})
        assert (probability == 0.0) == (code == UNDETERMINED)


def test_a_probability_is_that_of_the_packages_labels_of_the_code(normalised: Any) -> None:
    texts = [" ".join(random.Random(i).sample(WORDS, 9)) for i in range(80)]
    for text, code, probability in zip(texts, *fast.classify(texts), strict=True):
        if code != UNDETERMINED:
            theirs = sum(share for label, share in normalised.rank(text) if macro_code(label) == code)
            assert probability == pytest.approx(theirs, abs=2e-5)


def test_batches_and_windows_change_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["", *(" ".join(random.Random(i).choices(WORDS, k=i % 60)) for i in range(120))]
    whole = fast.classify(texts)
    alone = [fast.classify([text]) for text in texts]
    assert whole == ([c for (c,), _ in alone], [p for _, (p,) in alone])
    for name, value in {"BATCH": 90, "WINDOW": 7, "GROUP": 3}.items():
        monkeypatch.setattr(fast, name, value)
    assert fast.classify(texts) == whole


def test_the_model_is_as_the_kernel_takes_it() -> None:
    """Whole 512ths in 16 bits, no run longer than six bytes, the codes that `known_languages` names."""
    from py3langid.langid import MODEL_DIR, MODEL_FILE
    from py3langid.modelio import load_model

    table, *_ = load_model(MODEL_DIR / MODEL_FILE)
    model = fast.load()
    assert (model.table / fast.UNIT == table.astype(np.float64)).all()
    assert set(model.codes) == FAST | {UNDETERMINED}
    seen = np.arange(len(model.rows)) == 0
    for _ in range(fast.REACH):
        seen[model.moves.reshape(-1, 256)[model.rows[seen] // 256]] = True
    assert seen.all()
