"""Conversations to records: the last answers, tool calls, what is not answered; one bad row is one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from workbench import Cli, manifest_of, read_records

from ittools.errors import InputError, UsageError
from ittools.formats.tables import About, Chunk
from ittools.records.messages import to_messages
from ittools.template.chat import turns as style
from ittools.template.options import TemplateOptions

Row = dict[str, Any]
NAMES = {"u": "user", "a": "assistant", "s": "system", "c": "function_call", "t": "tool"}


def talk(order: str) -> list[Row]:
    """`uaua`: roles by their first letters, the text tells the turn."""
    return [{"role": NAMES[who], "content": f"{who}{n}"} for n, who in enumerate(order)]


def rendered(*rows: Row, **how: Any) -> list[Row]:
    plan = style.plan(TemplateOptions(inputs=("x",), style="chat", **how), [])
    given = [(f"f:{n}", row) for n, row in enumerate(rows, 1)]
    found = style.render(plan, Chunk(About("talks", "talks", "MIT"), 0, 0, given, "f"), {})
    both = zip(found.batch.to_pylist(), found.reasons.to_pylist(), found.details.to_pylist(), strict=True)
    return [row | {"reason": reason, "detail": detail} for row, reason, detail in both]


@pytest.mark.parametrize(
    ("order", "instruction", "output", "context", "reason"),
    [
        ("ua", "u0", "a1", "", None),
        ("suaua", "u3", "a4", "sua", None),
        ("auaua", "u3", "a4", "aua", None),
        ("uacua", "u3", "a4", "uac", None),
        ("ucta", "", "a3", "uct", None),
        ("uc", "u0", "c1", "", None),
        ("uau", "u0", "a1", "", None),
        ("uct", "u0", "c1", "", None),
        ("u", "u0", "", "", "unanswered"),
        ("su", "u1", "", "s", "unanswered"),
        ("", "", "", "", "unanswered"),
        ("uaa", "", "a2", "ua", "does-not-alternate"),
        ("uca", "", "a2", "uc", "does-not-alternate"),
        ("a", "", "a0", "", "unasked"),
        ("sa", "", "a1", "s", "unasked"),
    ],
)
def test_the_last_answer_is_the_output(
    order: str, instruction: str, output: str, context: str, reason: str | None
) -> None:
    (record,) = rendered({"messages": talk(order)})
    said = [turn["content"][0] for turn in record["context"]]
    assert (record["instruction"], record["output"], "".join(said)) == (instruction, output, context)
    assert record["reason"] == reason
    assert (record["detail"] or "").startswith("f:1" if reason else "")


def test_turns_after_the_last_answer_are_kept_aside() -> None:
    (record,) = rendered({"messages": talk("uau"), "topic": "rain"})
    assert json.loads(record["meta"]) == {"topic": "rain", "after": [{"content": "u2", "role": "user"}]}


def test_every_answer_is_a_record_where_so_many_are_asked_for() -> None:
    found = rendered(
        {"conversations": [{"from": t["role"], "value": t["content"]} for t in talk("uactaua")]}, per_row=9
    )
    assert [(r["instruction"], r["output"], r["reason"]) for r in found] == [
        ("u0", "a1", None), ("", "a4", None), ("u5", "a6", None),  # c2 stands in the context of a4
    ]  # fmt: skip
    assert len({tuple(r["parents"]) for r in found}) == 1
    (alone,) = rendered({"messages": talk("uaua")}, per_row=1)
    assert (alone["output"], len(alone["parents"])) == ("a3", 1)
    (longer,) = rendered({"messages": talk("uaua")}, per_row=9)[1:]
    assert alone["parents"] == longer["parents"]  # however many answers are asked for


def test_a_call_says_that_it_is_one_and_tools_stay_with_it() -> None:
    tools = '[{"name": "rain"}]'
    call, answer = rendered({"messages": talk("ucta"), "tools": tools}, per_row=2)
    assert json.loads(call["meta"]) == {"answer": "function_call", "tools": tools}
    assert json.loads(answer["meta"]) == {"tools": tools}
    assert [turn["role"] for turn in to_messages(answer)] == ["user", "function_call", "tool", "assistant"]


def test_a_call_as_openai_spells_it_is_read() -> None:
    calls = [{"type": "function", "function": {"name": "rain", "arguments": "{}"}}]
    said = [
        {"role": "user", "content": "Rain?"},
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "content": "no"},
        {"role": "assistant", "content": [{"type": "text", "text": "No."}]},
    ]
    (record,) = rendered({"messages": said})
    assert (record["output"], json.loads(record["context"][1]["content"])) == ("No.", calls)


def test_one_bad_row_takes_no_other_along() -> None:
    rows = (
        {"messages": talk("ua")},
        {"messages": [{"role": "judge", "content": "x"}]},
        {"messages": "x"},
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": " "}]},
    )
    assert [r["reason"] for r in rendered(*rows)] == [None, "unreadable", "unreadable", "empty-target"]
    assert rendered(*rows)[1]["detail"].startswith("f:2: unknown role 'judge'")


def test_rows_without_turns_are_refused() -> None:
    with pytest.raises(
        InputError, match="f:1: no column with turns, there are: text; name it with --map messages="
    ):
        rendered({"text": "x"})
    with pytest.raises(UsageError, match="--per-row 0: at least 1"):
        rendered(per_row=0)


@pytest.mark.parametrize(
    ("name", "per_row", "records"),
    [
        ("lf_glaive_toolcall_en_demo.json.gz", 1, 300),
        ("lf_glaive_toolcall_en_demo.json.gz", 99, 957),
        ("lf_kto_en_demo.json.gz", 1, 300),
        ("lf_dpo_en_demo.json.gz", 1, 300),
        ("sharegpt_dummy_conversation.json.gz", 1, 500),
        ("oasst_fr_top1.jsonl.gz", 1, 256),
    ],
)
def test_published_conversations_give_all_their_records(
    shared_data: Path, tmp_path: Path, cli: Cli, name: str, per_row: int, records: int
) -> None:
    out = tmp_path / "out"
    given = ("--style", "chat", shared_data / "chat" / name, "--per-row", per_row, "--out", out)
    assert cli("template", *given).code == 0
    assert manifest_of(out)["funnel"] == {"in": records, "dropped": {}, "out": records}
    assert all(row["output"].strip() for row in read_records(out))


def test_a_verdict_on_the_last_answer_is_its_score() -> None:
    row = {"messages": talk("uaua"), "label": False}
    assert [record["scores"] for record in rendered(row, per_row=9)] == [
        None,
        [{"name": "label", "value": 0.0}],
    ]


def test_what_a_mixture_held_is_held_again() -> None:
    meta = json.dumps({"topic": "rain", "shots": 2})
    row = {"messages": talk("ua"), "rejected": "worse", "scores": {"quality": 2}, "meta": meta, "extra": 1}
    (record,) = rendered(row | {"parents": ["seed"], "generator": "m", "lang": "de"})
    assert [record[n] for n in ("output", "rejected", "parents", "generator", "language")] == [
        "a1", "worse", ["seed"], "m", "de",
    ]  # fmt: skip
    assert record["scores"] == [{"name": "quality", "value": 2.0}]
    assert json.loads(record["meta"]) == {"extra": 1, "topic": "rain", "shots": 2}


def test_what_has_no_column_because_it_is_no_text_stays_in_meta() -> None:
    (record,) = rendered({"messages": talk("ua"), "license": ["a", "b"], "lang": "?", "source": ""})
    assert (record["license"], record["source"]) == ("MIT", "talks")
    assert json.loads(record["meta"]) == {"license": ["a", "b"], "lang": "?"}


def test_pairs_of_one_prompt_have_one_parent() -> None:
    asked = talk("u")
    pairs = [{"prompt": asked, "chosen": one, "rejected": "no"} for one in ("yes", "perhaps")]
    first, second = rendered(*pairs)
    assert first["parents"] == second["parents"] != rendered({"messages": talk("sua")})[0]["parents"]
