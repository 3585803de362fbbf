"""What noise must leave alone, wherever it stands: quotes, code, addresses, other scripts, long texts."""

from __future__ import annotations

import unicodedata

import pytest
from augment_jobs import augmented, reasons, record
from hypothesis import given
from hypothesis import strategies as st

from ittools.generate.augment.noise import KINDS, noisy

SEEDS = st.integers(0, 2**32)
words = st.text("abcdefghij", min_size=4, max_size=8)
kept = st.one_of(
    words.map(lambda word: f'"{word} {word}"'), words.map(lambda word: f"'{word} {word}'"),
    words.map(lambda word: f"'{word}ing isn't {word}'"), words.map(lambda word: f"‘{word} {word}’"),
    words.map(lambda word: f"“{word}, {word}”"), words.map(lambda word: f"「{word}。{word}」"),
    words.map(lambda word: f'{word}="{word} {word}"'), words.map(lambda word: f"({word}='{word} {word}')"),
    words.map(lambda word: f"`{word} {word}`"), words.map(lambda word: f"```\n{word} {word}\n\n{word}\n```"),
    words.map(lambda word: f"https://{word}.org/{word}?{word}"), words.map(lambda word: f"{word}@{word}.org"),
    st.integers(0, 99_999).map(lambda number: f"{number}.5%"), words.map(lambda word: f"{word}_{word}"),
    words.map(lambda word: f"<{word}>"), words.map(lambda word: f"{{{word}}}"),
)  # fmt: skip


@given(st.lists(st.tuples(words, kept), min_size=1, max_size=6), SEEDS, st.sampled_from(KINDS))
def test_kept_parts_stand_in_the_text_in_their_order(
    pairs: list[tuple[str, str]], seed: int, kind: str
) -> None:
    text = noisy(" ".join(f"{word} {part} {word}," for word, part in pairs), (kind,), rate=1.0, seed=seed)
    at = 0
    for _, part in pairs:
        at = text.index(part, at) + len(part)


@given(st.text(max_size=200), SEEDS, st.floats(0, 1))
def test_case_and_punctuation_keep_every_letter(text: str, seed: int, rate: float) -> None:
    changed = noisy(text, ("punctuation",), rate=rate, seed=seed)
    assert [one for one in changed if one.isalnum()] == [one for one in text if one.isalnum()]
    recased = noisy(text, ("case",), rate=rate, seed=seed)
    assert recased.casefold().upper() == text.casefold().upper() or not text.isascii()


@pytest.mark.parametrize(
    "text",
    ["请用中文列出三种不是水果的食物。", "日本の首都はどこですか", "ประเทศไทยมีกี่จังหวัด", "ປະເທດລາວຢູ່ໃສ",
     "រាជធានីនៃប្រទេសកម្ពុជា", "မြန်မာနိုင်ငံ"],
)  # fmt: skip
def test_scripts_without_spaces_get_no_slips(text: str) -> None:
    """A letter less in them is a word less: 不 is `not`."""
    assert all(noisy(text, ("typos", "case"), rate=1.0, seed=seed) == text for seed in range(30))


@pytest.mark.parametrize(
    "text",
    ["Назовите столицу России", "Ποια είναι πρωτεύουσα", "ما عاصمة المملكة المتحدة", "대한민국의 수도는어디",
     "भारत की राजधानी", "Größenverhältnisse übertragen", "Türkiye'nin başkenti neresidir"],
)  # fmt: skip
def test_slips_in_other_scripts_stay_in_their_script(text: str) -> None:
    letters = set(unicodedata.normalize("NFC", text))
    for seed in range(30):
        changed = noisy(text, ("typos",), rate=1.0, seed=seed)
        assert set(changed) - letters <= set("abcdefghijklmnopqrstuvwxyz")
        if not any(letter.isascii() and letter.isalpha() for letter in text):
            assert set(changed) <= letters
        assert len(changed.split()) == len(text.split())


@pytest.mark.parametrize("unit", ["天", "a", "“", "«", "'", '"', "`", "a@", "``` ", "‘a ", "「"])
def test_long_texts_without_spaces_are_no_trap(unit: str) -> None:
    """Patterns that try every place again would need minutes for these."""
    text = unit * 60_000
    assert noisy(text, ("punctuation",), rate=1.0, seed=1) == text


def test_share_of_changed_words_is_the_rate() -> None:
    text = " ".join(f"word{'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10 % 10]}able" for n in range(5_000))
    changed = noisy(text, ("typos",), rate=0.2, seed=7).split()
    share = sum(one != other for one, other in zip(changed, text.split(), strict=True)) / 5_000
    assert 0.177 < share < 0.223  # four standard deviations


def test_kinds_follow_each_other_and_copies_differ() -> None:
    parent = record("Explain carefully, please: why do several rivers flow northwards?")
    harvest, _ = augmented([parent], noise=("typos", "case"), noise_rate=0.6, noise_copies=6)
    texts = [one["instruction"] for one in harvest.records]
    assert len(texts) + len(reasons(harvest)) == 6
    assert len(set(texts)) == len(texts) >= 5
    assert all(one["parents"] == [parent["id"]] for one in harvest.records)
    again, _ = augmented([parent], noise=("typos", "case"), noise_rate=0.6, noise_copies=6)
    assert [one["id"] for one in again.records] == [one["id"] for one in harvest.records]
    other, _ = augmented([parent], noise=("typos", "case"), noise_rate=0.6, noise_copies=6, seed=1)
    assert [one["id"] for one in other.records] != [one["id"] for one in harvest.records]


def test_noise_that_changes_nothing_is_dropped_as_unchanged() -> None:
    untouchable = [record("2 + 2 = ?"), record("`print(name)`"), record("Add up."), record("首都是哪里")]
    harvest, _ = augmented([*untouchable, record("Name several rivers.")], noise=("typos",), noise_rate=1.0)
    assert reasons(harvest) == ["unchanged"] * 4
    assert len(harvest.records) == 1


def test_order_of_the_records_changes_only_the_order() -> None:
    records = [
        record(f"Describe the river {name} carefully.") for name in "Donau Rhein Seine Tiber Ebro".split()
    ]
    there, _ = augmented(records, noise=("typos", "punctuation"), noise_rate=0.7)
    back, _ = augmented(records[::-1], noise=("typos", "punctuation"), noise_rate=0.7)
    assert [one["id"] for one in there.records] == [one["id"] for one in back.records[::-1]]
