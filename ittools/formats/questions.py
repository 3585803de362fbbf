"""Questions with what they are about: SQuAD's nested file, and rows with a list of choices.

    {"data": [{"title": "T", "paragraphs": [{"context": "...", "qas": [{"question", "id", "answers"}]}]}]}
        -> {"id", "title", "context", "question", "answers": {"text": [...], "answer_start": [...]}}, ...
    {"id", "title", "context", "question", "answers": {...}}    the same rows, as `datasets` has them
    {"question": "2 + 2?", "choices": "['3', '4']", "answer": 1}
        -> "2 + 2?", "A. 3\\nB. 4", "4"

https://rajpurkar.github.io/SQuAD-explorer/ https://github.com/hendrycks/test
"""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from typing import Any

from ittools.formats.rows import Row

ANSWERS = ("answer", "answerKey", "groundtruth_answer", "correct", "label", "target")
MOST_CHOICES = 1 << 16  # characters of a list that is spelt as text


def is_squad(row: Row) -> bool:
    """Whether a row is a whole file of SQuAD's."""
    articles = row.get("data")
    return (
        isinstance(articles, list)
        and bool(articles)
        and all(isinstance(one, dict) and isinstance(one.get("paragraphs"), list) for one in articles)
    )


def is_question(row: Row) -> bool:
    """Whether a row is a question of SQuAD's, as `datasets` has them and `squad_rows` makes them."""
    answers = row.get("answers")
    if not isinstance(answers, dict) or not answers.keys() <= {"text", "answer_start"}:
        return False
    texts = answers.get("text")
    asked = isinstance(row.get("question"), str) and isinstance(row.get("context"), str)
    return asked and isinstance(texts, list) and all(isinstance(text, str) for text in texts)


def squad_rows(row: Row) -> Iterator[Row]:
    """A row for each question, as `datasets` has them. Raises ValueError for what is nested otherwise."""
    for article in row["data"]:
        for number, paragraph in enumerate(article["paragraphs"], 1):
            where = f"paragraph {number} of {article.get('title', '?')!r}"
            if not isinstance(paragraph, dict) or not isinstance(paragraph.get("context"), str):
                raise ValueError(f"{where}: no text in `context`")
            for asked in paragraph.get("qas") or []:
                if not isinstance(asked, dict) or not isinstance(asked.get("question"), str):
                    raise ValueError(f"{where}: no text in `question`")
                yield _asked(article, paragraph, asked, where)


def _asked(article: Row, paragraph: Row, asked: Row, where: str) -> Row:
    answers = asked.get("answers") or []
    if not all(isinstance(one, dict) and isinstance(one.get("text"), str) for one in answers):
        raise ValueError(f"{where}: `answers` must be a list of objects with a text")
    found: Row = {
        "id": asked.get("id"), "title": article.get("title"), "context": paragraph["context"],
        "question": asked["question"],
        "answers": {"text": [one["text"] for one in answers],
                    "answer_start": [one.get("answer_start") for one in answers]},
    }  # fmt: skip
    return found | ({"is_impossible": asked["is_impossible"]} if "is_impossible" in asked else {})


def choices_of(row: Row) -> list[str] | None:
    """The choices of a row, however they are spelt."""
    found: Any = row.get("choices")
    if isinstance(found, str) and found[:1] == "[" and len(found) <= MOST_CHOICES:
        try:
            found = ast.literal_eval(found)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return None
    if isinstance(found, dict):
        found = found.get("text")
    listed = isinstance(found, list) and len(found) > 1 and all(isinstance(one, str) for one in found)
    return found if listed and len(found) <= 26 else None


def answer_of(row: Row, choices: list[str]) -> tuple[str | None, str]:
    """(the column, the text) of the answer: a choice by its key, its number from 0, its text or its letter.

    Digits that count a choice are its number, also where a choice reads the same: of ["1", "23", "88"] the
    answer "1" is "23". So MMLU means it, its copies in CSV, MMLU-Redux and AI2D, whose numbers may be text;
    MathVista writes the text. Digits that count none are the text: of ["3", "4"] the answer "4" is "4".
    """
    name = next((name for name in ANSWERS if isinstance(row.get(name), (str, int))), None)
    if name is None:
        return None, ""
    value = str(row[name])
    keys = row["choices"].get("label") if isinstance(row["choices"], dict) else None
    named = list(map(str, keys[: len(choices)])) if isinstance(keys, list) else []
    if value in named:
        return name, choices[named.index(value)]
    if value.isdecimal() and len(value) <= 2 and int(value) < len(choices):
        return name, choices[int(value)]
    if row[name] in choices:
        return name, value
    letters = string.ascii_uppercase[: 0 if named else len(choices)]
    return name, choices[letters.index(value)] if len(value) == 1 and value in letters else ""


def lettered(choices: list[str]) -> str:
    return "\n".join(f"{letter}. {one}" for letter, one in zip(string.ascii_uppercase, choices, strict=False))
