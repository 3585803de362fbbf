"""Foreign rows to records, by sniffing the columns of the known formats.

    {"instruction": ..., "instances": [{"input", "output"}, ...]}    Self-Instruct seeds
    {"instruction": ..., "input"?, "output" | "response"?}           Alpaca
    {"conversations": [{"from": "human", "value": ...}, ...]}        ShareGPT
    {"messages": [{"role": "user", "content": ...}, ...]}            messages
    {"prompt": ..., "completion" | "response" ...}                   prompt-completion

What has no column of its own is kept as JSON in `meta`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ittools.errors import InputError
from ittools.formats.rows import Row
from ittools.records.build import Record, Turn, build_record
from ittools.records.messages import from_messages
from ittools.records.schema import UNSPECIFIED_LICENSE
from ittools.records.scores import as_scores

ROLES = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant",
         "chatgpt": "assistant", "bing": "assistant", "bard": "assistant", "system": "system",
         "function_call": "function_call", "observation": "tool", "tool": "tool"}  # fmt: skip

OUTPUTS = ("output", "response", "completion", "answer", "target")
PROMPTS = ("prompt", "question", "query")


@dataclass(frozen=True)
class Defaults:
    """What rows do not say themselves. `columns` renames: {"instruction": "their name"}."""

    source: str
    license: str = UNSPECIFIED_LICENSE
    language: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


Mapper = Callable[[Row, str, Defaults], Iterator[Record]]


def map_rows(rows: Iterable[tuple[str, Row]], defaults: Defaults) -> Iterator[Record]:
    """Records of all rows; the format is settled by the first row's columns.

    Raises:
        InputError: columns that no known format has, or a value of the wrong type.
    """
    mapper: Mapper | None = None
    for place, row in rows:
        row = _renamed(row, defaults.columns, place)
        if mapper is None:
            mapper = sniff(row, place)
        yield from mapper(row, place, defaults)


def sniff(row: Row, place: str) -> Mapper:
    """The mapper for rows with these columns."""
    names = set(row)
    if {"id", "instruction", "input", "output", "task", "source", "license"} <= names:
        return _own
    if {"instruction", "instances"} <= names:
        return _seed
    if "messages" in names:
        return _messages
    if "conversations" in names:
        return _sharegpt
    if "instruction" in names:
        return _alpaca
    if names & set(PROMPTS) and names & set(OUTPUTS):
        return _prompt_completion
    raise InputError(
        f"{place}: cannot map the columns {', '.join(sorted(map(str, names)))}; "
        "name them with --map, as in --map instruction=question,output=answer"
    )


def _renamed(row: Row, columns: Mapping[str, str], place: str) -> Row:
    for theirs in columns.values():
        if theirs not in row:
            raise InputError(
                f"{place}: --map names the column {theirs!r}, but there are: {', '.join(map(str, row))}"
            )
    if not columns:
        return row
    kept = {key: value for key, value in row.items() if key not in columns.values()}
    return kept | {name: row[theirs] for name, theirs in columns.items()}


def _text(row: Row, name: str, place: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return str(value)
    raise InputError(f"{place}: column {name!r} holds a {type(value).__name__}, expected text")


def _finish(row: Row, place: str, defaults: Defaults, used: Iterable[str], content: dict[str, Any]) -> Record:
    """The record of a row: provenance columns it has, the rest as JSON in `meta`."""
    known: dict[str, Any] = {"source": defaults.source, "license": defaults.license}
    known["language"] = defaults.language
    for name in ("task", "source", "license", "language", "template", "generator"):
        if isinstance(row.get(name), str) and row[name]:
            known[name] = row[name]
    known |= _lineage(row)
    spent = set(used) | known.keys() | {"task", "template", "generator"}
    rest = {str(key): value for key, value in row.items() if key not in spent and value is not None}
    if rest:
        rest = _opened_meta(rest)
        known["meta"] = json.dumps(rest, ensure_ascii=True, sort_keys=True, default=str)
    return build_record(**content, **known)


def _lineage(row: Row) -> dict[str, Any]:
    """`parents` and `scores` as our own mixtures carry them; other shapes stay in `meta`."""
    found: dict[str, Any] = {}
    parents, scores = row.get("parents"), row.get("scores")
    if isinstance(parents, list) and all(isinstance(parent, str) for parent in parents):
        found["parents"] = parents
    if as_scores(scores) is not None:
        found["scores"] = as_scores(scores)
    return found


def _opened_meta(rest: Row) -> Row:
    """A `meta` that already is our JSON is merged, not wrapped once more."""
    try:
        inner = json.loads(rest["meta"])
    except (KeyError, TypeError, ValueError):
        return rest
    if not isinstance(inner, dict):
        return rest
    return {key: value for key, value in rest.items() if key != "meta"} | inner


def _alpaca(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    name = next((name for name in OUTPUTS if name in row), "output")
    content = {"instruction": _text(row, "instruction", place), "input": _text(row, "input", place),
               "output": _text(row, name, place)}  # fmt: skip
    yield _finish(row, place, defaults, {"instruction", "input", name}, content)


def _prompt_completion(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    prompt = next(name for name in PROMPTS if name in row)
    output = next(name for name in OUTPUTS if name in row)
    if isinstance(row[prompt], list) or isinstance(row[output], list):
        turns = [*_as_list(row[prompt]), *_as_list(row[output], role="assistant")]
        yield from _conversation(row, turns, place, defaults, {prompt, output})
        return
    content = {"instruction": _text(row, prompt, place), "input": "",
               "output": _text(row, output, place)}  # fmt: skip
    yield _finish(row, place, defaults, {prompt, output}, content)


def _as_list(value: Any, role: str = "user") -> list[Any]:
    return value if isinstance(value, list) else [{"role": role, "content": value}]


def _seed(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    """One record an instance; the seed's own id and kind stay in `meta`."""
    instances = row["instances"]
    if not isinstance(instances, list) or not all(isinstance(i, dict) for i in instances):
        raise InputError(f"{place}: 'instances' must be a list of input/output objects")
    instruction = _text(row, "instruction", place)
    named = row if row.get("task") else row | {"task": row.get("name")}
    for instance in instances:
        content = {"instruction": instruction, "input": _text(instance, "input", place),
                   "output": _text(instance, "output", place)}  # fmt: skip
        yield _finish(named, place, defaults, {"instruction", "instances", "name"}, content)


