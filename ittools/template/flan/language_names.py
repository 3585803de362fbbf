"""Languages in words, as prompts name them: their codes stand in the columns of many datasets.

language_name("de", "en")   -> "German"
language_name("deu", "fr")  -> "allemand"
language_name("pt-BR", "en"), language_name("eo", "fr")  -> as they stand: no name of theirs is known
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ittools.errors import InputError
from ittools.text.languages.names import LONGEST, called


def language_name(text: str, language: str) -> str:
    """The name of the language with this code, told in `language`; a text that is no such code stays."""
    if len(text) > LONGEST:
        return text
    code, every = text.lower(), _names()
    known = called(code)  # of three letters those of the languages that have prompts
    return every.get(language.partition("-")[0], {}).get(known if known in every else code, text)


@cache
def _names() -> dict[str, dict[str, str]]:
    """By language, then by code."""
    from ittools.formats.strict_yaml import load_yaml

    path = Path(__file__).parent / "languages.yaml"
    found = load_yaml(path.read_text(encoding="utf-8"), where=path.name)
    if not isinstance(found, dict):
        raise InputError(f"{path}: expected names by language")
    return found
