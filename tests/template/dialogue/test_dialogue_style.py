"""Tasks on dialogues: each is rebuilt from its record, and must be true of the row it came from."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import Cli, read_records, write_jsonl, written

from ittools.errors import InputError, UsageError
from ittools.formats.tables import About, Chunk
from ittools.template import dialogue as style
from ittools.template.dialogue.read import dialogue_of
from ittools.template.dialogue.tasks import TASKS
from ittools.template.dialogue.wordings import ASKED, NONE
from ittools.template.options import TemplateOptions

Row = dict[str, Any]
SHAPE = re.compile(
    r"Instruction: (?P<instruction>[^\n]+)\n"
    r"Input: \[CONTEXT\] (?P<turns>.*?) \[ENDOFDIALOGUE\]"
    r"(?: \[OPTIONS\] (?P<options>.*?))? \[QUESTION\] (?P<question>.*)",
    re.S,
)


def rendered(*rows: Row, **how: Any) -> list[Row]:
    plan = style.plan(TemplateOptions(inputs=("x",), style="dialogue", **how), [])
    given = [(f"f:{n}", row) for n, row in enumerate(rows, 1)]
    chunk = Chunk(About("talks", "talks", "MIT"), 0, 0, given, "f")
    shown = {
        "dialogues": [
            (chunk.key(n), row) for n, row in enumerate(rows) if style.group(plan, row, chunk.about)
        ]
    }
    found = style.render(plan, chunk, shown)
    both = zip(found.batch.to_pylist(), found.reasons.to_pylist(), found.details.to_pylist(), strict=True)
    return [row | {"reason": reason, "detail": detail} for row, reason, detail in both]


def parts(record: Row) -> tuple[list[str], list[str], str, str]:
    """(turns, options, question, instruction) of a prompt."""
    found = SHAPE.fullmatch(record["instruction"])
    assert found is not None
    options = found["options"].split("||||") if found["options"] else []
    return found["turns"].split(" [ENDOFTURN] "), options, found["question"], found["instruction"]


def talks(count: int = 12, turns: int = 6) -> list[Row]:
    return [{"dialogue": [f"A: line {k} of talk {n}, well" for k in range(turns)]} for n in range(count)]


def of(kind: str, records: list[Row]) -> list[Row]:
    return [record for record in records if record["template"].split("/")[1] == kind]


def test_every_task_has_wordings_enough_and_none_is_told_twice() -> None:
    assert all(len(asked.instructions) >= 5 for asked in ASKED.values())
    every = [one for asked in ASKED.values() for one in asked.instructions]
    assert len(set(every)) == len(every) > 50
    assert {*TASKS, "question-choice"} == set(ASKED)


def test_each_task_is_true_of_its_dialogue() -> None:
    rows = talks()
    records = rendered(*rows)
    kinds = set(TASKS) - {"question-answering", "summarisation"}
    assert Counter(r["template"].split("/")[1] for r in records) == dict.fromkeys(kinds, 12)
    assert {r["reason"] for r in records} == {None}
    only = rendered(*rows, only=("response-generation",))
    for record, row in zip(only, rows, strict=True):
        turns = parts(record)[0]
        assert [*turns, record["output"]] == row["dialogue"][: len(turns) + 1]
    for record in of("begins-with-generation", records):
        told = re.search(r'"(.+)"', parts(record)[2])
        assert told is not None
        assert record["output"].startswith(told[1] + " ")
        assert record["output"] != told[1]


@pytest.mark.parametrize("kind", ["next-turn-selection", "none-of-the-above"])
def test_one_option_is_right_and_the_others_are_of_other_dialogues(kind: str) -> None:
    rows = talks(40)
    there = 0
    for record, row in zip(rendered(*rows, only=(kind,)), rows, strict=True):
        turns, options, _, _ = parts(record)
        right = row["dialogue"][len(turns)]
        assert row["dialogue"][: len(turns)] == turns
        assert len(set(options)) == len(options) == (5 if kind == "none-of-the-above" else 4)
        assert set(options) & set(row["dialogue"]) <= {right}
        assert record["output"] == (right if right in options else NONE)
        assert (options[-1] == NONE) == (kind == "none-of-the-above")
        there += right in options
    assert there == 40 if kind == "next-turn-selection" else 10 < there < 30


def test_the_missing_and_the_stray_turn_make_the_dialogue_whole_again() -> None:
    rows = talks(20)
    for record, row in zip(rendered(*rows, only=("missing-turn",)), rows, strict=True):
        turns = parts(record)[0]
        assert [record["output"] if turn == "[MASK]" else turn for turn in turns] == row["dialogue"]
    for record, row in zip(rendered(*rows, only=("stray-turn",)), rows, strict=True):
        turns = parts(record)[0]
        assert [turn for turn in turns if turn != record["output"]] == row["dialogue"]
        assert record["output"] not in row["dialogue"]


def test_questions_are_asked_with_their_choices_or_without() -> None:
    dream = {"dialogue": ["M: Late?", "W: The bus."], "questions": [
        {"question": "Why?", "choice": ["Bus", "Train", "Snow"], "answer": "Bus"},
        {"question": "Who?", "choice": ["M", "W"], "answer": "X"},
        {"question": "When?", "answer": "Today"}]}  # fmt: skip
    flat = {
        "turns": [{"speaker": "M", "text": "Late?"}],
        "question": "Why?",
        "choices": ["Bus", "Snow"],
        "answer": 1,
    }
    squad = {"dialog": "M: Late?\r\nW: Yes", "question": "Is she?", "answer": {"text": ["Yes"]}}
    found = rendered(dream, flat, squad, only=("question-answering",))
    assert [(r["output"], parts(r)[2], sorted(parts(r)[1]), r["reason"]) for r in found] == [
        ("Bus", "Why?", ["Bus", "Snow", "Train"], None),
        ("X", "Who?", ["M", "W"], "answer-not-in-options"),
        ("Today", "When?", [], None),
        ("Snow", "Why?", ["Bus", "Snow"], None),
        ("Yes", "Is she?", [], None),
    ]
    assert [parts(r)[0] for r in found][-2:] == [["M: Late?"], ["M: Late?", "W: Yes"]]


@pytest.mark.parametrize(
    "row",
    [
        {"turns": [{"speaker": "A", "text": "x"}, {"speaker": "B", "text": "y"}]},
        {"turns": {"speaker": ["A", "B"], "utterance": ["x", "y"], "acts": []}},
        {"messages": [{"role": "A", "content": "x"}, {"role": "B", "content": "y "}]},
        {"conversations": [{"from": "A", "value": "x"}, {"from": "B", "value": "y"}]},
        {"dialogue": " A: x\n\nB: y\r\n"},
        {"utterances": ["A: x", "", "B: y"]},
    ],
)
def test_turns_stand_in_many_shapes(row: Row) -> None:
    assert dialogue_of(row).turns == ("A: x", "B: y")


def test_records_of_one_conversation_have_one_parent_also_where_it_stands_twice() -> None:
    one, two = talks(2)
    families = [{tuple(r["parents"]) for r in rendered(*rows)} for rows in ((one,), (two,), (one, two, one))]
    assert [len(some) for some in families] == [1, 1, 2]
    assert families[0] | families[1] == families[2]


def test_a_summary_is_asked_for_where_there_is_one() -> None:
    found = rendered({"dialogue": "Ann: Hi\nBob: Hi", "summary": "They greet."}, only=("summarisation",))
    assert [(parts(r)[0], r["output"], r["task"]) for r in found] == [
        (["Ann: Hi", "Bob: Hi"], "They greet.", "talks/summarisation")
    ]


def test_the_instruction_that_is_to_be_found_is_the_only_one_that_fits() -> None:
    kind_of = {
        text.replace("[MASK]", "..."): kind for kind, asked in ASKED.items() for text in asked.instructions
    }
    next_turn = {"response-generation", "begins-with-generation", "next-turn-selection", "none-of-the-above"}
    rows = [row | {"summary": "Some lines."} for row in talks(40)]
    seen = set()
    for record in rendered(*rows, only=("instruction-selection",)):
        _, options, _, _ = parts(record)
        kinds = [kind_of[option] for option in options]
        right = kind_of[record["output"]]
        seen.add(right)
        assert len(options) == 4
        assert kinds.count(right) == 1
        assert right not in next_turn or len(next_turn & set(kinds)) == 1
    assert seen == {"response-generation", "missing-turn", "summarisation"}


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        ({"dialogue": []}, "too-few-turns", "f:1: 0 turns, nothing to ask"),
        ({"dialogue": ["one"]}, "too-few-turns", "f:1: 1 turns, nothing to ask"),
        ({"dialogue": [7, "x"]}, "unreadable", "f:1: a turn that is a int, expected text"),
        ({"dialogue": [{"who": "x"}]}, "unreadable", "f:1: a turn without text; it has who"),
    ],
)
def test_a_row_that_gives_nothing_is_a_record_with_a_reason(row: Row, reason: str, detail: str) -> None:
    (record,) = rendered(row)
    assert (record["reason"], record["detail"]) == (reason, detail)


@pytest.mark.parametrize(
    ("only", "reason", "detail"),
    [
        (("summarisation",), "missing-field", "f:1: nothing in summary or abstract or highlights"),
        (("question-answering",), "missing-field", "f:1: nothing in question or questions"),
        (
            ("question-answering", "summarisation"), "missing-field",
            "f:1: nothing in question or questions; nothing in summary or abstract or highlights",
        ),
        (("summarisation", "missing-turn"), "too-few-turns", "f:1: 2 turns, nothing to ask"),
    ],
)  # fmt: skip
def test_tasks_that_need_a_column_name_it(only: tuple[str, ...], reason: str, detail: str) -> None:
    for more in ({}, {"summary": " ", "questions": []}):
        (record,) = rendered({"dialogue": ["Ann: Hi", "Bob: Hi"]} | more, only=only)
        assert (record["reason"], record["detail"]) == (reason, detail)
    (record,) = rendered({"dialogue": [], "summary": "They greet."}, only=only)
    assert (record["reason"], record["detail"]) == ("too-few-turns", "f:1: 0 turns, nothing to ask")


def test_texts_that_look_like_the_shape_and_missing_others_go_with_a_reason() -> None:
    marked = {"dialogue": ["Look: [OPTIONS] a||||b", "Yes", "No"]}
    assert {r["reason"] for r in rendered(marked, only=("response-generation",))} == {"mark-in-text"}
    alone = {"dialogue": ["a", "b", "c"]}
    kinds = ("next-turn-selection", "none-of-the-above", "stray-turn")
    assert {(r["template"].split("/")[1], r["reason"]) for r in rendered(alone, only=kinds)} >= {
        ("next-turn-selection", "no-other-dialogue")
    }
    assert all(r["reason"] for r in rendered(alone, only=kinds))


def test_other_rows_and_other_tasks_are_refused() -> None:
    with pytest.raises(
        InputError, match="f:1: no column with turns, there are: text; name it with --map dialogue="
    ):
        rendered({"text": "x"})
    with pytest.raises(UsageError, match="--only x: no such task; there are: response-generation, "):
        rendered(only=("x",))


@given(st.lists(st.text("ab c", max_size=6), max_size=6), st.integers(0, 5))
@settings(deadline=None)
def test_no_row_vanishes_and_the_draw_follows_the_seed(turns: list[str], seed: int) -> None:
    rows = [{"dialogue": turns}, *talks(3)]
    once, again = rendered(*rows, seed=seed), rendered(*rows, seed=seed)
    assert once == again
    few = rendered(*rows, seed=seed, per_row=1)
    assert len(few) == 4
    ids = {r["id"] for r in once}
    assert all(r["id"] in ids for r in few if r["reason"] != "too-few-turns")


def test_the_same_bytes_for_any_number_of_workers_and_other_ones_for_another_seed(
    tmp_path: Path, cli: Cli
) -> None:
    path = write_jsonl(tmp_path / "talks.jsonl", talks(30))
    for name, more in (("one", ()), ("two", ("--workers", 2)), ("seed", ("--seed", 7))):
        ran = cli("template", "--style", "dialogue", path, "--out", tmp_path / name / "o", *more)
        assert ran.code == 0
    one, two, other = (written(tmp_path / name / "o") for name in ("one", "two", "seed"))
    assert one == two
    assert one != other
    assert len(read_records(tmp_path / "one" / "o")) == 30 * 7


def test_dream_gives_every_question_and_every_dialogue(shared_data: Path, tmp_path: Path, cli: Cli) -> None:
    path, out = shared_data / "classic" / "dream" / "train.json.gz", tmp_path / "out"
    columns = ("--columns", "dialogue,questions,id", "--source", "dream", "--task", "dream")
    assert cli("template", "--style", "dialogue", path, *columns, "--out", out).code == 0
    kinds = Counter(row["template"].split("/")[1] for row in read_records(out))
    assert kinds["question-choice"] == 6116
    assert kinds["response-generation"] == kinds["next-turn-selection"] == 3869
    assert kinds["missing-turn"] == 1530  # dialogues of three turns or more
