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

from ittools.records.build import mend_text

Instance = tuple[str, str]  # (input, output)

LONGEST_NOTHING = 40  # characters in which a model says that there is no input

# "9." "9)" "(9)" "**9.**" "Task 9:" "９．", not the 3.5 and 12:30 of a line inside a task.
# Possessive `*+`: a run of spaces, which models do fall into, must not be tried in every split.
_NUMBER = re.compile(
    r"^[ \t>#*_-]*+\(?(?:(?:Task|Aufgabe|Tâche|Tarea|Instruction)[ \t]*+)?+(?:\d{1,4}|[０-９]{1,4})[ \t]*+"
    r"[.):、．）：](?!\d)[*_]*+[ \t]*+",
    re.MULTILINE | re.IGNORECASE,
)
_BULLET = re.compile(r"^[ \t]*+[-*•–][ \t]+", re.MULTILINE)
_BOLD = re.compile(r"(?<!\S)\*\*(?=\S)|(?<=\S)\*\*(?!\w)")  # and not the power of 2**10
_WRAPPING = {"*": "*", "_": "_", "`": "`", '"': '"', "“": "”", "'": "'"}

_LABEL = re.compile(
    r"^[ \t>#*_-]*+(?:(?:(?:example|instance)[ \t]*+(?:\#?\d{1,2})?+|\#?\d{1,2})[.):][ \t*_]*+)?"
    r"(?P<word>examples?|instances?|inputs?|outputs?|answers?|responses?|class[ _]labels?|labels?"
    r"|expected outputs?|correct outputs?|sample inputs?|sample outputs?)"
    r"[ \t]*+(?:\#?\d{1,2})?+[ \t]*+[*_]*+[ \t]*+(?P<colon>[:：]|$)[*_]*+[ \t]*+",
    re.MULTILINE | re.IGNORECASE,
)
_INLINE = re.compile(r"(?<=\S)[ \t]+(?=output[ \t]*+[:：])", re.IGNORECASE)
_NEXT_TASK = re.compile(r"^[ \t#*_]*+tasks?+(?:[ \t]*+\d++)?+[ \t]*+[:：]", re.MULTILINE | re.IGNORECASE)
_NOTHING = re.compile(
    r"[\s.…_–—-]*|[\s\"'`|]{1,4}"
    r"|[\s\"'`*_<>\[\](){}.,:;!–—-]*(?:no ?input|none|n/?a|no input (?:is )?(?:needed|required|necessary"
    r"|provided)|not applicable|empty|input not needed)[\s\"'`*_<>\[\](){}.,:;!–—-]*",
    re.IGNORECASE,
)

_DECODER = json.JSONDecoder(strict=False)  # raw line ends inside strings are common
_JSON_START = re.compile(r"\{|^[ \t]*+\[", re.MULTILINE)  # a list inside a sentence is not the answer
_JSON_LIST = re.compile(r"\[|\{\s*+\"\w++\"\s*+:\s*+\[")
_BETWEEN = re.compile(r"[\s,]*+")
_BROKEN = re.compile(r"\s*+(?:```\w*+\s*+)?+\{\s*+\"instances\"")
_TASK_KEYS = ("instruction", "task", "text", "question", "description")
_OUTPUT_KEYS = ("output", "class label", "class_label", "label", "answer", "response")


def json_items(text: str, outside: re.Pattern[str]) -> list[Any] | None:
    """Elements of the JSON list that `text` holds, bare, fenced or between prose; null when none.

    Of a list that was cut off or broken, those before the break. outside: a mark of the plain form;
    where it stands beside the JSON, the answer is in that form and the JSON a part of it.
    """
    start = _JSON_START.search(text)
    if start is None:
        return None
    at = start.end() - 1
    try:
        value, end = _DECODER.raw_decode(text, at)
    except RecursionError:
        return None
    except ValueError:
        value = _whole_items(text, at)
        end = len(text)
    if outside.search(text, 0, at) or outside.search(text, end):
        return None
    if isinstance(value, dict):
        inner = next((inner for inner in value.values() if isinstance(inner, list)), None)
        value = [value] if inner is None or _output_of(value) is not None else inner
    return value if isinstance(value, list) and value else None


