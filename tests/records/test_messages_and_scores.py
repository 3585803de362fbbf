"""Records as conversations and back; scores in the shapes that files carry."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ittools.records.build import build_record, record_batch
from ittools.records.messages import from_messages, messages_batch, to_messages
from ittools.records.schema import MESSAGES_SCHEMA
from ittools.records.scores import as_scores, scores_column, scores_dict

USER, ASSISTANT = "user", "assistant"


def turns(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": content} for role, content in pairs]


@pytest.mark.parametrize(
    ("instruction", "input", "said"),
    [("Add.", "1 + 1", "Add.\n\n1 + 1"), ("Add.", "", "Add."), ("", "1 + 1", "1 + 1"), ("", "", "")],
)
def test_instruction_and_input_are_one_turn(instruction: str, input: str, said: str) -> None:
    record = build_record(instruction, input, "2", source="s")
    assert to_messages(record) == turns((USER, said), (ASSISTANT, "2"))


@given(
    st.lists(
        st.tuples(st.sampled_from(["system", USER, ASSISTANT, "tool"]), st.text(max_size=9)), max_size=4
    ),
    st.text(max_size=9),
    st.text(max_size=9),
)
@settings(deadline=None)
def test_a_conversation_comes_back(context: list[tuple[str, str]], said: str, answered: str) -> None:
    assume(said or [role for role, _ in context][-1:] != ["tool"])  # nothing asked: the tool is answered
    conversation = turns(*context, (USER, said), (ASSISTANT, answered))
    instruction, output, earlier = from_messages(conversation)
    record = build_record(instruction, "", output, context=earlier, source="s")
    assert to_messages(record) == conversation


def test_turns_after_the_last_answer_are_left_out() -> None:
    conversation = turns((USER, "a"), (ASSISTANT, "b"), (USER, "c"))
    assert from_messages(conversation) == ("a", "b", [])


def test_a_question_without_answer_has_an_empty_output() -> None:
    assert from_messages(turns(("system", "s"), (USER, "a"))) == ("a", "", turns(("system", "s")))


@pytest.mark.parametrize("roles", [[], [ASSISTANT], ["system"], [USER, ASSISTANT, ASSISTANT]])
def test_an_answer_to_no_one_is_refused(roles: list[str]) -> None:
    with pytest.raises(ValueError, match="answers no user turn"):
        from_messages(turns(*((role, "x") for role in roles)))


@pytest.mark.parametrize(
    ("meta", "kept"),
    [
        (None, {"rejected": "no"}),
        ('{"a": 1}', {"a": 1, "rejected": "no"}),
        ("free text", {"meta": "free text", "rejected": "no"}),
        ("[1]", {"meta": "[1]", "rejected": "no"}),
    ],
)
def test_a_rejected_output_moves_into_meta(meta: str | None, kept: dict[str, Any]) -> None:
    records = [
        build_record("q", "", "yes", source="s", rejected="no", meta=meta),
        build_record("r", "", "yes", source="s", meta='{"z": 1}'),
    ]
    batch = messages_batch(record_batch(records))
    assert batch.schema == MESSAGES_SCHEMA
    assert json.loads(batch.column("meta")[0].as_py()) == kept
    assert batch.column("meta")[1].as_py() == '{"z": 1}'
    assert batch.column("id").to_pylist() == [record["id"] for record in records]


@pytest.mark.parametrize(
    ("value", "scores"),
    [
        ({"a": 1, "b": 0.5}, {"a": 1.0, "b": 0.5}),
        ([["a", 1]], {"a": 1.0}),
        ([("a", 1)], {"a": 1.0}),
        ([{"name": "a", "value": 2.0}], {"a": 2.0}),
        ([], {}),
        ({}, {}),
        (None, None),
        ("0.5", None),
        ({"a": "high"}, None),
        ([[["a"], 1]], None),
        ([1, 2], None),
        ({"a": 10**400}, None),
        ([{"name": "a", "value": None}], None),
    ],
)
def test_scores_are_read_in_any_shape_or_not_at_all(value: Any, scores: dict[str, float] | None) -> None:
    assert as_scores(value) == scores


@given(st.dictionaries(st.text(max_size=5), st.floats(allow_nan=False), max_size=5))
@settings(deadline=None)
def test_scores_come_back_sorted_by_name(scores: dict[str, float]) -> None:
    column = scores_column(scores)
    assert column is not None
    assert [pair["name"] for pair in column] == sorted(scores)
    assert scores_dict(column) == as_scores(column) == scores
    assert scores_column(None) is None
    assert scores_dict(None) == {}


TEXT = st.text(max_size=4) | st.just("")
TURN = st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "content": TEXT})
RECORDS = st.lists(
    st.fixed_dictionaries({
        "instruction": TEXT, "input": TEXT, "output": TEXT,
        "context": st.none() | st.lists(TURN, max_size=3),
        "rejected": st.none() | TEXT, "meta": st.sampled_from([None, "{\"a\": 1}", "no JSON", "[1]"]),
    }),
    max_size=6,
)  # fmt: skip


@given(RECORDS, st.integers(0, 3))
@settings(deadline=None)
def test_all_conversations_at_once_are_those_of_one_record_each(
    rows: list[dict[str, Any]], skip: int
) -> None:
    records = [
        build_record(row["instruction"], row["input"], row["output"], source="s") | row for row in rows
    ]
    found = messages_batch(record_batch(records).slice(skip)).to_pylist()
    assert [row["messages"] for row in found] == [to_messages(record) for record in records[skip:]]
    for row, record in zip(found, records[skip:], strict=True):
        if record["rejected"] is None:
            assert row["meta"] == record["meta"]
        else:
            assert json.loads(row["meta"])["rejected"] == record["rejected"]
