"""Foreign rows to records, by sniffing the columns of the known formats.

    {"instruction": ..., "instances": [{"input", "output"}, ...]}    Self-Instruct seeds
    {"Definition": ..., "Instances": [{"input", "output"}, ...]}     Natural Instructions
    {"instruction": ..., "input"?, "output" | "response"?}           Alpaca
    {"conversations": [{"from": "human", "value": ...}, ...]}        ShareGPT, with or without tools
    {"messages": [{"role": "user", "content": ...}, ...]}            messages; "label": KTO
    {"prompt": ..., "completion" | "response" ...}                   prompt-completion
        both: with `input`, or `context` as Dolly has it, `system` and `history`
    {"prompt" | "conversations": ..., "chosen": ..., "rejected": ...}  preferences
    {"chosen": "Human: ... Assistant: ...", "rejected": ...}         HH-RLHF
    {"message_tree_id": ..., "prompt": {"text", "replies": [...]}}   Open Assistant: a record a thread
    {"data": [{"paragraphs": [{"context", "qas": [...]}]}]}          SQuAD: a record a question
    {"question": ..., "context": ..., "answers": {"text": [...]}}    the same, a row a question
    {"question": ..., "choices": [...], "answer": 1}                 multiple choice

What has no column of its own is kept as JSON in `meta`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, KeysView, Mapping
from typing import Any

from ittools.errors import InputError
from ittools.formats import superni
from ittools.formats.conversations import turns_of
from ittools.formats.finish import (
    Defaults,
    Mapper,
    finish,
    is_absent,
    meta_json,
    nested_of,
    own_meta,
    renamed,
    text_of,
)
from ittools.formats.nested import conversation, messages, nested_format, sharegpt, squad_question
from ittools.formats.oasst import is_flat
from ittools.formats.questions import is_question
from ittools.formats.rows import Row
from ittools.records.build import ID, Record, Turn, build_record
from ittools.records.messages import OWN_MESSAGES
from ittools.records.schema import SCHEMA, UNSPECIFIED_LICENSE
from ittools.records.scores import as_scores

__all__ = [
    "OF_OURS",
    "OUTPUTS",
    "OWN",
    "OWN_MESSAGES",
    "PROMPTS",
    "Defaults",
    "map_rows",
    "meta_json",
    "own_meta",
    "sniff",
]

OUTPUTS = ("output", "response", "completion", "answer", "target", "targets", "canonical_solution")
OWN = frozenset(("id", "instruction", "input", "output", "task", "source", "license"))
_COLUMNS = frozenset(SCHEMA.names)
OF_OURS = "records of ittools, whose columns have their names already; leave --map out"
PROMPTS = ("prompt", "question", "query", "inputs", "input")


def map_rows(rows: Iterable[tuple[str, Row]], defaults: Defaults) -> Iterator[Record]:
    """Records of all rows, each by what it holds itself; one of no known format is read like that before it.

    Raises:
        InputError: columns that no known format has, or a value of the wrong type.
    """
    mapper: Mapper | None = None
    names: KeysView[str] | None = None
    for place, row in rows:
        row = _named(row, defaults.columns, place)
        try:
            mapper = sniff(row, place, open_ended=defaults.open_ended)
        except InputError:
            if mapper is None or row.keys() != names:
                raise
        names = row.keys()
        yield from mapper(row, place, defaults)


def sniff(row: Row, place: str, *, open_ended: bool = False) -> Mapper:
    """The mapper for rows with these columns."""
    names = set(row)
    if names >= OWN:
        return _own
    if {"instruction", "instances"} <= names:
        return _seed
    if superni.is_task(row):
        return superni.task_records
    nested = nested_format(row, open_ended=open_ended)
    if nested is not None:
        return nested
    if "messages" in names:
        return messages
    if "conversations" in names:
        return sharegpt
    if "instruction" in names:
        return _alpaca
    if not names & set(OUTPUTS) and is_question(row):
        return squad_question
    if names & set(PROMPTS) and (names & set(OUTPUTS) or open_ended):
        return _prompt_completion
    if is_flat(names):
        raise InputError(
            f"{place}: messages of trees, one a row; `ittools template --style oasst` gathers them"
        )
    raise InputError(
        f"{place}: cannot map the columns {', '.join(sorted(map(str, names)))}; "
        "name them with --map, as in --map instruction=question,output=answer"
    )


def _named(row: Row, columns: Mapping[str, str], place: str) -> Row:
    if columns and (row.keys() >= OWN or row.keys() >= OWN_MESSAGES):
        raise InputError(f"{place}: {OF_OURS}")
    for theirs in columns.values():
        if theirs not in row:
            raise InputError(
                f"{place}: --map names the column {theirs!r}, but there are: {', '.join(map(str, row))}"
            )
    return renamed(row, columns, place) if columns else row


def _alpaca(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    better = ("chosen",) if "rejected" in row else ()
    name = next((name for name in (*OUTPUTS, *better) if name in row), "output")
    yield _asked(row, place, defaults, "instruction", name)


def _asked(row: Row, place: str, defaults: Defaults, prompt: str, output: str) -> Record:
    """The record of a question and an answer, with what is asked about and what was said before."""
    given = "" if prompt == "input" else text_of(row, "input", place)
    content: dict[str, Any] = {"instruction": text_of(row, prompt, place), "input": given,
                               "output": text_of(row, output, place)}  # fmt: skip
    used = {prompt, "input", output}
    if not given and isinstance(row.get("context"), str):
        content["input"], used = row["context"], {*used, "context"}
    context = _earlier(row)
    if context:
        content["context"] = context
        used |= {"system", "history"}
    return finish(row, place, defaults, used, content)


def _earlier(row: Row) -> list[Turn]:
    """The context in `system` and `history` ([[question, answer], ...]); other shapes stay in `meta`."""
    system, history = row.get("system") or "", row.get("history") or []
    if not isinstance(system, str) or not isinstance(history, list):
        return []
    if not all(isinstance(p, list) and len(p) == 2 and all(isinstance(s, str) for s in p) for p in history):
        return []
    turns = [{"role": "system", "content": system}] if system else []
    for said, answered in history:
        turns += [{"role": "user", "content": said}, {"role": "assistant", "content": answered}]
    return turns


def _prompt_completion(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    prompt = next(name for name in PROMPTS if name in row)
    output = next((name for name in OUTPUTS if name in row), OUTPUTS[0])
    if isinstance(row[prompt], list) or isinstance(row.get(output), list):
        turns = [*_as_list(row[prompt]), *_as_list(row.get(output, []), role="assistant")]
        yield from conversation(row, turns, place, defaults, {prompt, output})
        return
    yield _asked(row, place, defaults, prompt, output)


def _as_list(value: Any, role: str = "user") -> list[Any]:
    return value if isinstance(value, list) else [{"role": role, "content": value}]


def _seed(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    """One record an instance, without any one of the instruction; its own id and kind stay in `meta`."""
    instances = row["instances"]
    if not isinstance(instances, list) or not all(isinstance(i, dict) for i in instances):
        raise InputError(f"{place}: 'instances' must be a list of input/output objects")
    instruction = text_of(row, "instruction", place)
    named = row if row.get("task") else row | {"task": row.get("name")}
    for instance in instances or [{}]:
        content = {"instruction": instruction, "input": text_of(instance, "input", place),
                   "output": text_of(instance, "output", place)}  # fmt: skip
        more = {key: value for key, value in instance.items() if key not in ("input", "output")}
        yield finish(more | named, place, defaults, {"instruction", "instances", "name"}, content)


def _own(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    """A row that an ittools export wrote: every column as it is, the id made anew.

    The defaults fill the licence and the language that it does not state; columns of others, and an id that
    is none of ours, go to `meta`.
    """
    names = ("rejected", "language", "template", "generator")
    nullable: dict[str, Any] = {n: None if is_absent(row.get(n)) else text_of(row, n, place) for n in names}
    parents, scores = nested_of(row, "parents", place), nested_of(row, "scores", place)
    if parents is not None and not all(isinstance(parent, str) for parent in parents):
        raise InputError(f"{place}: column 'parents' must be a list of ids")
    if scores is not None and as_scores(scores) is None:
        raise InputError(f"{place}: column 'scores' must hold numbers by name")
    license = text_of(row, "license", place)
    nullable["language"] = nullable["language"] or defaults.language or nullable["language"]
    yield build_record(
        text_of(row, "instruction", place),
        text_of(row, "input", place),
        text_of(row, "output", place),
        task=text_of(row, "task", place),
        source=text_of(row, "source", place),
        license=defaults.license if license in ("", UNSPECIFIED_LICENSE) else license,
        context=_own_context(row, place),
        scores=as_scores(scores),
        parents=parents,
        meta=own_meta(row.get("meta"), place, _not_ours(row)),
        **nullable,
    )


def _not_ours(row: Row) -> Row:
    strange = {name: value for name, value in row.items() if name not in _COLUMNS and not is_absent(value)}
    named = row.get("id")
    known = is_absent(named) or (isinstance(named, str) and (not named or ID.fullmatch(named)))
    return strange if known else strange | {"id": named}


def _own_context(row: Row, place: str) -> list[Turn]:
    try:
        return turns_of(nested_of(row, "context", place) or [])
    except ValueError as error:
        raise InputError(f"{place}: {error}") from None
