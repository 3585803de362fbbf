"""Records in the shapes of others, one mapping a record.

alpaca             {"instruction", "input", "output"[, "system", "history"]}
messages           {"messages": [{"role", "content"}, ...][, "tools"]}
sharegpt           {"conversations": [{"from", "value"}, ...][, "system", "tools"]}
prompt-completion  {"prompt": [turns], "completion": [turn]}
preference         {"prompt": [turns], "chosen": [turn], "rejected": [turn]}
oasst              {"message_tree_id", "tree_state", "prompt": {"text", "role", "replies": [...]}[, "system"]}
jsonl              every column of the record

What a format has no place for is refused with the record's id, or left out and counted; `whole` adds it in
columns of ours, the same in each row, from which the record comes back with its id.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from ittools.errors import InputError
from ittools.formats.oasst import thread_row
from ittools.records.build import Turn, mend_text, opened_meta
from ittools.records.messages import to_messages
from ittools.records.scores import scores_dict

Format = Literal[
    "alpaca", "messages", "sharegpt", "prompt-completion", "preference", "oasst", "jsonl", "csv"
]  # fmt: skip
Row = dict[str, Any]
EVERY_COLUMN = ("jsonl", "csv")
APART = ("rejected", "task", "source", "license", "language", "template", "generator", "parents", "scores",
         "meta")  # fmt: skip
_SHAREGPT_ROLES = {"user": "human", "assistant": "gpt", "tool": "observation"}


@dataclass(frozen=True)
class Shape:
    """whole: with columns for what the format has no place for."""

    to: Format
    whole: bool = False


def row_of(record: Row, shape: Shape) -> Row:
    """The record in its shape. Raises InputError for what can neither be held nor left out."""
    row = SHAPES[shape.to](record)
    if not shape.whole or shape.to in EVERY_COLUMN:
        return row
    apart = {name: record[name] for name in APART} | {"scores": _scores(record)}
    if shape.to == "preference":
        del apart["rejected"]
    return row | apart | {"input": record["input"]}


def lost_in(records: Iterable[Row], shape: Shape) -> Counter[str]:
    """What goes without a word otherwise, counted."""
    lost: Counter[str] = Counter()
    if shape.whole or shape.to in EVERY_COLUMN:
        return lost
    for record in records:
        lost["rejected outputs"] += record["rejected"] is not None and shape.to != "preference"
        lost["inputs apart from their instructions"] += bool(record["input"]) and shape.to != "alpaca"
    return +lost


def _alpaca(row: Row) -> Row:
    shaped = {key: row[key] for key in ("instruction", "input", "output")}
    context = row["context"] or []
    if context and context[0]["role"] == "system" and context[0]["content"]:
        shaped["system"] = context[0]["content"]
        context = context[1:]
    if context:
        if [turn["role"] for turn in context] != ["user", "assistant"] * (len(context) // 2):
            raise InputError(
                f"record {row['id']}: alpaca holds earlier turns only as pairs of user and assistant, after "
                "a system text; export it --to messages or sharegpt"
            )
        said = [turn["content"] for turn in context]
        shaped["history"] = [said[i : i + 2] for i in range(0, len(said), 2)]
    return shaped


def _messages(row: Row) -> Row:
    return {"messages": to_messages(row)} | _tools(row)


def _tools(row: Row) -> Row:
    """What the assistant could call, without which its calls mean nothing."""
    tools = opened_meta(row["meta"]).get("tools") if row["meta"] and '"tools"' in row["meta"] else None
    if tools is None:
        return {}
    # `meta` of elsewhere may spell half a character, which UTF-8 cannot hold
    return {"tools": json.loads(mend_text(json.dumps(tools, ensure_ascii=False)))}


def _sharegpt(row: Row) -> Row:
    system, turns = _system_apart(to_messages(row))
    said = [{"from": _SHAREGPT_ROLES.get(t["role"], t["role"]), "value": t["content"]} for t in turns]
    return {"conversations": said} | ({"system": system} if system else {}) | _tools(row)


def _system_apart(turns: list[Turn]) -> tuple[str, list[Turn]]:
    """The text of a system turn that comes first, and the others; an empty one stays where it is."""
    first = turns[0]["content"] if turns[0]["role"] == "system" else ""
    return first, turns[1:] if first else turns


def _prompt_completion(row: Row) -> Row:
    turns = to_messages(row)
    return {"prompt": turns[:-1], "completion": turns[-1:]}


def _preference(row: Row) -> Row:
    if row["rejected"] is None:
        raise InputError(
            f"record {row['id']}: preference needs a rejected output, and it has none; "
            "export it --to prompt-completion or messages"
        )
    turns = to_messages(row)
    worse = {"role": "assistant", "content": row["rejected"]}
    return {"prompt": turns[:-1], "chosen": turns[-1:], "rejected": [worse]}


def _oasst(row: Row) -> Row:
    turns = to_messages(row)
    system = turns.pop(0)["content"] if turns[0]["role"] == "system" else None
    try:
        shaped = thread_row(turns, row["id"], row["language"])
    except ValueError as error:
        raise InputError(
            f"record {row['id']}: oasst has prompters and assistants alone, no {error}; "
            "export it --to messages or sharegpt"
        ) from None
    return shaped | ({} if system is None else {"system": system})


def _jsonl(row: Row) -> Row:
    return row | {"scores": _scores(row)}


def _scores(row: Row) -> dict[str, float] | None:
    return scores_dict(row["scores"]) if row["scores"] is not None else None


SHAPES: dict[Format, Callable[[Row], Row]] = {
    "alpaca": _alpaca,
    "messages": _messages,
    "sharegpt": _sharegpt,
    "prompt-completion": _prompt_completion,
    "preference": _preference,
    "oasst": _oasst,
    "jsonl": _jsonl,
}
