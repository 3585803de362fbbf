from __future__ import annotations

from typing import Any

import pytest
from flan_rows import chunk, planned, records

from ittools.template.flan.language_names import language_name
from ittools.template.flan.library import FOLDER

LANGUAGES = sorted({path.name.split(".")[1] for path in FOLDER.glob("*.yaml")})
CODES = "ara chi deu dut eng fra fre ger hin ita jpn kor nld pol por rus spa tur zho".split()  # ISO 639-2


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("de", "en", "German"),
        ("DE", "en", "German"),
        ("deu", "fr", "allemand"),
        ("no", "en", "Norwegian"),
        ("ja", "ja", "日本語"),
        ("en", "de-AT", "Englisch"),
        ("German", "en", "German"),
        ("pt-BR", "en", "pt-BR"),
        ("sw", "de", "sw"),
        ("xx", "en", "xx"),
        ("de", "sw", "de"),
    ],
)
def test_a_code_is_told_by_its_name_and_all_else_stays(text: str, language: str, name: str) -> None:
    assert language_name(text, language) == name


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_names_all_of_ours_and_each_otherwise(language: str) -> None:
    names = [language_name(code, language) for code in LANGUAGES]
    assert len(LANGUAGES) == len(set(names)) == 15
    assert not set(names) & {*LANGUAGES, *CODES}
    assert {language_name(code, language) for code in CODES} == set(names)


def test_prompts_of_translation_name_languages_in_their_own() -> None:
    row: dict[str, Any] = {
        "source": "Guten Tag!", "target": "Good day!", "source_language": "de", "target_language": "en",
    }  # fmt: skip
    for language, names in (("en", ("German", "English")), ("de", ("Deutsch", "Englisch"))):
        found = records(planned(f"translation.{language}", per_row=99), chunk([row]))
        prompts = {one["template"].rpartition("/")[2]: one["instruction"] for one in found}
        assert all(any(name in prompt for name in names) for prompt in prompts.values())
        if language == "de":
            assert prompts["labels"].startswith("Ausgangssprache: Deutsch\nZielsprache: Englisch\n")
