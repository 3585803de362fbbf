"""Prose and code, letters and scripts."""

from __future__ import annotations

import gzip
import json
import unicodedata
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.text.languages.letters import BLOCKS, END, SCRIPTS, count
from ittools.text.languages.prose import without_code


def prose(text: str) -> str:
    return str(without_code(pa.array([text])).to_pylist()[0])


@pytest.mark.parametrize(
    "line",
    [
        "def add(a, b):", "x = 3", "total += price * count", "print(total)", "return x + 1",
        "for i in range(3):",
        "if x == 3:", "else:", "} else {", "int main() {", "#include <stdio.h>", "import numpy as np",
        "from typing import List", "using namespace std;", "cout << a << endl;", "SELECT * FROM users",
        "<div class='a'>", '"name": "Ada",', "color: red;", "public static void main(String[] args) {",
        "console.log(x);", "let x = 3;", "items.map(x => x * 2)", ">>> add(1, 2)", "// a comment",
        "if not arr: return None", "continue", "return ' '.join(words)", "});", "@property",
    ],
)  # fmt: skip
def test_a_line_of_code_is_no_prose(line: str) -> None:
    assert prose(f"Here it is.\n{line}\n}}\nThat is all, my friend.\n\nGood night.") == (
        "Here it is.\nThat is all, my friend.\n\nGood night."
    )


@pytest.mark.parametrize(
    "line",
    [
        "Tyger Tyger, burning bright in the forests of the night;", "It costs $5 (or less).",
        "for example, in the following:", "if you like it, tell your friends",
        "Τι σημαίνει αυτό;",
        "Write a function that returns x = 3.", "(This one is in brackets.)", "[Your name]",
        "What does print(x) do in Python?", "1. Choose a (good) book; read it.", "Class is over for today",
        "Return the book to the library.", "The teacher _________ the answer.",
        "import duties are high",
        "from Paris to London", "Note: this is important.", "while it rained, we slept", "* a point",
        "- a point",
        "# A heading", "Select the best option from the list", "Let x be a number.", "?", "",
    ],
)  # fmt: skip
def test_a_line_of_prose_stays(line: str) -> None:
    assert prose(line) == line


def test_comments_and_docstrings_are_code_among_code_only() -> None:
    assert prose('def f():\n    """Say hello."""\n    # twice\n    return 2') == ""
    assert (
        prose("# Heading\n    a quoted line\nNothing else.") == "# Heading\n    a quoted line\nNothing else."
    )


def test_fenced_blocks_go_even_unfinished_ones() -> None:
    assert prose("One.\n```python\nany words\n```\nTwo.\n```\nmore words") == "One.\n\nTwo.\n"


@settings(deadline=None)
@given(st.lists(st.text() | st.lists(st.sampled_from(["x = 1", "Hello there.", "}", ""])).map("\n".join)))
def test_what_is_left_are_lines_of_the_text_whatever_else_is_asked(texts: list[str]) -> None:
    kept = without_code(pa.array(texts, pa.string())).to_pylist()
    assert kept == [prose(text) for text in texts]
    for text, rest in zip(texts, kept, strict=True):
        if "```" not in text and rest:
            lines = iter(text.split("\n"))
            assert all(line in lines for line in rest.split("\n"))  # in order


def test_public_programs_are_code_and_public_questions_are_prose(shared_data: Path) -> None:
    import pyarrow.parquet as pq

    with gzip.open(shared_data / "eval" / "HumanEval.jsonl.gz", "rt", encoding="utf-8") as lines:
        programs = [json.loads(line) for line in lines]
    for field in ("canonical_solution", "test"):
        kept = without_code(pa.array([program[field] for program in programs])).to_pylist()
        assert count(kept).letters.max() < 20
    for name in ("xquad_questions", "mgsm"):
        asked = pq.read_table(shared_data / "multilingual" / f"{name}.parquet")["question"].combine_chunks()
        assert without_code(asked).equals(asked)


def test_letters_are_counted_by_script() -> None:
    found = count(["Привет, world", "你好 かな 한국", "12!", "", "ab γδ Ж"])
    assert found.letters.tolist() == [11, 6, 0, 0, 5]
    assert found.dense.tolist() == [0, 6, 0, 0, 0]
    assert found.second.tolist() == [5 / 11, 0.0, 0.0, 0.0, 2 / 5]


@given(st.lists(st.text(max_size=40), max_size=10))
def test_letters_are_pythons_letters(texts: list[str]) -> None:
    assert count(texts).letters.tolist() == [sum(map(str.isalpha, text)) for text in texts]


@pytest.mark.parametrize("script", [s for s in SCRIPTS if s not in ("other", "east-asian", "latin", "nko")])
def test_a_script_has_the_letters_that_unicode_gives_its_name(script: str) -> None:
    points = [p for (a, s), (b, _) in pairwise(BLOCKS) if s == script for p in range(a, b)]
    names = [unicodedata.name(chr(p), "").split(" ")[0] for p in points if chr(p).isalpha()]
    assert names.count(script.upper()) >= 0.9 * len(names) > 0


def test_every_letter_has_a_script() -> None:
    letters = [chr(p) for p in range(0x110000) if not 0xD800 <= p < 0xE000 and chr(p).isalpha()]
    assert ord(letters[-1]) < END
    assert (count(letters).letters == 1).all()
