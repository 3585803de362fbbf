"""Open Assistant's trees: which threads and pairs there are, by its own rule, and what is left out."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import Cli, read_records, write_jsonl

from ittools.errors import InputError, UsageError
from ittools.formats import oasst
from ittools.formats.oasst import Follow
from ittools.formats.rows import file_rows
from ittools.formats.tables import About, Chunk
from ittools.template.chat import oasst as style
from ittools.template.options import TemplateOptions

Row = dict[str, Any]


def said(text: str, *replies: Row, **more: Any) -> Row:
    return {"message_id": text, "text": text, "replies": list(replies), "role": "?"} | more


def tree(root: Row) -> Row:
    """With the roles by turns, as all trees have them."""
    level = [root]
    for depth in range(99):
        for node in level:
            node["role"] = "assistant" if depth % 2 else "prompter"
        level = [reply for node in level for reply in node["replies"]]
    return {"message_tree_id": "t1", "tree_state": "ready_for_export", "prompt": root}


def rendered(*rows: Row, **how: Any) -> list[Row]:
    plan = style.plan(TemplateOptions(inputs=("x",), style="oasst", **how), [])
    given = [(f"f:{n}", row) for n, row in enumerate(rows, 1)]
    found = style.render(plan, Chunk(About("trees", "trees", "Apache-2.0"), 0, 0, given, "f"), {})
    reasons, details = found.reasons.to_pylist(), found.details.to_pylist()
    return [
        row | {"reason": reason, "detail": detail}
        for row, reason, detail in zip(found.batch.to_pylist(), reasons, details, strict=True)
    ]


def shape(record: Row) -> tuple[str, ...]:
    return (*(turn["content"] for turn in record["context"]), record["instruction"], record["output"])


def test_a_thread_is_a_record_with_its_tree_as_the_parent() -> None:
    row = tree(said("q", said("a", said("q2", said("b", lang="de", rank=0)), rank=0)))
    (record,) = rendered(row)
    assert (record["instruction"], record["output"], record["reason"]) == ("q2", "b", None)
    assert record["context"] == [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    assert (record["language"], record["parents"]) == ("de", ["t1"])
    assert (record["task"], record["template"]) == ("trees", "oasst/trees/thread")
    assert json.loads(record["meta"]) == {"message": "b", "rank": 0}


def test_what_is_left_out_says_why_and_takes_what_answers_it_along() -> None:
    row = tree(
        said(
            "q",
            said("best", said("thanks"), said("and?", said("so")), said("why?"), rank=0),
            said("gone", said("lost", said("too")), deleted=True, rank=1),
            said("second", rank=1),
            said("model", synthetic=True, model_name="m", rank=2),
            said("unknown"),
        )
    )
    found = {shape(r): (r["reason"], r["detail"]) for r in rendered(row)}
    assert found == {
        ("q", "best"): (None, None),
        ("q", "best", "and?", "so"): (None, None),
        ("q", "best", "why?", ""): ("unanswered", "message why?"),
        ("q", "gone"): ("deleted-message", "message gone, with 2 messages below it"),
        ("q", "second"): ("below-top-k", "message second"),
        ("q", "model"): ("synthetic-message", "message model"),
        ("q", "unknown"): ("unranked", "message unknown"),
    }
    assert {r["generator"] for r in rendered(row) if r["output"] == "model"} == {"m"}
    kept = [shape(r) for r in rendered(row, top_k=2) if r["reason"] is None]
    assert kept == [("q", "best"), ("q", "best", "and?", "so"), ("q", "second")]


def test_pairs_are_the_best_with_all_that_are_ranked_below() -> None:
    row = tree(
        said(
            "q",
            *(said(text, rank=rank) for text, rank in (("c", 2), ("a", 0), ("b", 1), ("b2", 1), ("?", None))),
        )
    )
    of = [(r["output"], r["rejected"]) for r in rendered(row, pairs=True)]
    assert of == [("a", "b"), ("a", "b2"), ("a", "c")]
    every = [(r["output"], r["rejected"]) for r in rendered(row, pairs=True, top_k=9)]
    assert every == [("a", "b"), ("a", "b2"), ("a", "c"), ("b", "c"), ("b2", "c")]
    (one, *_) = rendered(row, pairs=True)
    assert json.loads(one["meta"]) == {"message": "a", "rank": 0, "rejected_message": "b", "rejected_rank": 1}


def test_a_prompt_without_ranked_answers_gives_no_pair_and_equal_texts_neither() -> None:
    row = tree(said("q", said("a", said("q2", said("x", rank=0), said("x ", rank=1)), rank=0), said("b")))
    assert [(shape(r), r["reason"]) for r in rendered(row, pairs=True, top_k=9)] == [
        (("q", "a"), "no-ranked-pair"),
        (("q", "a", "q2", "x"), "same-answer"),
    ]


@pytest.mark.parametrize(
    ("root", "problem"),
    [
        ("text", "`prompt` must be the first message of a tree"),
        (said("q") | {"role": "judge"}, "role 'judge' of a message; known: prompter, assistant"),
        (said("q") | {"role": "prompter", "text": None}, "a message without a text"),
        (said("q") | {"role": "prompter", "rank": "0"}, "rank '0' of a message is no number"),
        (said("q") | {"role": "prompter", "replies": "no"}, "`replies` must be a list of messages"),
    ],
)
def test_what_is_no_tree_goes_with_its_place(root: Any, problem: str) -> None:
    (record,) = rendered({"message_tree_id": "t", "prompt": root})
    assert (record["reason"], record["detail"]) == ("no-tree", f"f:1: {problem}")


def test_rows_of_another_kind_are_refused() -> None:
    with pytest.raises(
        InputError, match=r"^f:1: no tree of messages; its columns are a, b \(conversations: --style"
    ):
        rendered({"a": 1, "b": 2})
    with pytest.raises(UsageError, match="--top-k 0: at least 1"):
        rendered(top_k=0)


def oracle(root: Row) -> list[tuple[str, ...]]:
    """The rule of `oasst_data`, mode sft, no ranks asked: leaves that answer, or first unanswered prompts."""
    found, waiting = [], [[root]]
    while waiting:
        path = waiting.pop()
        last = path[-1]
        waiting += [[*path, reply] for reply in last["replies"]]
        if len(path) > 1 and not last["replies"]:
            if last["role"] == "assistant":
                found.append(tuple(node["text"] for node in path))
            elif path[-2]["replies"][0] is last:
                found.append(tuple(node["text"] for node in path[:-1]))
    return found


NODES = st.recursive(
    st.builds(said, st.text("ab", max_size=2)),
    lambda below: st.builds(
        lambda text, some: said(text, *some), st.text("ab", max_size=2), st.lists(below, max_size=3)
    ),
    max_leaves=12,
)


@given(NODES)
@settings(deadline=None)
def test_the_threads_are_those_of_the_projects_own_loader(root: Row) -> None:
    row = tree(root)
    kept = [t for t in oasst.threads(oasst.root_of(row), Follow()) if t.reason is None]
    texts = [tuple(node["text"] for node in thread.nodes) for thread in kept]
    assert Counter(texts) == Counter(oracle(row["prompt"]))


def test_every_tree_of_the_published_file_is_accounted_for(
    shared_data: Path, tmp_path: Path, cli: Cli
) -> None:
    path = shared_data / "chat" / "oasst_en_100_tree.jsonl.gz"
    rows = [row for _, row in file_rows(path)]
    plain = [row for row in rows if not row["prompt"]["synthetic"]]
    wanted = Counter(thread for row in plain for thread in oracle(row["prompt"]))
    kept = [t for row in plain for t in oasst.threads(row["prompt"], Follow()) if t.reason is None]
    assert Counter(tuple(node["text"] for node in thread.nodes) for thread in kept) == wanted
    assert wanted.total() == 538
    out = tmp_path / "threads"
    assert cli("template", "--style", "oasst", path, "--out", out, "--license", "Apache-2.0").code == 0
    assert len(read_records(out)) == 98
    assert {row["parents"][0] for row in read_records(out)} <= {row["message_tree_id"] for row in rows}


def test_a_split_by_parent_keeps_trees_whole(tmp_path: Path, cli: Cli) -> None:
    trees = [tree(said(f"q{n}", *(said(f"a{n}{k}", rank=k) for k in range(3)))) | {"message_tree_id": f"t{n}"}
             for n in range(30)]  # fmt: skip
    path = write_jsonl(tmp_path / "trees.jsonl", trees)
    assert cli("template", "--style", "oasst", "--top-k", 3, path, "--out", tmp_path / "o").code == 0
    how = ("--heldout", 0.4, "--heldout-by", "parent", "--layout", "records")
    assert cli("mix", tmp_path / "o", *how, "--out", tmp_path / "mix").code == 0
    train, held = (
        {row["parents"][0] for row in read_records(tmp_path / "mix", s)} for s in ("train", "heldout")
    )
    assert train.isdisjoint(held)
    assert len(train) + len(held) == 30
    assert min(len(train), len(held)) > 3


def flattened(row: Row) -> list[Row]:
    """A message a row, as the hub has them."""
    waiting: list[tuple[Row, str | None]] = [(row["prompt"], None)]
    found = []
    for node, parent in waiting:
        waiting += [(reply, node["message_id"]) for reply in node["replies"]]
        about = {
            "parent_id": parent,
            "message_tree_id": row["message_tree_id"],
            "tree_state": row["tree_state"],
        }
        found.append({name: value for name, value in node.items() if name != "replies"} | about)
    return found


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_messages_one_a_row_give_the_threads_of_their_trees(
    shared_data: Path, tmp_path: Path, cli: Cli, ending: str
) -> None:
    path = shared_data / "chat" / "oasst_en_100_tree.jsonl.gz"
    messages = [message for _, row in file_rows(path) for message in flattened(row)]
    messages.sort(key=lambda one: one["message_id"] == one["message_tree_id"])  # parents last
    flat = tmp_path / f"flat.{ending}"
    bare = [{name: value for name, value in one.items() if name != "emojis"} for one in messages]
    write_jsonl(flat, bare) if ending == "jsonl" else pq.write_table(pa.Table.from_pylist(bare), flat)
    for name, source in (("flat", flat), ("tree", path)):
        assert cli("template", "--style", "oasst", "--top-k", 99, source, "--out", tmp_path / name).code == 0
    of = [Counter(row["id"] for row in read_records(tmp_path / name)) for name in ("flat", "tree")]
    assert of[0] == of[1]
    assert of[0].total() == 530
    ran = cli("stats", flat)
    assert "messages of trees, one a row; `ittools template --style oasst` gathers them" in ran.err


def test_a_message_without_its_parent_is_left_out_with_what_answers_it() -> None:
    def message(name: str, parent: str | None, role: str) -> Row:
        return {"message_id": name, "parent_id": parent, "message_tree_id": "t", "text": name, "role": role}

    told = [("q", None), ("a", "q"), ("x", "gone"), ("y", "x"), ("o", "p"), ("p", "o")]
    rows = [message(*one, "assistant" if one[0] in "axp" else "prompter") for one in told]
    trees = [row for _, row in oasst.trees_of((f"f:{n}", row) for n, row in enumerate(rows, 1))]
    found = [(shape(r), r["reason"], r["detail"]) for r in rendered(*trees)]
    assert found == [
        (("q", "a"), None, None),
        (("", "x"), "parent-missing", "message x, with 1 messages below it"),
        (("o", ""), "parent-missing", "message o"),
        (("", "p"), "parent-missing", "message p"),
    ]


@pytest.mark.parametrize("lacks", ["message_id", "message_tree_id"])
@pytest.mark.parametrize("null", [False, True])
def test_a_message_that_names_itself_or_its_tree_not_is_dropped_alone(lacks: str, null: bool) -> None:
    both = {"message_tree_id": "t", "text": "x", "parent_id": "q", "role": "assistant"}
    first: Row = both | {"message_id": "q", "parent_id": None, "role": "prompter"}
    odd: Row = both | {"message_id": "b"} | {lacks: None}
    if not null:
        del odd[lacks]
    rows = [first, odd, both | {"message_id": "a"}]
    trees = [row for _, row in oasst.trees_of((f"f:{n}", row) for n, row in enumerate(rows, 1))]
    found = [(r["reason"], r["detail"]) for r in rendered(*trees)]
    assert found == [
        ("no-tree", "f:1: a message without `message_id` or `message_tree_id`"),
        (None, None),
    ]


def test_a_prompt_of_which_no_pair_came_says_why_and_what_is_below_it() -> None:
    follow_up = said("q2", said("x", rank=0), said("y", rank=1))
    beyond = said("q3", said("u", rank=1), said("v", rank=2))
    row = tree(
        said(
            "q",
            said("a", said("deleted?", said("z", rank=0), deleted=True), beyond, rank=0),
            said("b", follow_up, rank=1),
            said("c", said("q4"), rank=None),
        )
    )  # fmt: skip
    found = {(shape(r), r["rejected"]): (r["reason"], r["detail"]) for r in rendered(row, pairs=True)}
    assert found == {
        (("q", "a"), "b"): (None, None),
        (("q", "a", "deleted?", ""), None): ("deleted-message", "message deleted?, with 1 messages below it"),
        (("q", "a", "q3", ""), None): ("below-top-k", "message q3, with 2 messages below it"),
        (("q", "b", "q2", ""), None): ("below-top-k", "message q2, with 2 messages below it"),
        (("q", "c", "q4", ""), None): ("unranked", "message q4"),
    }


@given(NODES, st.integers(1, 3), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_with_pairs_every_prompt_is_accounted_for(root: Row, top_k: int, random: Any) -> None:
    row, nodes = tree(root), [root]
    for number, node in enumerate(nodes):
        nodes += node["replies"]
        node |= {
            "message_id": str(number),
            "rank": random.choice([None, 0, 1, 2]),
            "deleted": number % 5 == 4,
        }
    above = {reply["message_id"]: node for node in nodes for reply in node["replies"]}

    def told(node: Row | None) -> bool:
        """Of the prompt itself something is said, or of what it stands below."""
        while node is not None:
            if node["message_id"] in said_of:
                return True
            node = above.get(node["message_id"])
        return False

    said_of = set[str]()
    for record in rendered(row, pairs=True, top_k=top_k):
        detail, meta = record["detail"] or "", json.loads(record["meta"])
        said_of |= {meta["message"]} | set(detail.split(",")[0].removeprefix("message ").split())
        said_of |= {above[meta["message"]]["message_id"]} if record["rejected"] is not None else set()
    assert all(told(node) for node in nodes if node["role"] == "prompter")
