"""Outputs that end too early, run on into the next task, or begin with their own instruction."""

from __future__ import annotations

import pytest
from judging import judged

PROSE = ("The harbour is quiet in the morning and the boats lie still beside the wall. " * 4).strip()
LONG_LINE = (
    "and the fishermen who had been out all night came home with empty nets and tired eyes and sat down "
    "beside the fire to talk about the weather and the price of"
)


@pytest.mark.parametrize(
    ("output", "dropped"),
    [
        (f"{PROSE} {LONG_LINE}", True),
        (f"{PROSE} {LONG_LINE} bread.", False),
        (f"{PROSE} {LONG_LINE} bread”", False),
        (f"{PROSE} And so it was, and so it is, and", True),
        (f"{PROSE} Und so war es, und so ist es,", True),
        (f"{PROSE}\n\nSincerely,", False),
        (f"{PROSE}\n- boats and the", False),
        (f"{PROSE}\nRead more at https://example.org/harbour", False),
        (f"{PROSE} A good day for all of us here #harbour #boats", False),
        ("Paris", False),
        ("red, green, blue", False),
        (
            "港口早上很安静，船静静地停在墙边。" * 6
            + "渔民们整夜都在外面，他们带着空网和疲惫的眼睛回家，坐在火边，",
            True,
        ),
        ("港口早上很安静，船静静地停在墙边。" * 6, False),
        (
            "Гавань утром тиха. " * 15
            + "И рыбаки, которые всю ночь были в море, вернулись домой с пустыми и",
            True,
        ),
        ("ท่าเรือเงียบสงบในตอนเช้าและเรือก็จอดนิ่งอยู่ข้างกำแพง" * 4, False),  # Thai has no full stop
        ("```python\nprint(1)\n", True),
        ("```python\nprint(1)\n```", False),
        ("def f(x):\n    return x\n\nprint(f(1)) # the first of them and", False),
    ],
    ids=lambda value: str(value)[-18:],
)
def test_prose_that_stops_inside_a_sentence(output: str, dropped: bool) -> None:
    assert judged("truncated-output", output) is dropped


def test_how_long_prose_must_be_to_end_as_a_sentence_is_an_option() -> None:
    assert not judged("truncated-output", "He came home and sat down and")
    assert judged("truncated-output", "He came home and sat down and", truncation_words=5)


@pytest.mark.parametrize(
    ("instruction", "output", "dropped"),
    [
        ("Name a fruit.", "Apple\n\nInput: vegetable\nOutput: carrot", True),
        ("Name a fruit.", "Apple\n\n### Instruction:\nName a vegetable.", True),
        ("Name a fruit.", "Apple\n\nTask: Name a vegetable.", True),
        ("Name a fruit.", "<noinput>\nOutput:\nApple", True),
        ("Nenne eine Frucht.", "Apfel\n\nInput: Gemüse\nOutput: Karotte", True),
        ("说出一种水果。", "苹果\n\nInput：蔬菜\nOutput：胡萝卜", True),
        ("Name a fruit.", "Input: fruit", False),  # nothing stood before it
        ("Add the numbers.", "print(1 + 2)\n\nOutput:\n3", False),  # what a program prints
        ("Write an algorithm in pseudocode.", "Sort\nInput: a list\nOutput: it, sorted", False),
        ("Create test cases for it.", "Test Case 1:\nInput: 5, 8\nExpected: 40", False),
        ("Give me an example task.", "Here is one.\nTask: name a fruit.", False),
        ("Name a fruit.", "The input: an apple.\nMy instructions were clear.", False),
    ],
)
def test_completions_that_run_on_into_the_next_task(instruction: str, output: str, dropped: bool) -> None:
    assert judged("run-on", output, instruction) is dropped


@pytest.mark.parametrize(
    ("instruction", "output", "dropped"),
    [
        ("Design a game for four people.", "Design a game for four people. It has cards.", True),
        ("Design a game for four people.", "design a GAME for four people: chess", True),
        ("设计一个至少包含四个组件的有趣游戏。", "设计一个至少包含四个组件的有趣游戏。它有纸牌。", True),
        ("Опиши игру для четырёх человек.", "Опиши игру для четырёх человек. Это карты.", True),
        ("Design a game for four people.", "A game for four people is bridge.", False),
        ("Design a game for four people.", "Design a game for four", False),
        ("Name a fruit", "Name a fruit: apple", False),  # too short to tell
        ("Design a game for four people.", "Design a game for four people.", False),  # an echo
    ],
)
def test_outputs_that_begin_with_their_instruction(instruction: str, output: str, dropped: bool) -> None:
    assert judged("output-repeats-instruction", output, instruction) is dropped
