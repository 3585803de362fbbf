"""`--style chat`: conversations become records of their last answer, or of the last `--per-row` answers.

    user, function_call, tool, assistant      the answer to the tool, with all turns before it
    user, assistant, user                     the turn without an answer goes to `meta`

ShareGPT, messages, tool calls, preferences, KTO, a prompt with a completion of turns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ittools.errors import InputError, UsageError
from ittools.formats import conversations
from ittools.formats.rows import Row
from ittools.formats.tables import Chunk, Table
from ittools.records.build import Turn
from ittools.records.messages import asked_and_before, with_rejected
from ittools.store.dataset import InputEntry
from ittools.template.build import Builder, of_another_kind, told
from ittools.template.chat.shared import compact, family, family_of_pair, hint, others
from ittools.template.options import StyleOptions
from ittools.template.style import Rendered, Shown

LISTS = ("messages", "conversations", "conversation", "dialogue", "dialog")


@dataclass(frozen=True)
class ChatPlan:
    """answers: of each conversation, at most, the last ones."""

    task: str | None
    answers: int
    entries: tuple[InputEntry, ...] = ()

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"answers": self.answers}


def plan(options: StyleOptions, tables: Sequence[Table]) -> ChatPlan:
    if options.per_row is not None and options.per_row < 1:
        raise UsageError(f"--per-row {options.per_row}: at least 1")
    return ChatPlan(options.task, options.per_row or 1)


def render(plan: ChatPlan, chunk: Chunk, shown: Shown) -> Rendered:
    """Records of every conversation. Raises InputError for rows that hold none."""
    built = Builder(chunk.about)
    named = {"task": plan.task or chunk.about.name, "template": f"chat/{chunk.about.name}/answer"}
    if of_another_kind(chunk, _holds_turns):
        raise InputError(
            f"{chunk.place(0)}: no column with turns, there are: {', '.join(map(str, chunk.rows[0]))}; "
            f"name it with --map messages=theirs{hint(chunk.rows[0])}"
        )
    for number, row in enumerate(map(with_rejected, chunk.rows)):
        place, about = chunk.place(number), told(row) | named
        try:
            said, rejected, used = _read(row)
        except KeyError:
            built.drop("missing-field", "", "", detail=f"{place}: no turns", **about)
            continue
        except ValueError as error:
            built.drop("unreadable", "", "", detail=f"{place}: {error}", **about)
            continue
        last: dict[str, Any] = {"rejected": rejected, "scores": about.pop("scores", None)}
        if isinstance(row.get("label"), bool) and not last["scores"]:  # KTO: whether the last answer is good
            last["scores"], used = {"label": float(row["label"])}, used | {"label"}
        pair = rejected is not None
        whole = family_of_pair(said) if pair else family(turn["content"] for turn in said)
        _add(built, said, last, others(row, used), plan.answers, place, {"parents": [whole]} | about)
    return built.rendered()


def _holds_turns(row: Row) -> bool:
    """Whether a row has a column for turns, though it may be empty or no list."""
    try:
        _read(row)
    except ValueError:
        return True
    except KeyError:
        return any(name in row for name in LISTS)
    return True


def _read(row: Row) -> tuple[list[Turn], str | None, set[str]]:
    """(turns, a dispreferred last answer, the columns they came from). Raises KeyError without turns."""
    if conversations.is_preference(row):
        found = conversations.preference_of(row)
        if found.trouble:
            raise ValueError(f"`chosen` and `rejected`: {found.trouble[0]}")
        return found.said, found.rejected, conversations.spent_on_preference(row, found.said)
    name = conversations.list_name(row)
    if name:
        kept = row.get("rejected")  # beside the conversation with the preferred answer, as mixtures hold it
        rejected, used = (kept, {"rejected"}) if isinstance(kept, str) else (None, set())
        return (
            conversations.conversation_of(row, name),
            rejected,
            {name, *conversations.spent_on_system(row), *used},
        )
    if isinstance(row.get("prompt"), list) and isinstance(row.get("completion"), list):
        return conversations.turns_of([*row["prompt"], *row["completion"]]), None, {"prompt", "completion"}
    if not {"messages", "conversations"} & set(row):
        raise KeyError
    raise ValueError("a conversation must be a list of turns")


def _add(
    built: Builder,
    said: list[Turn],
    last: Mapping[str, Any],
    more: dict[str, Any],
    answers: int,
    place: str,
    about: Mapping[str, Any],
) -> None:
    """The last answers, the oldest of them first; where there is none, what was said goes with a reason."""
    at = [n for n, turn in enumerate(said) if turn["role"] in conversations.ANSWERS and not _goes_on(said, n)]
    if not at:
        instruction, output, context = asked_and_before(said)
        built.drop(
            "unanswered",
            instruction,
            output,
            context=context,
            detail=place,
            meta=compact(more),
            **last,
            **about,
        )
        return
    after = said[at[-1] + 1 :]
    for n in at[-answers:]:
        instruction, output, context = asked_and_before(said[: n + 1])
        is_last = n == at[-1]
        kept = more | ({"after": after} if is_last and after else {})
        if said[n]["role"] != "assistant":
            kept |= {"answer": said[n]["role"]}
        reason = _reason(said, n)
        built.add(
            instruction, output, context=context, meta=compact(kept), reason=reason,
            detail=f"{place}: turn {n + 1}" if reason else None, **(last if is_last else {}), **about,
        )  # fmt: skip


def _goes_on(said: list[Turn], n: int) -> bool:
    """A call in the turn of the text before it."""
    return said[n]["role"] == "function_call" and n > 0 and said[n - 1]["role"] == "assistant"


def _reason(said: list[Turn], n: int) -> str | None:
    """Why the answer `n` makes no record."""
    before = said[n - 1]["role"] if n else "system"
    if before in conversations.ANSWERS:
        return "does-not-alternate"
    if before not in conversations.ASKS:
        return "unasked"
    return None if said[n]["content"].strip() else "empty-target"
