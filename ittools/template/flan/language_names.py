"""Languages in words, as prompts name them: their codes stand in the columns of many datasets.

language_name("de", "en")   -> "German"
language_name("deu", "fr")  -> "allemand"
language_name("pt-BR", "en"), language_name("eo", "fr")  -> as they stand: no name of theirs is known
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ittools.errors import InputError

CODES = {  # ISO 639-2 and 639-3 of the languages that have prompts
    "ara": "ar", "chi": "zh", "deu": "de", "dut": "nl", "eng": "en", "fra": "fr", "fre": "fr", "ger": "de",
    "hin": "hi", "ita": "it", "jpn": "ja", "kor": "ko", "nld": "nl", "pol": "pl", "por": "pt", "rus": "ru",
    "spa": "es", "tur": "tr", "zho": "zh",
}  # fmt: skip
LONGEST = 3  # letters of a code


def language_name(text: str, language: str) -> str:
    """The name of the language with this code, told in `language`; a text that is no such code stays."""
    if len(text) > LONGEST:
        return text
    code = text.lower()
    return _names(language.partition("-")[0]).get(CODES.get(code, code), text)


@cache
def _names(language: str) -> dict[str, str]:
    from ittools.formats.strict_yaml import load_yaml

    path = Path(__file__).parent / "languages.yaml"
    found = load_yaml(path.read_text(encoding="utf-8"), where=path.name)
    if not isinstance(found, dict):
        raise InputError(f"{path}: expected names by language")
    return dict(found.get(language, {}))
