"""`--style oasst`: trees of Open Assistant to conversations, or to pairs of ranked answers.

    prompt -- answer 0 -- prompt -- answer        one record a thread: the last answer, the rest before it
           `- answer 1                            --pairs: answer 0 is better than answer 1

A record's first parent is its tree, so `mix --heldout-by parent` keeps a tree on one side. Messages that
were deleted or that a model wrote are left out with a reason, with all that answers them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ittools.errors import InputError, UsageError
from ittools.formats import oasst
from ittools.formats.tables import Chunk, Table
from ittools.records.messages import asked_and_before
from ittools.store.dataset import InputEntry
from ittools.template.build import Builder, of_another_kind, told
from ittools.template.chat.shared import compact, hint
from ittools.template.options import StyleOptions
from ittools.template.style import Rendered, Shown

_LEFT = ("parent-missing", "deleted-message", "synthetic-message")  # with all below


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
    if of_another_kind(chunk, lambda row: "message_tree_id" in row):
        row = chunk.rows[0]
        raise InputError(
            f"{chunk.place(0)}: no tree of messages; its columns are {', '.join(map(str, row))}"
            f"{hint(row) or ' (conversations: --style chat; pairs: --style hh)'}"
        )
    for number, row in enumerate(chunk.rows):
        about = told(row) | named
        try:
            root = oasst.root_of(row)
            tree = row["message_tree_id"]
        except (KeyError, ValueError) as error:
            trouble = "no `message_tree_id`" if isinstance(error, KeyError) else str(error)
            built.drop("no-tree", "", "", detail=f"{chunk.place(number)}: {trouble}", **about)
            continue
        about["parents"] = [str(tree), *about.get("parents", ())]
        found = _pairs(root, plan.follow) if plan.pairs else oasst.threads(root, plan.follow)
        for thread in found:
            _add(built, thread, about)
    return built.rendered()


def _pairs(root: oasst.Node, follow: oasst.Follow) -> Iterator[oasst.Thread]:
    """The pairs, and each prompt that none came from and that nothing was said of: why it was passed over."""
    asked: set[int] = set()
    left: set[int] = set()
    for thread in oasst.pairs(root, follow):
        yield thread
        last = thread.nodes[-1]
        if last["role"] == "assistant" and thread.reason not in _LEFT:
            last = thread.nodes[-2]
        (left if thread.reason in _LEFT else asked).add(id(last))
    waiting: list[tuple[oasst.Nodes, str]] = [((root,), "")]
    while waiting:
        path, why = waiting.pop()
        node, replies = path[-1], path[-1].get("replies") or []
        if id(node) in left:
            continue
        if node["role"] == "prompter" and id(node) not in asked:
            yield oasst.Thread(path, follow.reason(node, 1) or why or "below-top-k", _below(node))
            continue
        for reply in reversed(replies):
            waiting.append(((*path, reply), why or follow.reason(reply, len(replies)) or ""))


def _below(node: oasst.Node) -> str:
    nodes = [node]
    for one in nodes:  # grows as it goes
        nodes += one.get("replies") or []
    more = f", with {len(nodes) - 1} messages below it" if len(nodes) > 1 else ""
    return f"message {node.get('message_id', '?')}{more}"


def _add(built: Builder, thread: oasst.Thread, about: Mapping[str, Any]) -> None:
    last = thread.nodes[-1]
    instruction, output, context = asked_and_before(oasst.turns(thread.nodes))
    meta = {"message": last.get("message_id"), "rank": last.get("rank")}
    rejected = None
    if thread.rejected is not None:
        rejected = str(thread.rejected["text"])
        meta |= {"rejected_message": thread.rejected.get("message_id"),
                 "rejected_rank": thread.rejected.get("rank")}  # fmt: skip
    reason = thread.reason or (None if output.strip() else "empty-target")
    own = {"language": last.get("lang"), "generator": last.get("model_name")}
    built.add(
        instruction, output, context=context, rejected=rejected, meta=compact(meta), reason=reason,
        detail=thread.detail if reason else None,
        **{**about, **{name: text for name, text in own.items() if isinstance(text, str) and text}},
    )  # fmt: skip
