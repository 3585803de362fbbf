"""Words and characters of many texts at once: those of a reading character by character, hashed for good."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.text import characters, tokens
from ittools.text.characters import FOLD_BITS, SKIP, UNSEEN, plain_characters, plain_words, table
from ittools.text.ragged import Ragged
from ittools.text.tokens import character_hashes, word_hashes

# what changes its length in lower case, marks, what is skipped, scripts without spaces, signs
ODD = (
    "aBÉéİıKȺΣς ß\u0301\u0308\u093f\u0915\u094d\u0937\u064e\u0643"
    "\u00ad\u200b\ufe0f\u200d天气ไทยが\u3099😀+<_.,!\n"
)
TEXTS = st.lists(st.text(max_size=60) | st.text(ODD, max_size=60), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't STOP: 3.5!", ["don", "t", "stop", "3", "5"]),
        ("Is -3 < 2?", ["is", "-", "3", "<", "2"]),
        ("x[i] = {a: 'b'}", ["x", "[", "i", "]", "=", "{", "a", "b", "}"]),
        ("[ ( { < ", ["[", "(", "{", "<"]),
        ("😀 costs $5, not €5.", ["😀", "costs", "$", "5", "not", "€", "5"]),
        ("“Hello”, she said – twice…", ["hello", "she", "said", "twice"]),
        ("soft\u00adhyphen a\u200bb\ufe0f", ["softhyphen", "ab"]),
        ("你好。世界！", ["你", "好", "世", "界"]),
        ("हिन्दी में।", ["हिन्दी", "में"]),
        ("ภาษา", list("ภาษา")),
        ("e\u0301te\u0301 snake_case", ["été", "snake", "case"]),
        ("كِتَاب كتاب", ["كتاب", "كتاب"]),
        ("İSTANBUL Σίσυφος ΟΔΟΣ", ["istanbul", "σίσυφοσ", "οδοσ"]),
        ("q\u0323 \u0323q", ["q\u0323", "q"]),
        ("?  !", ["? !"]),
        (" \n", []),
        ("", []),
    ],
)
def test_what_a_word_is(text: str, words: list[str]) -> None:
    assert plain_words(text) == words


def test_characters_keep_one_space_where_something_quiet_stands_between() -> None:
    assert "".join(plain_characters(" Ab,  c_天气+x! ")) == "ab c 天气+x"


def test_a_text_of_signs_alone_is_one_part() -> None:
    assert [plain_characters(text) for text in ("...", " ?  ! ", "", " ")] == [["..."], ["? !"], [], []]


def one_to_one(found: Ragged, read: list[list[str]]) -> bool:
    """Equal parts have equal hashes, others others."""
    hash_of: dict[str, int] = {}
    for number, parts in enumerate(read):
        hashes = found.of(number).tolist()
        if len(hashes) != len(parts):
            return False
        for part, code in zip(parts, hashes, strict=True):
            if hash_of.setdefault(part, code) != code:
                return False
    return len(set(hash_of.values())) == len(hash_of)


@given(TEXTS)
@settings(deadline=None, max_examples=300)
def test_words_are_those_of_the_plain_reading(texts: list[str]) -> None:
    assert one_to_one(word_hashes(pa.array(texts)), [plain_words(text) for text in texts])


@given(TEXTS)
@settings(deadline=None, max_examples=300)
def test_characters_are_those_of_the_plain_reading(texts: list[str]) -> None:
    assert one_to_one(character_hashes(pa.array(texts)), [plain_characters(text) for text in texts])


@given(st.text(max_size=60))
@settings(deadline=None)
def test_no_text_but_white_space_and_what_cannot_be_seen_is_without_a_word(text: str) -> None:
    assert bool(len(word_hashes(pa.array([text])).values)) == bool(text.strip(UNSEEN))


@pytest.mark.parametrize("text", ["\u200b", "\ufeff", "\u00ad \u2060\n", "\ufe0f\u200d"])
def test_a_text_of_invisible_characters_is_an_empty_one(text: str) -> None:
    for hashes in (word_hashes, character_hashes):
        assert len(hashes(pa.array([text])).values) == 0
        assert (
            hashes(pa.array([f"{text}...{text}"])).values.tolist()
            == hashes(pa.array(["..."])).values.tolist()
        )
    assert (plain_words(text), plain_characters(text)) == ([], [])


def test_what_is_not_seen_is_white_space_or_skipped() -> None:
    kinds = (table()[list(map(ord, UNSEEN))] >> FOLD_BITS) & 7
    assert {c for c, kind in zip(UNSEEN, kinds, strict=True) if kind != SKIP} == set(
        filter(str.isspace, UNSEEN)
    )
    assert set(filter(str.isspace, map(chr, range(0x110000)))) <= set(UNSEEN)


@given(TEXTS, st.integers(1, 40))
@settings(deadline=None, max_examples=60)
def test_hashes_do_not_depend_on_the_batch(texts: list[str], size: int) -> None:
    whole = word_hashes(pa.array(texts))
    before, tokens.BATCH = tokens.BATCH, size
    try:
        small = word_hashes(pa.array(texts))
    finally:
        tokens.BATCH = before
    assert np.array_equal(whole.values, small.values)
    assert np.array_equal(whole.offsets, small.offsets)


def test_any_arrow_string_array_will_do() -> None:
    texts = ["one two", None, "", "drei", "vier fünf"]
    plain = word_hashes(pa.array([text or "" for text in texts]))
    for column in (
        pa.array(texts),
        pa.array(texts, pa.large_string()),
        pa.array(["x", *texts, "y"]).slice(1, 5),
        pa.chunked_array([texts[:2], [], texts[2:]], pa.string()),
        pa.array(texts).dictionary_encode(),
        pa.array(texts, pa.string_view()),
    ):
        found = word_hashes(column)
        assert np.array_equal(found.values, plain.values)
        assert np.array_equal(found.offsets, plain.offsets)
    assert len(word_hashes(pa.array([], pa.string()))) == 0


@pytest.mark.parametrize("length", [7, 8, 9, 63, 64, 65, 200, 1_000_000])
def test_a_long_word_depends_on_each_of_its_bytes(length: int) -> None:
    word = "ab" * (length // 2) + "c" * (length % 2)
    others = [
        word[:-1] + "x",
        "x" + word[1:],
        word + "a",
        word[: length // 2] + "x" + word[length // 2 + 1 :],
    ]
    found = word_hashes(pa.array([word, *others, word.upper()])).values.tolist()
    assert len(set(found)) == 5
    assert found[0] == found[-1]


def test_the_hashes_are_pinned() -> None:
    """Indexes and clusters of earlier versions stay comparable: a change here is another method."""
    found = word_hashes(pa.array(["Add 1 + 天, Straße!", "incomprehensibilities", "..."]))
    assert found.values.tolist() == PINNED
    assert character_hashes(pa.array(["a é"])).values.tolist() == PINNED_CHARACTERS


PINNED = [
    16038405931365767450,
    2507547432649170139,
    13325920600400780939,
    12308327158684768996,
    2366294678077780638,
    3122128441865118776,
    4894342853087252981,
]
PINNED_CHARACTERS = [12476296068999176976, 15485907386658061715, 14752937902987649632]


def test_every_word_of_75_languages_is_read_alike(shared_data: Path) -> None:
    table = pq.read_table(shared_data / "multilingual" / "lingua_testdata.parquet")
    name = max(table.column_names, key=lambda n: len(str(table[n][0])))
    texts = [str(text) for text in table.column(name).to_pylist()[::5]]
    assert one_to_one(word_hashes(pa.array(texts)), [plain_words(text) for text in texts])


@pytest.mark.skipif(unicodedata.unidata_version != "14.0.0", reason="the table is of Unicode 14")
def test_the_table_is_what_unicode_14_says() -> None:
    assert characters.derive() == characters.FILE.read_text(encoding="ascii")