def _messages(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    yield from _conversation(row, row["messages"], place, defaults, {"messages", "id"})


def _sharegpt(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    system = row.get("system")
    turns = row["conversations"]
    if isinstance(system, str) and system and isinstance(turns, list):
        turns = [{"role": "system", "content": system}, *turns]
    yield from _conversation(row, turns, place, defaults, {"conversations", "system"})


def _conversation(row: Row, turns: Any, place: str, defaults: Defaults, used: set[str]) -> Iterator[Record]:
    if not isinstance(turns, list):
        raise InputError(f"{place}: a conversation must be a list of turns")
    try:
        instruction, output, context = from_messages([_turn(turn, place) for turn in turns])
    except ValueError as error:
        raise InputError(f"{place}: {error}") from None
    content = {"instruction": instruction, "input": "", "output": output, "context": context}
    yield _finish(row, place, defaults, used, content)


def _turn(turn: Any, place: str) -> Turn:
    if not isinstance(turn, dict):
        raise InputError(f"{place}: a turn must be an object with role and content")
    role = turn.get("role", turn.get("from"))
    content = turn.get("content", turn.get("value"))
    if not isinstance(role, str) or role not in ROLES:
        raise InputError(f"{place}: unknown role {role!r}; known: {', '.join(ROLES)}")
    if not isinstance(content, str):
        raise InputError(f"{place}: the content of a turn must be text, got {type(content).__name__}")
    return {"role": ROLES[role], "content": content}


def _own(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    """A row that an ittools export wrote: every column as it is, the id made anew."""
    nullable = {n: row.get(n) for n in ("language", "template", "generator", "parents")}
    meta = row.get("meta")
    yield build_record(
        _text(row, "instruction", place),
        _text(row, "input", place),
        _text(row, "output", place),
        task=_text(row, "task", place),
        source=_text(row, "source", place),
        license=_text(row, "license", place),
        context=[_turn(turn, place) for turn in row.get("context") or []],
        rejected=row.get("rejected"),
        scores=as_scores(row.get("scores")),
        meta=meta if isinstance(meta, str) or meta is None else json.dumps(meta, sort_keys=True),
        **nullable,
    )
