"""The three prompts of Self-Instruct (Wang et al. 2022, arXiv 2212.10560), in our own words.

    1 instructions     eight numbered tasks, to be continued from 9
    2 classification   tasks with Yes or No behind them, the last one open
    3 instances        tasks with instances behind them, the last one open;
                       classification tasks label first, so that every label gets its turn

For a completion endpoint the prompt ends where the model goes on; for a chat endpoint a closing
sentence says the same, or, where the endpoint honours a schema, asks for JSON.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ittools.generate.teacher import Api
from ittools.text.words import unicode_words

VERSION = "self-instruct/1"

INSTRUCTIONS_HEADER = (
    "This is a list of varied tasks for a text-only assistant. No two are alike: they differ in topic, "
    "in form (questions, commands, requests), in length and in difficulty."
)
CLASSES_HEADER = (
    "This is a list of varied classification tasks for a text-only assistant. The answer to each is one "
    "of a few labels, which the task names. No two are alike."
)
QUESTION_HEADER = (
    "Is a task a classification task, that is, is its answer one of a small fixed set of labels? "
    "Each task is followed by Yes or No."
)
INPUT_FIRST_HEADER = (
    "Each task is followed by instances of it: an input, where the task needs one, and the right output."
)
LABEL_FIRST_HEADER = (
    "Each classification task is followed by instances of it: first the class label, then an input "
    "that has this label. Every label of the task gets its turn."
)
QUESTION = "Is it classification?"
TASKS_ASKED = 8  # new tasks per request: 9 to 16

LANGUAGE_NAMES = {
    "ar": "Arabic", "bn": "Bengali", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "es": "Spanish", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew",
    "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "ko": "Korean", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "sw": "Swahili", "th": "Thai",
    "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


@dataclass(frozen=True)
class Style:
    """How the endpoint is talked to."""

    api: Api = "chat"
    structured: bool = False


@dataclass(frozen=True)
class Prompt:
    """A prompt and what belongs to it in a request."""

    text: str
    stop: tuple[str, ...] = ()
    schema: str | None = None


@dataclass(frozen=True)
class Demonstration:
    """A seed task as the prompts show it."""

    instruction: str
    instances: tuple[tuple[str, str], ...]  # (input, output)
    is_classification: bool
    language: str = "en"


def one_line(instruction: str) -> str:
    """White space collapsed, a trailing colon gone: how a task stands in a numbered list."""
    return " ".join(instruction.split()).rstrip(":：").rstrip()


def instruction_prompt(
    shown: Sequence[str], language: str, style: Style, *, classification: bool = False
) -> Prompt:
    """Tasks 1 to n shown, the next ones asked for."""
    lines = [CLASSES_HEADER if classification else INSTRUCTIONS_HEADER, _in_language(language), ""]
    lines += [f"{number}. {one_line(task)}" for number, task in enumerate(shown, start=1)]
    first, last = len(shown) + 1, len(shown) + TASKS_ASKED
    if style.api == "completions":
        return Prompt("\n".join([*lines, f"{first}."]), (f"\n{last + 1}.", "\n\n\n"))
    if style.structured:
        lines += ["", f"Write tasks {first} to {last} as JSON: " + '{"tasks": ["...", ...]}.']
        return Prompt("\n".join(lines), schema=_schema("tasks", {"type": "string"}))
    lines += ["", f"Go on with tasks {first} to {last}: the numbered list, one task a line, nothing else."]
    return Prompt("\n".join(lines))


def classification_prompt(instruction: str, shown: Sequence[Demonstration], style: Style) -> Prompt:
    """Is `instruction` a classification task?"""
    lines = [QUESTION_HEADER, ""]
    for task in shown:
        answer = "Yes" if task.is_classification else "No"
        lines += [f"Task: {one_line(task.instruction)}", f"{QUESTION} {answer}", ""]
    lines += [f"Task: {one_line(instruction)}", QUESTION]
    if style.api == "completions":
        return Prompt("\n".join(lines), ("\n", "Task:"))
    return Prompt("\n".join([*lines, "", "Answer with the one word Yes or No."]))


def instance_prompt(
    instruction: str, shown: Sequence[Demonstration], style: Style, *, classification: bool
) -> Prompt:
    """Instances of `instruction`; label first for a classification task."""
    lines = [LABEL_FIRST_HEADER if classification else INPUT_FIRST_HEADER, ""]
    for task in shown:
        lines += [f"Task: {one_line(task.instruction)}", *_instances(task, classification), ""]
    lines.append(f"Task: {one_line(instruction)}")
    if style.api == "completions":
        return Prompt("\n".join([*lines, ""]), ("\nTask:", "\nExample 6"))
    if style.structured:
        pair = {"input": {"type": "string"}, "output": {"type": "string"}}
        form = '{"instances": [{"input": "...", "output": "..."}, ...]}'
        lines += [
            "",
            f'Write up to 5 instances of this last task as JSON: {form}; "" where it needs no input.',
        ]
        return Prompt("\n".join(lines), schema=_schema("instances", _object(pair)))
    lines += ["", "Write instances of this last task in the same form, nothing else."]
    return Prompt("\n".join(lines))


def _in_language(language: str) -> str:
    name = LANGUAGE_NAMES.get(language.split("-", maxsplit=1)[0], language)
    return f"Every task is written in {name}."


def _instances(task: Demonstration, classification: bool) -> list[str]:
    lines: list[str] = []
    for number, (given, wanted) in enumerate(task.instances, start=1):
        if classification:
            lines += [f"Class label: {wanted}", *([f"Input: {given}"] if given else [])]
        elif not given:
            lines += [f"Output: {wanted}"]
        else:
            lines += [f"Example {number}", f"Input: {given}", f"Output: {wanted}"]
    return lines


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties),
            "additionalProperties": False}  # fmt: skip


def _schema(name: str, inner: dict[str, Any]) -> str:
    return json.dumps(_object({name: {"type": "array", "items": inner}}), sort_keys=True)


def shortest_first(tasks: Sequence[Demonstration], count: int) -> list[Demonstration]:
    """The `count` tasks with the fewest words, in their own order: demonstrations cost tokens."""

    def words(task: Demonstration) -> int:
        return len(unicode_words(task.instruction)) + sum(
            len(unicode_words(given + " " + wanted)) for given, wanted in task.instances
        )

    ranked = sorted(range(len(tasks)), key=lambda i: (words(tasks[i]), i))[:count]
    return [tasks[i] for i in sorted(ranked)]
