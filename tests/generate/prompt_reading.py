"""What a server sees of a request is its text alone; this reads stage and values back out of it.

    read("... Go on with tasks 9 to 16 ...")  -> ("instructions", {"language": "de", "shown": [...], ...})

The sections of every method's prompt file, as patterns; a text that is none of them is a task to answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from ittools.generate.demonstrations import LANGUAGE_NAMES
from ittools.generate.methods.magpie import TEMPLATES
from ittools.generate.prompt_file import FORMS, prompts_of

METHODS = ("self-instruct", "alpaca", "evolve", "topics", "backtranslate", "dialogue")
CODES = {name: code for code, name in LANGUAGE_NAMES.items()}
OPERATIONS = ("constraints", "deepen", "concretise", "reasoning", "breadth", "code-constraints", "code-rare",
              "code-reasoning", "code-misdirection", "code-complexity")  # fmt: skip
STAGES = {
    "instructions": "instructions", "classes": "instructions", "examples": "instructions",
    "guided": "instructions", "classification": "classification", "instances": "instances",
    "labels": "instances", "tasks": "tasks", "topics": "topics", "equal": "equal",
    "instruction": "instruction", "score": "score", "open": "user", "follow": "user",
    **dict.fromkeys(OPERATIONS, "evolve"),
}  # fmt: skip
LISTS = ("demonstrations", "tasks")  # what follows them may stand in them too
_WORD = re.compile(r"\\\{([a-z_]+)\\\}")
_NUMBERED = re.compile(r"^\d+\. (.+)$", re.MULTILINE)
_SHOWN = re.compile(r"^\d+\. Instruction: (.+)$", re.MULTILINE)
_IN_LANGUAGE = re.compile(r"\A(.*)\n\nAnswer in ([\w ]+)\.\Z", re.DOTALL)


@cache
def patterns() -> list[tuple[str, re.Pattern[str]]]:
    """(section, pattern) of every form of every section that has words of its own."""
    return [
        (name, _pattern(section.text(form)))
        for method in METHODS
        for name, section in prompts_of(method).sections.items()
        for form in FORMS
        if name in STAGES
    ]


def _pattern(text: str) -> re.Pattern[str]:
    seen: set[str] = set()

    def place(word: re.Match[str]) -> str:
        name = word.group(1)
        again = name in seen
        seen.add(name)
        size = ".*" if name in LISTS else ".*?"
        return f"(?P={name})" if again else f"(?P<{name}>{size})"

    return re.compile(_WORD.sub(place, re.escape(text)) + r"\Z", re.DOTALL)


def read(prompt: str, turns: Sequence[tuple[str, str]] = ()) -> tuple[str, dict[str, Any]]:
    """(stage, values) of a prompt; turns: the messages before it."""
    for name, pattern in patterns():
        found = pattern.match(prompt)
        if found:
            return STAGES[name], _values(name, found.groupdict())
    return _marked(prompt) or _plain(prompt, turns)


def _values(name: str, said: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {**said, "language": CODES.get(said.get("language", "English"), "en")}
    if name in ("classes", "instructions"):
        values |= {"shown": _NUMBERED.findall(said["tasks"]), "only_classes": name == "classes"}
    if name in ("examples", "guided"):
        values |= {"shown": _NUMBERED.findall(said["tasks"]), "whole": True}
    if name == "tasks":
        shown = _SHOWN.findall(said["demonstrations"])
        values |= {"shown": shown, "count": int(said["last"]) - len(shown), "first": len(shown) + 1}
    if name in OPERATIONS:
        values["operation"] = name
    if name in ("instances", "labels"):
        values["labels"] = name == "labels"
    if name == "follow":
        values["turns"] = list(_turns(said["conversation"]))
    return values


def _turns(conversation: str) -> Iterator[tuple[str, str]]:
    parts = re.split(r"(?:\A|\n\n)(User|Assistant): ", conversation)[1:]
    return zip(map(str.lower, parts[::2]), parts[1::2], strict=True)


def _marked(prompt: str) -> tuple[str, dict[str, Any]] | None:
    """A prompt of Magpie: raw text in a model's own chat template."""
    told = re.search(r"a user who writes in ([\w ]+)\.", prompt)
    language = CODES.get(told.group(1) if told else "English", "en")
    for marks in TEMPLATES.values():
        if prompt.endswith(marks.user):
            return "query", {"language": language}
        if prompt.endswith(marks.answer) and marks.user in prompt:
            task = prompt.removesuffix(marks.answer).rpartition(marks.user)[2]
            return "answer", {"language": language, "task": task}
    return None


def _plain(prompt: str, turns: Sequence[tuple[str, str]]) -> tuple[str, dict[str, Any]]:
    prompt = prompt.removesuffix("\nAnswer:").rstrip("\n")
    asked = _IN_LANGUAGE.match(prompt)
    if asked:
        return "answer", {"task": asked.group(1), "language": CODES.get(asked.group(2), "en")}
    return "answer", {"task": prompt, "turns": [turn for turn in turns if turn[0] != "system"]}
