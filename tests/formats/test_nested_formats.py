"""Rows that hold a conversation, two of them, a tree, a text with questions: each row is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.errors import InputError
from ittools.formats.columns import map_batches
from ittools.formats.documents import read_documents
from ittools.formats.mapping import Defaults, map_rows
from ittools.formats.questions import answer_of, choices_of, squad_rows
from ittools.formats.source import ReadOptions
from ittools.records.build import build_record, record_batch
from ittools.records.messages import messages_batch

Row = dict[str, Any]
H, A = "\n\nHuman: ", "\n\nAssistant: "
ASKED, GOOD, BAD = (
    {"role": role, "content": text} for role, text in (("user", "q"), ("assistant", "a"), ("assistant", "b"))
)


def mapped(*rows: Row) -> list[Row]:
    return list(map_rows([(f"f:{n}", row) for n, row in enumerate(rows, 1)], Defaults("here")))


def content(record: Row) -> list[Any]:
    return [record[name] for name in ("instruction", "input", "output", "rejected")]


def told(turns: list[Row]) -> str:
    return " ".join(f"{turn['role'][0]}:{turn['content']}" for turn in turns)


def test_the_answer_to_a_tool_asks_nothing_and_has_all_before_it_as_context() -> None:
    said = [
        ("human", "Rain?"),
        ("function_call", "{}"),
        ("observation", "no"),
        ("gpt", "No."),
        ("human", "Thanks"),
    ]
    row = {"conversations": [{"from": who, "value": text} for who, text in said], "tools": "[]"}
    (record,) = mapped(row)
    assert content(record) == ["", "", "No.", None]
    assert told(record["context"]) == "u:Rain? f:{} t:no"
    assert json.loads(record["meta"]) == {
        "tools": "[]",
        "after": [{"role": "user", "content": "Thanks"}],
    }


@given(
    st.lists(
        st.tuples(st.text(), st.text(), st.one_of(st.none(), st.text()), st.sampled_from([None, '{"a": 1}'])),
        min_size=1,
    )
)
@settings(deadline=None)
def test_a_mixture_gives_back_the_rejected_outputs_that_it_holds(
    told: list[tuple[str, str, str | None, str | None]],
) -> None:
    made = [build_record(asked, "", answer, source="s", rejected=rejected, meta=meta)
            for asked, answer, rejected, meta in told]  # fmt: skip
    rows = messages_batch(record_batch(made)).to_pylist()
    again = mapped(*rows)
    assert [(content(one), one["id"], json.loads(one["meta"] or "{}")) for one in again] == [
        (content(one), one["id"], json.loads(one["meta"] or "{}")) for one in made
    ]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_row_without_the_rejected_answer_is_read_for_itself(order: tuple[int, int]) -> None:
    rows = [
        {"conversations": [ASKED], "chosen": GOOD, "rejected": None},
        {"conversations": [ASKED], "chosen": GOOD, "rejected": BAD},
    ]
    found = [content(one) for one in mapped(*(rows[n] for n in order))]
    expected = [["q", "", "a", None], ["q", "", "a", "b"]]
    assert found == [expected[n] for n in order]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_row_without_choices_is_read_for_itself(order: tuple[int, int]) -> None:
    rows = [
        {"question": "2+2?", "choices": None, "answer": "4"},
        {"question": "2+3?", "choices": ["4", "5"], "answer": 1},
    ]
    found = [content(one)[:3] for one in mapped(*(rows[n] for n in order))]
    expected = [["2+2?", "", "4"], ["2+3?", "A. 4\nB. 5", "5"]]
    assert found == [expected[n] for n in order]


def test_a_preferred_answer_alone_is_the_answer() -> None:
    rows = [{"instruction": "q", "chosen": "a", "rejected": bad} for bad in ("b", None)]
    assert [content(one) for one in mapped(*rows)] == [["q", "", "a", "b"], ["q", "", "a", None]]


def test_what_has_no_answer_is_a_record_without_one() -> None:
    tree = {"message_tree_id": "t", "prompt": {"role": "prompter", "text": "Hello?", "replies": []}}
    seed = {"instruction": "Sing.", "instances": []}
    assert [content(one)[:3] for one in mapped(tree, seed)] == [["Hello?", "", ""], ["Sing.", "", ""]]


NAMES = {"u": "user", "a": "assistant", "s": "system", "f": "function_call", "t": "tool"}


@pytest.mark.parametrize(
    ("order", "instruction", "output", "before", "after"),
    [
        ("", "", "", "", ""),
        ("a", "", "0", "", ""),
        ("sa", "", "1", "s", ""),
        ("u", "0", "", "", ""),
        ("uu", "1", "", "u", ""),
        ("uau", "0", "1", "", "u"),
        ("uaa", "0", "1", "", "a"),
        ("aua", "1", "2", "a", ""),
        ("uf", "0", "1", "", ""),
        ("uauft", "2", "3", "ua", "t"),
        ("ufta", "", "3", "uft", ""),
    ],
)
def test_no_order_of_turns_brings_a_file_down(
    order: str, instruction: str, output: str, before: str, after: str
) -> None:
    said = [{"role": NAMES[who], "content": str(n)} for n, who in enumerate(order)]
    (record,) = mapped({"messages": said})
    assert (record["instruction"], record["output"]) == (instruction, output)
    assert "".join(turn["role"][0] for turn in record["context"]) == before
    kept = json.loads(record["meta"] or "{}").get("after", [])
    assert "".join(turn["role"][0] for turn in kept) == after
    assert len(before) + len(after) + bool(instruction) + bool(output) == len(order)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"messages": [ASKED], "chosen": GOOD, "rejected": BAD}, ["q", "", "a", "b"]),
        ({"prompt": "q", "chosen": "a", "rejected": "b"}, ["q", "", "a", "b"]),
        (
            {"prompt": "q", "messages": [ASKED, GOOD], "chosen": [ASKED, GOOD], "rejected": [ASKED, BAD]},
            ["q", "", "a", "b"],
        ),
        ({"chosen": [ASKED, GOOD], "rejected": [ASKED, BAD]}, ["q", "", "a", "b"]),
        ({"instruction": "q", "input": "i", "chosen": "a", "rejected": "b"}, ["q", "i", "a", "b"]),
        ({"instruction": "q", "output": "a", "rejected": "b"}, ["q", "", "a", "b"]),
        ({"messages": [ASKED, GOOD], "rejected": "b"}, ["q", "", "a", "b"]),
        ({"chosen": f"{H}q{A}a", "rejected": f"{H}q{A}b"}, ["q", "", "a", "b"]),
        (
            {"prompt": "q", "system": "s", "chosen": [ASKED, GOOD], "rejected": [ASKED, BAD]},
            ["q", "", "a", "b"],
        ),
    ],
)
def test_preferences_have_their_own_column(row: Row, expected: list[str]) -> None:
    (record,) = mapped(row)
    assert content(record) == expected
    assert record["meta"] is None
    assert told(record["context"]) == ("s:s" if "system" in row else "")


def test_a_prompt_of_its_own_is_kept_and_later_turns_follow_the_earlier_ones() -> None:
    again = {"role": "user", "content": "r"}
    kept, longer = mapped(
        {"prompt": "other", "messages": [ASKED], "chosen": "a", "rejected": "b"},
        {
            "prompt": [{"role": "system", "content": "s"}, ASKED, GOOD],
            "chosen": [again, BAD],
            "rejected": [again, GOOD],
        },
    )
    assert json.loads(kept["meta"]) == {"prompt": "other"}
    assert (content(longer), told(longer["context"])) == (["r", "", "b", "a"], "s:s u:q a:a")


def test_what_parts_before_the_last_turn_is_kept_whole() -> None:
    one, other = f"{H}q{A}a{H}r{A}c", f"{H}q{A}b{H}r{A}d"
    parted, listed = mapped(
        {"chosen": one, "rejected": other}, {"chosen": [ASKED, GOOD], "rejected": [BAD, ASKED, GOOD], "n": 1}
    )
    assert content(parted) == ["r", "", "c", None]
    assert json.loads(parted["meta"]) == {"rejected": [other]}
    assert content(listed) == ["q", "", "a", None]
    assert json.loads(listed["meta"]) == {"rejected": [BAD, ASKED, GOOD], "n": 1}


def test_a_transcript_that_does_not_alternate_is_one_record_all_the_same() -> None:
    (record,) = mapped({"chosen": f"{H}q{A}a{A}more", "rejected": f"{H}q{A}b"})
    assert content(record) == ["q", "", "a\n\nAssistant: more", "b"]


def test_a_verdict_is_a_score_and_a_number_is_not() -> None:
    rows = ({"messages": [ASKED, GOOD], "label": True}, {"messages": [ASKED, GOOD], "label": 1},
            {"prompt": "q", "completion": "a", "label": False})  # fmt: skip
    assert [record["scores"] for record in mapped(*rows)] == [
        [{"name": "label", "value": 1.0}], None, [{"name": "label", "value": 0.0}],
    ]  # fmt: skip
    assert [record["meta"] for record in mapped(*rows)] == [None, '{"label": 1}', None]


def test_a_tree_gives_its_threads_with_who_wrote_them() -> None:
    reply = {
        "text": "a",
        "role": "assistant",
        "lang": "en",
        "synthetic": True,
        "model_name": "m",
        "message_id": "2",
    }
    gone = {"text": "x", "role": "assistant", "deleted": True}
    root = {
        "text": "q",
        "role": "prompter",
        "replies": [reply, gone, {"text": "b", "role": "assistant", "lang": "de"}],
    }
    one, two = mapped({"message_tree_id": "t", "tree_state": "ready_for_export", "prompt": root})
    assert [content(one), content(two)] == [["q", "", "a", None], ["q", "", "b", None]]
    assert [(r["language"], r["generator"], r["parents"]) for r in (one, two)] == [
        ("en", "m", ["t"]), ("de", None, ["t"]),
    ]  # fmt: skip


def squad(*qas: Row) -> Row:
    return {"version": "1.1", "data": [{"title": "T", "paragraphs": [{"context": "c", "qas": list(qas)}]}]}


def test_squad_gives_a_record_a_question() -> None:
    several = [
        {"text": "x", "answer_start": 0},
        {"text": "x", "answer_start": 0},
        {"text": "y", "answer_start": 1},
    ]
    row = squad(
        {"id": "1", "question": "a?", "answers": several},
        {"id": "2", "question": "b?", "answers": [], "is_impossible": True},
    )
    one, two = mapped(row)
    assert [content(one), content(two)] == [["a?", "c", "x", None], ["b?", "c", "", None]]
    assert json.loads(one["meta"]) == {"id": "1", "title": "T", "answers": ["x", "x", "y"]}
    assert json.loads(two["meta"]) == {"id": "2", "title": "T", "is_impossible": True}


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ({"choices": ["3", "4"], "answer": 1}, "4"),
        ({"choices": ["3", "4"], "answer": "B"}, "4"),
        ({"choices": ["3", "4"], "answer": "4"}, "4"),
        ({"choices": "['1', '0']", "groundtruth_answer": "1"}, "0"),
        ({"choices": ["1", "23", "88", "7921"], "answer": "1"}, "23"),
        ({"choices": ["1", "23", "88", "7921"], "answer": "88"}, "88"),
        ({"choices": "['1', '0']", "label": "0"}, "1"),
        ({"choices": ["B", "A"], "answer": "B"}, "B"),
        ({"choices": {"text": ["x", "y"], "label": ["1", "2"]}, "answerKey": "2"}, "y"),
        ({"choices": {"text": ["4", "2", "1"], "label": ["1", "2", "3"]}, "answerKey": "1"}, "4"),
        ({"choices": {"text": ["4", "2", "1"], "label": ["1", "2", "3"]}, "answerKey": 2}, "2"),
        ({"choices": ["3", "4"], "answer": "9" * 5_000}, ""),
        ({"choices": ["3", "4"], "answer": 7}, ""),
        ({"choices": ["3", "4"]}, ""),
    ],
)
def test_an_answer_is_found_by_number_letter_or_text(row: Row, answer: str) -> None:
    choices = choices_of(row)
    assert choices is not None
    assert answer_of(row, choices)[1] == answer
    (record,) = mapped({"question": "?"} | row)
    assert record["output"] == answer
    assert record["input"].startswith("A. ")
    assert record["meta"] == (
        None if answer or "answer" not in row else json.dumps({"answer": row["answer"]})
    )


@pytest.mark.parametrize(
    "choices", ["[", "[1, 2]", "['a']", "x", 7, ["a", 1], "[__import__('os')]", ["a"] * 27]
)
def test_what_is_no_list_of_choices_is_left_alone(choices: Any) -> None:
    assert choices_of({"choices": choices}) is None
    (record,) = mapped({"question": "q", "answer": "a", "choices": choices})
    assert content(record) == ["q", "", "a", None]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (
            {"prompt": "q", "chosen": [ASKED], "rejected": "b"},
            "`chosen` does not end with the assistant; `ittools",
        ),
        (
            {"message_tree_id": "t", "prompt": {"role": "x"}},
            "role 'x' of a message; known: prompter, assistant",
        ),
        ({"data": [{"paragraphs": [{}]}]}, "paragraph 1 of '?': no text in `context`"),
        (squad({"question": 1}), "paragraph 1 of 'T': no text in `question`"),
        (
            squad({"question": "q", "answers": ["x"]}),
            "paragraph 1 of 'T': `answers` must be a list of objects",
        ),
    ],
)
def test_what_cannot_be_read_is_one_line_with_its_place(row: Row, problem: str) -> None:
    with pytest.raises(InputError) as refusal:
        mapped(row)
    assert str(refusal.value).startswith(f"f:1: {problem}")


LANGUAGES = st.sampled_from(["de", "zh-Hans", "x", "sql", "cpp", "Deutsch", "", "de\n"]) | st.none()
CELLS = st.none() | st.booleans() | st.integers(0, 2) | st.text("ab", max_size=2)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"prompt": st.text("ab", max_size=3), "completion": st.text("ab", max_size=3)},
            optional={
                "lang": LANGUAGES,
                "label": CELLS,
                "rejected": CELLS,
                "language": LANGUAGES,
                "choices": CELLS,
            },
        ),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
@settings(deadline=None)
def test_columns_and_rows_are_mapped_alike(rows: list[Row], same: bool) -> None:
    rows = [row | {"prompt": str(n)} for n, row in enumerate(rows)] if not same else [rows[0]] * len(rows)
    places = [(f"f:{n}", row) for n, row in enumerate(rows, 1)]
    batched = [row for batch in map_batches(places, Defaults("s")) for row in batch.to_pylist()]
    assert batched == list(map_rows(places, Defaults("s")))


def test_questions_of_squad_are_alike_in_its_file_and_in_the_rows_of_datasets() -> None:
    several = [{"text": text, "answer_start": 0} for text in ("x", "x", "y")]
    asked = [
        {"id": "1", "question": "a?", "answers": several},
        {"id": "2", "question": "b?", "answers": several[:2]},
        {"id": "3", "question": "c?", "answers": [], "is_impossible": True},
    ]
    nested = squad(*asked)
    rows = list(squad_rows(nested))
    assert rows[0]["answers"] == {"text": ["x", "x", "y"], "answer_start": [0, 0, 0]}
    assert mapped(*rows) == mapped(nested)
    assert [content(record)[2] for record in mapped(*rows)] == ["x", "x", ""]
    with pytest.raises(InputError, match=r"^f:2: `question`, `context` or the texts of `answers` are not as"):
        mapped(rows[0], rows[0] | {"answers": {"text": [1]}})


@pytest.mark.parametrize(
    "more", [{"answer": "a"}, {"answers": {"text": ["x"], "score": 1}, "answer": "a"}, {"output": "a"}]
)
def test_an_answer_of_its_own_is_the_output_of_a_question(more: Row) -> None:
    row = {"question": "q", "context": "c", "answers": {"text": ["x"]}} | more
    (record,) = mapped(row)
    assert content(record) == ["q", "c", "a", None]
    assert json.loads(record["meta"])["answers"] == row["answers"]


def test_the_passages_of_squad_are_documents(tmp_path: Path) -> None:
    path = tmp_path / "squad.json"
    path.write_text(json.dumps(squad({"id": "1", "question": "a?", "answers": []})), encoding="utf-8")
    (document,), _ = read_documents(ReadOptions(inputs=(str(path),)))
    assert (document.text, document.title, document.source) == ("c", "T", "squad")
    path.write_text(json.dumps({"data": [{"title": "T", "paragraphs": [{}]}]}), encoding="utf-8")
    with pytest.raises(InputError, match=r"squad\.json:1: a paragraph of 'T' has no text in `context`"):
        read_documents(ReadOptions(inputs=(str(path),)))
