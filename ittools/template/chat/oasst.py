"""`--style oasst`: trees of Open Assistant to conversations, or to pairs of ranked answers.

    prompt -- answer 0 -- prompt -- answer        one record a thread: the last answer, the rest before it
           `- answer 1                            --pairs: answer 0 is better than answer 1

A record's first parent is its tree, so `mix --heldout-by parent` keeps a tree on one side. Messages that
were deleted or that a model wrote are left out with a reason, with all that answers them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ittools.errors import InputError, UsageError
from ittools.formats import oasst
from ittools.formats.tables import Chunk, Table
from ittools.records.messages import asked_and_before
from ittools.store.dataset import InputEntry
from ittools.template.build import Builder
from ittools.template.chat.shared import compact
from ittools.template.options import StyleOptions
from ittools.template.style import Rendered, Shown


@dataclass(frozen=True)
class OasstPlan:
    task: str | None
    pairs: bool
    follow: oasst.Follow
    entries: tuple[InputEntry, ...] = ()

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"top_k": self.follow.top_k, "pairs": self.pairs}


def plan(options: StyleOptions, tables: Sequence[Table]) -> OasstPlan:
    if options.top_k < 1:
        raise UsageError(f"--top-k {options.top_k}: at least 1")
    return OasstPlan(options.task, options.pairs, oasst.Follow(options.top_k))


def render(plan: OasstPlan, chunk: Chunk, shown: Shown) -> Rendered:
    """Records of every tree. Raises InputError for rows of another kind."""
    built = Builder(chunk.about)
    named = {"task": plan.task or chunk.about.name,
             "template": f"oasst/{chunk.about.name}/{'pair' if plan.pairs else 'thread'}"}  # fmt: skip
    for number, row in enumerate(chunk.rows):
        if "message_tree_id" not in row:
            raise InputError(
                f"{chunk.place(number)}: no tree of messages; its columns are {', '.join(map(str, row))} "
                "(conversations: --style chat; pairs: --style hh)"
            )
        try:
            root = oasst.root_of(row)
        except ValueError as error:
            built.drop("no-tree", "", "", detail=f"{chunk.place(number)}: {error}", **named)
            continue
        found = oasst.pairs(root, plan.follow) if plan.pairs else oasst.threads(root, plan.follow)
        for thread in found:
            _add(built, thread, str(row["message_tree_id"]), named)
    return built.rendered()


def _add(built: Builder, thread: oasst.Thread, tree: str, named: Mapping[str, str]) -> None:
    last = thread.nodes[-1]
    instruction, output, context = asked_and_before(oasst.turns(thread.nodes))
    meta = {"message": last.get("message_id"), "rank": last.get("rank")}
    rejected = None
    if thread.rejected is not None:
        rejected = str(thread.rejected["text"])
        meta |= {"rejected_message": thread.rejected.get("message_id"),
                 "rejected_rank": thread.rejected.get("rank")}  # fmt: skip
    reason = thread.reason or (None if output.strip() else "empty-target")
    built.add(
        instruction, output, context=context, rejected=rejected,
        language=last.get("lang"), generator=last.get("model_name"), parents=[tree], meta=compact(meta),
        reason=reason, detail=thread.detail if reason else None, **named,
    )  # fmt: skip
