"""Phrasings written as a list in plain text, so that long sentences stay readable in the source.

worded(en='''
    - Add the numbers and give the sum.
    - What is the total?
''')  ->  {"en": ("Add the numbers and give the sum.", "What is the total?")}
"""

from __future__ import annotations

import random

YES_NO: dict[str, tuple[str, ...]] = {
    "en": ("yes", "no"),
    "de": ("ja", "nein"),
    "fr": ("oui", "non"),
    "es": ("sí", "no"),
    "it": ("sì", "no"),
}


def worded(**texts: str) -> dict[str, tuple[str, ...]]:
    """Phrasings of each language: a line that opens with "- " begins one, other lines go on."""
    return {language: _phrasings(text) for language, text in texts.items()}


def _phrasings(text: str) -> tuple[str, ...]:
    flat = " ".join(text.split())
    return tuple(part.strip() for part in f" {flat}".split(" - ")[1:])


def yes_no(answer: bool, language: str) -> str:
    return YES_NO[language][0 if answer else 1]


def whole_numbers(rng: random.Random, count: int, low: int, high: int) -> list[int]:
    """Distinct whole numbers in random order, both bounds included."""
    return rng.sample(range(low, high + 1), count)


def listed(values: list[int] | list[str]) -> str:
    return ", ".join(str(value) for value in values)
