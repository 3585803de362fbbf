"""Read what a model wrote back: JSON, the form that was asked for, or the many forms near it.

    numbered_tasks("9. Add 2 and 2.\\n10. **Name a colour.**", cut=True)  -> ["Add 2 and 2."]
    says_yes("Yes, this is a classification task.")                     -> True
    instances("Input: 1\\nOutput: one", label_first=False)               -> [("1", "one")]

A response that was cut off keeps all that is complete and loses only its last piece.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

Instance = tuple[str, str]  # (input, output)

MOST_INSTANCES = 5
_NUMBER = re.compile(
    r"^[ \t>#*_-]*(?:(?:Task|Aufgabe|Tâche|Tarea|Instruction)[ \t]*)?(?:\d{1,4}|[０-９]{1,4})"
    r"[ \t]*[.):、．）:][*_]*[ \t]*",
    re.MULTILINE | re.IGNORECASE,
)
_BULLET = re.compile(r"^[ \t]*[-*•–][ \t]+", re.MULTILINE)
_WRAPPING = "*_`\"“”'"

_FENCE = re.compile(r"\A\s*```[\w-]*\n(.*?)\n?```\s*\Z", re.DOTALL)
_LABEL = re.compile(
    r"^[ \t>#*_-]*(?P<word>examples?|instances?|inputs?|outputs?|answers?|responses?|class[ _]labels?|labels?"
    r"|expected outputs?|correct outputs?|sample inputs?|sample outputs?)"
    r"[ \t]*(?:\#?\d{1,2})?[ \t]*[*_]*[ \t]*(?P<colon>[:：]|$)[*_]*[ \t]*",
    re.MULTILINE | re.IGNORECASE,
)
_NEXT_TASK = re.compile(r"^[ \t#*_]*(?:task|tasks)(?:[ \t]*\d+)?[ \t]*[:：]", re.MULTILINE | re.IGNORECASE)
_NOTHING = re.compile(
    r"[\W_]*(?:no ?input|none|n/?a|no input (?:is )?(?:needed|required|necessary|provided)|not applicable"
    r"|empty|input not needed)?[\W_]*\Z",
    re.IGNORECASE,
)


def json_inside(text: str) -> Any:
    """The JSON value that is `text`, or stands in a fence or between prose; null when none does."""
    fenced = _FENCE.match(text)
    body = fenced.group(1) if fenced else text
    start = min((i for i in (body.find("{"), body.find("[")) if i >= 0), default=-1)
    if start < 0:
        return None
    try:
        return json.JSONDecoder().raw_decode(body, start)[0]
    except (ValueError, RecursionError):
        return None


def numbered_tasks(text: str, *, cut: bool = False, goes_on: bool = False) -> list[str]:
    """Tasks of a numbered list. `cut`: the last one is incomplete. `goes_on`: the first number
    stands in the prompt already, as a completion endpoint continues it."""
    value = json_inside(text)
    found = _strings(value)
    if found is None:
        found = _cut_json_strings(text) if cut else None
    if found is not None:
        return [task for task in map(_clean_task, found) if task]
    body = f"9. {text.lstrip()}" if goes_on and not _NUMBER.match(text.lstrip()) else text
    marks = list(_NUMBER.finditer(body)) or list(_BULLET.finditer(body))
    pieces = [body[mark.end() : end] for mark, end in _with_ends(marks, len(body))]
    if cut and pieces:
        pieces.pop()
    return [task for task in map(_clean_task, pieces) if task]


def _strings(value: Any) -> list[str] | None:
    """`{"tasks": [...]}`, a bare list, or a list of objects with an instruction."""
    if isinstance(value, dict):
        value = next((inner for inner in value.values() if isinstance(inner, list)), None)
    if not isinstance(value, list) or not value:
        return None
    texts = [next(iter(v.values()), None) if isinstance(v, dict) else v for v in value]
    return [text for text in texts if isinstance(text, str)] or None


def _cut_json_strings(text: str) -> list[str] | None:
    """Complete strings of a JSON list that was cut off: {"tasks": ["a", "b", "unfini"""
    start = re.match(r"\s*(?:```\w*\s*)?(?:\{\s*\"\w+\"\s*:\s*)?\[", text)
    if not start:
        return None
    at, found = start.end(), []
    for match in re.finditer(r'\s*("(?:[^"\\]|\\.)*")\s*,', text[at:]):
        found.append(json.loads(match.group(1), strict=False))
    return found


def _clean_task(piece: str) -> str:
    """First paragraph on one line, without the markdown round it."""
    paragraph = re.split(r"\n\s*\n", piece.strip(), maxsplit=1)[0]
    task = " ".join(paragraph.split())
    while len(task) > 1 and task[0] in _WRAPPING and task[-1] in _WRAPPING:
        task = task[1:-1].strip()
    return task.replace("**", "").strip().rstrip(":：").rstrip()


_YES = re.compile(r"\W*(?:\w+\s+){0,2}?(yes|true|ja|oui|sí|sì|да|是)\b", re.IGNORECASE)
_NO = re.compile(r"\W*(?:\w+\s+){0,2}?(no|not|false|nein|non|нет|否|不)\b", re.IGNORECASE)


def says_yes(text: str) -> bool | None:
    """The verdict in the first words of an answer; null when neither stands there."""
    yes, no = _YES.match(text), _NO.match(text)
    if yes and no:
        return yes.start(1) < no.start(1)
    if yes or no:
        return yes is not None
    last = re.findall(r"\b(yes|no)\b", text.lower())  # "... so the answer is yes"
    return last[-1] == "yes" if last else None


def instances(text: str, *, label_first: bool, cut: bool = False) -> list[Instance]:
    """Instances in the order written, at most five, the last one dropped when `cut`."""
    listed = _listed(json_inside(text)) if text.lstrip()[:1] in "{[`" else None
    if listed is None:
        listed = list(_labelled(_before_next_task(text), label_first))
    if cut:
        listed = listed[:-1]
    return listed[:MOST_INSTANCES]


def _listed(value: Any) -> list[Instance] | None:
    if isinstance(value, dict) and "output" not in value:
        value = next((inner for inner in value.values() if isinstance(inner, list)), None)
    rows = value if isinstance(value, list) else [value]
    if not all(isinstance(row, dict) and "output" in row for row in rows):
        return None
    return [(as_input(_plain(row.get("input"))), _plain(row["output"])) for row in rows]


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _before_next_task(text: str) -> str:
    following = _NEXT_TASK.search(text, 1)
    return text[: following.start()] if following else text


def as_input(text: str) -> str:
    """The input, or "" for the ways of saying that there is none."""
    text = _unfenced(text)
    return "" if _NOTHING.match(text) and len(text) < 40 and not any(map(str.isdigit, text)) else text


def _unfenced(text: str) -> str:
    fenced = _FENCE.match(text)
    return (fenced.group(1) if fenced else text).strip()


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """(kind, text) in order; kinds: lead, example, input, output, label."""
    marks = list(_LABEL.finditer(text))
    yield "lead", text[: marks[0].start()] if marks else text
    for mark, end in _with_ends(marks, len(text)):
        yield _kind(mark.group("word")), text[mark.end() : end]


def _with_ends(marks: list[re.Match[str]], length: int) -> Iterator[tuple[re.Match[str], int]]:
    """Each mark with where its text ends: at the next mark, or at the end of all."""
    for mark, following in itertools.zip_longest(marks, marks[1:]):
        yield mark, following.start() if following else length


def _kind(word: str) -> str:
    word = word.lower()
    if "label" in word:
        return "label"
    if "input" in word:
        return "input"
    return "example" if word.startswith(("example", "instance")) else "output"


def _labelled(text: str, label_first: bool) -> Iterator[Instance]:
    """A walk over the sections: an output closes an instance; a label opens one."""
    given: str | None = None
    wanted: str | None = None
    for kind, body in _sections(text):
        body = body.strip()
        if kind in ("lead", "example"):
            if wanted is not None:
                yield as_input(given or ""), _unfenced(wanted)
                given = wanted = None
            given = body or given
        elif kind == "label" or (kind == "output" and label_first):
            if wanted is not None:
                yield as_input(given or ""), _unfenced(wanted)
            given, wanted = None, body
        elif kind == "input":
            if wanted is not None and (not label_first or given is not None):
                yield as_input(given or ""), _unfenced(wanted)
                given = wanted = None
            given = "\n".join(part for part in (given, body) if part)
        elif wanted:
            yield as_input(given or ""), _unfenced(wanted)
            given, wanted = None, body
        else:
            wanted = body
    yield from _last(given, wanted)


def _last(given: str | None, wanted: str | None) -> Iterator[Instance]:
    """What is left at the end: an answer without any label is the output itself."""
    if wanted:
        yield as_input(given or ""), _unfenced(wanted)
    elif given and as_input(given):
        yield "", _unfenced(given)
