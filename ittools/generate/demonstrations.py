"""Seed tasks as prompts show them.

one_line("Translate  to French:\\n")  -> "Translate to French"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ittools.text.language import primary_code
from ittools.text.words import unicode_words

LANGUAGE_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian",
    "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian",
    "lv": "Latvian", "mr": "Marathi", "nl": "Dutch", "no": "Norwegian", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian",
    "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "th": "Thai", "tl": "Tagalog",
    "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


@dataclass(frozen=True)
class Demonstration:
    """A seed task as the prompts show it."""

    instruction: str
    instances: tuple[tuple[str, str], ...]  # (input, output)
    is_classification: bool
    language: str = "en"


def language_name(code: str) -> str:
    """How a prompt names a language; the code itself where no name is known."""
    return LANGUAGE_NAMES.get(primary_code(code), code)


def one_line(instruction: str) -> str:
    """White space collapsed, a trailing colon gone: how a task stands in a list."""
    return " ".join(instruction.split()).rstrip(":：").rstrip()


def numbered(tasks: Sequence[str]) -> str:
    """`1. ...` a line."""
    return "\n".join(f"{number}. {one_line(task)}" for number, task in enumerate(tasks, start=1))


def shortest_first(tasks: Sequence[Demonstration], count: int) -> list[Demonstration]:
    """The `count` tasks with the fewest words, in their own order: demonstrations cost tokens."""

    def words(task: Demonstration) -> int:
        return len(unicode_words(task.instruction)) + sum(
            len(unicode_words(given + " " + wanted)) for given, wanted in task.instances
        )

    ranked = sorted(range(len(tasks)), key=lambda i: (words(tasks[i]), i))[:count]
    return [tasks[i] for i in sorted(ranked)]
