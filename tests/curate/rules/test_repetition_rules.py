"""Runs of words, lines, sentences and characters that an output says again and again."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import judged

from ittools.curate.rules.repetition import repeated_share

STORY = "The old man walked down to the harbour and looked at the boats in the grey morning light."
TABLE = "\n".join(f"| Row {n} | Row {n} | Row {n} |" for n in range(9))


@pytest.mark.parametrize(
    ("output", "dropped"),
    [
        ("the same words again " * 10, True),
        ("the same words again " * 5, False),  # 17 runs of four: too few to judge
        ("他喜欢在海边散步。" * 9, True),
        ("Он любит гулять у моря. " * 9, True),
        ("เขาชอบเดินเล่นริมทะเล" * 9, True),
        (STORY * 1, False),
        ("[" + "0, " * 60 + "0]", False),  # a vector
        ("-----|-----\n" * 30, False),  # a table
        ("\n".join(f"{a} x {b} = {a * b}" for a in range(2, 9) for b in range(2, 9)), False),
        ("<tr>\n  <td>Row</td>\n  <td>Row</td>\n</tr>\n" * 12, False),  # markup
        ("print(x)\nprint(y)\n" * 30 + "for a in b:\n    pass\n", False),
    ],
    ids=lambda value: str(value)[:16],
)
def test_repeated_runs_of_words_are_prose_of_any_script(output: str, dropped: bool) -> None:
    assert judged("repetitive-output", output) is dropped


def _share(text: str) -> float:
    """The definition, word by word."""
    said = [word for word in text.split() if len(word) > 1]
    runs = [tuple(said[i : i + 4]) for i in range(len(said) - 3)]
    return 1 - len(set(runs)) / len(runs) if len(runs) >= 20 else 0.0


@given(st.lists(st.lists(st.sampled_from(["ab", "cd", "ef"]), max_size=60).map(" ".join), max_size=6))
def test_the_share_is_that_of_the_definition_whatever_stands_beside(texts: list[str]) -> None:
    found = repeated_share(pa.array(texts, pa.string()))
    np.testing.assert_allclose(found, [_share(text) for text in texts], atol=1e-12)
    apart = [repeated_share(pa.array([text]))[0] for text in texts]
    assert found.tolist() == apart


def test_a_slice_of_an_array_is_judged_like_the_array_itself() -> None:
    texts = pa.array(["x", "the same words again " * 10, "y"])
    assert repeated_share(texts.slice(1, 1)).tolist() == [repeated_share(texts)[1]]


@pytest.mark.parametrize(
    ("output", "dropped"),
    [
        ("I will do it again.\n" * 6, True),
        ("我会再做一次。\n" * 6, True),
        ("Roses are red,\nViolets are blue,\nSugar is sweet,\nAnd so are you.\n", False),
        ("a refrain of one line\n" * 3 + STORY * 2, False),
        ("}\n" * 40 + "one line\nand another line\nand a third\n", False),
        ("\n\n\n-----\n" * 20, False),
        ("    x = f(x);\n" * 8, False),  # a program may
        ("again\nagain\nagain", False),  # three lines are too few
    ],
    ids=lambda value: str(value)[:16],
)
def test_lines_that_stood_before_are_more_than_half_of_the_text(output: str, dropped: bool) -> None:
    assert judged("repeated-lines", output) is dropped


def test_what_was_asked_for_may_be_said_again_and_again() -> None:
    assert judged("repeated-lines", "Hello to you\n" * 9)
    assert not judged("repeated-lines", "Hello to you\n" * 9, "Repeat the input nine times.", "Hello to you")
    assert not judged("sentence-loop", "Row, row, row your little boat. " * 9, "Write lyrics.")
    assert not judged("character-run", "啊" * 300, "把“啊”重复三百次。")


def test_the_share_of_repeated_lines_is_an_option() -> None:
    poem = "We walk along the sea\nand sing\nWe walk along the sea\nand dance\n"
    assert not judged("repeated-lines", poem)
    assert judged("repeated-lines", poem, max_repeated_lines=0.3)
    assert not judged("repeated-lines", "the same\n" * 9, max_repeated_lines=1.0)


@pytest.mark.parametrize(
    ("output", "dropped"),
    [
        (STORY + " I think so too, my friend." * 6, True),
        (STORY + " I think so too, my friend." * 5, False),
        (STORY + " He went home. She stayed there." * 6, True),
        (STORY + " One of them. Two of them. Three of them." * 6, True),
        (STORY + " Yes. Yes. Yes. Yes. Yes. Yes.", False),  # a short refrain
        ("他走到港口。" + "我觉得这个想法确实不错，我的朋友。" * 6, True),
        (STORY + "\n\nThe answer is this one:" * 7, True),
        ("Is it 1.5? No. It is 2.5, or 3.5, or 4.5, or 5.5, or 6.5, or 7.5, or 8.5.", False),
        (TABLE, False),
    ],
    ids=lambda value: str(value)[-16:],
)
def test_a_model_in_a_loop_says_one_to_three_sentences_again(output: str, dropped: bool) -> None:
    assert judged("sentence-loop", output) is dropped


@pytest.mark.parametrize(
    ("unit", "times", "dropped"),
    [
        ("!", 101, True),
        ("!", 100, False),
        ("a", 200, True),
        ("哈", 101, True),
        ("é", 101, True),
        ("😀", 101, True),
        ("ha", 60, True),
        ("ab12", 60, True),
        ("-", 500, False),
        ("=", 500, False),
        (" ", 500, False),
        (".", 500, False),
        ("0", 500, False),
        ("abcde", 60, False),  # the other rules' business
    ],
)
def test_one_character_again_and_again(unit: str, times: int, dropped: bool) -> None:
    assert judged("character-run", f"Well, {unit * times} end") is dropped
    assert not judged("character-run", unit * times, max_run=0)


@given(st.integers(1, 40), st.integers(20, 60), st.sampled_from(["x", "哈", "xy"]))
def test_a_run_is_found_wherever_it_stands(before: int, most: int, unit: str) -> None:
    head = "".join(chr(97 + i % 7) for i in range(before))
    run = unit * (most // len(unit) + 2)
    assert judged("character-run", head + run + "end", max_run=most)
    assert not judged("character-run", head + run + "end", max_run=most + 9)
