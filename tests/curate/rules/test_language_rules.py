"""The language of a record's fields: which field tells it, and whether they agree."""

from __future__ import annotations

import pytest
from judging import judged

from ittools.curate.filter import FilterOptions, annotate, reason
from ittools.records.build import build_record, record_batch

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
