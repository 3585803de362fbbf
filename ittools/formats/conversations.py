"""Conversations as the hubs spell them: turns with other names for roles, tool calls, two last answers.

    {"conversations": [{"from": "human", "value": "Rain?"}, {"from": "gpt", "value": "Yes."}], "system": ...}
    {"messages": [{"role": "user", "content": "Rain?"}], "chosen": {...}, "rejected": {...}}
    {"prompt": "Rain?", "chosen": "Yes.", "rejected": "Go and look."}
    {"messages": [...], "label": true}                      KTO: whether the last answer is good
    {"chosen": [turns], "rejected": [turns]}                all turns but the last ones are the same
    {"system": "Be brief.", "messages": [turns]}            the system text stands first
    {"role": "assistant", "content": "I look.", "tool_calls": [...]}   a turn of text, then one of calls
    {"role": "user", "name": "Ada", "content": "Rain?"}      `name` has no place: see `fields_of_turns`

What cannot be read is a ValueError; who calls knows the place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ittools.formats.rows import Row
from ittools.records.build import Turn

ROLES = {"human": "user", "user": "user", "prompter": "user", "gpt": "assistant", "assistant": "assistant",
         "chatgpt": "assistant", "bing": "assistant", "bard": "assistant", "model": "assistant",
         "bot": "assistant", "system": "system", "developer": "system", "function_call": "function_call",
         "tool_call": "function_call", "observation": "tool", "tool": "tool", "function": "tool",
         "function_response": "tool", "tool_response": "tool"}  # fmt: skip
ASKS = ("user", "tool")  # who is answered
ANSWERS = ("assistant", "function_call")
_LISTS = ("messages", "conversations", "conversation", "dialogue", "dialog")


def _turns_in(turn: Any) -> list[Turn]:
    """A turn with our name of its role; calls of tools that stand apart from its text are a turn after it."""
    if not isinstance(turn, dict):
        raise ValueError("a turn must be an object with role and content")
    role = turn.get("role", turn.get("from"))
    content = turn.get("content", turn.get("value"))
    if not isinstance(role, str) or role not in ROLES:
        raise ValueError(f"unknown role {role!r}; known: {', '.join(ROLES)}")
    calls = turn.get("tool_calls") or turn.get("function_call")
    if calls and ROLES[role] not in ANSWERS:
        raise ValueError(f"a turn of the role {role!r} calls a tool; only the assistant can")
    called = [{"role": "function_call", "content": json.dumps(calls, ensure_ascii=False)}] if calls else []
    if called and not content:
        return called
    content = _joined(content)
    if not isinstance(content, str):
        raise ValueError(f"the content of a turn must be text, got {type(content).__name__}")
    return [{"role": ROLES[role], "content": content}, *called]


def _joined(content: Any) -> Any:
    """The text of a list of texts; anything else as it is."""
    if isinstance(content, list) and content and all(map(_is_text, content)):
        return "".join(part["text"] for part in content)
    return content


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)


def turns_of(turns: Any) -> list[Turn]:
    if not isinstance(turns, list):
        raise ValueError("a conversation must be a list of turns")
    return [said for turn in turns for said in _turns_in(turn)]


def fields_of_turns(row: Row, names: Iterable[str]) -> dict[str, Any]:
    """What the turns in these columns hold beside role, content and calls, for `meta`: an object a turn.

    >>> fields_of_turns({"messages": [{"role": "user", "content": "Rain?", "name": "Ada"}, ANSWER]}, row)
    {"turn_fields": {"messages": [{"name": "Ada"}, {}]}}
    """
    found: dict[str, Any] = {}
    for name in names:
        said = row.get(name)
        turns = [said] if isinstance(said, dict) else said
        if isinstance(turns, list) and all(map(_is_turn, turns)):
            beside = [_beside(turn) for turn in turns]
            found |= {name: beside} if any(beside) else {}
    return {"turn_fields": found} if found else {}


def _is_turn(turn: Any) -> bool:
    return isinstance(turn, dict) and ("role" in turn or "from" in turn)


def _beside(turn: dict[str, Any]) -> dict[str, Any]:
    """The fields of a turn that `_turns_in` does not read, but for null and what is empty."""
    calls = "tool_calls" if turn.get("tool_calls") else "function_call"
    read = ("role" if "role" in turn else "from", "content" if "content" in turn else "value", calls)
    empty: tuple[Any, ...] = (None, "", [], {})
    return {field: value for field, value in turn.items() if field not in read and value not in empty}


def list_name(row: Row) -> str | None:
    """The column with the turns."""
    return next((name for name in _LISTS if isinstance(row.get(name), list)), None)


def conversation_of(row: Row, name: str) -> list[Turn]:
    """The turns in the column `name`, after the text in `system`, where there is one."""
    said = turns_of(row[name])
    return _after_system(row, said) if name == "messages" else [*system_turn(row), *said]


def _after_system(row: Row, said: list[Turn]) -> list[Turn]:
    """Turns with roles as our own; such lists may tell the system text once more."""
    first = system_turn(row)
    return said if said[:1] == first else [*first, *said]


def system_turn(row: Row) -> list[Turn]:
    """The text in `system` as a turn; none where it is empty, missing or something else."""
    text = _joined(row.get("system"))
    return [{"role": "system", "content": text}] if isinstance(text, str) and text else []


def spent_on_system(row: Row) -> set[str]:
    """`system`, unless it holds what is no text and has to be kept."""
    return {"system"} if system_turn(row) or not row.get("system") else set()


def answered(said: list[Turn]) -> int:
    """How many turns stand up to the last answer to a user or a tool; else to the last one; else at all."""
    spoken = [n for n, turn in enumerate(said, 1) if turn["role"] in ANSWERS]
    asked = [n for n in spoken if n > 1 and said[n - 2]["role"] in ASKS]
    return max(asked or spoken, default=len(said))


@dataclass(frozen=True)
class Preference:
    """said: the conversation with the preferred answer. rejected: the other one, null where `trouble` is."""

    said: list[Turn]
    rejected: str | None
    trouble: tuple[str, str] | None = None


def is_preference(row: Row) -> bool:
    """Whether two conversations, or two answers to one, stand side by side."""
    if not all(isinstance(row.get(name), (str, dict, list)) for name in ("chosen", "rejected")):
        return False
    asked = list_name(row) or isinstance(row.get("prompt"), (str, list))
    return bool(asked) or all(isinstance(row[name], list) for name in ("chosen", "rejected"))


def spent_on_preference(row: Row, said: list[Turn]) -> set[str]:
    """The columns that a pair came from; `prompt` too where it is one of the turns."""
    texts = [turn["content"] for turn in said]
    name = list_name(row)
    prompt = row.get("prompt")
    again = {"prompt"} if name is None or prompt in texts else set()
    return {"chosen", "rejected", *spent_on_system(row), *again, *([name] if name else [])}


def preference_of(row: Row) -> Preference:
    """The pair of a row that `is_preference`."""
    before = _before(row)
    chosen, rejected = (_whole(before, row[name]) for name in ("chosen", "rejected"))
    if not chosen or chosen[-1]["role"] != "assistant":
        raise ValueError("`chosen` does not end with the assistant")
    if not rejected or rejected[-1]["role"] != "assistant":
        raise ValueError("`rejected` does not end with the assistant")
    if chosen[:-1] != rejected[:-1]:
        turn = next(n for n, (a, b) in enumerate(zip(chosen, [*rejected, None], strict=False), 1) if a != b)
        return Preference(chosen, None, ("diverges-early", f"turn {turn}"))
    same = chosen[-1] == rejected[-1]
    return Preference(chosen, rejected[-1]["content"], ("same-answer", "") if same else None)


def _before(row: Row) -> list[Turn]:
    name = list_name(row)
    if name:
        return conversation_of(row, name)
    asked = row.get("prompt")
    if isinstance(asked, list):
        return _after_system(row, turns_of(asked))
    first = system_turn(row)
    return [*first, {"role": "user", "content": asked}] if isinstance(asked, str) else first


def _whole(before: list[Turn], answer: Any) -> list[Turn]:
    """The conversation that ends with an answer: a text, a turn, or turns that may hold it all once more."""
    if isinstance(answer, str):
        said = [{"role": "assistant", "content": answer}]
    else:
        said = turns_of(answer if isinstance(answer, list) else [answer])
    asked = [turn for turn in before if turn["role"] == "user"]
    if any(turn["role"] == "user" for turn in said):
        if asked and asked[-1] not in said:
            return [*before, *said]
        first = [turn for turn in before if turn["role"] == "system" and turn not in said]
        return [*first, *said]
    if before and before[-1]["role"] == "assistant":  # the preferred answer stands there, too
        before = before[:-1]
    return [*before, *said]