def _whole_items(text: str, at: int) -> list[Any]:
    """The elements before the break: {"tasks": ["a", "b", "unfini -> ["a", "b"]"""
    opening = _JSON_LIST.match(text, at)
    found: list[Any] = []
    while opening:
        at = _BETWEEN.match(text, opening.end() if not found else at).end()  # type: ignore[union-attr]
        try:
            item, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        found.append(item)
    return found


def numbered_tasks(text: str, *, cut: bool = False, goes_on: bool = False) -> list[str]:
    """Tasks of a numbered list. `cut`: the last one is incomplete. `goes_on`: the first number
    stands in the prompt already, as a completion endpoint continues it."""
    bare = text.lstrip()
    found = None if goes_on and bare[:1] not in "{[`" else _strings(json_items(text, _NUMBER))
    if found is not None:
        return [task for task in map(_clean_task, found) if task]
    body = f"9. {bare}" if goes_on and not _NUMBER.match(bare) else text
    marks = list(_NUMBER.finditer(body)) or list(_BULLET.finditer(body))
    pieces = [body[mark.end() : end] for mark, end in _with_ends(marks, len(body))]
    if cut and pieces:
        pieces.pop()
    return [task for task in map(_clean_task, pieces) if task]


def _strings(items: list[Any] | None) -> list[str] | None:
    """Strings of a list, or of objects with an instruction; their own numbers taken off."""
    texts = [text for text in map(_task_text, items or ()) if text is not None]
    if texts and all(map(_NUMBER.match, texts)):
        texts = [_NUMBER.sub("", text, count=1) for text in texts]
    return texts or None


def _task_text(item: Any) -> str | None:
    if isinstance(item, dict):
        named = [item.get(key) for key in _TASK_KEYS]
        item = next((text for text in [*named, *item.values()] if isinstance(text, str)), None)
    return mend_text(item) if isinstance(item, str) else None


def _clean_task(piece: str) -> str:
    """First paragraph on one line, without the markdown round it."""
    paragraph = re.split(r"\n\s*\n", piece.strip(), maxsplit=1)[0]
    if paragraph.count("```") % 2:  # the end of a fence round the whole list
        paragraph = paragraph[: paragraph.rindex("```")]
    task = _BOLD.sub("", " ".join(paragraph.split())).strip()
    while len(task) > 1 and _WRAPPING.get(task[0]) == task[-1] and not _ends_inside(task):
        task = task[1:-1].strip()
    return task.rstrip(":：").rstrip()


def _ends_inside(task: str) -> bool:
    """The opening quote closes before the end: "hot" is to "cold"."""
    return task[0] in task[1:-1] or task[-1] in task[1:-1]


_YES = re.compile(r"\W*(?:\w+\s+){0,2}?((?:yes|true|ja|oui|sí|sì|да)\b|是|はい)", re.IGNORECASE)
_NO = re.compile(r"\W*(?:\w+\s+){0,2}?((?:no|not|false|nein|non|нет)\b|否|不|いいえ)", re.IGNORECASE)


def says_yes(text: str) -> bool | None:
    """The verdict in the first words of an answer; null when neither stands there."""
    yes, no = _YES.match(text), _NO.match(text)
    if yes and no:
        return yes.start(1) < no.start(1)
    if yes or no:
        return yes is not None
    last = re.findall(r"\b(yes|no)\b", text.lower())  # "... so the answer is yes"
    return last[-1] == "yes" if last else None


_LEAD = re.compile(
    r"\W*(?:sure|certainly|of course|okay|here(?: is|'s))\b[^\n:]{0,80}:[ \t*_]*\n|"
    r"[ \t#*_]*+(?:new |evolved |rewritten )?"
    r"(?:instruction|task|message|prompt|question|translation|paraphrase)"
    r"[ \t*_]*[:：][ \t*_]*+",
    re.IGNORECASE,
)


def unwrapped(text: str, tag: str) -> str:
    """One text that was asked for, without the tags, fence, label, lead or quotes round it.

    unwrapped('Sure, here it is:\\n"Add 2 and 2."', "task")  -> "Add 2 and 2."
    """
    text = text.strip()
    inside = re.search(rf"<{tag}>(.*?)(?:</{tag}>|\Z)", text, re.DOTALL | re.IGNORECASE)
    text = inside.group(1) if inside else re.sub(rf"</?{tag}>", "", text)
    text = _unfenced(_LEAD.sub("", text.strip(), count=1) if _LEAD.match(text.strip()) else text.strip())
    while len(text) > 1 and _WRAPPING.get(text[0]) == text[-1] and not _ends_inside(text):
        text = text[1:-1].strip()
    return text.strip()


