"""Whole tasks, with input and output, out of what a model wrote: JSON, or labelled blocks.

    whole_tasks("###\\n4. Instruction: Add.\\n4. Input:\\n1 + 1\\n4. Output:\\n2", cut=False)
        -> [("Add.", "1 + 1", "2")]

A block begins where its instruction is named, whatever its number says; a number inside a text is text.
"""

from __future__ import annotations

import re
from typing import Any

from ittools.generate.parse import as_input, json_items
from ittools.records.build import mend_text

Triple = tuple[str, str, str]  # instruction, input, output

# "4. Instruction:", "**Input:**", "- Output :", "### 5) Instruction"; a colon or a line end behind it
_FIELD = re.compile(
    r"^[ \t>#*_-]*+(?:(?:task[ \t]*+)?+\(?\d{1,4}[.):、][ \t*_]*+)?+"
    r"(?P<word>instructions?|task|inputs?|outputs?|answers?|responses?)[ \t]*+[*_]*+[ \t]*+"
    r"(?P<colon>[:：]|$)[*_]*+[ \t]*+",
    re.MULTILINE | re.IGNORECASE,
)
_RULE = re.compile(r"^[ \t]*+(?:#{2,}|-{3,}|\*{3,}|={3,})[ \t]*+(?:\d{1,4}[.)]?)?[ \t]*+$", re.MULTILINE)
_NAMES = {"instruction": ("instruction", "task", "question", "prompt"),
          "input": ("input", "context"),
          "output": ("output", "answer", "response")}  # fmt: skip


def whole_tasks(text: str, *, cut: bool = False, goes_on: bool = False) -> list[Triple]:
    """Tasks in the order written; of text that was `cut`, all but the last.

    goes_on: "4. Instruction:" stands in the prompt already, as a completion endpoint continues it.
    """
    listed = [task for task in map(_of_object, json_items(text, _FIELD) or ()) if task]
    if listed:
        return listed
    body = f"Instruction: {text.lstrip()}" if goes_on else text
    tasks = _blocks(body)
    return tasks[:-1] if cut else tasks


def _of_object(value: Any) -> Triple | None:
    if not isinstance(value, dict):
        return None
    named = {str(key).lower(): one for key, one in value.items()}
    found = [next((named[name] for name in names if name in named), None) for names in _NAMES.values()]
    instruction, given, wanted = ("" if one is None else mend_text(str(one)).strip() for one in found)
    return (_line(instruction), as_input(given), wanted) if instruction else None


def _blocks(text: str) -> list[Triple]:
    """A walk over the labelled fields: an instruction opens a block, once the one before is complete."""
    marks = list(_FIELD.finditer(text))
    tasks: list[Triple] = []
    block: dict[str, str] = {}
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        body = text[mark.end() : following.start() if following else len(text)]
        kind = _kind(mark.group("word"))
        if kind == "instruction":
            tasks += _closed(block)
            block = {"instruction": _line(_before_rule(body))}
        elif kind in block:  # the label again: its text goes on
            block[kind] += "\n" + mark.group(0) + body
        else:
            block[kind] = body
    return tasks + _closed(block)


def _kind(word: str) -> str:
    word = word.lower()
    return next(kind for kind, names in _NAMES.items() if word.startswith(names))


def _closed(block: dict[str, str]) -> list[Triple]:
    if not block.get("instruction"):
        return []
    given, wanted = (_before_rule(block.get(kind, "")).strip() for kind in ("input", "output"))
    return [(block["instruction"], as_input(given), wanted)]


def _before_rule(text: str) -> str:
    """What stands before the `###` that ends a block; a rule inside a longer text is kept."""
    rules = list(_RULE.finditer(text))
    last = rules[-1] if rules else None
    return text[: last.start()] if last and not text[last.end() :].strip() else text


def _line(text: str) -> str:
    return " ".join(text.strip().strip("*_").split()).rstrip(":：").strip()
