"""Each rule of `filter` on a small table: what goes, for which reason, and what must stay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from ittools.curate.filter import FilterOptions, annotate, reason
from ittools.curate.rules.lengths import words
from ittools.records.build import build_record, record_batch

THAI = "เขียนบทกวีสั้น ๆ เกี่ยวกับทะเลและผู้คนที่อาศัยอยู่ริมทะเล"
DISTINCT = " ".join(f"w{n}" for n in range(40))
LONG = "Write a short poem about the sea and the people who live beside it."


def reasons(
    rows: Iterable[tuple[str, str, str]],
    language: str | None = None,
    context: list[dict[str, str]] | None = None,
    **given: Any,
) -> list[str | None]:
    options = FilterOptions(inputs=("x",), **given)
    batch = record_batch(build_record(*row, source="s", language=language, context=context) for row in rows)
    found: list[str | None] = reason(annotate(batch, options=options), options=options).to_pylist()
    return found


def why(instruction: str, output: str = "fine", input: str = "", **given: Any) -> str | None:
    return reasons([(instruction, input, output)], **given)[0]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("one two three", 3),
        ("写一首关于海的诗。", 8),
        ("カタカナ と かな", 7),
        ("ภาษาไทย", 7),
        ("한국어 문장입니다", 2),
        ("don't", 2),
        ("a + b", 3),
        ("a\u00a0b\u3000c\n\td", 4),
        ("?!… —", 0),
        ("", 0),
    ],
)
def test_words_are_counted_in_any_script(text: str, count: int) -> None:
    batch = record_batch([build_record(text, "", "", source="s")])
    assert words(batch.column("instruction")).to_pylist() == [count]


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("", "empty-instruction"),
        (" \n\u3000", "empty-instruction"),
        ("Say hello", "instruction-too-short"),
        ("Say hello twice", None),
        ("写诗吧", None),
        ("写诗", "instruction-too-short"),
        ("?!… —", "instruction-too-short"),
        (THAI, None),
        ("word " * 500, None),
        ("word " * 501, "instruction-too-long"),
        ("字" * 501, "instruction-too-long"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_instructions_by_their_length(instruction: str, expected: str | None) -> None:
    assert why(instruction) == expected


def test_where_a_word_says_more_fewer_are_enough() -> None:
    assert why("점심메뉴 추천해줘") is None
    assert why("안녕?") == "instruction-too-short"
    assert why("Kirjoita runo", language="fi") is None
    assert why("Kirjoita runo", language="sv") == "instruction-too-short"


def test_after_earlier_turns_any_instruction_is_long_enough() -> None:
    turns = [{"role": "user", "content": "Tell me a story."}, {"role": "assistant", "content": "Once"}]
    assert why("Go on.", context=turns) is None
    assert why("Go on.", context=[{"role": "system", "content": "Be brief."}]) == "instruction-too-short"


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("", "empty-output"),
        (" \n\t", "empty-output"),
        ("<nooutput>", "empty-output"),
        ("<No Output>.", "empty-output"),
        ("nooutput", "empty-output"),
        ("No output", "empty-output"),
        ("no output is written when the file is empty", None),
        ("+", None),
        ("(c)", None),
        ("😀", None),
        ("。", None),
        ("def f(x):\n    return x ** 2", None),
        ("{}[]();", None),
        ("四", None),
        ("word " * 4_000, "repetitive-output"),
        (" ".join(map(str, range(4_000))), None),
        (" ".join(map(str, range(4_001))), "output-too-long"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_outputs_by_their_content_and_length(output: str, expected: str | None) -> None:
    assert why("Answer the question briefly.", output) == expected


def test_empty_outputs_pass_where_they_are_wanted() -> None:
    assert why("Answer the question.", "", min_output_words=0) is None
    assert why("Answer the question.", "<nooutput>", min_output_words=0) == "empty-output"
    assert why("Answer the question.", "one two", min_output_words=3) == "output-too-short"


@pytest.mark.parametrize(
    ("instruction", "input", "output", "expected"),
    [
        ("Correct the sentence.", "He go.", " He go.\n", "output-echoes-input"),
        ("Say it again please", "", "Say it again please\n", "output-echoes-input"),
        ("Write it in capitals.", "He go.", "HE GO.", None),
        ("Correct the sentence.", "He go.", "He goes.", None),
        ("Correct the sentence.", "", "x", None),
        ("Верни этот текст", "", "\u3000Верни этот текст", "output-echoes-input"),
    ],
)
def test_an_echo_is_no_answer(instruction: str, input: str, output: str, expected: str | None) -> None:
    assert why(instruction, output, input) == expected


@pytest.mark.parametrize(
    ("output", "share", "expected"),
    [
        ("the same words again " * 10, 0.6, "repetitive-output"),
        ("the same words again " * 10, 1.0, None),
        ("the same words again " * 5, 0.6, None),  # 17 runs of four: too few to judge
        (DISTINCT, 0.0, None),
        (f"{DISTINCT} w0 w1 w2 w3", 0.0, None),  # no words of letters
        (f"{DISTINCT.replace('w', 'word')} word0 word1 word2 word3", 0.0, "repetitive-output"),
        (" ".join(map(str, [*range(40), 0, 1, 2, 3])), 0.0, None),  # numbers are no words
    ],
)
def test_repetition_is_the_share_of_repeated_runs(output: str, share: float, expected: str | None) -> None:
    assert why("Tell me a story.", output, max_repetition=share) == expected


@pytest.mark.parametrize(
    ("instruction", "word", "dropped"),
    [
        ("Draw an image of it", "image", True),
        ("Draw an IMAGE, please", "image", True),
        ("Imagine an imager there", "image", False),
        ("Open the café, please", "café", True),
        ("Visit the cafés, please", "café", False),
        ("Öffne die Übersicht", "öffne", True),
        ("画一张图片给我看", "图片", True),
        ("ฉันต้องการรูปภาพหนึ่งใบ", "รูปภาพ", True),
        ("Write some C++ code", "C++", True),
        ("Write some C code", "C++", False),
        ("See the graph below.", "graph below", True),
        ("See paragraph below.", "graph below", False),
        ("What is (a.b)*c?", "(a.b)*", True),
        ("What is aab now?", "(a.b)*", False),
        ("snake_image it now", "image", False),
    ],
)
def test_blacklisted_are_whole_words_in_any_script(instruction: str, word: str, dropped: bool) -> None:
    assert why(instruction, blacklist=("unused phrase", word)) == ("blacklisted" if dropped else None)


@pytest.mark.parametrize(
    ("instruction", "stated", "keep", "expected"),
    [
        (LONG, "en", ("en",), None),
        (LONG, None, ("en",), None),
        (LONG, "EN-us", ("en",), None),
        (LONG, "en", ("EN-gb",), None),
        (LONG, "en", ("de", "th"), "wrong-language"),
        (LONG, "de", ("de",), "wrong-language"),  # it surely is not
        (THAI, None, ("th",), None),
        (THAI, None, ("en",), "wrong-language"),
        ("1 + 2 = 3, ok", None, ("en",), None),  # nothing to tell by
        ("1 + 2 = 3, ok", "de", ("en",), "wrong-language"),
    ],
)
def test_languages_are_kept_by_name(
    instruction: str, stated: str | None, keep: tuple[str, ...], expected: str | None
) -> None:
    assert why(instruction, "...", language=stated, keep_language=keep) == expected


@pytest.mark.parametrize(
    ("instruction", "stated", "expected"),
    [
        (LONG, "en", None),
        (LONG, "en_GB", None),
        (LONG, "de", "language-mismatch"),
        (LONG, None, None),
        ("1 + 2 = 3, ok", "de", None),
    ],
)
def test_only_a_sure_language_contradicts(instruction: str, stated: str | None, expected: str | None) -> None:
    assert why(instruction, "...", language=stated, check_language=True) == expected


def test_code_is_not_dropped_for_its_language() -> None:
    code = "for i in range(10):\n    print(i)"
    assert why("Print the numbers up to ten.", code, language="en", keep_language=("en",)) is None


def test_the_first_rule_that_speaks_counts() -> None:
    rows = [("", "", ""), ("Hi", "", ""), ("Say it again please", "", ""), ("Say it again please", "", "ok")]
    expected = ["empty-instruction", "instruction-too-short", "empty-output", None]
    assert reasons(rows) == expected


def test_detected_languages_fill_what_is_null_only() -> None:
    options = FilterOptions(inputs=("x",), check_language=True)
    batch = record_batch(
        build_record(LONG, "", "...", source="s", language=stated) for stated in (None, "de")
    )
    assert annotate(batch, options=options).column("language").to_pylist() == ["en", "de"]
