"""`--style hh`: a preferred and a dispreferred conversation become one record with both answers.

    "\\n\\nHuman: Hi\\n\\nAssistant: Hello!"  and  "\\n\\nHuman: Hi\\n\\nAssistant: No."
        -> instruction "Hi", output "Hello!", rejected "No."

Transcripts of HH-RLHF, and any other preference data: a prompt or turns with `chosen` and `rejected`.
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
from ittools.template.build import Builder
from ittools.template.chat.shared import compact, language_of, others
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
    for number, row in enumerate(chunk.rows):
        if not {"chosen", "rejected"} <= set(row):
            raise InputError(
                f"{chunk.place(number)}: no columns `chosen` and `rejected`, there are: "
                f"{', '.join(map(str, row))}; name them with --map, as in --map chosen=good,rejected=bad"
            )
        try:
            said, rejected, trouble, used = _pair(row)
        except ValueError as error:
            built.drop("unreadable", "", "", detail=f"{chunk.place(number)}: {error}", **named)
            continue
        instruction, output, context = asked_and_before(said)
        if trouble is None and not output.strip():
            trouble = ("empty-target", "chosen")
        if trouble is None and not instruction and not context:
            trouble = ("empty-prompt", "nothing stands before the answers")
        built.add(
            instruction, output, context=context, rejected=rejected, language=language_of(row),
            meta=compact(others(row, used)), reason=trouble and trouble[0],
            detail=trouble and f"{chunk.place(number)}: {trouble[1]}", **named,
        )  # fmt: skip
    return built.rendered()


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
