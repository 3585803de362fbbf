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
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping
from dataclasses import dataclass, field
from typing import Any

from ittools.errors import InputError
from ittools.formats.rows import Row
from ittools.records.build import Record, Turn, build_record, opened_meta
from ittools.records.messages import from_messages
from ittools.records.schema import UNSPECIFIED_LICENSE
from ittools.records.scores import as_scores

ROLES = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant",
         "chatgpt": "assistant", "bing": "assistant", "bard": "assistant", "system": "system",
         "function_call": "function_call", "observation": "tool", "tool": "tool"}  # fmt: skip

OUTPUTS = ("output", "response", "completion", "answer", "target")
PROMPTS = ("prompt", "question", "query")
meta_json = json.JSONEncoder(ensure_ascii=True, sort_keys=True, default=str).encode


@dataclass(frozen=True)
class Defaults:
    """What rows do not say themselves. `columns` renames: {"instruction": "their name"}.

    open_ended: rows may be prompts without their answers, which somebody is about to write.
    """

    source: str
    license: str = UNSPECIFIED_LICENSE
    language: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    open_ended: bool = False


Mapper = Callable[[Row, str, Defaults], Iterator[Record]]


def map_rows(rows: Iterable[tuple[str, Row]], defaults: Defaults) -> Iterator[Record]:
    """Records of all rows; the format is settled anew where a row has other columns.

    Raises:
        InputError: columns that no known format has, or a value of the wrong type.
    """
    mapper: Mapper | None = None
    names: KeysView[str] | None = None
    for place, row in rows:
        row = _renamed(row, defaults.columns, place)
        if mapper is None or row.keys() != names:
            mapper, names = sniff(row, place, open_ended=defaults.open_ended), row.keys()
        yield from mapper(row, place, defaults)


def sniff(row: Row, place: str, *, open_ended: bool = False) -> Mapper:
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
    if names & set(PROMPTS) and (names & set(OUTPUTS) or open_ended):
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
        known["meta"] = _meta(rest, place)
    return build_record(**content, **known)


def _meta(rest: Row, place: str) -> str:
    """JSON of what has no column; a `meta` that already is our JSON is merged, not wrapped once more."""
    if isinstance(rest.get("meta"), str):
        inner = opened_meta(rest["meta"])
        rest = {key: value for key, value in rest.items() if key != "meta"} | inner
    try:
        return meta_json(rest)
    except (RecursionError, TypeError) as error:
        raise InputError(f"{place}: {', '.join(rest)} cannot be kept as JSON ({error})") from None


def _lineage(row: Row) -> dict[str, Any]:
    """`parents` and `scores` as our own mixtures carry them; other shapes stay in `meta`."""
    found: dict[str, Any] = {}
    parents, scores = row.get("parents"), row.get("scores")
    if isinstance(parents, list) and all(isinstance(parent, str) for parent in parents):
        found["parents"] = parents
    if as_scores(scores) is not None:
        found["scores"] = as_scores(scores)
    return found


def _alpaca(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    name = next((name for name in OUTPUTS if name in row), "output")
    content: dict[str, Any] = {"instruction": _text(row, "instruction", place),
                               "input": _text(row, "input", place),
                               "output": _text(row, name, place)}  # fmt: skip
    used = {"instruction", "input", name}
    context = _earlier(row)
    if context:
        content["context"] = context
        used |= {"system", "history"}
    yield _finish(row, place, defaults, used, content)


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
        more = {key: value for key, value in instance.items() if key not in ("input", "output")}
        yield _finish(more | named, place, defaults, {"instruction", "instances", "name"}, content)


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
    said = [_turn(turn, place) for turn in turns]
    if defaults.open_ended and said and said[-1]["role"] == "user":
        said.append({"role": "assistant", "content": ""})
    try:
        instruction, output, context = from_messages(said)
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
    names = ("rejected", "language", "template", "generator")
    nullable: dict[str, Any] = {n: None if row.get(n) is None else _text(row, n, place) for n in names}
    parents, scores = _nested(row, "parents", place), _nested(row, "scores", place)
    if parents is not None and not all(isinstance(parent, str) for parent in parents):
        raise InputError(f"{place}: column 'parents' must be a list of ids")
    if scores is not None and as_scores(scores) is None:
        raise InputError(f"{place}: column 'scores' must hold numbers by name")
    yield build_record(
        _text(row, "instruction", place),
        _text(row, "input", place),
        _text(row, "output", place),
        task=_text(row, "task", place),
        source=_text(row, "source", place),
        license=_text(row, "license", place),
        context=[_turn(turn, place) for turn in _nested(row, "context", place) or []],
        scores=as_scores(scores),
        parents=parents,
        meta=own_meta(row.get("meta"), place),
        **nullable,
    )


def own_meta(value: Any, place: str) -> str | None:
    """A JSON object as it is; anything else under the key "meta"."""
    if isinstance(value, str) and value:
        return value if opened_meta(value) != {"meta": value} else _meta({"meta": value}, place)
    return _meta(value if isinstance(value, dict) else {"meta": value}, place) if value else None


def _nested(row: Row, name: str, place: str) -> Any:
    """A list or mapping, or null; in CSV it stands as JSON text."""
    value = row.get(name)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise InputError(f"{place}: column {name!r} holds text that is not JSON") from None
    if value is not None and not isinstance(value, (list, dict)):
        raise InputError(f"{place}: column {name!r} holds a {type(value).__name__}, expected a list")
    return value
