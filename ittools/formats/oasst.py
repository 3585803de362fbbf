"""Message trees of Open Assistant: threads from the first prompt to an answer, ranked answers to a prompt.

    {"message_tree_id": "054e", "tree_state": "ready_for_export", "prompt":
      {"message_id": "054e", "text": "How ...?", "role": "prompter", "lang": "en", "deleted": false,
       "synthetic": false, "replies": [{"text": "First ...", "role": "assistant", "rank": 0, ...}]}}

Which threads there are follows the project's own loader (`oasst_data`, mode sft): one for each answer that
nobody took up, and one where the first to take it up was left without an answer.
https://github.com/LAION-AI/Open-Assistant
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass
from typing import Any

from ittools.formats.rows import Row, Rows
from ittools.records.build import Turn

ROLES = {"prompter": "user", "assistant": "assistant"}
Node = dict[str, Any]
Nodes = tuple[Node, ...]


@dataclass(frozen=True)
class Thread:
    """Messages from the first prompt to an answer. reason, detail: why it gives no record, and where.

    rejected: an answer to the same prompt that is ranked below the last one, where pairs were asked for.
    """

    nodes: Nodes
    reason: str | None = None
    detail: str | None = None
    rejected: Node | None = None


@dataclass(frozen=True)
class Follow:
    """Which messages are followed. top_k: answers to one prompt, the best ranked; null: all of them."""

    top_k: int | None = None
    deleted: bool = False
    synthetic: bool = False

    def reason(self, node: Node, siblings: int) -> str | None:
        """Why a message is left out, with all below it."""
        if node.get("orphan"):
            return "parent-missing"
        if node.get("deleted") and not self.deleted:
            return "deleted-message"
        if node.get("synthetic") and not self.synthetic:
            return "synthetic-message"
        if self.top_k is None or node["role"] != "assistant":
            return None
        if node.get("rank") is None:
            return "unranked" if siblings > 1 else None
        return "below-top-k" if node["rank"] >= self.top_k else None


def is_tree(row: Row) -> bool:
    return "message_tree_id" in row and isinstance(row.get("prompt"), dict)


def is_flat(names: Collection[str]) -> bool:
    """Whether rows with these columns are messages, one a row, as the hub has them."""
    return {"message_id", "parent_id", "message_tree_id", "role", "text"} <= set(names)


def trees_of(rows: Rows) -> Rows:
    """Trees from messages one a row, in the order of their first messages; the place is that message's.

    A message whose parent is not there begins a tree of its own, and is left out of the records. A row
    that names no message or no tree is given on as it is, which is no tree.
    """
    nodes: dict[str, Node] = {}
    placed: list[tuple[str, Node]] = []
    for place, row in rows:
        if row.get("message_id") is None or row.get("message_tree_id") is None:
            yield place, row
            continue
        node = {name: value for name, value in row.items() if name not in ("message_tree_id", "tree_state")}
        nodes[str(row["message_id"])] = node | {"replies": [], "tree": row["message_tree_id"]}
        placed.append((place, nodes[str(row["message_id"])]))
    for _, node in placed:
        if node.get("parent_id") is not None:
            parent = nodes.get(str(node["parent_id"]))
            node["orphan"] = parent is None
            if parent is not None:
                parent["replies"].append(node)
    reached: set[int] = set()
    for place, node in placed:
        if node.get("parent_id") is None or node["orphan"]:
            reached |= {id(one) for one in _with_replies(node)}
            yield place, {"message_tree_id": str(node["tree"]), "prompt": node}
    for place, node in placed:
        if id(node) not in reached:  # parents that go in a circle
            alone = node | {"orphan": True, "replies": []}
            yield place, {"message_tree_id": str(node["tree"]), "prompt": alone}


def _with_replies(node: Node) -> list[Node]:
    nodes = [node]
    for one in nodes:  # grows as it goes
        nodes += one["replies"]
    return nodes


def root_of(row: Row) -> Node:
    """The first prompt. Raises ValueError for what is no tree."""
    root = row.get("prompt")
    if not isinstance(root, dict):
        has = is_flat(row.keys() | {"message_id", "message_tree_id"})
        raise ValueError(
            "a message without `message_id` or `message_tree_id`" if has
            else "`prompt` must be the first message of a tree"
        )  # fmt: skip
    nodes = [root]
    for node in nodes:  # grows as it goes
        if node.get("role") not in ROLES:
            raise ValueError(f"role {node.get('role')!r} of a message; known: {', '.join(ROLES)}")
        if not isinstance(node.get("text"), str):
            raise ValueError("a message without a text")
        if not isinstance(node.get("rank", 0), (int, float, type(None))):
            raise ValueError(f"rank {node['rank']!r} of a message is no number")
        replies = node.get("replies") or []
        if not isinstance(replies, list) or not all(isinstance(reply, dict) for reply in replies):
            raise ValueError("`replies` must be a list of messages")
        nodes += replies
    return root


def threads(root: Node, follow: Follow) -> Iterator[Thread]:
    """Every thread of a tree, and what is left out of it, depth first."""
    reason = follow.reason(root, 1)
    if reason:
        yield _left((root,), reason)
    else:
        yield from _threads((root,), follow)


def _threads(path: Nodes, follow: Follow) -> Iterator[Thread]:
    """Threads through the last message of the path, which is followed itself."""
    waiting = [path]
    while waiting:  # and no recursion: a chain may be longer than Python's stack
        path = waiting.pop()
        good = yield from _ending(path, follow)
        waiting += [(*path, reply) for reply in reversed(good)]


def _ending(path: Nodes, follow: Follow) -> Generator[Thread, None, list[Node]]:
    """The thread that ends here, if one does, and what is left out; returns the replies to be followed."""
    good, bad = _replies(path[-1], follow)
    yield from (_left((*path, reply), reason) for reply, reason in bad)
    if path[-1]["role"] == "assistant":
        open_first = good and good[0]["role"] == "prompter" and not _replies(good[0], follow)[0]
        if not good or open_first:
            yield Thread(path)
        if open_first:
            yield from (_left((*path, good[0], one), reason) for one, reason in _replies(good[0], follow)[1])
            good = good[1:]
    elif not good:
        yield Thread(path, "unanswered", _name(path[-1]))
    return good


def _replies(node: Node, follow: Follow) -> tuple[list[Node], list[tuple[Node, str]]]:
    replies = node.get("replies") or []
    reasons = [follow.reason(reply, len(replies)) for reply in replies]
    good = [reply for reply, reason in zip(replies, reasons, strict=True) if reason is None]
    return good, [(reply, reason) for reply, reason in zip(replies, reasons, strict=True) if reason]


def pairs(root: Node, follow: Follow) -> Iterator[Thread]:
    """Of each followed prompt the `top_k` best answers, each with each that is ranked below it."""
    reason = follow.reason(root, 1)
    if reason:
        yield _left((root,), reason)
        return
    waiting: list[Nodes] = [(root,)]
    while waiting:
        path = waiting.pop()
        if path[-1]["role"] == "prompter":
            yield from _pairs(path, follow)
        good, _ = _replies(path[-1], follow)
        waiting += [(*path, reply) for reply in reversed(good)]


def _pairs(path: Nodes, follow: Follow) -> Iterator[Thread]:
    any_rank = Follow(None, follow.deleted, follow.synthetic)
    replies, bad = _replies(path[-1], any_rank)
    yield from (_left((*path, reply), reason) for reply, reason in bad)
    ranked = sorted((one for one in replies if one.get("rank") is not None), key=lambda one: one["rank"])
    if len({one["rank"] for one in ranked}) < 2:
        yield Thread((*path, *replies[:1]), "no-ranked-pair", _name(path[-1]))
        return
    for n, better in enumerate(ranked):
        if follow.top_k is not None and better["rank"] >= follow.top_k:
            return
        for worse in ranked[n + 1 :]:
            if worse["rank"] > better["rank"]:
                same = better["text"].strip() == worse["text"].strip()
                yield Thread((*path, better), "same-answer" if same else None, _name(worse), worse)


def _left(path: Nodes, reason: str) -> Thread:
    below, nodes = 0, [path[-1]]
    for node in nodes:
        nodes += node.get("replies") or []
        below += 1
    more = f", with {below - 1} messages below it" if below > 1 else ""
    return Thread(path, reason, _name(path[-1]) + more)


def _name(node: Node) -> str:
    return f"message {node.get('message_id', '?')}"


def turns(nodes: Nodes) -> list[Turn]:
    return [{"role": ROLES[node["role"]], "content": node["text"]} for node in nodes]


def thread_row(turns: list[Turn], mark: str, language: str | None) -> Row:
    """A tree of one thread, as `threads` reads it. Raises ValueError for a role that trees do not have."""
    spelt = {ours: theirs for theirs, ours in ROLES.items()}
    replies: list[Node] = []
    for number in range(len(turns), 0, -1):
        turn = turns[number - 1]
        if turn["role"] not in spelt:
            raise ValueError(f"turns of {turn['role']}")
        node = {"message_id": f"{mark}-{number}", "text": turn["content"], "role": spelt[turn["role"]]}
        node |= {"parent_id": f"{mark}-{number - 1}"} if number > 1 else {}
        node |= {"lang": language} if language else {}
        replies = [node | {"deleted": False, "synthetic": False, "replies": replies}]
    return {"message_tree_id": mark, "tree_state": "ready_for_export", "prompt": replies[0]}
