"""Whole tasks, with input and output, out of what a model wrote: JSON, or labelled blocks.

    whole_tasks("###\\n4. Instruction: Add.\\n4. Input:\\n1 + 1\\n4. Output:\\n2", cut=False)
        -> [("Add.", "1 + 1", "2")]

A block begins where its instruction is named, whatever its number says; a number inside a text is text.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from typing import Any

from ittools.generate.parse import as_input, json_items
from ittools.records.build import mend_text

Triple = tuple[str, str, str]  # instruction, input, output

# how models name the three fields, also where they translate what they were shown
_LABELS = {
    "instruction": "instructions? task anweisung aufgabe consigne tâche instrucción tarea istruzione compito "
                   "instrução instrukcja görev talimat 指令 任务 指示 課題 지시 지시문 명령 "
                   "инструкция задание निर्देश",
    "input": "inputs? eingabe entrée entrada wejście girdi 输入 入力 입력 ввод इनपुट",
    "output": "outputs? answers? responses? ausgabe antwort sortie réponse salida respuesta saída uscita "
              "risposta wyjście çıktı yanıt 输出 回答 出力 출력 вывод ответ आउटपुट",
}  # fmt: skip
# "4. Instruction:", "**Input:**", "- Output :", "### 5) Instruction"; a colon or a line end behind it
_FIELD = re.compile(
    r"^[ \t>#*_-]*+(?:(?:task[ \t]*+)?+\(?\d{1,4}[.):、][ \t*_]*+)?+(?:"
    + "|".join(f"(?P<{kind}>{'|'.join(words.split())})" for kind, words in _LABELS.items())
    + r")[ \t]*+[*_]*+[ \t]*+(?P<colon>[:：]|$)[*_]*+[ \t]*+",
    re.MULTILINE | re.IGNORECASE,
)
_RULE = re.compile(
    r"^[ \t]*+(?:#{2,}|-{3,}|\*{3,}|={3,})[ \t]*+(?:task[ \t]*+)?+(?:\d{1,4}[.):]?+)?+[ \t*#]*+$",
    re.MULTILINE | re.IGNORECASE,
)
_NUMBERED = re.compile(r"\d")
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
    body = text.lstrip().replace("\r\n", "\n")
    tasks = _blocks(f"Instruction: {body}" if goes_on and not _FIELD.match(body) else body)
    return tasks[:-1] if cut else tasks


def _of_object(value: Any) -> Triple | None:
    if not isinstance(value, dict):
        return None
    named = {str(key).lower(): one for key, one in value.items()}
    found = [next((named[name] for name in names if name in named), None) for names in _NAMES.values()]
    instruction, given, wanted = (_text(one) for one in found)
    return (_line(instruction), as_input(given), wanted) if instruction else None


def _text(value: Any) -> str:
    said = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return mend_text(said).strip()


def _blocks(text: str) -> list[Triple]:
    """A walk over the labelled fields: an instruction opens a block, another label its field, once each."""
    marks = list(_FIELD.finditer(text))
    opening = _opening(text, marks)
    tasks: list[Triple] = []
    block: dict[str, str] = {}
    last = ""
    for mark, following in itertools.zip_longest(marks, marks[1:]):
        body = text[mark.end() : following.start() if following else len(text)]
        kind = _kind(mark)
        if mark.start() in opening:
            tasks += _closed(block)
            block, last = {kind: body}, kind
        elif kind == "instruction" or kind in block:  # a word of the text, such as a recipe's "Instructions:"
            block[last] = block.get(last, "") + mark.group(0) + body
        else:
            block[kind], last = body, kind
    return tasks + _closed(block)


def _opening(text: str, marks: Sequence[re.Match[str]]) -> set[int]:
    """Where tasks begin: at labels of an instruction, and not at a recipe's "Instructions:" inside one.

    A label with a number or behind a rule begins one; where none has either, all in the singular do.
    """
    named = [mark for mark in marks if _kind(mark) == "instruction"]
    plain = [mark for mark in named if not mark.group("instruction").lower().endswith("s")]
    sure = [mark for mark in named if _NUMBERED.search(mark.group(0)) or _after_rule(text, mark.start())]
    return {mark.start() for mark in (*named[:1], *(sure or plain or named))}


def _after_rule(text: str, start: int) -> bool:
    before = text[max(0, start - 80) : start].rstrip()
    return bool(_RULE.fullmatch(before.rpartition("\n")[2]))


def _kind(mark: re.Match[str]) -> str:
    return next(kind for kind in _NAMES if mark.group(kind))


def _closed(block: dict[str, str]) -> list[Triple]:
    instruction, given, wanted = (_before_rule(block.get(kind, "")).strip() for kind in _NAMES)
    return [(_line(instruction), as_input(given), wanted)] if _line(instruction) else []


def _before_rule(text: str) -> str:
    """What stands before the `###` that ends a block; a rule inside a longer text is kept."""
    rules = list(_RULE.finditer(text))
    last = rules[-1] if rules else None
    return text[: last.start()] if last and not text[last.end() :].strip() else text


def _line(text: str) -> str:
    return " ".join(text.strip().strip("*_").split()).rstrip(":：").strip()
