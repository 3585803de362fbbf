"""The language of a record's fields: which field tells it, and whether they agree."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import judged

from ittools.curate.filter import FilterOptions, annotate, reason
from ittools.curate.rules.language import _piecewise
from ittools.records.build import build_record, record_batch
from ittools.text.language import Backend, identify

ENGLISH = "The old man walked down to the harbour and looked at the boats in the morning light."
GERMAN = "Der alte Mann ging zum Hafen hinunter und schaute die Boote im Morgenlicht an, wie immer."
RUSSIAN = "Старик спустился к гавани и посмотрел на лодки в утреннем свете, как он делал всегда."
CHINESE = (
    "把下面这句话翻译成俄语，这句话讲的是一个老人在早晨的光线中"
    "走到港口去看船的故事，请注意语气，不要改变原意。"
)
FRENCH = "Le vieil homme descendit au port et regarda les bateaux dans la lumière du matin, encore."


@pytest.mark.parametrize(
    ("instruction", "input", "output", "dropped"),
    [
        ("Tell me a long story about the sea and the people who live beside it.", "", RUSSIAN, True),
        ("Erzähle mir eine Geschichte über das Meer und die Leute, die dort wohnen.", "", ENGLISH, True),
        ("Tell me a long story about the sea and the people who live beside it.", "", ENGLISH, False),
        ("Translate the following sentence about an old man at the sea.", ENGLISH, RUSSIAN, False),
        ("Write in German about the sea and the people who live beside it.", "", GERMAN, False),
        (CHINESE, ENGLISH, RUSSIAN, False),
        ("Correct the mistakes in this text about an old man and his boats.", FRENCH, FRENCH, False),
        ("Name the capital of the country that lies beside the sea.", "", "Санкт", False),  # too short
        ("Write a function that prints the numbers from one to ten.", "", "for i in x:\n    print(i)", False),
    ],
)  # fmt: skip
def test_instruction_and_output_are_in_one_language_unless_the_task_is_about_languages(
    instruction: str, input: str, output: str, dropped: bool
) -> None:
    assert judged("output-in-another-language", output, instruction, input) is dropped


@pytest.mark.parametrize(
    ("field", "kept"), [("instruction", ["en"]), ("output", ["ru"]), ("both", ["en", "ru"])]
)
def test_the_language_is_told_by_the_field_that_is_named(field: str, kept: list[str]) -> None:
    batch = record_batch([build_record(ENGLISH, "", RUSSIAN, source="s")])
    for code in ("en", "ru"):
        given = FilterOptions(inputs=("x",), keep_language=(code,), language_of=field)  # type: ignore[arg-type]
        found = reason(annotate(batch, options=given), options=given).to_pylist()
        if field != "both":  # of two languages in one text either may be the answer
            assert found == ([None] if code in kept else ["wrong-language"])


def test_a_quota_by_language_fills_what_is_null() -> None:
    given = FilterOptions(inputs=("x",), quota=("language=5",))
    batch = record_batch([build_record(ENGLISH, "", ENGLISH[:-1], source="s")])
    assert annotate(batch, options=given).column("language").to_pylist() == ["en"]
    plain = FilterOptions(inputs=("x",), quota=("task=5",))
    assert annotate(batch, options=plain).column("language").to_pylist() == [None]


@pytest.mark.parametrize(
    ("sentences", "dropped"),
    [
        (("Sure, here is the story:", RUSSIAN, RUSSIAN, RUSSIAN), True),
        ((GERMAN, GERMAN, ENGLISH, GERMAN, GERMAN), True),
        ((FRENCH, FRENCH, ENGLISH, FRENCH, FRENCH), True),
        ((ENGLISH, ENGLISH, ENGLISH, GERMAN), False),
        ((ENGLISH, GERMAN, ENGLISH), False),
    ],
)
def test_pieces_from_all_over_an_answer_say_what_the_whole_says(
    sentences: tuple[str, ...], dropped: bool
) -> None:
    asked = "Tell me a long story about the sea and the people who live beside it."
    assert judged("output-in-another-language", " ".join(sentences), asked) is dropped


@given(st.integers(0, 3_000))
def test_pieces_are_evenly_apart(length: int) -> None:
    text = "".join(chr(0x4E00 + place) for place in range(length))  # no letter twice
    found = _piecewise(text).split(" ")
    if length <= 120:
        assert found == [text]
        return
    begins = [text.index(piece) for piece in found]
    assert [len(piece) for piece in found] == [40] * 3
    assert begins == [
        round((length - 120) * share - 0.49) + 40 * n for n, share in enumerate((1 / 6, 3 / 6, 5 / 6))
    ]


@pytest.mark.parametrize(("field", "times"), [("both", 4), ("instruction", 3), ("output", 3)])
def test_what_annotate_has_detected_is_not_detected_again(
    monkeypatch: pytest.MonkeyPatch, field: str, times: int
) -> None:
    """Instruction, pieces, output, and the input of what differs; and `annotate` before them."""
    calls = []

    def counted(texts: pa.Array, *, backend: Backend) -> tuple[pa.Array, pa.Array]:
        calls.append(len(texts))
        return identify(texts, backend=backend)

    monkeypatch.setattr("ittools.curate.rules.language.identify", counted)
    given = FilterOptions(
        inputs=("x",), preset="none", rule=("output-in-another-language",), check_language=True,
        language_of=field,  # type: ignore[arg-type]
    )  # fmt: skip
    batch = record_batch(
        [build_record(ENGLISH, "", RUSSIAN, source="s"), build_record(ENGLISH, "", "3", source="s")]
    )
    found = reason(annotate(batch, options=given), options=given).to_pylist()
    assert found == ["output-in-another-language", None]
    assert calls == [2, *[1] * times]


TIGRINYA = "ሰብኣይ ናብ መዕረፊ መራኽብ ወሪዱ ንጀላቡ ብብርሃን ንግሆ ጠመቶም፡ ከምቲ ኩሉ ግዜ ዝገብሮ ድማ ናብ ገዝኡ ተመልሰ።"  # no backend knows it
KAZAKH = "Қарт адам айлаққа түсіп, таңғы жарықта қайықтарға қарады, содан кейін үйіне қайтты."
CHECK: dict[str, Any] = {"check_language": True}


def why(text: str, stated: str | None, **options: Any) -> str | None:
    given = FilterOptions(inputs=("x",), preset="none", **options)
    batch = record_batch([build_record(text, "", text, source="s", language=stated)])
    found: str | None = reason(annotate(batch, options=given), options=given)[0].as_py()
    return found


@pytest.mark.parametrize("stated", ["eng", "English", "en_GB", "eng_Latn", "mul", "zxx", "und", "", None])
def test_a_language_is_the_same_by_any_of_its_names(stated: str | None) -> None:
    assert why(ENGLISH, stated, **CHECK) is None
    for wanted in ("en", "eng", "English", "en_US"):
        assert why(ENGLISH, stated, keep_language=(wanted,)) is None
    assert why(GERMAN, stated, keep_language=("en",)) == "wrong-language"


@pytest.mark.parametrize("stated", ["de", "deu", "ger", "German", "de_AT"])
def test_a_language_that_a_backend_knows_is_contradicted_by_any_of_its_names(stated: str) -> None:
    assert why(ENGLISH, stated, **CHECK) == "language-mismatch"
    assert why(ENGLISH, stated, keep_language=("de",)) == "wrong-language"


@pytest.mark.parametrize("stated", ["ti", "tir", "Tigrinya"])
def test_a_language_that_no_backend_answers_is_what_is_stated(stated: str) -> None:
    assert identify(pa.array([TIGRINYA]))[0].to_pylist() == ["am"]
    assert why(TIGRINYA, stated, **CHECK) is None
    assert why(TIGRINYA, stated, keep_language=("ti",)) is None
    assert why(TIGRINYA, stated, keep_language=("en",)) == "wrong-language"
    assert why(TIGRINYA, stated, keep_language=("am",)) == "wrong-language"
    assert why(TIGRINYA, "am", keep_language=("ti",)) == "wrong-language"


def test_what_one_backend_cannot_answer_another_can() -> None:
    assert why(KAZAKH, "kk", **CHECK, language_backend="langdetect") is None
    assert why(KAZAKH, "kk", **CHECK) is None
    assert why(ENGLISH, "kk", **CHECK, language_backend="langdetect") is None
    assert why(ENGLISH, "kk", **CHECK) == "language-mismatch"
