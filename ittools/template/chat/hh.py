"""`--style hh`: a preferred and a dispreferred conversation become one record with both answers.

    "\\n\\nHuman: Hi\\n\\nAssistant: Hello!"  and  "\\n\\nHuman: Hi\\n\\nAssistant: No."
        -> instruction "Hi", output "Hello!", rejected "No."

Transcripts of HH-RLHF, and any other preference data: a prompt or turns with `chosen` and `rejected`. All
pairs with one first turn have one parent, so `mix --heldout-by parent` keeps them together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ittools.errors import InputError
from ittools.formats import conversations, hh
from ittools.formats.rows import Row
from ittools.formats.tables import Chunk, Table
from ittools.records.build import Turn
from ittools.records.messages import asked_and_before
from ittools.store.dataset import InputEntry
from ittools.template.build import Builder, of_another_kind, told
from ittools.template.chat.shared import compact, family_of_pair, hint, others
from ittools.template.options import StyleOptions
from ittools.template.style import Rendered, Shown


@dataclass(frozen=True)
class HhPlan:
    task: str | None
    entries: tuple[InputEntry, ...] = ()

    @property
    def facts(self) -> Mapping[str, Any]:
        return {}


def plan(options: StyleOptions, tables: Sequence[Table]) -> HhPlan:
    return HhPlan(options.task)


def render(plan: HhPlan, chunk: Chunk, shown: Shown) -> Rendered:
    """A record a row. Raises InputError for rows of another kind."""
    built = Builder(chunk.about)
    named: dict[str, Any] = {"task": plan.task or chunk.about.name, "template": f"hh/{chunk.about.name}/pair"}
    if of_another_kind(chunk, lambda row: {"chosen", "rejected"} <= row.keys()):
        raise InputError(_no_pairs(chunk))
    for number, row in enumerate(chunk.rows):
        missing = [f"`{name}`" for name in ("chosen", "rejected") if row.get(name) is None]
        if missing:
            detail = f"{chunk.place(number)}: no {' and no '.join(missing)}"
            built.drop("missing-field", "", "", detail=detail, **told(row), **named)
            continue
        try:
            said, rejected, trouble, used = _pair(row)
        except ValueError as error:
            built.drop("unreadable", "", "", detail=f"{chunk.place(number)}: {error}", **told(row), **named)
            continue
        instruction, output, context = asked_and_before(said)
        if trouble is None and not output.strip():
            trouble = ("empty-target", "chosen")
        if trouble is None and not instruction and not context:
            trouble = ("empty-prompt", "nothing stands before the answers")
        built.add(
            instruction, output, context=context, rejected=rejected, meta=compact(others(row, used)),
            reason=trouble and trouble[0], detail=trouble and f"{chunk.place(number)}: {trouble[1]}",
            **{"parents": [family_of_pair(said)]} | told(row) | named,
        )  # fmt: skip
    return built.rendered()


def _no_pairs(chunk: Chunk) -> str:
    row = chunk.rows[0]
    return (
        f"{chunk.place(0)}: no columns `chosen` and `rejected`, there are: {', '.join(map(str, row))}; "
        f"name them with --map, as in --map chosen=good,rejected=bad{hint(row)}"
    )


def _pair(row: Row) -> tuple[list[Turn], str | None, tuple[str, str] | None, set[str]]:
    """(the conversation with the preferred answer, the other one, why it goes and where, columns used)."""
    if hh.is_transcripts(row):
        found = hh.pair(row)
        said = [*found.before, {"role": "assistant", "content": found.chosen}]
        return said, found.rejected, found.trouble, {"chosen", "rejected"}
    if not conversations.is_preference(row):
        raise ValueError("`chosen` and `rejected` are neither transcripts nor answers to a prompt")
    told = conversations.preference_of(row)
    used = conversations.spent_on_preference(row, told.said)
    return told.said, told.rejected, told.trouble, used
