"""Bounds leave out no text that a rule would drop: against the same measures taken word by word."""

from __future__ import annotations

import re
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ittools.curate.rules import pieces
from ittools.curate.rules.bounds import (
    begins_with,
    fewer_words,
    matches_at,
    with_byte,
    with_bytes,
    with_letters,
)
from ittools.curate.rules.debris import double_encoding, garbled
from ittools.curate.rules.lengths import words
from ittools.curate.rules.pieces import may_loop, may_repeat, may_repeat_lines
from ittools.curate.rules.repetition import repeated_share

# few words and many signs, so that what is rare in prose is not
WORDS = st.sampled_from([
    "the", "cat", "Cat", "a", "I", "no", "3.5", "no.", "No!", "\"no.\"", "(yes?)", "-", "...", "x1", "été",
    "o’er", "×", "字", "字字", "ok。", "да", "\u00a0", "\u3000", "e.g.", "1.", "\x1f", "\x00", "!?)", "schön",
])  # fmt: skip
BLANKS = st.sampled_from([" ", " ", "", "  ", "\n", "\n\n", "\t", "\r\n", ""])
PHRASES = st.lists(st.tuples(WORDS, BLANKS), min_size=1, max_size=8).map(
    lambda ps: "".join(w + b for w, b in ps)
)
TEXTS = st.lists(st.tuples(PHRASES, st.integers(1, 9)), max_size=4).map(
    lambda ps: "".join(p * n for p, n in ps)
)
COLUMNS = st.lists(TEXTS | st.text(max_size=30), max_size=6)


def column(texts: list[str]) -> pa.StringArray:
    return pa.array(texts, pa.string())


@pytest.fixture(autouse=True, params=[1, 40, 1 << 19])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts one by one, a few together, all at once."""
    monkeypatch.setattr(pieces, "BLOCK", request.param)
    monkeypatch.setattr("ittools.curate.rules.bounds.BLOCK", request.param)


@given(COLUMNS, st.sampled_from([0.1, 0.3, 0.6]), st.sampled_from([1, 5, 20]))
@settings(deadline=None, max_examples=150)
def test_no_text_of_repeated_runs_is_left_out(texts: list[str], share: float, fewest: int) -> None:
    found = may_repeat(column(texts), share, fewest).tolist()
    if fewest == 20:  # the fewest of `repeated_share`
        repeated = (repeated_share(column(texts)) > share).nonzero()[0].tolist()
        assert set(repeated) <= set(found)
    assert found == sorted(set(found))


@given(COLUMNS)
@settings(deadline=None, max_examples=150)
def test_no_text_of_repeated_lines_is_left_out(texts: list[str]) -> None:
    found = set(may_repeat_lines(column(texts), 4).tolist())
    for number, text in enumerate(texts):
        lines = [line.strip() for line in text.split("\n") if any(map(str.isalpha, line))]
        if len(lines) >= 4 and len(set(lines)) < len(lines):
            assert number in found, repr(text)


@example(["他走到港口。" + "我觉得这个想法。" * 6, "好。好。"], 6)
@example(["好。好。", "no. no."], 2)
@given(COLUMNS, st.sampled_from([2, 3, 6]))
@settings(deadline=None, max_examples=150)
def test_no_text_of_sentences_in_a_loop_is_left_out(texts: list[str], times: int) -> None:
    found = set(may_loop(column(texts), times, 3).tolist())
    for number, text in enumerate(texts):
        parts = re.split(r"[.!?]+[\"')\]]*(?:[ \t\n\f\r]+|\Z)|[。！？।॥؟۔]+|\n+", text)
        said = [part.strip() for part in parts if any(map(str.isalpha, part))]
        stuck = any(
            all(said[i] == said[i + period] for i in range(first, first + (times - 1) * period))
            for period in (1, 2, 3)
            for first in range(len(said) - times * period + 1)
        )
        if stuck:
            assert number in found, repr(text)


def test_usual_prose_is_left_out() -> None:
    prose = (
        "The river was low that summer, and the boys walked across it to the mill. Nobody had worked there "
        "since the war. They found a rusted wheel, two broken chairs and a ledger with the names of farmers "
        "who were long dead. Tom read some of them aloud. It was getting late. His brother wanted to leave, "
        "but the light in the door was still warm, and so they stayed until the first star could be seen."
    )
    both = column([prose, "ha ha ha ha ha " * 9, "Stop it now please. " * 9])
    assert may_repeat(both, 0.6, 20).tolist() == [1, 2]
    assert may_loop(both, 6, 3).tolist() == [2]
    lines = column([prose.replace(". ", ".\n"), "\n".join(["a line", "another", "a third", "a line"])])
    assert may_repeat_lines(lines, 4).tolist() == [1]


@example(["0\x080"], 2)
@given(COLUMNS, st.integers(0, 5))
@settings(deadline=None, max_examples=100)
def test_no_text_of_few_words_is_left_out(texts: list[str], least: int) -> None:
    few = [number for number, count in enumerate(words(column(texts)).to_pylist()) if count < least]
    assert set(few) <= set(fewer_words(column(texts), least).tolist())


@given(COLUMNS)
@settings(deadline=None, max_examples=100)
def test_bytes_are_found_in_their_texts(texts: list[str]) -> None:
    spelt = [text.encode() for text in texts]
    assert with_byte(column(texts), 0x0A, 0xC3).tolist() == [
        number for number, text in enumerate(spelt) if b"\n" in text or 0xC3 in text
    ]
    assert {number for number, text in enumerate(spelt) if b"no" in text} <= set(
        with_bytes(column(texts), b"no").tolist()
    )
    assert begins_with(column(texts), b"nN").tolist() == [
        number for number, text in enumerate(spelt) if text[:1] in (b"n", b"N") or text[:1] >= b"\x80"
    ]


@given(st.lists(st.text(alphabet="Ã©aâ€™ \ufffd¤ÂºÐ¶é", max_size=12), max_size=5))
@settings(deadline=None, max_examples=150)
def test_garbled_texts_are_those_that_the_exact_check_finds(texts: list[str]) -> None:
    assert garbled(column(texts)).tolist() == [
        number for number, text in enumerate(texts) if "\ufffd" in text or double_encoding(text) is not None
    ]


def test_a_pattern_is_sought_at_the_positions_alone() -> None:
    texts = column(["one A", "two a", "three", "four A"])
    assert matches_at(texts, with_byte(texts, ord("A")), "a").tolist() == [0, 3]
    assert matches_at(texts, with_byte(texts, ord("a")), "A", ignore_case=False).tolist() == []


@given(COLUMNS, st.integers(0, 40))
@settings(deadline=None, max_examples=150)
def test_letters_are_counted_in_any_script(texts: list[str], least: int) -> None:
    expected = [number for number, text in enumerate(texts) if sum(map(str.isalpha, text)) >= least]
    assert with_letters(column(texts), least).tolist() == expected


def test_pieces_of_the_last_column_are_kept_and_of_no_other() -> None:
    first, second = column(["a b", "c"]), column(["a b c", "d"])
    assert pieces.pieces(first) is pieces.pieces(first)
    counts = [
        sum(len(block.begins) for block in pieces.pieces(one)) for one in (first, second, first.slice(1))
    ]
    assert Counter(counts) == Counter([3, 4, 1])
