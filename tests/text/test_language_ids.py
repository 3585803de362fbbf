"""Languages: langdetect's answers, made the same in every run; `und` where nothing can be told."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from ittools.text.language import UNDETERMINED, Language, detect_language, detect_languages

SENTENCES = {
    "en": "Write a short poem about the sea and the people who live beside it.",
    "de": "Schreibe ein kurzes Gedicht über das Meer und die Menschen, die daran wohnen.",
    "fr": "Écris un court poème sur la mer et sur les gens qui vivent à côté d'elle.",
    "es": "Escribe un poema corto sobre el mar y las personas que viven junto a él.",
    "ru": "Напишите короткое стихотворение о море и людях, которые живут рядом с ним.",
    "zh": "写一首关于大海和住在海边的人们的短诗。",
    "ja": "海とそのそばに住む人々について短い詩を書いてください。",
    "ko": "바다와 그 옆에 사는 사람들에 대한 짧은 시를 쓰세요.",
    "th": "เขียนบทกวีสั้น ๆ เกี่ยวกับทะเลและผู้คนที่อาศัยอยู่ริมทะเล",
    "hi": "समुद्र और उसके पास रहने वाले लोगों के बारे में एक छोटी कविता लिखिए।",
    "ar": "اكتب قصيدة قصيرة عن البحر والناس الذين يعيشون بجانبه.",
}


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_is_in_its_language(code: str) -> None:
    found = detect_language(SENTENCES[code])
    assert (found.code, found.probability > 0.9) == (code, True)


@pytest.mark.parametrize(
    "text", ["", " \n", "12345 + 67890 = 80235", "Hello", "1, 2, 3", "😀" * 50, "?!", "你好"]
)
def test_what_is_too_short_to_tell_is_undetermined(text: str) -> None:
    assert detect_language(text) == Language(UNDETERMINED, 0.0)


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    texts = [*SENTENCES.values(), "Bonjour the world, wie geht es dir today mon ami?"]
    alone = [detect_language(text) for text in texts]
    shuffled = random.Random(1).sample(texts, len(texts))
    assert dict(zip(shuffled, detect_languages(shuffled), strict=True)) == dict(
        zip(texts, alone, strict=True)
    )


def test_answers_are_the_same_in_another_process() -> None:
    text = "Bonjour the world, wie geht es dir today mon ami, que tal el dia?"
    code = f"from ittools.text.language import detect_language; print(repr(detect_language({text!r})))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == f"{detect_language(text)!r}\n"


def test_only_the_beginning_of_a_long_text_counts() -> None:
    text = SENTENCES["en"] * 100
    assert detect_language(text + SENTENCES["ru"] * 500) == detect_language(text)


def test_answers_are_langdetects(shared_data: Path) -> None:
    """On public labelled sentences: as right as langdetect is, and its own answer nearly always."""
    import polars
    from langdetect import DetectorFactory, detect

    DetectorFactory.seed = 0
    table = polars.read_parquet(shared_data / "multilingual" / "xquad_questions.parquet")
    rows = table.sample(300, seed=1).to_dicts()
    texts = [row["question"] for row in rows if len(row["question"]) >= 40]
    labels = [row["lang"] for row in rows if len(row["question"]) >= 40]
    mine = [found.code for found in detect_languages(texts)]
    peers = [str(detect(text)).split("-", maxsplit=1)[0] for text in texts]
    agreed = sum(one == two for one, two in zip(mine, peers, strict=True))
    right = sum(one == two for one, two in zip(mine, labels, strict=True))
    assert agreed >= 0.97 * len(texts)
    assert right >= 0.95 * len(texts)
