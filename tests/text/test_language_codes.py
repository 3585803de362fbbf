"""Codes of languages, and the optional backend."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from ittools.errors import UsageError
from ittools.text.language import (
    Backend,
    detect_language,
    identify,
    known_languages,
    macro_code,
    macro_codes,
    primary_code,
    same_language,
)
from ittools.text.languages import codes, names


@pytest.mark.parametrize(
    ("code", "macro"),
    [("nb", "no"), ("nn", "no"), ("no", "no"), ("nb-NO", "no"), ("zh-cn", "zh"), ("zh-Hant-TW", "zh"),
     ("yue", "zh"),
     ("iw", "he"), ("in", "id"), ("fil", "tl"), ("arz", "ar"), ("PT-br", "pt"), ("zxx", "und"), ("sr", "sr"),
     ("hr", "hr"), ("ms", "ms"), ("id", "id"), ("zh_CN", "zh"), ("pt_BR", "pt"), ("eng", "en"),
     ("deu", "de"), ("ger", "de"), ("zho", "zh"), ("chi", "zh"), ("arb", "ar"), ("pes", "fa"), ("nob", "no"),
     ("eng_Latn", "en"), ("English", "en"), ("Norwegian Bokmål", "no"), ("Chinese (Simplified)", "zh"),
     ("scottish_gaelic", "gd"), ("tir", "ti"), ("twi", "ak"), ("ki", "kik"), ("kok", "gom"), (" en ", "en"),
     ("mul", "und"), ("und", "und"), ("mis", "und"), ("", "und"), ("Klingon", "klingon"),
     ("German_Sign_Language", "german_sign_language"), ("Old English", "old english"), ("tlh", "tlh")],
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


def test_no_name_is_of_two_languages() -> None:
    told = [(name, code) for code, given in _names() for name in given]
    assert sorted(name for name, count in Counter(name for name, _ in told).items() if count > 1) == []
    assert all(names.called(name) == code for name, code in told)


def _names() -> Iterator[tuple[str, set[str]]]:
    for entry in names._TABLE.split(";"):
        code, three, called = " ".join(entry.split()).split(" ", maxsplit=2)
        yield code, {code, *three.split("/"), *called.split("/")}


@pytest.mark.parametrize("backend", ["fast", "langdetect", "lingua"])
def test_every_language_of_a_backend_has_a_code_of_three_letters_and_a_name(backend: Backend) -> None:
    assert known_languages(backend) <= set(map(macro_code, names.named()))


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
