"""Languages: the same answer in every batch and process; `und` where nothing can be told."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from ittools.errors import UsageError
from ittools.text.language import (
    MOST_CHARACTERS,
    UNDETERMINED,
    Backend,
    Language,
    detect_language,
    detect_languages,
    identify,
    known_languages,
)

BACKENDS: tuple[Backend, ...] = ("fast", "langdetect")

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


NOTHING = ["", " \n", "12345 + 67890 = 80235", "Hello", "1, 2, 3", "😀" * 50, "?!", "你好", "\ud800"]
CODE = [
    'def add(a, b):\n    """Return the sum of both numbers."""\n    return a + b',
    '#include <iostream>\nusing namespace std;\nint main() {\n    cout << "Hello" << endl;\n    return 0;\n}',
    "SELECT first_name, last_name FROM customers WHERE country = 'France' ORDER BY last_name;",
    "for (let i = 0; i < names.length; i++) { console.log(names[i]); }",
    "<!DOCTYPE html>\n<html>\n<body>\n<h1>Welcome to my homepage</h1>\n</body>\n</html>",
    '{"name": "Sarah", "occupation": "engineer", "city": "Amsterdam"}',
]
MIXED = [
    "Write a short poem about the sea.\nНапишите короткое стихотворение о море и людях.",
    "The committee will meet again on Thursday to discuss the new budget for the schools of the city. "
    "Das Komitee trifft sich am Donnerstag wieder, um über den neuen Haushalt der Schulen zu sprechen.",
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_is_in_its_language(code: str, backend: Backend) -> None:
    found = detect_language(SENTENCES[code], backend=backend)
    assert (found.code, found.probability > 0.9) == (code, True)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("text", NOTHING + CODE + MIXED)
def test_what_cannot_be_told_is_undetermined(text: str, backend: Backend) -> None:
    assert detect_language(text, backend=backend) == Language(UNDETERMINED, 0.0)


def test_code_beside_prose_does_not_hide_the_language_of_the_prose() -> None:
    for code, prose in SENTENCES.items():
        assert detect_language(f"{prose}\n{CODE[1]}").code == code
        assert detect_language(f"{prose}\n```\nfoo bar\n```").code == code


@pytest.mark.parametrize("backend", BACKENDS)
def test_answers_do_not_depend_on_what_else_is_asked(backend: Backend) -> None:
    texts = [*SENTENCES.values(), *CODE, *MIXED, "Bonjour the world, wie geht es dir today mon ami?"]
    alone = [detect_language(text, backend=backend) for text in texts]
    order = random.Random(1).sample(range(len(texts)), len(texts))
    together = detect_languages([texts[i] for i in order], backend=backend)
    assert together == [alone[i] for i in order]


@pytest.mark.parametrize("backend", BACKENDS)
def test_answers_are_the_same_in_another_process(backend: Backend) -> None:
    text = "La mer et le ciel, the sea and the sky, el mar y el cielo azul"
    code = (
        "from ittools.text.language import detect_language; "
        f"print(repr(detect_language({text!r}, backend={backend!r})))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == f"{detect_language(text, backend=backend)!r}\n"


def test_only_the_beginning_of_a_long_text_counts() -> None:
    text = (SENTENCES["en"] * 100)[:MOST_CHARACTERS]
    assert detect_language(text + SENTENCES["ru"] * 500) == detect_language(text)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_text_of_ten_million_characters_is_one_text(backend: Backend) -> None:
    assert detect_language("the people who live beside the sea " * 300_000, backend=backend).code == "en"
    assert detect_language("x" * 10_000_000, backend=backend).code in known_languages(backend)


def test_any_shape_of_a_column_is_read_alike() -> None:
    texts = [None, SENTENCES["en"], SENTENCES["fr"], "", SENTENCES["ru"], None]
    expected = ["und", "en", "fr", "und", "ru", "und"]
    whole = pa.array(texts, pa.string())
    shapes = [
        whole,
        whole.cast(pa.large_string()),
        pa.chunked_array([whole.slice(0, 2), whole.slice(2, 0), whole.slice(2)]),
        pa.array(["zz", *texts, "zz"], pa.string()).slice(1, 6),
    ]
    for shape in shapes:
        codes, found = identify(shape)
        assert (codes.type, found.type) == (pa.string(), pa.float64())
        assert codes.to_pylist() == expected
        assert [p > 0.9 for p in found.to_pylist()] == [code != "und" for code in expected]


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_texts_have_no_languages(backend: Backend) -> None:
    for empty in (pa.array([], pa.string()), pa.chunked_array([], pa.string())):
        assert [column.to_pylist() for column in identify(empty, backend=backend)] == [[], []]


def test_an_unknown_backend_is_named_with_those_there_are() -> None:
    with pytest.raises(
        UsageError, match=r"'fats': the backends are fast, langdetect, lingua; did you mean 'fast'"
    ):
        identify(pa.array(["a"]), backend="fats")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="'cld'"):
        known_languages("cld")  # type: ignore[arg-type]


def test_reading_the_codes_and_importing_read_no_model() -> None:
    code = (
        "import sys; from ittools.text.language import known_languages; "
        "[known_languages(b) for b in ('fast', 'langdetect', 'lingua')]; "
        "print([m for m in ('langdetect', 'py3langid', 'lingua', 'unicodedata') if m in sys.modules][:3])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"langdetect", "py3langid", "lingua"} & set(
        ran.stdout.replace("'", " ").replace(",", " ").split()
    )


@pytest.mark.parametrize(("backend", "right"), [("fast", 0.98), ("langdetect", 0.97)])
def test_public_questions_are_in_their_languages(shared_data: Path, backend: Backend, right: float) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(shared_data / "multilingual" / "xquad_questions.parquet")
    rows = [row for row in table.to_pylist()[::40] if len(row["question"]) >= 40]
    codes = [found.code for found in detect_languages([row["question"] for row in rows], backend=backend)]
    told = [(code, row["lang"]) for code, row in zip(codes, rows, strict=True) if code != UNDETERMINED]
    assert len(told) >= 0.95 * len(rows)
    assert sum(code == label for code, label in told) >= right * len(told)