def instances(text: str, *, label_first: bool, cut: bool = False) -> list[Instance]:
    """Instances in the order written; of text that was `cut`, all but the last."""
    listed = _listed(json_items(text, _LABEL))
    if listed is None:
        listed = [] if _BROKEN.match(text) else list(_labelled(_before_next_task(text), label_first))
        listed = listed[:-1] if cut else listed
    return listed


def _listed(items: list[Any] | None) -> list[Instance] | None:
    found: list[Instance] = []
    for item in items or ():
        wanted = _output_of(item)
        if wanted is None:
            return None
        given = next((value for key, value in item.items() if key.lower() == "input"), None)
        found.append((as_input(_plain(given)), wanted))
    return found or None


def _output_of(item: Any) -> str | None:
    """The output in an object, under any of its names; null when it has none."""
    if not isinstance(item, dict):
        return None
    values = {key.lower(): value for key, value in item.items()}
    name = next((key for key in _OUTPUT_KEYS if key in values), None)
    return None if name is None else _plain(values[name])


def _plain(value: Any) -> str:
    if value is None:
        return ""
    try:
        return mend_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).strip()
    except RecursionError:  # brackets without end
        return ""


def _before_next_task(text: str) -> str:
    following = _NEXT_TASK.search(text, 1)
    return text[: following.start()] if following else text


def as_input(text: str) -> str:
    """The input, or "" for the ways of saying that there is none."""
    text = _unfenced(text)
    return "" if len(text) < LONGEST_NOTHING and _NOTHING.fullmatch(text) else text


def _unfenced(text: str) -> str:
    """What a single ``` fence encloses, or the text itself."""
    text = text.strip()
    first, line_end, inner = text.removeprefix("```").partition("\n")
    fenced = text.startswith("```") and text.endswith("```") and re.fullmatch(r"[\w-]*", first)
    inner = inner.removesuffix("```")
    return inner.strip() if fenced and line_end and "```" not in inner else text


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
    """A walk over the sections: an output closes an instance; a label opens one, where it comes first."""
    sections = list(_sections(text))
    if not {"output", "label"} & {kind for kind, _ in sections}:
        sections = list(_sections(_INLINE.sub("\n", text)))  # "Input: 1 Output: one"
    label_first = _is_label_first([kind for kind, _ in sections], label_first)
    given: str | None = None
    wanted: str | None = None
    stated = False  # the input stands behind its own label
    for kind, body in sections:
        body = body.strip()
        if kind in ("lead", "example"):
            if wanted is not None:
                yield as_input(given or ""), _unfenced(wanted)
                given = wanted = None
            given = body or given
        elif kind in ("label", "output") and label_first:
            if wanted is not None:
                yield as_input(given or ""), _unfenced(wanted)
            given, wanted = None, body
        elif kind == "input":
            if wanted is not None and (not label_first or given is not None):
                yield as_input(given or ""), _unfenced(wanted)
                given, wanted = None, wanted if label_first else None  # a label for several inputs
            given = "\n".join(part for part in (given, body) if part)
            stated = bool(body)
        elif wanted:
            yield as_input(given or ""), _unfenced(wanted)
            given, wanted = None, body
        else:
            wanted = body
    yield from _last(given, wanted, stated)


def _is_label_first(kinds: list[str], asked: bool) -> bool:
    """As written, not as asked: a model that puts the input first means it for the label after it."""
    order = [kind for kind in kinds if kind in ("input", "output", "label")]
    return order[:1] not in (["input"], []) and (asked or "label" in kinds)


def _last(given: str | None, wanted: str | None, stated: bool) -> Iterator[Instance]:
    """What is left at the end: an answer without any label is the output itself; a labelled input
    before an empty output stays an input."""
    if wanted or (wanted is not None and stated):
        yield as_input(given or ""), _unfenced(wanted)
    elif given and as_input(given):
        yield "", _unfenced(given)
