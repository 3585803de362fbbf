"""HH transcripts and other preference data: one record a pair, every row accounted for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import Cli, manifest_of, read_records, write_jsonl

from ittools.errors import InputError
from ittools.formats import hh
from ittools.formats.tables import About, Chunk
from ittools.template.chat import hh as style
from ittools.template.options import TemplateOptions

Row = dict[str, Any]
H, A = "\n\nHuman: ", "\n\nAssistant: "


def rendered(*rows: Row) -> list[Row]:
    plan = style.plan(TemplateOptions(inputs=("x",), style="hh"), [])
    given = [(f"f:{n}", row) for n, row in enumerate(rows, 1)]
    found = style.render(plan, Chunk(About("hh", "hh", "MIT"), 0, 0, given, "f"), {})
    both = zip(found.batch.to_pylist(), found.reasons.to_pylist(), found.details.to_pylist(), strict=True)
    return [row | {"reason": reason, "detail": detail} for row, reason, detail in both]


def test_the_last_answers_are_the_output_and_the_rejected_one() -> None:
    before = f"{H}Hi{A}Hello!{H}A joke?"
    (record,) = rendered({"chosen": f"{before}{A}Why did ...", "rejected": f"{before}{A}No.\n\nI will not."})
    assert [record[n] for n in ("instruction", "output", "rejected")] == [
        "A joke?",
        "Why did ...",
        "No.\n\nI will not.",
    ]
    assert record["context"] == [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello!"},
    ]
    assert (record["reason"], record["template"], record["meta"]) == (None, "hh/hh/pair", None)


@pytest.mark.parametrize(
    ("chosen", "rejected", "reason", "detail"),
    [
        (f"{H}q{A}a{A}b", f"{H}q{A}c", "does-not-alternate", "chosen"),
        (f"{H}q{A}a", f"{H}q{H}r{A}c", "does-not-alternate", "rejected"),
        (f"{H}q{A}a{H}r", f"{H}q", "does-not-alternate", "chosen and rejected"),
        (f"{A}a{H}q{A}b", f"{A}a{H}q{A}c", "does-not-alternate", "chosen and rejected"),
        (f"{H}q{A}a{H}r{A}b", f"{H}q{A}x{H}r{A}c", "diverges-early", "turn 2"),
        (f"{H}q{A}a", f"{H}q{A}a{H}r{A}c", "diverges-early", "turn 2"),
        (f"{H}q{A}a", f"{H}q{A} a ", "same-answer", ""),
        (f"{H}q{A}", f"{H}q{A}a", "empty-target", "chosen"),
    ],
)
def test_what_is_no_plain_pair_goes_with_a_reason(
    chosen: str, rejected: str, reason: str, detail: str
) -> None:
    (record,) = rendered({"chosen": chosen, "rejected": rejected})
    assert (record["reason"], record["detail"]) == (reason, f"f:1: {detail}")


def test_a_mark_within_a_line_is_text_and_so_is_that_of_who_speaks_already() -> None:
    text = f"{H}Say 'Human: x' and \nAssistant: y{A}a\n\nAssistant: b"
    turns, alternates = hh.turns(text)
    assert [turn["content"] for turn in turns] == ["Say 'Human: x' and \nAssistant: y", "a\n\nAssistant: b"]
    assert not alternates


WORDS = st.text("ab:\n H", max_size=8).map(str.strip).filter(lambda text: "\n\n" not in text)


@given(st.lists(st.tuples(WORDS, WORDS), max_size=3), WORDS.filter(bool), WORDS, WORDS)
@settings(deadline=None)
def test_a_pair_comes_back_as_it_was_told(
    before: list[tuple[str, str]], asked: str, good: str, bad: str
) -> None:
    start = "".join(f"{H}{one}{A}{other}" for one, other in before) + f"{H}{asked}"
    (record,) = rendered({"chosen": f"{start}{A}{good}", "rejected": f"{start}{A}{bad}"})
    assert [turn["content"] for turn in record["context"]] == [text for pair in before for text in pair]
    assert [record[n] for n in ("instruction", "output", "rejected")] == [asked, good, bad]
    expected = "same-answer" if good == bad else None if good else "empty-target"
    assert record["reason"] == expected


USER, GOOD, BAD = (
    {"role": role, "content": text} for role, text in (("user", "q"), ("assistant", "a"), ("assistant", "b"))
)


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "q", "chosen": "a", "rejected": "b"},
        {"prompt": [USER], "chosen": [GOOD], "rejected": [BAD]},
        {"prompt": "q", "chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {"chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {"messages": [USER], "chosen": GOOD, "rejected": BAD},
        {"prompt": "q", "messages": [USER, GOOD], "chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {"messages": [USER, GOOD], "chosen": "a", "rejected": "b"},
        {"conversations": [{"from": "human", "value": "q"}], "chosen": {"from": "gpt", "value": "a"},
         "rejected": {"from": "gpt", "value": "b"}},
    ],
)  # fmt: skip
def test_other_preference_data_gives_the_same_records(row: Row) -> None:
    (record,) = rendered(row | {"score": 3})
    assert [record[n] for n in ("instruction", "output", "rejected", "context", "reason")] == [
        "q",
        "a",
        "b",
        [],
        None,
    ]
    assert json.loads(record["meta"]) == {"score": 3}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"chosen": "a", "rejected": "b"}, "neither transcripts nor answers to a prompt"),
        ({"prompt": "q", "chosen": [USER], "rejected": "b"}, "`chosen` does not end with the assistant"),
        ({"prompt": "q", "chosen": "a", "rejected": [7]}, "a turn must be an object with role and content"),
    ],
)
def test_what_cannot_be_read_goes_with_its_place(row: Row, problem: str) -> None:
    (record,) = rendered(row)
    assert record["reason"] == "unreadable"
    assert record["detail"].startswith("f:1: ")
    assert record["detail"].endswith(problem)


def test_rows_without_both_columns_are_refused() -> None:
    with pytest.raises(
        InputError, match="f:1: no columns `chosen` and `rejected`, there are: good, bad; name them"
    ):
        rendered({"good": "a", "bad": "b"})


def test_a_split_by_parent_keeps_pairs_of_one_prompt_together(tmp_path: Path, cli: Cli) -> None:
    rows = [
        {"chosen": f"{H}prompt {n}{A}good {k}", "rejected": f"{H}prompt {n}{A}bad {k}"}
        for n in range(30)
        for k in range(3)
    ]
    path = write_jsonl(tmp_path / "hh.jsonl", rows)
    assert cli("template", "--style", "hh", path, "--out", tmp_path / "o").code == 0
    how = ("--heldout", 0.4, "--heldout-by", "parent", "--layout", "records")
    assert cli("mix", tmp_path / "o", *how, "--out", tmp_path / "mix").code == 0
    train, held = (
        {row["instruction"] for row in read_records(tmp_path / "mix", s)} for s in ("train", "heldout")
    )
    assert train.isdisjoint(held)
    assert len(train) + len(held) == 30
    assert min(len(train), len(held)) > 3


def test_all_pairs_of_the_published_file_are_accounted_for(
    shared_data: Path, tmp_path: Path, cli: Cli
) -> None:
    path, out = shared_data / "chat" / "hh_rlhf_harmless_test.jsonl.gz", tmp_path / "out"
    assert cli("template", "--style", "hh", path, "--out", out, "--keep-dropped").code == 0
    assert manifest_of(out)["funnel"] == {
        "in": 2312, "dropped": {"does-not-alternate": 9, "empty-target": 4}, "out": 2299,
    }  # fmt: skip
    gone = read_records(out, "dropped", "dropped")
    sides = [row["detail"].partition(": ")[2] for row in gone if row["reason"] == "does-not-alternate"]
    assert sum(side.count("chosen") + side.count("rejected") for side in sides) == 13  # transcripts
    assert all(row["rejected"] is not None and row["instruction"] for row in read_records(out))


def test_llama_factorys_preference_demo_gives_all_its_pairs(
    shared_data: Path, tmp_path: Path, cli: Cli
) -> None:
    path, out = shared_data / "chat" / "lf_dpo_en_demo.json.gz", tmp_path / "out"
    assert cli("template", "--style", "hh", path, "--out", out).code == 0
    assert manifest_of(out)["funnel"] == {"in": 300, "dropped": {}, "out": 300}
