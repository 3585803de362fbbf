"""Codes of languages, and the optional backend."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pytest

from ittools.errors import UsageError
from ittools.text.language import (
    detect_language,
    identify,
    known_languages,
    macro_code,
    macro_codes,
    primary_code,
    same_language,
)
from ittools.text.languages import codes


@pytest.mark.parametrize(
    ("code", "macro"),
    [("nb", "no"), ("nn", "no"), ("no", "no"), ("nb-NO", "no"), ("zh-cn", "zh"), ("zh-Hant-TW", "zh"),
     ("yue", "zh"),
     ("iw", "he"), ("in", "id"), ("fil", "tl"), ("arz", "ar"), ("PT-br", "pt"), ("zxx", "und"), ("sr", "sr"),
     ("hr", "hr"), ("ms", "ms"), ("id", "id")],
)  # fmt: skip
def test_a_code_is_compared_by_its_macrolanguage(code: str, macro: str) -> None:
    assert macro_code(code) == macro
    assert same_language(code, macro)


def test_a_column_of_codes_is_compared_alike() -> None:
    column = pa.array(["nb", None, "zh-TW", "nb", "en"])
    assert macro_codes(column).to_pylist() == ["no", None, "zh", "no", "en"]
    assert macro_codes(pa.array([], pa.string())).to_pylist() == []
    assert macro_codes(pa.nulls(2, pa.string())).to_pylist() == [None, None]


def test_the_primary_code_keeps_what_macrolanguages_join() -> None:
    assert [primary_code(code) for code in ("nb-NO", "zh-TW", "EN")] == ["nb", "zh", "en"]


def test_related_languages_that_datasets_tell_apart_stay_apart() -> None:
    assert not same_language("sr", "hr")
    assert not same_language("ms", "id")


def test_tables_lead_to_codes_that_lead_no_further() -> None:
    for table in (codes.PREFERRED, codes.MACRO):
        assert all(macro_code(code) == code for code in table.values())


def test_backends_know_what_they_can_answer() -> None:
    assert {"en", "zh", "no", "und"} <= known_languages("fast") & known_languages("langdetect")
    assert (len(known_languages()), len(known_languages("langdetect"))) == (132, 55)
    assert all(
        macro_code(code) == code for b in ("fast", "langdetect", "lingua") for code in known_languages(b)
    )


def test_a_missing_lingua_is_an_error_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from ittools.text.languages import lingua

    monkeypatch.setitem(sys.modules, "lingua", None)
    lingua._detector.cache_clear()
    with pytest.raises(UsageError, match=r"pip install 'lingua-language-detector>=2\.1'"):
        identify(pa.array(["Write a short poem about the sea."]), backend="lingua")


def test_lingua_answers_where_it_is_installed() -> None:
    lingua = pytest.importorskip("lingua", reason="lingua-language-detector is not installed")
    named = {macro_code(language.iso_code_639_1.name.lower()) for language in lingua.Language.all()}
    assert named | {"und"} == known_languages("lingua")


def test_linguas_answers_to_public_sentences_are_right(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few languages: all models take a gigabyte."""
    package = pytest.importorskip("lingua", reason="lingua-language-detector is not installed")
    from ittools.text.languages import lingua

    few = [package.Language.ENGLISH, package.Language.BOKMAL, package.Language.SWEDISH]
    detector = package.LanguageDetectorBuilder.from_languages(*few).build()
    monkeypatch.setattr(lingua, "_detector", lambda: detector)
    assert detect_language("Skriv et kort dikt om havet og menneskene der.", backend="lingua").code == "no"
    assert (
        detect_language("Skriv en kort dikt om havet och människorna som bor där.", backend="lingua").code
        == "sv"
    )
    assert detect_language("12345", backend="lingua").code == "und"
